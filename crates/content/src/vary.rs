//! Several copies of one product that can be tested against each other: each from another angle, distinct in its words. Not
//! here: which of them customers respond to.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::brief::Brief;
use crate::channel::Channel;
use crate::plan::Plan;
use crate::write::{Angle, Draft, Task, write};

/// Variants of one task.
pub const VARIANTS_MAX: usize = 12;
/// Pairs of words that two variants may share, of all that either has. Names and specs are shared by all.
const SHARED_MAX: f64 = 0.6;
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
            variants.extend(distinct(brief, plan, channel, *angle, seed, last_openings, &variants));
        }
        if variants.len() == before {
            return variants;
        }
    }
    variants
}

/// A draft of an angle that differs from all before it.
fn distinct(
    brief: &Brief,
    plan: &Plan,
    channel: &'static Channel,
    angle: Angle,
    seed: u64,
    last_openings: &[String],
    before: &[Variant],
) -> Option<Variant> {
    let mut avoided: Vec<String> = last_openings.to_vec();
    avoided.extend(before.iter().flat_map(|variant| variant.draft.openings.iter().cloned()));
    let drafts = (0..TRIES).map(|nth| {
        let task = Task { brief, plan, channel, angle, seed: seed.wrapping_add(nth), last_openings: &avoided };
        let draft = write(&task);
        let shared = before.iter().map(|other| shared(&other.draft, &draft)).fold(0.0, f64::max);
        Variant { angle, draft, shared }
    });
    drafts.into_iter().find(|variant| variant.shared <= SHARED_MAX)
}

/// The share of pairs of words that two drafts have in common.
fn shared(a: &Draft, b: &Draft) -> f64 {
    let pairs = |draft: &Draft| crate::write::pairs(&draft.plain()).into_iter().collect::<BTreeSet<_>>();
    let (a, b) = (pairs(a), pairs(b));
    let both = a.intersection(&b).count();
    let either = a.len() + b.len() - both;
    if either == 0 { 1.0 } else { both as f64 / either as f64 }
}
