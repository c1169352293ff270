//! What customers did with copies that went out: exposures whose arm is a draft's id, added up by channel and angle. What may be expected
//! of the next copy is the business of `content::response`.

use std::collections::BTreeMap;

use content::response::Past;
use data::Shop;

use super::drafts;
use crate::error::Result;
use crate::flows::rows::query_rows;
use crate::store::Store;

/// Drafts whose exposures are read, those most shown.
const ARMS_MAX: usize = 20_000;

/// Exposures of drafts that the shop still has.
///
/// # Errors
/// If the exposures or the state cannot be read.
pub async fn past(shop: &Shop, store: &Store) -> Result<Vec<Past>> {
    let sql = format!(
        "select arm, count(*) as n, sum(case when responded then 1 else 0 end) as n_responded
         from exposures where arm like 'cd\\_%' escape '\\' group by arm order by n desc, arm limit {ARMS_MAX}"
    );
    let mut sums: BTreeMap<(String, content::write::Angle), (u64, u64)> = BTreeMap::new();
    for row in query_rows(shop, &sql).await? {
        let Some(arm) = row.get("arm").and_then(|value| value.as_str()) else { continue };
        let count = |name: &str| row.get(name).and_then(serde_json::Value::as_u64).unwrap_or(0);
        // A draft that was deleted tells nothing any more.
        let Some(stored) = store.draft(arm)? else { continue };
        let detail = drafts::read(&stored)?;
        let sum = sums.entry((detail.row.channel, detail.draft.angle)).or_default();
        (sum.0, sum.1) = (sum.0 + count("n"), sum.1 + count("n_responded"));
    }
    let past = |((channel, angle), (n_shown, n_responded))| Past { channel, angle, n_shown, n_responded };
    Ok(sums.into_iter().map(past).collect())
}
