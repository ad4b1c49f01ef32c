CREATE VIEW refund_items AS
WITH given_back AS (
    SELECT happened.id AS refund_id, sold.id AS order_id, sold.currency, happened."at", happened.kind, sold.items,
           CAST(happened.detail ->> 'amount' AS BIGINT) AS amount, sold.amount_total,
           from_json(happened.detail, '{"lines": [{"product": "VARCHAR", "quantity": "BIGINT", "amount": "BIGINT"}]}').lines
               AS lines
    FROM raw.order_events AS happened JOIN raw.orders AS sold USING (stripe_checkout_session_id)
    WHERE happened.kind IN ('refunded', 'partially_refunded')
),
told AS (
    SELECT * EXCLUDE (lines, items), unnest(lines) AS line FROM given_back WHERE len(lines) > 0
),
whole AS (
    SELECT * EXCLUDE (lines, items), unnest(items) AS item
    FROM given_back WHERE coalesce(len(lines), 0) = 0 AND amount = amount_total AND len(items) > 0
)
SELECT refund_id, order_id, currency, moment("at") AS "at", line.product AS product, line.quantity AS quantity,
       line.amount AS amount, to_decimal(line.amount, currency) AS amount_decimal, true AS exact
FROM told
UNION ALL BY NAME
SELECT refund_id, order_id, currency, moment("at") AS "at", item.product AS product, item.quantity AS quantity,
       coalesce(item.amount_subtotal, item.unit_amount * item.quantity) AS amount,
       to_decimal(coalesce(item.amount_subtotal, item.unit_amount * item.quantity), currency) AS amount_decimal,
       true AS exact
FROM whole
UNION ALL BY NAME
SELECT refund_id, order_id, currency, moment("at") AS "at", if(len(items) = 1, items[1].product, NULL) AS product,
       NULL AS quantity, amount, to_decimal(amount, currency) AS amount_decimal, len(items) = 1 AS exact
FROM given_back WHERE coalesce(len(lines), 0) = 0 AND (amount < amount_total OR coalesce(len(items), 0) = 0);

COMMENT ON VIEW refund_items IS 'What was given back, by product: the lines that a refund names, all lines where a whole order went back, else one row without a product.';
COMMENT ON COLUMN refund_items.refund_id IS 'The refund: refunds.id.';
COMMENT ON COLUMN refund_items.order_id IS 'The order: orders.id.';
COMMENT ON COLUMN refund_items.currency IS 'Currency of the order.';
COMMENT ON COLUMN refund_items.at IS 'When the refund was made. A keyword in SQL: write "at".';
COMMENT ON COLUMN refund_items.product IS 'Product id in the catalogue; null where a part of an order with several products went back and nobody said which.';
COMMENT ON COLUMN refund_items.quantity IS 'How many; null where it was an amount.';
COMMENT ON COLUMN refund_items.amount IS 'What went back for it, in minor units; of a whole order the lines are before discounts and shipping.';
COMMENT ON COLUMN refund_items.amount_decimal IS 'The same in major units.';
COMMENT ON COLUMN refund_items.exact IS 'Whether the product is known.';
