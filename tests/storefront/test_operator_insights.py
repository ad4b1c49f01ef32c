"""The operator's insights and exports."""

import pytest

from checkout_cli.demo_data import seed_store

from .conftest import text_of


def test_insights_without_orders_say_so(visit):
    assert "Nothing sold yet" in text_of(visit("insights"))


def test_insights_state_their_findings_and_give_the_numbers(visit, checkout):
    seed_store(checkout.settings.database_url, 2_000, 1, lambda done: None, settings=checkout.settings)
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
    assert len(page.get("vega_lite_chart")) == 6
    assert len(page.dataframe) == 6
    page.get("button_group")[0].set_value(365).run()
    assert "came in over 12 months" in text_of(page)
    assert not page.exception


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx"])
def test_orders_are_exported(visit, buy, ending):
    buy()
    page = visit("export")
    page.get("button_group")[1].set_value(ending).run()
    page.button(key="prepare").click().run()
    assert not page.exception
    (download,) = page.get("download_button")
    assert download.proto.label.startswith(f"Download orders.{ending}")


def test_an_export_without_orders_says_so(visit, checkout):
    page = visit("export")
    page.button(key="prepare").click().run()
    assert not page.exception
    assert not page.get("download_button") or "0.0 MB" in page.get("download_button")[0].proto.label
