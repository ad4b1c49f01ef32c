"""Answers against the annotations of stripe-python: unknown fields, wrong types, wrong words, missing fields."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from stripe._object_classes import OBJECT_CLASSES

PLAIN = {"str": str, "int": int, "bool": bool, "float": (int, float), "Decimal": str}


@dataclass
class Shape:
    """A class of the SDK: its fields with their annotations, and the classes inside it."""

    name: str
    fields: dict[str, ast.expr] = field(default_factory=dict)
    inner: dict[str, "Shape"] = field(default_factory=dict)
    outer: "Shape | None" = None

    def find(self, name: str) -> "Shape | None":
        """Return the class that a name means here, or None when it is none of this module."""
        return self.inner.get(name) or (self.outer.find(name) if self.outer else None)


def _shape(node: ast.ClassDef, outer: Shape | None) -> Shape:
    shape = Shape(node.name, outer=outer)
    for part in node.body:
        if isinstance(part, ast.ClassDef):
            shape.inner[part.name] = _shape(part, shape)
        elif isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name) and part.target.id.islower():
            shape.fields[part.target.id] = part.annotation
    return shape


@cache
def shape_of(kind: str) -> Shape | None:
    """Return the class of the SDK for a kind of object, such as `checkout.session`."""
    if kind not in OBJECT_CLASSES:
        return None
    module_name, class_name = OBJECT_CLASSES[kind]
    module = ast.parse(inspect.getsource(importlib.import_module(module_name)))
    return next(
        _shape(node, None) for node in module.body if isinstance(node, ast.ClassDef) and node.name == class_name
    )


def problems(value: Any, absent: dict[str, set[str]], path: str = "") -> Iterator[str]:
    """Yield what is wrong with an answer, as sentences.

    Args:
        value: an object, or a list of objects.
        absent: for each kind of object (a hash inside one by the name of its class), the fields that may be absent.
        path: where the value is.
    """
    if value.get("object") == "list":
        for index, one in enumerate(value["data"]):
            yield from problems(one, absent, f"{path}[{index}]")
        return
    shape = shape_of(value.get("object", ""))
    if shape is None:
        yield f"{path}: no such object {value.get('object')!r}"
        return
    yield from _fields(value, shape, absent, path or str(value["object"]), value["object"])


def _fields(value: dict[str, Any], shape: Shape, absent: dict[str, set[str]], path: str, kind: str) -> Iterator[str]:
    for name, one in value.items():
        if name not in shape.fields:
            yield f"{path}.{name}: unknown"
        else:
            yield from _typed(one, shape.fields[name], shape, absent, f"{path}.{name}")
    if not value.get("deleted"):
        for name in shape.fields.keys() - value.keys() - {"deleted"} - absent.get(kind, set()):
            yield f"{path}.{name}: missing"


def _typed(value: Any, node: ast.expr, shape: Shape, absent: dict[str, set[str]], path: str) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        node = ast.parse(node.value, mode="eval").body
    if isinstance(node, ast.Subscript):
        head, inner = ast.unparse(node.value).rpartition(".")[2], node.slice
        yield from _generic(value, head, inner, shape, absent, path)
        return
    name = ast.unparse(node).rpartition(".")[2]
    if name == "Any":
        return
    if name in PLAIN:
        if not isinstance(value, PLAIN[name]) or (name == "int" and isinstance(value, bool)):  # type: ignore[arg-type]
            yield f"{path}: {value!r} is no {name}"
        return
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no {name}"
        return
    found = shape.find(name)
    if found is not None:
        yield from _fields(value, found, absent, path, name)
    elif "object" in value:
        yield from problems(value, absent, path)


def _generic(  # noqa: PLR0917
    value: Any, head: str, inner: ast.expr, shape: Shape, absent: dict[str, set[str]], path: str
) -> Iterator[str]:
    if head == "Optional":
        if value is not None:
            yield from _typed(value, inner, shape, absent, path)
    elif head == "Literal":
        words = [ast.literal_eval(one) for one in (inner.elts if isinstance(inner, ast.Tuple) else [inner])]
        if value not in words:
            yield f"{path}: {value!r} is none of {words[:4]}"
    elif head == "Union" and isinstance(inner, ast.Tuple):
        # A word that the SDK does not know would be a `str`, too: it is none of the words that it knows.
        known = "Literal" in ast.unparse(inner.elts[0])
        yield from _typed(value, inner.elts[0], shape, absent, path) if known else _object(value, absent, path)
    elif head in ("List", "list"):
        yield from _list(value, inner, shape, absent, path)
    elif head == "ListObject":
        yield from problems(value, absent, path)
    elif head == "ExpandableField":
        yield from () if isinstance(value, str) else problems(value, absent, path)
    elif not isinstance(value, dict):
        yield f"{path}: {value!r} is no object"


def _object(value: Any, absent: dict[str, set[str]], path: str) -> Iterator[str]:
    if isinstance(value, dict) and "object" in value:
        yield from problems(value, absent, path)


def _list(value: Any, inner: ast.expr, shape: Shape, absent: dict[str, set[str]], path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: {value!r} is no list"
        return
    for index, one in enumerate(value):
        yield from _typed(one, inner, shape, absent, f"{path}[{index}]")
