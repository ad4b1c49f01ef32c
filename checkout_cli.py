"""The `checkout` command: the one place that puts the rooms together."""

import asyncio
import ipaddress
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from checkout_core.errors import CheckoutError, ConfigurationError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.applications import Starlette
    from streamlit.starlette import App

    from checkout_core import Settings
    from checkout_core.shops import Shops

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Stripe Checkout in Python: demo, simulator and tools."
)
console = Console()


def main() -> None:
    """Run the command; an error of ours is one sentence and exit status 1."""
    try:
        app()
    except CheckoutError as error:
        _fail(error.message)


@app.command()
def demo(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8501,
    orders: Annotated[int, typer.Option(min=0, max=2**31, help="Have this many demo orders from the start.")] = 0,
) -> None:
    """Run the whole shop in one process: storefront, API and, without a Stripe key, the simulator."""
    from checkout_core import Settings, logs
    from checkout_core.shops import open_shops

    _require_free(host, port)
    address = f"http://{_reachable(host)}:{port}"
    settings = _demo_settings(Settings.load(), address)
    logs.configure(settings)
    _require_writable(settings.data_dir)
    if settings.simulated and not _is_loopback(host):
        console.print("[yellow]The simulator takes no real money, and anyone who reaches this address can use it.[/]")
    if orders:
        _seed(settings, orders, 1)
    with open_shops(settings) as shops:
        _serve_demo(shops, settings, host, port)


def _demo_settings(settings: "Settings", address: str) -> "Settings":
    """The settings, with the built-in simulator at `address` unless Stripe or another simulator is named."""
    from pydantic import SecretStr

    from checkout_core.settings import SIMULATOR_PUBLISHABLE_KEY, SIMULATOR_SECRET_KEY, SIMULATOR_WEBHOOK_SECRET

    public_url = settings.public_url if "public_url" in settings.model_fields_set else address
    changes: dict[str, object] = {"public_url": public_url}
    if settings.stripe_secret_key is None and settings.stripe_api_base is None:
        changes |= {
            "stripe_secret_key": SecretStr(SIMULATOR_SECRET_KEY),
            "stripe_publishable_key": SIMULATOR_PUBLISHABLE_KEY,
            "stripe_webhook_secret": SecretStr(SIMULATOR_WEBHOOK_SECRET),
            "stripe_api_base": f"{public_url}/stripe",
        }
    return settings.model_copy(update=changes)


def demo_app(shops: "Shops", settings: "Settings", host: str, port: int) -> "App":
    """Storefront at `/`, API at `/api`, and the simulator at `/stripe` when the settings point there."""
    from starlette.middleware import Middleware
    from starlette.routing import Mount
    from streamlit.starlette import App

    import api
    import storefront
    from storefront.known_hosts import KnownHosts
    from storefront.page_address import PageAddress
    from storefront.session import use

    use(shops)
    mounted: dict[str, Starlette | FastAPI] = {"/api": api.create_app(shops)}
    if settings.api_base == f"{settings.public_url}/stripe":
        from stripe_simulator import Simulator, create_app

        simulator = Simulator(
            public_url=settings.api_base,
            webhook_url=f"{settings.api_url}/stripe/webhook",
            webhook_secret=settings.webhook_secret,
            webhook_urls={one.settings.secret_key: f"{one.settings.api_url}/stripe/webhook" for one in shops},
        )
        mounted["/stripe"] = create_app(simulator)

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[dict[str, object]]:
        async with AsyncExitStack() as stack:  # a mounted app's lifespan does not run by itself
            for sub in mounted.values():
                await stack.enter_async_context(sub.router.lifespan_context(sub))
            announcing = asyncio.create_task(_announce(shops, settings, host, port))
            yield {}
            announcing.cancel()

    script = Path(storefront.__file__).with_name("app.py")
    routes = [Mount(path, app=sub) for path, sub in mounted.items()]
    middleware = [Middleware(KnownHosts, shops=shops, elsewhere=tuple(mounted)), Middleware(PageAddress)]
    return App(script, lifespan=lifespan, routes=routes, middleware=middleware)


async def _announce(shops: "Shops", settings: "Settings", host: str, port: int) -> None:
    """Print the address as soon as a browser can open it: the socket is bound only after the lifespan has begun."""
    while True:
        try:
            _, writer = await asyncio.open_connection(_reachable(host), port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            break
    console.print()
    for checkout in shops:
        name = "The shop" if len(shops) == 1 else checkout.settings.shop_name
        console.print(f"  {name} is open: [bold]{checkout.settings.public_url}[/]", soft_wrap=True)
    console.print()
    if settings.simulated:
        console.print("  Pay with card 4242 4242 4242 4242, any future date, any CVC. No money moves.")
    console.print(f"  Orders: {_without_password(settings.database_url)}", soft_wrap=True)
    console.print(f"  Operator: {settings.public_url}/orders", soft_wrap=True)
    console.print(f"  API: {settings.api_url}/docs", soft_wrap=True)
    console.print("  Stop with Ctrl-C.\n")


def _serve_demo(shops: "Shops", settings: "Settings", host: str, port: int) -> None:
    from storefront.theme import config

    server = demo_app(shops, settings, host, port)
    options = {
        "server.address": host,
        "server.port": port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        **config(),
    }
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # the server hands it on when everything is answered
    try:
        server.run(config=options)
    except KeyboardInterrupt:
        console.print("The shop is closed.")


@app.command()
def simulator(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 12111,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    webhook_url: Annotated[str | None, typer.Option(help="Where webhooks are delivered.")] = None,
    state: Annotated[Path | None, typer.Option(help="A file that keeps what happened over a restart.")] = None,
) -> None:
    """Run the Stripe simulator alone."""
    import uvicorn

    from stripe_simulator import Simulator, create_app

    _require_free(host, port)
    address = f"http://{_reachable(host)}:{port}"
    secret = os.environ.get("STRIPE_WEBHOOK_SECRET") or "whsec_simulator"
    console.print(f"Stripe simulator: [bold]{address}[/] · dashboard: {address}/_simulator")
    console.print("Use any key that starts with sk_test_. Stop with Ctrl-C.")
    ours = Simulator(public_url=address, webhook_url=webhook_url, webhook_secret=secret, state=state)
    uvicorn.run(create_app(ours), host=host, port=port, log_level="warning")


@app.command()
def seed(
    orders: Annotated[int, typer.Option(min=1, max=2**31, help="How many orders to make.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same orders (on the same day).")] = 1,
) -> None:
    """Fill the store with realistic demo orders of the past year; never with a live key."""
    from checkout_core import Settings

    _seed(Settings.load(), orders, seed)


def _seed(settings: "Settings", orders: int, seed: int) -> None:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from checkout_core.demo_data import seed_store

    columns = (TextColumn("Orders"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("orders", total=orders)
        written = seed_store(
            settings.database_url, orders, seed, lambda done: bar.update(task, completed=done), settings=settings
        )
    there = f" ({orders - written:,} were there already)" if written < orders else ""
    where = _without_password(settings.database_url)
    console.print(f"{written:,} demo orders written to {where}{there}.", soft_wrap=True, highlight=False)


@app.command()
def settle(
    older_than: Annotated[str, typer.Option(help="Leave younger orders alone: 90s, 10m, 2h, 1d.")] = "10m",
    since: Annotated[str, typer.Option(help="How far back Stripe's events are read; it keeps 30 days.")] = "3d",
) -> None:
    """Read Stripe's events again, ask about every pending and processing order, and make the orders agree."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from checkout_core import Settings, logs
    from checkout_core.shops import open_shops
    from checkout_core.sweep import SweepSummary, sweep

    age, past = _duration(older_than, "--older-than"), _duration(since, "--since")
    settings = Settings.load()
    if settings.log_format:  # whoever asked for logs; others watch the bar
        logs.configure(settings)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    summary = SweepSummary()
    with open_shops(settings) as shops, Progress(*columns, console=console) as bar:
        for checkout in shops:
            task = bar.add_task(checkout.settings.shop_name, total=None)
            swept = sweep(
                checkout,
                older_than=age,
                since=datetime.now(UTC) - past,
                progress=lambda done, total, task=task: bar.update(task, completed=done, total=total),  # type: ignore[misc]
            )
            bar.update(task, total=swept.asked, completed=swept.asked)
            summary += swept
    table = Table("Orders", "Now", box=None, pad_edge=False)
    for status, count in sorted(summary.outcomes.items()):
        table.add_row(f"{count:,}", status)
    for code, count in sorted(summary.problems.items()):
        table.add_row(f"{count:,}", f"[red]{code}[/]")
    console.print(table if summary.asked else "No order has been waiting for that long.")
    if summary.missed:
        console.print(f"{summary.missed:,} events at Stripe were news to us.", highlight=False)
    if summary.delivered:
        console.print(f"{summary.delivered:,} paid orders had their receipts and other consequences.", highlight=False)
    if summary.missed is None:
        console.print("[yellow]Stripe's list of events could not be read.[/] Run `checkout settle` again in a moment.")
    if summary.unavailable:
        _fail(f"Stripe did not answer for {summary.unavailable:,} orders. Run `checkout settle` again in a moment.")


def _duration(text: str, option: str) -> timedelta:
    parts = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    if parts is None:
        raise typer.BadParameter("give a number and a unit, such as 90s, 10m, 2h or 1d", param_hint=option)
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[parts[2]]
    return timedelta(**{unit: int(parts[1])})


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="FILE.parquet, .csv or .xlsx; without an ending: a folder of months.")],
    view: Annotated[str, typer.Option(help="What to export: orders, order_items, revenue_daily, …")] = "orders",
    query: Annotated[str | None, typer.Option(help="Export the answer to this SQL instead of a view.")] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace a file that is there.")] = False,
) -> None:
    """Write orders to a Parquet, CSV or Excel file, while the shop is open."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    from checkout_core import open_orders

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(file.name, total=1.0)
        written = open_orders().export(
            file, view, query=query, overwrite=overwrite, progress=lambda part: bar.update(task, completed=part)
        )
    console.print(f"{written:,} rows written to {file}.", soft_wrap=True, highlight=False, markup=False)


@app.command()
def doctor() -> None:
    """Say which Stripe and which store the settings lead to, whether they work, and what to do if not."""
    from checkout_core import Settings
    from checkout_core.shops import open_shops

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
    from checkout_core.errors import StripeUnavailable
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
    return f"{_without_password(settings.database_url)}: {'has orders' if some else 'works, no order yet'}"


def _without_password(url: str) -> str:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    if parts.password is None:
        return url
    return parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":•••@")).geturl()


def _reachable(host: str) -> str:
    """An address that a browser on this machine can open when a server listens on `host`."""
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else f"[{host}]" if ":" in host else host  # noqa: S104


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            _fail(f"Port {port} needs administrator rights. Choose one above 1023 with --port.")
        except OSError as error:
            _fail(f"Cannot listen on {host}:{port} ({error.strerror}). Choose another port, such as --port {port + 1}.")


def _require_writable(folder: Path) -> None:
    probe = folder / ".writable"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        _fail(f"The data folder {folder} cannot be written ({error.strerror}). Set CHECKOUT_DATA_DIR to one that can.")


def _fail(sentence: str) -> NoReturn:
    Console(stderr=True).print(sentence, style="red", highlight=False, markup=False)
    sys.exit(1)


if __name__ == "__main__":
    main()
