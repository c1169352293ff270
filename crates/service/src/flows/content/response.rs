//! What customers did with copies that went out: exposures whose arm is a draft's id, added up by channel, angle and writer. Whoever was
//! shown a copy responded if the exposure says so or brought revenue, or if an event of its campaign (a click through the copy's
//! address, an order) came from them afterwards. What may be expected of the next copy is the business of `content::response`.

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
    let sql = format!("{} order by n desc, arm limit {ARMS_MAX}", by_arm("arm like 'cd\\_%' escape '\\'"));
    let mut sums: BTreeMap<(String, content::write::Angle, String), (u64, u64)> = BTreeMap::new();
    for row in query_rows(shop, &sql).await? {
        let Some(arm) = row.get("arm").and_then(|value| value.as_str()) else { continue };
        let count = |name: &str| row.get(name).and_then(serde_json::Value::as_u64).unwrap_or(0);
        // A draft that was deleted tells nothing any more.
        let Some(stored) = store.draft(arm)? else { continue };
        let detail = drafts::read(&stored)?;
        let sum = sums.entry((detail.row.channel, detail.draft.angle, detail.draft.writer)).or_default();
        (sum.0, sum.1) = (sum.0 + count("n"), sum.1 + count("n_responded"));
    }
    let past =
        |((channel, angle, writer), (n_shown, n_responded))| Past { channel, angle, writer, n_shown, n_responded };
    Ok(sums.into_iter().map(past).collect())
}

/// The statement that counts exposures (`n`) and responses to them (`n_responded`) by arm, of the exposures of a condition.
pub(super) fn by_arm(condition: &str) -> String {
    format!(
        "with shown as (
          select arm, campaign_id, customer_id, at, responded, revenue_cents from exposures where {condition}
        ), came as (
          select campaign_id, customer_id, max(at) as last_at from events
          where campaign_id in (select campaign_id from shown) group by campaign_id, customer_id
        )
        select s.arm as arm, count(*) as n,
          sum(case when s.responded or coalesce(s.revenue_cents, 0) > 0 or c.last_at >= s.at then 1 else 0 end) as n_responded
        from shown s left join came c on c.campaign_id = s.campaign_id and c.customer_id = s.customer_id
        group by s.arm"
    )
}
