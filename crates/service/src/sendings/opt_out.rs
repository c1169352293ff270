//! Somebody wants no more: their consent to the way is taken away, and whatever still waits for them by it is left out when its turn
//! comes. A key of something they got is enough; whoever has it was sent it.

use std::sync::Arc;

use data::Shop;

use super::{machine_clock, whom};
use crate::error::{Result, ServiceError};
use crate::serving::ServedShop;
use crate::store::Store;

fn unknown(key: &str) -> ServiceError {
    ServiceError::not_found("copy that was sent", key).help("the key stands in what was sent, as sd_ and 24 digits")
}

/// Whom a key is of, and by which way they were written to.
fn of_key(shop: &Shop, key: &str) -> Result<(String, String)> {
    let item = shop.state()?.sending_item_of_key(key)?.ok_or_else(|| unknown(key))?;
    Ok((item.customer_id, item.way))
}

/// Takes a customer's consent to a way away; whether they had agreed to it.
///
/// # Errors
/// If the customer is not known, or nothing can be written.
pub async fn opt_out(shop: &Shop, store: &Store, key: &str) -> Result<bool> {
    shop.lock_for_writing()?;
    let (customer_id, way) = of_key(shop, key)?;
    let mut rows = whom::rows(shop, store, std::slice::from_ref(&customer_id)).await?;
    let mut customer = rows.remove(&customer_id).ok_or_else(|| unknown(key))?;
    let n = customer.consent.len();
    customer.consent.retain(|agreed| *agreed != way);
    if customer.consent.len() == n {
        return Ok(false);
    }
    let body = serde_json::to_string(&customer)?;
    store.put_overlay("customers", &customer_id, Some(body), machine_clock())?;
    Ok(true)
}

impl ServedShop {
    /// Takes the consent away that something sent with this key rested on; whether there was one.
    ///
    /// # Errors
    /// If nothing was sent with it, the customer is not known any more, or nothing can be written.
    pub async fn opt_out_by_key(self: &Arc<Self>, key: &str) -> Result<bool> {
        let _present = self.erasing.read().await;
        let (customer_id, way) = of_key(&self.shop, key)?;
        let mut customer = self.customer(&customer_id).await.map_err(|_| unknown(key))?.customer;
        let n = customer.consent.len();
        customer.consent.retain(|agreed| *agreed != way);
        if customer.consent.len() == n {
            return Ok(false);
        }
        self.put_customer(customer).await?;
        Ok(true)
    }
}
