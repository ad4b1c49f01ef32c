"""The shops of an installation, by the host that a request names."""

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from ..config.shops import hostname
from ..domain.errors import UnknownShop
from . import portal
from .blocking import Checkout


class Shops:
    """The shops of an installation. Closing it closes them, and the store that they share, once."""

    def __init__(self, checkouts: Sequence[Checkout], by_host: Mapping[str, Checkout] | None = None) -> None:
        self._checkouts = tuple(checkouts)
        self._by_host = by_host

    @classmethod
    def only(cls, checkout: Checkout) -> Self:
        """Return one shop, which answers every host."""
        return cls([checkout])

    def at(self, host: str) -> Checkout:
        """Return the shop that a request's `Host` header names; a port does not matter.

        Raises:
            UnknownShop: no shop has this host.
        """
        if self._by_host is None:
            return self._checkouts[0]
        try:
            return self._by_host[hostname(host)]
        except KeyError:
            raise UnknownShop from None

    def shared_accounts(self) -> list[list[str]]:
        """Return the ids of shops whose keys are of one Stripe account, by account; none for most installations.

        Their sessions are told apart by their marks. Each shop's webhooks and events tell of the others', too. Asks
        Stripe once for each shop.

        Raises:
            StripeError: Stripe does not answer, or does not take a key.
        """
        by_account: dict[str, list[str]] = {}
        for checkout in self._checkouts:
            account = portal.run(checkout.gateway.account_id()) if len(self) > 1 else None
            if account is not None:
                by_account.setdefault(account, []).append(checkout.shop)
        return [shops for shops in by_account.values() if len(shops) > 1]

    def __iter__(self) -> Iterator[Checkout]:
        return iter(self._checkouts)

    def __len__(self) -> int:
        return len(self._checkouts)

    def close(self) -> None:
        """Finish what is in flight in every shop, and only then let go of the store that they share."""
        for checkout in self._checkouts:
            checkout.finish()
        for checkout in self._checkouts:
            checkout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
