"""Let no run be given up that has a press to answer in its middle, and let `st.stop` drop no press that has come meanwhile.

A run is given up as soon as the browser asks for the next one. What a callback was to do is done by then (see `callbacks`),
but `if st.button(...)`, a form's button and the trigger of a component are read by the page itself, perhaps only in the run
that is given up: such a run goes on to its end, and the next waits. `st.stop` ends a run by telling Streamlit to run
nothing any more, also not what the browser has asked for a moment before. What is run then must not be a fragment that the
page has not drawn any more: Streamlit keeps the fragments of the page before when a run ends by `st.stop` or an error, and
one that is drawn into a page that has no such place makes the browser drop the whole page.

Upstream: https://github.com/streamlit/streamlit/issues/8365 and https://github.com/streamlit/streamlit/issues/8291.
"""

import threading
from functools import wraps
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.scriptrunner import ScriptRunner, get_script_run_ctx
from streamlit.runtime.scriptrunner.script_runner import ScriptRunnerEvent
from streamlit.runtime.scriptrunner_utils.script_requests import (
    RerunData,
    ScriptRequest,
    ScriptRequests,
    ScriptRequestType,
    _has_active_trigger_value,
)
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext
from streamlit.runtime.state.safe_session_state import SafeSessionState


class _Run(threading.local):
    """What is known of the run of this thread."""

    reads_press = False
    """Whether the page itself has a press to read."""
    is_stopped = False
    """Whether it has called `st.stop`."""
    reruns = False
    """Whether it has asked to be run again."""

    def forget(self) -> None:
        """Begin anew."""
        self.reads_press = self.is_stopped = self.reruns = False


_run = _Run()


def patch() -> None:
    """Replace the methods by which runs begin and end; Streamlit has no other place for this."""
    begin_run = SafeSessionState.on_script_will_rerun
    request_rerun, request_stop = ScriptRequests._request_rerun_locked, ScriptRequests.request_stop
    yield_now, end_run = ScriptRequests.on_scriptrunner_yield, ScriptRequests.on_scriptrunner_ready
    finish = ScriptRunner._on_script_finished

    @wraps(begin_run)
    def begin_and_look(state: SafeSessionState, fresh: WidgetStates | None, *args: Any, **options: Any) -> None:
        begin_run(state, fresh, *args, **options)
        _run.reads_press = fresh is not None and any(_is_read_by_the_page(state, each) for each in fresh.widgets)

    @wraps(request_rerun)
    def request_and_note(requests: ScriptRequests, data: RerunData) -> bool:
        _run.reruns = _run.reruns or _is_of_this_run(requests)
        return request_rerun(requests, data)

    @wraps(request_stop)
    def stop_this_run_only(requests: ScriptRequests) -> None:
        if _is_of_this_run(requests):
            _run.is_stopped = True
        else:  # the browser is gone
            request_stop(requests)

    @wraps(yield_now)
    def yield_unless_a_press_is_read(requests: ScriptRequests) -> ScriptRequest | None:
        if _run.is_stopped:
            return ScriptRequest(ScriptRequestType.STOP)
        is_asked = requests._state is ScriptRequestType.RERUN
        if is_asked and _run.reads_press and not _run.reruns:
            return None
        request = yield_now(requests)
        if request is not None:
            _run.forget()
        return request

    @wraps(end_run)
    def end_and_forget(requests: ScriptRequests) -> ScriptRequest:
        _run.forget()
        return end_run(requests)

    @wraps(finish)
    def finish_and_forget_fragments(
        runner: ScriptRunner, context: ScriptRunContext, event: ScriptRunnerEvent, premature_stop: bool, *rest: Any
    ) -> None:
        if premature_stop and not context.fragment_ids_this_run:
            runner._fragment_storage.clear(new_fragment_ids=context.shared.new_fragment_ids.snapshot())
        finish(runner, context, event, premature_stop, *rest)

    ScriptRunner._on_script_finished = finish_and_forget_fragments  # type: ignore[method-assign,assignment]
    SafeSessionState.on_script_will_rerun = begin_and_look  # type: ignore[method-assign,assignment]
    ScriptRequests._request_rerun_locked = request_and_note  # type: ignore[method-assign,assignment]
    ScriptRequests.request_stop = stop_this_run_only  # type: ignore[method-assign,assignment]
    ScriptRequests.on_scriptrunner_yield = yield_unless_a_press_is_read  # type: ignore[method-assign,assignment]
    ScriptRequests.on_scriptrunner_ready = end_and_forget  # type: ignore[method-assign,assignment]


def _is_read_by_the_page(state: SafeSessionState, widget: WidgetState) -> bool:
    if not _has_active_trigger_value(widget):
        return False
    metadata = state._state._new_widget_state.widget_metadata.get(widget.id)
    return metadata is not None and metadata.callback is None


def _is_of_this_run(requests: ScriptRequests) -> bool:
    """Whether this thread runs the script that the requests are for."""
    context = get_script_run_ctx(suppress_warning=True)
    return context is not None and context.script_requests is requests
