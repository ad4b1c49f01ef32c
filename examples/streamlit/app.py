"""A tip jar that takes real payments: `streamlit run app.py`."""

import streamlit as st

from checkout_core.streamlit import checkout_button

st.title("Tip the projectionist")
mugs = st.slider("Mugs of coffee", 1, 10, 2)
order = checkout_button({"coffee": mugs}, label="Tip")
if order:
    st.success(f"Thank you! {order.total}, order {order.id}, is {order.status}.")
