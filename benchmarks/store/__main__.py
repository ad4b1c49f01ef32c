"""The command line of the store benchmark."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import STORES
from . import __doc__ as description
from .several_processes import kill, processes, write_until_told


def show(rows: Iterator[dict[str, Any]], as_json: bool) -> None:
    """Print each row when it is there."""
    columns: list[str] = []
    for row in rows:
        if as_json:
            print(json.dumps(row), flush=True)
            continue
        if list(row) != columns:
            columns = list(row)
            print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns), flush=True)
        print("| " + " | ".join(str(value) for value in row.values()) + " |", flush=True)


def numbers(text: str) -> list[int]:
    """`1,8,64` as numbers."""
    return [int(part) for part in text.split(",")]


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.store", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=3.0, help="for each store and number of callers")
    parser.add_argument("--callers", type=numbers, default=[1, 8, 64])
    parser.add_argument("--rows", type=numbers, default=[10_000, 1_000_000], help="orders that are there before")
    parser.add_argument("--rounds", type=int, default=2, help="turns each store gets")
    parser.add_argument("--stores", default=",".join(STORES), help="which; the ratio is to the first")
    parser.add_argument("--large", action="store_true", help="10,000,000 orders as well")
    parser.add_argument("--folder", type=Path, help="keep what was filled here and use it again: 10 M takes long")
    parser.add_argument("--processes", action="store_true", help="two writing processes and a reader")
    parser.add_argument("--kill", type=int, metavar="TIMES", help="kill -9 a writing process")
    parser.add_argument("--write", metavar="URL", help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    args = parser.parse_args()
    if args.large:
        args.rows = sorted({*args.rows, 10_000_000})
    if args.write:
        write_until_told(args.write, args.callers[0], args.seconds)
    elif args.processes:
        show(processes(args.seconds), args.json)
    elif args.kill:
        show(kill(args.kill), args.json)
    else:
        stores = args.stores.split(",")
        if unknown := set(stores) - set(STORES):
            parser.error(f"there is no store {', '.join(sorted(unknown))}: choose from {', '.join(STORES)}")
        from .side_by_side import compare  # the writing processes start without all that this imports

        show(compare(stores, args.rows, args.callers, args.seconds, args.rounds, kept=args.folder), args.json)


if __name__ == "__main__":
    main()
