"""Every page does what it says: a reader follows all its code, block by block."""

from pathlib import Path

import pytest

from stripe_simulator import SyncSimulator
from tests.e2e.documentation.reader import DATABASE, IN_THE_CHECKOUT, Reader
from tests.support.markdown import blocks, pages
from tests.support.programs import ROOT

WITH_CODE = [page.relative_to(ROOT) for page in pages() if blocks(page)]


@pytest.mark.parametrize("page", WITH_CODE, ids=str)
def test_a_reader_can_follow_the_page(
    page: Path,
    stripe_url: str,
    simulator: SyncSimulator,
    tmp_path: Path,
    *,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    def pay(session_id: str) -> None:
        simulator.pay_session(session_id, "4242424242424242", "anna@example.com")

    in_the_checkout = any(page.match(each) and page.parent.parts in ((), ("docs",)) for each in IN_THE_CHECKOUT)
    needs_postgres = any(block.language == "python" and DATABASE in block.text for block in blocks(ROOT / page))
    database = str(request.getfixturevalue("postgres_url")) if needs_postgres else ""
    with Reader(tmp_path, stripe_url, pay, in_the_checkout=in_the_checkout, database=database) as reader:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("STRIPE_API_BASE", stripe_url)
        for block in blocks(ROOT / page):
            try:
                reader.follow(block)
            except Exception as error:
                error.add_note(f"{page}, line {block.line}")
                raise
        reader.finish()
