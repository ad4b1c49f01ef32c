"""A checkout in any Streamlit app: `checkout_button` does it all, `payment_element` only takes the payment.

`checkout_page.py` is what a page does without Streamlit, and `embedding.py` draws it. `payment_form` and `browser` are
the parts that run in the browser, `patches` is what we change in Streamlit itself.
"""

from .embedding import app_urls, checkout_button, payment_element

__all__ = ["app_urls", "checkout_button", "payment_element"]
