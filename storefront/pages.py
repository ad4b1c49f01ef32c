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
    """

    path: str
    title: str
    for_operators: bool = False
    in_navigation: bool = False

    @property
    def view(self) -> str:
        """The file that draws it, as Streamlit names pages."""
        return f"views/{self.path or 'shop'}.py"


SHOP = Page("", "Shop")
PAGES = (
    SHOP,
    Page("cart", "Cart"),
    Page("checkout", "Checkout"),
    Page("confirmation", "Your order"),
    Page("orders", "Orders", for_operators=True, in_navigation=True),
    Page("order", "Order", for_operators=True),
    Page("stock", "Stock", for_operators=True, in_navigation=True),
    Page("insights", "Insights", for_operators=True, in_navigation=True),
    Page("export", "Export", for_operators=True, in_navigation=True),
)
OPERATOR_PAGES = {page.path: page for page in PAGES if page.for_operators}
