"""`python -m documentation`: write the generated parts, build the site, and put into it what it would load from elsewhere."""

import subprocess
import sys
from pathlib import Path

from .parts import write_parts
from .scripts import bring_scripts

ROOT = Path(__file__).parents[1]
GENERATED = ROOT / ".docs"
SITE = ROOT / "site"


def main() -> int:
    """Build the site into `site/` and return the exit status."""
    write_parts(GENERATED)
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--strict", "--clean"]
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    if status == 0:
        bring_scripts(SITE, GENERATED)
    return status


if __name__ == "__main__":
    sys.exit(main())
