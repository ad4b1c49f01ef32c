"""Checkout Sessions: https://docs.stripe.com/api/checkout/sessions.

`params` reads a form, `build` makes a session of it, `totals` and `discounts` say what there is to pay, `service` stores
and changes sessions, `view` derives what others show, and `routes` answers `/v1/checkout/sessions`.
"""
