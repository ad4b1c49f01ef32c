"""Where the orders are: a notebook's folder is most often a folder inside the project's."""

from pathlib import Path

_ENDS = (".git", "pyproject.toml", "shops.toml")
"""What a project's own folder has: nobody looks above it."""


def folders(here: Path | None = None) -> list[Path]:
    """Return the current folder and those above it, as far as the project goes.

    Args:
        here: where to begin; the current folder unless given.
    """
    start = (here or Path.cwd()).absolute()
    found = []
    for folder in (start, *start.parents):
        found.append(folder)
        if any((folder / name).exists() for name in _ENDS):
            return found
    return found if len(found) < 2 else found[:2]  # no project: the folder and the one above


def project_folder(here: Path | None = None) -> Path:
    """Return the folder that the settings' relative paths start from: the nearest with a `.env` or a `data` folder.

    Args:
        here: where to begin; the current folder unless given.
    """
    near = folders(here)
    return next((folder for folder in near if (folder / ".env").exists() or (folder / "data").is_dir()), near[0])


def places(path: Path) -> list[Path]:
    """Return where a file may be: itself, or where a relative path leads from each folder of the project."""
    if path.is_absolute():
        return [path]
    return [folder / path for folder in folders()]
