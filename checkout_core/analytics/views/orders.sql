CREATE VIEW orders AS
SELECT id, shop, stripe_checkout_session_id, stripe_payment_intent_id, status, email, "name", phone, items, currency,
       amount_subtotal, to_decimal(amount_subtotal, currency) AS amount_subtotal_decimal,
       amount_discount, to_decimal(amount_discount, currency) AS amount_discount_decimal,
       amount_shipping, to_decimal(amount_shipping, currency) AS amount_shipping_decimal,
       amount_tax, to_decimal(amount_tax, currency) AS amount_tax_decimal,
       greatest(0, amount_total - (amount_subtotal - amount_discount + amount_shipping)) AS amount_tax_added,
       to_decimal(greatest(0, amount_total - (amount_subtotal - amount_discount + amount_shipping)), currency)
           AS amount_tax_added_decimal,
       amount_total, to_decimal(amount_total, currency) AS amount_total_decimal,
       amount_refunded, to_decimal(amount_refunded, currency) AS amount_refunded_decimal,
       amount_fee, to_decimal(amount_fee, balance_currency) AS amount_fee_decimal,
       amount_net, to_decimal(amount_net, balance_currency) AS amount_net_decimal, balance_currency,
       payment_method_type, payment_method_brand, payment_method_last4, payment_method_country,
       amount_disputed, to_decimal(amount_disputed, currency) AS amount_disputed_decimal,
       dispute_status, moment(dispute_evidence_due_at) AS dispute_evidence_due_at, oversold,
       metadata, moment(created_at) AS created_at, moment(updated_at) AS updated_at, moment(paid_at) AS paid_at, "version"
FROM raw.orders;

COMMENT ON VIEW orders IS 'One row for each order: every checkout whose shopper was handed to Stripe, paid or not.';
COMMENT ON COLUMN orders.id IS 'Order id, such as order_01h455vb4pex5vsknk084sn02q; sorts by time.';
COMMENT ON COLUMN orders.shop IS 'Shop that took the order; default where there is only one.';
COMMENT ON COLUMN orders.stripe_checkout_session_id IS 'Stripe''s checkout session, cs_…; unique.';
COMMENT ON COLUMN orders.stripe_payment_intent_id IS 'Stripe''s payment, pi_…; null until payment begins.';
COMMENT ON COLUMN orders.status IS 'pending, processing, paid, failed, expired or refunded (in whole).';
COMMENT ON COLUMN orders.email IS 'The shopper''s e-mail address as it was entered.';
COMMENT ON COLUMN orders.name IS 'The shopper''s name; may be null.';
COMMENT ON COLUMN orders.phone IS 'The shopper''s phone number; may be null.';
COMMENT ON COLUMN orders.items IS 'What was ordered: a list of product, name, unit_amount, quantity and amount_subtotal. See order_items.';
COMMENT ON COLUMN orders.currency IS 'Three-letter currency code, lower case.';
COMMENT ON COLUMN orders.amount_subtotal IS 'What the lines cost together, before discounts, shipping and added tax, in minor units.';
COMMENT ON COLUMN orders.amount_subtotal_decimal IS 'The same in major units.';
COMMENT ON COLUMN orders.amount_discount IS 'What codes and coupons took off, in minor units.';
COMMENT ON COLUMN orders.amount_discount_decimal IS 'The same in major units.';
COMMENT ON COLUMN orders.amount_shipping IS 'What shipping cost, in minor units.';
COMMENT ON COLUMN orders.amount_shipping_decimal IS 'The same in major units.';
COMMENT ON COLUMN orders.amount_tax IS 'All tax, also what prices include, in minor units.';
COMMENT ON COLUMN orders.amount_tax_decimal IS 'The same in major units.';
COMMENT ON COLUMN orders.amount_tax_added IS 'The tax that came on top of the prices: subtotal less discount, with shipping and this, is the total.';
COMMENT ON COLUMN orders.amount_tax_added_decimal IS 'The same in major units.';
COMMENT ON COLUMN orders.amount_total IS 'What the order costs, as Stripe charged it once it is paid, in minor units of its currency (cents, yen).';
COMMENT ON COLUMN orders.amount_total_decimal IS 'The same in major units (euros, yen).';
COMMENT ON COLUMN orders.amount_refunded IS 'What was given back so far, in minor units.';
COMMENT ON COLUMN orders.amount_refunded_decimal IS 'The same in major units.';
COMMENT ON COLUMN orders.amount_fee IS 'What Stripe keeps of the payment, in minor units of balance_currency; null until the charge is settled.';
COMMENT ON COLUMN orders.amount_fee_decimal IS 'The same in major units.';
COMMENT ON COLUMN orders.amount_net IS 'The payment less the fee, before refunds, in minor units of balance_currency.';
COMMENT ON COLUMN orders.amount_net_decimal IS 'The same in major units.';
COMMENT ON COLUMN orders.balance_currency IS 'Currency of the Stripe balance, which may be another than the order''s.';
COMMENT ON COLUMN orders.payment_method_type IS 'What was paid with, as Stripe calls it: card, sepa_debit, …; null where nothing was charged.';
COMMENT ON COLUMN orders.payment_method_brand IS 'Brand of the card, or the bank.';
COMMENT ON COLUMN orders.payment_method_last4 IS 'Last four digits of the card or account.';
COMMENT ON COLUMN orders.payment_method_country IS 'Country of the card or account, two letters.';
COMMENT ON COLUMN orders.amount_disputed IS 'What shoppers'' banks hold or have taken for good in disputes, in minor units.';
COMMENT ON COLUMN orders.amount_disputed_decimal IS 'The same in major units.';
COMMENT ON COLUMN orders.dispute_status IS 'Stripe''s status of the dispute to know of first: needs_response, under_review, won, lost, warning_… of an inquiry, …; null without disputes.';
COMMENT ON COLUMN orders.dispute_evidence_due_at IS 'Until when the dispute has to be answered; null when no answer is due.';
COMMENT ON COLUMN orders.oversold IS 'open, accepted or refunded, when something of it was not available any more when it was paid; else null.';
COMMENT ON COLUMN orders.metadata IS 'Whatever the shop noted on the order, as JSON: metadata->>''channel''.';
COMMENT ON COLUMN orders.created_at IS 'When the shopper was handed to Stripe.';
COMMENT ON COLUMN orders.updated_at IS 'When the order last changed.';
COMMENT ON COLUMN orders.paid_at IS 'When it was paid, as Stripe says; stays when it is refunded; null when it never was.';
COMMENT ON COLUMN orders.version IS 'How often the order has changed, counted from 1.';
