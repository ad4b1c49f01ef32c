CREATE VIEW sessions AS
WITH created AS NOT MATERIALIZED (
    SELECT stripe_checkout_session_id, hash(stripe_checkout_session_id) AS hashed, "at", detail
    FROM raw.order_events
    WHERE kind = 'session_created'
),
repeated AS (  -- hashes take a tenth of the memory of ids and details, and what shares one by chance is only grouped in vain
    SELECT hashed FROM created GROUP BY hashed HAVING count(*) > 1
),
first_created AS (  -- a repeated step 1 writes a second event: each session counts once
    SELECT stripe_checkout_session_id, "at", detail FROM created WHERE hashed NOT IN (SELECT hashed FROM repeated)
    UNION ALL
    SELECT stripe_checkout_session_id, min("at"), any_value(detail) FROM created WHERE hashed IN (SELECT hashed FROM repeated)
    GROUP BY stripe_checkout_session_id
),
opened AS (  -- read before they meet the orders: the join then carries a few values instead of the whole text
    SELECT stripe_checkout_session_id, "at" AS opened_at, detail ->> 'shop' AS shop, detail ->> 'purchase' AS purchase,
           detail ->> 'currency' AS currency, CAST(detail ->> 'amount_total' AS BIGINT) AS amount_total,
           from_json(detail, '{"products": ["VARCHAR"]}').products AS products
    FROM first_created
),
told AS (
    SELECT stripe_checkout_session_id, count(*) FILTER (kind = 'payment_declined') AS declines,
           bool_or(kind = 'replaced') AS replaced
    FROM raw.order_events
    WHERE kind IN ('payment_declined', 'replaced')
    GROUP BY stripe_checkout_session_id
)
SELECT opened.stripe_checkout_session_id, coalesce(made.shop, opened.shop, 'default') AS shop,
       made.id AS order_id, coalesce(made.status, 'left') AS status,
       coalesce(opened.purchase, opened.stripe_checkout_session_id) AS purchase,
       coalesce(told.replaced, false) AS replaced, coalesce(opened.currency, made.currency) AS currency,
       opened.amount_total, to_decimal(opened.amount_total, coalesce(opened.currency, made.currency)) AS amount_total_decimal,
       opened.products, coalesce(told.declines, 0) AS declines,
       moment(opened.opened_at) AS opened_at, moment(made.created_at) AS created_at, moment(made.paid_at) AS paid_at
FROM opened
LEFT JOIN told USING (stripe_checkout_session_id)
LEFT JOIN raw.orders AS made USING (stripe_checkout_session_id);

COMMENT ON VIEW sessions IS 'One row for each checkout session that was opened, with what became of it.';
COMMENT ON COLUMN sessions.stripe_checkout_session_id IS 'Stripe''s checkout session, cs_…; unique.';
COMMENT ON COLUMN sessions.shop IS 'Shop that opened it.';
COMMENT ON COLUMN sessions.order_id IS 'The order: orders.id; null when the shopper left before there was one.';
COMMENT ON COLUMN sessions.status IS 'Status of the order; left where there is none.';
COMMENT ON COLUMN sessions.purchase IS 'What the sessions of one cart have in common: the first of them, or a name that the shop gave.';
COMMENT ON COLUMN sessions.replaced IS 'Whether a session of a changed cart took its place. WHERE NOT replaced counts the carts of one visit once.';
COMMENT ON COLUMN sessions.currency IS 'Three-letter currency code, lower case.';
COMMENT ON COLUMN sessions.amount_total IS 'What the cart cost when it was opened, in minor units.';
COMMENT ON COLUMN sessions.amount_total_decimal IS 'The same in major units.';
COMMENT ON COLUMN sessions.products IS 'Product ids in the cart; null when the cart was not recorded.';
COMMENT ON COLUMN sessions.declines IS 'How many payments were declined.';
COMMENT ON COLUMN sessions.opened_at IS 'When the session was created.';
COMMENT ON COLUMN sessions.created_at IS 'When the shopper was handed to Stripe; null when that never happened.';
COMMENT ON COLUMN sessions.paid_at IS 'When it was paid, as Stripe says; null when it never was.';
