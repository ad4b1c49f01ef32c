"""What the storefront adds to Streamlit's way of answering clicks."""

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner import RerunData, ScriptRunnerEvent
from streamlit.testing.v1 import AppTest, app_test
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

PANEL_AND_PAGE = """
import streamlit as st
from storefront import clicks

clicks.keep()
st.title("A page")
with st.container(), st.container():
    st.fragment(lambda: st.text("a panel"))()
st.text("and the rest")
"""


@pytest.fixture
def drawn(monkeypatch):
    """Where each run of a page with a panel draws: the page; then the panel alone and, in its last moment, the page again."""
    runs: list[list[list[int]]] = []
    panels: list[str] = []

    class Hurried(LocalScriptRunner):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            self.on_event.connect(self.follow, weak=False)

        def follow(self, _, event, forward_msg=None, **rest):
            if event == ScriptRunnerEvent.SCRIPT_STARTED:
                runs.append([])
            elif event == ScriptRunnerEvent.ENQUEUE_FORWARD_MSG and forward_msg.WhichOneof("type") == "delta":
                runs[-1].append(list(forward_msg.metadata.delta_path))
                panels.extend(filter(None, [forward_msg.delta.fragment_id]))
            elif event == ScriptRunnerEvent.SCRIPT_STOPPED_WITH_SUCCESS and len(runs) == 1:
                self.request_rerun(RerunData(fragment_id=panels[0], widget_states=WidgetStates()))
            elif event == ScriptRunnerEvent.FRAGMENT_STOPPED_WITH_SUCCESS:
                self.request_rerun(RerunData(widget_states=WidgetStates()))

    monkeypatch.setattr(app_test, "LocalScriptRunner", Hurried)
    assert not AppTest.from_string(PANEL_AND_PAGE).run().exception
    return runs


def test_a_page_that_is_asked_for_while_a_panel_ends_is_not_drawn_into_the_panel(drawn):
    page, panel, page_again = drawn
    assert all(path in page for path in panel)
    assert page_again == page
