"""A checkout in any Streamlit app: `checkout_button` does it all, `payment_element` only takes the payment.

`checkout_page.py` is what a page does without Streamlit, `button_state.py` what a browser keeps, and `embedding.py` draws
both. `payment_form` and `browser` are the parts that run in the browser, `patches` is what we change in Streamlit itself.
"""

from .embedding import BoughtOrder, app_urls, checkout_button, has_come_back, payment_element
from .settings import load_settings

__all__ = ["BoughtOrder", "app_urls", "checkout_button", "has_come_back", "load_settings", "payment_element"]
