CREATE VIEW revenue_daily AS
WITH given_back AS (  -- summed before they meet the orders: DuckDB then builds its hash table of them, not of all orders
    SELECT stripe_checkout_session_id, CAST("at" AS DATE) AS day,
           sum(CAST(detail ->> 'amount' AS BIGINT) * if(kind = 'refund_failed', -1, 1)) AS amount
    FROM raw.order_events
    WHERE kind IN ('refunded', 'partially_refunded', 'refund_failed')
    GROUP BY ALL
),
lost AS (  -- an outcome that the bank changes later counts back
    SELECT stripe_checkout_session_id, CAST("at" AS DATE) AS day,
           sum(CAST(detail ->> 'amount' AS BIGINT) * if(kind = 'dispute_lost', 1, -1)) AS amount
    FROM raw.order_events
    WHERE kind = 'dispute_lost' OR (kind = 'dispute_won' AND detail ->> 'corrected_from' = 'lost')
    GROUP BY ALL
),
booked AS (
    SELECT CAST(paid_at AS DATE) AS day, currency, count(*) AS orders, sum(amount_total) AS gross, 0 AS refunds,
           0 AS lost_disputes
    FROM raw.orders
    WHERE paid_at IS NOT NULL
    GROUP BY ALL
    UNION ALL
    SELECT given_back.day, paid.currency, 0, 0, sum(given_back.amount), 0
    FROM given_back JOIN raw.orders AS paid USING (stripe_checkout_session_id)
    GROUP BY ALL
    UNION ALL
    SELECT lost.day, paid.currency, 0, 0, 0, sum(lost.amount)
    FROM lost JOIN raw.orders AS paid USING (stripe_checkout_session_id)
    GROUP BY ALL
),
summed AS (
    SELECT day, currency, CAST(sum(orders) AS BIGINT) AS orders,
           CAST(sum(gross) AS BIGINT) AS gross, CAST(sum(refunds) AS BIGINT) AS refunds,
           CAST(sum(lost_disputes) AS BIGINT) AS lost_disputes
    FROM booked
    GROUP BY day, currency
)
SELECT day, currency, orders, gross, refunds, lost_disputes, gross - refunds - lost_disputes AS net,
       to_decimal(gross, currency) AS gross_decimal,
       to_decimal(refunds, currency) AS refunds_decimal,
       to_decimal(lost_disputes, currency) AS lost_disputes_decimal,
       to_decimal(gross - refunds - lost_disputes, currency) AS net_decimal
FROM summed;

COMMENT ON VIEW revenue_daily IS 'Money taken, given back and lost, by day and currency. Currencies are never added up.';
COMMENT ON COLUMN revenue_daily.day IS 'Day of the payment, of the refund or of the lost dispute, UTC.';
COMMENT ON COLUMN revenue_daily.currency IS 'Three-letter currency code, lower case.';
COMMENT ON COLUMN revenue_daily.orders IS 'Orders that were paid on this day.';
COMMENT ON COLUMN revenue_daily.gross IS 'What these orders brought, in minor units.';
COMMENT ON COLUMN revenue_daily.refunds IS 'What was given back on this day, of whatever order, less the refunds that failed, in minor units.';
COMMENT ON COLUMN revenue_daily.lost_disputes IS 'What banks took for good on this day, less what they gave back after all, in minor units.';
COMMENT ON COLUMN revenue_daily.net IS 'gross less refunds and lost disputes, in minor units; may be below zero.';
COMMENT ON COLUMN revenue_daily.gross_decimal IS 'gross in major units.';
COMMENT ON COLUMN revenue_daily.refunds_decimal IS 'refunds in major units.';
COMMENT ON COLUMN revenue_daily.lost_disputes_decimal IS 'lost_disputes in major units.';
COMMENT ON COLUMN revenue_daily.net_decimal IS 'net in major units.';
