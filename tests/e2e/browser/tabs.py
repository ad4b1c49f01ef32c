"""Pages that one test hands on to the next, as if they were new."""

from contextlib import suppress
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Error, Frame, ViewportSize

SIZES: dict[str, ViewportSize] = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


class Tab:
    """A page in a context of its own, which the next test can have as if it were new.

    Its process and HTTP cache stay, so Streamlit's megabytes are compiled once: that is half of what a test costs.
    """

    def __init__(self, browser: Browser, **options: object) -> None:
        options = {"viewport": SIZES["desktop"], "reduced_motion": "reduce"} | options
        self.page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
        self.problems: list[str] = []
        self._origins: set[str] = set()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("framenavigated", self._note_origin)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(message.text)

    def _note_origin(self, frame: Frame) -> None:
        parts = urlsplit(frame.url)
        if parts.scheme.startswith("http"):
            self._origins.add(f"{parts.scheme}://{parts.netloc}")

    def close(self) -> None:
        """Close it for good."""
        self.page.context.close()

    def clear(self) -> None:
        """Close what was opened beside the page, and forget cookies, stored data, routes and history."""
        context = self.page.context
        for other in context.pages:
            if other is not self.page:
                other.close()
        for frame in self.page.frames:
            with suppress(Error):  # about:blank has no storage
                frame.evaluate("sessionStorage.clear()")
        self.page.unroute_all()
        context.unroute_all()
        self.page.goto("about:blank")
        context.clear_cookies()
        context.clear_permissions()
        tools = context.new_cdp_session(self.page)
        for origin in self._origins:
            tools.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        tools.send("Page.resetNavigationHistory")
        tools.detach()
        self.page.emulate_media(color_scheme="light", reduced_motion="reduce")
        self._origins.clear()
        self.problems.clear()
