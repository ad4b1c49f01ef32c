"""The orders are found from every folder of a project, and else it is said where they were looked for."""

from pathlib import Path

import pytest

from checkout_cli.demo_data import orders_to_explore
from checkout_core.analytics import open_orders
from checkout_core.domain.errors import StoreUnavailable
from checkout_core.stores import open_store
from checkout_core.stores.blocking import BlockingOrderStore
from tests.support.orders import an_order, creating, paying


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with an order in its data folder."""
    folder = tmp_path / "project"
    for name in ("data", "notebooks/mine", ".git"):
        (folder / name).mkdir(parents=True)
    with BlockingOrderStore(open_store(f"duckdb:///{folder}/data/orders.duckdb")) as store:
        store.update("cs_1", creating(an_order("cs_1")))
        store.update("cs_1", paying())
    for name in ("CHECKOUT_DATABASE_URL", "CHECKOUT_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.mark.parametrize("place", [".", "data", "notebooks", "notebooks/mine"])
@pytest.mark.parametrize("url", [None, "duckdb:///data/orders.duckdb"])
def test_orders_are_found_from_any_folder(
    project: Path, place: str, url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / place)
    assert len(open_orders(url).sql("FROM orders")) == 1
    with open_orders(url).connect() as copy:
        assert len(copy.sql("FROM orders")) == 1


@pytest.mark.parametrize("place", ["notebooks", "notebooks/mine"])
def test_the_projects_env_file_counts(project: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checkout_core.config.settings.ENV_FILE", ".env")
    (project / "data" / "orders.duckdb").rename(project / "data" / "others.duckdb")
    (project / ".env").write_text(
        "CHECKOUT_DATABASE_URL=duckdb:///data/others.duckdb\nCHECKOUT_TIMEZONE=Europe/Berlin\n"
    )
    monkeypatch.chdir(project / place)
    orders = open_orders()
    assert (len(orders.sql("FROM orders")), orders.zone) == (1, "Europe/Berlin")


def test_notebooks_follow_the_same_rule(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project / "notebooks" / "mine")
    assert len(orders_to_explore().sql("FROM orders")) == 1
    assert "your own orders" in capsys.readouterr().out


def test_a_store_that_comes_later_is_found(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "notebooks")
    orders = open_orders("duckdb:///data/later.duckdb")
    with pytest.raises(StoreUnavailable) as caught:
        orders.sql("FROM orders")
    assert f"{project}/notebooks/data/later.duckdb, {project}/data/later.duckdb" in str(caught.value)
    (project / "data" / "orders.duckdb").rename(project / "data" / "later.duckdb")
    assert len(orders.sql("FROM orders")) == 1


def test_nobody_looks_above_a_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = project / "notebooks" / "other"
    (inner / ".git").mkdir(parents=True)
    monkeypatch.chdir(inner)
    with pytest.raises(StoreUnavailable, match=r"at \S+/other/data/orders\.duckdb\. Run"):
        open_orders().sql("FROM orders")


def test_a_shop_has_its_own_time_zone(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHECKOUT_TIMEZONE", "Europe/Berlin")
    monkeypatch.chdir(project / "notebooks")
    (project / "data" / "shops.toml").write_text(
        "".join(
            f'[[shop]]\nid = "{name}"\nname = "Shop"\nhosts = ["{name}.example"]\npublic_url = "https://{name}.example"\n{own}\n'
            for name, own in (("annex", 'timezone = "Asia/Tokyo"'), ("default", ""))
        )
    )
    assert open_orders(shop="annex").zone == "Asia/Tokyo"
    assert open_orders(shop="default").zone == open_orders().zone == "Europe/Berlin"
    assert open_orders(shop="annex", timezone="UTC").zone == "UTC"
