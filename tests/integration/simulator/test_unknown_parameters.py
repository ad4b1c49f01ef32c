"""A parameter that the simulator does not know is refused wherever something is created, as Stripe refuses it."""

import httpx2
import pytest

from stripe_simulator.testing.server import Running

HEADERS = {"authorization": "Bearer sk_test_123"}
CREATED = {
    "/v1/products": {"name": "Tea"},
    "/v1/prices": {"currency": "eur", "unit_amount": "100", "product_data[name]": "Tea"},
    "/v1/coupons": {"percent_off": "10", "duration": "once"},
    "/v1/customers": {"email": "anna@example.com"},
    "/v1/shipping_rates": {
        "display_name": "Post",
        "type": "fixed_amount",
        "fixed_amount[amount]": "500",
        "fixed_amount[currency]": "eur",
    },
    "/v1/webhook_endpoints": {"url": "http://127.0.0.1:9/", "enabled_events[0]": "*"},
}


@pytest.mark.parametrize("path", CREATED)
def test_what_is_known_is_created_and_an_unknown_parameter_is_refused(simulator: Running, path: str) -> None:
    created = httpx2.post(f"{simulator.url}{path}", data=CREATED[path], headers=HEADERS)
    assert created.status_code == 200, created.text
    refused = httpx2.post(f"{simulator.url}{path}", data={**CREATED[path], "surprise": "1"}, headers=HEADERS)
    error = refused.json()["error"]
    assert (refused.status_code, error["code"], error["param"]) == (400, "parameter_unknown", "surprise")
