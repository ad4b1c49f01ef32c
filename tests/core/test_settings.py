import re
from pathlib import Path

import pytest

from checkout_core import open_checkout
from checkout_core.config.settings import STRIPE_JS, Settings
from checkout_core.domain.errors import ConfigurationError
from storefront.shipped import CATALOG

PAIR = {"STRIPE_SECRET_KEY": "sk_test_abc", "STRIPE_PUBLISHABLE_KEY": "pk_test_abc"}
LIVE = {
    "STRIPE_SECRET_KEY": "sk_live_abc",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_abc",
    "CHECKOUT_PUBLIC_URL": "https://shop.example",
    "CHECKOUT_OPERATOR_PASSWORD": "correct horse",
}


def load(patch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        patch.setenv(name, value)
    return Settings.load()


def test_nothing_set_leads_to_the_simulator_and_a_duckdb_file(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch)
    assert settings.simulated
    assert settings.database_url.get_secret_value() == "duckdb:///data/orders.duckdb"
    assert settings.stripe_js_url.startswith("http://127.0.0.1:12111/")


def test_a_key_pair_leads_to_stripe(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, **PAIR)
    assert not settings.simulated
    assert settings.stripe_api_base == "https://api.stripe.com"
    assert settings.stripe_js_url == STRIPE_JS
    assert settings.webhook_secret is None


def test_blank_lines_of_an_env_file_are_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, STRIPE_SECRET_KEY="", STRIPE_PUBLISHABLE_KEY="", CHECKOUT_DATABASE_URL=" ")
    assert settings.simulated
    assert settings.database_url.get_secret_value().startswith("duckdb:")


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"STRIPE_SECRET_KEY": "sk_test_abc"}, "STRIPE_PUBLISHABLE_KEY is not"),
        ({"STRIPE_PUBLISHABLE_KEY": "pk_test_abc"}, "STRIPE_SECRET_KEY is not"),
        (PAIR | {"STRIPE_SECRET_KEY": "hunter2"}, "must start with"),
        (PAIR | {"STRIPE_PUBLISHABLE_KEY": "pk_live_abc"}, "one is live"),
        ({"CHECKOUT_PUBLIC_URL": "shop.example"}, "https://shop.example"),
        ({"CHECKOUT_UI_MODE": "popup"}, "CHECKOUT_UI_MODE"),
        (LIVE | {"STRIPE_API_BASE": "http://127.0.0.1:12111"}, "live key must not"),
        (LIVE | {"CHECKOUT_PUBLIC_URL": "http://shop.example"}, "https://"),
        (LIVE | {"CHECKOUT_OPERATOR_PASSWORD": ""}, "CHECKOUT_OPERATOR_PASSWORD"),
        (LIVE | {"STRIPE_SECRET_KEY": "rk_live_abc", "CHECKOUT_PUBLIC_URL": "http://shop.example"}, "https://"),
        (LIVE | {"STRIPE_SECRET_KEY": "rk_live_abc", "STRIPE_API_BASE": "http://127.0.0.1:12111"}, "live key must not"),
    ],
)
def test_settings_that_contradict_each_other_get_a_sentence_without_the_secret(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        load(monkeypatch, **variables)
    assert variables.get("STRIPE_SECRET_KEY", "hunter2") not in str(caught.value)


def test_a_hosted_page_needs_no_publishable_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, STRIPE_SECRET_KEY="sk_test_abc", CHECKOUT_UI_MODE="hosted_page").ui_mode == "hosted_page"


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://me:verysecret@db/orders"
    settings = load(
        monkeypatch,
        **LIVE,
        CHECKOUT_DATABASE_URL=url,
        STRIPE_WEBHOOK_SECRET="whsec_deep",
        CHECKOUT_SMTP_URL="smtp://me:mailsecret@mail.example",
        CHECKOUT_MAIL_FROM="shop@example.com",
        CHECKOUT_METRICS_TOKEN="t0k3n",
    )
    for secret in ("sk_live_abc", "verysecret", "whsec_deep", "correct horse", "mailsecret", "t0k3n"):
        assert secret not in repr(settings)
        assert secret not in str(settings.model_dump())


def test_without_an_application_the_missing_catalogue_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("checkout_core.config.settings.shipped_catalog", lambda: None)
    settings = load(monkeypatch, CHECKOUT_DATA_DIR=str(tmp_path))
    with pytest.raises(ConfigurationError, match=re.escape(f"The catalogue {tmp_path}/catalog.toml cannot be read")):
        open_checkout(settings)


def test_the_data_folder_may_bring_its_own_catalogue(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = load(monkeypatch, CHECKOUT_DATA_DIR=str(tmp_path))
    assert settings.catalog_path == CATALOG
    (tmp_path / "catalog.toml").touch()
    assert settings.catalog_path == tmp_path / "catalog.toml"
    assert settings.database_url.get_secret_value() == f"duckdb:///{tmp_path}/orders.duckdb"
