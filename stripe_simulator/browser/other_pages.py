"""Pages beside the checkout: a recovered session, an invoice and its PDF, the bank that asks about a payment intent."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ..currencies import display
from ..errors import StripeError
from ..http.request import read_parameters
from ..payment_methods import page_name
from ..payments import OUTCOMES
from ..resources.payment_intents import decline_intent, put_intent
from ..resources.payment_methods import find_method, shopper_of
from ..simulator import Simulator
from ..state import Account
from ..templating import render
from ..wire import JSON, PaymentIntent
from .pdf import one_page_pdf


class OtherPages:
    """The handlers of these pages."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    async def recover(self, request: Request) -> Response:
        """Open a copy of a session that expired."""
        self.simulator.tick()
        try:
            account, record = self.simulator.state.session(request.path_params["id"])
            recovered = self.simulator.sessions.recover(account, record)
        except StripeError as error:
            return render("message.html", 404, title="Page not found", text=str(error), link=None)
        url = recovered.session["url"] or recovered.session.get("return_url") or "/"
        return RedirectResponse(url, 303)

    async def invoice(self, request: Request) -> Response:
        """The page of an invoice, with a link to its PDF."""
        found = self._invoice(request.path_params["id"])
        if found is None:
            return render("message.html", 404, title="Page not found", text="There is no such invoice.", link=None)
        text = f"{display(found['total'], found['currency'])}: {found['status']}. No real money moved."
        return render("message.html", title=f"Invoice {found['number']}", text=text, link=found["invoice_pdf"])

    async def invoice_pdf(self, request: Request) -> Response:
        """An invoice as a PDF of one page."""
        found = self._invoice(request.path_params["id"])
        if found is None:
            return render("message.html", 404, title="Page not found", text="There is no such invoice.", link=None)
        headers = {"Content-Disposition": f'inline; filename="Invoice-{found["number"]}.pdf"'}
        return Response(one_page_pdf(invoice_text(found)), media_type="application/pdf", headers=headers)

    def _invoice(self, id: str) -> JSON | None:
        accounts = self.simulator.state.accounts.values()
        return next((one.tables["invoices"][id] for one in accounts if id in one.tables["invoices"]), None)

    async def ask(self, request: Request) -> Response:
        """Ask whether to pay a payment intent that no session made."""
        found = self._intent(request)
        if found is None:
            return _over()
        account, intent = found
        total = display(intent["amount"], intent["currency"])
        return render(
            "bank.html", total=total, name=page_name(_type_of(account, intent)), email=intent["receipt_email"]
        )

    async def answer(self, request: Request) -> Response:
        """Do what the shopper chose, and send them back."""
        found = self._intent(request)
        outcome = str((await read_parameters(request)).get("outcome"))
        if found is None or outcome not in OUTCOMES:
            return _over()
        account, intent = found
        back = ((intent["next_action"] or {}).get("redirect_to_url") or {}).get("return_url") or "/"
        method = find_method(self.simulator.state, account, intent["payment_method"] or "", int(self.simulator.now()))
        charging = self.simulator.charging
        if outcome != "authorized":
            after = decline_intent(intent, account.payment_method(method.id, method.type), OUTCOMES[outcome], None)
            put_intent(self.simulator.state, account, after)
            self.simulator.emit(account, "payment_intent.payment_failed", dict(after))
        elif method.decline is not None:
            charging.decline(account, intent, method, shopper_of(account, method))
        else:
            _, charge = charging.take(account, intent, method, shopper_of(account, method))
            charging.settle(account, charge, method)
        await self.simulator.webhooks.deliver()
        secret, sign = intent["client_secret"], "&" if "?" in back else "?"
        named = f"payment_intent={intent['id']}&payment_intent_client_secret={secret}&redirect_status="
        return RedirectResponse(f"{back}{sign}{named}{'succeeded' if outcome == 'authorized' else 'failed'}", 303)

    def _intent(self, request: Request) -> tuple[Account, PaymentIntent] | None:
        for account in self.simulator.state.accounts.values():
            intent = account.payment_intents.get(request.path_params["id"])
            if intent is not None and intent["client_secret"] == request.path_params["secret"]:
                return (account, intent) if intent["status"] == "requires_action" else None
        return None

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        asking = "/_simulator/intents/{id}/{secret}"
        return [
            Route("/r/{id}", self.recover),
            Route("/_simulator/invoices/{id}", self.invoice),
            Route("/_simulator/invoices/{id}/pdf", self.invoice_pdf),
            Route(asking, self.ask, methods=["GET"]),
            Route(asking, self.answer, methods=["POST"]),
        ]


def _type_of(account: Account, intent: PaymentIntent) -> str:
    return str(account.tables["payment_methods"][intent["payment_method"] or ""]["type"])


def _over() -> Response:
    text = "Nothing is asked of you here any more."
    return render("message.html", 410, title="This page is over", text=text, link=None)


def invoice_text(invoice: JSON) -> list[str]:
    """Return the lines of an invoice as its page prints them."""
    currency = invoice["currency"]
    lines = [
        f"Invoice {invoice['number']}",
        "Simulated Stripe: no real money moved",
        "",
        f"Bill to: {invoice['customer_name'] or ''} {invoice['customer_email'] or ''}".rstrip(),
        *(f"{one['type']}: {one['value']}" for one in invoice["customer_tax_ids"]),
        *(f"{field['name']}: {field['value']}" for field in invoice["custom_fields"] or []),
        "",
        *(
            f"{line['quantity']} x {line['description']}: {display(line['amount'], currency)}"
            for line in invoice["lines"]["data"]
        ),
        "",
        f"Subtotal: {display(invoice['subtotal'], currency)}",
        f"Shipping: {display(invoice['amount_shipping'], currency)}",
        f"Tax: {display(sum(tax['amount'] for tax in invoice['total_taxes']), currency)}",
        f"Total: {display(invoice['total'], currency)}",
        f"Paid: {display(invoice['amount_paid'], currency)}",
    ]
    return [*lines, *(text for text in (invoice["description"], invoice["footer"]) if text)]
