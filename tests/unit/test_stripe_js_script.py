"""The script that is made of the modules of Stripe.js."""

import re
from collections import Counter

import pytest

from stripe_simulator.browser.script import FOLDER, RELEASES, V3, stripe_js

DECLARED = re.compile(r"^(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)


@pytest.mark.parametrize("release", [*RELEASES, V3])
def test_the_script_has_all_modules_and_no_name_twice(release: str) -> None:
    script = stripe_js(release)
    assert not re.search(r"^(import|export) ", script, re.MULTILINE)
    assert script.endswith(f'start("{release}");\n}})();\n')
    names = Counter(DECLARED.findall(script))
    assert [name for name, times in names.items() if times > 1] == []
    for module in FOLDER.iterdir():
        declared = DECLARED.findall(re.sub(r"^export ", "", module.read_text(encoding="utf-8"), flags=re.MULTILINE))
        assert set(declared) <= set(names), module.name
