"""What a notebook looks like; `pytest notebooks` runs them."""

import ast
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted(Path(__file__).parents[3].joinpath("notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    read: nbformat.NotebookNode = nbformat.read(str(request.param), as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(read)
    return read


def code(notebook: nbformat.NotebookNode) -> list[str]:
    """The code cells, without IPython's own syntax (there is none)."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def test_the_notebooks_are_numbered() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "06", "07", "08"]


def test_outputs_are_not_kept(notebook: nbformat.NotebookNode) -> None:
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_a_notebook_has_at_most_15_cells_and_begins_with_what_it_is_about(notebook: nbformat.NotebookNode) -> None:
    assert len(notebook.cells) <= 15
    assert notebook.cells[0].source.startswith("# ")


def test_a_code_cell_has_a_few_lines_that_fit_the_page(notebook: nbformat.NotebookNode) -> None:
    for source in code(notebook):
        lines = source.splitlines()
        assert len(lines) <= 21, source
        assert max(map(len, lines)) <= 120, source


def test_functions_are_at_most_five_lines_long(notebook: nbformat.NotebookNode) -> None:
    for source in code(notebook):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 5, node.name


def test_the_last_cell_asserts(notebook: nbformat.NotebookNode) -> None:
    assert notebook.cells[-1].cell_type == "code"
    assert any(isinstance(node, ast.Assert) for node in ast.parse(notebook.cells[-1].source).body)


def test_titles_are_computed(notebook: nbformat.NotebookNode) -> None:
    """A chart's title states what the data say, so it has data in it."""
    for source in code(notebook):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "Title":
                assert not isinstance(node.args[0], ast.Constant), source
