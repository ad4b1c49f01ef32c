"""The parameters that stripe-python's types name, down to those that have no parameters inside, each with a value."""

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple


class Leaf(NamedTuple):
    """One parameter: its path, such as `("automatic_tax", "enabled")`, and its annotation as it is written."""

    path: tuple[str, ...]
    annotation: str

    @property
    def name(self) -> str:
        """The path as errors spell it, without the numbers of lists."""
        return self.path[0] + "".join(f"[{part}]" for part in self.path[1:])


class Types:
    """The classes of a module of `stripe.params`.

    Args:
        module: such as `stripe.params.checkout._session_create_params`.
        root: the class of all parameters.
        known: values by the last part of a name, where a type does not tell.
    """

    def __init__(self, module: ModuleType, root: str, known: dict[str, Any] | None = None) -> None:
        self._known = known or {}
        body = ast.parse(inspect.getsource(module)).body
        self._classes = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
        self.root = root

    def fields(self, name: str) -> dict[str, str]:
        """Return the fields of a class, each with its annotation."""
        return {
            ast.unparse(node.target): ast.unparse(node.annotation).replace("'", "").replace('"', "")
            for node in self._classes[name].body
            if isinstance(node, ast.AnnAssign)
        }

    def inside(self, annotation: str) -> str | None:
        """Return the class that an annotation names, if it names one of these."""
        return next((word for word in re.findall(r"\w+", annotation) if word in self._classes), None)

    def leaves(self, name: str | None = None, path: tuple[str, ...] = ()) -> Iterator[Leaf]:
        """Yield every parameter that has none inside."""
        for field, annotation in self.fields(name or self.root).items():
            inner = self.inside(annotation)
            if inner is None:
                yield Leaf((*path, field), annotation)
            else:
                yield from self.leaves(inner, (*path, field))

    def value(self, leaf: Leaf, given: Any) -> Any:
        """Return what to send so that one parameter is sent: itself, and what its objects require beside it."""
        return self._value(self.root, leaf.path, given)

    def _value(self, name: str, path: tuple[str, ...], given: Any) -> dict[str, Any]:
        fields = self.fields(name)
        made: dict[str, Any] = {
            field: self.required(field, annotation)
            for field, annotation in fields.items()
            if not annotation.startswith("NotRequired") and name != self.root
        }
        field, rest = path[0], path[1:]
        inner = self.inside(fields[field])
        value = given if not rest or inner is None else self._value(inner, rest, given)
        made[field] = [value] if rest and "List[" in fields[field] else value
        return made

    def required(self, field: str, annotation: str) -> Any:
        """Return a value for a field by its annotation, with all that it requires."""
        inner = self.inside(annotation)
        if inner is None:
            return self._known.get(field, plain_value(annotation))
        fields = self.fields(inner).items()
        value = {name: self.required(name, one) for name, one in fields if not one.startswith("NotRequired")}
        return [value] if "List[" in annotation else value


@cache
def plain_value(annotation: str) -> Any:
    """Return a value that an annotation allows: the first of its words, or one of its type."""
    words = [word for words in re.findall(r"Literal\[([^\]]*)\]", annotation) for word in words.split(", ") if word]
    value: Any = words[0] if words else None
    if value is None:
        kinds = [("bool", True), ("int", 1), ("float", 1), ("Decimal", "100"), ("Dict", {"key": "value"}), ("str", "x")]
        value = next(one for kind, one in kinds if re.search(rf"\b{kind}\b", annotation))
    return [value] if "List[" in annotation else value
