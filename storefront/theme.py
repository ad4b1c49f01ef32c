"""How the storefront looks, for whoever starts it from another folder than the project's."""

from pathlib import Path

THEME = Path(__file__).with_name("theme.toml")


def config() -> dict[str, str | bool | int]:
    """Options for `st.App(...).run(config=...)`: our theme and none of Streamlit's own furniture."""
    return {
        "theme.base": str(THEME),
        "runner.fastReruns": False,
        "server.enableStaticServing": True,
        # A browser that has a picture or the style sheet already is sent its hash, not the text again.
        "global.minCachedMessageSize": 2000,
        "client.toolbarMode": "viewer",
        "client.showErrorDetails": "none",
        "browser.gatherUsageStats": False,
    }
