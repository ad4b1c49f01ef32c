"""The order beside the checkout: what is bought, changed in its place, and what it costs, with a promotion code.

On a phone it stands on top of the page and is closed to one line with the total; on wider screens it is beside the form.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from checkout_core import Checkout
from checkout_core.config.settings_arguments import UiMode
from checkout_core.domain.breakdown import Breakdown, breakdown_of
from checkout_core.domain.checkout_session import CheckoutSession
from checkout_core.domain.products import PricedItem
from checkout_core.streamlit import browser, payment_form
from checkout_core.streamlit.checkout_page import CheckoutPage, holding
from checkout_core.streamlit.payment_form import Promotion
from storefront import markup, stock
from storefront.cart import Cart
from storefront.money import amount
from storefront.rendering import line

_CHANGING = "order-changing"
_CODE = "typed-code"
_CHANGED = "order-changed"


def is_changed_while_paying() -> bool:
    """Return whether the order was changed here after the details had been saved: the shopper goes on paying."""
    return _CHANGED in st.session_state


def go_on_paying() -> None:
    """The details are saved with the order as it is now. A run that was given up before that is done again by the next."""
    st.session_state.pop(_CHANGED, None)


@dataclass
class OrderSummary:
    """The summary of one run.

    Args:
        checkout: the shop's.
        cart: this visitor's.
        items: the cart, priced.
    """

    checkout: Checkout
    cart: Cart
    items: Sequence[PricedItem]
    _toggle: DeltaGenerator = field(init=False)
    _receipt: DeltaGenerator = field(init=False)
    _code: DeltaGenerator = field(init=False)

    def show(self, session: CheckoutSession | None) -> None:
        """Show what the cart costs; `show_session` adds what only Stripe's session says.

        Args:
            session: the one that the cart has already; without it there is only what the cart says.
        """
        is_changing = bool(st.session_state.get(_CHANGING))
        with st.container(key="order"):
            self._toggle = st.container(key="order-toggle")
            with st.container(key="order-body"):
                st.html('<h2 class="order-title">Your order</h2>')
                with st.container(key="order-lines"):  # also without lines: the code's field keeps its place
                    if is_changing:
                        self._show_lines()
                self._receipt = st.empty()
                if is_changing:
                    st.button("Done", key="order-done", on_click=self._change, args=(False,))
                else:
                    st.button(
                        "Edit the order", key="order-change", type="tertiary", on_click=self._change, args=(True,)
                    )
                self._code = st.container(key="order-code")
        self._show_receipt(breakdown_of(session) if session else markup.cart_breakdown(self.items))

    def show_session(self, page: CheckoutPage, session: CheckoutSession | None) -> None:
        """Show what the session costs, and take a promotion code for it.

        Args:
            page: the visitor's.
            session: None where there is none yet.
        """
        total, currency = sum(item.amount_total for item in self.items), self.items[0].currency
        if session is not None:
            if session.amount_total != total:
                self._show_receipt(breakdown_of(session))
            total = session.amount_total
        with self._toggle:
            browser.disclose(".st-key-order-body", "Show the order", "Hide the order", amount(total, currency))
        if session is not None:
            self._ask_code(page, session)

    def _ask_code(self, page: CheckoutPage, session: CheckoutSession) -> None:
        settings = self.checkout.settings
        if not settings.promotion_codes or settings.ui_mode is not UiMode.elements or not session.client_secret:
            return
        shown = Promotion(st.session_state.get(_CODE, ""), session.amount_total)
        with self._code:
            found = payment_form.mount_promotion(settings, session.client_secret, shown)
        if found is not None and found != shown:
            st.session_state[_CODE] = found.code
            page.refresh()
            st.rerun()

    def _show_receipt(self, breakdown: Breakdown) -> None:
        lines = () if st.session_state.get(_CHANGING) else breakdown.lines
        self._receipt.html(markup.receipt(replace(breakdown, lines=lines), title=""))

    def _show_lines(self) -> None:
        left = stock.look(self.checkout)
        for item in self.items:
            self._show_line(item, stock.limit_of(self.checkout.catalog[item.product], left))

    def _show_line(self, item: PricedItem, limit: int) -> None:
        name, key = markup.label(item.name), f"order-quantity-{item.product}"
        if st.session_state.get(key) != item.quantity:  # else it would undo a press that is on its way
            st.session_state[key] = item.quantity
        with st.container(key=f"order-line-{item.product}", horizontal=True, vertical_alignment="center"):
            pattern = '<p class="name"><bdi>{}</bdi></p><p class="price"><bdi>{}</bdi></p>'
            st.html(line(pattern, item.name, amount(item.amount_total, item.currency)))
            st.number_input(
                f"How many of {name}",
                min_value=1,
                max_value=max(limit, item.quantity),
                key=key,
                label_visibility="collapsed",
                width=136,
                on_change=self._put,
                args=(item.product, key),
            )
            st.button(
                "Remove",
                key=f"order-remove-{item.product}",
                type="tertiary",
                on_click=self._put,
                args=(item.product, None),
            )

    def _put(self, product_id: str, key: str | None) -> None:
        """Change the quantity of a product; without a field's key, take it out. The session and what it holds follow."""
        if product_id not in self.cart.quantities:  # a late word of the field of a line that is gone
            return
        held = holding(st.session_state).held
        if held is not None and held.saved is not None:
            st.session_state[_CHANGED] = True
        self.cart.put(product_id, int(st.session_state[key]) if key else 0)
        if not self.cart:
            self._change(False)

    def _change(self, changing: bool) -> None:
        st.session_state[_CHANGING] = changing
