"""The operator's insights and exports."""

import pytest

from checkout_cli.demo_data import seed_store
from checkout_core import Checkout
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
def test_orders_are_exported(visit: VisitPage, buy: Buy, ending: str) -> None:
    buy()
    page = visit("export")
    elements(page, "button_group")[1].set_value(ending).run()
    page.button(key="prepare").click().run()
    assert not page.exception
    (download,) = elements(page, "download_button")
    assert download.proto.label.startswith(f"Download orders.{ending}")


def test_an_export_without_orders_says_so(visit: VisitPage, checkout: Checkout) -> None:
    page = visit("export")
    page.button(key="prepare").click().run()
    assert not page.exception
    assert not elements(page, "download_button") or "0.0 MB" in elements(page, "download_button")[0].proto.label
