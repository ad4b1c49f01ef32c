"""The operator's insights and exports."""

from types import SimpleNamespace

import pytest
from streamlit import runtime
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from checkout_cli.demo_data import seed_store
from checkout_core import Checkout
from storefront import downloads
from tests.support.storefront import Buy, VisitPage, elements, text_of


def test_insights_without_orders_say_so(visit: VisitPage) -> None:
    assert "Nothing sold yet" in text_of(visit("insights"))


def test_insights_state_their_findings_and_give_the_numbers(visit: VisitPage, checkout: Checkout) -> None:
    seed_store(
        checkout.settings.database_url.get_secret_value(), 2_000, 1, lambda done: None, settings=checkout.settings
    )
    page = visit("insights")
    text = text_of(page)
    for finding in (
        "came in over 30 days",
        "gets paid; the most is lost",
        "have paid within",
        "of orders were paid",
        "left behind",
        "buy again",
    ):
        assert finding in text
    assert len(elements(page, "vega_lite_chart")) == 6
    assert len(page.dataframe) == 6
    elements(page, "button_group")[0].set_value(365).run()
    assert "came in over 12 months" in text_of(page)
    assert not page.exception


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx"])
def test_orders_are_exported_by_the_click_and_not_before(visit: VisitPage, buy: Buy, ending: str) -> None:
    buy()
    page = visit("export")
    elements(page, "button_group")[1].set_value(ending).run()
    assert not page.exception
    (download,) = elements(page, "download_button")
    assert download.proto.label == f"Download orders.{ending}"
    assert not download.proto.url


def test_an_export_without_orders_says_so(visit: VisitPage, checkout: Checkout) -> None:
    page = visit("export")
    assert not page.exception
    assert not elements(page, "download_button")
    assert "nothing to export" in text_of(page)


@pytest.fixture
def files() -> MediaFileManager:
    downloads.serve_for_a_minute()
    return MediaFileManager(MemoryMediaFileStorage("/media"))


def address_of(files: MediaFileManager) -> str:
    """Ask for a download; return where Streamlit serves it."""
    deferred = files.add_deferred(lambda: b"all shoppers", "text/csv", "1.0", "orders.csv")
    return files.execute_deferred(deferred)


def test_the_address_of_a_download_is_good_for_a_minute(
    files: MediaFileManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = address_of(files).rpartition("/")[2]
    assert name.endswith(".csv")
    read = files.read_file(name)
    assert read is not None
    assert read.content == b"all shoppers"
    monkeypatch.setattr(downloads, "GOOD_SECONDS", -1.0)
    assert files.read_file(name) is None


def test_signing_out_removes_downloads_that_nobody_fetched(
    files: MediaFileManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = address_of(files).rpartition("/")[2]
    monkeypatch.setattr(runtime, "exists", lambda: True)
    monkeypatch.setattr(runtime, "get_instance", lambda: SimpleNamespace(media_file_mgr=files))
    downloads.forget_unfetched()
    assert files.read_file(name) is None


def test_pictures_are_served_as_often_as_they_are_asked_for(files: MediaFileManager) -> None:
    name = files.add(b"a picture", "image/png", "1.0").rpartition("/")[2]
    assert files.read_file(name) == files.read_file(name)
    assert files.read_file(name) is not None
