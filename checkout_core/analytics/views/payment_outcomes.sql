CREATE VIEW payment_outcomes AS
SELECT CAST(local_time(created_at) AS DATE) AS day, currency, status, count(*) AS orders, CAST(sum(amount_total) AS BIGINT) AS amount_total
FROM raw.orders
GROUP BY ALL
UNION ALL
SELECT CAST(local_time(created_at) AS DATE), currency, 'declined', count(*), CAST(sum(amount_total) AS BIGINT)
FROM raw.orders
WHERE stripe_checkout_session_id IN (
    SELECT stripe_checkout_session_id FROM raw.order_events WHERE kind = 'payment_declined'
)
GROUP BY ALL;

COMMENT ON VIEW payment_outcomes IS 'Where the orders of each day stand now, and how many of them saw a decline on the way.';
COMMENT ON COLUMN payment_outcomes.day IS 'Day on which the shopper was handed to Stripe.';
COMMENT ON COLUMN payment_outcomes.currency IS 'Three-letter currency code, lower case.';
COMMENT ON COLUMN payment_outcomes.status IS 'Status of the orders; or declined: orders that saw at least one decline, which their status counts a second time.';
COMMENT ON COLUMN payment_outcomes.orders IS 'How many orders.';
COMMENT ON COLUMN payment_outcomes.amount_total IS 'What they cost together, in minor units.';
