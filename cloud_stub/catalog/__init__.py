"""The vendors' plans, prices, models and regions as data: one TOML file a vendor, and the only reader of them."""
