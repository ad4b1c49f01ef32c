"""Test every example as its reader has it: in a copy, in an environment of its own, with the wheels in `dist/`.

Examples that name type checkers are checked by them as well, strictly, with the types that the wheels have.

`make examples` builds the wheels and runs this; `make examples ALL=1` tries the versions of `STRIPE` as well.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent
ROOT = EXAMPLES.parent
STRIPE = {"flask": ("7", "10", "13", "16"), "dj_stripe": ("15",)}
"""The major versions of stripe-python with which an example is tested; the newest one always, the others on request."""
CHECKERS = {"mypy": ("--strict", "."), "pyright": ("--pythonpath", "{python}", ".")}
"""What an example may name in its group `types`, and how it is asked about the packages of an environment."""
MAX_PACKAGES = 14
"""So many packages may stripe-simulator add to an environment."""


def runs(*, everything: bool, chosen: list[str]) -> Iterator[tuple[str, str | None]]:
    """Yield the examples that are tested, each with a major version of stripe-python or with any."""
    for project in sorted(EXAMPLES.glob("*/pyproject.toml")):
        name = project.parent.name
        if not chosen or name in chosen:
            versions = STRIPE.get(name, (None,))
            yield from ((name, version) for version in (versions if everything else versions[-1:]))


def constraints(stripe: str | None) -> str:
    """Return the versions of the lock, which `make setup` fetched already, with another stripe-python if need be."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.findall(r"^(\S+==[^\s;\\]+(?: *;[^\\\n]+)?)", lock, re.MULTILINE)
    if stripe is None:
        return "\n".join(pinned)
    return "\n".join([f"stripe=={stripe}.*", *(line for line in pinned if not line.startswith("stripe=="))])


def wheels(needed: str) -> list[Path]:
    """Return the wheels of those of our distributions that an example names."""
    built = {path.name.split("-")[0].replace("_", "-"): path for path in (ROOT / "dist").glob("*.whl")}
    return [path for name, path in built.items() if name in needed]


def run_example(name: str, stripe: str | None, uv: str) -> None:
    """Make a copy and an environment of an example, install what it names, run its tests and its type checkers.

    Args:
        name: the example's folder.
        stripe: the major version of stripe-python; None leaves it to the lock.
        uv: the command.

    Raises:
        SystemExit: it cannot be installed, a test fails, or a type is wrong.
    """
    with tempfile.TemporaryDirectory(prefix=f"example-{name}-") as temporary:
        folder, environment = Path(temporary, name), Path(temporary, "environment")
        shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        project = (folder / "pyproject.toml").read_text(encoding="utf-8")
        groups = tomllib.loads(project)["dependency-groups"]
        types = groups.get("types", []) if stripe in (None, STRIPE.get(name, (None,))[-1]) else []
        needs = [*tomllib.loads(project)["project"]["dependencies"], *groups["test"], *types]
        (constrained := Path(temporary, "constraints.txt")).write_text(constraints(stripe), encoding="utf-8")
        python = environment / "bin" / "python"
        variables = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        commands: list[list[str | Path]] = [
            [uv, "venv", "--quiet", "--python", sys.executable, environment],
            [uv, "pip", "install", "--quiet", "--python", python, "-c", constrained, *needs, *wheels(project)],
        ]
        for command in commands:
            if subprocess.run(command, env=variables, check=False).returncode:
                raise SystemExit(
                    f"examples/{name}: cannot be installed. Is the package index reachable? uv says why, above."
                )
        print(f"examples/{name}" + (f" with stripe {stripe}" if stripe else ""), flush=True)
        if subprocess.run([python, "-m", "pytest", "-q"], cwd=folder, env=variables, check=False).returncode:
            raise SystemExit(f"examples/{name}: its tests fail.")
        for checker in types:
            asked = [python, "-m", checker, *(each.format(python=python) for each in CHECKERS[checker])]
            if subprocess.run(asked, cwd=folder, env=variables, check=False).returncode:
                raise SystemExit(f"examples/{name}: {checker} finds wrong types.")


def check_cost(uv: str) -> None:
    """Count what stripe-simulator brings into an environment. Raises when it is more than `MAX_PACKAGES`."""
    (wheel,) = wheels("stripe-simulator")
    resolved = subprocess.run(
        [uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "-"],
        input=f"stripe-simulator @ {wheel.as_uri()}", text=True, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    packages = [line.split("=")[0].split(" ")[0] for line in resolved.stdout.split("\n") if line]
    print(f"stripe-simulator brings {len(packages)} packages: {', '.join(packages)}", flush=True)
    if len(packages) > MAX_PACKAGES:
        raise SystemExit(f"stripe-simulator brings more than {MAX_PACKAGES} packages.")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="with each version of stripe-python in STRIPE, too")
    parser.add_argument("--uv", default="uv", help="the command uv")
    parser.add_argument("names", nargs="*", help="examples; none stands for all")
    given = parser.parse_args()
    check_cost(given.uv)
    for name, stripe in runs(everything=given.all, chosen=given.names):
        run_example(name, stripe, given.uv)


if __name__ == "__main__":
    main()
