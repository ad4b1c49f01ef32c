CREATE VIEW orders AS
SELECT id, shop, stripe_checkout_session_id, stripe_payment_intent_id, status, email, "name", phone, items, currency,
       amount_total, to_decimal(amount_total, currency) AS amount_total_decimal,
       amount_refunded, to_decimal(amount_refunded, currency) AS amount_refunded_decimal,
       amount_disputed, to_decimal(amount_disputed, currency) AS amount_disputed_decimal,
       dispute_status, dispute_evidence_due_at,
       metadata, created_at, updated_at, paid_at, "version"
FROM raw.orders;

COMMENT ON VIEW orders IS 'One row for each order: every checkout whose shopper was handed to Stripe, paid or not.';
COMMENT ON COLUMN orders.id IS 'Order id, such as order_01h455vb4pex5vsknk084sn02q; sorts by time.';
COMMENT ON COLUMN orders.shop IS 'Shop that took the order; default where there is only one.';
COMMENT ON COLUMN orders.stripe_checkout_session_id IS 'Stripe''s checkout session, cs_…; unique.';
COMMENT ON COLUMN orders.stripe_payment_intent_id IS 'Stripe''s payment, pi_…; null until payment begins.';
COMMENT ON COLUMN orders.status IS 'pending, processing, paid, failed, expired or refunded (in whole).';
COMMENT ON COLUMN orders.email IS 'The shopper''s e-mail address as it was entered.';
COMMENT ON COLUMN orders.name IS 'The shopper''s name; may be null.';
COMMENT ON COLUMN orders.phone IS 'The shopper''s phone number; may be null.';
COMMENT ON COLUMN orders.items IS 'What was ordered: a list of product, name, unit_amount and quantity. See order_items.';
COMMENT ON COLUMN orders.currency IS 'Three-letter currency code, lower case.';
COMMENT ON COLUMN orders.amount_total IS 'What the order costs, in minor units of its currency (cents, yen).';
COMMENT ON COLUMN orders.amount_total_decimal IS 'The same in major units (euros, yen).';
COMMENT ON COLUMN orders.amount_refunded IS 'What was given back so far, in minor units.';
COMMENT ON COLUMN orders.amount_refunded_decimal IS 'The same in major units.';
COMMENT ON COLUMN orders.amount_disputed IS 'What shoppers'' banks hold or have taken for good in disputes, in minor units.';
COMMENT ON COLUMN orders.amount_disputed_decimal IS 'The same in major units.';
COMMENT ON COLUMN orders.dispute_status IS 'Stripe''s status of the dispute to know of first: needs_response, under_review, won, lost, warning_… of an inquiry, …; null without disputes.';
COMMENT ON COLUMN orders.dispute_evidence_due_at IS 'Until when the dispute has to be answered, UTC; null when no answer is due.';
COMMENT ON COLUMN orders.metadata IS 'Whatever the shop noted on the order, as JSON: metadata->>''channel''.';
COMMENT ON COLUMN orders.created_at IS 'When the shopper was handed to Stripe, UTC.';
COMMENT ON COLUMN orders.updated_at IS 'When the order last changed, UTC.';
COMMENT ON COLUMN orders.paid_at IS 'When the order became paid, UTC; stays when it is refunded; null when it never was.';
COMMENT ON COLUMN orders.version IS 'How often the order has changed, counted from 1.';
