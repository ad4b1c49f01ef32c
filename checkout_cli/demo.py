"""`checkout demo`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .addresses import reachable, require_free
from .seed import write_orders
from .terminal import console, fail

if TYPE_CHECKING:
    from checkout_core import Settings

SELLER = {
    "seller": "The Lantern Cinema, 7 Lamp Street, Trieste",
    "contact": "hello@lantern.example",
    "refund_terms": "Tickets can be returned until two hours before the show, everything else within 14 days.",
}
"""Who sells in the demo, as long as nobody has said whose shop it is."""


def demo(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8501,
    orders: Annotated[int, typer.Option(min=0, max=2**31, help="Have this many demo orders from the start.")] = 0,
) -> None:
    """Run the whole shop in one process: storefront, API and, without a Stripe key, the simulator."""
    from checkout_core import Settings
    from checkout_core.bootstrap import open_shops
    from checkout_core.config import logging as logs
    from checkout_core.config.addresses import is_loopback

    from .serving import serve

    require_free(host, port)
    address = f"http://{reachable(host)}:{port}"
    settings = _demo_settings(Settings.load(), address)
    logs.configure(settings)
    _require_writable(settings.data_dir)
    if settings.simulated and not is_loopback(host):
        console.print("[yellow]The simulator takes no real money, and anyone who reaches this address can use it.[/]")
    if orders:
        write_orders(settings, orders, 1)
    with open_shops(settings) as shops:
        serve(shops, settings, host, port)


def _demo_settings(settings: "Settings", address: str) -> "Settings":
    """Return the settings, with the built-in simulator at `address` unless Stripe or another simulator is named."""
    from checkout_core.config.settings import SIMULATOR_PUBLISHABLE_KEY, SIMULATOR_SECRET_KEY, SIMULATOR_WEBHOOK_SECRET
    from checkout_core.config.shops import FILE

    public_url = settings.public_url if "public_url" in settings.model_fields_set else address
    changes: dict[str, object] = {"public_url": public_url}
    if settings.built_in_simulator and "stripe_api_base" not in settings.model_fields_set:
        changes |= {
            "stripe_secret_key": SIMULATOR_SECRET_KEY,
            "stripe_publishable_key": SIMULATOR_PUBLISHABLE_KEY,
            "stripe_webhook_secret": SIMULATOR_WEBHOOK_SECRET,
            "stripe_api_base": f"{public_url}/stripe",
        }
    is_ours = not settings.model_fields_set & {"shop_name", *SELLER} and not (settings.data_dir / FILE).exists()
    if settings.built_in_simulator and is_ours:
        changes |= SELLER
    return settings.replace(**changes)


def _require_writable(folder: Path) -> None:
    probe = folder / ".writable"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        fail(f"The data folder {folder} cannot be written ({error.strerror}). Set CHECKOUT_DATA_DIR to one that can.")
