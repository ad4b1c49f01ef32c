"""A short run of every attack of `make hardening`."""

from pathlib import Path

import pytest

from .attacks import ATTACKS
from .outcome import Attack


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.title)
def test_the_shop_withstands_it(attack: Attack, tmp_path: Path) -> None:
    outcome = attack.run(tmp_path, attack.quick)
    assert outcome.withstood, outcome
