"""The pages and scripts that browsers load."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..currencies import display
from ..errors import StripeError
from ..payment_methods import PAYMENT_METHODS
from ..records import SessionRecord
from ..resources.checkout_sessions.view import asked_amounts, fill_placeholder, redirect_url
from ..simulator import Simulator
from ..state import Account
from ..templating import render, script, static_file
from ..wire import Session
from . import element_frames
from .script import RELEASES, V3, stripe_js
from .session_view import session_view

VERBS = {"book": "Book", "donate": "Donate"}


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
            return _message(410, "This checkout has expired", text, _way_back(session))
        if session["status"] == "complete":
            text = "This checkout is complete. You can go back to the shop."
            return _message(200, "All done here", text, redirect_url(session))
        return _open_page(account, record)

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


def _way_back(session: Session) -> str | None:
    """Return where the page's way back leads, if there is one."""
    url = session["cancel_url"]
    return url and fill_placeholder(url, session["id"])


def _open_page(account: Account, record: SessionRecord) -> Response:
    session, view = record.session, session_view(record)
    total = asked_amounts(session).shown_total
    verb = VERBS.get(session["submit_type"] or "", "Pay")
    return render(
        "hosted.html",
        cancel=_way_back(session),
        config={"key": account.publishable_key, "client_secret": record.secret, "email": view["email"]},
        session=session,
        total=total,
        verb="Save"
        if session["mode"] == "setup"
        else f"{verb} {total}"
        if session["amount_total"]
        else "Complete order",
        view=view,
    )
