"""What every distribution of this project says of itself, and what CI runs."""

import re
import tomllib
from importlib.metadata import metadata, version
from types import ModuleType

import pytest

import checkout_core
import checkout_core.fastapi
import checkout_core.streamlit
import stripe_simulator
from checkout_core import Settings
from documentation import parts
from tests.support.programs import ROOT, run_program

FOLDERS = {"checkout-toolkit": ".", "checkout-core": "checkout_core", "stripe-simulator": "stripe_simulator"}
PACKAGES = ("api", "checkout_cli", "checkout_core", "storefront", "stripe_simulator")
PUBLIC = (checkout_core, checkout_core.fastapi, checkout_core.streamlit, stripe_simulator)
VERSIONS = ["3.11", "3.12", "3.13", "3.14"]


def project(name: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = tomllib.loads((ROOT / FOLDERS[name] / "pyproject.toml").read_text())["project"]
    return found


@pytest.mark.parametrize("name", FOLDERS)
def test_a_distribution_names_its_authors_addresses_and_pythons(name: str) -> None:
    about = metadata(name)
    classifiers = about.get_all("Classifier", [])
    assert [each[-4:] for each in classifiers if re.search(r":: 3\.\d", each)] == VERSIONS
    assert "Typing :: Typed" in classifiers
    assert set(project(name)["urls"]) == {"Documentation", "Source", "Changelog", "Issues"}
    assert project(name)["authors"]


def test_ci_runs_every_python_that_is_named() -> None:
    workflow = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    assert sorted(set(re.findall(r'"(3\.\d+)"', workflow))) == VERSIONS
    made = set(re.findall(r"run: make (\w+)", workflow))
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert made <= targets


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_is_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").exists()


def test_versions_are_those_of_the_distributions() -> None:
    assert checkout_core.__version__ == version("checkout-core")
    assert stripe_simulator.__version__ == version("stripe-simulator")
    assert len({project(name)["version"] for name in FOLDERS}) == 1


@pytest.mark.parametrize(
    ("module", "says"), [("checkout_cli", "checkout"), ("stripe_simulator", "stripe-simulator")], ids=str
)
def test_a_command_says_its_version(module: str, says: str) -> None:
    done = run_program("-m", module, "--version")
    assert (done.returncode, done.stdout) == (0, f"{says} {version('checkout-toolkit')}\n")


def test_the_example_of_a_settings_file_says_what_every_setting_does() -> None:
    reference = parts.settings()
    assert [name for name in Settings.model_fields if f"| `{name}` |" not in reference] == []


@pytest.mark.parametrize("module", PUBLIC, ids=lambda module: module.__name__)
def test_the_page_of_public_names_is_complete(module: ModuleType) -> None:
    page = (ROOT / "docs" / "public.md").read_text(encoding="utf-8")
    (row,) = re.findall(rf"^\| `{module.__name__}` \| (.+) \|$", page, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", row)) == set(module.__all__)


def test_links_of_what_a_package_index_shows_are_whole() -> None:
    for page in ("README.md", "checkout_core/README.md", "stripe_simulator/README.md", "CHANGELOG.md", "SECURITY.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        assert [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("https://")] == [], page


def test_whole_links_into_the_repository_lead_to_what_is_there() -> None:
    home = "https://github.com/checkout-toolkit/checkout-toolkit/blob/main/"
    raw = "https://raw.githubusercontent.com/checkout-toolkit/checkout-toolkit/main/"
    pages = [
        *ROOT.glob("*.md"),
        *ROOT.glob("*/README.md"),
        *(ROOT / folder / "pyproject.toml" for folder in FOLDERS.values()),
    ]
    for page in pages:
        for link in re.findall(rf"(?:{home}|{raw})([\w./-]+)", page.read_text(encoding="utf-8")):
            assert (ROOT / link).exists(), (page, link)
