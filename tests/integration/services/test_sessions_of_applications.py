"""Step 1 in an application of one's own: its customers, its metadata, its way back, its parameters, its hooks."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from checkout_core import Checkout, CheckoutError, Settings, open_checkout
from checkout_core.domain.errors import InvalidHandler, InvalidInput, SessionRefused
from checkout_core.domain.metadata import JsonValue
from checkout_core.domain.ownership import own_metadata
from checkout_core.domain.session_draft import SessionDraft
from tests.support.metadata import VALUES, own
from tests.support.shopper import EMAIL, cart, open_session, pay, stripe_of
from tests.support.stores import ScriptedStore


def made(checkout: Checkout, **arguments: Any) -> dict[str, Any]:
    """Do step 1; return what Stripe says of the session."""
    session = checkout.create_session(cart(checkout), **arguments)
    found = stripe_of(checkout).v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    return found.to_dict()


def test_what_an_application_knows_of_its_shopper_goes_along(checkout: Checkout) -> None:
    customer = stripe_of(checkout).v1.customers.create({"email": "own@example.com"})
    session = made(checkout, customer=customer.id, email=EMAIL, client_reference_id="booking-7", locale="en-GB")
    assert session["customer"] == customer.id
    assert session["client_reference_id"] == "booking-7"
    assert session["locale"] == "en-GB"
    assert session["customer_email"] != EMAIL, "Stripe takes a customer or an address, never both"


@pytest.mark.parametrize("value", VALUES, ids=json.dumps)
def test_metadata_of_steps_1_and_2_is_on_an_order_that_is_made_from_money(
    checkout: Checkout, memory_store: ScriptedStore, value: JsonValue
) -> None:
    session_id = checkout.create_session(cart(checkout), metadata={"first": value, "changed": [1]}).id
    checkout.create_pending_order(session_id, email=EMAIL, metadata={"second": value, "changed": "text"})
    memory_store.forget(session_id)
    pay(checkout, session_id)
    order = checkout.complete_order(session_id)
    assert {**own(order), "recovered": None} == {
        "first": value,
        "second": value,
        "changed": "text",
        "recovered": None,
    }


def test_metadata_of_both_steps_together_fits_at_stripe(checkout: Checkout) -> None:
    session = checkout.create_session(cart(checkout), metadata={f"a{number}": number for number in range(20)})
    with pytest.raises(InvalidInput, match="at most 20"):
        checkout.create_pending_order(session.id, email=EMAIL, metadata={"one more": 1})
    order = checkout.create_pending_order(session.id, email=EMAIL, metadata={"a0": "zero"})
    assert own_metadata(checkout.retrieve_session(session.id).metadata) == own(order)


def test_parameters_of_an_application_are_merged_into_ours(checkout: Checkout) -> None:
    session = made(
        checkout,
        metadata={"user": 7},
        params={
            "mode": "payment",
            "allow_promotion_codes": True,
            "phone_number_collection": {"enabled": True},
            "metadata": {"campaign": "spring"},
            "payment_intent_data": {"description": "Seats", "metadata": {"ledger": "42"}},
            "shipping_options": [
                {
                    "shipping_rate_data": {
                        "display_name": "Post",
                        "type": "fixed_amount",
                        "fixed_amount": {"amount": 500, "currency": checkout.catalog.currency},
                    }
                }
            ],
            "custom_text": None,
        },
    )
    assert session["allow_promotion_codes"] is True
    assert session["phone_number_collection"] == {"enabled": True}
    assert session["metadata"].items() >= {"user": "7", "campaign": "spring", "checkout_shop": "default"}.items()
    assert session["shipping_options"]


DISCOUNTED = {"discounts": [{"coupon": "HALF"}]}


def test_a_discount_is_no_wrong_price(checkout: Checkout) -> None:
    stripe_of(checkout).v1.coupons.create({"id": "HALF", "percent_off": 50})
    session = checkout.create_session(cart(checkout), params=DISCOUNTED)  # type: ignore[arg-type]
    assert session.amount_total == session.amount_subtotal - session.amount_discount < session.amount_subtotal


OURS: dict[str, dict[str, Any]] = {
    "mode": {"mode": "subscription"},
    "ui_mode": {"ui_mode": "embedded_page"},
    "line_items": {"line_items": [{"price": "price_1", "quantity": 1}]},
    "return_url": {"return_url": "https://elsewhere.example"},
    "success_url": {"success_url": "https://elsewhere.example"},
    "cancel_url": {"cancel_url": "https://elsewhere.example"},
    "currency": {"currency": "jpy"},
    "subscription_data": {"subscription_data": {"description": "x"}},
    "payment_intent_data.metadata.checkout_shop": {"payment_intent_data": {"metadata": {"checkout_shop": "another"}}},
    "payment_intent_data.metadata.checkout_new": {"payment_intent_data": {"metadata": {"checkout_new": "x"}}},
    "payment_intent_data.capture_method": {"payment_intent_data": {"capture_method": "manual"}},
    "payment_intent_data": {"payment_intent_data": "x"},
    "checkout_shop": {"metadata": {"checkout_shop": "another"}},
    "customer_email": {"customer_email": "two@example.com"},
    "client_reference_id": {"client_reference_id": "two"},
    "shiping_options": {"shiping_options": []},
    "api_key": {"api_key": "sk_test_other"},
    "stripe_account": {"stripe_account": "acct_1"},
}


@pytest.mark.parametrize("name", OURS)
def test_another_value_for_a_parameter_of_ours_is_refused_by_name(checkout: Checkout, name: str) -> None:
    with pytest.raises(InvalidInput, match=name):
        checkout.create_session(
            cart(checkout),
            email=EMAIL,
            client_reference_id="one",
            params=OURS[name],  # type: ignore[arg-type]
        )
    assert checkout.calls.all() == (), "Stripe is not asked"


def test_a_customer_and_an_address_in_the_parameters_exclude_each_other(checkout: Checkout) -> None:
    with pytest.raises(InvalidInput, match="customer excludes customer_email"):
        checkout.create_session(cart(checkout), customer="cus_1", params={"customer_email": "a@example.com"})


PATHS = {
    "/premium": "http://shop.test/premium",
    "/premium?seat=7&x=%20#top": "http://shop.test/premium?seat=7&x=%20#top",
    "/bought/{CHECKOUT_SESSION_ID}": "http://shop.test/bought/SESSION",
    "/grüße": "http://shop.test/gr%C3%BC%C3%9Fe",
}


@pytest.mark.parametrize("path", PATHS)
def test_the_shopper_returns_to_the_page_that_sold_it(checkout: Checkout, path: str) -> None:
    session_id = checkout.create_session(cart(checkout), return_path=path).id
    pay(checkout, session_id)
    order = checkout.complete_order(session_id)
    assert checkout.address_after_payment(order) == PATHS[path].replace("SESSION", session_id)


def test_without_a_path_the_shopper_gets_to_the_confirmation(checkout: Checkout) -> None:
    session_id = open_session(checkout)
    pay(checkout, session_id)
    order = checkout.complete_order(session_id)
    assert checkout.address_after_payment(order) == checkout.settings.urls.after_payment(session_id)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "premium",
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\\\\evil.example",
        "/a b",
        "javascript:alert(1)",
        "/{SESSION}",
        "/{CHECKOUT_SESSION_ID",
        "/" + "x" * 500,
        "/\ud800",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(checkout: Checkout, path: str) -> None:
    with pytest.raises(InvalidInput, match="return_path"):
        checkout.create_session(cart(checkout), return_path=path)


def test_hooks_see_the_cart_and_the_context_and_may_change_both(checkout: Checkout) -> None:
    seen: list[SessionDraft] = []

    @checkout.before_session
    def cheaper(draft: SessionDraft) -> SessionDraft:
        seen.append(draft)
        (item,) = draft.items
        half = type(item)(item.product, item.name, item.unit_amount // 2, item.quantity, item.currency)
        return draft.replace(items=[half], params={"allow_promotion_codes": True}, metadata={"member": True})

    async def looks(draft: SessionDraft) -> None:
        seen.append(draft)

    checkout.before_session(looks)
    session = checkout.create_session(cart(checkout), context="anna")
    assert [draft.context for draft in seen] == ["anna", "anna"]
    assert seen[0].cart == cart(checkout)
    assert session.amount_total == seen[0].items[0].unit_amount // 2
    assert own_metadata(session.metadata) == {"member": True}


class NotTonight(SessionRefused):
    """An error of the application."""

    code = "not_tonight"


@pytest.mark.parametrize("error", [InvalidInput("Two tickets each."), SessionRefused(), NotTonight("Come tomorrow.")])
def test_a_hook_refuses_a_session_with_its_own_error(checkout: Checkout, error: CheckoutError) -> None:
    @checkout.before_session
    async def refuse(draft: SessionDraft) -> None:
        raise error

    with pytest.raises(type(error), match=error.message):
        open_session(checkout)
    assert checkout.calls.all() == ()


def test_what_a_hook_makes_of_a_session_is_checked_as_well(checkout: Checkout) -> None:
    checkout.before_session(lambda draft: draft.replace(params={"mode": "setup"}))
    with pytest.raises(InvalidInput, match="mode"):
        open_session(checkout)


def test_a_hook_that_returns_something_else_is_named(checkout: Checkout) -> None:
    def says_yes(draft: SessionDraft) -> bool:
        return True

    checkout.before_session(says_yes)  # type: ignore[arg-type]
    with pytest.raises(InvalidHandler, match="says_yes returned a bool"):
        open_session(checkout)


def no_argument() -> None: ...
def two_arguments(one: object, two: object) -> None: ...
def keyword(draft: object, *, user: object) -> None: ...
def generator(draft: object) -> Any:
    yield draft


@pytest.mark.parametrize("hook", [no_argument, two_arguments, keyword, generator, "name", None])
def test_a_hook_that_can_never_run_is_refused_when_it_is_added(checkout: Checkout, hook: Callable[..., Any]) -> None:
    with pytest.raises(InvalidHandler):
        checkout.before_session(hook)


def test_a_hook_is_an_argument_of_open_checkout(settings: Settings) -> None:
    def refuse(draft: SessionDraft) -> None:
        raise SessionRefused("We are closed.")

    with (
        open_checkout(settings, store=ScriptedStore(), receipts=None, before_session=refuse) as checkout,
        pytest.raises(SessionRefused, match="closed"),
    ):
        open_session(checkout)
