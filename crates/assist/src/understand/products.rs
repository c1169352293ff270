//! Names of a shop's products, found in what customers write.

use domain::Product;

/// Every name by which a product of the shop may be called.
#[derive(Clone, Debug, Default)]
pub struct ProductNames {
    ids: Vec<String>,
}

impl ProductNames {
    /// From the shop's products.
    pub fn of<'a>(products: impl IntoIterator<Item = &'a Product>) -> Self {
        ProductNames { ids: products.into_iter().map(|product| product.product_id.clone()).collect() }
    }

    /// Products known.
    pub fn n_products(&self) -> usize {
        self.ids.len()
    }
}
