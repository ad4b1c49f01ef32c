"""What we change in Streamlit's way of answering clicks."""

import tomllib
from collections.abc import Callable
from typing import Any

import pytest
import streamlit
from streamlit import config
from streamlit.config_option import ConfigOption
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.scriptrunner import RerunData, ScriptRunner, ScriptRunnerEvent
from streamlit.testing.v1 import AppTest, app_test
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from checkout_core.streamlit import patches
from checkout_core.streamlit.patches import pages
from tests.conftest import ROOT

ENDS = (ScriptRunnerEvent.SCRIPT_STOPPED_WITH_SUCCESS, ScriptRunnerEvent.FRAGMENT_STOPPED_WITH_SUCCESS)
PANEL_AND_PAGE = """
import streamlit as st
from checkout_core.streamlit import patches

patches.apply()
st.title("A page")
with st.container(), st.container():
    st.fragment(lambda: st.text("a panel"))()
st.text("and the rest")
"""


PAGE_THAT_ENDS_EARLIER = """
import streamlit as st
from checkout_core.streamlit import patches

patches.apply()
st.title("A page")
st.session_state["runs"] = st.session_state.get("runs", 0) + 1
if st.session_state["runs"] > 1:
    {end}
st.text("a line")
st.fragment(lambda: st.text("a panel"))()
"""


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[list[list[int]]]]:
    """Where each run of a page with a panel draws. As one ends, the next is asked for: the `page`, or its `panel` alone."""

    def run(script: str, *wanted: str) -> list[list[list[int]]]:
        runs: list[list[list[int]]] = []
        panels: list[str] = []

        class Hurried(LocalScriptRunner):
            def __init__(self, *args: Any, **options: Any) -> None:
                super().__init__(*args, **options)
                self.on_event.connect(self.follow, weak=False)

            def _on_script_finished(self, *args: Any) -> None:
                ScriptRunner._on_script_finished(self, *args)  # as a server does

            def follow(self, _: object, event: ScriptRunnerEvent, forward_msg: Any = None, **rest: object) -> None:
                if event == ScriptRunnerEvent.SCRIPT_STARTED:
                    runs.append([])
                elif event == ScriptRunnerEvent.ENQUEUE_FORWARD_MSG and forward_msg.WhichOneof("type") == "delta":
                    runs[-1].append(list(forward_msg.metadata.delta_path))
                    panels.extend(filter(None, [forward_msg.delta.fragment_id]))
                elif event in ENDS and len(runs) <= len(wanted):
                    panel = panels[0] if wanted[len(runs) - 1] == "panel" else ""
                    self.request_rerun(RerunData(fragment_id=panel, widget_states=WidgetStates()))

        monkeypatch.setattr(app_test, "LocalScriptRunner", Hurried)
        AppTest.from_string(script).run()
        assert len(runs) == len(wanted) + 1
        return runs

    return run


def test_a_page_that_is_asked_for_while_a_panel_ends_is_not_drawn_into_the_panel(
    drawn: Callable[..., list[list[list[int]]]],
) -> None:
    page, panel, page_again = drawn(PANEL_AND_PAGE, "panel", "page")
    assert all(path in page for path in panel)
    assert page_again == page


@pytest.mark.parametrize("end", ["st.stop()", "raise ValueError"])
def test_a_panel_that_the_page_has_not_drawn_any_more_is_not_drawn_into_it(
    drawn: Callable[..., list[list[list[int]]]], end: str
) -> None:
    _, _, panel = drawn(PAGE_THAT_ENDS_EARLIER.format(end=end), "page", "panel")
    assert panel == []


@pytest.mark.parametrize(
    ("of", "asked", "is_another"),
    [("cart", "checkout", True), ("cart", "cart", False), ("", "cart", False), ("cart", "", False)],
)
def test_a_timer_of_the_page_before_is_known(of: str, asked: str, is_another: bool) -> None:
    wanted = ClientState(page_script_hash=of, fragment_id="panel", is_auto_rerun=True)
    assert pages.is_of_another_page(wanted, RerunData(page_script_hash=asked)) is is_another


@pytest.mark.parametrize(
    "press",
    [
        WidgetState(id="button", trigger_value=True),
        WidgetState(id="component", json_trigger_value='[{"event": "press"}]'),
    ],
)
def test_a_press_that_goes_along_with_a_timer_is_not_done_twice(press: WidgetState) -> None:
    field, idle = WidgetState(id="field", string_value="typed"), WidgetState(id="idle", trigger_value=False)
    asked = ClientState(
        fragment_id="panel", is_auto_rerun=True, widget_states=WidgetStates(widgets=[field, press, idle])
    )
    kept = pages.without_presses(asked)
    assert [each.id for each in kept.widget_states.widgets] == ["field", "idle"]
    assert (kept.fragment_id, kept.is_auto_rerun) == ("panel", True)
    assert len(asked.widget_states.widgets) == 3


def test_the_patches_were_tested_with_the_version_that_is_installed_and_admitted() -> None:
    project = tomllib.loads((ROOT / "checkout_core" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    major, minor = patches.TESTED.split(".")
    assert project["optional-dependencies"]["streamlit"] == [f"streamlit>={patches.TESTED},<{major}.{int(minor) + 1}"]
    assert patches.is_tested(streamlit.__version__)


@pytest.fixture
def _not_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "_applied", False)
    for patch in (patches.callbacks, patches.given_up, patches.page_top, patches.pages):
        monkeypatch.setattr(patch, "patch", lambda: None)  # this process has them already


@pytest.mark.usefixtures("_not_applied")
@pytest.mark.parametrize(
    ("defined_in", "is_on"), [(ConfigOption.DEFAULT_DEFINITION, False), ("/app/.streamlit/config.toml", True)]
)
def test_runs_follow_one_another_unless_the_app_says_otherwise(defined_in: str, is_on: bool) -> None:
    option = patches.ONE_RUN_AFTER_THE_OTHER
    before = config.get_option(option), config.get_where_defined(option)
    config.set_option(option, True, defined_in)
    try:
        patches.apply()
        assert config.get_option(option) is is_on
    finally:
        config.set_option(option, *before)


@pytest.mark.usefixtures("_not_applied")
def test_an_untested_streamlit_is_said_once_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(streamlit, "__version__", "1.68.0")
    patches.apply()
    patches.apply()
    assert [record.getMessage() for record in caplog.records] == ["untested streamlit version"]


@pytest.mark.parametrize("version", ["1.6", "1.670.0", "1.66.9", "2.0.0"])
def test_versions_beside_the_tested_one_are_untested(version: str) -> None:
    assert not patches.is_tested(version)
