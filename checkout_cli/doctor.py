"""`checkout doctor`."""

from typing import TYPE_CHECKING

import typer
from rich.table import Table

from checkout_core.domain.errors import CheckoutError, ConfigurationError

from .terminal import console, without_password

if TYPE_CHECKING:
    from checkout_core import Settings


def doctor() -> None:
    """Say which Stripe and which store the settings lead to, whether they work, and what to do if not."""
    from checkout_core import Settings
    from checkout_core.config.shops import open_shops

    settings = Settings.load()
    table = Table("", "What", "Finding", box=None, pad_edge=False)
    healthy = True
    checks = [("Orders", _store_finding, settings)]
    try:
        with open_shops(settings) as shops:
            for checkout in shops:
                of = f" of {checkout.shop}" if len(shops) > 1 else ""
                checks += [
                    (f"Stripe{of}", _stripe_finding, checkout.settings),
                    (f"Webhooks{of}", _webhook_finding, checkout.settings),
                ]
    except CheckoutError as error:
        healthy = False
        table.add_row("[red]no[/]", "Shop", error.message)
    for name, check, concerned in checks:
        try:
            table.add_row("[green]ok[/]", name, check(concerned))
        except CheckoutError as error:
            healthy = False
            table.add_row("[red]no[/]", name, error.message)
    console.print(table)
    if not healthy:
        raise typer.Exit(1)


def _stripe_finding(settings: "Settings") -> str:
    from checkout_core.domain.errors import StripeUnavailable
    from checkout_core.gateway import StripeGateway

    mode = "simulator" if settings.simulated else "live" if "_live_" in settings.secret_key else "test mode"
    try:
        StripeGateway(settings).check()
    except StripeUnavailable as error:
        advice = (
            "`checkout demo` brings its own; for two processes start `checkout simulator` first"
            if settings.simulated
            else "check the network"
        )
        raise StripeUnavailable(f"{mode} at {settings.api_base} does not answer: {advice}.") from error
    return f"{mode} at {settings.api_base}: the key works, checkout page by {settings.ui_mode.value}"


def _webhook_finding(settings: "Settings") -> str:
    if settings.webhook_secret is None:
        raise ConfigurationError(
            f"STRIPE_WEBHOOK_SECRET is not set. Run `stripe listen --forward-to {settings.api_url}/stripe/webhook` "
            "and set it to the whsec_… that it prints."
        )
    if not settings.webhook_secret.startswith("whsec_"):
        raise ConfigurationError("STRIPE_WEBHOOK_SECRET must start with whsec_.")
    return f"signed with whsec_…, expected at {settings.api_url}/stripe/webhook"


def _store_finding(settings: "Settings") -> str:
    from checkout_core.stores import open_store

    with open_store(settings.database_url) as store:
        some = len(store.find(limit=1))
    return f"{without_password(settings.database_url)}: {'has orders' if some else 'works, no order yet'}"
