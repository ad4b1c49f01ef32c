"""The pages of the storefront, in one table: what serves them, who may see them, and how one gets there."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Args:
        path: its address below the shop's; the first page has none.
        title: in the browser's tab, before the shop's name.
        for_operators: whether only operators may see it. Its view must then be drawn inside `operator.layout.page`.
        in_navigation: whether every operator page has a link to it, under its title.
        opening: what the browser shows while the page loads.
    """

    path: str
    title: str
    for_operators: bool = False
    in_navigation: bool = False
    opening: str = "Opening …"

    @property
    def view(self) -> str:
        """The file that draws it, as Streamlit names pages."""
        return f"views/{self.path or 'shop'}.py"

    def title_in(self, shop: str, shelf: str) -> str:
        """Return what the browser's tab shows.

        Args:
            shop: the shop's name.
            shelf: what it calls the page with all that it sells.
        """
        return f"{self.title} · {shop}" if self.path else f"{shop} · {shelf}"


SHOP = Page("", "Shop")
PAGES = (
    SHOP,
    Page("cart", "Cart"),
    Page("checkout", "Checkout"),
    Page("confirmation", "Your order", opening="Looking up your order …"),
    Page("ticket", "Your order", opening="Looking up your order …"),
    Page("backstage", "Backstage"),
    Page("orders", "Orders", for_operators=True, in_navigation=True),
    Page("order", "Order", for_operators=True),
    Page("door", "Door", for_operators=True, in_navigation=True),
    Page("stock", "Stock", for_operators=True, in_navigation=True),
    Page("insights", "Insights", for_operators=True, in_navigation=True),
    Page("export", "Export", for_operators=True, in_navigation=True),
)
OPERATOR_PAGES = {page.path: page for page in PAGES if page.for_operators}
