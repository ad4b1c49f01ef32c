"""Stripe's own paths under `/v1`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .calls import Call, Handler, JSONBody, endpoint, path_of
from .errors import JSON, StripeError, invalid, not_simulated
from .resources import catalog, payments, sessions
from .resources.lists import page
from .simulator import Simulator


def expanded(call: Call, object: JSON, prefix: str = "") -> JSON:
    """`object` with the ids that the caller wants expanded replaced by what they stand for."""
    if not call.expand:
        return object
    object = dict(object)
    for wanted in call.expand:
        if not isinstance(wanted, str) or not wanted.startswith(prefix):
            continue
        name = wanted[len(prefix) :].partition(".")[0]
        if (object["object"], name) == ("checkout.session", "line_items"):
            object[name] = sessions.line_items(call.account.tables["sessions"][object["id"]])
        elif name in EXPANDABLE.get(object["object"], {}):
            id = object[name]
            if isinstance(id, str):
                found = call.account.tables[EXPANDABLE[object["object"]][name]].get(id)
                object[name] = expanded(call, found, f"{prefix}{name}.") if found else id
        else:
            raise invalid(f"This property cannot be expanded ({wanted}).", "expand")
    return object


EXPANDABLE = {
    "checkout.session": {"payment_intent": "payment_intents"},
    "payment_intent": {"latest_charge": "charges"},
    "charge": {"payment_intent": "payment_intents"},
    "refund": {"charge": "charges", "payment_intent": "payment_intents"},
    "price": {"product": "products"},
}


def _expanded_page(call: Call, listed: JSON) -> JSON:
    if call.expand:
        listed["data"] = [expanded(call, object, "data.") for object in listed["data"]]
    return listed


def _record(call: Call) -> JSON:
    id = call.path["id"]
    return call.account.get("sessions", id, "checkout.session", "session")


async def create_session(call: Call) -> JSON:
    """POST /v1/checkout/sessions."""
    record = sessions.create(call.account, call.params, call.now, call.simulator.public_url)
    call.simulator.create_session(call.account, record)
    return expanded(call, record["session"])


async def retrieve_session(call: Call) -> JSON:
    """GET /v1/checkout/sessions/{id}."""
    call.params.finish()
    return expanded(call, _record(call)["session"])


async def update_session(call: Call) -> JSON:
    """POST /v1/checkout/sessions/{id}: metadata only."""
    record = _record(call)
    metadata = call.params.metadata(before=record["session"]["metadata"])
    call.params.finish(("collected_information", "shipping_options", "line_items", "customer_email"))
    call.simulator.change(call.account, record, metadata=metadata)
    return expanded(call, record["session"])


async def expire_session(call: Call) -> JSON:
    """POST /v1/checkout/sessions/{id}/expire."""
    call.params.finish()
    record = _record(call)
    call.simulator.expire(call.account, record)
    call.simulator.webhooks.flush()
    return expanded(call, record["session"])


async def list_sessions(call: Call) -> JSON:
    """GET /v1/checkout/sessions."""
    status = call.params.choice("status", ("open", "complete", "expired"))
    intent = call.params.text("payment_intent")

    def keep(record: JSON) -> bool:
        session = record["session"]
        return status in (None, session["status"]) and intent in (None, session["payment_intent"])

    listed = page(call.account.tables["sessions"], call.params, "/v1/checkout/sessions", keep=keep)
    listed["data"] = [record["session"] for record in listed["data"]]
    return _expanded_page(call, listed)


async def list_line_items(call: Call) -> JSON:
    """GET /v1/checkout/sessions/{id}/line_items."""
    lines = {line["id"]: line for line in _record(call)["lines"]}
    return page(lines, call.params, f"/v1/checkout/sessions/{call.path['id']}/line_items", oldest_first=True)


async def create_refund(call: Call) -> JSON:
    """POST /v1/refunds."""
    refund, charge = payments.refund(call.account, call.params, call.now)
    before = call.account.tables["charges"][charge["id"]]
    state = call.simulator.state
    state.put(call.account, "refunds", refund["id"], refund)
    state.put(call.account, "charges", charge["id"], charge)
    changed = {name: before[name] for name in ("amount_refunded", "refunded")}
    call.simulator.emit(call.account, "charge.refunded", charge, changed)
    call.simulator.emit(call.account, "refund.created", refund)
    call.simulator.webhooks.flush()
    return expanded(call, refund)


async def list_refunds(call: Call) -> JSON:
    """GET /v1/refunds."""
    charge, intent = call.params.text("charge"), call.params.text("payment_intent")

    def keep(refund: JSON) -> bool:
        return charge in (None, refund["charge"]) and intent in (None, refund["payment_intent"])

    return _expanded_page(call, page(call.account.tables["refunds"], call.params, "/v1/refunds", keep=keep))


async def list_events(call: Call) -> JSON:
    """GET /v1/events, narrowed by `type` or `types`."""
    types = call.params.texts("types")
    type = call.params.text("type")
    wanted = {*types, type} if type else set(types)

    def keep(event: JSON) -> bool:
        return not wanted or event["type"] in wanted

    return page(call.account.tables["events"], call.params, "/v1/events", keep=keep)


async def create_product(call: Call) -> JSON:
    """POST /v1/products."""
    product = catalog.product(call.params, call.now)
    call.simulator.state.put(call.account, "products", product["id"], product)
    return product


async def create_price(call: Call) -> JSON:
    """POST /v1/prices, for a product that is or one that comes with it."""
    id, data = call.params.text("product"), call.params.mapping("product_data")
    if id is not None:
        product = call.account.get("products", id, "product", "product", 400)
    elif data is not None:
        product = catalog.product(data, call.now)
    else:
        raise call.params.missing("product")
    price = catalog.price(call.params, product["id"], call.now)
    call.simulator.state.put(call.account, "products", product["id"], product)
    call.simulator.state.put(call.account, "prices", price["id"], price)
    return expanded(call, price)


async def retrieve_account(call: Call) -> JSON:
    """GET /v1/account: https://docs.stripe.com/api/accounts/object."""
    names = [
        "business_profile",
        "business_type",
        "capabilities",
        "company",
        "controller",
        "external_accounts",
        "future_requirements",
        "groups",
        "individual",
        "requirements",
        "tos_acceptance",
    ]
    settings = [
        "bacs_debit_payments",
        "branding",
        "card_issuing",
        "card_payments",
        "invoices",
        "payments",
        "payouts",
        "paypay_payments",
        "sepa_debit_payments",
        "treasury",
    ]
    return {
        **{"id": call.account.id, "object": "account", **dict.fromkeys(names)},
        **{"charges_enabled": True, "country": "US", "created": 0, "default_currency": "usd"},
        **{"details_submitted": True, "email": None, "metadata": {}, "payouts_enabled": False, "type": "standard"},
        "settings": {**dict.fromkeys(settings), "dashboard": {"display_name": "Simulated Stripe", "timezone": "UTC"}},
    }


def _retrieve(table: str, kind: str, param: str) -> Handler:
    async def retrieve(call: Call) -> JSON:
        call.params.finish()
        return expanded(call, call.account.get(table, call.path["id"], kind, param))

    return retrieve


def _list(table: str) -> Handler:
    async def list_all(call: Call) -> JSON:
        return _expanded_page(call, page(call.account.tables[table], call.params, f"/v1/{table}"))

    return list_all


async def _elsewhere(request: Request) -> Response:
    """What nobody answers: either not Stripe's, or not simulated."""
    path = path_of(request)
    error = not_simulated(f"{request.method} {path}")
    return JSONBody(StripeError(404, error.error["message"]).body(), 404)


def routes(simulator: Simulator) -> list[Route]:
    """Every path under `/v1` that a secret key opens."""
    table: list[tuple[str, str, Handler]] = [
        ("POST", "/v1/checkout/sessions", create_session),
        ("GET", "/v1/checkout/sessions/{id}", retrieve_session),
        ("GET", "/v1/checkout/sessions", list_sessions),
        ("POST", "/v1/checkout/sessions/{id}", update_session),
        ("POST", "/v1/checkout/sessions/{id}/expire", expire_session),
        ("GET", "/v1/checkout/sessions/{id}/line_items", list_line_items),
        ("GET", "/v1/payment_intents/{id}", _retrieve("payment_intents", "payment_intent", "intent")),
        ("GET", "/v1/payment_intents", _list("payment_intents")),
        ("GET", "/v1/charges/{id}", _retrieve("charges", "charge", "id")),
        ("GET", "/v1/charges", _list("charges")),
        ("POST", "/v1/refunds", create_refund),
        ("GET", "/v1/refunds", list_refunds),
        ("GET", "/v1/refunds/{id}", _retrieve("refunds", "refund", "id")),
        ("GET", "/v1/events", list_events),
        ("GET", "/v1/events/{id}", _retrieve("events", "event", "id")),
        ("POST", "/v1/products", create_product),
        ("GET", "/v1/products", _list("products")),
        ("GET", "/v1/products/{id}", _retrieve("products", "product", "id")),
        ("POST", "/v1/prices", create_price),
        ("GET", "/v1/prices", _list("prices")),
        ("GET", "/v1/prices/{id}", _retrieve("prices", "price", "id")),
        ("GET", "/v1/account", retrieve_account),
    ]
    made = [Route(path, endpoint(simulator, handler), methods=[method]) for method, path, handler in table]
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return [*made, Route("/v1/{path:path}", _elsewhere, methods=methods)]
