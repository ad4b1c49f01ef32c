"""Backstage: a panel that shows the four steps of this browser's checkout as they happen, and sets scenarios.

Only with the simulator: against real Stripe there is neither panel nor button.
"""

import re
from pathlib import Path

import streamlit as st

from checkout_core import Checkout
from checkout_core.config.urls import SESSION_ID
from checkout_core.domain.errors import CheckoutError
from checkout_core.domain.events import History
from checkout_core.domain.orders import Order
from checkout_core.domain.stock import HoldState
from checkout_core.stores import backend_of
from checkout_core.stores.base import HoldQuery
from checkout_core.streamlit import browser
from checkout_core.streamlit.checkout_page import held_session
from storefront import context
from storefront import markup as pieces
from storefront.backstage import markup, simulator_client
from storefront.backstage.scenarios import ACTIONS, DEFAULT, SCENARIOS, Action, Scenario, number_for
from storefront.backstage.steps import STEPS, TimelineEntry, code_of, is_done, timeline
from storefront.rendering import line

COOKIE = "backstage"
SCENARIO_COOKIE = "backstage-scenario"
REFRESH_SECONDS = 1.0
"""Between two looks at the store while the panel is open."""

_STYLE = Path(__file__).with_name("backstage.css")
_DAY_SECONDS = 86_400 + 60
_HOLD_SECONDS = 32 * 60
"""A session with something limited lasts half an hour, up to the next minute."""
_SESSION_ID = re.compile(r"cs_[A-Za-z0-9_]{1,252}")


def show_button(checkout: Checkout) -> None:
    """Show the button that opens and closes the panel."""
    if checkout.settings.simulated:
        st.button("Close backstage" if _is_open() else "Backstage", key="backstage-button", on_click=_toggle)


def show_panel(checkout: Checkout) -> None:
    """Show the panel, when it is open."""
    if not checkout.settings.simulated:
        return
    is_open = _is_open()
    st.html(_STYLE)
    with st.container(key="backstage-memory"):  # always here: two places would write the cookie in any order
        browser.keep_cookie(COOKIE, "open" if is_open else "closed")
    if is_open:
        with st.container(key="backstage"):
            st.fragment(_panel, run_every=REFRESH_SECONDS)(checkout)


def _is_open() -> bool:
    """Whether the panel is open. A trip to Stripe and back is a new session here, so a cookie remembers."""
    if "backstage-open" not in st.session_state:
        scenario: object = st.context.cookies.get(SCENARIO_COOKIE)
        st.session_state["backstage-open"] = st.context.cookies.get(COOKIE) == "open"
        st.session_state["backstage-scenario"] = scenario if scenario in SCENARIOS else DEFAULT
    return bool(st.session_state["backstage-open"])


def _toggle() -> None:
    st.session_state["backstage-open"] = not st.session_state["backstage-open"]


def _panel(checkout: Checkout) -> None:
    st.html("<h2>Backstage</h2>")
    session_id = _session_id()
    try:
        _show_scenario(checkout, session_id)
        if session_id is None:
            st.html(
                '<p class="hint">Put something into the cart and go to the checkout: the four steps appear here.</p>'
            )
            history, order = History(), None
        else:
            history, order = checkout.history(session_id), checkout.store.get(session_id)
        _show_steps(
            timeline(checkout.calls.of(session_id or ""), history), order, confirmed="session_id" in st.query_params
        )
        if order is not None:
            _show_row(checkout, order)
    except CheckoutError as error:
        st.html(pieces.problem(context.sentence_for_shopper(error)))
    with st.container(key="backstage-scenario-memory"):
        browser.keep_cookie(SCENARIO_COOKIE, st.session_state["backstage-scenario"])
        if url := st.session_state.get("backstage-redirect"):  # in every run until the page is left: the next is near
            browser.redirect_to(url)


def _session_id() -> str | None:
    """The checkout that this browser session is about: the one of the address, the one being paid, or the latest."""
    named = st.query_params.get("session_id", "")
    wanted = named if _SESSION_ID.fullmatch(named) else None
    held = held_session(st.session_state)
    latest = wanted or (held.id if held else None) or st.session_state.get("backstage-session")
    st.session_state["backstage-session"] = latest
    return latest


def _show_scenario(checkout: Checkout, session_id: str | None) -> None:
    """Choose what to show, and set the simulator for this session."""
    chosen = st.selectbox(
        "Scenario",
        list(SCENARIOS),
        index=list(SCENARIOS).index(st.session_state["backstage-scenario"]),
        format_func=lambda id: SCENARIOS[id].title,
        key="backstage-choice",
    )
    st.session_state["backstage-scenario"] = chosen
    scenario = SCENARIOS[chosen]
    pattern = '<p class="scenario"><b>Do:</b> {}</p><p class="scenario"><b>See:</b> {}</p>'
    st.html(line(pattern, scenario.do, scenario.see))
    if session_id is None:
        return
    if "session_id" not in st.query_params:  # there the payment is behind us
        _plan_payment(checkout, session_id, scenario)
    if scenario.actions:
        with st.container(key="backstage-actions", horizontal=True):
            for action in scenario.actions:
                if st.button(ACTIONS[action], key=f"backstage-{action}"):
                    _act(checkout, session_id, action)


def _plan_payment(checkout: Checkout, session_id: str, scenario: Scenario) -> None:
    """Tell the simulator once how to treat this session; nobody else's is touched."""
    if st.session_state.get("backstage-plan") == (session_id, scenario.id):
        return
    created = next(iter(checkout.history(session_id)), None)
    currency = str(created.detail.get("currency", "")) if created else ""
    number = number_for(scenario, currency)
    simulator_client.use_control(
        checkout.settings, f"sessions/{session_id}/plan", card=number, webhooks=scenario.webhooks
    )
    st.session_state["backstage-plan"] = (session_id, scenario.id)


def _act(checkout: Checkout, session_id: str, action: Action) -> None:
    settings = checkout.settings
    if action == "pay":
        simulator_client.use_control(settings, f"sessions/{session_id}/pay")
    elif action == "send_back":
        st.session_state["backstage-redirect"] = settings.urls.complete.replace(SESSION_ID, session_id)
    elif action == "expire":
        checkout.expire_session(session_id)
    elif action == "day":
        simulator_client.use_control(settings, "clock", advance=_DAY_SECONDS)
    elif action == "half_hour":
        simulator_client.use_control(settings, "clock", advance=_HOLD_SECONDS)
    else:
        outcome = "succeeded" if action == "debit_succeeds" else "failed"
        simulator_client.use_control(settings, f"sessions/{session_id}/settle_debit", outcome=outcome)


def _show_steps(entries: list[TimelineEntry], order: Order | None, *, confirmed: bool) -> None:
    for step in STEPS:
        mine = [one for one in entries if one.step == step.number]
        asked_nobody = step.number == 4 and not mine and confirmed and order is not None and order.paid_at is not None
        note = "no call to Stripe: the order has its final status" if asked_nobody else ""
        done = asked_nobody or is_done(step.number, entries)
        st.html(markup.heading(step.number, step.title, note, done=done))
        if mine:
            st.html(markup.timeline(mine))
        place, source = code_of(step.function)
        code = st.expander(
            f"{step.function.__name__} · {place}", key=f"backstage-code-{step.number}", on_change="rerun"
        )
        if code.open:  # colouring it is a third of what the browser has to do while the panel is open
            code.code(source, language="python")


def _show_row(checkout: Checkout, order: Order) -> None:
    database = backend_of(checkout.settings.database_url.get_secret_value()).label
    st.html(line('<h3 class="backstage-step">The row in {}</h3>', database))
    st.html(markup.row(order))
    query = HoldQuery(session_ids=(order.stripe_checkout_session_id,))
    if holds := checkout.store.holds(query):
        st.html(line('<h3 class="backstage-step">What it holds</h3>'))
        for hold in holds:
            left = ""
            if hold.state is HoldState.held and hold.expires_at is not None:
                left = f", {checkout.asynchronous.stock.minutes_left(hold.expires_at)} minutes left"
            st.html(
                line(
                    '<p class="scenario hold">{} × {}: <b>{}</b>{}</p>',
                    hold.quantity,
                    hold.name,
                    hold.state.value,
                    left,
                )
            )
