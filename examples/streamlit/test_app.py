"""The app, run by Streamlit without a browser, with the simulator as Stripe."""

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from checkout_core import open_checkout
from stripe_simulator.testing.plugin import SimulatedStripe

APP = Path(__file__).with_name("app.py")


@pytest.fixture(autouse=True)
def _stripe(stripe_simulator: SimulatedStripe, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    st.cache_resource.clear()  # the checkout of the test before, with its orders
    monkeypatch.chdir(APP.parent)
    monkeypatch.setenv("STRIPE_API_BASE", stripe_simulator.url)
    monkeypatch.setenv("CHECKOUT_DATABASE_URL", f"duckdb:///{tmp_path}/orders.duckdb")


def start_to_tip() -> tuple[AppTest, str]:
    """Return the app with the checkout open, and the session."""
    app = AppTest.from_file(str(APP), default_timeout=30).run()
    app.button(key="checkout-open").click().run()
    app.text_input(key="checkout-email").input("anna@example.com")
    app.button[1].click().run()
    with open_checkout() as checkout:
        (order,) = checkout.store.find()
    return app, order.stripe_checkout_session_id


def test_whoever_tips_is_thanked(stripe_simulator: SimulatedStripe) -> None:
    app, session_id = start_to_tip()
    stripe_simulator.pay(session_id)
    app.query_params["checkout_session"] = session_id
    app.run()
    assert "€7.00" in app.success[0].value


def test_whoever_does_not_pay_is_not(stripe_simulator: SimulatedStripe) -> None:
    app, session_id = start_to_tip()
    stripe_simulator.expire(session_id)
    app.query_params["checkout_session"] = session_id
    app.run()
    assert not app.success
