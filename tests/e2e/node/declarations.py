"""Names of members in the TypeScript declarations of a package."""

import re
from pathlib import Path

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
MEMBER = re.compile(r"^\s*(\w+)(\??)\s*[(:<]")


def members(declarations: Path, name: str) -> set[str]:
    """Return the members of an interface or an object type that are not optional."""
    text = COMMENT.sub("", declarations.read_text(encoding="utf-8"))
    start = re.search(rf"(?:interface|type) {name}\b[^{{]*{{", text)
    assert start, f"no {name} in {declarations}"
    names, depth = set(), 0
    for line in text[start.end() :].splitlines():
        found = MEMBER.match(line)
        if depth == 0 and found and not found[2]:
            names.add(found[1])
        depth += sum(line.count(one) for one in "{([") - sum(line.count(one) for one in "})]")
        if depth < 0:
            break
    return names
