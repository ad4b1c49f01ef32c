CREATE VIEW cohorts AS
WITH bought AS NOT MATERIALIZED (
    SELECT lower(email) AS shopper, CAST(date_trunc('month', local_time(paid_at)) AS DATE) AS month
    FROM raw.orders
    WHERE paid_at IS NOT NULL AND email IS NOT NULL
),
began AS (
    SELECT shopper, min(month) AS cohort, max(month) AS latest, count(*) AS orders FROM bought GROUP BY shopper
),
later AS (  -- only the orders after the first month meet their shoppers again: most shoppers have none
    SELECT shopper, began.cohort, bought.month, count(*) AS orders
    FROM bought JOIN began USING (shopper)
    WHERE began.latest > began.cohort AND bought.month > began.cohort
    GROUP BY shopper, began.cohort, bought.month
),
returned AS (
    SELECT cohort, month, count(*) AS shoppers, sum(orders) AS repeat_orders FROM later GROUP BY cohort, month
),
counted AS (
    SELECT cohort, cohort AS month, count(*) AS shoppers, sum(orders) - count(*) AS repeat_orders FROM began GROUP BY cohort
    UNION ALL
    SELECT cohort, cohort, 0, -repeat_orders FROM returned  -- these belong to their own months
    UNION ALL
    SELECT cohort, month, shoppers, repeat_orders FROM returned
)
SELECT cohort, CAST(date_diff('month', cohort, month) AS INTEGER) AS months_since,
       CAST(sum(shoppers) AS BIGINT) AS shoppers, CAST(sum(repeat_orders) AS BIGINT) AS repeat_orders
FROM counted
GROUP BY cohort, month;

COMMENT ON VIEW cohorts IS 'Who comes back: shoppers by the month of their first paid order. A shopper is an e-mail address, whatever its case.';
COMMENT ON COLUMN cohorts.cohort IS 'First day of the month of the first paid order.';
COMMENT ON COLUMN cohorts.months_since IS 'Months since then; 0 is that month itself.';
COMMENT ON COLUMN cohorts.shoppers IS 'Shoppers of the cohort who paid an order in that month; at 0, all of them.';
COMMENT ON COLUMN cohorts.repeat_orders IS 'Their paid orders in that month, without each shopper''s very first.';
