CREATE VIEW disputes AS
WITH steps AS (
    SELECT stripe_checkout_session_id, coalesce(detail ->> 'dispute', id) AS dispute, kind, "at", seq, detail
    FROM raw.order_events
    WHERE kind IN ('disputed', 'inquiry_opened', 'inquiry_closed', 'dispute_under_review', 'dispute_won', 'dispute_lost',
                   'dispute_prevented')
),
told AS (
    SELECT stripe_checkout_session_id, dispute, min("at") AS opened_at, arg_max(kind, seq) AS kind,
           max("at") FILTER (kind IN ('dispute_won', 'dispute_lost', 'dispute_prevented', 'inquiry_closed')) AS closed_at,
           CAST(arg_max(detail ->> 'amount', seq) AS BIGINT) AS amount, arg_max(detail ->> 'reason', seq) AS reason,
           max(detail ->> 'evidence_due_by') AS evidence_due_by
    FROM steps
    GROUP BY stripe_checkout_session_id, dispute
)
SELECT told.dispute AS stripe_dispute_id, sold.id AS order_id, sold.shop,
       CASE told.kind WHEN 'dispute_won' THEN 'won' WHEN 'dispute_lost' THEN 'lost' WHEN 'dispute_prevented' THEN 'prevented'
           WHEN 'inquiry_opened' THEN 'inquiry' WHEN 'inquiry_closed' THEN 'inquiry closed'
           WHEN 'dispute_under_review' THEN 'under review' ELSE 'open' END AS outcome,
       told.reason, sold.currency, told.amount, to_decimal(told.amount, sold.currency) AS amount_decimal,
       if(told.kind = 'dispute_lost', told.amount, 0) AS amount_lost,
       to_decimal(if(told.kind = 'dispute_lost', told.amount, 0), sold.currency) AS amount_lost_decimal,
       sold.payment_method_type, sold.payment_method_brand, sold.payment_method_country,
       TRY_CAST(told.evidence_due_by AS DATE) AS evidence_due_by, moment(sold.paid_at) AS paid_at,
       moment(told.opened_at) AS opened_at, if(told.kind IN ('dispute_won', 'dispute_lost', 'dispute_prevented',
           'inquiry_closed'), moment(told.closed_at), NULL) AS closed_at
FROM told JOIN raw.orders AS sold USING (stripe_checkout_session_id);

COMMENT ON VIEW disputes IS 'One row for each dispute and each inquiry of a shopper''s bank, with how it stands.';
COMMENT ON COLUMN disputes.stripe_dispute_id IS 'Stripe''s dispute, dp_…; an event of ours where an older version recorded it.';
COMMENT ON COLUMN disputes.order_id IS 'The order: orders.id.';
COMMENT ON COLUMN disputes.shop IS 'Shop that took the order.';
COMMENT ON COLUMN disputes.outcome IS 'open, under review, won, lost or prevented; inquiry or inquiry closed where no money was taken.';
COMMENT ON COLUMN disputes.reason IS 'Stripe''s reason: fraudulent, product_not_received, ….';
COMMENT ON COLUMN disputes.currency IS 'Currency of the order.';
COMMENT ON COLUMN disputes.amount IS 'What is disputed, in minor units.';
COMMENT ON COLUMN disputes.amount_decimal IS 'The same in major units.';
COMMENT ON COLUMN disputes.amount_lost IS 'What the bank took for good, in minor units; 0 unless it is lost.';
COMMENT ON COLUMN disputes.amount_lost_decimal IS 'The same in major units.';
COMMENT ON COLUMN disputes.payment_method_type IS 'What was paid with: card, sepa_debit, ….';
COMMENT ON COLUMN disputes.payment_method_brand IS 'Brand of the card, or the bank.';
COMMENT ON COLUMN disputes.payment_method_country IS 'Country of the card or account, two letters.';
COMMENT ON COLUMN disputes.evidence_due_by IS 'Day until which to answer.';
COMMENT ON COLUMN disputes.paid_at IS 'When the order was paid, as Stripe says.';
COMMENT ON COLUMN disputes.opened_at IS 'When the bank took the money, or asked.';
COMMENT ON COLUMN disputes.closed_at IS 'When it was decided; null while it is open.';
