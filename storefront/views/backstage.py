"""Backstage in a window of its own: large letters and the sequence diagram, for an audience."""

import streamlit as st

from storefront import backstage, context, markup

checkout = context.current_checkout()
if checkout.settings.simulated:
    backstage.show_window(checkout)
else:
    st.html(markup.notice("Nothing to see here", "Backstage is for shops with simulated payments.", mark="?"))
