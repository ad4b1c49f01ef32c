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
    from checkout_core.bootstrap import open_shops

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
    from checkout_core.services import portal

    mode = "simulator" if settings.simulated else "live" if settings.live else "test mode"
    try:
        portal.run(_ask_stripe(settings))
    except StripeUnavailable as error:
        advice = (
            "`checkout demo` brings its own; for two processes start `checkout simulator` first"
            if settings.simulated
            else "check the network"
        )
        raise StripeUnavailable(f"{mode} at {settings.stripe_api_base} does not answer: {advice}.") from error
    return f"{mode} at {settings.stripe_api_base}: the key works, checkout page by {settings.ui_mode.value}"


async def _ask_stripe(settings: "Settings") -> None:
    from checkout_core.gateway import StripeGateway

    gateway = StripeGateway(settings)
    try:
        await gateway.check()
    finally:
        await gateway.close()


def _webhook_finding(settings: "Settings") -> str:
    if not settings.webhook_secrets:
        raise ConfigurationError(
            f"STRIPE_WEBHOOK_SECRET is not set. Run `stripe listen --forward-to {settings.api_url}/stripe/webhook` "
            "and set it to the whsec_… that it prints."
        )
    if not all(secret.startswith("whsec_") for secret in settings.webhook_secrets):
        raise ConfigurationError("STRIPE_WEBHOOK_SECRET must start with whsec_.")
    return f"signed with whsec_…, expected at {settings.api_url}/stripe/webhook"


def _store_finding(settings: "Settings") -> str:
    from checkout_core.stores import open_store
    from checkout_core.stores.blocking import BlockingOrderStore

    with BlockingOrderStore(open_store(settings.database_url.get_secret_value())) as store:
        some = len(store.find(limit=1))
    return f"{without_password(settings.database_url.get_secret_value())}: {'has orders' if some else 'works, no order yet'}"
