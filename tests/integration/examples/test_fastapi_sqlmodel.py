"""The four steps in an application that was there before: few lines, public names, all types known, its tests pass."""

import ast
import os
import re

import pytest

from tests.support.programs import ROOT, clean_environment, run_program

EXAMPLE = ROOT / "examples" / "fastapi_sqlmodel"
MAX_LINES = 50
PUBLIC_PAGE = (ROOT / "docs" / "public.md").read_text(encoding="utf-8")


def lines_of_the_checkout() -> list[str]:
    """Return the lines that the application would not have without a checkout."""
    own = (EXAMPLE / "tickets" / "checkout.py").read_text(encoding="utf-8").splitlines()
    other = (EXAMPLE / "tickets" / "main.py").read_text(encoding="utf-8").splitlines()
    return [line for line in own if line.strip()] + [line for line in other if re.search(r"\bcheckout\b", line)][1:]


def test_the_four_steps_are_few_lines() -> None:
    assert len(lines_of_the_checkout()) <= MAX_LINES


def test_the_application_imports_only_what_is_public() -> None:
    tree = ast.parse((EXAMPLE / "tickets" / "checkout.py").read_text(encoding="utf-8"))
    imports = [
        node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and "checkout_core" in str(node.module)
    ]
    assert imports
    for node in imports:
        assert f"`{node.module}`" in PUBLIC_PAGE
        if node.module != "checkout_core.domain.errors":  # every class there is public
            assert [each.name for each in node.names if f"`{each.name}`" not in PUBLIC_PAGE] == []


def test_the_types_of_the_application_are_checked_with_ours() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (typed,) = (line for line in makefile.splitlines() if line.startswith("TYPED_EXAMPLES :="))
    assert "fastapi_sqlmodel" in typed.split()


@pytest.mark.parametrize("plugin", ["stripe_simulator.testing.plugin"])
def test_the_tests_of_the_application_pass(plugin: str) -> None:
    environment = clean_environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PATH=os.environ["PATH"])
    done = run_program(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", plugin, environment=environment, folder=EXAMPLE
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
