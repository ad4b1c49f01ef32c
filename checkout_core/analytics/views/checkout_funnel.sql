CREATE VIEW checkout_funnel AS
WITH created AS NOT MATERIALIZED (
    SELECT stripe_checkout_session_id, hash(stripe_checkout_session_id) AS hashed, "at", detail
    FROM raw.order_events
    WHERE kind = 'session_created'
),
repeated AS (  -- hashes take a tenth of the memory of ids and details, and what shares one by chance is only grouped in vain
    SELECT hashed FROM created GROUP BY hashed HAVING count(*) > 1
),
opened AS (  -- a repeated step 1 writes a second event: each session counts once
    SELECT stripe_checkout_session_id, CAST(local_time("at") AS DATE) AS day,
           from_json(detail, '{"products": ["VARCHAR"]}').products AS products
    FROM created
    WHERE hashed NOT IN (SELECT hashed FROM repeated)
    UNION ALL
    SELECT stripe_checkout_session_id, CAST(local_time(min("at")) AS DATE),
           from_json(any_value(detail), '{"products": ["VARCHAR"]}').products
    FROM created
    WHERE hashed IN (SELECT hashed FROM repeated)
    GROUP BY stripe_checkout_session_id
),
wanted AS (
    SELECT opened.day, unnest(coalesce(opened.products, [NULL])) AS product,
           made.stripe_checkout_session_id IS NOT NULL AS pending, made.paid_at IS NOT NULL AS paid
    FROM opened LEFT JOIN raw.orders AS made USING (stripe_checkout_session_id)
)
SELECT day, product, count(*) AS sessions,
       count(*) FILTER (pending) AS pending,
       count(*) FILTER (paid) AS paid,
       count(*) FILTER (NOT pending) AS dropped_before_pending,
       count(*) FILTER (pending AND NOT paid) AS dropped_before_payment
FROM wanted
GROUP BY day, product;

COMMENT ON VIEW checkout_funnel IS 'How far checkout sessions came, by day and product. A session with several products counts once in each.';
COMMENT ON COLUMN checkout_funnel.day IS 'Day on which the session was created.';
COMMENT ON COLUMN checkout_funnel.product IS 'A product in the cart; null when the cart was not recorded.';
COMMENT ON COLUMN checkout_funnel.sessions IS 'Step 1: sessions created.';
COMMENT ON COLUMN checkout_funnel.pending IS 'Step 2: of these, how many became an order, on whatever day.';
COMMENT ON COLUMN checkout_funnel.paid IS 'Step 3: of these, how many were paid, on whatever day; refunded ones too.';
COMMENT ON COLUMN checkout_funnel.dropped_before_pending IS 'Sessions that never became an order.';
COMMENT ON COLUMN checkout_funnel.dropped_before_payment IS 'Orders that are not paid (yet).';
