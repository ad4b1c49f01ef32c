"""Names of the storefront's modules."""

import sys

import pytest

from tests.support.storefront import APP

MODULES = sorted(file.stem for file in APP.parent.glob("*.py") if file.stem != "__init__")


@pytest.mark.parametrize("name", MODULES)
def test_no_module_has_the_name_of_one_of_pythons_own(name: str) -> None:
    """`streamlit run storefront/app.py` puts the folder first on the path, where it would be found instead."""
    assert name not in sys.stdlib_module_names
