"""Run the notebooks on demo orders and keep a picture of each chart: `python notebooks/pictures.py [FOLDER]`."""

import io
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import vl_convert
from nbclient import NotebookClient
from PIL import Image

HERE = Path(__file__).parent
PICTURES = HERE.parent / "docs" / "pictures" / "notebooks"


def main() -> None:
    """Run from the command line."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(HERE.glob("*.ipynb")):
        for number, chart in enumerate(charts(notebook), start=1):
            picture = Image.open(io.BytesIO(vl_convert.vegalite_to_png(chart, scale=2)))
            path = folder / f"{notebook.stem}-{number}.webp"
            picture.save(path, lossless=True)
            print(f"{path}  {picture.width}x{picture.height}")


def charts(notebook: Path) -> list[dict[str, object]]:
    """The Vega-Lite specifications that a notebook shows when it is run where there is no store yet."""
    content = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    with TemporaryDirectory() as folder:
        own = {"CHECKOUT_DATA_DIR": folder, "CHECKOUT_DATABASE_URL": f"duckdb:///{folder}/orders.duckdb"}
        NotebookClient(content, resources={"metadata": {"path": str(HERE)}}).execute(env={**os.environ, **own})
    outputs = (output.get("data", {}) for cell in content.cells for output in cell.get("outputs", []))
    return [data[kind] for data in outputs for kind in data if kind.startswith("application/vnd.vegalite")]


if __name__ == "__main__":
    main()
