from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient

from api import create_app
from checkout_core import Checkout, Settings
from tests.support.operators import PASSWORD


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    """Settings with an operator password."""
    return make_settings(CHECKOUT_OPERATOR_PASSWORD=PASSWORD)


@pytest.fixture
def client(checkout: Checkout) -> Iterator[TestClient]:
    """A client of the API of `checkout`, which is answered whatever goes wrong."""
    with TestClient(create_app(checkout), raise_server_exceptions=False) as client:
        yield client
