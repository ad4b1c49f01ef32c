CREATE VIEW stock AS
SELECT shop, product, "name", capacity, held, sold,
       CASE WHEN capacity IS NOT NULL THEN greatest(0, capacity - held - sold) END AS available, oversold
FROM raw.stock_levels;

COMMENT ON VIEW stock IS 'One row for each product that has, or had, a capacity: how many are taken and how many are left.';
COMMENT ON COLUMN stock.shop IS 'Shop that sells it.';
COMMENT ON COLUMN stock.product IS 'Product id in the catalogue.';
COMMENT ON COLUMN stock.name IS 'The product''s name.';
COMMENT ON COLUMN stock.capacity IS 'How many there are in all; null: any number can be sold.';
COMMENT ON COLUMN stock.held IS 'How many are in checkouts that are open, or whose payment is on its way.';
COMMENT ON COLUMN stock.sold IS 'How many are paid and were not given back.';
COMMENT ON COLUMN stock.available IS 'How many can still be bought.';
COMMENT ON COLUMN stock.oversold IS 'How many of those sold were not available when their money came.';
