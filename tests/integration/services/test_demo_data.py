"""Demo orders: they look like a shop's, they are the same for the same seed, and every store can read them."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pytest
from typeid import TypeID

from checkout_cli.demo_data import Batch, lessons, orders, seed_store
from checkout_cli.demo_data.batches import sessions_at_ends
from checkout_cli.demo_data.lessons import Planted, planted
from checkout_cli.demo_data.seed_plan import SeedPlan
from checkout_core import Checkout, OrderStatus, Settings, open_orders
from checkout_core.analytics import Orders, insights
from checkout_core.config.catalog import read_catalog
from checkout_core.domain.currencies import MAX_AMOUNT
from checkout_core.domain.errors import ConfigurationError
from checkout_core.domain.events import Decision, OrderEvent
from checkout_core.domain.orders import TRANSITIONS, Order, OrderItem, new_id
from checkout_core.domain.products import Catalog
from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore
from storefront.shipped import CATALOG

UNTIL = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return read_catalog(CATALOG)


@pytest.fixture(scope="module")
def year(catalog: Catalog) -> Batch:
    """20,000 orders as one batch."""
    return next(orders(20_000, catalog=catalog, until=UNTIL, batch=20_000))


@pytest.fixture(params=["duckdb", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "duckdb":
        return f"duckdb:///{tmp_path / 'orders.duckdb'}"
    return str(request.getfixturevalue("postgres_url"))


def together(batches: Iterator[Batch]) -> tuple[pa.Table, pa.Table]:
    made = list(batches)
    tables = [pa.concat_tables([batch[table] for batch in made]).unify_dictionaries() for table in (0, 1)]
    return tables[0], tables[1].sort_by("id")


def test_the_same_seed_gives_the_same_orders_in_batches_of_any_size(catalog: Catalog) -> None:
    one = together(orders(1_000, seed=7, catalog=catalog, until=UNTIL, batch=1_000))
    many = together(orders(1_000, seed=7, catalog=catalog, until=UNTIL, batch=137))
    assert one[0].to_pylist() == many[0].to_pylist()
    assert one[1].to_pylist() == many[1].to_pylist()


def test_a_run_can_begin_after_the_oldest_orders(catalog: Catalog) -> None:
    whole = together(orders(1_000, catalog=catalog, until=UNTIL))
    rest = together(orders(1_000, catalog=catalog, until=UNTIL, begin=700))
    assert rest[0].to_pylist() == whole[0].slice(700).to_pylist()
    ends = [(1_000, *(whole[0]["stripe_checkout_session_id"][place].as_py() for place in (0, -1)))]
    assert sessions_at_ends(1_000, catalog=catalog, until=UNTIL) == ends
    assert sessions_at_ends(0, catalog=catalog, until=UNTIL) == []


def test_other_seeds_give_other_orders_under_other_ids(catalog: Catalog) -> None:
    one, two = (next(orders(1_000, seed=seed, catalog=catalog, until=UNTIL)).orders for seed in (1, 2))
    assert one["amount_total"] != two["amount_total"]
    assert not set(one["id"].to_pylist()) & set(two["id"].to_pylist())


def test_ids_are_typeids_that_no_real_order_can_have(year: Batch) -> None:
    for table in year:
        ids = table["id"].to_pylist()
        assert len(set(ids)) == len(ids)
        for text in ids[:200]:
            made = TypeID.from_string(text)
            assert made.uuid.version == 8
            assert made.prefix in ("order", "event")
    assert TypeID.from_string(new_id("order")).uuid.version == 7
    assert len(set(year.orders["stripe_checkout_session_id"].to_pylist())) == year.orders.num_rows


def test_ids_sort_by_the_time_they_carry(year: Batch) -> None:
    ids = year.orders["id"].to_pylist()
    assert [text[:16] for text in ids] == sorted(text[:16] for text in ids)
    first = TypeID.from_string(ids[0]).uuid.int >> 80
    assert first == int(year.orders["created_at"][0].as_py().replace(tzinfo=UTC).timestamp() * 1000)


def test_evenings_and_weekends_are_busier(year: Batch) -> None:
    hours = Counter(pc.hour(year.orders["created_at"]).to_pylist())
    days = Counter(pc.day_of_week(year.orders["created_at"]).to_pylist())
    assert hours[19] + hours[20] > 5 * (hours[3] + hours[4])
    assert days[4] + days[5] > 1.4 * (days[0] + days[1])


def test_orders_fill_the_year_before_until_and_nothing_is_in_the_future(year: Batch) -> None:
    end = UNTIL.replace(tzinfo=None)
    created = year.orders["created_at"].to_pylist()
    assert created == sorted(created)
    assert end - timedelta(days=365) <= created[0] < end - timedelta(days=360)
    assert end - timedelta(days=1) < created[-1] < end
    assert pc.max(year.events["at"]).as_py() <= end
    assert pc.max(year.orders["updated_at"]).as_py() <= end


def test_shoppers_pay_decline_abandon_debit_and_get_money_back(year: Batch) -> None:
    statuses = Counter(year.orders["status"].to_pylist())
    assert set(statuses) == {str(status) for status in OrderStatus}
    assert 0.7 < statuses["paid"] / 20_000 < 0.85
    assert 0.12 < statuses["expired"] / 20_000 < 0.25
    kinds = Counter(year.events["kind"].to_pylist())
    assert kinds["pending"] == 20_000
    assert 0.4 < kinds["session_created"] / 20_000 - 1 < 0.7  # they left before step 2
    assert kinds["payment_declined"] > 500
    assert kinds["processing"] > 1_000
    assert kinds["refunded"] > kinds["partially_refunded"] > 100
    assert 20 < kinds["disputed"] < 200


def test_details_say_why_a_card_was_declined_and_what_is_disputed(year: Batch) -> None:
    told: dict[str, list[dict[str, object]]] = {
        "payment_declined": [],
        "disputed": [],
        "dispute_won": [],
        "dispute_lost": [],
        "partially_refunded": [],
    }
    for kind, detail in zip(year.events["kind"].to_pylist(), year.events["detail"].to_pylist(), strict=True):
        if kind in told:
            told[kind].append(json.loads(detail))
    assert {detail["decline_code"] for detail in told["payment_declined"]} >= {"insufficient_funds", "expired_card"}
    assert all(detail.keys() == {"dispute", "reason", "amount"} for detail in told["disputed"])
    assert len({detail["dispute"] for detail in told["disputed"]}) == len(told["disputed"])
    decided = {detail["dispute"] for kind in ("dispute_won", "dispute_lost") for detail in told[kind]}
    assert decided < {detail["dispute"] for detail in told["disputed"]}
    assert {detail["status"] for detail in told["dispute_won"]} == {"won"}
    for detail in told["partially_refunded"]:
        lines = detail["lines"]
        assert isinstance(lines, list)
        assert [line["amount"] for line in lines] == [detail["amount"]]


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> tuple[Orders, Planted]:
    """Demo orders of a year, and what is planted in them."""
    url = f"duckdb:///{tmp_path_factory.mktemp('taught') / 'orders.duckdb'}"
    settings = Settings()
    seed_store(url, 20_000, settings=settings, until=UNTIL)
    plan = SeedPlan(20_000, 1, read_catalog(settings.catalog_path), UNTIL, 365)
    return open_orders(url), planted(plan)


LESSONS: dict[str, tuple[str, Callable[[Planted], object]]] = {
    "the country that pays least": (
        "SELECT metadata ->> 'country' FROM orders WHERE currency = 'eur' GROUP BY 1 ORDER BY count(paid_at) / count(*) LIMIT 1",
        lambda planted: planted.worst_country,
    ),
    "the campaign that pays best": (
        "SELECT metadata ->> 'campaign' FROM orders WHERE metadata ->> 'campaign' IS NOT NULL GROUP BY 1 "
        "ORDER BY count(paid_at) / count(*) DESC LIMIT 1",
        lambda planted: planted.best_campaign,
    ),
    "the campaign that pays least": (
        "SELECT metadata ->> 'campaign' FROM orders WHERE metadata ->> 'campaign' IS NOT NULL GROUP BY 1 "
        "ORDER BY count(paid_at) / count(*) LIMIT 1",
        lambda planted: planted.worst_campaign,
    ),
    "the day of the outage": (
        "SELECT created_at::DATE FROM orders GROUP BY 1 HAVING count(*) > 20 ORDER BY count(paid_at) / count(*) LIMIT 1",
        lambda planted: planted.outage,
    ),
    "the week of the fraud": (
        "SELECT min(day) FROM (SELECT paid_at::DATE AS day FROM disputes GROUP BY 1 HAVING count(*) >= 4)",
        lambda planted: planted.fraud_from,
    ),
    "the day on which a price fell": (
        "SELECT min(created_at)::DATE FROM order_items AS i WHERE product = 'the-glass-orchard' AND currency = 'eur' "
        "AND unit_amount < (SELECT max(unit_amount) FROM order_items WHERE product = i.product AND currency = 'eur')",
        lambda planted: planted.price_cut_on,
    ),
    "the product that was sold out": (
        "WITH days AS (SELECT DISTINCT product, created_at::DATE AS day FROM order_items), gaps AS (SELECT product, day, "
        "day - lag(day) OVER (PARTITION BY product ORDER BY day) AS gap FROM days WHERE product IN "
        "('moth-hour', 'salt-and-saturn', 'tin-sparrow')) SELECT product FROM gaps ORDER BY gap DESC NULLS LAST LIMIT 1",
        lambda planted: planted.sold_out,
    ),
}


@pytest.mark.parametrize("lesson", LESSONS)
def test_each_question_finds_what_is_planted(taught: tuple[Orders, Planted], lesson: str) -> None:
    orders, planted = taught
    query, expected = LESSONS[lesson]
    [[found]] = [list(row.values()) for row in orders.sql(query, as_="arrow").to_pylist()]
    assert found == expected(planted)


@pytest.mark.parametrize("by", ["product", "price", "country", "device", "campaign", "hour"])
def test_conversion_differs_by_everything(taught: tuple[Orders, Planted], by: str) -> None:
    numbers = insights.conversion(taught[0].sql, by, currency="eur").numbers.query("orders >= 50")
    assert numbers["share"].max() - numbers["share"].min() > 0.08


def test_fees_and_refunds_differ_too(taught: tuple[Orders, Planted]) -> None:
    for by in ("brand", "country", "payment_method"):
        shares = insights.fees(taught[0].sql, by).numbers["share"]
        assert shares.max() > 1.3 * shares.min()
    back = taught[0].sql("""
        SELECT product, count(*) FILTER (status = 'refunded') / count(*) AS share
        FROM order_items WHERE paid_at IS NOT NULL GROUP BY product
    """)
    assert back["share"].max() > 3 * back["share"].min()


def test_what_is_read_of_the_history_is_numbered_without_gaps(url: str, settings: Settings) -> None:
    seed_store(url, 50, settings=settings, until=UNTIL)
    seed_store(url, 50, 2, settings=settings, until=UNTIL)
    numbers = open_orders(url).sql("SELECT seq FROM order_events ORDER BY seq")["seq"].tolist()
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_some_shoppers_come_back_and_keep_their_name_and_currency(year: Batch) -> None:
    shoppers = year.orders.group_by("email").aggregate([("name", "count_distinct"), ("currency", "count_distinct")])
    assert 0.5 < shoppers.num_rows / 20_000 < 0.85
    assert set(shoppers["name_count_distinct"].to_pylist()) == {1}
    assert set(shoppers["currency_count_distinct"].to_pylist()) == {1}
    assert max(Counter(year.orders["email"].to_pylist()).values()) >= 5


def test_prices_are_those_of_the_catalogue_and_yen_have_no_cents(year: Batch, catalog: Catalog) -> None:
    sold: dict[str, set[tuple[str, int]]] = {}
    for items, currency in zip(year.orders["items"].to_pylist(), year.orders["currency"].to_pylist(), strict=True):
        assert len({item["product"] for item in items}) == len(items)
        for item in items:
            product = catalog[item["product"]]
            assert item["name"] == product.name
            assert 1 <= item["quantity"] <= product.max_quantity
            sold.setdefault(currency, set()).add((product.id, item["unit_amount"]))
    assert len(sold) >= 4
    own = {(product.id, product.unit_amount) for product in catalog.values()}
    cut = list(catalog)[lessons.PRICE_CUT]
    assert sold[catalog.currency] - own == {(cut, catalog[cut].unit_amount * 5 // 4 // 10 * 10)}  # before it fell
    assert own < sold[catalog.currency]
    euros, yen = dict(own), {product: amount for product, amount in sold["jpy"] if product != cut}
    assert all(1.5 < yen[product] / euros[product] < 1.8 for product in yen)


def test_time_to_pay_is_about_a_minute_and_a_debit_takes_days(year: Batch) -> None:
    paid = year.orders.filter(pc.is_valid(year.orders["paid_at"]))
    seconds = sorted(
        (pay - made).total_seconds()
        for pay, made in zip(paid["paid_at"].to_pylist(), paid["created_at"].to_pylist(), strict=True)
    )
    assert 30 < seconds[len(seconds) // 2] < 90
    assert seconds[0] >= 4
    assert seconds[-1] > 86_400


def test_every_order_reads_back_with_a_history_that_the_transition_table_allows(url: str, settings: Settings) -> None:
    assert seed_store(url, 300, 3, settings=settings, until=UNTIL) == 300
    with BlockingOrderStore(open_store(url)) as store:
        found = store.find(limit=1_000)
        assert len(found) == 300
        for order in found:
            assert store.get_by_id(order.id) == order
            assert order.metadata["demo"] == "true"
            assert {"device", "country"} <= order.metadata.keys()
            assert order.amount_subtotal == sum(item.amount_subtotal for item in order.items) > 0
            assert order.amount_total == order.amount_subtotal - order.amount_discount + order.amount_shipping
            assert (order.amount_fee is not None) == (order.paid_at is not None)
            assert order.currency != order.balance_currency or order.amount_total == sum(
                (order.amount_fee or 0, order.amount_net or 0)
            )
            assert not order.paid_at or order.payment_note.startswith("Paid with")
            assert order.amount_refunded <= order.amount_total
            assert (order.amount_refunded == order.amount_total) == (order.status is OrderStatus.refunded)
            assert (order.paid_at is not None) == (order.status in (OrderStatus.paid, OrderStatus.refunded))
            assert order.created_at <= order.updated_at <= UNTIL
            told_by(list(store.events(order.stripe_checkout_session_id)), order.status, order.amount_refunded)


def told_by(events: list[OrderEvent], status: OrderStatus, amount_refunded: int) -> None:
    kinds = [event.kind for event in events]
    assert kinds[:2] == ["session_created", "pending"]
    assert events[0].order_id is None
    assert len({event.order_id for event in events[1:]}) == 1
    assert [event.at for event in events] == sorted(event.at for event in events)
    moves = [OrderStatus[kind.name] for kind in kinds if kind.name in OrderStatus.__members__]
    assert all(after in TRANSITIONS[before] for before, after in pairwise(moves))
    assert moves[-1] is status
    assert sum(event.detail["amount"] for event in events if "refunded" in event.kind) == amount_refunded
    assert all((event.stripe_event_id is not None) == (event.source == "webhook") for event in events)


def test_the_events_say_what_step_1_says(url: str, settings: Settings, duckdb_checkout: Checkout) -> None:
    seed_store(url, 20, settings=settings, until=UNTIL)
    product = next(product.id for product in duckdb_checkout.catalog.values() if not product.sold_out)
    real = duckdb_checkout.history(duckdb_checkout.create_session({product: 1}).id)[0]
    with BlockingOrderStore(open_store(url)) as store:
        order = store.find(limit=1)[0]
        made = store.events(order.stripe_checkout_session_id)[0]
    assert (made.kind, made.source, made.detail.keys()) == (real.kind, real.source, real.detail.keys())
    assert made.detail["amount_total"] == order.amount_subtotal
    assert made.detail["products"] == [item.product for item in order.items]


def test_seeding_again_writes_nothing_twice(url: str, settings: Settings) -> None:
    heard: list[int] = []
    assert seed_store(url, 100, settings=settings, until=UNTIL) == 100
    assert seed_store(url, 100, 1, heard.append, settings=settings, until=UNTIL) == 0
    assert heard == [100]
    assert seed_store(url, 100, 2, settings=settings, until=UNTIL) == 100
    with BlockingOrderStore(open_store(url)) as store:
        found = store.find(limit=1_000)
        assert len(found) == 200
        assert (
            sum(event.kind == "pending" for order in found for event in store.events(order.stripe_checkout_session_id))
            == 200
        )


def test_an_interrupted_run_is_finished_by_repeating_it(
    url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_small_batches(*arguments: object, **options: object) -> Iterator[Batch]:
        return orders(*arguments, **options, batch=40)  # type: ignore[arg-type]

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("checkout_cli.demo_data.seeding.orders", in_small_batches)
    with pytest.raises(KeyboardInterrupt):
        seed_store(url, 100, 1, stop, settings=settings, until=UNTIL)
    heard: list[int] = []
    assert seed_store(url, 100, 1, heard.append, settings=settings, until=UNTIL) == 60
    assert heard == [40, 80, 100]
    with BlockingOrderStore(open_store(url)) as store:
        assert len(store.find(limit=1_000)) == 100


@pytest.mark.parametrize("several", [False, True])
def test_orders_that_are_there_are_not_made_again(
    url: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, several: bool
) -> None:
    if several:
        two_shops(tmp_path, monkeypatch)

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seed_store(url, 101, 1, stop, settings=settings, until=UNTIL)
    heard: list[int] = []  # once for what is there, and once for each batch that is made
    assert seed_store(url, 101, 1, heard.append, settings=settings, until=UNTIL) == (50 if several else 0)
    assert heard == ([51, 101] if several else [101])
    assert seed_store(url, 101, 1, heard.append, settings=settings, until=UNTIL) == 0
    assert heard[-1] == 101
    assert len(heard) == (3 if several else 2)


@pytest.mark.parametrize("before", [40, 60, 100])
def test_a_run_is_finished_in_batches_of_another_size(
    url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    def stop(done: int) -> None:
        raise KeyboardInterrupt

    def batches_of(size: int) -> Callable[..., Iterator[Batch]]:
        return lambda *arguments, **options: orders(*arguments, **options, batch=size)

    monkeypatch.setattr("checkout_cli.demo_data.seeding.orders", batches_of(before))
    with pytest.raises(KeyboardInterrupt):
        seed_store(url, 200, 1, stop, settings=settings, until=UNTIL)
    monkeypatch.setattr("checkout_cli.demo_data.seeding.orders", batches_of(80))
    assert seed_store(url, 200, 1, settings=settings, until=UNTIL) == 200 - before
    counted = "SELECT count(*) AS n, count(DISTINCT id) AS ids FROM"
    whole = together(orders(200, seed=1, catalog=read_catalog(settings.catalog_path), until=UNTIL))
    for table, rows in zip(("orders", "order_events"), whole, strict=True):
        assert open_orders(url).sql(f"{counted} {table}").iloc[0].tolist() == [len(rows), len(rows)]


def test_a_shop_that_is_open_keeps_its_orders_while_it_is_seeded(duckdb_checkout: Checkout) -> None:
    product = next(product.id for product in duckdb_checkout.catalog.values() if not product.sold_out)
    session = duckdb_checkout.create_session({product: 1})
    mine = duckdb_checkout.create_pending_order(session.id, email="anna@example.com")
    seed_store(duckdb_checkout.settings.database_url.get_secret_value(), 50, settings=duckdb_checkout.settings)
    again = duckdb_checkout.create_pending_order(session.id, email="anna@example.org")
    assert again.id == mine.id
    assert len(duckdb_checkout.store.find()) == 51


def test_a_live_key_is_refused_and_nothing_is_written(make_settings: Callable[..., Settings], tmp_path: Path) -> None:
    live = make_settings(
        STRIPE_SECRET_KEY="sk_live_x",
        STRIPE_PUBLISHABLE_KEY="pk_live_x",
        STRIPE_API_BASE="",
        CHECKOUT_PUBLIC_URL="https://shop.test",
        CHECKOUT_OPERATOR_PASSWORD="long enough, now",
    )
    with pytest.raises(ConfigurationError, match="live key"):
        seed_store(live.database_url.get_secret_value(), 10, settings=live)
    assert not (tmp_path / "orders.duckdb").exists()


def test_demo_orders_are_not_written_to_memory_where_nobody_would_see_them(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be written to a store in memory.*duckdb:///"):
        seed_store("memory://", 10, settings=settings)


def two_shops(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for shop, product in (("lantern", "film"), ("books", "atlas")):
        (folder / f"{shop}.toml").write_text(
            f'[[product]]\nid = "{product}"\nname = "{product}"\nunit_amount = 900\ncurrency = "eur"\n'
        )
        with (folder / "shops.toml").open("a") as tables:
            tables.write(
                f"""
                [[shop]]
                id = "{shop}"
                name = "{shop}"
                hosts = ["{shop}.test"]
                public_url = "https://{shop}.test"
                catalog = "{shop}.toml"
                secret_key = "{shop.upper()}_SECRET_KEY"
                publishable_key = "{shop.upper()}_PUBLISHABLE_KEY"
                """
            )
        monkeypatch.setenv(f"{shop.upper()}_SECRET_KEY", f"sk_test_{shop}")
        monkeypatch.setenv(f"{shop.upper()}_PUBLISHABLE_KEY", f"pk_test_{shop}")


def test_several_shops_share_the_orders_and_each_sells_its_own(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_shops(tmp_path, monkeypatch)
    assert seed_store(settings.database_url.get_secret_value(), 501, settings=settings, until=UNTIL) == 501
    assert seed_store(settings.database_url.get_secret_value(), 501, settings=settings, until=UNTIL) == 0
    for shop, product, count in (("lantern", "film", 251), ("books", "atlas", 250)):
        own = open_orders(settings.database_url.get_secret_value(), shop=shop)
        assert len(own.sql("SELECT id FROM orders")) == count
        funnel = own.sql("SELECT product, sum(sessions) AS n, sum(pending) AS made FROM checkout_funnel GROUP BY ALL")
        assert funnel["product"].to_list() == [product]
        assert funnel["made"].to_list() == [count]
        assert funnel["n"][0] > count * 1.3  # those who left are the shop's, too
    everything = open_orders(settings.database_url.get_secret_value()).sql("SELECT shop, created_at FROM orders")
    assert everything.groupby("shop", observed=True)["created_at"].agg(set).pipe(lambda at: not at.iloc[0] & at.iloc[1])


def test_a_live_key_of_any_shop_is_refused(
    make_settings: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = make_settings(STRIPE_API_BASE="", CHECKOUT_OPERATOR_PASSWORD="long enough, now")
    two_shops(tmp_path, monkeypatch)
    monkeypatch.setenv("LANTERN_SECRET_KEY", "sk_live_lantern")
    monkeypatch.setenv("LANTERN_PUBLISHABLE_KEY", "pk_live_lantern")
    with pytest.raises(ConfigurationError, match="key of lantern is a live key"):
        seed_store(settings.database_url.get_secret_value(), 10, settings=settings)
    assert not (tmp_path / "orders.duckdb").exists()


def test_a_store_with_orders_of_a_live_key_is_refused_whatever_the_key_is_now(url: str, settings: Settings) -> None:
    now = datetime.now(UTC)
    real = Order(
        id=new_id("order"),
        stripe_checkout_session_id="cs_live_a1",
        items=(OrderItem(product="tea", name="Tea", unit_amount=450, quantity=1),),
        currency="eur",
        amount_total=450,
        created_at=now,
        updated_at=now,
    )
    with BlockingOrderStore(open_store(url)) as store:
        store.update(real.stripe_checkout_session_id, lambda before: Decision(real))
    with pytest.raises(ConfigurationError, match="made with a live key"):
        seed_store(url, 10, settings=settings)
    with BlockingOrderStore(open_store(url)) as store:
        assert store.find() == [real]


@pytest.mark.parametrize(("unit_amount", "currency"), [(0, "eur"), (MAX_AMOUNT, "eur"), (700, "kwd"), (5, "jpy")])
def test_a_catalogue_of_one_product_is_enough(tmp_path: Path, unit_amount: int, currency: str) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(
        f'[[product]]\nid = "a"\nname = "A \\"quoted\\" thing"\nunit_amount = {unit_amount}\ncurrency = "{currency}"'
    )
    made = next(orders(500, catalog=read_catalog(path), until=UNTIL)).orders
    assert currency in made["currency"].to_pylist()
    assert 0 <= pc.min(made["amount_total"]).as_py() <= pc.max(made["amount_total"]).as_py() <= MAX_AMOUNT
    assert {item["product"] for items in made["items"].to_pylist() for item in items} == {"a"}


def test_no_orders_are_no_batches_and_nonsense_is_refused(catalog: Catalog) -> None:
    assert list(orders(0, catalog=catalog, until=UNTIL)) == []
    with pytest.raises(ValueError, match="count"):
        list(orders(-1, catalog=catalog, until=UNTIL))
    with pytest.raises(ValueError, match="time zone"):
        list(orders(1, catalog=catalog, until=UNTIL.replace(tzinfo=None)))
