CREATE VIEW abandoned AS
SELECT id AS order_id, stripe_checkout_session_id, email, currency,
       amount_total, to_decimal(amount_total, currency) AS amount_total_decimal, moment(created_at) AS created_at, status
FROM raw.orders
WHERE (status = 'expired' OR (status = 'pending' AND epoch_us(created_at) < epoch_us(now()) - 86_400_000_000))
  AND stripe_checkout_session_id NOT IN (
      SELECT stripe_checkout_session_id FROM raw.order_events WHERE kind = 'replaced'
  );

COMMENT ON VIEW abandoned IS 'Orders whose shopper left without paying: expired, or pending for longer than a session lives (24 hours). Not those that the session of a changed cart replaced.';
COMMENT ON COLUMN abandoned.order_id IS 'The order: orders.id.';
COMMENT ON COLUMN abandoned.stripe_checkout_session_id IS 'Stripe''s checkout session.';
COMMENT ON COLUMN abandoned.email IS 'Who left.';
COMMENT ON COLUMN abandoned.currency IS 'Currency of the order.';
COMMENT ON COLUMN abandoned.amount_total IS 'What was not paid, in minor units.';
COMMENT ON COLUMN abandoned.amount_total_decimal IS 'The same in major units.';
COMMENT ON COLUMN abandoned.created_at IS 'When the shopper was handed to Stripe.';
COMMENT ON COLUMN abandoned.status IS 'expired; or pending where nobody has asked Stripe yet (`checkout reconcile` does).';
