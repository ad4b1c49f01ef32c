CREATE VIEW stock_events AS
SELECT seq, order_id, stripe_checkout_session_id, kind, moment("at") AS "at", change."key" AS product,
       coalesce(change."value"['held'], 0) AS held, coalesce(change."value"['sold'], 0) AS sold
FROM (
    SELECT seq, order_id, stripe_checkout_session_id, kind, "at",
           unnest(map_entries(CAST(detail -> '$.stock' AS MAP(VARCHAR, MAP(VARCHAR, BIGINT))))) AS change
    FROM raw.order_events WHERE json_type(detail, '$.stock') = 'OBJECT'
);

COMMENT ON VIEW stock_events IS 'What each event of an order did to the stock, one row for each product; the sums of held and sold are those of the view stock.';
COMMENT ON COLUMN stock_events.seq IS 'The event: order_events.seq.';
COMMENT ON COLUMN stock_events.order_id IS 'The order that did it.';
COMMENT ON COLUMN stock_events.stripe_checkout_session_id IS 'The order''s checkout session.';
COMMENT ON COLUMN stock_events.kind IS 'What happened: pending, paid, expired, refunded, … as in order_events.';
COMMENT ON COLUMN stock_events.at IS 'When it was recorded. A keyword in SQL: write "at".';
COMMENT ON COLUMN stock_events.product IS 'Product id in the catalogue.';
COMMENT ON COLUMN stock_events.held IS 'By how many the number held grew; negative when it shrank.';
COMMENT ON COLUMN stock_events.sold IS 'By how many the number sold grew; negative when it shrank.';
