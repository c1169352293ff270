//! What was replied in contexts like this one.

use rustc_hash::FxHashMap;

use super::reading::{Context, Reading, Sparse, dot};

/// Contexts that are looked at.
const NEAREST: usize = 30;
/// A unit of more contexts than this part tells no context from another.
const COMMON: f32 = 0.1;
/// Units of a kept reply, the heaviest.
const UNITS_MAX: usize = 40;

/// Exchanges by the words of their contexts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Memory {
    /// The last turn and the turns together. Ascending by unit.
    pub contexts: Vec<Sparse>,
    pub replies: Vec<Sparse>,
    /// The exchanges whose context has a unit, with what it weighs.
    of_unit: FxHashMap<u64, Vec<(u32, f32)>>,
}

/// What of a context is looked for: half the last turn, half all turns.
fn sought(context: &Context) -> Sparse {
    let halves = context.last.tokens.iter().chain(&context.tokens);
    let mut all: Sparse = halves.map(|(unit, value)| (*unit, 0.5 * value)).collect();
    all.sort_by_key(|(unit, _)| *unit);
    all.chunk_by(|a, b| a.0 == b.0).map(|same| (same[0].0, same.iter().map(|(_, value)| value).sum())).collect()
}

fn heaviest(sparse: &Sparse, n: usize) -> Sparse {
    let mut kept = sparse.clone();
    kept.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    kept.truncate(n);
    kept.sort_unstable_by_key(|(unit, _)| *unit);
    kept
}

impl Memory {
    pub fn new(exchanges: &[(Context, Reading)]) -> Self {
        let contexts = exchanges.iter().map(|(context, _)| heaviest(&sought(context), UNITS_MAX)).collect();
        let replies = exchanges.iter().map(|(_, reply)| heaviest(&reply.grams, UNITS_MAX)).collect();
        Memory::of(contexts, replies)
    }

    pub fn of(contexts: Vec<Sparse>, replies: Vec<Sparse>) -> Self {
        let mut of_unit: FxHashMap<u64, Vec<(u32, f32)>> = FxHashMap::default();
        for (at, context) in (0..).zip(&contexts) {
            context.iter().for_each(|&(unit, value)| of_unit.entry(unit).or_default().push((at, value)));
        }
        let most = (COMMON * contexts.len() as f32).max(50.0) as usize;
        of_unit.retain(|_, with| with.len() <= most);
        Memory { contexts, replies, of_unit }
    }

    /// The likest contexts with how alike they are, likest first.
    pub fn nearest(&self, context: &Context) -> Vec<(u32, f32)> {
        let mut sums = vec![0f32; self.contexts.len()];
        for (unit, value) in sought(context) {
            for &(at, other) in self.of_unit.get(&unit).into_iter().flatten() {
                sums[at as usize] += value * other;
            }
        }
        let mut found: Vec<(u32, f32)> = (0..).zip(sums).filter(|(_, sum)| *sum > 0.0).collect();
        let best = |a: &(u32, f32), b: &(u32, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if found.len() > NEAREST {
            found.select_nth_unstable_by(NEAREST, best);
            found.truncate(NEAREST);
        }
        found.sort_by(best);
        found
    }

    /// How alike a reply is to what was replied there: the mean, nearer contexts counting more, and the most.
    pub fn replied(&self, near: &[(u32, f32)], reply: &Reading) -> (f32, f32) {
        let (mut sum, mut all, mut most) = (0.0, f32::MIN_POSITIVE, 0f32);
        for &(at, alike) in near {
            let same = dot(&self.replies[at as usize], &reply.grams);
            let weight = alike * alike;
            sum += weight * same;
            all += weight;
            most = most.max(alike * same);
        }
        (sum / all, most)
    }
}
