-- How much came in on each day, after refunds and lost disputes?
SELECT day, currency, orders, gross_decimal, refunds_decimal, lost_disputes_decimal, net_decimal
FROM revenue_daily
ORDER BY day DESC, currency;

-- What is left of each month after Stripe's fees?
SELECT date_trunc('month', day)::DATE AS month, currency, sum(net_decimal) AS net, sum(fees_decimal) AS fees,
       sum(net_of_fees_decimal) AS left_over, sum(fees) / nullif(sum(gross), 0) AS fee_share
FROM revenue_daily
GROUP BY ALL
ORDER BY month, currency;

-- Which products bring the most, and how many were sold?
SELECT name, currency, sum(quantity) AS sold, sum(amount_total_decimal) AS sales,
       sum(amount_total) / sum(sum(amount_total)) OVER (PARTITION BY currency) AS share
FROM order_items
WHERE paid_at IS NOT NULL
GROUP BY name, currency
ORDER BY currency, sales DESC;

-- Which products are taken to the checkout and left there?
SELECT product, sum(sessions) AS sessions, sum(paid) / sum(sessions) AS paid,
       sum(dropped_before_payment) / sum(sessions) AS left_at_payment, sum(dropped_before_pending) / sum(sessions) AS left_before
FROM checkout_funnel
WHERE product IS NOT NULL
GROUP BY product
ORDER BY paid;

-- How does the share of paid orders hang on the price?
SELECT amount_total // 2000 * 20 AS from_amount, count(*) AS orders, count(paid_at) / count(*) AS paid
FROM orders
WHERE currency = 'eur'
GROUP BY ALL
ORDER BY from_amount;

-- From which countries do orders get paid, and from which not?
SELECT metadata ->> 'country' AS country, count(*) AS orders, count(paid_at) / count(*) AS paid
FROM orders
GROUP BY ALL
HAVING count(*) >= 10
ORDER BY paid;

-- Do phones pay less often than computers?
SELECT metadata ->> 'device' AS device, count(*) AS orders, count(paid_at) / count(*) AS paid
FROM orders
GROUP BY ALL
ORDER BY orders DESC;

-- Which campaign brings orders that are paid, and how much?
SELECT coalesce(metadata ->> 'campaign', 'none') AS campaign, currency, count(*) AS orders,
       count(paid_at) / count(*) AS paid, sum(amount_total_decimal) FILTER (paid_at IS NOT NULL) AS revenue
FROM orders
GROUP BY ALL
ORDER BY revenue DESC NULLS LAST;

-- On which days was the share of paid sessions unusual?
WITH daily AS (
    SELECT opened_at::DATE AS day, count(*) AS sessions, count(paid_at) / count(*) AS paid
    FROM sessions WHERE NOT replaced GROUP BY ALL
)
SELECT day, sessions, paid, paid - median(paid) OVER (ORDER BY day ROWS BETWEEN 14 PRECEDING AND 14 FOLLOWING) AS off_by
FROM daily
QUALIFY sessions >= 10
ORDER BY abs(off_by) DESC, day
LIMIT 20;

-- At which hours of the week do shoppers pay?
SELECT strftime(local_time(paid_at), '%a') AS weekday, hour(local_time(paid_at)) AS hour, count(*) AS orders
FROM orders
WHERE paid_at IS NOT NULL
GROUP BY ALL
ORDER BY orders DESC;

-- How long does paying take, by payment method?
SELECT payment_method_type, count(*) AS orders, median(paid_at - created_at) AS half_within,
       quantile_cont(date_diff('second', created_at, paid_at), 0.9) AS nine_in_ten_within_seconds
FROM orders
WHERE paid_at IS NOT NULL
GROUP BY ALL
ORDER BY orders DESC;

-- What do payment methods, brands and countries cost?
SELECT payment_method_type, payment_method_brand, payment_method_country, balance_currency, count(*) AS orders,
       sum(amount_fee_decimal) AS fees, sum(amount_fee) / nullif(sum(amount_fee + amount_net), 0) AS share
FROM orders
WHERE amount_fee IS NOT NULL
GROUP BY ALL
ORDER BY share DESC;

-- Why are cards declined, and who pays after all?
SELECT e.detail ->> 'decline_code' AS reason, count(DISTINCT e.order_id) AS orders,
       count(DISTINCT e.order_id) FILTER (o.paid_at IS NOT NULL) / count(DISTINCT e.order_id) AS paid_after_all
FROM order_events AS e JOIN orders AS o ON o.id = e.order_id
WHERE e.kind = 'payment_declined'
GROUP BY ALL
ORDER BY orders DESC;

-- Which products go back most often?
WITH sold AS (SELECT product, sum(quantity) AS sold FROM order_items WHERE paid_at IS NOT NULL GROUP BY product),
     back AS (SELECT product, sum(quantity) AS back FROM refund_items GROUP BY product)
SELECT product, sold, coalesce(back, 0) AS back, coalesce(back, 0) / sold AS share
FROM sold LEFT JOIN back USING (product)
ORDER BY share DESC;

-- How long after the payment do refunds come?
SELECT least(days_after // 7, 8)::INTEGER AS weeks_after, count(*) AS refunds, currency, sum(amount_decimal) AS amount
FROM refunds
WHERE kind <> 'refund_failed'
GROUP BY ALL
ORDER BY currency, weeks_after;

-- How do disputes end, and what do they cost?
SELECT reason, outcome, currency, count(*) AS disputes, sum(amount_decimal) AS amount, sum(amount_lost_decimal) AS lost
FROM disputes
GROUP BY ALL
ORDER BY currency, disputes DESC;

-- Where do disputes come from: country, brand, week?
SELECT payment_method_country AS country, payment_method_brand AS brand, date_trunc('week', paid_at)::DATE AS week,
       count(*) AS disputes
FROM disputes
GROUP BY ALL
ORDER BY disputes DESC, week
LIMIT 20;

-- Who are the best customers, and when were they here last?
SELECT customer, currency, orders, net_decimal, first_day, last_day
FROM customers
ORDER BY net DESC
LIMIT 20;

-- How many shoppers come back in the months after their first order?
SELECT cohort, months_since, shoppers, shoppers / max(shoppers) OVER (PARTITION BY cohort) AS share
FROM cohorts
ORDER BY cohort, months_since;

-- What do codes take off, and do orders with one get larger?
SELECT currency, amount_discount > 0 AS with_code, count(*) AS orders, sum(amount_discount_decimal) AS taken_off,
       avg(amount_subtotal) AS cents_before, avg(amount_total) AS cents_paid
FROM orders
WHERE paid_at IS NOT NULL
GROUP BY ALL
ORDER BY currency, with_code;
