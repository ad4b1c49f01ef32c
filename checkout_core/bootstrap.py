"""The composition root: what belongs together is put together here, and nowhere else."""

from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from .config.catalog import read_catalog
from .config.extras import extra
from .config.settings import Settings
from .config.shops import FILE, ShopTable, read_shops, settings_of
from .domain.errors import ConfigurationError, InvalidHandler
from .domain.orders import DEFAULT_SHOP
from .domain.stock_keeping import StockKeeper
from .gateway import StripeGateway
from .services.blocking import Checkout
from .services.checkout import AsyncCheckout, utc_now
from .services.handlers import Handler, named_event, named_handler
from .services.pricing import Products
from .services.receipt_sending import ReceiptSending, TicketReceipts
from .services.reconcile import Clock
from .services.session_hooks import SessionHook
from .services.shops import Shops
from .stores import OrderStore, open_store


def open_async_checkout(
    settings: Settings | None = None,
    *,
    products: Products | None = None,
    store: OrderStore | None = None,
    gateway: StripeGateway | None = None,
    receipts: Handler | Literal["standard"] | None = "standard",
    handlers: Iterable[Handler] = (),
    before_session: SessionHook | None = None,
    stock_keeper: StockKeeper | None = None,
    shop: str = DEFAULT_SHOP,
    clock: Clock = utc_now,
) -> AsyncCheckout:
    """Put a checkout together; nothing is connected before its first use. Close it, or use it in an `async with`.

    Its orders' receipts are sent, or written to the data folder's `outbox/`, whenever its outbox is dispatched (with the
    extra `receipts`), and the handlers that CHECKOUT_ON_PAID (`package.module:function`) and CHECKOUT_HANDLERS
    (`refunded=package.module:function`) name run.

    Args:
        settings: read from the environment unless given.
        products: where prices come from; the catalogue of the settings unless given.
        store: where orders are kept; the database of the settings unless given. Closing the checkout closes it.
        gateway: the Stripe account; the settings' unless given.
        receipts: sends the receipt of a paid order: `standard`, `Receipts(templates=…)` of `checkout_core.receipts.message`,
            a handler of your own, or None for no receipts. A handler
            with a method `takes(email)` says of which addresses step 2 takes those with letters outside ASCII before the @.
        handlers: run for every order that becomes paid, beside those of CHECKOUT_ON_PAID.
        before_session: may change or refuse a session before it is created; see `AsyncCheckout.before_session`.
        stock_keeper: keeps the stock in your own tables; the store keeps it unless given.
        shop: whose orders of the store they are.
        clock: returns the time now, with a time zone.

    Raises:
        ConfigurationError: the settings or the catalogue cannot be used, or a mail server is set and the extra
            `receipts` is not installed.
    """
    settings = settings or Settings.load()
    if not isinstance(handlers, Iterable):
        raise InvalidHandler("handlers are a list of functions: handlers=[book, …].")
    sends_receipt = _receipts(receipts, settings)
    checkout = AsyncCheckout(
        settings=settings,
        products=read_catalog(settings.catalog_path) if products is None else products,
        gateway=gateway or StripeGateway(settings),
        store=store or open_store(settings.database_url.get_secret_value()),
        shop=shop,
        clock=clock,
        takes_address=getattr(sends_receipt, "takes", lambda _: True),
        stock_keeper=stock_keeper,
    )
    if before_session is not None:
        checkout.before_session(before_session)
    if sends_receipt is not None:
        _register_receipts(checkout, sends_receipt)
    for handler in handlers:
        checkout.on_paid(handler)
    for name in settings.on_paid:
        checkout.on_paid(named_handler(name), name=name)
    for entry in settings.handlers:
        event, name = named_event(entry)
        checkout.outbox.handlers.add(named_handler(name, "CHECKOUT_HANDLERS"), name, event=event)
    return checkout


def open_checkout(
    settings: Settings | None = None,
    *,
    products: Products | None = None,
    store: OrderStore | None = None,
    gateway: StripeGateway | None = None,
    receipts: Handler | Literal["standard"] | None = "standard",
    handlers: Iterable[Handler] = (),
    before_session: SessionHook | None = None,
    stock_keeper: StockKeeper | None = None,
    shop: str = DEFAULT_SHOP,
    clock: Clock = utc_now,
) -> Checkout:
    """Put a blocking checkout together. Close it, or use it in a `with`.

    Arguments and errors are those of `open_async_checkout`.
    """
    return Checkout(
        open_async_checkout(
            settings,
            products=products,
            store=store,
            gateway=gateway,
            receipts=receipts,
            handlers=handlers,
            before_session=before_session,
            stock_keeper=stock_keeper,
            shop=shop,
            clock=clock,
        )
    )


def open_shops(settings: Settings | None = None) -> Shops:
    """Open the shops of `shops.toml` in the data folder; without that file the one shop of the settings.

    Raises:
        ConfigurationError: the file, a catalogue or a shop's settings cannot be used; the sentence names the shop.
    """
    settings = settings or Settings.load()
    path = settings.data_dir / FILE
    if not path.exists():
        return Shops.only(open_checkout(settings))
    tables = read_shops(path)
    store = open_store(settings.database_url.get_secret_value())
    opened = [_open_shop(table, path, settings, store) for table in tables]
    if len({checkout.settings.stripe_secret_key for checkout in opened}) < len(opened):
        # Of one account's events nobody could tell whose they are, and money without an order would go to either.
        raise ConfigurationError(f"{path} has two shops with the same Stripe key. Give each an account of its own.")
    by_host = {host: checkout for table, checkout in zip(tables, opened, strict=True) for host in table.hosts}
    return Shops(opened, by_host)


def _receipts(given: Handler | Literal["standard"] | None, settings: Settings) -> Handler | None:
    """Return the handler that sends receipts; one that takes its mail server from the settings is given them."""
    if given == "standard":
        return _standard_receipts(settings)
    if isinstance(given, type):
        raise InvalidHandler(f"receipts takes a {given.__name__}, and not the class: receipts={given.__name__}(…).")
    for_settings: Callable[[Settings], Handler] | None = getattr(given, "for_settings", None)
    return given if for_settings is None else for_settings(settings)


def _register_receipts(checkout: AsyncCheckout, receipts: Handler) -> None:
    """Let a handler send the receipt of a paid order, and once more whenever somebody asks for it."""
    paid: Handler = receipts
    again: Handler = receipts
    if isinstance(receipts, TicketReceipts):
        sending = ReceiptSending(receipts, checkout.tickets, checkout.gateway.urls)
        paid, again = sending.paid, sending.again
    checkout.on_paid(paid, name="receipt")
    checkout.on("receipt_requested", again, name="receipt again")


def _standard_receipts(settings: Settings) -> Handler | None:
    """Return what sends receipts; None when there is neither a mail server nor the extra that makes them."""
    # One of them may be there for something else, as Jinja is beside FastAPI.
    if settings.smtp_url is None and not all(map(find_spec, ("jinja2", "segno"))):
        return None
    from .receipts.mail import mailbox

    with extra("receipts"):
        from .receipts.message import Receipts
    return Receipts(settings.shop_name, mailbox(settings)).for_settings(settings)


def _open_shop(table: ShopTable, path: Path, settings: Settings, store: OrderStore) -> Checkout:
    try:
        own = settings_of(table, settings)
        catalog = read_catalog(path.parent / table.catalog)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}, shop {table.id}: {error.message}") from error
    if table.currency is not None and catalog.currencies != (table.currency,):
        raise ConfigurationError(
            f"{path}, shop {table.id}: its currency is {table.currency} and its catalogue's is "
            f"{' and '.join(catalog.currencies)}."
        )
    return open_checkout(own, products=catalog, store=store, shop=table.id)
