"""Shapes of parameters: what a request may have, written as a table and read in one way.

A shape takes one parameter of a request. `Fields` is the table of a nested object; `leaves` lists what such a table names.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..currencies import CURRENCIES
from ..errors import StripeError, invalid, not_simulated
from ..wire import JSON
from .params import Params


class Shape(ABC):
    """What one parameter may be."""

    @abstractmethod
    def take(self, params: Params, name: str) -> Any:
        """Take the parameter that `params` has under `name`. Raises a 400 when it is wrong or not simulated."""


@dataclass(frozen=True)
class Text(Shape):
    """A string of at most `limit` characters; with `unset` an empty one unsets it."""

    limit: int = 5000
    unset: bool = False

    def take(self, params: Params, name: str) -> str | None:
        """Take the string."""
        return params.text(name, self.limit, unset=self.unset)


@dataclass(frozen=True)
class Whole(Shape):
    """A whole number from `low` to `high`, both included."""

    low: int | None = None
    high: int | None = None
    unset: bool = False

    def take(self, params: Params, name: str) -> int | None:
        """Take the number."""
        return params.integer(name, self.low, self.high, unset=self.unset)


@dataclass(frozen=True)
class Decimal(Shape):
    """A number that may have a fraction, at least 0."""

    def take(self, params: Params, name: str) -> float | None:
        """Take the number."""
        value = params.text(name)
        if value is not None and not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,12})?", value):
            raise invalid(f"Invalid decimal: {value[:40]}", params.name(name))
        return None if value is None else float(value)


@dataclass(frozen=True)
class Flag(Shape):
    """A truth value; `simulated` is False where only `false` can be asked for."""

    simulated: bool = True

    def take(self, params: Params, name: str) -> bool | None:
        """Take the truth value."""
        raw, given = params.raw(name), params.boolean(name)
        if given and not self.simulated and not params.reading.keeps_unsupported:
            raise not_simulated(f"the parameter {params.name(name)} with the value `{raw}`", params.name(name))
        return given


@dataclass(frozen=True)
class Choice(Shape):
    """One of several words; those in `refused` are Stripe's, too, and not simulated."""

    options: Collection[str]
    refused: Collection[str] = ()
    unset: bool = False

    def take(self, params: Params, name: str) -> str | None:
        """Take the word."""
        value = params.choice(name, (*self.options, *self.refused), unset=self.unset)
        if value is not None and value in self.refused and not params.reading.keeps_unsupported:
            raise not_simulated(f"{params.name(name)} with the value `{value}`", params.name(name))
        return value


@dataclass(frozen=True)
class Words(Shape):
    """A list of strings, of `options` when there are any."""

    options: Collection[str] = ()
    unset: bool = False

    def take(self, params: Params, name: str) -> list[str]:
        """Take the list."""
        words = params.texts(name, unset=self.unset)
        for index, word in enumerate(words):
            if self.options and word not in self.options:
                full = f"{params.name(name)}[{index}]"
                raise invalid(f"Invalid {full}: must be one of {', '.join(sorted(self.options))}", full)
        return words


@dataclass(frozen=True)
class Link(Shape):
    """An absolute web address."""

    unset: bool = False

    def take(self, params: Params, name: str) -> str | None:
        """Take the address."""
        return params.url(name, unset=self.unset)


@dataclass(frozen=True)
class Metadata(Shape):
    """Keys and values of the caller's own."""

    def take(self, params: Params, name: str) -> dict[str, str]:
        """Take the metadata."""
        return params.metadata(name)


@dataclass(frozen=True)
class CurrencyCode(Shape):
    """A currency that Stripe knows, in lower case."""

    def take(self, params: Params, name: str) -> str | None:
        """Take the currency."""
        value = params.text(name)
        if value is not None and value.lower() not in CURRENCIES:
            raise invalid(f"Invalid currency: {value.lower()}.", params.name(name))
        return value and value.lower()


@dataclass(frozen=True)
class Refused(Shape):
    """A parameter that Stripe has and the simulator does not: it is refused by name, or kept as it was given."""

    def take(self, params: Params, name: str) -> Any:
        """Refuse it, or keep it where `unsupported="ignore"` says so."""
        if params.reading.keeps_unsupported:
            return params.keep(name).get(name)
        raise not_simulated(f"the parameter {params.name(name)}", params.name(name))


@dataclass(frozen=True)
class Fields(Shape):
    """A nested object: its parameters by name, and which of them have to be there."""

    table: Mapping[str, Shape]
    required: Collection[str] = ()
    unset: bool = False

    def take(self, params: Params, name: str) -> JSON | None:
        """Take the object; None when it is absent, or empty with `unset`."""
        nested = params.mapping(name, unset=self.unset)
        return None if nested is None else self.read(nested)

    def read(self, params: Params) -> JSON:
        """Return what was given of the table. Raises a 400 for what is missing, wrong, unknown or not simulated."""
        for name in self.required:
            if name not in params:
                raise params.missing(name)
        found = take_given(params, self.table)
        params.finish()
        return found


@dataclass(frozen=True)
class Partly(Shape):
    """A nested object of which the simulator knows a part: what else is given is refused as not simulated."""

    known: Fields

    def take(self, params: Params, name: str) -> JSON | None:
        """Take the object."""
        try:
            return self.known.take(params, name)
        except StripeError as error:
            if error.error.get("code") != "parameter_unknown":
                raise
            param = error.error["param"]
            raise not_simulated(f"the parameter {param}", param) from error


@dataclass(frozen=True)
class Many(Shape):
    """A list of at most `limit` objects."""

    of: Fields
    limit: int = 100
    unset: bool = False

    def take(self, params: Params, name: str) -> list[JSON]:
        """Take the list."""
        given = params.items(name, unset=self.unset)
        if len(given) > self.limit:
            raise invalid(f"You may only specify up to {self.limit} {name}.", params.name(name))
        return [self.of.read(one) for one in given]


def take_given(params: Params, table: Mapping[str, Shape]) -> JSON:
    """Take those parameters of a table that were given; what else there is stays for the caller."""
    return {name: shape.take(params, name) for name, shape in table.items() if name in params}


def leaves(table: Mapping[str, Shape], path: str = "") -> Iterator[tuple[str, Shape]]:
    """Yield what a table names, down to what is no object any more, as `automatic_tax[liability][type]`."""
    for name, shape in table.items():
        full = f"{path}[{name}]" if path else name
        if isinstance(shape, Many):
            yield from leaves(shape.of.table, f"{full}[]")
        elif isinstance(shape, Fields):
            yield from leaves(shape.table, full)
        else:
            yield full, shape


ADDRESS = Fields(
    {name: Text() for name in ("city", "country", "line1", "line2", "postal_code", "state")},
)
"""An address of which any part may be missing."""


def filled(given: JSON | None, names: Collection[str]) -> JSON | None:
    """Return an object with all of its fields, those that were not given as None; None when there is no object."""
    return None if given is None else {name: given.get(name) for name in names}


SHIPPING = Fields(
    {
        "address": Fields(ADDRESS.table, ("line1",)),
        "carrier": Text(),
        "name": Text(),
        "phone": Text(),
        "tracking_number": Text(),
    },
    ("address", "name"),
)
"""Whom an order is sent to, and how."""
