"""How Stripe is reached: through the proxy that the environment names, and with the key of the settings alone."""

from pathlib import Path

import pytest

from checkout_core import Settings, open_checkout
from checkout_core.domain.errors import StripeUnavailable
from tests.support.shopper import open_session
from tests.support.stores import ScriptedStore

NOBODY = "http://127.0.0.1:9"
"""Where nobody listens (https://www.rfc-editor.org/rfc/rfc863)."""


def create_a_session(settings: Settings) -> None:
    with open_checkout(settings, store=ScriptedStore(), receipts=None) as checkout:
        open_session(checkout)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy"])
def test_stripe_is_asked_through_the_proxy_of_its_scheme(
    settings: Settings, stripe_url: str, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, stripe_url)
    create_a_session(settings.model_copy(update={"stripe_api_base": "http://stripe.test"}))


def test_a_proxy_that_is_not_there_makes_stripe_unavailable(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", NOBODY)
    with pytest.raises(StripeUnavailable):
        create_a_session(settings)


@pytest.mark.parametrize(
    "environment", [{"HTTP_PROXY": NOBODY, "NO_PROXY": "127.0.0.1,localhost"}, {"HTTPS_PROXY": NOBODY}]
)
def test_stripe_is_asked_without_a_proxy_that_is_not_for_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    create_a_session(settings)


def test_credentials_of_netrc_do_not_replace_the_key(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    create_a_session(settings)
