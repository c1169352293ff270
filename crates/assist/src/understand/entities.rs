//! What a message names: products, orders, days, money, counts.
