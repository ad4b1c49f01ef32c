"""The Streamlit shop, and its checkout for any other Streamlit app: `checkout_button` and `payment_element`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .embedding import checkout_button, payment_element

__all__ = ["checkout_button", "payment_element"]


def __getattr__(name: str) -> Any:  # Streamlit and Stripe are imported when they are needed
    if name in __all__:
        from . import embedding

        return getattr(embedding, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
