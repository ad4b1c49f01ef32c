"""The page of a bank to which a shopper goes for methods such as iDEAL: authorize, fail or cancel, then back."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ..errors import StripeError
from ..http.request import read_parameters
from ..payment_methods import page_name
from ..payments import OUTCOMES
from ..records import SessionRecord
from ..resources.checkout_sessions.view import asked_amounts, fill_placeholder, redirect_url
from ..simulator import Simulator
from ..state import Account
from ..templating import render


class BankPage:
    """The handlers of the bank's page. Its address has the id of the payment intent, which only the shopper knows."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    async def show(self, request: Request) -> Response:
        """Ask whether to pay."""
        found = self._find(request)
        if found is None or found[1].challenge is None:
            return self._over(found)
        record = found[1]
        assert record.challenge is not None
        return render(
            "bank.html",
            total=asked_amounts(record.session).shown_total,
            name=page_name(record.challenge.method.type),
            email=record.challenge.shopper.email,
        )

    async def answer(self, request: Request) -> Response:
        """Do what the shopper chose, and send them back."""
        found = self._find(request)
        if found is None or found[1].challenge is None:
            return self._over(found)
        account, record = found
        assert record.challenge is not None
        form = await read_parameters(request)
        back = return_address(self.simulator, record, record.challenge.return_url)
        outcome = str(form.get("outcome"))
        if outcome not in OUTCOMES:
            return render("message.html", 400, title="Page not found", text="There is no such answer.", link=None)
        try:
            await self.simulator.payments.end_redirect(account, record, outcome)
        except StripeError:
            return self._over(found)
        complete = record.session["status"] == "complete"
        done = record.session["ui_mode"] == "hosted_page" and complete
        return RedirectResponse(redirect_url(record.session) if done else back, 303)

    def _find(self, request: Request) -> tuple[Account, SessionRecord] | None:
        self.simulator.tick()
        try:
            account, record = self.simulator.state.session(request.path_params["id"])
        except StripeError:
            return None
        return (account, record) if record.session["payment_intent"] == request.path_params["intent"] else None

    def _over(self, found: tuple[Account, SessionRecord] | None) -> Response:
        """Say that nothing is asked here any more."""
        if found is None:
            return render("message.html", 404, title="Page not found", text="There is no such payment.", link=None)
        record = found[1]
        text = "Nothing is asked of you here any more. Go back to the shop to see how your payment ended."
        link = return_address(self.simulator, record, None)
        return render("message.html", 410, title="This page is over", text=text, link=link)

    def routes(self) -> list[Route]:
        """Return the routes of the page."""
        path = "/_simulator/bank/{id}/{intent}"
        return [Route(path, self.show, methods=["GET"]), Route(path, self.answer, methods=["POST"])]


def return_address(simulator: Simulator, record: SessionRecord, return_url: str | None) -> str:
    """Return where a shopper goes from the bank's page: to the shop, or to the hosted page while it is open."""
    session = record.session
    if session["ui_mode"] == "hosted_page" and session["status"] == "open":
        return f"{simulator.public_url}/c/pay/{session['id']}"
    return fill_placeholder(return_url, session["id"]) if return_url else redirect_url(session)
