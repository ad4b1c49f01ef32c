CREATE VIEW revenue_daily AS
WITH given_back AS (  -- summed before they meet the orders: DuckDB then builds its hash table of them, not of all orders
    SELECT stripe_checkout_session_id, CAST(local_time("at") AS DATE) AS day,
           sum(CAST(detail ->> 'amount' AS BIGINT) * if(kind = 'refund_failed', -1, 1)) AS amount
    FROM raw.order_events
    WHERE kind IN ('refunded', 'partially_refunded', 'refund_failed')
    GROUP BY ALL
),
lost AS (  -- an outcome that the bank changes later counts back
    SELECT stripe_checkout_session_id, CAST(local_time("at") AS DATE) AS day,
           sum(CAST(detail ->> 'amount' AS BIGINT) * if(kind = 'dispute_lost', 1, -1)) AS amount
    FROM raw.order_events
    WHERE kind = 'dispute_lost' OR (kind = 'dispute_won' AND detail ->> 'corrected_from' = 'lost')
    GROUP BY ALL
),
booked AS (
    SELECT CAST(local_time(paid_at) AS DATE) AS day, currency, count(*) AS orders, sum(amount_total) AS gross,
           sum(amount_discount) AS discounts, sum(amount_shipping) AS shipping, sum(amount_tax) AS tax,
           sum(amount_fee) FILTER (balance_currency = currency) AS fees,  -- another currency's is not added
           count(*) FILTER (amount_total > 0 AND balance_currency IS DISTINCT FROM currency) AS orders_without_fee
    FROM raw.orders
    WHERE paid_at IS NOT NULL
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT given_back.day, paid.currency, sum(given_back.amount) AS refunds
    FROM given_back JOIN raw.orders AS paid USING (stripe_checkout_session_id)
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT lost.day, paid.currency, sum(lost.amount) AS lost_disputes
    FROM lost JOIN raw.orders AS paid USING (stripe_checkout_session_id)
    GROUP BY ALL
),
summed AS (
    SELECT day, currency,
           CAST(coalesce(sum(orders), 0) AS BIGINT) AS orders, CAST(coalesce(sum(gross), 0) AS BIGINT) AS gross,
           CAST(coalesce(sum(refunds), 0) AS BIGINT) AS refunds,
           CAST(coalesce(sum(lost_disputes), 0) AS BIGINT) AS lost_disputes,
           CAST(coalesce(sum(discounts), 0) AS BIGINT) AS discounts,
           CAST(coalesce(sum(shipping), 0) AS BIGINT) AS shipping, CAST(coalesce(sum(tax), 0) AS BIGINT) AS tax,
           CAST(coalesce(sum(fees), 0) AS BIGINT) AS fees,
           CAST(coalesce(sum(orders_without_fee), 0) AS BIGINT) AS orders_without_fee
    FROM booked
    GROUP BY day, currency
)
SELECT day, currency, orders, gross, refunds, lost_disputes, gross - refunds - lost_disputes AS net,
       to_decimal(gross, currency) AS gross_decimal,
       to_decimal(refunds, currency) AS refunds_decimal,
       to_decimal(lost_disputes, currency) AS lost_disputes_decimal,
       to_decimal(gross - refunds - lost_disputes, currency) AS net_decimal,
       discounts, to_decimal(discounts, currency) AS discounts_decimal,
       shipping, to_decimal(shipping, currency) AS shipping_decimal,
       tax, to_decimal(tax, currency) AS tax_decimal,
       fees, to_decimal(fees, currency) AS fees_decimal,
       gross - refunds - lost_disputes - fees AS net_of_fees,
       to_decimal(gross - refunds - lost_disputes - fees, currency) AS net_of_fees_decimal,
       orders_without_fee
FROM summed;

COMMENT ON VIEW revenue_daily IS 'Money taken, given back and lost, by day and currency. Currencies are never added up.';
COMMENT ON COLUMN revenue_daily.day IS 'Day of the payment, as Stripe says, of the refund or of the lost dispute.';
COMMENT ON COLUMN revenue_daily.currency IS 'Three-letter currency code, lower case.';
COMMENT ON COLUMN revenue_daily.orders IS 'Orders that were paid on this day.';
COMMENT ON COLUMN revenue_daily.gross IS 'What was charged for these orders, in minor units.';
COMMENT ON COLUMN revenue_daily.refunds IS 'What was given back on this day, of whatever order, less the refunds that failed, in minor units.';
COMMENT ON COLUMN revenue_daily.lost_disputes IS 'What banks took for good on this day, less what they gave back after all, in minor units.';
COMMENT ON COLUMN revenue_daily.net IS 'gross less refunds and lost disputes, in minor units; may be below zero.';
COMMENT ON COLUMN revenue_daily.gross_decimal IS 'gross in major units.';
COMMENT ON COLUMN revenue_daily.refunds_decimal IS 'refunds in major units.';
COMMENT ON COLUMN revenue_daily.lost_disputes_decimal IS 'lost_disputes in major units.';
COMMENT ON COLUMN revenue_daily.net_decimal IS 'net in major units.';
COMMENT ON COLUMN revenue_daily.discounts IS 'What codes and coupons took off before gross, in minor units.';
COMMENT ON COLUMN revenue_daily.discounts_decimal IS 'discounts in major units.';
COMMENT ON COLUMN revenue_daily.shipping IS 'The part of gross that is shipping, in minor units.';
COMMENT ON COLUMN revenue_daily.shipping_decimal IS 'shipping in major units.';
COMMENT ON COLUMN revenue_daily.tax IS 'All tax in gross, added and included, in minor units.';
COMMENT ON COLUMN revenue_daily.tax_decimal IS 'tax in major units.';
COMMENT ON COLUMN revenue_daily.fees IS 'Stripe''s fees of these payments where the Stripe balance has the same currency, in minor units.';
COMMENT ON COLUMN revenue_daily.fees_decimal IS 'fees in major units.';
COMMENT ON COLUMN revenue_daily.net_of_fees IS 'net less fees, in minor units.';
COMMENT ON COLUMN revenue_daily.net_of_fees_decimal IS 'net_of_fees in major units.';
COMMENT ON COLUMN revenue_daily.orders_without_fee IS 'Orders of the day whose fee is not in fees: not known yet, or in another currency (orders.balance_currency).';
