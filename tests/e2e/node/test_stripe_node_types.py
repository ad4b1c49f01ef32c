"""Every answer in every state against the types of stripe-node, by the TypeScript compiler.

These types say more than the annotations of stripe-python: a field that may be absent is `?`, one that may be null is
`| null`, and the two are not the same. The compiler refuses unknown, missing and wrong fields of an object literal.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import stripe

from stripe_simulator.testing.server import running
from tests.e2e.node.packages import HERE, package, tool
from tests.integration.simulator.states import KEY, STATES, answers_in, answers_of_resources

KINDS = {"checkout.session": "Checkout.Session", "item": "LineItem"}
HEAD = 'import type Stripe from "stripe";\ndeclare function decimal(value: string): Stripe.Decimal;\n'
OPTIONS = ["--noEmit", "--strict", "--skipLibCheck", "--types", "", "--module", "nodenext"]


def type_of(answer: Any) -> str:
    """Return the type of stripe-node for an object."""
    kind = answer["object"]
    return "Stripe." + KINDS.get(kind, "".join(part.capitalize() for part in kind.split("_")))


def literal(value: Any, name: str = "") -> str:
    """Return a value as stripe-node gives it to a program, which reads decimal strings as numbers."""
    if name == "previous_attributes":  # null also stands for a field that was absent
        value = {key: one for key, one in value.items() if one is not None}
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {literal(one, key)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(literal(one) for one in value) + "]"
    if isinstance(value, str) and name.endswith("_decimal"):
        return f"decimal({json.dumps(value)})"
    return json.dumps(value)


def single(answer: Any) -> Iterator[Any]:
    """Yield an object, or those of a list."""
    if answer["object"] == "list":
        yield from answer["data"]
    else:
        yield answer


def everything() -> Iterator[tuple[str, Any]]:
    """Yield every object that the simulator answers with, and where it comes from."""
    with running() as simulator:
        key = KEY["authorization"].removeprefix("Bearer ")
        client = stripe.StripeClient(key, base_addresses={"api": simulator.url}, max_network_retries=0)
        for state in STATES:
            simulator.simulator.reset()
            for where, answer in answers_in(state, client, simulator):
                yield from ((f"{state}: {where}", one) for one in single(answer))
        simulator.simulator.reset()
        for where, answer in answers_of_resources(client, simulator):
            yield from ((where, one) for one in single(answer))


def said_of(line: str, column: int, where: str, message: str) -> str:
    """Return an error of the compiler with the place in the answer that it is about."""
    return f"{where}: {line[column - 1 : column + 60]}… {message}"


def test_every_answer_has_the_types_of_stripe_node() -> None:
    compiler = package("typescript") / "bin" / "tsc"
    assert (package("stripe") / "package.json").exists()
    found = dict.fromkeys((where, f"{type_of(one)} = {literal(one)}") for where, one in everything())
    assert len(found) > 500
    lines = [f"export const answer{index}: {text};" for index, (_, text) in enumerate(found)]
    program = Path(HERE / "answers.generated.ts")
    try:
        program.write_text(HEAD + "\n".join(lines), encoding="utf-8")
        command = [tool("node"), str(compiler), *OPTIONS, program.name]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False, timeout=300)
    finally:
        program.unlink(missing_ok=True)
    places = [where for where, _ in found]
    errors = re.findall(rf"{program.name}\((\d+),(\d+)\): error (.*)", done.stdout)
    before = HEAD.count("\n") + 1
    wrong = [
        said_of(lines[int(line) - before], int(column), places[int(line) - before], message)
        for line, column, message in errors
    ]
    assert (wrong, done.returncode) == ([], 0), done.stdout[-2000:] + done.stderr
