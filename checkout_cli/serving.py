"""The demo's one process: storefront, API and simulator behind one port."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .addresses import reachable
from .terminal import console, without_password

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.applications import Starlette
    from streamlit.starlette import App

    from checkout_core import Settings
    from checkout_core.services.shops import Shops


DEMO_CODE = "LANTERN10"
DEMO_CODES: dict[str, Any] = {"product": [], "promotion_code": [{"code": DEMO_CODE, "percent_off": 10}]}
"""What the demo's simulator has from the start, and after a reset."""


def demo_app(shops: "Shops", settings: "Settings", host: str, port: int) -> "App":
    """Return one application: storefront at `/`, API at `/api`, and the simulator at `/stripe` when the settings point there."""
    from starlette.middleware import Middleware
    from starlette.routing import Mount
    from streamlit.starlette import App

    import api
    import storefront
    from api.connections import ConnectionLimit, limited_connections
    from storefront.context import use
    from storefront.door.pages import ROUTES as DOOR_ROUTES
    from storefront.middleware import CompressionMiddleware, HeadersMiddleware, PageHeadMiddleware, ShopHostMiddleware

    use(shops)
    mounted: dict[str, Starlette | FastAPI] = {"/api": api.create_app(shops)}
    if settings.stripe_api_base == f"{settings.public_url}/stripe":
        from checkout_core.config.addresses import is_loopback, leads_to_loopback
        from stripe_simulator import Simulator, create_app
        from stripe_simulator.addresses import LOOPBACK

        simulator = Simulator(
            public_url=settings.stripe_api_base,
            webhook_url=f"{settings.api_url}/stripe/webhook",
            webhook_secret=settings.webhook_secrets[0],
            # Strangers must not let this machine post to whatever listens on it.
            webhook_hosts=LOOPBACK if is_loopback(host) and leads_to_loopback(settings.public_url) else (),
            hosts={name for one in shops if (name := urlsplit(one.settings.public_url).hostname)},
            webhook_urls={
                one.settings.stripe_secret_key.get_secret_value(): f"{one.settings.api_url}/stripe/webhook"
                for one in shops
            },
            catalogues={one.settings.stripe_secret_key.get_secret_value(): DEMO_CODES for one in shops},
        )
        mounted["/stripe"] = create_app(simulator)

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[dict[str, object]]:
        async with AsyncExitStack() as stack:
            stack.enter_context(limited_connections(ConnectionLimit()))
            # a mounted app's lifespan does not run by itself
            for sub in mounted.values():
                await stack.enter_async_context(sub.router.lifespan_context(sub))
            announcing = asyncio.create_task(_announce(shops, settings, host, port))
            yield {}
            announcing.cancel()

    script = Path(storefront.__file__).with_name("app.py")
    routes = [*(Mount(path, app=sub) for path, sub in mounted.items()), *DOOR_ROUTES]
    middleware = [
        Middleware(HeadersMiddleware, elsewhere=tuple(mounted)),
        Middleware(ShopHostMiddleware, shops=shops, elsewhere=tuple(mounted)),
        Middleware(CompressionMiddleware),
        Middleware(PageHeadMiddleware, shops=shops),
    ]
    return App(script, lifespan=lifespan, routes=routes, middleware=middleware)


async def _announce(shops: "Shops", settings: "Settings", host: str, port: int) -> None:
    """Print the address as soon as a browser can open it: the socket is bound only after the lifespan has begun."""
    while True:
        try:
            _, writer = await asyncio.open_connection(reachable(host), port)
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
    if settings.built_in_simulator and any(one.settings.promotion_codes for one in shops):
        console.print(f"  The discount code {DEMO_CODE} takes 10 % off.")
    console.print(f"  Orders: {without_password(settings.database_url.get_secret_value())}", soft_wrap=True)
    first = next(iter(shops)).settings  # with several shops the installation's own address is no shop's
    console.print(f"  Operator: {first.public_url}/orders", soft_wrap=True)
    console.print(f"  API: {first.api_url}/docs", soft_wrap=True)
    console.print("  Stop with Ctrl-C.\n")


def serve(shops: "Shops", settings: "Settings", host: str, port: int) -> None:
    """Serve the demo until somebody stops it."""
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
