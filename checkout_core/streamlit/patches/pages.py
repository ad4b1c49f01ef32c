"""Let a page that was asked for stay asked for, whatever comes from the page before until the browser has heard of it.

The browser says with every press on which page it is. Between a press that leads to another page and its answer, that is
the page before: the next press, or the timer of a fragment, would lead back to it, or wipe the new page. Upstream has the
same for a fragment that is gone (https://github.com/streamlit/streamlit/issues/9921), and throws away what a thread has drawn
last when a request comes in the moment in which it ends: the next thread begins when the last one is heard to the end. A
press in a fragment that is gone is done by a run of the page, no press is done twice because a timer was faster, and no timer
of the page before is answered.
"""

from dataclasses import replace
from functools import wraps
from weakref import WeakKeyDictionary

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession, AppSessionState
from streamlit.runtime.scriptrunner import ScriptRunner, get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import (
    RerunData,
    ScriptRequests,
    _has_active_trigger_value,
)

_MOMENT_SECONDS = 0.005
_waiting: "WeakKeyDictionary[AppSession, list[RerunData]]" = WeakKeyDictionary()
"""What was asked for while the last thread of the session was about to end."""


def patch() -> None:
    """Replace the methods by which a browser asks for a run; Streamlit has no other place for this."""
    ask = AppSession.request_rerun
    request_rerun = ScriptRequests._request_rerun_locked
    begin_thread = AppSession._create_scriptrunner

    @wraps(request_rerun)
    def request_on_the_page(requests: ScriptRequests, data: RerunData) -> bool:
        if get_script_run_ctx(suppress_warning=True) is None:  # from the browser
            data = on_page(data, requests._rerun_data)
        return request_rerun(requests, data)

    @wraps(ask)
    def ask_once_also_for_what_is_gone(session: AppSession, wanted: ClientState | None) -> None:
        if wanted is not None and wanted.is_auto_rerun:
            if is_of_another_page(wanted, _asked_last(session)):
                return
            wanted = without_presses(wanted)
        if wanted is not None and _is_pressed_in_what_is_gone(session, wanted):
            asked = _asked_last(session)
            wanted = ClientState.FromString(wanted.SerializeToString())
            wanted.fragment_id = ""
            wanted.page_script_hash, wanted.query_string = asked.page_script_hash, asked.query_string
        ask(session, wanted)

    @wraps(begin_thread)
    def begin_when_the_last_is_heard(session: AppSession, data: RerunData) -> None:
        waiting = _waiting.setdefault(session, [])
        waiting.append(data)
        if len(waiting) == 1:
            begin_or_wait(session)

    def begin_or_wait(session: AppSession) -> None:
        if session._state is AppSessionState.SHUTDOWN_REQUESTED:
            del _waiting[session]
        elif _thread_of(session) is not None:  # what it has drawn last would be thrown away, and the page stay empty
            session._event_loop.call_later(_MOMENT_SECONDS, begin_or_wait, session)
        else:
            first, *others = _waiting.pop(session)
            begin_thread(session, on_page(first, _asked_last(session)))
            if (begun := _thread_of(session)) is not None:
                for other in others:
                    begun.request_rerun(other)

    AppSession.request_rerun = ask_once_also_for_what_is_gone  # type: ignore[method-assign,assignment]
    ScriptRequests._request_rerun_locked = request_on_the_page  # type: ignore[method-assign,assignment]
    AppSession._create_scriptrunner = begin_when_the_last_is_heard  # type: ignore[method-assign,assignment]


def _is_pressed_in_what_is_gone(session: AppSession, wanted: ClientState) -> bool:
    """Whether somebody has pressed in a fragment that the browser does not know to be gone: Streamlit would not listen."""
    return bool(wanted.fragment_id) and not wanted.is_auto_rerun and not session.has_fragment(wanted.fragment_id)


def is_of_another_page(wanted: ClientState, asked: RerunData) -> bool:
    """Return whether a timer is one of the page before: it needs no answer, and one that comes together with the new page's
    wipes that away, because the browser takes it for another page.

    Args:
        wanted: what the timer asks for.
        asked: what was asked for last.
    """
    return (
        bool(wanted.page_script_hash and asked.page_script_hash) and wanted.page_script_hash != asked.page_script_hash
    )


def _asked_last(session: AppSession) -> RerunData:
    """Return the page that was asked for last."""
    if (thread := _thread_of(session)) is not None and thread._requests._rerun_data.page_script_hash:
        return thread._requests._rerun_data
    known = session._client_state
    return RerunData(query_string=known.query_string, page_script_hash=known.page_script_hash)


def _thread_of(session: AppSession) -> ScriptRunner | None:
    return session._scriptrunner


def without_presses(wanted: ClientState) -> ClientState:
    """Return what the timer of a fragment asks for, without presses: the browser sends them again by themselves.

    It keeps a press for a moment, to send it together with others, and a timer that is faster sends it, too: it would be
    done twice.
    """
    kept: ClientState = ClientState.FromString(wanted.SerializeToString())
    del kept.widget_states.widgets[:]
    kept.widget_states.widgets.extend(
        each for each in wanted.widget_states.widgets if not _has_active_trigger_value(each)
    )
    return kept


def on_page(data: RerunData, asked: RerunData) -> RerunData:
    """Return what the browser asks for, on the page that was asked for last, unless it asks for another page.

    Args:
        data: what the browser asks for.
        asked: what was asked for last.
    """
    if data.page_script_hash == asked.page_script_hash or not asked.page_script_hash or not data.page_script_hash:
        return data
    is_pressed = data.widget_states is not None and any(map(_has_active_trigger_value, data.widget_states.widgets))
    if not is_pressed and not data.fragment_id:
        return data  # a link
    fragment = data.fragment_id if data.is_auto_rerun else None  # the page before has drawn what was pressed
    return replace(data, page_script_hash=asked.page_script_hash, query_string=asked.query_string, fragment_id=fragment)
