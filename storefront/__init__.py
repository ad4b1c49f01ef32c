"""The demo shop, in Streamlit."""
