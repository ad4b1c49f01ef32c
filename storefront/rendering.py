"""HTML from templates. Every value is escaped, so a catalogue or a shopper can put no markup on a page.

The module is not called `html`: `streamlit run` puts this folder first on the path, and the standard library has one.
"""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from checkout_core.domain.products import Product

from .money import amount, locale

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_ENVIRONMENT.filters["amount"] = amount


def _detail(product: Product) -> str:
    """Return what a product says of itself, or when and where it is shown, as this browser's reader writes it."""
    return product.detail_in(locale())


_ENVIRONMENT.filters["detail"] = _detail


def render(template: str, **values: object) -> Markup:
    """Return a template of the folder `templates`, filled with values.

    Args:
        template: its path in the folder, such as `operator/order_row.html`.
        **values: what it shows; a `Markup` is shown as it is, everything else is escaped.
    """
    return Markup(_ENVIRONMENT.get_template(template).render(values))  # noqa: S704 - the template has escaped it


def line(pattern: str, *values: object) -> Markup:
    """Return one line of HTML, such as `<h1>{}</h1>`, with each value escaped."""
    return Markup(pattern).format(*values)  # noqa: S704 - patterns are literals of this package, values are escaped
