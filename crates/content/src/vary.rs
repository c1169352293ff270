//! Several copies of one product that can be tested against each other: each from another angle, distinct in its words. Not
//! here: which of them customers respond to.

use serde::{Deserialize, Serialize};

use crate::brief::Brief;
use crate::channel::Channel;
use crate::plan::Plan;
use crate::write::{Angle, Draft, Task, write};

/// Variants of one task.
pub const VARIANTS_MAX: usize = 12;
/// Pairs of words that two variants may share, of all that either has. Names and specs are shared by all.
pub(crate) const SHARED_MAX: f64 = 0.6;
/// Seeds that are tried for one variant.
const TRIES: u64 = 6;

/// One variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    pub angle: Angle,
    pub draft: Draft,
    /// The largest share of pairs of words that it has in common with an earlier variant, 0 to 1.
    pub shared: f64,
}

/// Up to `n` variants (at most 12), one for each angle that the plan has something for, then further ones of the same angles.
/// Fewer, if no more can be told apart.
pub fn vary(
    brief: &Brief,
    plan: &Plan,
    channel: &'static Channel,
    n: usize,
    seed: u64,
    last_openings: &[String],
) -> Vec<Variant> {
    vary_among(brief, plan, channel, n, seed, last_openings, &mut |_| true)
}

/// The same of drafts that are accepted: in the place of one that is not, others of its angle are tried, at most six of a round.
pub fn vary_among(
    brief: &Brief,
    plan: &Plan,
    channel: &'static Channel,
    n: usize,
    seed: u64,
    last_openings: &[String],
    accepts: &mut dyn FnMut(&Draft) -> bool,
) -> Vec<Variant> {
    let angles: Vec<Angle> = Angle::ALL.into_iter().filter(|angle| angle.is_open(plan, brief)).collect();
    let n = n.min(VARIANTS_MAX);
    let mut variants: Vec<Variant> = Vec::new();
    // Each round goes through all angles; a round that adds nothing ends it.
    for round in 0.. {
        let before = variants.len();
        for (nth, angle) in angles.iter().enumerate() {
            if variants.len() == n {
                return variants;
            }
            let seed = seed.wrapping_add(1000 * round + 10 * nth as u64);
            let mut avoided: Vec<String> = last_openings.to_vec();
            avoided.extend(variants.iter().flat_map(|variant| variant.draft.openings.iter().cloned()));
            let task = Task { brief, plan, channel, angle: *angle, seed, last_openings: &avoided };
            variants.extend(distinct(&task, &variants, accepts));
        }
        if variants.len() == before {
            return variants;
        }
    }
    variants
}

/// A draft of a task that differs from all before it and is accepted.
fn distinct(task: &Task, before: &[Variant], accepts: &mut dyn FnMut(&Draft) -> bool) -> Option<Variant> {
    for nth in 0..TRIES {
        let draft = write(&Task { seed: task.seed.wrapping_add(nth), ..*task });
        let shared = before.iter().map(|other| shared(&other.draft, &draft)).fold(0.0, f64::max);
        if shared <= SHARED_MAX && accepts(&draft) {
            return Some(Variant { angle: task.angle, draft, shared });
        }
    }
    None
}

/// The share of pairs of words that two drafts have in common.
pub(crate) fn shared(a: &Draft, b: &Draft) -> f64 {
    let pairs = |draft: &Draft| crate::write::pairs(&crate::write::hashed(&draft.plain()));
    let (a, b) = (pairs(a), pairs(b));
    let both = a.iter().filter(|pair| b.binary_search(pair).is_ok()).count();
    let either = a.len() + b.len() - both;
    if either == 0 { 1.0 } else { both as f64 / either as f64 }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::{Cents, Product};

    use super::*;
    use crate::brief::Lang;
    use crate::plan::{Market, Opinion};

    fn phone(name: &str, memory: &str, battery: &str) -> Product {
        let specs = [
            ("memory", memory),
            ("battery", battery),
            ("storage", "256 GB"),
            ("refresh_rate", "120 Hz"),
            ("screen_size", "6.7 in"),
        ];
        Product {
            product_id: name.into(),
            name: name.into(),
            category: Some("Phones/Smartphones".into()),
            price_cents: Some(Cents(399_900)),
            specs: specs.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            ..Product::default()
        }
    }

    /// A phone of which all is known has a variant from each of the seven angles, no two of them alike.
    #[test]
    fn variants_differ_in_angle_and_words() {
        let (older, newer) = (phone("Sirra 4", "8 GB", "4500 mAh"), phone("Sirra 5", "12 GB", "5000 mAh"));
        let opinions = [Opinion {
            aspect: "screen".into(),
            label_zh: "屏幕".into(),
            label_en: "Screen".into(),
            n_praise: 38,
            n_reviews: 42,
        }];
        for lang in [Lang::Zh, Lang::En] {
            for channel in ["push", "social", "email", "moments"] {
                let brief = Brief {
                    products: vec![newer.clone()],
                    lang,
                    channel: channel.into(),
                    shop_name: "店".into(),
                    currency: "CNY".into(),
                    ..Brief::default()
                };
                let plan =
                    Plan::new(&brief, &Market { predecessor: Some(&older), opinions: &opinions, ..Market::default() });
                let variants = vary(&brief, &plan, brief.check().unwrap(), 7, 1, &[]);
                let angles: BTreeSet<Angle> = variants.iter().map(|variant| variant.angle).collect();
                assert!(angles.len() >= 6, "{channel} in {lang:?}: {angles:?}");
                assert!(
                    variants.iter().all(|variant| variant.shared <= SHARED_MAX && variant.draft.angle == variant.angle)
                );
                assert_eq!(variants, vary(&brief, &plan, brief.check().unwrap(), 7, 1, &[]));
                for (at, variant) in variants.iter().enumerate() {
                    let texts: Vec<String> = variants[at + 1..].iter().map(|other| other.draft.plain()).collect();
                    assert!(!texts.contains(&variant.draft.plain()));
                }
            }
        }
    }

    #[test]
    fn a_bare_name_has_few_variants_and_ends() {
        let bare = Product { product_id: "x".into(), name: "Mystery".into(), ..Product::default() };
        let brief = Brief { products: vec![bare], channel: "push".into(), currency: "CNY".into(), ..Brief::default() };
        let plan = Plan::new(&brief, &Market::default());
        let variants = vary(&brief, &plan, brief.check().unwrap(), 50, 1, &[]);
        assert!((1..=VARIANTS_MAX).contains(&variants.len()));
        assert!(variants.iter().all(|variant| variant.angle == Angle::Goal));
    }
}
