CREATE VIEW order_items AS
SELECT order_id, shop, status, currency, moment(created_at) AS created_at, moment(paid_at) AS paid_at,
       item.product AS product, item."name" AS "name",
       item.unit_amount AS unit_amount, to_decimal(item.unit_amount, currency) AS unit_amount_decimal,
       item.quantity AS quantity,
       coalesce(item.amount_subtotal, item.unit_amount * item.quantity) AS amount_total,
       to_decimal(coalesce(item.amount_subtotal, item.unit_amount * item.quantity), currency) AS amount_total_decimal
FROM (SELECT id AS order_id, shop, status, currency, created_at, paid_at, unnest(items) AS item FROM raw.orders);

COMMENT ON VIEW order_items IS 'One row for each line of each order.';
COMMENT ON COLUMN order_items.order_id IS 'The order that the line belongs to: orders.id.';
COMMENT ON COLUMN order_items.shop IS 'Shop that took the order.';
COMMENT ON COLUMN order_items.status IS 'Where the order stands: pending, processing, paid, failed, expired or refunded.';
COMMENT ON COLUMN order_items.currency IS 'Currency of the order.';
COMMENT ON COLUMN order_items.created_at IS 'When the shopper was handed to Stripe.';
COMMENT ON COLUMN order_items.paid_at IS 'When it was paid, as Stripe says; null when it never was.';
COMMENT ON COLUMN order_items.product IS 'Product id in the catalogue.';
COMMENT ON COLUMN order_items.name IS 'The product''s name when it was ordered.';
COMMENT ON COLUMN order_items.unit_amount IS 'Price of one when it was ordered, in minor units.';
COMMENT ON COLUMN order_items.unit_amount_decimal IS 'The same in major units.';
COMMENT ON COLUMN order_items.quantity IS 'How many.';
COMMENT ON COLUMN order_items.amount_total IS 'What Stripe says that the line costs, before discounts and added tax, in minor units; the lines of an order are its amount_subtotal.';
COMMENT ON COLUMN order_items.amount_total_decimal IS 'The same in major units.';
