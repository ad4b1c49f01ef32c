"""Pages from templates, and the files that they load."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from .wire import JSON

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}
FILE_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
}
STATIC = frozenset(path.name for path in (HERE / "static").iterdir())


def delivery_estimate(given: JSON) -> str:
    """Return when a delivery arrives: `3-5 business days`."""
    bounds = [one for one in (given["minimum"], given["maximum"]) if one]
    if len({one["unit"] for one in bounds}) > 1:
        return " to ".join(f"{one['value']} {_unit(one)}" for one in bounds)
    values = "-".join(dict.fromkeys(str(one["value"]) for one in bounds))
    words = f"{values} {_unit(bounds[-1])}" if bounds else ""
    return words if len(bounds) != 1 else f"{'at least' if given['minimum'] else 'up to'} {words}"


def _unit(bound: JSON) -> str:
    return str(bound["unit"]).replace("_", " ") + ("" if bound["value"] == 1 else "s")


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # a fifth of the start, and many want no page
    from markupsafe import Markup

    made = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined)
    made.filters["estimate"] = delivery_estimate
    # Messages are answers at any path, so they have no address of a file in common.
    made.globals["page_style"] = Markup(_read("page.css").decode())  # noqa: S704 - a file of this package
    return made


@cache
def _read(name: str) -> bytes:
    return (HERE / "static" / name).read_bytes()


def static_file(name: str) -> Response:
    """Return a file of `static/`, for any origin; a 404 when there is none of this name."""
    media_type = MEDIA_TYPES.get(Path(name).suffix)
    if name not in STATIC or media_type is None:
        return Response("Not found", 404)
    return Response(_read(name), media_type=media_type, headers=FILE_HEADERS)


def script(text: str) -> Response:
    """Return a script for pages of any origin."""
    return Response(text, media_type="text/javascript", headers=FILE_HEADERS)


def render(template: str, status: int = 200, **values: object) -> Response:
    """Return a page from a template; every value is escaped."""
    headers = {
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",  # without a referrer a form names no Origin, and we ask for it
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(_environment().get_template(template).render(values), status, headers)
