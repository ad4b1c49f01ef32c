CREATE VIEW order_events AS
SELECT seq, id, order_id, stripe_checkout_session_id, kind,
       CASE source WHEN 'settle' THEN 'reconcile' ELSE source END AS source,  -- its name before migration 4
       stripe_event_id, moment("at") AS "at", detail
FROM raw.order_events;

COMMENT ON VIEW order_events IS 'What happened to each checkout, one row for each event; rows are only ever added.';
COMMENT ON COLUMN order_events.seq IS 'Grows in the order in which events were written.';
COMMENT ON COLUMN order_events.id IS 'Event id of ours; unique.';
COMMENT ON COLUMN order_events.order_id IS 'The order; null for what happened before there was one.';
COMMENT ON COLUMN order_events.stripe_checkout_session_id IS 'The checkout session it happened to.';
COMMENT ON COLUMN order_events.kind IS 'session_created, payment_declined, partially_refunded, … or the status that the order moved to.';
COMMENT ON COLUMN order_events.source IS 'Who reported it: storefront, redirect, webhook, reconcile or operator.';
COMMENT ON COLUMN order_events.stripe_event_id IS 'Stripe''s event where a webhook brought it, evt_…; else null.';
COMMENT ON COLUMN order_events.at IS 'When it was recorded. A keyword in SQL: write "at".';
COMMENT ON COLUMN order_events.detail IS 'More about it, as JSON: detail->''amount'' of a refund in minor units, detail->>''decline_code'', ….';
