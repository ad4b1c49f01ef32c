"""Backstage: a panel that shows the four steps of this browser's checkout as they happen, and sets scenes.

Only with the simulator: against real Stripe there is neither panel nor button.
"""

import re
from html import escape
from pathlib import Path
from typing import cast

import streamlit as st

from checkout_core import Checkout
from checkout_core.domain.errors import CheckoutError
from checkout_core.domain.orders import History, Order
from checkout_core.gateway import CheckoutSession
from storefront import browser
from storefront import markup as pieces
from storefront.presenter import markup, stage
from storefront.presenter.scenarios import ACTIONS, DEFAULT, SCENARIOS, Action, Scenario, number_for
from storefront.presenter.steps import STEPS, Moment, code_of, is_done, told

COOKIE = "backstage"
SCENE_COOKIE = "backstage-scene"
EVERY = 1.0
"""Seconds between two looks at the store while the panel is open."""

_STYLE = Path(__file__).with_name("presenter.css")
_DAY = 86_400 + 60
_SESSION_ID = re.compile(r"cs_[A-Za-z0-9_]{1,252}")


def door(checkout: Checkout) -> None:
    """The button that opens and closes the panel."""
    if checkout.settings.simulated:
        label, icon = ("Close backstage", "close") if _remembered() else ("Backstage", "theater_comedy")
        st.button(label, key="backstage-button", icon=f":material/{icon}:", on_click=_toggle)


def show(checkout: Checkout) -> None:
    """The panel, when it is open."""
    if not checkout.settings.simulated:
        return
    opened = _remembered()
    st.html(_STYLE)
    with st.container(key="backstage-memory"):  # always here: two places would write the cookie in any order
        browser.keep_cookie(COOKIE, "open" if opened else "closed")
    if opened:
        with st.container(key="backstage"):
            st.fragment(_panel, run_every=EVERY)(checkout)


def _remembered() -> bool:
    """Whether the panel is open. A trip to Stripe and back is a new session here, so a cookie remembers."""
    if "backstage-open" not in st.session_state:
        scenario: object = st.context.cookies.get(SCENE_COOKIE)
        st.session_state["backstage-open"] = st.context.cookies.get(COOKIE) == "open"
        st.session_state["backstage-scenario"] = scenario if scenario in SCENARIOS else DEFAULT
    return bool(st.session_state["backstage-open"])


def _toggle() -> None:
    st.session_state["backstage-open"] = not st.session_state["backstage-open"]


def _panel(checkout: Checkout) -> None:
    st.html("<h2>Backstage</h2>")
    session_id = _session_id()
    try:
        _scene(checkout, session_id)
        if session_id is None:
            st.html(
                '<p class="hint">Put something into the cart and go to the checkout: the four steps appear here.</p>'
            )
            history, order = History(), None
        else:
            history, order = checkout.history(session_id), checkout.store.get(session_id)
        _steps(told(checkout.calls.of(session_id or ""), history), order, confirmed="session_id" in st.query_params)
        if order is not None:
            _row(checkout, order)
    except CheckoutError as error:
        st.html(pieces.problem(error.message))
    with st.container(key="backstage-scene-memory"):
        browser.keep_cookie(SCENE_COOKIE, st.session_state["backstage-scenario"])


def _session_id() -> str | None:
    """The checkout that this browser session is about: the one of the address, the one being paid, or the latest."""
    named = st.query_params.get("session_id", "")
    wanted = named if _SESSION_ID.fullmatch(named) else None
    held = cast("tuple[str, CheckoutSession] | None", st.session_state.get("checkout_session"))
    latest = wanted or (held[1].id if held else None) or st.session_state.get("backstage-session")
    st.session_state["backstage-session"] = latest
    return latest


def _scene(checkout: Checkout, session_id: str | None) -> None:
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
    st.html(
        f'<p class="scene"><b>Do:</b> {escape(scenario.do)}</p><p class="scene"><b>See:</b> {escape(scenario.see)}</p>'
    )
    if session_id is None:
        return
    if "session_id" not in st.query_params:  # there the payment is behind us
        _plan(checkout, session_id, scenario)
    if scenario.actions:
        with st.container(key="backstage-actions", horizontal=True):
            for action in scenario.actions:
                if st.button(ACTIONS[action], key=f"backstage-{action}"):
                    _act(checkout, session_id, action)


def _plan(checkout: Checkout, session_id: str, scenario: Scenario) -> None:
    """Tell the simulator once how to treat this session; nobody else's is touched."""
    if st.session_state.get("backstage-plan") == (session_id, scenario.id):
        return
    number = number_for(scenario, checkout.catalog.currency)
    stage.control(checkout.settings, f"sessions/{session_id}/plan", card=number, webhooks=scenario.webhooks)
    st.session_state["backstage-plan"] = (session_id, scenario.id)


def _act(checkout: Checkout, session_id: str, action: Action) -> None:
    settings = checkout.settings
    if action == "pay":
        stage.control(settings, f"sessions/{session_id}/pay")
    elif action == "send_back":
        browser.leave_for(settings.complete_url.replace("{CHECKOUT_SESSION_ID}", session_id))
    elif action == "expire":
        checkout.gateway.expire_session(session_id)
    elif action == "day":
        stage.control(settings, "clock", advance=_DAY)
    else:
        outcome = "succeeded" if action == "debit_succeeds" else "failed"
        stage.control(settings, f"sessions/{session_id}/settle_debit", outcome=outcome)


def _steps(moments: list[Moment], order: Order | None, *, confirmed: bool) -> None:
    for step in STEPS:
        mine = [one for one in moments if one.step == step.number]
        asked_nobody = step.number == 4 and not mine and confirmed and order is not None and order.paid_at is not None
        note = "no call to Stripe: the order is settled" if asked_nobody else ""
        done = asked_nobody or is_done(step.number, moments)
        st.html(markup.heading(step.number, step.title, note, done=done))
        if mine:
            st.html(markup.moments(mine))
        place, source = code_of(step.function)
        code = st.expander(
            f"{step.function.__name__} · {place}", key=f"backstage-code-{step.number}", on_change="rerun"
        )
        if code.open:  # colouring it is a third of what the browser has to do while the panel is open
            code.code(source, language="python")


def _row(checkout: Checkout, order: Order) -> None:
    engine = "DuckDB" if checkout.settings.database_url.startswith("duckdb") else "PostgreSQL"
    st.html(f"<h3 class='act'>The row in {engine}</h3>")
    st.html(markup.row(order))
