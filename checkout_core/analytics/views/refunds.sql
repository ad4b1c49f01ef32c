CREATE VIEW refunds AS
SELECT happened.id, sold.id AS order_id, sold.shop, happened.detail ->> 'refund' AS stripe_refund_id, happened.kind,
       happened.source, sold.currency,
       CAST(happened.detail ->> 'amount' AS BIGINT) * if(happened.kind = 'refund_failed', -1, 1) AS amount,
       to_decimal(
           CAST(happened.detail ->> 'amount' AS BIGINT) * if(happened.kind = 'refund_failed', -1, 1), sold.currency
       ) AS amount_decimal,
       sold.amount_total, happened.detail ->> 'reason' AS reason, sold.payment_method_type, sold.payment_method_brand,
       sold.payment_method_country, moment(sold.paid_at) AS paid_at, moment(happened."at") AS "at",
       (epoch_us(happened."at") - epoch_us(sold.paid_at)) / 86_400_000_000.0 AS days_after
FROM raw.order_events AS happened JOIN raw.orders AS sold USING (stripe_checkout_session_id)
WHERE happened.kind IN ('refunded', 'partially_refunded', 'refund_failed');

COMMENT ON VIEW refunds IS 'One row for each refund, and for each that came back from the bank, with a negative amount. See refund_items for the products.';
COMMENT ON COLUMN refunds.id IS 'Event of ours: order_events.id.';
COMMENT ON COLUMN refunds.order_id IS 'The order: orders.id.';
COMMENT ON COLUMN refunds.shop IS 'Shop that took the order.';
COMMENT ON COLUMN refunds.stripe_refund_id IS 'Stripe''s refund, re_…; null where an older version recorded it.';
COMMENT ON COLUMN refunds.kind IS 'refunded (nothing is left of the payment), partially_refunded or refund_failed.';
COMMENT ON COLUMN refunds.source IS 'Who reported it: storefront, redirect, webhook, reconcile or operator.';
COMMENT ON COLUMN refunds.currency IS 'Currency of the order.';
COMMENT ON COLUMN refunds.amount IS 'What went back, in minor units; negative when it came back from the bank.';
COMMENT ON COLUMN refunds.amount_decimal IS 'The same in major units.';
COMMENT ON COLUMN refunds.amount_total IS 'What the whole order cost, in minor units.';
COMMENT ON COLUMN refunds.reason IS 'Stripe''s reason: requested_by_customer, duplicate, fraudulent; null where none was given.';
COMMENT ON COLUMN refunds.payment_method_type IS 'What was paid with: card, sepa_debit, ….';
COMMENT ON COLUMN refunds.payment_method_brand IS 'Brand of the card, or the bank.';
COMMENT ON COLUMN refunds.payment_method_country IS 'Country of the card or account, two letters.';
COMMENT ON COLUMN refunds.paid_at IS 'When the order was paid, as Stripe says.';
COMMENT ON COLUMN refunds.at IS 'When the refund was made. A keyword in SQL: write "at".';
COMMENT ON COLUMN refunds.days_after IS 'Days from the payment to the refund.';
