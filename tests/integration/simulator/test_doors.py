"""Who may drive the simulator from a browser, and where it may be told to post."""

import httpx2
import pytest
import stripe

from stripe_simulator import Simulator
from stripe_simulator.addresses import LOOPBACK, is_named
from stripe_simulator.testing.server import Running

from .conftest import Receiver, params

FOREIGN = {
    "a page of another local port": {"Sec-Fetch-Site": "same-site"},
    "a page of another site": {"Sec-Fetch-Site": "cross-site"},
    "a page without fetch metadata": {"Origin": "http://evil.example"},
    "a page of another port": {"Origin": "http://127.0.0.1:1"},
    "a page without an origin of its own": {"Origin": "null"},
    "a name that was bound anew": {"Host": "evil.example"},
    "a name that was bound anew, with its origin": {"Host": "evil.example", "Origin": "http://evil.example"},
    "a name that ends like ours": {"Host": "127.0.0.1.evil.example"},
    "no name": {"Host": ""},
}
CONTROLS = ["reset", "clock", "faults", "faults/clear", "webhooks", "seed", "sessions/cs_x/pay"]


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("control", CONTROLS)
def test_a_page_of_another_site_drives_no_control(
    simulator: Running, client: stripe.StripeClient, headers: dict[str, str], control: str
) -> None:
    session = client.v1.checkout.sessions.create(params())
    answer = httpx2.post(f"{simulator.url}/_simulator/{control}", headers=headers)
    assert answer.status_code == 403
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"


@pytest.mark.parametrize("path", ["", "/state", "/events/evt_1"])
def test_a_name_that_was_bound_anew_reads_nothing(simulator: Running, path: str) -> None:
    assert httpx2.get(f"{simulator.url}/_simulator{path}", headers={"Host": "evil.example"}).status_code == 403


def test_its_own_pages_and_programs_drive_the_controls(simulator: Running) -> None:
    port = simulator.url.rpartition(":")[2]
    own = [
        {},
        {"Origin": simulator.url, "Sec-Fetch-Site": "same-origin"},
        {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"},
        {"Host": f"shop.localhost:{port}"},
    ]
    for headers in own:
        assert httpx2.post(f"{simulator.url}/_simulator/reset", headers=headers).status_code == 200


STRANGE = [
    "http://10.0.0.1/in",
    "http://169.254.169.254/latest/meta-data",
    "https://example.com/in",
    "http://127.0.0.1.evil.example/in",
    "http://localhost.evil.example/in",
    "http://user@evil.example:80#@127.0.0.1/in",
    "http://[2001:db8::1]/in",
]


@pytest.mark.parametrize("url", STRANGE)
def test_an_endpoint_beyond_this_machine_is_refused(client: stripe.StripeClient, receiver: Receiver, url: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="webhook-host"):
        client.v1.webhook_endpoints.create({"url": url, "enabled_events": ["*"]})
    endpoint = client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    with pytest.raises(stripe.InvalidRequestError, match="webhook-host"):
        client.v1.webhook_endpoints.update(endpoint.id, {"url": url})


def test_an_endpoint_of_a_state_that_its_owner_no_longer_allows_gets_nothing(
    client: stripe.StripeClient, simulator: Running, receiver: Receiver
) -> None:
    client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    webhooks = simulator.simulator.webhooks
    webhooks.hosts = frozenset()
    try:
        client.v1.checkout.sessions.expire(client.v1.checkout.sessions.create(params()).id)
        simulator.simulator.drain()
    finally:
        webhooks.hosts = frozenset(LOOPBACK)
    assert receiver.arrived == []


def test_hosts_are_named_with_or_without_a_port() -> None:
    assert is_named("http://hooks.example:8000/in", ["hooks.example"])
    assert is_named("http://hooks.example:8000/in", ["hooks.example:8000"])
    assert is_named("https://hooks.example/in", ["hooks.example:443"])
    assert not is_named("http://hooks.example:8001/in", ["hooks.example:8000"])
    assert not is_named("http://127.0.0.1:8000/in", ["hooks.example"])
    assert not is_named("http://127.0.0.1:x/in", LOOPBACK)
    assert is_named("http://127.1.2.3/in", LOOPBACK)
    assert Simulator().webhooks.hosts == frozenset(LOOPBACK)
