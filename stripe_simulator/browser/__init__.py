"""What a browser sees: Stripe.js, the Payment Element, the bank's challenge, the hosted page."""
