CREATE VIEW customers AS
WITH lost AS (  -- summed before they meet the orders: DuckDB then builds its hash table of them, not of all orders
    SELECT stripe_checkout_session_id, sum(CAST(detail ->> 'amount' AS BIGINT) * if(kind = 'dispute_lost', 1, -1)) AS amount
    FROM raw.order_events
    WHERE kind = 'dispute_lost' OR (kind = 'dispute_won' AND detail ->> 'corrected_from' = 'lost')
    GROUP BY stripe_checkout_session_id
),
paid AS NOT MATERIALIZED (
    SELECT stripe_checkout_session_id, lower(email) AS customer, currency, amount_total, amount_refunded, paid_at
    FROM raw.orders
    WHERE paid_at IS NOT NULL AND email IS NOT NULL
),
booked AS (
    SELECT customer, currency, amount_total AS gross, amount_refunded AS refunded, 0 AS lost_dispute, paid_at FROM paid
    UNION ALL
    SELECT paid.customer, paid.currency, NULL, NULL, CAST(lost.amount AS BIGINT), NULL
    FROM lost JOIN paid USING (stripe_checkout_session_id)
),
bought AS (
    SELECT customer, currency, count(paid_at) AS orders, sum(gross) AS gross, sum(refunded) AS refunded,
           sum(lost_dispute) AS lost_disputes, min(paid_at) AS first_paid_at, max(paid_at) AS last_paid_at
    FROM booked
    GROUP BY customer, currency
)
SELECT customer, currency, orders, CAST(gross AS BIGINT) AS gross, CAST(refunded AS BIGINT) AS refunded,
       CAST(lost_disputes AS BIGINT) AS lost_disputes, CAST(gross - refunded - lost_disputes AS BIGINT) AS net,
       to_decimal(CAST(gross AS BIGINT), currency) AS gross_decimal,
       to_decimal(CAST(gross - refunded - lost_disputes AS BIGINT), currency) AS net_decimal,
       moment(first_paid_at) AS first_paid_at, moment(last_paid_at) AS last_paid_at,
       CAST(local_time(first_paid_at) AS DATE) AS first_day, CAST(local_time(last_paid_at) AS DATE) AS last_day
FROM bought;

COMMENT ON VIEW customers IS 'One row for each shopper who has paid, and for each currency of theirs. A shopper is an e-mail address, whatever its case.';
COMMENT ON COLUMN customers.customer IS 'The e-mail address in lower case.';
COMMENT ON COLUMN customers.currency IS 'Three-letter currency code, lower case.';
COMMENT ON COLUMN customers.orders IS 'Orders that were paid, refunded ones too.';
COMMENT ON COLUMN customers.gross IS 'What was charged for them, in minor units.';
COMMENT ON COLUMN customers.refunded IS 'What went back, in minor units.';
COMMENT ON COLUMN customers.lost_disputes IS 'What banks took for good, in minor units.';
COMMENT ON COLUMN customers.net IS 'gross less refunds and lost disputes, in minor units: what the shopper is worth so far.';
COMMENT ON COLUMN customers.gross_decimal IS 'gross in major units.';
COMMENT ON COLUMN customers.net_decimal IS 'net in major units.';
COMMENT ON COLUMN customers.first_paid_at IS 'When the first order was paid, as Stripe says.';
COMMENT ON COLUMN customers.last_paid_at IS 'When the last order was paid.';
COMMENT ON COLUMN customers.first_day IS 'Day of the first order.';
COMMENT ON COLUMN customers.last_day IS 'Day of the last order.';
