"""The two scripts that the theme loads from elsewhere, put into the site.

Each is one file of an npm package whose other files and dependencies nobody needs here. So only the package's archive is
fetched, once, and compared with the digest that the registry had for it when it was chosen.
"""

import base64
import hashlib
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Script:
    """One file of an npm package, and its name in the site's `assets/`."""

    package: str
    sha512: str
    member: str
    file: str


SCRIPTS = (
    Script(  # draws the diagrams
        package="mermaid@11.17.2",
        sha512="V6K3C8EBdEsPFZXSKMJe6ppQOENxuHARr9GvHX4hh47lAbhMRD9qf4oEK7LoaRQxULMa80/qt5gHO73aCleBBg==",
        member="package/dist/mermaid.min.js",
        file="mermaid.min.js",
    ),
    Script(  # lets the search run where pages are opened as files
        package="iframe-worker@1.0.4",
        sha512="roeaaI+Lg1LJNfgpCjoRe/+WzEjy9+Z08LoEvu85MCPbBjwm+qXz8Ag5U05lHa6V1CysZyGzE0SOkAtSUA5q7Q==",
        member="package/shim/index.js",
        file="iframe-worker.js",
    ),
)


def bring_scripts(site: Path, cache: Path) -> None:
    """Put the scripts into a built site; `zensical.toml` and the theme's `main.html` name them.

    Args:
        site: the folder of the built site.
        cache: where fetched scripts are kept.

    Raises:
        SystemExit: npm is missing or cannot fetch a package, or a package is not the one that was chosen.
    """
    for script in SCRIPTS:
        shutil.copy(_fetched(script, cache), site / "assets" / script.file)


def _fetched(script: Script, cache: Path) -> Path:
    kept = cache / f"{script.package}.js"
    if not kept.exists():
        archive = cache / _pack(script.package, cache)
        if base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode() != script.sha512:
            raise SystemExit(f"{script.package} from npm is not the package that documentation/scripts.py names.")
        with tarfile.open(archive) as packed:
            file = packed.extractfile(script.member)
            assert file is not None
            kept.write_bytes(file.read())
        archive.unlink()
    return kept


def _pack(package: str, folder: Path) -> str:
    """Fetch a package's archive into a folder and return its name."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("The site's scripts come from npm. Install Node.js 20 or newer, then run make docs again.")
    done = subprocess.run([npm, "pack", package, "--silent"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"npm could not fetch {package}: {done.stderr.strip()}")
    return done.stdout.strip().splitlines()[-1]
