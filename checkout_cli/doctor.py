"""`checkout doctor`."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import typer
from rich.table import Table

from checkout_core.domain.errors import CheckoutError, ConfigurationError, StoreError, StripeUnavailable

from .callback_addresses import COMPLETE, WEBHOOK, NotRunning, require_served
from .terminal import console, without_password

if TYPE_CHECKING:
    from checkout_core import Checkout, Settings
    from checkout_core.services.shops import Shops


class _Report:
    """What was checked, and whether it works."""

    def __init__(self) -> None:
        self.table = Table("", "What", "Finding", box=None, pad_edge=False)
        self.healthy = True

    def check(self, name: str, finding: Callable[[], str]) -> CheckoutError | None:
        """Add what `finding` returns, or as a problem the sentence of the error that it raises; return that error."""
        try:
            self.table.add_row("[green]ok[/]", name, finding())
        except NotRunning as error:
            self.table.add_row("[yellow]–[/]", name, error.message)
        except CheckoutError as error:
            self.problem(name, error)
            return error
        return None

    def leave_out(self, name: str, why: str) -> None:
        """Add what was not checked."""
        self.table.add_row("[yellow]–[/]", name, why)

    def problem(self, name: str, error: CheckoutError) -> None:
        """Add a problem."""
        self.healthy = False
        self.table.add_row("[red]no[/]", name, error.message)


def doctor() -> None:
    """Say which Stripe and which store the settings lead to, whether they work, and what to do if not."""
    from checkout_core import Settings
    from checkout_core.bootstrap import open_shops

    settings = Settings.load()
    report = _Report()
    readable = not isinstance(report.check("Orders", partial(_store_finding, settings)), StoreError)

    def check_in_store(name: str, finding: Callable[[], str]) -> None:
        """Ask a database that does not answer once only: others may hold it, and each question waits for them."""
        if readable:
            report.check(name, finding)
        else:
            report.leave_out(name, "not checked: the orders cannot be read, see above")

    try:
        with open_shops(settings) as shops:
            for checkout in shops:
                of = f" of {checkout.shop}" if len(shops) > 1 else ""
                report.check(f"Stripe{of}", partial(_stripe_finding, checkout))
                report.check(f"Prices{of}", partial(_price_finding, checkout))
                check_in_store(f"Stock{of}", partial(_stock_finding, checkout))
                report.check(f"Webhooks{of}", partial(_webhook_finding, checkout.settings))
                check_in_store(f"Events{of}", partial(_events_finding, checkout))
                report.check(f"Callback address{of}", partial(require_served, checkout.settings.api_url, COMPLETE))
                report.check(f"Webhook address{of}", partial(require_served, checkout.settings.api_url, WEBHOOK))
            if len(shops) > 1:
                report.check("Accounts", partial(_accounts_finding, shops))
    except CheckoutError as error:
        report.problem("Shop", error)
    console.print(report.table)
    _print_event_types()
    if not report.healthy:
        raise typer.Exit(1)


def _stripe_finding(checkout: "Checkout") -> str:
    settings = checkout.settings
    mode = "simulator" if settings.simulated else "live" if settings.live else "test mode"
    try:
        checkout.check_stripe()
    except StripeUnavailable as error:
        advice = (
            "`checkout demo` brings its own; for two processes start `checkout simulator` first"
            if settings.simulated
            else "check the network"
        )
        raise StripeUnavailable(f"{mode} at {settings.stripe_api_base} does not answer: {advice}.") from error
    return f"{mode} at {settings.stripe_api_base}: the key works and may do all that is needed, checkout page by {settings.ui_mode.value}"


def _price_finding(checkout: "Checkout") -> str:
    compared = checkout.check_prices()
    return f"{compared} Stripe prices are those of the catalogue" if compared else "all are sent from the catalogue"


def _stock_finding(checkout: "Checkout") -> str:
    from checkout_core.domain.orders import Oversold
    from checkout_core.stores.base import OrderQuery

    limited = checkout.check_stock()
    oversold = checkout.store.count(OrderQuery(oversold=(Oversold.open,)))
    told = f"{limited} products have a capacity" if limited else "nothing is limited"
    return f"{told}; {oversold} orders are oversold: refund or accept them" if oversold else told


def _events_finding(checkout: "Checkout") -> str:
    from checkout_core.services.background_worker import BEGIN_ADVICE

    reading = checkout.event_reading()
    if warnings := reading.warnings():
        raise ConfigurationError(" ".join(warnings))
    if reading.read_until is not None:
        return f"read until {reading.read_until:%Y-%m-%d %H:%M} UTC"
    if missing := checkout.missing_orders():
        raise ConfigurationError(f"{missing:,} paid sessions have no order here. {BEGIN_ADVICE}")
    return "were not read yet"


def _accounts_finding(shops: "Shops") -> str:
    shared = shops.shared_accounts()
    if not shared:
        return "each shop has a Stripe account of its own, or a key that may not read it"
    names = "; ".join(" and ".join(ids) for ids in shared)
    return f"keys of one Stripe account: {names}. Each shop ignores the others' sessions by their mark"


def _webhook_finding(settings: "Settings") -> str:
    if not settings.webhook_secrets:
        raise ConfigurationError(
            f"STRIPE_WEBHOOK_SECRET is not set. Run `stripe listen --forward-to {settings.api_url}/stripe/webhook` "
            "and set it to the whsec_… that it prints."
        )
    if not all(secret.startswith("whsec_") for secret in settings.webhook_secrets):
        raise ConfigurationError("STRIPE_WEBHOOK_SECRET must start with whsec_.")
    return f"signed with whsec_…, expected at {settings.api_url}/stripe/webhook"


def _print_event_types() -> None:
    from checkout_core.services.event_handlers import HANDLED_EVENT_TYPES

    console.print("\nA webhook endpoint in Stripe's dashboard needs these events:")
    for type in HANDLED_EVENT_TYPES:
        console.print(f"  {type}", highlight=False)


def _store_finding(settings: "Settings") -> str:
    from checkout_core.stores import open_store
    from checkout_core.stores.blocking import BlockingOrderStore

    url = settings.database_url.get_secret_value()
    with BlockingOrderStore(open_store(url)) as store:
        some = len(store.find(limit=1))
    finding = f"{without_password(url)}: {'has orders' if some else 'works, no order yet'}"
    return f"{finding}{_layout_finding(url)}"


def _layout_finding(url: str) -> str:
    """Say how the tables of a server are distributed, if it distributes tables."""
    from checkout_core.stores import backend_of

    if backend_of(url).name != "postgres":
        return ""
    from checkout_core.stores.postgres.layout import read_layout

    layout = read_layout(url)
    if layout is None:
        return ""
    if faults := layout.faults():
        raise ConfigurationError(" ".join(faults))
    return ", distributed by Citus" if layout.distributed else ", Citus is there, the tables are on the coordinator"
