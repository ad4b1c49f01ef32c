"""Settings: one name for each, from arguments, the environment and `.env`; what contradicts itself is refused."""

from ipaddress import ip_network
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from pydantic import SecretStr, ValidationError

from checkout_core.config.settings import STRIPE_JS, Settings, variable
from checkout_core.config.settings_arguments import SettingsArguments, UiMode
from checkout_core.domain.errors import ConfigurationError

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
    assert settings.built_in_simulator
    assert settings.database_url.get_secret_value() == "duckdb:///data/orders.duckdb"
    assert settings.stripe_js_url == "http://127.0.0.1:12111/endive/stripe.js"
    assert settings.webhook_secrets == ("whsec_simulator",)
    assert not settings.live


def test_a_key_pair_leads_to_stripe(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, **PAIR)
    assert not settings.simulated
    assert not settings.built_in_simulator
    assert settings.stripe_api_base == "https://api.stripe.com"
    assert settings.stripe_js_url == STRIPE_JS
    assert settings.webhook_secrets == ()


EVERY_FIELD: list[tuple[str, str, Any, Any]] = [
    ("data_dir", "CHECKOUT_DATA_DIR", "/srv/shop", Path("/srv/shop")),
    ("database_url", "CHECKOUT_DATABASE_URL", "postgresql://db/orders", SecretStr("postgresql://db/orders")),
    ("public_url", "CHECKOUT_PUBLIC_URL", "https://shop.example/", "https://shop.example"),
    ("api_url", "CHECKOUT_API_URL", "https://api.example/", "https://api.example"),
    ("ui_mode", "CHECKOUT_UI_MODE", "hosted_page", UiMode.hosted_page),
    ("operator_password", "CHECKOUT_OPERATOR_PASSWORD", "correct horse", SecretStr("correct horse")),
    ("operators", "CHECKOUT_OPERATORS", "Ada@x.test, b@x.test", frozenset({"ada@x.test", "b@x.test"})),
    ("oidc_issuer", "CHECKOUT_OIDC_ISSUER", "https://login.example/tenant", "https://login.example/tenant"),
    ("stripe_secret_key", "STRIPE_SECRET_KEY", "sk_test_simulator_2", SecretStr("sk_test_simulator_2")),
    ("stripe_publishable_key", "STRIPE_PUBLISHABLE_KEY", "pk_test_2", "pk_test_2"),
    ("stripe_webhook_secret", "STRIPE_WEBHOOK_SECRET", "whsec_2", SecretStr("whsec_2")),
    ("stripe_api_base", "STRIPE_API_BASE", "http://127.0.0.1:9/", "http://127.0.0.1:9"),
    ("installation", "CHECKOUT_INSTALLATION", "staging", "staging"),
    ("session_minutes", "CHECKOUT_SESSION_MINUTES", "30", 30),
    ("hold_minutes", "CHECKOUT_HOLD_MINUTES", "45", 45),
    ("retention_days", "CHECKOUT_RETENTION_DAYS", "730", 730),
    ("max_stripe_calls", "CHECKOUT_MAX_STRIPE_CALLS", "7", 7),
    ("sweep_every", "CHECKOUT_SWEEP_EVERY", "1.5", 1.5),
    ("shop_name", "CHECKOUT_SHOP_NAME", "Paper Moon", "Paper Moon"),
    ("timezone", "CHECKOUT_TIMEZONE", "Europe/Berlin", "Europe/Berlin"),
    ("csv_dialect", "CHECKOUT_CSV_DIALECT", "de", "de"),
    ("accent", "CHECKOUT_ACCENT", "#6b1d4a", "#6b1d4a"),
    ("accent_dark", "CHECKOUT_ACCENT_DARK", "#FFFFFF", "#FFFFFF"),
    ("seller", "CHECKOUT_SELLER", "Paper Moon Ltd, 1 Quay St, Cork", "Paper Moon Ltd, 1 Quay St, Cork"),
    ("contact", "CHECKOUT_CONTACT", "hello@example.com", "hello@example.com"),
    ("terms_url", "CHECKOUT_TERMS_URL", "https://shop.example/terms", "https://shop.example/terms"),
    ("privacy_url", "CHECKOUT_PRIVACY_URL", "https://shop.example/privacy", "https://shop.example/privacy"),
    ("refund_terms", "CHECKOUT_REFUND_TERMS", "No refunds after 6 pm.", "No refunds after 6 pm."),
    ("promotion_codes", "CHECKOUT_PROMOTION_CODES", "false", False),
    ("smtp_url", "CHECKOUT_SMTP_URL", "smtps://mail.example", SecretStr("smtps://mail.example")),
    ("mail_from", "CHECKOUT_MAIL_FROM", "shop@example.com", "shop@example.com"),
    ("on_paid", "CHECKOUT_ON_PAID", "a.b:c, d:e", ("a.b:c", "d:e")),
    ("handlers", "CHECKOUT_HANDLERS", "paid=a.b:c, refunded=d:e", ("paid=a.b:c", "refunded=d:e")),
    ("rate_limit", "CHECKOUT_RATE_LIMIT", "3/hour; 1/second", "3/hour; 1/second"),
    ("trusted_proxies", "CHECKOUT_TRUSTED_PROXIES", "10.0.0.0/8 ::1", (ip_network("10.0.0.0/8"), ip_network("::1"))),
    ("metrics_token", "CHECKOUT_METRICS_TOKEN", "t0k3n", SecretStr("t0k3n")),
    ("log_format", "CHECKOUT_LOG_FORMAT", "json", "json"),
    ("log_level", "CHECKOUT_LOG_LEVEL", "debug", "debug"),
]
TOGETHER = {
    "stripe_secret_key": {"stripe_publishable_key": "pk_test_2"},
    "stripe_publishable_key": {"stripe_secret_key": "sk_test_2"},
    "smtp_url": {"mail_from": "shop@example.com"},
    "mail_from": {"smtp_url": "smtp://mail.example"},
}
"""What must be set beside a setting."""


def test_the_table_below_has_every_setting() -> None:
    assert [name for name, *_ in EVERY_FIELD] == list(Settings.model_fields)


@pytest.mark.parametrize(("name", "variable", "given", "value"), EVERY_FIELD)
def test_a_setting_has_one_name_as_an_argument_and_one_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str, variable: str, given: str, value: object
) -> None:
    together = TOGETHER.get(name, {})
    by_field = Settings(**{name: given}, **together)  # type: ignore[arg-type]
    by_variable_name = Settings(**{variable: given}, **together)  # type: ignore[arg-type]
    replaced = Settings().replace(**{name: given}, **together)
    monkeypatch.setenv(variable, given)
    from_environment = Settings(**together)  # type: ignore[arg-type]
    for settings in (by_field, by_variable_name, from_environment, replaced):
        assert getattr(settings, name) == value


@pytest.mark.parametrize(
    "unknown", ["database", "proxies", "operator_emails", "CHECKOUT_DATABASE", "secret_key", "webhook_secret", "x"]
)
def test_an_argument_that_is_no_setting_is_an_error_that_names_it(unknown: str) -> None:
    with pytest.raises(ValidationError, match=unknown):
        Settings(**{unknown: "1"})  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=unknown):
        Settings().replace(**{unknown: "1"})


def test_an_argument_that_cannot_be_used_is_not_ignored() -> None:
    with pytest.raises(ValidationError, match="ui_mode"):
        Settings(ui_mode="nonsense")  # type: ignore[arg-type]
    assert Settings(data_dir=Path("x"), shop_name="Paper Moon").catalog_path.name == "catalog.toml"


def test_variables_of_other_programs_are_none_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "own.env"
    file.write_text("CHECKOUT_SHOP_NAME=Paper Moon\nOTHER_PROGRAM=1\nDATABASE_URL=x\nSTRIPE_CLI=1\n")
    monkeypatch.setenv("CHECKOUT_OF_A_LIBRARY", "books")
    assert Settings.load(file).shop_name == "Paper Moon"


def test_arguments_come_before_the_environment_and_that_before_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "own.env"
    file.write_text("CHECKOUT_SHOP_NAME=file\nCHECKOUT_SESSION_MINUTES=31\nCHECKOUT_LOG_LEVEL=error\n")
    monkeypatch.setenv("CHECKOUT_SHOP_NAME", "environment")
    monkeypatch.setenv("CHECKOUT_SESSION_MINUTES", "32")
    settings = Settings.load(file).replace(shop_name="argument")
    assert (settings.shop_name, settings.session_minutes, settings.log_level) == ("argument", 32, "error")
    assert Settings(shop_name="argument").session_minutes == 32


@pytest.mark.parametrize("arguments", [{}, {"CHECKOUT_DATA_DIR": "x"}, {"data_dir": "x"}, {"shop_name": "Books"}])
def test_only_load_reads_an_env_file_so_a_test_never_reaches_real_money(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: dict[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("checkout_core.config.settings.ENV_FILE", ".env")
    Path(".env").write_text("".join(f"{name}={value}\n" for name, value in LIVE.items()))
    assert Settings.load().live
    settings = Settings(**arguments)
    assert settings.built_in_simulator
    assert settings.replace(sweep_every=0).built_in_simulator


def test_a_replacement_is_validated_again_and_keeps_the_rest() -> None:
    settings = Settings(shop_name="Paper Moon", public_url="http://books.test")
    other = settings.replace(public_url="http://films.test")
    assert (other.shop_name, other.api_url) == ("Paper Moon", "http://films.test/api")
    assert settings.public_url == "http://books.test"
    assert other.replace(shop_name=None).shop_name == "The Lantern"
    with pytest.raises(ConfigurationError, match="CHECKOUT_SESSION_MINUTES"):
        settings.replace(session_minutes=29)


def test_the_environment_has_no_say_in_a_replacement(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings()
    monkeypatch.setenv("CHECKOUT_SHOP_NAME", "Paper Moon")
    assert settings.replace(session_minutes=30).shop_name == "The Lantern"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().shop_name = "Paper Moon"


@pytest.mark.parametrize("minutes", [30, 1440])
def test_the_ends_of_a_sessions_life_are_accepted(minutes: int) -> None:
    assert Settings(session_minutes=minutes).session_minutes == minutes


@pytest.mark.parametrize("seconds", [0, 0.05, 86_400])
def test_the_ends_of_the_sweeps_interval_are_accepted(seconds: float) -> None:
    assert Settings(sweep_every=seconds).sweep_every == seconds


@pytest.mark.parametrize("blank", ["", " "])
def test_blank_lines_of_an_env_file_are_unset(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    settings = load(monkeypatch, STRIPE_SECRET_KEY=blank, STRIPE_PUBLISHABLE_KEY=blank, CHECKOUT_DATABASE_URL=blank)
    assert settings.simulated
    assert settings.database_url.get_secret_value().startswith("duckdb:")


@pytest.mark.parametrize("blank", ["", " "])
def test_a_blank_rate_limit_is_a_value(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    assert Settings().rate_limit == "300/minute"
    assert load(monkeypatch, CHECKOUT_RATE_LIMIT=blank).rate_limit == ""
    assert Settings(rate_limit=blank).rate_limit == ""


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"STRIPE_SECRET_KEY": "sk_test_abc"}, "STRIPE_PUBLISHABLE_KEY is not"),
        ({"STRIPE_PUBLISHABLE_KEY": "pk_test_abc"}, "STRIPE_SECRET_KEY is not"),
        (PAIR | {"STRIPE_SECRET_KEY": "hunter2"}, "must start with"),
        (PAIR | {"STRIPE_PUBLISHABLE_KEY": "pk_live_abc"}, "one is live"),
        ({"CHECKOUT_PUBLIC_URL": "shop.example"}, "https://shop.example"),
        ({"CHECKOUT_PUBLIC_URL": "ftp://shop.example"}, "https://shop.example"),
        ({"CHECKOUT_UI_MODE": "popup"}, "CHECKOUT_UI_MODE"),
        ({"CHECKOUT_SESSION_MINUTES": "29"}, "CHECKOUT_SESSION_MINUTES"),
        ({"CHECKOUT_SESSION_MINUTES": "1441"}, "CHECKOUT_SESSION_MINUTES"),
        ({"CHECKOUT_SESSION_MINUTES": "soon"}, "CHECKOUT_SESSION_MINUTES"),
        ({"CHECKOUT_SWEEP_EVERY": "-1"}, "CHECKOUT_SWEEP_EVERY"),
        ({"CHECKOUT_SWEEP_EVERY": "86401"}, "CHECKOUT_SWEEP_EVERY"),
        ({"CHECKOUT_ACCENT": "red"}, "CHECKOUT_ACCENT"),
        ({"CHECKOUT_RATE_LIMIT": "often"}, "CHECKOUT_RATE_LIMIT"),
        ({"CHECKOUT_TRUSTED_PROXIES": "my-proxy"}, "CHECKOUT_TRUSTED_PROXIES"),
        ({"CHECKOUT_LOG_LEVEL": "loud"}, "CHECKOUT_LOG_LEVEL"),
        ({"CHECKOUT_SMTP_URL": "smtp://mail.example"}, "CHECKOUT_MAIL_FROM belong together"),
        ({"CHECKOUT_MAIL_FROM": "shop@example.com"}, "CHECKOUT_SMTP_URL"),
        ({"CHECKOUT_SMTP_URL": "https://a:hunter2@mail.example", "CHECKOUT_MAIL_FROM": "s@example.com"}, "smtp://user"),
        ({"CHECKOUT_SMTP_URL": "smtp://:587", "CHECKOUT_MAIL_FROM": "s@example.com"}, "smtp://user"),
        (LIVE | {"STRIPE_API_BASE": "http://127.0.0.1:12111"}, "live key must not"),
        (LIVE | {"CHECKOUT_PUBLIC_URL": "http://shop.example"}, "https://"),
        (LIVE | {"CHECKOUT_OPERATOR_PASSWORD": ""}, "CHECKOUT_OPERATOR_PASSWORD"),
        (LIVE | {"CHECKOUT_OPERATOR_PASSWORD": "x"}, "at least 12 characters"),
        (LIVE | {"CHECKOUT_OPERATOR_PASSWORD": "hunter2hunt"}, "at least 12 characters"),
        (LIVE | {"CHECKOUT_OPERATOR_PASSWORD": "aaaaaaaaaaaaaaaaaaaa"}, "6 of them different"),
        (LIVE | {"STRIPE_SECRET_KEY": "rk_live_abc", "CHECKOUT_PUBLIC_URL": "http://shop.example"}, "https://"),
        (LIVE | {"STRIPE_SECRET_KEY": "rk_live_abc", "STRIPE_API_BASE": "http://127.0.0.1:12111"}, "live key must not"),
    ],
)
def test_settings_that_contradict_each_other_get_a_sentence_without_the_secret(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        load(monkeypatch, **variables)
    for secret in (variables.get("STRIPE_SECRET_KEY", "hunter2"), "hunter2"):
        assert secret not in str(caught.value)


def test_a_live_key_is_taken_where_it_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch, **LIVE).live


@pytest.mark.parametrize("key", ["sk_test_x", "rk_test_x"])
def test_a_hosted_page_needs_no_publishable_key(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    settings = load(monkeypatch, STRIPE_SECRET_KEY=key, CHECKOUT_UI_MODE="hosted_page")
    assert settings.ui_mode is UiMode.hosted_page


@pytest.mark.parametrize(
    ("given", "secrets"),
    [("whsec_a", ("whsec_a",)), ("whsec_a, whsec_b,", ("whsec_a", "whsec_b")), (" , ", ())],
)
def test_several_webhook_secrets_may_be_good_at_once(given: str, secrets: tuple[str, ...]) -> None:
    assert Settings(stripe_webhook_secret=SecretStr(given)).webhook_secrets == secrets


def test_shoppers_are_sent_to_the_addresses_of_the_settings() -> None:
    urls = Settings(public_url="https://shop.example", api_url="https://api.example").urls
    assert urls.complete == "https://api.example/checkout/complete?session_id={CHECKOUT_SESSION_ID}"
    assert urls.cancel.startswith("https://shop.example/cart")
    assert urls.after_payment("cs_1") == "https://shop.example/confirmation?session_id=cs_1"


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


def test_the_data_folder_may_bring_its_own_catalogue(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = load(monkeypatch, CHECKOUT_DATA_DIR=str(tmp_path))
    assert settings.catalog_path.parent != tmp_path
    (tmp_path / "catalog.toml").touch()
    assert settings.catalog_path == tmp_path / "catalog.toml"
    assert settings.database_url.get_secret_value() == f"duckdb:///{tmp_path}/orders.duckdb"


def test_a_variable_that_another_file_names_is_read_from_the_environment_or_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_text("FROM_FILE= books \nBLANK=\n")
    monkeypatch.setattr("checkout_core.config.settings.ENV_FILE", str(file))
    monkeypatch.setenv("FROM_ENVIRONMENT", " films ")
    assert (variable("FROM_FILE"), variable("FROM_ENVIRONMENT")) == ("books", "films")
    for missing in ("BLANK", "NOT_SET"):
        with pytest.raises(ConfigurationError, match=f"{missing} is not set"):
            variable(missing)


def test_type_checkers_know_every_argument_by_both_of_its_names() -> None:
    known = get_type_hints(SettingsArguments)
    names = {
        name: str(field.validation_alias or f"CHECKOUT_{name.upper()}") for name, field in Settings.model_fields.items()
    }
    assert set(known) == {*names, *names.values()}
    assert [name for name, variable in names.items() if known[name] != known[variable]] == []


def test_an_application_gives_arguments_as_it_has_them() -> None:
    by_field = Settings(stripe_secret_key="sk_test_1", ui_mode="hosted_page", data_dir="shop", operators=["ada@x.test"])
    by_variable = Settings(
        STRIPE_SECRET_KEY="sk_test_1",
        CHECKOUT_UI_MODE="hosted_page",
        CHECKOUT_DATA_DIR="shop",
        CHECKOUT_OPERATORS="ada@x.test",
    )
    assert by_field == by_variable
    with pytest.raises(ValidationError, match="publik_url"):
        Settings(publik_url="https://shop.example")  # type: ignore[call-arg]


@pytest.mark.parametrize("setting", ["terms_url", "privacy_url"])
@pytest.mark.parametrize("address", ["javascript:alert(1)", "/terms", "shop.example/terms", "data:text/html,x"])
def test_a_page_of_terms_is_an_address_that_opens_a_page(setting: str, address: str) -> None:
    with pytest.raises(ConfigurationError, match="CHECKOUT_TERMS_URL"):
        Settings().replace(**{setting: address})
