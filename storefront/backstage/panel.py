"""The panel: the scenario and its buttons, where the order is now, the four steps, the row, the checkout before."""

from collections.abc import Sequence

import streamlit as st

from checkout_core import Checkout
from checkout_core.config.settings_arguments import UiMode
from checkout_core.domain.errors import CheckoutError
from checkout_core.domain.events import EventKind, History
from checkout_core.domain.orders import Order, OrderStatus
from checkout_core.domain.stock import HoldState
from checkout_core.stores import backend_of
from checkout_core.stores.base import HoldQuery
from storefront import context
from storefront import markup as pieces
from storefront.rendering import line

from . import actions, joining, markup, objects, replay, sequence, simulator_client, trace
from .scenarios import SCENARIOS, Scenario, next_after, number_for
from .stage import Stage
from .steps import STEPS, TimelineEntry, code_of, is_done, timeline

_EMPTY = '<p class="hint">Put something into the cart and go to the checkout: the four steps appear here.</p>'

_PLAYER_PIXELS = 640


def show(checkout: Checkout, stage: Stage) -> None:
    """Show everything about the checkout of a stage. What goes wrong is said in a sentence."""
    _show_head(checkout, stage)
    try:
        history, order = _kept(checkout, stage.session_id)
        _show_scenario(checkout, stage, history, order)
        st.html(markup.status(order, history, stage.session_id))
        if stage.session_id is None:
            st.html(_EMPTY)
        if order is None:  # right after the last one has ended, which is what an audience looks at
            _show_before(checkout, stage)
        entries = timeline(checkout.calls.of(stage.session_id or ""), history)
        _show_steps(entries, order, confirmed="session_id" in st.query_params)
        _show_diagram(checkout, stage, history)
        _show_objects(checkout, stage)
        _show_joining(checkout, stage)
        if order is not None:
            st.html(line('<h3 class="backstage-step">The row in {}</h3>', _database(checkout)))
            st.html(markup.row(order))
            _show_holds(checkout, order)
            _show_before(checkout, stage)
    except CheckoutError as error:
        st.html(pieces.problem(context.sentence_for_shopper(error)))


def show_large(checkout: Checkout, stage: Stage) -> None:
    """Show a stage to an audience: what is being shown beside who tells whom what."""
    _show_head(checkout, stage, is_window=True)
    try:
        history, order = _kept(checkout, stage.session_id)
        left, right = st.columns([2, 3], gap="large")
        with left:
            _show_scenario(checkout, stage, history, order)
            st.html(markup.status(order, history, stage.session_id))
            if stage.before is not None:
                before, its_order = _kept(checkout, stage.before)
                st.html('<h2 class="before">Before: the last checkout</h2>')
                st.html(markup.status(its_order, before, stage.before))
            played = _show_replay(checkout, stage)
            _show_joining(checkout, stage)
        if played is not None:
            with right:
                st.iframe(played, height=_PLAYER_PIXELS, alt="The run, played again")
            return
        shown = _arrows(checkout, stage, stage.session_id, history)
        with right.container(key="backstage-scroll"):
            st.html(markup.diagram(shown))
    except CheckoutError as error:
        st.html(pieces.problem(context.sentence_for_shopper(error)))


def _show_head(checkout: Checkout, stage: Stage, *, is_window: bool = False) -> None:
    """Show the heading, a fresh start, and the ways to the pages of the simulator and of the operator."""
    with st.container(key="backstage-head", horizontal=True, vertical_alignment="center"):
        st.html("<h1>Backstage</h1>" if is_window else "<h2>Backstage</h2>", width="content")
        if not is_window:
            st.link_button("Window", f"/backstage?stage={stage.token}", type="tertiary")
        about = f"?session={stage.session_id}" if stage.session_id else ""
        st.link_button("Stripe", f"{checkout.settings.stripe_api_base}/_simulator{about}", type="tertiary")
        st.link_button("Orders", "/orders", type="tertiary")
        st.button("Reset", key="backstage-reset", type="tertiary", on_click=actions.reset, args=(checkout, stage))


def _kept(checkout: Checkout, session_id: str | None) -> tuple[History, Order | None]:
    if session_id is None:
        return History(), None
    return checkout.history(session_id), checkout.store.get(session_id)


def _arrows(checkout: Checkout, stage: Stage, session_id: str | None, history: History) -> list[sequence.Arrow]:
    return sequence.of_checkout(checkout, session_id, history, stage.came_back.get(session_id or ""))


def _database(checkout: Checkout) -> str:
    return backend_of(checkout.settings.database_url.get_secret_value()).label


def _show_holds(checkout: Checkout, order: Order) -> None:
    """Show what the order holds of products of which there is a limited number, and for how long."""
    holds = checkout.store.holds(HoldQuery(session_ids=(order.stripe_checkout_session_id,)))
    if holds:
        st.html('<h3 class="backstage-step">What it holds</h3>')
    for hold in holds:
        left = ""
        if hold.state is HoldState.held and hold.expires_at is not None:
            left = f", {checkout.asynchronous.stock.minutes_left(hold.expires_at)} minutes left"
        pattern = '<p class="scenario hold">{} × {}: <b>{}</b>{}</p>'
        st.html(line(pattern, hold.quantity, hold.name, hold.state.value, left))


def _show_scenario(checkout: Checkout, stage: Stage, history: History, order: Order | None) -> None:
    """Choose what to show, set the simulator for this session, and offer what can be done."""
    with st.container(key="backstage-choosing", horizontal=True, vertical_alignment="bottom"):
        _choose_scenario(stage)
        st.button("Next scenario", key="backstage-next", on_click=_begin_next, args=(stage,))
    scenario = SCENARIOS[stage.scenario]
    pattern = '<p class="scenario"><b>Do:</b> {}</p><p class="scenario"><b>See:</b> {}</p>'
    st.html(line(pattern, scenario.do, scenario.see))
    if stage.session_id is not None and (order is None or order.status is OrderStatus.pending):
        _plan_payment(checkout, stage, history, scenario)
    _show_actions(checkout, stage, order, scenario)
    if stage.said is not None:
        st.html(markup.said(stage.said))


def _choose_scenario(stage: Stage) -> None:
    """Let the presenter choose. What a button or another window chose is shown in a new box.

    With a new value in the same one, the browser's next message would still bring the old value, as if it were chosen.
    """
    number, drawn = st.session_state.get("backstage-drawn", (0, stage.scenario))
    if drawn != stage.scenario:
        number += 1
    st.session_state["backstage-drawn"] = (number, stage.scenario)
    key = f"backstage-choice-{number}"

    def choose() -> None:
        if st.session_state["backstage-drawn"][0] != number:  # a late word of a box that is gone
            return
        stage.choose(st.session_state[key])
        st.session_state["backstage-drawn"] = (number, stage.scenario)

    st.selectbox(
        "Scenario",
        list(SCENARIOS),
        index=list(SCENARIOS).index(stage.scenario),
        format_func=lambda id: SCENARIOS[id].title,
        key=key,
        on_change=choose,
    )


def _begin_next(stage: Stage) -> None:
    stage.choose(next_after(stage.scenario))
    stage.errand = "begin"


def _plan_payment(checkout: Checkout, stage: Stage, history: History, scenario: Scenario) -> None:
    """Tell the simulator how to treat this session: once, or once more after each declined payment. Nobody else's is touched."""
    if stage.session_id is None:
        return
    declines = sum(event.kind is EventKind.payment_declined for event in history)
    is_used_up = scenario.again and declines > stage.declines
    if stage.planned == (stage.session_id, scenario.id) and not is_used_up:
        return
    created = next(iter(history), None)
    currency = str(created.detail.get("currency", "")) if created else ""
    simulator_client.use_control(
        checkout.settings,
        f"sessions/{stage.session_id}/plan",
        card=number_for(scenario, currency),
        webhooks=scenario.webhooks,
    )
    stage.planned, stage.declines = (stage.session_id, scenario.id), declines


def _show_actions(checkout: Checkout, stage: Stage, order: Order | None, scenario: Scenario) -> None:
    """Show the buttons of the scenario; below them why one cannot be pressed yet."""
    reasons = []
    with st.container(key="backstage-actions", horizontal=True):
        for action in scenario.actions:
            reason = actions.obstacle(action, order, has_session=stage.session_id is not None)
            st.button(
                actions.ACTIONS[action].label,
                key=f"backstage-{action}",
                disabled=reason is not None,
                on_click=actions.act,
                args=(checkout, stage, action),
            )
            if reason is not None and reason not in reasons:
                reasons.append(reason)
        if checkout.settings.ui_mode is UiMode.elements:
            is_payable = order is not None and order.status is OrderStatus.pending
            st.button(
                "Fill the test card",
                key="backstage-fill-card-button",
                disabled=not is_payable,
                help=None if is_payable else "There is a card form once you have continued to payment.",
                on_click=_fill_card,
                args=(stage,),
            )
    for reason in reasons:
        st.html(line('<p class="reason">{}</p>', reason))


def _show_steps(entries: Sequence[TimelineEntry], order: Order | None, *, confirmed: bool) -> None:
    for step in STEPS:
        mine = [one for one in entries if one.step == step.number]
        asked_nobody = step.number == 4 and not mine and confirmed and order is not None and order.paid_at is not None
        note = "no call to Stripe: the order has its final status" if asked_nobody else ""
        done = asked_nobody or is_done(step.number, entries)
        is_empty = not mine and not note
        place, source = code_of(step.function)
        with st.container(key=f"backstage-step-{step.number}{'-empty' if is_empty else ''}"):
            if not is_empty:
                st.html(markup.heading(step.number, step.title, note, done=done))
            if mine:
                st.html(markup.timeline(mine))
            function = f"{step.function.__name__} · {place}"
            label = f"**{markup.sign(step.number)}** {step.title}" if is_empty else function
            code = st.expander(label, key=f"backstage-code-{step.number}", on_change="rerun")
            if code.open:  # colouring it is a third of what the browser has to do while the panel is open
                if is_empty:
                    code.html(line('<p class="hint">{}</p>', function))
                code.code(
                    source, language="python", wrap_lines=True
                )  # what scrolls sideways cannot be reached by keyboard


def _show_diagram(checkout: Checkout, stage: Stage, history: History) -> None:
    """Show who told whom what, when it is asked for."""
    place = st.expander("Sequence diagram", key="backstage-diagram", on_change="rerun")
    if place.open:
        place.html(markup.diagram(_arrows(checkout, stage, stage.session_id, history)))


def _show_objects(checkout: Checkout, stage: Stage) -> None:
    """Show what Stripe was sent and what it answered, when it is asked for: the latest, or the one that is chosen."""
    place = st.expander("Stripe's objects", key="backstage-objects", on_change="rerun")
    if not place.open or stage.session_id is None:
        return
    found = objects.exchanges(trace.of_session(checkout.settings, stage.session_id))
    titles = ["The latest", *(markup.title_of(each) for each in reversed(found))]
    with place:
        chosen = st.selectbox("Request or webhook", titles, key="backstage-object")
        if found:
            shown = found[-1] if chosen == titles[0] else found[len(found) - titles.index(chosen)]
            st.html(markup.exchange(shown))


def _show_joining(checkout: Checkout, stage: Stage) -> None:
    """Show how a phone joins, when it is asked for."""
    place = st.expander("Join by phone", key="backstage-join", on_change="rerun")
    if place.open:
        with place:
            joining.show(checkout, stage)


def _show_replay(checkout: Checkout, stage: Stage) -> str | None:
    """Offer to play what is shown once more, and return the page that does when it is asked for."""
    place = st.expander("Play it again", key="backstage-replay", on_change="rerun")
    if not place.open:
        return None
    shown = stage.session_id or stage.before
    if shown is None:
        place.html('<p class="scenario">There is nothing to play yet.</p>')
        return None
    arrows = _arrows(checkout, stage, shown, _kept(checkout, shown)[0])
    page = replay.page(arrows, SCENARIOS[stage.scenario].title)
    place.download_button(
        "Save this run", page, f"run-{shown[-8:]}.html", "text/html", key="backstage-save", on_click="ignore"
    )
    hint = "The file plays the run as it was, or step by step, in any browser and without a network."
    place.html(line('<p class="scenario">{}</p>', hint))
    return page


def _show_before(checkout: Checkout, stage: Stage) -> None:
    """Show how the checkout before this one ended: a fresh one must not wipe what an audience looks at."""
    if stage.before is None:
        return
    history, order = _kept(checkout, stage.before)
    entries = timeline(checkout.calls.of(stage.before), history)
    with st.container(key="backstage-before"):
        st.html('<h3 class="backstage-step">Before: the last checkout</h3>')
        st.html(markup.status(order, history, stage.before))
        for step in STEPS:
            if mine := [one for one in entries if one.step == step.number]:
                st.html(markup.heading(step.number, step.title, "", done=is_done(step.number, entries)))
                st.html(markup.timeline(mine))


def _fill_card(stage: Stage) -> None:
    stage.errand = "fill"
