"""How the storefront looks, for whoever starts it from another folder than the project's."""

from pathlib import Path

THEME = Path(__file__).with_name("theme.toml")


def config() -> dict[str, str | bool]:
    """Options for `st.App(...).run(config=...)`: our theme and none of Streamlit's own furniture."""
    return {
        "theme.base": str(THEME),
        "client.toolbarMode": "viewer",
        "client.showErrorDetails": "none",
        "browser.gatherUsageStats": False,
    }
