"""The pages and scripts that browsers load."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..currencies import display
from ..errors import StripeError
from ..payment_methods import PAYMENT_METHODS
from ..resources.checkout_sessions.view import redirect_url
from ..simulator import Simulator
from ..templating import render, script, static_file
from . import element_frames
from .hosted_page import hosted_page, way_back
from .script import RELEASES, V3, stripe_js


class BrowserPages:
    """The handlers of pages and scripts."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    async def stripe_js(self, request: Request) -> Response:
        """Stripe.js as the release in the path has it; `/v3` has none."""
        release = request.path_params.get("release", V3)
        if release not in (*RELEASES, V3):
            return Response(f"There is no release of Stripe.js called {release}.", 404)
        return script(stripe_js(release))

    async def static(self, request: Request) -> Response:
        """The other files."""
        return static_file(request.path_params["name"])

    async def payment_element(self, request: Request) -> Response:
        """The frame with the form of each payment method."""
        return render("payment_element.html", methods=list(PAYMENT_METHODS.values()))

    async def challenge(self, request: Request) -> Response:
        """The bank's page: did you mean to pay?"""
        return render("challenge.html")

    async def wallet(self, request: Request) -> Response:
        """The sheet of a wallet: do you want to pay?"""
        return render("wallet.html")

    async def hosted(self, request: Request) -> Response:
        """The hosted page of a session."""
        self.simulator.tick()
        try:
            account, record = self.simulator.state.session(request.path_params["id"])
        except StripeError:
            return _message(404, "Page not found", "There is no such checkout.")
        session = record.session
        if session["ui_mode"] != "hosted_page":
            return _message(404, "Page not found", "This session is for a page of the shop's own.")
        if session["status"] == "expired":
            text = "The time to pay is over. Nothing was charged."
            return _message(410, "This checkout has expired", text, way_back(session))
        if session["status"] == "complete":
            text = "This checkout is complete. You can go back to the shop."
            return _message(200, "All done here", text, redirect_url(session))
        return render("hosted.html", **hosted_page(account, record, "hosted"))

    async def inside(self, ui: str, request: Request) -> Response:
        """The page of a session in a frame of the shop's page: with its summary, or the form alone."""
        self.simulator.tick()
        try:
            account, record = self.simulator.state.session(request.path_params["id"])
        except StripeError:
            return _message(404, "Page not found", "There is no such checkout.")
        if record.session["status"] == "expired":
            return _message(410, "This checkout has expired", "The time to pay is over. Nothing was charged.")
        if record.session["status"] == "complete":
            return _message(200, "All done here", "This checkout is complete.")
        return render("hosted.html", **hosted_page(account, record, ui))

    async def receipt(self, request: Request) -> Response:
        """The receipt of a charge."""
        for account in self.simulator.state.accounts.values():
            charge = account.charges.get(request.path_params["id"])
            if charge is not None:
                amount = display(charge["amount"], charge["currency"])
                return _message(200, "Receipt", f"{amount}: {charge['status']}. No real money moved.")
        return _message(404, "Page not found", "There is no such receipt.")

    def routes(self) -> list[Route]:
        """Return the routes of all pages and scripts."""
        return [
            Route("/c/pay/{id}", self.hosted),
            Route("/_simulator/embedded/{id}", partial(self.inside, "embedded")),
            Route("/_simulator/form/{id}", partial(self.inside, "form")),
            Route("/_simulator/receipts/{id}", self.receipt),
            Route("/_simulator/payment_element", self.payment_element),
            Route("/_simulator/challenge", self.challenge),
            Route("/_simulator/wallet", self.wallet),
            *element_frames.routes(),
            Route("/_simulator/static/{name}", self.static),
            Route("/v3", self.stripe_js),
            Route("/v3/", self.stripe_js),
            Route("/{release}/stripe.js", self.stripe_js),
        ]


def _message(status: int, title: str, text: str, link: str | None = None) -> Response:
    return render("message.html", status, title=title, text=text, link=link)
