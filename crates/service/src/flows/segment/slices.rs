//! Customers in slices by their ids, so that what a query holds of each of them is never held of all at once. What is not here:
//! how many rows a slice has; customers differ, and a busy one counts as much as a quiet one.

use data::Shop;

use crate::error::Result;
use crate::flows::rows::{query, quoted, texts};

/// Customers of one slice. A query over behaviour holds a few hundred bytes of each, in every thread.
pub const CUSTOMERS_MAX: usize = 1 << 18;

/// Customers from one id (included) to another (excluded), in the order of bytes; all of them without ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    from: Option<String>,
    until: Option<String>,
}

impl Slice {
    /// Further conjuncts of a statement's condition, over `column`.
    pub fn and(&self, column: &str) -> String {
        let from = self.from.iter().map(|id| format!(" and {column} >= {}", quoted(id)));
        let until = self.until.iter().map(|id| format!(" and {column} < {}", quoted(id)));
        from.chain(until).collect()
    }
}

/// The shop's customers in slices of at most `n_max`, ascending: every id falls into exactly one.
///
/// # Errors
/// If the tables cannot be read.
pub async fn slices(shop: &Shop, n_max: usize) -> Result<Vec<Slice>> {
    // A shop that keeps no list of its customers has those who did something.
    let tables: &[&str] = if n_rows(shop, "customers")? > 0 { &["customers"] } else { &["orders", "events"] };
    let mut n_most = 0;
    for table in tables {
        n_most += n_rows(shop, table)?;
    }
    if n_most <= n_max as u64 {
        return Ok(vec![Slice::default()]);
    }
    let parts: Vec<String> = tables.iter().map(|table| format!("select customer_id from {table}")).collect();
    let mut ids: Vec<Box<str>> = Vec::new();
    for batch in query(shop, &parts.join(" union ")).await? {
        ids.extend(texts(&batch, "customer_id")?.iter().flatten().map(Box::from));
    }
    ids.sort_unstable();
    Ok(cut(&ids, n_max))
}

fn n_rows(shop: &Shop, table: &str) -> Result<u64> {
    Ok(shop.tables().manifest(data::Tables::spec(table)?)?.n_rows())
}

/// As few slices of `ids`, ascending, as hold at most `n_max` each.
fn cut(ids: &[Box<str>], n_max: usize) -> Vec<Slice> {
    let n_each = ids.len().div_ceil(ids.len().div_ceil(n_max).max(1)).max(1);
    let begin = |at: usize| ids.get(at).filter(|_| at > 0).map(|id| id.to_string());
    let starts = (0..ids.len().max(1)).step_by(n_each);
    starts.map(|at| Slice { from: begin(at), until: begin(at + n_each) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_falls_into_one_slice() {
        for n in 0..20usize {
            let ids: Vec<Box<str>> = (0..n).map(|at| format!("c{at:02}").into()).collect();
            let slices = cut(&ids, 6);
            assert_eq!(slices.len(), n.div_ceil(6).max(1), "{n}");
            assert!(slices[0].from.is_none() && slices[slices.len() - 1].until.is_none());
            for pair in slices.windows(2) {
                assert!(pair[0].until.is_some() && pair[0].until == pair[1].from);
            }
            for slice in &slices {
                let within = |id: &str| {
                    slice.from.as_deref().is_none_or(|from| id >= from)
                        && slice.until.as_deref().is_none_or(|until| id < until)
                };
                assert!(ids.iter().filter(|id| within(id)).count() <= 6, "{n}");
            }
        }
    }

    #[test]
    fn conditions_are_quoted() {
        let slice = Slice { from: Some("o'b".to_owned()), until: None };
        assert_eq!(slice.and("o.customer_id"), " and o.customer_id >= 'o''b'");
        assert_eq!(Slice::default().and("customer_id"), "");
    }
}
