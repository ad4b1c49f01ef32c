"""The table of pages."""

import pytest

from storefront.pages import OPERATOR_PAGES, PAGES, Page
from tests.support.storefront import APP, OpenShop, VisitPage, labels


def test_every_view_is_a_page_and_every_page_has_a_view() -> None:
    views = {f"views/{file.name}" for file in (APP.parent / "views").glob("[a-z]*.py")}
    assert {page.view for page in PAGES} == views


def test_paths_are_unique_and_the_first_page_has_none() -> None:
    assert len({page.path for page in PAGES}) == len(PAGES)
    assert PAGES[0].path == ""


@pytest.mark.parametrize("path", OPERATOR_PAGES)
def test_every_operator_page_links_to_those_in_the_navigation(visit: VisitPage, path: str) -> None:
    shown = labels(visit(path), "page_link")
    wanted = [page.title for page in PAGES if page.in_navigation]
    assert [label for label in shown if label in wanted] == wanted


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path or "shop")
def test_a_page_asks_for_the_password_if_and_only_if_it_is_for_operators(open_shop: OpenShop, page: Page) -> None:
    shop = open_shop(operator_password="open sesame").switch_page(page.view).run()
    assert ("Password" in [field.label for field in shop.text_input]) is page.for_operators
