//! Choosing n items for n places under caps, pins, diversity and exploration, from totals that are already known. Caps
//! act while choosing, by taking a full group's items out of the eligible bitmap, so a list never comes back short
//! because of them while other eligible items are left. Two caps on different attributes are met greedily: the list is
//! then valid and maximal, though not always the longest conceivable.

use math::{Bitmap, Random};

use super::Similarity;

/// At most `max` items of each group.
pub(crate) struct Cap {
    pub max: usize,
    /// Shape: (n_items). [`Cap::NONE`] where the cap does not apply.
    pub group_of: Vec<u32>,
    /// Shape: (n_groups), the items of each.
    pub members: Vec<Vec<u32>>,
}

impl Cap {
    pub const NONE: u32 = u32::MAX;

    fn group(&self, item: u32) -> Option<usize> {
        let group = self.group_of[item as usize];
        (group != Cap::NONE).then_some(group as usize)
    }
}

/// How places are given away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Exploration {
    None,
    Slots { epsilon: f64, n_slots: usize, n_candidates: usize },
    PlackettLuce { temperature: f64 },
}

/// The total of each item before the selection.
pub(crate) trait Totals {
    fn total(&self, item: u32) -> f64;

    /// The `n` eligible items with the largest totals and these, best first, ties by item.
    fn best(&self, eligible: &Bitmap, n: usize) -> Vec<(u32, f64)>;
}

/// What the selection goes by.
pub(crate) struct Plan<'a> {
    pub n: usize,
    pub totals: &'a dyn Totals,
    pub caps: &'a [&'a Cap],
    /// Place (from 0) to item, for pins that are eligible.
    pub pins: &'a [(usize, u32)],
    pub diversity: f64,
    pub pool: usize,
    pub similarity: &'a dyn Similarity,
    pub exploration: Exploration,
    pub seed: u64,
}

/// One place filled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Choice {
    pub item: u32,
    /// Term values that arise only in the selection, on the grid.
    pub diversity: f64,
    pub exploration: f64,
    pub propensity: f64,
    pub explored: bool,
    pub pinned: bool,
}

/// Fills up to `plan.n` places from `eligible`.
pub(crate) fn select(plan: &Plan, eligible: Bitmap) -> Vec<Choice> {
    let mut selection = Selection::new(plan, eligible);
    for &(_, item) in plan.pins {
        selection.take(item);
    }
    let mut choices = Vec::with_capacity(plan.n);
    for place in 0..plan.n {
        let pin = plan.pins.iter().find(|pin| pin.0 == place);
        let choice = match pin {
            Some(&(_, item)) => Some(Choice { diversity: 0.0, pinned: true, ..Choice::sure(item) }),
            None => selection.next(place),
        };
        choices.extend(choice);
    }
    // Pins whose place lies beyond a list that ran out move up rather than vanish.
    for &(_, item) in plan.pins.iter().filter(|pin| pin.0 < plan.n) {
        if !choices.iter().any(|choice| choice.item == item) {
            choices.push(Choice { pinned: true, ..Choice::sure(item) });
        }
    }
    if let Exploration::Slots { epsilon, n_slots, n_candidates } = plan.exploration {
        explore_slots(&mut choices, &mut selection, epsilon, n_slots, n_candidates);
    }
    choices
}

impl Choice {
    fn sure(item: u32) -> Choice {
        Choice { item, diversity: 0.0, exploration: 0.0, propensity: 1.0, explored: false, pinned: false }
    }
}

#[derive(Clone, Copy)]
struct Candidate {
    item: u32,
    total: f64,
    /// Largest similarity to anything chosen so far.
    likeness: f64,
}

struct Selection<'a> {
    plan: &'a Plan<'a>,
    eligible: Bitmap,
    /// Shape: one vector per cap, one count per group.
    counts: Vec<Vec<usize>>,
    chosen: Vec<u32>,
    /// Best totals first; may hold items that are no longer eligible.
    pool: Vec<Candidate>,
}

impl<'a> Selection<'a> {
    fn new(plan: &'a Plan<'a>, mut eligible: Bitmap) -> Self {
        for cap in plan.caps.iter().filter(|cap| cap.max == 0) {
            cap.members.iter().flatten().for_each(|&item| eligible.remove(item as usize));
        }
        let counts = plan.caps.iter().map(|cap| vec![0; cap.members.len()]).collect();
        Selection { plan, eligible, counts, chosen: Vec::new(), pool: Vec::new() }
    }

    /// Counts `item` against the caps and takes it, and every group that is now full, out.
    fn take(&mut self, item: u32) {
        self.eligible.remove(item as usize);
        for (cap, counts) in self.plan.caps.iter().zip(&mut self.counts) {
            let Some(group) = cap.group(item) else { continue };
            counts[group] += 1;
            if counts[group] >= cap.max {
                cap.members[group].iter().for_each(|&member| self.eligible.remove(member as usize));
            }
        }
        self.chosen.push(item);
        if self.plan.diversity > 0.0 {
            for candidate in &mut self.pool {
                let likeness = self.plan.similarity.similarity(candidate.item, item);
                candidate.likeness = candidate.likeness.max(likeness);
            }
        }
    }

    fn refresh_pool(&mut self) {
        let eligible = &self.eligible;
        self.pool.retain(|candidate| eligible.contains(candidate.item as usize));
        if self.pool.is_empty() {
            let best = self.plan.totals.best(&self.eligible, self.plan.pool.max(2 * self.plan.n));
            self.pool = best.into_iter().map(|(item, total)| Candidate { item, total, likeness: 0.0 }).collect();
            if self.plan.diversity > 0.0 {
                for at in 0..self.pool.len() {
                    self.pool[at].likeness = self.likeness(self.pool[at].item, &self.chosen);
                }
            }
        }
    }

    fn likeness(&self, item: u32, to: &[u32]) -> f64 {
        to.iter().map(|&other| self.plan.similarity.similarity(item, other)).fold(0.0, f64::max)
    }

    fn penalty(&self, likeness: f64) -> f64 {
        if self.plan.diversity > 0.0 { super::grid(-self.plan.diversity * likeness.clamp(0.0, 1.0)) } else { 0.0 }
    }

    fn value(&self, candidate: &Candidate) -> f64 {
        candidate.total + self.penalty(candidate.likeness)
    }

    fn next(&mut self, place: usize) -> Option<Choice> {
        self.refresh_pool();
        let values: Vec<f64> = self.pool.iter().map(|candidate| self.value(candidate)).collect();
        // Ties go to the earlier candidate: the larger total, then the smaller item.
        let best = (0..values.len()).reduce(|best, at| if values[at] > values[best] { at } else { best })?;
        let (at, propensity) = match self.plan.exploration {
            Exploration::PlackettLuce { temperature } => {
                draw_softmax(&values, best, temperature, &mut Random::stream(self.plan.seed, place as u64))
            }
            Exploration::None | Exploration::Slots { .. } => (best, 1.0),
        };
        let candidate = self.pool[at];
        let choice = Choice {
            diversity: self.penalty(candidate.likeness),
            exploration: values[best] - values[at],
            propensity,
            explored: at != best,
            ..Choice::sure(candidate.item)
        };
        self.take(candidate.item);
        Some(choice)
    }
}

/// Draws an index with probability proportional to exp(value / temperature).
fn draw_softmax(values: &[f64], best: usize, temperature: f64, random: &mut Random) -> (usize, f64) {
    let weights: Vec<f64> = values.iter().map(|value| ((value - values[best]) / temperature).exp()).collect();
    let total: f64 = weights.iter().sum();
    let mut left = random.uniform() * total;
    for (at, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 && *weight > 0.0 {
            return (at, weight / total);
        }
    }
    (best, weights[best] / total)
}

/// Gives each of the last `n_slots` unpinned places to a uniform draw from its own candidates with probability
/// `epsilon`. Candidate sets are disjoint and such that no combination of draws breaks a cap, so the slots draw
/// independently and each propensity is exact: 1 − ε + ε/m for the best one, ε/m for each other of m.
fn explore_slots(choices: &mut [Choice], selection: &mut Selection, epsilon: f64, n_slots: usize, n_candidates: usize) {
    let unpinned = (0..choices.len()).filter(|&place| !choices[place].pinned);
    let places: Vec<usize> = unpinned.collect::<Vec<_>>().into_iter().rev().take(n_slots).collect();
    let is_fixed = |place: &usize| !places.contains(place);
    let fixed: Vec<u32> = (0..choices.len()).filter(is_fixed).map(|place| choices[place].item).collect();
    let mut strata: Vec<Vec<u32>> = places.iter().map(|&place| vec![choices[place].item]).collect();
    let n_wanted = places.len() * (n_candidates - 1);
    for (candidate, _) in selection.plan.totals.best(&selection.eligible, n_wanted) {
        let open = |stratum: &Vec<u32>| stratum.len() < n_candidates;
        let mut order: Vec<usize> = (0..strata.len()).filter(|&at| open(&strata[at])).collect();
        order.sort_by_key(|&at| strata[at].len());
        let fits = order.into_iter().find(|&at| fits(selection.plan.caps, &fixed, &strata, at, candidate));
        if let Some(at) = fits {
            strata[at].push(candidate);
        }
    }
    for (stratum, place) in strata.iter().zip(places) {
        choices[place] = draw_slot(stratum, place, &fixed, selection, epsilon);
    }
}

/// Whether `candidate` may join stratum `at`: with the worst draw of every other stratum all caps still hold.
fn fits(caps: &[&Cap], fixed: &[u32], strata: &[Vec<u32>], at: usize, candidate: u32) -> bool {
    caps.iter().all(|cap| {
        let Some(group) = cap.group(candidate) else { return true };
        let holds = |items: &[u32]| items.iter().any(|&item| cap.group(item) == Some(group));
        let n_fixed = fixed.iter().filter(|&&item| cap.group(item) == Some(group)).count();
        let n_others = strata.iter().enumerate().filter(|&(other, items)| other != at && holds(items)).count();
        n_fixed + n_others < cap.max || holds(&strata[at])
    })
}

fn draw_slot(stratum: &[u32], place: usize, fixed: &[u32], selection: &Selection, epsilon: f64) -> Choice {
    let mut random = Random::stream(selection.plan.seed, place as u64);
    let explores = random.uniform() < epsilon;
    let at = if explores { random.below(stratum.len()) } else { 0 };
    let share = epsilon / stratum.len() as f64;
    let penalty = |item| selection.penalty(selection.likeness(item, fixed));
    let value = |item: u32| selection.plan.totals.total(item) + penalty(item);
    let item = stratum[at];
    Choice {
        diversity: penalty(item),
        exploration: (value(stratum[0]) - value(item)).max(0.0),
        propensity: if at == 0 { 1.0 - epsilon + share } else { share },
        explored: at != 0,
        ..Choice::sure(item)
    }
}
