"""Form bodies as Stripe's SDKs write them: `line_items[0][price_data][currency]=eur`."""

import re
import sys
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from ..errors import StripeError, invalid
from ..wire import API_VERSION, JSON

MAX_DEPTH = 8
_PARTS = re.compile(r"\[([^\]]*)\]")
_BOOLEANS = {"true": True, "True": True, "false": False, "False": False}


def decode(body: str) -> JSON:
    """Decode a nested form. Numbered and empty brackets become lists; every leaf is a string."""
    root: JSON = {}
    for key, value in parse_qsl(body, keep_blank_values=True):
        head, bracket, _ = key.partition("[")
        path = [head, *(_PARTS.findall(key) if bracket else ())]
        if len(path) > MAX_DEPTH:
            raise invalid(f"The parameter {head} is nested too deeply.", head)
        node = root
        for part in path[:-1]:
            inner = node.setdefault(part or str(len(node)), {})
            if not isinstance(inner, dict):
                raise invalid(f"Invalid form: {key} is both a value and an object.", head)
            node = inner
        node[path[-1] or str(len(node))] = value
    return {key: _listed(value) for key, value in root.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_listed(item) for _, item in sorted(value.items(), key=lambda pair: int(pair[0]))]
    return {key: _listed(item) for key, item in value.items()}


@dataclass(frozen=True, slots=True)
class Reading:
    """How the parameters of a request are read.

    Attributes:
        version: the request's `Stripe-Version`, such as `2024-06-20` or `2026-10-28.endive`.
        keeps_unsupported: whether parameters that Stripe has and the simulator does not are kept instead of refused.
    """

    version: str = API_VERSION
    keeps_unsupported: bool = False


STRICT = Reading()


class Params:
    """The parameters of a request, taken one by one; `finish` refuses what nobody took.

    Attributes:
        path: where they are nested, such as `line_items[0]`; empty for the request's own.
        reading: how they are read; nested ones are read alike.
        finished: whether all were taken and are right, so that executing the request may begin.
    """

    def __init__(self, values: JSON, path: str = "", reading: Reading = STRICT) -> None:
        self._values = dict(values)
        self.path = path
        self.reading = reading
        self.finished = False

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def names(self) -> list[str]:
        """Return the parameters that nobody took yet."""
        return list(self._values)

    def raw(self, name: str) -> Any:
        """Return a value as it was sent, without taking it; None when it is absent."""
        return self._values.get(name)

    def name(self, name: str) -> str:
        """Return the parameter as errors spell it: `line_items[0][quantity]`."""
        return f"{self.path}[{name}]" if self.path else name

    def only_one(self, *names: str) -> None:
        """Raise when more than one of these parameters is given; nobody took them yet."""
        given = [name for name in names if name in self]
        if len(given) > 1:
            message = f"You may only specify one of these parameters: {', '.join(names)}."
            raise invalid(message, self.name(given[-1]))

    def missing(self, name: str) -> StripeError:
        """Return the error for a parameter that has to be there."""
        full = self.name(name)
        return invalid(f"Missing required param: {full}.", full, "parameter_missing")

    def _pop(self, name: str, unset: bool) -> Any:
        """Take a value as it was sent; None when it is absent, or empty where an empty one unsets."""
        value = self._values.pop(name, None)
        if value != "":
            return value
        if unset:
            return None
        full = self.name(name)
        raise invalid(
            f"You passed an empty string for '{full}'. We assume empty values are an attempt to unset a parameter; "
            f"however '{full}' cannot be unset. You should remove '{full}' from your request or supply a non-empty "
            "value.",
            full,
            "parameter_invalid_empty",
        )

    def text(self, name: str, limit: int = 5000, *, unset: bool = False) -> str | None:
        """Take a string; None when it is absent.

        Args:
            name: the parameter.
            limit: so many characters it has at most.
            unset: whether an empty string is taken, too, as None: it unsets a value.

        Raises:
            StripeError: it is no string, empty, or too long.
        """
        value = self._pop(name, unset)
        if value is None:
            return None
        if not isinstance(value, str):
            raise invalid(f"Invalid string: {self.name(name)}", self.name(name))
        if len(value) > limit:
            raise invalid(
                f"Invalid string: {value[:20]}…; must be at most {limit} characters",
                self.name(name),
            )
        return value

    def integer(self, name: str, low: int | None = None, high: int | None = None, *, unset: bool = False) -> int | None:
        """Take a whole number from `low` to `high`, both included; None when it is absent, or empty with `unset`."""
        value = self.text(name, unset=unset)
        if value is None:
            return None
        if not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise invalid(f"Invalid integer: {value[:40]}", self.name(name), "parameter_invalid_integer")
        number = int(value)
        if low is not None and number < low:
            raise invalid(
                f"Invalid value for {self.name(name)}: must be greater than or equal to {low}.",
                self.name(name),
                "parameter_invalid_integer",
            )
        if high is not None and number > high:
            raise invalid(
                f"Invalid value for {self.name(name)}: must be less than or equal to {high}.",
                self.name(name),
                "parameter_invalid_integer",
            )
        return number

    def range(self, name: str) -> tuple[float, float] | None:
        """Take the first and the last moment of a range of time; a number stands for itself, None when it is absent."""
        if not isinstance(self._values.get(name), dict):
            exactly = self.integer(name)
            return None if exactly is None else (exactly, exactly)
        bounds = self.mapping(name)
        assert bounds is not None
        low, high = [float("-inf")], [float("inf")]
        for bound, into, beyond in (("gt", low, 1), ("gte", low, 0), ("lt", high, -1), ("lte", high, 0)):
            value = bounds.integer(bound)
            if value is not None:
                into.append(value + beyond)
        bounds.finish()
        return max(low), min(high)

    def boolean(self, name: str) -> bool | None:
        """Take `true` or `false`, or `True` or `False` as old versions of stripe-python say; None when it is absent."""
        value = self.text(name)
        if value is None:
            return None
        if value not in _BOOLEANS:
            raise invalid(f"Invalid boolean: {value}", self.name(name))
        return _BOOLEANS[value]

    def choice(self, name: str, options: Collection[str], *, unset: bool = False) -> str | None:
        """Take one of `options`; None when it is absent, or empty with `unset`."""
        value = self.text(name, unset=unset)
        if value is not None and value not in options:
            allowed = ", ".join(options)
            raise invalid(f"Invalid {self.name(name)}: must be one of {allowed}", self.name(name))
        return value

    def url(self, name: str, *, unset: bool = False) -> str | None:
        """Take an absolute web address; None when it is absent, or empty with `unset`."""
        value = self.text(name, unset=unset)
        if value is None:
            return None
        require_url(value, self.name(name))
        return sys.intern(value)  # a shop has few of them, and many sessions

    def urls(self, name: str, *, unset: bool = False) -> list[str]:
        """Take a list of absolute web addresses; empty when it is absent."""
        given = self.texts(name, unset=unset)
        for index, value in enumerate(given):
            require_url(value, f"{self.name(name)}[{index}]")
        return given

    def mapping(self, name: str, *, unset: bool = False) -> "Params | None":
        """Take a nested object; None when it is absent, or empty with `unset`."""
        value = self._pop(name, unset)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise invalid(f"Invalid object: {self.name(name)}", self.name(name))
        return Params(value, self.name(name), self.reading)

    def items(self, name: str, *, unset: bool = False) -> "list[Params]":
        """Take a list of objects; empty when it is absent, or an empty string with `unset`."""
        value = self._pop(name, unset)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise invalid("Invalid array", self.name(name))
        return [Params(item, f"{self.name(name)}[{index}]", self.reading) for index, item in enumerate(value)]

    def texts(self, name: str, *, unset: bool = False) -> list[str]:
        """Take a list of strings; empty when it is absent, or an empty string with `unset`."""
        value = self._pop(name, unset)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise invalid("Invalid array", self.name(name))
        return value

    def metadata(self, name: str = "metadata", before: JSON | None = None) -> dict[str, str]:
        """Take metadata and lay it over `before`: https://docs.stripe.com/api/metadata."""
        value = self._values.pop(name, None)
        full = self.name(name)
        if value is None:
            return dict(before or {})
        if value == "":
            return {}
        pairs = dict(enumerate(value)) if isinstance(value, list) else value
        if not isinstance(pairs, dict):
            raise invalid("Invalid object: metadata", full)
        after = dict(before or {})
        for raw, text in pairs.items():
            key = str(raw)
            if not isinstance(text, str):
                raise invalid("Metadata values must be strings.", f"{full}[{key}]")
            if len(key) > 40:
                raise invalid(f"Metadata keys can have up to 40 characters: {key[:40]}…", full)
            if len(text) > 500:
                raise invalid(
                    f"Metadata values can have up to 500 characters, but you passed in a value that is {len(text)} characters.",
                    f"{full}[{key}]",
                )
            if text:
                after[key] = text
            else:
                after.pop(key, None)
        if len(after) > 50:
            raise invalid("Metadata can have at most 50 keys.", full)
        return after

    def keep(self, *names: str) -> JSON:
        """Take parameters as they were given, and return those that are there.

        A form says no types: `true` and `false` become booleans, everything else stays text.
        """
        return {name: _typed(self._values.pop(name)) for name in names if name in self._values}

    def finish(self, unsupported: Collection[str] = (), *, keep: bool = False) -> JSON:
        """Refuse every parameter that was not taken.

        Args:
            unsupported: parameters that Stripe has and the simulator does not; all others are unknown.
            keep: whether the caller keeps unsupported ones, where they shall be kept instead of refused.

        Returns:
            The unsupported parameters that the caller has to keep.

        Raises:
            StripeError: a parameter is left.
        """
        kept = self.keep(*unsupported) if keep and self.reading.keeps_unsupported else {}
        for name in self._values:
            full = self.name(name)
            if name in unsupported:
                raise invalid(f"The Stripe simulator does not simulate the parameter {full}.", full)
            raise invalid(f"Received unknown parameter: {full}", full, "parameter_unknown")
        self.finished = True
        return kept


def require_url(value: str, name: str) -> None:
    """Raise a 400 (`url_invalid`) when the value of a parameter is no absolute web address."""
    if not re.match(r"https?://[^\s/?#]+", value):
        raise invalid("Not a valid URL", name, "url_invalid")


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return _BOOLEANS.get(value, value)
