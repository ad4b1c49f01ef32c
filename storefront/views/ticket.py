"""One order by its signed address, later and on any device: tickets, where it stands, the receipt."""

import streamlit as st

from checkout_core.domain.errors import CheckoutError, OrderLinkInvalid
from storefront import context, markup, order_page

checkout = context.current_checkout()


def main() -> None:
    """Show the order that the address is signed for, or say why not."""
    given = st.query_params
    try:
        order = checkout.order_of_link(given.get("order", ""), given.get("key", ""))
    except OrderLinkInvalid as error:
        st.html(markup.notice("We cannot open this order", error.message, "bad", "!"))
        st.page_link("views/shop.py", label="See the programme", icon=":material/arrow_back:")
    except CheckoutError as error:
        st.html(markup.notice("We cannot look right now", context.sentence_for_shopper(error), "wait", "…"))
        st.button("Try again", key="try-again")
    else:
        order_page.show(checkout, order)


with st.container(key="confirmation"):
    main()
