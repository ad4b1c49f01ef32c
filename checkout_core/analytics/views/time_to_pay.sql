CREATE VIEW time_to_pay AS
SELECT id AS order_id, currency, moment(created_at) AS created_at, moment(paid_at) AS paid_at,
       (epoch_us(paid_at) - epoch_us(created_at)) / 1e6 AS seconds
FROM raw.orders
WHERE paid_at IS NOT NULL;

COMMENT ON VIEW time_to_pay IS 'How long each paid order took from the hand-over to Stripe to the money. Bank debits take days.';
COMMENT ON COLUMN time_to_pay.order_id IS 'The order: orders.id.';
COMMENT ON COLUMN time_to_pay.currency IS 'Currency of the order.';
COMMENT ON COLUMN time_to_pay.created_at IS 'When the shopper was handed to Stripe.';
COMMENT ON COLUMN time_to_pay.paid_at IS 'When it was paid, as Stripe says.';
COMMENT ON COLUMN time_to_pay.seconds IS 'Seconds between the two. Look at quantiles: a few take very long.';
