"""What the options of a session do: each with its consequence, when the shopper answers and pays."""

from typing import Any

import httpx2
import pytest
import stripe

from stripe_simulator.errors import StripeError
from stripe_simulator.testing.server import Running

from .conftest import params, priced
from .test_shopper import CARD, ask

HOSTED: Any = {"ui_mode": None, "return_url": None, "success_url": "https://shop.test"}
HOME = {"country": "DE", "line1": "Weg 1", "city": "Berlin", "postal_code": "10115"}
ADDRESS = {f"address[{name}]": value for name, value in HOME.items()}
SHIPPING = {"shipping[name]": "Ada", **{f"shipping[address][{name}]": value for name, value in HOME.items()}}


def create(client: stripe.StripeClient, **changes: Any) -> Any:
    return client.v1.checkout.sessions.create(params(**changes))


def hosted(client: stripe.StripeClient, simulator: Running, **changes: Any) -> Any:
    """Return a new session with a page of Stripe, and with the secret that its page has."""
    session = create(client, **HOSTED, **changes)
    session.client_secret = simulator.simulator.state.session(session.id)[1].secret
    return session


def refusal(answer: Any) -> tuple[str | None, str | None]:
    return answer["error"].get("code"), answer["error"].get("param")


def test_an_expired_session_is_recovered_by_a_copy(client: stripe.StripeClient, simulator: Running) -> None:
    recovery: Any = {"recovery": {"enabled": True, "allow_promotion_codes": True}}
    session = create(client, **HOSTED, after_expiration=recovery)
    assert session.after_expiration.recovery.url is None
    expired: Any = client.v1.checkout.sessions.expire(session.id)
    answer = httpx2.get(expired.after_expiration.recovery.url)
    copy: Any = client.v1.checkout.sessions.list({"limit": 1}).data[0]
    assert (answer.headers["location"], copy.recovered_from) == (copy.url, session.id)
    assert (copy.status, copy.amount_total, copy.allow_promotion_codes) == ("open", 2500, True)
    assert simulator.simulator.pay_session(copy.id)["payment_status"] == "paid"
    simulator.simulator.advance(31 * 86_400)
    assert httpx2.get(expired.after_expiration.recovery.url).status_code == 404


def test_custom_fields_have_to_be_answered(client: stripe.StripeClient, simulator: Running) -> None:
    label = {"type": "custom", "custom": "Engraving"}
    fields: Any = [
        {"key": "text", "type": "text", "label": label, "text": {"minimum_length": 2, "maximum_length": 4}},
        {"key": "size", "type": "dropdown", "label": label, "dropdown": {"options": [{"label": "L", "value": "l"}]}},
        {"key": "year", "type": "numeric", "label": label, "optional": True},
    ]
    session = hosted(client, simulator, custom_fields=fields)
    wrong = [{}, {"text": "x", "size": "l"}, {"text": "xxx", "size": "xl"}, {"text": "xx", "size": "l", "year": "old"}]
    for typed in wrong:
        answer = ask(simulator, session, "confirm", CARD, **{f"custom_fields[{k}]": v for k, v in typed.items()})
        assert "custom_fields" in str(refusal(answer)[1])
    typed = {"custom_fields[text]": "Ada", "custom_fields[size]": "l"}
    assert ask(simulator, session, "confirm", CARD, **typed)["status"] == "complete"
    paid: Any = client.v1.checkout.sessions.retrieve(session.id)
    [text, size, year] = paid.custom_fields
    assert (text.text.value, size.dropdown.value, year.numeric.value) == ("Ada", "l", None)


def test_terms_have_to_be_accepted(client: stripe.StripeClient, simulator: Running) -> None:
    session = create(client, consent_collection={"terms_of_service": "required", "promotions": "auto"})
    assert refusal(ask(simulator, session, "confirm", CARD))[1] == "terms_of_service"
    agreed = {"terms_of_service": "accepted", "promotions": "opt_in"}
    assert ask(simulator, session, "confirm", CARD, **agreed)["status"] == "complete"
    assert client.v1.checkout.sessions.retrieve(session.id).consent.to_dict() == {  # type: ignore[union-attr]
        "promotions": "opt_in",
        "terms_of_service": "accepted",
    }


def test_a_shipping_address_is_asked_for_in_the_countries(client: stripe.StripeClient, simulator: Running) -> None:
    session = create(client, shipping_address_collection={"allowed_countries": ["DE"]})
    assert refusal(ask(simulator, session, "confirm", CARD))[1] == "shipping_address"
    abroad = {**SHIPPING, "shipping[address][country]": "FR"}
    assert refusal(ask(simulator, session, "confirm", CARD, **abroad))[1] == "shipping_address[country]"
    assert ask(simulator, session, "confirm", CARD, **SHIPPING)["status"] == "complete"
    paid: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    assert paid.collected_information.shipping_details.address.city == "Berlin"
    for sent in (paid.payment_intent.shipping, paid.payment_intent.latest_charge.shipping):
        assert (sent.name, sent.address.line1) == ("Ada", "Weg 1")


def test_a_billing_address_and_names_are_asked_for(client: stripe.StripeClient, simulator: Running) -> None:
    names: Any = {"individual": {"enabled": True}, "business": {"enabled": True, "optional": True}}
    session = create(client, billing_address_collection="required", name_collection=names, customer_creation="always")
    assert refusal(ask(simulator, session, "confirm", CARD))[1] == "billing_address"
    assert refusal(ask(simulator, session, "confirm", CARD, **ADDRESS))[1] == "individual_name"
    answer = ask(simulator, session, "confirm", CARD, **ADDRESS, individual_name="Ada", business_name="Tea Ltd.")
    assert answer["status"] == "complete"
    paid: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["customer"]})
    for known in (paid.collected_information, paid.customer_details, paid.customer):
        assert (known.individual_name, known.business_name) == ("Ada", "Tea Ltd.")


@pytest.mark.parametrize(
    ("country", "behavior", "amounts"),
    [
        ("DE", "exclusive", (475, 2975)),
        ("DE", "inclusive", (399, 2500)),
        ("US", "exclusive", (0, 2500)),
        ("IE", "unspecified", (467, 2500)),
    ],
)
def test_tax_is_that_of_where_the_shopper_is(
    client: stripe.StripeClient, simulator: Running, country: str, behavior: str, amounts: tuple[int, int]
) -> None:
    tax, total = amounts
    [line] = priced(1250, quantity=2)
    line["price_data"]["tax_behavior"] = behavior
    session = create(client, automatic_tax={"enabled": True}, line_items=[line])
    assert (session.automatic_tax.status, session.amount_total) == ("requires_location_inputs", 2500)
    address = {**ADDRESS, "address[country]": country, "address[postal_code]": "94107"}
    assert ask(simulator, session, "update", **address)["session"]["total"]["total"]["minorUnitsAmount"] == total
    assert ask(simulator, session, "confirm", CARD, **address)["status"] == "complete"
    expand: Any = {"expand": ["total_details.breakdown", "payment_intent", "line_items.data.taxes"]}
    paid: Any = client.v1.checkout.sessions.retrieve(session.id, expand)
    assert (paid.automatic_tax.status, paid.total_details.amount_tax) == ("complete", tax)
    assert (paid.amount_total, paid.payment_intent.amount) == (total, total)
    for taxed in paid.total_details.breakdown.taxes:
        assert client.v1.tax_rates.retrieve(taxed.rate.id).country == country


def test_tax_knows_a_customer_and_shipping(client: stripe.StripeClient, simulator: Running) -> None:
    customer = client.v1.customers.create({"address": {"country": "DE"}}).id
    rate: Any = {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": 1000, "currency": "eur"}}
    rate["tax_behavior"] = "exclusive"
    given: Any = {"customer": customer, "customer_email": None, "shipping_options": [{"shipping_rate_data": rate}]}
    session = create(client, automatic_tax={"enabled": True}, **given)
    assert (session.automatic_tax.status, session.shipping_cost.amount_tax) == ("complete", 190)
    assert session.amount_total == 2500 + 1190
    client.v1.customers.update(customer, {"tax_exempt": "exempt"})
    assert create(client, automatic_tax={"enabled": True}, **given).amount_total == 3500


def test_a_tax_id_is_kept(client: stripe.StripeClient, simulator: Running) -> None:
    session = create(client, tax_id_collection={"enabled": True}, invoice_creation={"enabled": True})
    wrong = {"tax_id[type]": "eu_vat", "tax_id[value]": "1"}
    assert refusal(ask(simulator, session, "update", **wrong))[0] == "tax_id_invalid"
    typed = {"tax_id[type]": "eu_vat", "tax_id[value]": "DE123456789"}
    assert ask(simulator, session, "confirm", CARD, **typed)["status"] == "complete"
    paid: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["invoice"]})
    for known in (paid.customer_details.tax_ids, paid.invoice.customer_tax_ids):
        assert known[0].to_dict() == {"type": "eu_vat", "value": "DE123456789"}


def test_an_invoice_has_a_page_and_a_pdf(client: stripe.StripeClient, simulator: Running) -> None:
    data: Any = {"description": "Order 7", "footer": "Thanks", "metadata": {"order": "7"}}
    session = create(client, invoice_creation={"enabled": True, "invoice_data": data})
    paid = simulator.simulator.pay_session(session.id)
    invoice: Any = client.v1.invoices.retrieve(paid["invoice"])
    assert (invoice.status, invoice.total, invoice.metadata.order) == ("paid", 2500, "7")
    assert "€25.00" in httpx2.get(invoice.hosted_invoice_url).text
    pdf = httpx2.get(invoice.invoice_pdf)
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    assert b"Order 7" in pdf.content
    assert "invoice.paid" in [event.type for event in client.v1.events.list().data]


def test_a_quantity_is_changed_between_its_bounds(client: stripe.StripeClient, simulator: Running) -> None:
    [line] = priced(1000, quantity=2)
    line["adjustable_quantity"] = {"enabled": True, "minimum": 1, "maximum": 5}
    session = create(client, line_items=[line, *priced(300)])
    first, second = ask(simulator, session, "init")["session"]["lineItems"]
    more = ask(simulator, session, "update", line_item=first["id"], quantity="5")["session"]
    assert more["total"]["total"]["minorUnitsAmount"] == 5300
    for line_id, quantity in ((first["id"], "6"), (first["id"], "0"), (second["id"], "2")):
        assert "error" in ask(simulator, session, "update", line_item=line_id, quantity=quantity)
    assert ask(simulator, session, "confirm", CARD)["status"] == "complete"
    paid: Any = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (paid.amount_subtotal, paid.amount_total, paid.payment_intent.amount) == (5300, 5300, 5300)


def test_an_optional_item_is_added_and_removed(client: stripe.StripeClient, simulator: Running) -> None:
    price = client.v1.prices.create({"currency": "eur", "unit_amount": 400, "product_data": {"name": "Milk"}}).id
    session = create(client, optional_items=[{"price": price, "quantity": 2}])
    view = ask(simulator, session, "update", optional_item=price)["session"]
    assert (len(view["lineItems"]), view["total"]["total"]["minorUnitsAmount"]) == (2, 3300)
    assert "error" in ask(simulator, session, "update", optional_item=price)
    added = view["lineItems"][1]["id"]
    assert len(ask(simulator, session, "update", line_item=added, remove="true")["session"]["lineItems"]) == 1
    ask(simulator, session, "update", optional_item=price)
    simulator.simulator.pay_session(session.id)
    lines = client.v1.checkout.sessions.line_items.list(session.id).data
    assert [(line.description, line.amount_total) for line in lines] == [("Tea", 2500), ("Milk", 800)]


def test_a_payment_method_is_saved_and_shown_again(client: stripe.StripeClient, simulator: Running) -> None:
    customer = client.v1.customers.create({"email": "ada@example.com"}).id
    mine: Any = {"customer": customer, "customer_email": None}
    first = create(client, **mine, payment_intent_data={"setup_future_usage": "off_session"})
    paid = simulator.simulator.pay_session(first.id)
    [saved] = client.v1.customers.payment_methods.list(customer).data
    assert (saved.card and saved.card.last4, saved.allow_redisplay) == ("4242", "limited")
    assert client.v1.payment_intents.retrieve(paid["payment_intent"]).setup_future_usage == "off_session"
    second = create(client, **mine)
    assert ask(simulator, second, "confirm", {"id": saved.id})["status"] == "complete"
    again: Any = client.v1.checkout.sessions.retrieve(second.id, {"expand": ["payment_intent"]})
    assert again.payment_intent.payment_method == saved.id
    other = create(client)
    assert refusal(ask(simulator, other, "confirm", {"id": saved.id}))[0] == "resource_missing"
    alone: Any = {"amount": 700, "currency": "eur", "customer": customer, "payment_method": saved.id, "confirm": True,
                  "off_session": True, "return_url": "https://shop.test"}  # fmt: skip
    assert client.v1.payment_intents.create(alone).status == "succeeded"


@pytest.mark.parametrize(("saves", "count"), [("true", 1), ("false", 0)])
def test_the_shopper_decides_whether_a_method_is_saved(
    client: stripe.StripeClient, simulator: Running, saves: str, count: int
) -> None:
    customer = client.v1.customers.create({"email": "ada@example.com"}).id
    options: Any = {"saved_payment_method_options": {"payment_method_save": "enabled"}}
    session = create(client, customer=customer, customer_email=None, **options)
    assert ask(simulator, session, "confirm", CARD, save_payment_method=saves)["status"] == "complete"
    saved = client.v1.customers.payment_methods.list(customer).data
    assert [method.allow_redisplay for method in saved] == ["always"] * count


def test_a_customer_takes_over_what_it_may(client: stripe.StripeClient, simulator: Running) -> None:
    for update, city in (({"address": "auto", "name": "auto"}, "Berlin"), ({"address": "never"}, None)):
        customer = client.v1.customers.create({"email": "ada@example.com"}).id
        session = create(client, customer=customer, customer_email=None, customer_update=update)
        assert ask(simulator, session, "confirm", CARD, name="Ada", **ADDRESS)["status"] == "complete"
        after: Any = client.v1.customers.retrieve(customer)
        assert (after.address and after.address.city, after.name) == (city, "Ada" if city else None)


@pytest.mark.parametrize(
    ("card", "number"),
    [
        ({"restrictions": {"brands_blocked": ["mastercard"]}}, "5555555555554444"),
        ({"restrictions": {"funding_types_blocked": ["prepaid"]}}, "5105105105105100"),
    ],
)
def test_a_blocked_card_is_declined(client: stripe.StripeClient, simulator: Running, card: Any, number: str) -> None:
    session = create(client, payment_method_options={"card": card})
    with pytest.raises(StripeError, match="not accepted here"):
        simulator.simulator.pay_session(session.id, number)
    assert simulator.simulator.pay_session(session.id)["payment_status"] == "paid"


def test_a_session_may_want_every_card_to_be_challenged(client: stripe.StripeClient, simulator: Running) -> None:
    session = create(client, payment_method_options={"card": {"request_three_d_secure": "any"}})
    assert ask(simulator, session, "confirm", CARD)["status"] == "requires_action"
    assert ask(simulator, session, "authenticate", outcome="succeeded")["status"] == "complete"


def test_the_server_alone_may_say_where_to_ship_to(client: stripe.StripeClient, simulator: Running) -> None:
    given: Any = {"shipping_address_collection": {"allowed_countries": ["DE"]}}
    session = create(client, permissions={"update_shipping_details": "server_only"}, **given)
    assert "server" in ask(simulator, session, "update", **SHIPPING)["error"]["message"]
    details: Any = {"name": "Ada", "address": HOME}
    changed: Any = client.v1.checkout.sessions.update(
        session.id, {"collected_information": {"shipping_details": details}}
    )
    assert changed.collected_information.shipping_details.address.city == "Berlin"
    assert ask(simulator, session, "confirm", CARD)["status"] == "complete"


def test_lines_are_updated_kept_added_and_removed(client: stripe.StripeClient, simulator: Running) -> None:
    session = create(client, line_items=[*priced(1000), *priced(300)])
    first = client.v1.checkout.sessions.line_items.list(session.id).data[0].id
    update: Any = {"line_items": [{"id": first, "quantity": 3, "metadata": {"a": "1"}}, *priced(50, quantity=2)]}
    changed: Any = client.v1.checkout.sessions.update(session.id, {**update, "expand": ["line_items"]})  # type: ignore[arg-type]
    assert (changed.amount_subtotal, changed.amount_total) == (3100, 3100)
    assert [(line.quantity, line.amount_total) for line in changed.line_items.data] == [(3, 3000), (2, 100)]
    for wrong, param in (
        ([{"id": "li_none", "quantity": 1}], "line_items[0][id]"),
        (priced(100, "usd"), "line_items[0]"),
        ([{"id": first, "quantity": 0}], "line_items"),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.checkout.sessions.update(session.id, {"line_items": wrong if param != "line_items" else ""})  # type: ignore[arg-type]
        assert refused.value.param == param
    assert simulator.simulator.pay_session(session.id)["amount_total"] == 3100
    with pytest.raises(stripe.InvalidRequestError, match="Only open"):
        client.v1.checkout.sessions.update(session.id, update)


def test_what_the_payment_gets_is_updated(client: stripe.StripeClient, simulator: Running) -> None:
    session = create(client, payment_intent_data={"description": "A", "metadata": {"a": "1"}})
    ask(simulator, session, "confirm", {**CARD, "number": "4000002500003155"})
    data: Any = {"description": "B", "setup_future_usage": "on_session", "metadata": {"b": "2"}}
    client.v1.checkout.sessions.update(session.id, {"payment_intent_data": data})
    [intent] = client.v1.payment_intents.list().data
    assert (intent.status, intent.description) == ("requires_payment_method", "B")
    simulator.simulator.pay_session(session.id)
    [charge] = client.v1.charges.list({"payment_intent": intent.id}).data
    assert (charge.description, charge.metadata.to_dict()) == ("B", {"b": "2"})


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"branding_settings": {"display_name": "x"}}, "branding_settings"),
        ({"custom_text": {"submit": {"message": "x"}}}, "custom_text"),
        ({"submit_type": "pay"}, "submit_type"),
        ({"redirect_on_completion": "never"}, "redirect_on_completion"),
        ({"customer_update": {"name": "auto"}}, "customer_update"),
        ({"tax_id_collection": {"enabled": True, "required": "never"}}, "tax_id_collection[required]"),
        ({**HOSTED, "permissions": {"update_shipping_details": "server_only"}}, "permissions"),
        ({**HOSTED, "branding_settings": {"button_color": "red"}}, "branding_settings[button_color]"),
        ({**HOSTED, "branding_settings": {"icon": {"type": "url"}}}, "branding_settings[icon][url]"),
        ({"payment_method_collection": "always"}, "payment_method_collection"),
        ({"optional_items": [{"price": "price_none", "quantity": 1}]}, "optional_items[0][price]"),
        (
            {"shipping_address_collection": {"allowed_countries": ["XX"]}},
            "shipping_address_collection[allowed_countries][0]",
        ),
        ({"locale": "xx"}, "locale"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(client: stripe.StripeClient, changes: Any, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        create(client, **changes)
    assert refused.value.param == param


def test_an_embedded_page_may_stay(client: stripe.StripeClient, simulator: Running) -> None:
    stays: Any = {"ui_mode": "embedded_page", "redirect_on_completion": "never", "return_url": None}
    session = create(client, **stays)
    assert (session.redirect_on_completion, session.url, bool(session.client_secret)) == ("never", None, True)
    assert simulator.simulator.pay_session(session.id)["payment_status"] == "paid"


def test_a_coupon_is_for_some_products_only(client: stripe.StripeClient) -> None:
    product = client.v1.products.create({"name": "Cup"}).id
    price = client.v1.prices.create({"product": product, "currency": "eur", "unit_amount": 1000}).id
    coupon = client.v1.coupons.create({"percent_off": 50, "applies_to": {"products": [product]}}).id
    lines: Any = [{"price": price, "quantity": 1}, *priced(3000)]
    session = create(client, line_items=lines, discounts=[{"coupon": coupon}])
    assert (session.amount_total, session.total_details.amount_discount) == (3500, 500)
    shown: Any = client.v1.coupons.retrieve(coupon, {"expand": ["applies_to"]})
    assert shown.applies_to.products == [product]


def test_a_shipping_rate_has_amounts_in_other_currencies(client: stripe.StripeClient) -> None:
    fixed: Any = {"amount": 500, "currency": "usd", "currency_options": {"eur": {"amount": 400}}}
    rate = client.v1.shipping_rates.create({"display_name": "Post", "type": "fixed_amount", "fixed_amount": fixed})
    assert create(client, shipping_options=[{"shipping_rate": rate.id}]).amount_total == 2900
    with pytest.raises(stripe.InvalidRequestError, match="no amount in gbp"):
        create(client, line_items=priced(500, "gbp"), shipping_options=[{"shipping_rate": rate.id}])
