//! The groups before these: who was in which, which present group continues which, and what that tells people. A key means the
//! same group for as long as most of its customers stay together; a key that vanished is never given again.

use data::Shop;
use data::arrow::array::Array;
use domain::Day;
use segment::lineage;

use super::features::Customers;
use super::find::Placed;
use super::published::Published;
use super::views::{Before, BeforeGroup, Segmentation, Was};
use crate::error::Result;
use crate::flows::in_service;
use crate::flows::rows::texts;

/// A former group is told of if so many of a group's customers came from it …
const SHARE_MIN: f64 = 0.1;
/// … or so many of its own went there.
const SHARE_OF_IT_MIN: f64 = 0.5;

/// What became of the former groups.
pub struct Former {
    /// The keys of the present groups, in their order.
    pub keys: Vec<String>,
    /// The highest number ever given to a group.
    n_keys: usize,
    /// The former groups and who went where; `None` the first time.
    before: Option<(Published, Vec<Vec<u64>>)>,
}

impl Former {
    /// Compares where everybody stands with the table `segments` as it was until now.
    pub async fn read(shop: &Shop, customers: &Customers, placed: &[Placed], n_groups: usize) -> Result<Former> {
        let Some(published) = in_service::now::<Published>(shop).await? else {
            let (keys, n_keys) = lineage::keys(&vec![None; n_groups], &[], 0);
            return Ok(Former { keys, n_keys, before: None });
        };
        let made = published.groups()?;
        let mut moved = vec![vec![0u64; n_groups]; made.groups.len()];
        let sql = "select customer_id, segment from segments where segment is not null";
        let count = |batch: data::arrow::array::RecordBatch| -> Result<()> {
            let (who, keys) = (texts(&batch, "customer_id")?, texts(&batch, "segment")?);
            for row in (0..batch.num_rows()).filter(|&row| who.is_valid(row) && keys.is_valid(row)) {
                let before = made.groups.iter().position(|group| group.key == keys.value(row));
                let (Some(before), Some(now)) = (before, customers.row(who.value(row))) else { continue };
                moved[before][usize::from(placed[now as usize].group)] += 1;
            }
            Ok(())
        };
        shop.engine()?.for_each(sql, count).await?;
        let former: Vec<String> = made.groups.iter().map(|group| group.key.clone()).collect();
        // Segmentations of earlier versions numbered their groups from 1.
        let n_given = made.n_keys.max(former.len());
        let continued = if moved.is_empty() { vec![None; n_groups] } else { lineage::continued(&moved) };
        let (keys, n_keys) = lineage::keys(&continued, &former, n_given);
        Ok(Former { keys, n_keys, before: Some((published, moved)) })
    }

    /// Adds to a segmentation what its groups were before.
    pub fn tell(&self, made: &mut Segmentation, as_of: Day) -> Result<()> {
        made.n_keys = self.n_keys;
        let Some((published, moved)) = &self.before else {
            made.groups.iter_mut().for_each(|group| group.since = Some(as_of));
            return Ok(());
        };
        let former = published.groups()?;
        for (now, group) in made.groups.iter_mut().enumerate() {
            let same = former.groups.iter().find(|before| before.key == group.key);
            group.since = Some(same.map_or(as_of, |before| before.since.unwrap_or(former.as_of)));
            let n_known: u64 = moved.iter().map(|row| row[now]).sum();
            let was = |(before, row): (usize, &Vec<u64>)| {
                let share = |whole: u64| if whole == 0 { 0.0 } else { row[now] as f64 / whole as f64 };
                let (key, name) = (former.groups[before].key.clone(), former.groups[before].name.clone());
                Was { key, name, n: row[now], share: share(n_known), share_of_it: share(row.iter().sum()) }
            };
            let mut all: Vec<Was> = moved.iter().enumerate().map(was).collect();
            all.retain(|was| was.share >= SHARE_MIN || was.share_of_it >= SHARE_OF_IT_MIN);
            all.sort_by(|a, b| b.n.cmp(&a.n).then_with(|| a.key.cmp(&b.key)));
            group.was = all;
        }
        let before = |(at, group): (usize, &super::Group)| BeforeGroup {
            key: group.key.clone(),
            name: group.name.clone(),
            n_customers: moved[at].iter().sum(),
            goes_on: self.keys.contains(&group.key),
        };
        made.before = Some(Before {
            version: published.version.clone(),
            trained_at: former.trained_at,
            as_of: former.as_of,
            groups: former.groups.iter().enumerate().map(before).collect(),
            counts: moved.clone(),
        });
        Ok(())
    }
}
