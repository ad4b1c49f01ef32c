CREATE VIEW cohorts AS
WITH active AS (
    SELECT lower(email) AS shopper, CAST(date_trunc('month', local_time(paid_at)) AS DATE) AS month, count(*) AS orders
    FROM raw.orders
    WHERE paid_at IS NOT NULL AND email IS NOT NULL
    GROUP BY ALL
),
began AS (
    SELECT shopper, min(month) AS cohort FROM active GROUP BY shopper
)
SELECT cohort, CAST(date_diff('month', cohort, month) AS INTEGER) AS months_since, count(*) AS shoppers,
       CAST(sum(orders - CAST(month = cohort AS BIGINT)) AS BIGINT) AS repeat_orders
FROM active JOIN began USING (shopper)
GROUP BY ALL;

COMMENT ON VIEW cohorts IS 'Who comes back: shoppers by the month of their first paid order. A shopper is an e-mail address, whatever its case.';
COMMENT ON COLUMN cohorts.cohort IS 'First day of the month of the first paid order.';
COMMENT ON COLUMN cohorts.months_since IS 'Months since then; 0 is that month itself.';
COMMENT ON COLUMN cohorts.shoppers IS 'Shoppers of the cohort who paid an order in that month; at 0, all of them.';
COMMENT ON COLUMN cohorts.repeat_orders IS 'Their paid orders in that month, without each shopper''s very first.';
