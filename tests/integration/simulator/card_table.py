"""Cards, and what the payment form and the server of the simulator say of them.

The form checks a card in JavaScript before it is sent, the server checks it in Python: both are tested against these
tables. Where the two answer with different codes, Stripe's form and Stripe's API do so too.
"""

from datetime import UTC, datetime

TODAY = datetime(2026, 11, 15, tzinfo=UTC)

# number, brand of the charge, brand whose picture the form shows
BRANDS = [
    ("4242424242424242", "visa", "visa"),
    ("4000056655665556", "visa", "visa"),
    ("4000000000000077", "visa", "visa"),
    ("5555555555554444", "mastercard", "mastercard"),
    ("2223003122003222", "mastercard", "mastercard"),
    ("5200828282828210", "mastercard", "mastercard"),
    ("5105105105105100", "mastercard", "mastercard"),
    ("378282246310005", "amex", "amex"),
    ("371449635398431", "amex", "amex"),
    ("6011111111111117", "discover", "discover"),
    ("6011000990139424", "discover", "discover"),
    ("3056930009020004", "diners", "other"),
    ("36227206271667", "diners", "other"),
    ("3566002020360505", "jcb", "other"),
    ("6200000000000005", "unionpay", "other"),
]

# number, error code of the form, error code of the server
WRONG_NUMBERS = [
    ("4242424242424241", "invalid_number", "incorrect_number"),
    ("4242424242424224", "invalid_number", "incorrect_number"),
    ("378282246310006", "invalid_number", "incorrect_number"),
    ("36227206271676", "invalid_number", "incorrect_number"),
    ("42424242", "incomplete_number", "incorrect_number"),
]

# text of the field, month and year in it, error code of the form, error code of the server; all on TODAY
EXPIRIES = [
    ("11 / 26", (11, 2026), None, None),
    ("1/27", (1, 2027), None, None),
    ("12 / 2076", (12, 2076), None, None),
    ("01 / 2077", (1, 2077), "invalid_expiry_year", "invalid_expiry_year"),
    ("10 / 26", (10, 2026), "invalid_expiry_year_past", "invalid_expiry_year"),
    ("12 / 25", (12, 2025), "invalid_expiry_year_past", "invalid_expiry_year"),
    ("00 / 30", (0, 2030), "invalid_expiry_month", "invalid_expiry_month"),
    ("13 / 30", (13, 2030), "invalid_expiry_month", "invalid_expiry_month"),
]

# number, security code, error code of the form, error code of the server
SECURITY_CODES = [
    ("4242424242424242", "123", None, None),
    ("4242424242424242", "12", "incomplete_cvc", "invalid_cvc"),
    ("4242424242424242", "1234", "incomplete_cvc", "invalid_cvc"),
    ("378282246310005", "1234", None, None),
    ("378282246310005", "123", "incomplete_cvc", None),
    ("378282246310005", "12", "incomplete_cvc", "invalid_cvc"),
]
