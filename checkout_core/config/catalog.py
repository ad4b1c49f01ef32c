"""The catalogue file: what the demo shop sells."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..domain.errors import ConfigurationError
from ..domain.products import Catalog, Product, Welcome
from .validation import first_fault


def read_catalog(path: Path) -> Catalog:
    """Read a TOML file of `[[product]]` tables and, if there is one, a `[welcome]` table.

    Raises:
        ConfigurationError: the file is missing or broken; the sentence names the file and the product.
    """
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"The catalogue {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The catalogue {path} is not valid TOML: {error}.") from error
    products = [_product(table, path) for table in written.get("product", [])]
    if not products:
        raise ConfigurationError(f"The catalogue {path} has no [[product]] table.")
    if len({product.id for product in products}) < len(products):
        raise ConfigurationError(f"The catalogue {path} has two products of the same id.")
    try:
        welcome = Welcome.model_validate(written.get("welcome", {}))
    except ValidationError as error:
        raise ConfigurationError(f"The catalogue {path}, [welcome], {_first_fault(error)}") from error
    return Catalog(products, path.parent, welcome)


def _product(table: Mapping[str, Any], path: Path) -> Product:
    for name in ("left", "stock"):
        if name in table:
            raise ConfigurationError(
                f"The catalogue {path}, product {table.get('id', 'without an id')}: `{name}` is called `capacity` now, "
                "which is how many there are in all: orders are counted. Rename it."
            )
    try:
        return Product.model_validate(table)
    except ValidationError as error:
        name = table.get("id", "without an id")
        raise ConfigurationError(f"The catalogue {path}, product {name}, {_first_fault(error)}") from error


def _first_fault(error: ValidationError) -> str:
    names, fault = first_fault(error)
    return f"{'.'.join(names)}: {fault}." if names else f"{fault}."
