"""How the storefront looks, also when it is started from another folder than the project's."""

from pathlib import Path

THEME = Path(__file__).with_name("theme.toml")


def config() -> dict[str, str | bool | int | list[str]]:
    """Return options for `st.App(...).run(config=...)`: our theme and none of Streamlit's own furniture."""
    return {
        "theme.base": str(THEME),
        "runner.fastReruns": False,
        # A full collection after every click would walk all of DuckDB's, Stripe's and Streamlit's modules: Python's
        # own, now and then, is enough.
        "runner.postScriptGC": False,
        "server.enableStaticServing": True,
        "server.enableWebsocketCompression": True,
        # A browser that has a picture or the style sheet already is sent its hash, not the text again.
        "global.minCachedMessageSize": 2000,
        "global.maxCachedMessageAge": 50,
        "client.toolbarMode": "viewer",
        # No page around ours may give it orders. Streamlit lets its own cloud, and checks each message against that list.
        "client.allowedOrigins": [],
        "client.showErrorDetails": "none",
        "browser.gatherUsageStats": False,
    }
