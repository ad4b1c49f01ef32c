"""Stripe.js in each of its releases: one classic script of the modules in `static/stripe_js/`.

A shop loads it with `<script src>`, so it must be one file that leaves only `Stripe` behind.
"""

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "static" / "stripe_js"
RELEASES = ("acacia", "basil", "clover", "dahlia", "endive")
V3 = "3"
"""How the script calls the release that Stripe has at `/v3`."""
ENTRY = "stripe.js"
_IMPORT = re.compile(r'^import [^;]*?from "\./([\w.]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) )", re.MULTILINE)


@cache
def stripe_js(release: str) -> str:
    """Return the script of a release, one of `RELEASES` or `V3`."""
    modules = "\n".join(_EXPORT.sub("", _IMPORT.sub("", _read(name))) for name in _in_order(ENTRY))
    return f'(() => {{\n"use strict";\n{modules}\nstart("{release}");\n}})();\n'


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _in_order(name: str, seen: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return a module and all that it imports, each once and after what it imports itself."""
    for imported in _IMPORT.findall(_read(name)):
        if imported not in seen:
            seen = _in_order(imported, seen)
    return (*seen, name)
