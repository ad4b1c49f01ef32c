"""What the options of a Checkout Session have to agree with: each other, and the page that shows them."""

import re

from ...errors import invalid
from ...wire import JSON

COLOR = re.compile(r"#[0-9a-fA-F]{6}")
KEY = re.compile(r"[A-Za-z0-9]+")


def check_options(options: JSON, ui_mode: str) -> None:
    """Check the options of a new session.

    Args:
        options: those of `parameters.SHAPED` that were given, as they were read.
        ui_mode: the session's page.

    Raises:
        StripeError: one of them is wrong, or does not go with another.
    """
    _check_custom_fields(options.get("custom_fields", []))
    _check_branding(options.get("branding_settings") or {})
    if ui_mode != "embedded_page" and "redirect_on_completion" in options:
        raise invalid(
            "`redirect_on_completion` can only be used with `ui_mode` `embedded_page`.", "redirect_on_completion"
        )
    if ui_mode == "elements" and "required" in options.get("tax_id_collection", {}):
        message = "`tax_id_collection[required]` can't be used when `ui_mode` is `elements`."
        raise invalid(message, "tax_id_collection[required]")
    if "permissions" in options and ui_mode not in ("elements", "embedded_page"):
        raise invalid("`permissions` can only be used with `ui_mode` `elements` or `embedded_page`.", "permissions")
    if "shipping_address_collection" in options and not options["shipping_address_collection"]["allowed_countries"]:
        name = "shipping_address_collection[allowed_countries]"
        raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
    for index, item in enumerate(options.get("optional_items", [])):
        check_quantities(item.get("adjustable_quantity"), item["quantity"], f"optional_items[{index}]")


def check_quantities(adjustable: JSON | None, quantity: int, path: str) -> None:
    """Check the bounds of a quantity that the shopper may change.

    Args:
        adjustable: `adjustable_quantity` as it was read, or None.
        quantity: what the shopper begins with.
        path: how errors name the line.

    Raises:
        StripeError: the bounds are not in order, or the quantity is not between them.
    """
    if adjustable is None:
        return
    name = f"{path}[adjustable_quantity]"
    low, high = adjustable.get("minimum", 0), adjustable.get("maximum", max(99, quantity))
    if not adjustable["enabled"]:
        for bound in ("minimum", "maximum"):
            if bound in adjustable:
                raise invalid(f"`{bound}` can only be set when `enabled` is true.", f"{name}[{bound}]")
    elif low > high:
        raise invalid("`minimum` must be at most `maximum`.", f"{name}[minimum]")
    elif not low <= quantity <= high:
        raise invalid(f"The quantity must be from {low} to {high}.", f"{path}[quantity]")


def _check_custom_fields(fields: list[JSON]) -> None:
    seen: set[str] = set()
    for index, field in enumerate(fields):
        path, type = f"custom_fields[{index}]", field["type"]
        if not KEY.fullmatch(field["key"]):
            raise invalid("Custom field keys must be alphanumeric.", f"{path}[key]")
        if field["key"] in seen:
            raise invalid("Custom field keys must be unique.", f"{path}[key]")
        seen.add(field["key"])
        for other in ("dropdown", "numeric", "text"):
            if other != type and other in field:
                raise invalid(f"`{other}` can only be used with the type `{other}`.", f"{path}[{other}]")
        if type == "dropdown":
            _check_dropdown(field.get("dropdown"), path)
        else:
            _check_limits(field.get(type) or {}, f"{path}[{type}]")


def _check_dropdown(dropdown: JSON | None, path: str) -> None:
    if dropdown is None or not dropdown["options"]:
        name = f"{path}[dropdown][options]"
        raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
    values = [option["value"] for option in dropdown["options"]]
    if len(set(values)) < len(values):
        raise invalid("The values of a dropdown must be unique.", f"{path}[dropdown][options]")
    if "default_value" in dropdown and dropdown["default_value"] not in values:
        raise invalid("The default must be one of the options.", f"{path}[dropdown][default_value]")


def _check_limits(limits: JSON, path: str) -> None:
    low, high = limits.get("minimum_length", 0), limits.get("maximum_length", 255)
    if low > high:
        raise invalid("`minimum_length` must be at most `maximum_length`.", f"{path}[minimum_length]")
    default = limits.get("default_value")
    if default is not None and not low <= len(default) <= high:
        raise invalid("The default does not have the length that the field asks for.", f"{path}[default_value]")


def _check_branding(given: JSON) -> None:
    for name in ("background_color", "button_color"):
        if given.get(name) and not COLOR.fullmatch(given[name]):
            raise invalid("A color is `#` and six hexadecimal digits.", f"branding_settings[{name}]")
    for name in ("icon", "logo"):
        picture = given.get(name)
        if picture is not None:
            _check_picture(picture, f"branding_settings[{name}]")


def _check_picture(picture: JSON, path: str) -> None:
    type = picture["type"]
    other = "url" if type == "file" else "file"
    if type not in picture:
        name = f"{path}[{type}]"
        raise invalid(f"Missing required param: {name}.", name, "parameter_missing")
    if other in picture:
        raise invalid(f"`{other}` can't be used when `type` is `{type}`.", f"{path}[{other}]")
