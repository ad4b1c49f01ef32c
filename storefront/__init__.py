"""The Streamlit shop: `app.py` draws the frame, `pages.py` lists the pages, `views/` has one file for each.

What other Streamlit apps use is in `checkout_core.streamlit`.
"""
