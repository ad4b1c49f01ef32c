"""The tables of `docs/simulator.md` that are made of the simulator's code.

    python -m documentation.simulator_page

writes them anew between their marks; a test holds the page to them.
"""

import re
from pathlib import Path

from stripe_simulator.api import api_routes
from stripe_simulator.resources.checkout_sessions.parameters import PARAMETERS, refused_leaves
from stripe_simulator.simulator import Simulator
from stripe_simulator.versions import CHANGES

PAGE = Path(__file__).parent.parent / "docs" / "simulator.md"


def parameters_table() -> str:
    """Return what each parameter of a session does, and what of it is refused."""
    refused = [name for name in refused_leaves() if "[" in name]
    rows = ["| Parameter | What it does |", "|---|---|"]
    for name, one in PARAMETERS.items():
        mine = ", ".join(f"`{leaf}`" for leaf in refused if leaf.partition("[")[0] == name)
        rows.append(f"| `{name}` | {one.says}{f' (not simulated: {mine})' if mine else ''} |")
    return "\n".join(rows)


def versions_table() -> str:
    """Return what changed in which version."""
    rows = [f"| `{change.since}` | {change.says} |" for change in CHANGES]
    return "\n".join(["| Since | What changed |", "|---|---|", *rows])


def endpoints_table() -> str:
    """Return every path that is simulated, with its methods."""
    methods: dict[str, list[str]] = {}
    for method, path, _ in api_routes(Simulator().sessions):
        methods.setdefault(path, []).append(method)
    rows = [f"| `{path}` | {', '.join(methods[path])} |" for path in sorted(methods)]
    return "\n".join(["| Path | Methods |", "|---|---|", *rows])


TABLES = {"parameters": parameters_table, "versions": versions_table, "endpoints": endpoints_table}


def with_tables(page: str) -> str:
    """Return the page with its tables as the code has them now."""
    for name, table in TABLES.items():
        begin, end = f"<!-- {name}: made by documentation.simulator_page -->", f"<!-- end of {name} -->"
        found = re.search(f"{re.escape(begin)}.*?{re.escape(end)}", page, re.DOTALL)
        assert found, f"docs/simulator.md has no place for the table of {name}."
        page = page.replace(found.group(), f"{begin}\n{table()}\n{end}")
    return page


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
