"""The catalogue and the pictures that ship with the demo shop."""

from pathlib import Path

_HERE = Path(__file__).resolve().parent
_DATA = _HERE / "data"
"""Where the wheel has them. In a checkout they are in the folder `data` beside this package."""

CATALOG = (_DATA if _DATA.exists() else _HERE.parent / "data") / "catalog.toml"
