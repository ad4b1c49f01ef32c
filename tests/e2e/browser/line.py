"""The line between a page and the shop, on which messages can be held back and let through: a busy machine, in any order."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, WebSocketRoute
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

Held = list[tuple[Callable[[str | bytes], None], str | bytes]]


class Line:
    """What a page and the shop say to each other from the next time on that the page is opened."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._holds = {"asked": False, "answered": False}
        self._held: dict[str, Held] = {"asked": [], "answered": []}
        self.answers = 0
        """How many runs have ended, heard by the page or not."""
        self.questions = 0
        """How often the page has asked."""
        self.timers = 0
        """How often a timer of the page has asked."""
        page.route_web_socket(re.compile("/_stcore/stream"), self._connect)

    def _connect(self, page: WebSocketRoute) -> None:
        shop = page.connect_to_server()
        page.on_message(lambda message: self._ask(shop, message))
        shop.on_message(lambda message: self._answer(page, message))

    def _ask(self, shop: WebSocketRoute, message: str | bytes) -> None:
        self.questions += 1
        if isinstance(message, bytes) and BackMsg.FromString(message).rerun_script.is_auto_rerun:
            self.timers += 1
        self._pass("asked", shop.send, message)

    def _answer(self, page: WebSocketRoute, message: str | bytes) -> None:
        if isinstance(message, bytes) and ForwardMsg.FromString(message).WhichOneof("type") == "script_finished":
            self.answers += 1
        self._pass("answered", page.send, message)

    def _pass(self, way: str, send: Callable[[str | bytes], None], message: str | bytes) -> None:
        if self._holds[way]:
            self._held[way].append((send, message))
        else:
            send(message)

    def hold(self, way: str) -> None:
        """Hold back what the page asks (`asked`) or what the shop answers (`answered`)."""
        self._holds[way] = True

    def let_through(self, way: str) -> None:
        """Let through what was held back, at once and in its order, and hold nothing more."""
        self._holds[way] = False
        held, self._held[way] = self._held[way], []
        for send, message in held:
            send(message)

    def lose(self, way: str) -> None:
        """Throw away what was held back, as a line does that breaks, and hold nothing more."""
        self._holds[way] = False
        self._held[way].clear()

    def has_held(self, way: str, text: str) -> bool:
        """Return whether a text is in what is held back."""
        held = (message for _, message in self._held[way])
        return any(text.encode() in message for message in held if isinstance(message, bytes))

    def wait(self, until: Callable[[], bool]) -> None:
        """Wait for what is seen on the line only."""
        while not until():  # the test has a limit of its own
            self._page.evaluate("new Promise(requestAnimationFrame)")
