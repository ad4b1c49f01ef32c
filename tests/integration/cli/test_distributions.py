"""The three distributions: what is in their wheels, what they need, and that they run where no checkout is."""

import email
import json
import os
import re
import subprocess
import sys
import tarfile
from email.message import Message
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import OURS, ROOT

FOLDERS = {"checkout-toolkit": ".", "checkout-core": "checkout_core", "stripe-simulator": "stripe_simulator"}
PACKAGES = {
    "checkout-toolkit": {"api", "storefront", "checkout_cli"},
    "checkout-core": {"checkout_core"},
    "stripe-simulator": {"stripe_simulator"},
}
EXTRAS = {"all", "analytics", "export", "fastapi", "postgres", "receipts", "streamlit"}
ENTRY_POINTS = {"checkout", "stripe-simulator", "stripe_simulator", "shipped"}
MAX_PACKAGES = {"checkout-core": 30, "stripe-simulator": 14}
MAX_SIMULATOR_BYTES = 10_000_000

LOOK = """
import json, sys
from importlib.metadata import distribution
from pathlib import Path
import api, checkout_cli, checkout_core, storefront, stripe_simulator
from checkout_core import Settings
from checkout_core.config.catalog import read_catalog
path = Settings.load().catalog_path
pictures = [path.parent / "images" / product.image for product in read_catalog(path).values() if product.image]
modules = [module.__file__ for module in (api, checkout_cli, checkout_core, storefront, stripe_simulator)]
points = [point for name in sys.argv[1:] for point in distribution(name).entry_points if point.load()]
files = [*modules, str(path), *[str(picture) for picture in pictures if picture.is_file()]]
json.dump({"files": files, "entry_points": [point.name for point in points]}, sys.stdout)
"""


def build(name: str, target: str, folder: Path, source: Path | None = None) -> Path:
    """Build a wheel or an sdist of one distribution with the hatchling that is installed here."""
    built = folder / f"{name}-{target}"
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(built)]
    subprocess.run(command, cwd=source or ROOT / FOLDERS[name], check=True, capture_output=True, timeout=60)
    (only,) = built.iterdir()
    return only


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("wheels")
    return {name: build(name, "wheel", folder) for name in FOLDERS}


def names(wheel: Path) -> list[str]:
    with ZipFile(wheel) as archive:
        return [name for name in archive.namelist() if ".dist-info/" not in name]


def metadata(wheel: Path) -> Message:
    with ZipFile(wheel) as archive:
        (file,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(archive.read(file))


def pins(lock: str) -> dict[str, tuple[str, frozenset[str]]]:
    """The version and the hashes of each package in a lock file."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)(.*)$", text, re.MULTILINE)
    return {
        canonicalize_name(name): (version, frozenset(re.findall(r"--hash=(\S+)", rest)))
        for name, version, rest in lines
    }


def needed(name: str) -> set[str]:
    """A distribution without extras and all that is installed with it, by name."""
    found: set[str] = set()
    waiting = [Requirement(name)]
    while waiting:
        wanted = waiting.pop()
        key = canonicalize_name(wanted.name)
        extras = [{"extra": extra} for extra in wanted.extras] or [{"extra": ""}]
        if key in found and not wanted.extras:
            continue
        found.add(key)
        for requirement in map(Requirement, distribution(wanted.name).requires or ()):
            if requirement.marker is None or any(requirement.marker.evaluate(extra) for extra in extras):
                waiting.append(requirement)
    return found


@pytest.mark.parametrize("name", FOLDERS)
def test_a_wheel_has_its_packages_and_nothing_else(wheels: dict[str, Path], name: str) -> None:
    files = names(wheels[name])
    assert {file.split("/")[0] for file in files} == PACKAGES[name]
    package = {file.relative_to(ROOT).as_posix() for top in PACKAGES[name] for file in (ROOT / top).rglob("*.py")}
    assert {file for file in files if file.endswith(".py")} == package
    typed = {f"{top}/py.typed" for top in PACKAGES[name] if (ROOT / top / "py.typed").exists()}
    assert typed <= set(files)
    strangers = re.compile(r"pyproject|README|PKG-INFO|(^|/)LICENSE$|\.gitignore|__pycache__|(^|/)test_|\.duckdb|\.env")
    assert not list(filter(strangers.search, files))


@pytest.mark.parametrize("name", FOLDERS)
def test_a_distribution_says_what_it_is(wheels: dict[str, Path], name: str) -> None:
    about = metadata(wheels[name])
    assert about["Name"] == name
    assert about["Version"] == metadata(wheels["checkout-toolkit"])["Version"]
    assert (about["License-Expression"], about["License-File"]) == ("MIT", "LICENSE")
    assert about["Requires-Python"] == ">=3.11"
    assert str(about.get_payload()).lstrip().startswith("# ")
    assert set(about.get_all("Provides-Extra", [])) == (EXTRAS if name == "checkout-core" else set())


def test_the_licence_is_the_same_everywhere() -> None:
    texts = {(ROOT / folder / "LICENSE").read_text(encoding="utf-8") for folder in FOLDERS.values()}
    assert len(texts) == 1


@pytest.mark.parametrize("name", FOLDERS)
def test_an_sdist_makes_the_same_wheel(wheels: dict[str, Path], name: str, tmp_path: Path) -> None:
    with tarfile.open(build(name, "sdist", tmp_path)) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (source,) = (tmp_path / "unpacked").iterdir()
    assert names(build(name, "wheel", tmp_path, source)) == names(wheels[name])


def test_the_wheels_run_and_find_their_catalogue_where_no_checkout_is(wheels: dict[str, Path], tmp_path: Path) -> None:
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    for wheel in wheels.values():
        with ZipFile(wheel) as archive:
            archive.extractall(site)
    clean = {name: value for name, value in os.environ.items() if not OURS.match(name)}
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *FOLDERS],
        cwd=empty,
        env=clean | {"PYTHONPATH": str(site)},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    found = json.loads(done.stdout)
    assert set(found["entry_points"]) == ENTRY_POINTS
    assert len(found["files"]) > 15
    assert [path for path in found["files"] if not Path(path).is_relative_to(site)] == []


@pytest.mark.parametrize("name", MAX_PACKAGES)
def test_a_distribution_alone_brings_few_packages(name: str) -> None:
    packages = needed(name)
    assert len(packages) <= MAX_PACKAGES[name], sorted(packages)


def test_the_simulator_alone_is_small(wheels: dict[str, Path]) -> None:
    packages = needed("stripe-simulator") - {"stripe-simulator"}
    assert not packages & {"stripe", "pydantic", "duckdb", "checkout-core"}
    files = [file for name in packages for file in distribution(name).files or () if file.suffix != ".pyc"]
    with ZipFile(wheels["stripe-simulator"]) as archive:
        own = sum(file.file_size for file in archive.infolist())
    assert own + sum(file.size or 0 for file in files) <= MAX_SIMULATOR_BYTES


def test_the_locks_agree_and_have_what_the_distributions_need(wheels: dict[str, Path]) -> None:
    demo, everything = pins("requirements-demo.lock"), pins("requirements.lock")
    assert demo.items() <= everything.items()
    for wheel in wheels.values():
        for wanted in map(Requirement, metadata(wheel).get_all("Requires-Dist", [])):
            if wanted.name not in FOLDERS:
                assert wanted.specifier.contains(demo[canonicalize_name(wanted.name)][0]), f"{wanted}: run make lock"
    for lock in ("requirements-demo.lock", "requirements.lock"):
        assert "://" not in (ROOT / lock).read_text(encoding="utf-8")
