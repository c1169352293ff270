//! What is stored of a segmentation and shown: groups in words and figures, the grid of scores, retention, movement, the map,
//! the tree. Wire types; nothing is computed here beyond putting figures side by side.

use std::collections::BTreeMap;

use domain::Day;
use segment::cohort::Retention;
use segment::migration::Migration;
use segment::profile::{Attribute, GroupProfile, LevelContrast};
use segment::rfm::{Cuts, Rfm, RfmGroup};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::features::Customers;
use super::find::{Found, Space};
use super::{By, SegmentRequest, Text, Totals};
use crate::flows::audience::sql::Present;
use crate::flows::train::plain;

/// Points of the map that are kept.
const POINTS_MAX: usize = 200_000;

/// All groups of a shop.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Segmentation {
    pub version: String,
    /// UTC milliseconds.
    pub trained_at: i64,
    pub seconds: f64,
    /// The local day on which the data end.
    #[schema(value_type = String)]
    pub as_of: Day,
    pub n_customers: usize,
    /// behaviour or taste.
    pub by: By,
    pub card: String,
    #[schema(value_type = Object)]
    pub settings: BTreeMap<String, serde_json::Value>,
    pub seed: u64,
    /// Why so many groups; absent if the number was given.
    pub choice: Option<Choice>,
    pub stability: Stability,
    /// What placing everybody with the group whose centre is nearest did to the method's own labels; absent of older versions.
    #[serde(default)]
    pub placement: Option<Placement>,
    pub features: Vec<FeatureView>,
    /// The largest first.
    pub groups: Vec<Group>,
    /// The highest number that a group's key ever had: none is given twice.
    #[serde(default)]
    pub n_keys: usize,
    /// The groups before these and who went where; absent the first time.
    #[serde(default)]
    pub before: Option<Before>,
}

/// A former segmentation, beside the present one.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Before {
    pub version: String,
    /// UTC milliseconds.
    pub trained_at: i64,
    #[schema(value_type = String)]
    pub as_of: Day,
    pub groups: Vec<BeforeGroup>,
    /// Customers in both by the group they were in (row) and are in (column), in the order of either's groups.
    pub counts: Vec<Vec<u64>>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BeforeGroup {
    pub key: String,
    pub name: Text,
    /// Those of its customers who are in a group today.
    pub n_customers: u64,
    /// Whether a present group continues it, under the same key.
    pub goes_on: bool,
}

/// Numbers of groups that were looked at.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Choice {
    pub recommended: usize,
    pub curve: Vec<ChoicePoint>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ChoicePoint {
    pub k: usize,
    pub inertia: f64,
    pub silhouette: Option<f64>,
    pub gap: Option<f64>,
    pub gap_error: Option<f64>,
}

/// Shares of the sample that the method looked at.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct Placement {
    /// Customers whom the method left as noise. They stand with the nearest group all the same.
    pub noise: f64,
    /// The same where the method was fitted to other samples.
    pub noise_resampled: f64,
    /// Of the others, those whose nearest centre is another group's than their own.
    pub moved: f64,
}

/// Whether another sample of customers would have shown the same groups, by the same method: the adjusted Rand index of
/// where everybody is placed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct Stability {
    pub mean: f64,
    pub low: f64,
    pub high: f64,
    pub n_resamples: usize,
    /// Customers to whom the method was fitted each time; 0 of older versions, which always fitted K-Means.
    #[serde(default)]
    pub n_fitted: usize,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FeatureView {
    pub name: String,
    pub label: Text,
    pub unit: String,
    pub weight: f64,
}

/// A group in words and figures.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Group {
    pub key: String,
    pub name: Text,
    pub description: Text,
    pub n_customers: u64,
    pub share: f64,
    /// What its customers ever spent.
    pub revenue_cents: i64,
    pub revenue_share: f64,
    pub n_orders: u64,
    pub mean_order_cents: Option<i64>,
    pub value_per_customer_cents: i64,
    pub recency_days_median: Option<f64>,
    pub trend: Trend,
    /// Jaccard's coefficient with the most similar group of other samples, 0 to 1.
    pub stability: f64,
    pub traits: Vec<Trait>,
    pub numbers: Vec<NumberView>,
    pub actions: Vec<ActionView>,
    /// As of when there has been a group of this key.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub since: Option<Day>,
    /// Where its customers were before, most first: former groups that a tenth of them, or half of the former group, came from.
    #[serde(default)]
    pub was: Vec<Was>,
}

/// A former group as part of a present one.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Was {
    pub key: String,
    pub name: Text,
    pub n: u64,
    /// Of the present group's customers who were in any group.
    pub share: f64,
    /// Of the former group's customers who are in any group.
    pub share_of_it: f64,
}

/// The last 90 days and the 90 before. Changes are absent where nothing was before, or the orders do not reach back so far.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct Trend {
    /// Customers who bought.
    pub n_now: u64,
    pub n_before: u64,
    pub change: Option<f64>,
    /// What was paid.
    #[serde(default)]
    pub value_cents: i64,
    #[serde(default)]
    pub value_cents_before: i64,
    #[serde(default)]
    pub value_change: Option<f64>,
}

/// A level that is over- or under-represented.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Trait {
    pub kind: String,
    pub level: String,
    pub label: Text,
    pub share: f64,
    /// Among all customers.
    pub share_elsewhere: f64,
    pub lift: f64,
    pub z: f64,
    /// over or under.
    pub direction: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NumberView {
    pub name: Text,
    pub measure: String,
    pub mean: f64,
    pub mean_overall: f64,
    /// The difference in standard deviations.
    pub effect: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ActionView {
    pub kind: String,
    pub title: Text,
    pub reason: Text,
    /// The level it is about: kind and name.
    pub target: Option<ActionTarget>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ActionTarget {
    pub kind: String,
    pub level: String,
}

fn attribute(kind: Attribute) -> String {
    match kind {
        Attribute::AgeBand => "age".to_owned(),
        other => word(&other),
    }
}

impl Trait {
    fn of(level: &LevelContrast, direction: &str) -> Trait {
        Trait {
            kind: attribute(level.attribute),
            level: level.level.clone(),
            label: level.name.clone().into(),
            share: level.share,
            share_elsewhere: level.share_overall,
            lift: level.lift,
            z: level.z,
            direction: direction.to_owned(),
        }
    }
}

impl Group {
    fn new(profile: GroupProfile, totals: &Totals, all: &Totals, stability: f64) -> Group {
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let revenue_cents = totals.revenue.0;
        let per = |n: u64| (n > 0).then(|| (revenue_cents as f64 / n as f64).round() as i64);
        let over = profile.over.iter().map(|level| Trait::of(level, "over"));
        let under = profile.under.iter().map(|level| Trait::of(level, "under"));
        Group {
            key: profile.key,
            name: profile.name.into(),
            description: profile.description.into(),
            n_customers: totals.n_customers,
            share: share(totals.n_customers as f64, all.n_customers as f64),
            revenue_cents,
            revenue_share: share(revenue_cents as f64, all.revenue.0 as f64),
            n_orders: totals.n_orders,
            mean_order_cents: per(totals.n_orders),
            value_per_customer_cents: per(totals.n_customers).unwrap_or(0),
            recency_days_median: totals.recency_days_median,
            trend: Trend {
                n_now: totals.recent.n_active,
                n_before: totals.recent.n_active_before,
                change: profile.trend.customers_change,
                value_cents: totals.recent.value_cents.0,
                value_cents_before: totals.recent.value_cents_before.0,
                value_change: profile.trend.value_change,
            },
            stability,
            traits: over.chain(under).collect(),
            numbers: profile
                .numbers
                .into_iter()
                .map(|number| NumberView {
                    name: number.name.into(),
                    measure: word(&number.measure),
                    mean: number.mean,
                    mean_overall: number.mean_overall,
                    effect: number.effect,
                })
                .collect(),
            actions: profile
                .actions
                .into_iter()
                .map(|action| ActionView {
                    kind: action.kind.key().to_owned(),
                    title: action.title.into(),
                    reason: action.reason.into(),
                    target: action
                        .target
                        .map(|target| ActionTarget { kind: attribute(target.attribute), level: target.level }),
                })
                .collect(),
            since: None,
            was: Vec::new(),
        }
    }
}

/// The word that an enum without fields is written as.
fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

impl Segmentation {
    pub(super) fn new(
        found: &Found,
        request: &SegmentRequest,
        profiles: Vec<GroupProfile>,
        totals: &[Totals],
        customers: &Customers,
        present: &Present,
    ) -> Segmentation {
        let all = totals.iter().fold(Totals::default(), |all, one| Totals {
            n_customers: all.n_customers + one.n_customers,
            revenue: domain::Cents(all.revenue.0 + one.revenue.0),
            ..all
        });
        let stability = &found.resampled.stability;
        let of = |at: usize| stability.clusters.get(at).map_or(0.0, |cluster| cluster.jaccard);
        let groups = profiles.into_iter().zip(totals).enumerate();
        let high = stability.rand.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Segmentation {
            version: String::new(),
            trained_at: 0,
            seconds: 0.0,
            as_of: present.day,
            n_customers: found.n_customers,
            by: request.by,
            card: found.card.to_owned(),
            settings: plain(&found.settings),
            seed: request.seed,
            choice: found.choice.as_ref().map(|(recommended, curves)| Choice {
                recommended: *recommended,
                curve: (0..curves.ks.len())
                    .map(|at| ChoicePoint {
                        k: curves.ks[at],
                        inertia: curves.inertia[at],
                        silhouette: curves.silhouette[at],
                        gap: Some(curves.gap[at]),
                        gap_error: Some(curves.gap_error[at]),
                    })
                    .collect(),
            }),
            stability: Stability {
                mean: stability.rand_mean,
                low: stability.rand_min,
                high,
                n_resamples: stability.rand.len(),
                n_fitted: found.resampled.n_fitted,
            },
            placement: Some(Placement {
                noise: found.placement.noise,
                noise_resampled: found.resampled.noise,
                moved: found.placement.moved,
            }),
            features: customers
                .features
                .iter()
                .filter(|_| request.by == By::Behaviour)
                .map(|feature| FeatureView {
                    name: feature.spec.name.clone(),
                    label: feature.label.clone().into(),
                    unit: feature.unit.to_owned(),
                    weight: feature.spec.weight,
                })
                .collect(),
            groups: groups.map(|(at, (profile, totals))| Group::new(profile, totals, &all, of(at))).collect(),
            n_keys: 0,
            before: None,
        }
    }
}

/// The map of customers: columns of a sample, without ids.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Map {
    pub n: usize,
    pub n_total: usize,
    /// 0 to 65535.
    pub x: Vec<u16>,
    pub y: Vec<u16>,
    /// Place among `groups`.
    pub group: Vec<u8>,
    /// Share of what customers differ in along each axis.
    pub explained: [f64; 2],
    /// What each axis mostly is.
    pub axes: Vec<Text>,
    pub groups: Vec<MapGroup>,
}

/// A group's name and centre on the map.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MapGroup {
    pub key: String,
    pub name: Text,
    pub x: u16,
    pub y: u16,
}

impl Map {
    pub(super) fn new(found: &Found, made: &Segmentation) -> Map {
        let step = found.sample.len().div_ceil(POINTS_MAX).max(1);
        let kept = || found.sample.iter().step_by(step);
        let centre = |(group, centre): (&Group, &Vec<f64>)| {
            let (x, y) = found.fitted.map.place_of(centre);
            MapGroup { key: group.key.clone(), name: group.name.clone(), x, y }
        };
        Map {
            n: kept().count(),
            n_total: found.n_customers,
            x: kept().map(|placed| placed.x).collect(),
            y: kept().map(|placed| placed.y).collect(),
            group: kept().map(|placed| placed.group as u8).collect(),
            explained: found.fitted.map.explained,
            axes: axes(found, made),
            groups: made.groups.iter().zip(&found.fitted.centres).map(centre).collect(),
        }
    }

    /// At most `limit` of the points, evenly.
    pub fn thinned(&self, limit: usize) -> Map {
        let step = self.n.div_ceil(limit.max(1)).max(1);
        let thin = |column: &[u16]| column.iter().step_by(step).copied().collect::<Vec<u16>>();
        let x = thin(&self.x);
        Map {
            n: x.len(),
            n_total: self.n_total,
            x,
            y: thin(&self.y),
            group: self.group.iter().step_by(step).copied().collect(),
            explained: self.explained,
            axes: self.axes.clone(),
            groups: self.groups.clone(),
        }
    }
}

/// The two features that weigh most in each axis, with what more of the axis means.
fn axes(found: &Found, made: &Segmentation) -> Vec<Text> {
    let Space::Behaviour(preparation) = &found.fitted.space else {
        let axis = |number: usize| Text {
            zh: format!("口味差异方向 {number}"),
            en: format!("direction of taste {number}"),
        };
        return vec![axis(1), axis(2)];
    };
    let outputs = preparation.outputs();
    let d = outputs.len();
    let label =
        |column: &str| made.features.iter().find(|feature| feature.name == column).map(|feature| &feature.label);
    let axis = |direction: &[f64]| {
        let mut order: Vec<usize> = (0..d).collect();
        order.sort_by(|&a, &b| direction[b].abs().total_cmp(&direction[a].abs()).then(a.cmp(&b)));
        let (mut zh, mut en) = (Vec::new(), Vec::new());
        for at in order.into_iter().take(2) {
            let Some(label) = label(&outputs[at].column) else { continue };
            let (more_zh, more_en) = if direction[at] > 0.0 { ("越高", "more") } else { ("越低", "less") };
            zh.push(format!("{}{more_zh}", label.zh));
            en.push(format!("{more_en} {}", label.en));
        }
        Text { zh: zh.join("，"), en: en.join(", ") }
    };
    found.fitted.map.pca.components.chunks_exact(d).map(axis).collect()
}

/// Small groups and how they merge.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Tree {
    /// Whether it is the top of the tree by which the groups were made (`hierarchical`). Otherwise small groups by K-Means are
    /// merged by Ward's method, to show which groups are near each other.
    #[serde(default)]
    pub is_own: bool,
    pub leaves: Vec<LeafView>,
    /// Left, right, height, leaves below; SciPy's table over the leaves.
    #[schema(value_type = Vec<Vec<f64>>)]
    pub merges: Vec<[f64; 4]>,
    /// Leaves from left to right.
    pub order: Vec<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LeafView {
    pub id: usize,
    /// Of the sample the tree was made from.
    pub n_customers: usize,
    pub group: String,
}

impl Tree {
    pub(super) fn new(found: &Found) -> Tree {
        let keys = &found.keys;
        let leaf = |(id, &(n_customers, group)): (usize, &(usize, usize))| LeafView {
            id,
            n_customers,
            group: keys[group.min(keys.len() - 1)].clone(),
        };
        let merges = &found.tree.merges;
        let row = |row: usize| std::array::from_fn(|at| merges.row(row)[at]);
        Tree {
            is_own: found.tree.is_own,
            leaves: found.tree.leaves.iter().enumerate().map(leaf).collect(),
            merges: (0..merges.n).map(row).collect(),
            order: found.tree.order.clone(),
        }
    }
}

/// Everybody's scores for recency against those for frequency and money.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RfmView {
    #[schema(value_type = String)]
    pub as_of: Day,
    pub n_customers: u64,
    /// The least values with the scores 2, 3, 4 and 5; for recency, the most days with the scores 5, 4, 3 and 2.
    pub edges: RfmEdges,
    /// Rows by recency score, columns by the other two together, both from 1 to 5.
    pub grid: Vec<Vec<RfmCell>>,
    pub groups: Vec<RfmGroupView>,
    /// Which group a cell belongs to.
    pub cells: Vec<Vec<String>>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RfmEdges {
    pub recency_days: Vec<Option<i64>>,
    pub orders: Vec<Option<i64>>,
    pub spent_cents: Vec<Option<i64>>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct RfmCell {
    pub n: u64,
    pub revenue_cents: i64,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RfmGroupView {
    pub key: String,
    pub name: Text,
    /// Who they are.
    pub meaning: Text,
    /// What to do about them, in one sentence.
    pub advice: Text,
    pub n_customers: u64,
    pub share: f64,
    pub revenue_cents: i64,
    pub revenue_share: f64,
    pub recency_days_mean: Option<f64>,
    pub purchases_mean: Option<f64>,
    pub spent_cents_mean: Option<f64>,
}

fn advice(group: RfmGroup) -> Text {
    use RfmGroup::*;
    let (zh, en) = match group {
        Champions => (
            "优先体验新品，邀请评价和推荐朋友，不必打折。",
            "Show them what is new first and ask for reviews; no discount needed.",
        ),
        Loyal => ("用会员权益和更高一档的产品回馈。", "Reward them, and offer what is one step up."),
        PotentialLoyalists => (
            "推荐与已购产品相配的配件，促成下一次购买。",
            "Recommend what fits what they own, for the next order soon.",
        ),
        New => ("做好售后和使用指导，介绍配件。", "Look after the first purchase well, and show what goes with it."),
        Promising => {
            ("用实用的内容和小额优惠带来第二次购买。", "Win the second order with useful content and a small offer.")
        }
        NeedAttention => {
            ("在兴趣还在时，按浏览记录推荐并限时提醒。", "Remind them by what they looked at, while interest lasts.")
        }
        AboutToSleep => ("提醒降价和新一代产品，频率要低。", "Tell of price drops and new generations, rarely."),
        AtRisk => (
            "尽快唤回：换新补贴，或问清不再购买的原因。",
            "Win them back soon: a trade-in, or a question why they left.",
        ),
        CannotLoseThem => ("由专人联系，给出专属方案。", "Have a person get in touch with an offer of their own."),
        Hibernating => {
            ("只在他们的设备到了换新周期时联系。", "Get in touch only when what they own is due for replacement.")
        }
        Lost => ("不再投入预算，除非试投证明有效。", "Spend nothing on them unless a test shows that it pays."),
    };
    Text { zh: zh.to_owned(), en: en.to_owned() }
}

impl RfmView {
    pub(super) fn new(rfm: &Rfm, cuts: &Cuts, as_of: Day) -> RfmView {
        let cell = |cell: &segment::rfm::Cell| RfmCell { n: cell.n_customers, revenue_cents: cell.value_cents.0 };
        let groups: Vec<RfmGroupView> = rfm
            .groups()
            .into_iter()
            .map(|group| RfmGroupView {
                key: group.group.key().to_owned(),
                name: group.name.into(),
                meaning: group.description.into(),
                advice: advice(group.group),
                n_customers: group.n_customers,
                share: group.customers_share,
                revenue_cents: group.value_cents.0,
                revenue_share: group.value_share,
                recency_days_mean: group.recency_days_mean,
                purchases_mean: group.n_days_mean,
                spent_cents_mean: group.value_cents_mean,
            })
            .collect();
        let named = |recency: u8, combined: u8| RfmGroup::of(recency, combined).key().to_owned();
        RfmView {
            as_of,
            n_customers: groups.iter().map(|group| group.n_customers).sum(),
            edges: RfmEdges {
                recency_days: cuts.recency_days().map(|days| days.map(|days| days - 1)).to_vec(),
                orders: cuts.frequency().to_vec(),
                spent_cents: cuts.monetary_cents().to_vec(),
            },
            grid: rfm.grid.iter().map(|row| row.iter().map(cell).collect()).collect(),
            groups,
            cells: (1..=5).map(|recency| (1..=5).map(|combined| named(recency, combined)).collect()).collect(),
        }
    }
}

/// Who came back, by the month of the first purchase.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Cohorts {
    pub months: Vec<String>,
    /// Whether the last month is over.
    pub is_last_complete: bool,
    pub rows: Vec<CohortRow>,
    /// All cohorts old enough together, as shares.
    pub overall: Vec<Option<f64>>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CohortRow {
    pub month: String,
    pub n_customers: u64,
    /// Customers who bought 0, 1, 2 … months later; null for the future.
    pub retained: Vec<Option<u64>>,
    pub revenue_cents: Vec<Option<i64>>,
}

impl Cohorts {
    pub(super) fn new(retention: Retention) -> Cohorts {
        let row = |cohort: &segment::cohort::Cohort| CohortRow {
            month: cohort.first.to_string(),
            n_customers: cohort.n_customers,
            retained: cohort.kept.iter().map(|kept| kept.map(|kept| kept.n_customers)).collect(),
            revenue_cents: cohort.kept.iter().map(|kept| kept.map(|kept| kept.revenue_cents.0)).collect(),
        };
        Cohorts {
            months: retention.cohorts.iter().map(|cohort| cohort.first.to_string()).collect(),
            is_last_complete: retention.is_until_complete,
            rows: retention.cohorts.iter().map(row).collect(),
            overall: retention.overall.iter().map(|kept| kept.map(|kept| kept.share)).collect(),
        }
    }
}

/// How customers moved between the groups by recency, frequency and money, month by month.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Movement {
    /// Ends of months, `YYYY-MM`.
    pub months: Vec<String>,
    pub groups: Vec<MovementState>,
    pub steps: Vec<MovementStep>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MovementState {
    pub key: String,
    pub name: Text,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MovementStep {
    pub from: String,
    pub to: String,
    /// Customers by where they were (row) and are (column), in the order of `groups`.
    pub counts: Vec<Vec<u64>>,
}

impl Movement {
    pub(super) fn new(migration: Migration) -> Movement {
        let first = migration.steps.first().map(|step| step.from.to_string());
        let months = first.into_iter().chain(migration.steps.iter().map(|step| step.to.to_string()));
        Movement {
            months: months.collect(),
            groups: migration
                .states
                .into_iter()
                .map(|state| MovementState { key: state.key.to_owned(), name: state.name.into() })
                .collect(),
            steps: migration
                .steps
                .into_iter()
                .map(|step| MovementStep { from: step.from.to_string(), to: step.to.to_string(), counts: step.counts })
                .collect(),
        }
    }
}
