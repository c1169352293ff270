//! The totals of one request. All items have a rough total in `f32`, made in a few passes that a processor likes; the
//! exact one on the score's grid is computed for the few that the rough ones, with a bound on their error, cannot rule
//! out. The choice is therefore exactly that of computing all totals.

use math::{Bitmap, masked};

use super::grid;
use super::select::Totals;
use super::terms::{Extra, Fitting, HeldBack};

/// What a request adds to the totals that hold for everyone.
pub(crate) struct Changes<'a> {
    /// Ascending by item.
    pub extras: Vec<Extra>,
    pub fitting: Fitting<'a>,
    /// Value of an accessory whose host counts fully.
    pub accessory_weight: f64,
    pub held_back: Vec<HeldBack<'a>>,
    pub content: Option<ContentScores>,
}

/// The content model's part.
pub(crate) struct ContentScores {
    /// Ascending by item.
    pub scores: Vec<(u32, f32)>,
    /// Largest magnitude among eligible items, above 0.
    pub largest: f64,
    pub weight: f64,
}

impl ContentScores {
    pub(crate) fn value(&self, item: u32) -> Option<f64> {
        let at = self.scores.binary_search_by_key(&item, |pair| pair.0).ok()?;
        Some(grid(self.weight * f64::from(self.scores[at].1) / self.largest))
    }
}

impl Changes<'_> {
    pub(crate) fn extras_of(&self, item: u32) -> &[Extra] {
        let first = self.extras.partition_point(|extra| extra.item < item);
        let n = self.extras[first..].iter().take_while(|extra| extra.item == item).count();
        &self.extras[first..first + n]
    }

    /// The raise of an accessory that fits one of strength `strength`.
    pub(crate) fn accessory_value(&self, strength: f64) -> f64 {
        grid(self.accessory_weight * strength)
    }
}

/// The totals; buffers are the caller's, so that a request allocates none.
pub(crate) struct Board<'a> {
    /// Shape: (n_items) each: the model's scores, what is the same for every request, and the rough totals.
    pub scores: &'a [f32],
    pub fixed: &'a [f64],
    rough: &'a mut [f32],
    pub inverse: f64,
    pub changes: &'a Changes<'a>,
    /// Items that an accessory's raise or a category's holding back may concern.
    fitting: Bitmap,
    held: Bitmap,
    /// Larger than any difference of a rough and an exact total of an eligible item.
    error: f32,
}

impl<'a> Board<'a> {
    /// `magnitude` bounds |model| + |fixed| + |changes| of every eligible item, in summands of at most `n_summands`.
    pub(crate) fn new(
        (scores, inverse): (&'a [f32], f64),
        (fixed, rough_fixed): (&'a [f64], &[f32]),
        rough: &'a mut Vec<f32>,
        changes: &'a Changes<'a>,
        (magnitude, n_summands): (f64, usize),
    ) -> Self {
        let n_items = fixed.len();
        rough.clear();
        let pairs = scores.iter().zip(rough_fixed);
        if (1e-30..1e30).contains(&inverse) {
            let scale = inverse as f32;
            rough.extend(pairs.map(|(score, fixed)| score * scale + fixed));
        } else {
            rough.extend(pairs.map(|(score, fixed)| (f64::from(*score) * inverse) as f32 + fixed));
        }
        // Each rounding is at most half a unit in the last place of a partial sum: 2⁻²⁴ of it. Twice that, for safety.
        let error = ((n_summands + 8) as f64 * magnitude * f64::from(f32::EPSILON)) as f32;
        let (fitting, held) = (Bitmap::none(n_items), Bitmap::none(n_items));
        Board { scores, fixed, rough, inverse, changes, fitting, held, error }
    }

    /// Adds the request's changes to the rough totals of eligible items.
    pub(crate) fn change(&mut self, eligible: &Bitmap, fit_sets: &[Option<Bitmap>]) {
        let changes = self.changes;
        for extra in &changes.extras {
            self.rough[extra.item as usize] += extra.value as f32;
        }
        if let Some(content) = &changes.content {
            let scale = (content.weight / content.largest) as f32;
            content.scores.iter().for_each(|&(item, score)| self.rough[item as usize] += score * scale);
        }
        self.hold_back(eligible);
        self.raise_accessories(eligible, fit_sets);
    }

    fn hold_back(&mut self, eligible: &Bitmap) {
        for group in &self.changes.held_back {
            for &item in group.items {
                let at = item as usize;
                if eligible.contains(at) && !self.held.contains(at) {
                    self.held.insert(at);
                    self.rough[at] += group.value as f32;
                }
            }
        }
    }

    fn raise_accessories(&mut self, eligible: &Bitmap, fit_sets: &[Option<Bitmap>]) {
        let fitting = &self.changes.fitting;
        let hosts: Vec<u32> = fitting.hosts().filter(|&item| eligible.contains(item as usize)).collect();
        hosts.iter().for_each(|&item| self.fitting.insert(item as usize));
        for (group, strength) in fitting.groups() {
            let value = self.changes.accessory_value(strength) as f32;
            if value == 0.0 {
                break;
            }
            let mut raise = |item: usize| self.rough[item] += value;
            match &fit_sets[group as usize] {
                Some(set) => self.fitting.add_among(set, eligible, raise),
                None => {
                    for &item in self.changes.fitting.items_in(group) {
                        let at = item as usize;
                        if eligible.contains(at) && !self.fitting.contains(at) {
                            self.fitting.insert(at);
                            raise(at);
                        }
                    }
                }
            }
        }
        let mut hosts = hosts;
        hosts.sort_unstable();
        hosts.dedup();
        for item in hosts {
            self.rough[item as usize] += self.accessory(item).unwrap_or(0.0) as f32;
        }
    }

    fn accessory(&self, item: u32) -> Option<f64> {
        let host = self.changes.fitting.host_of(item)?;
        Some(self.changes.accessory_value(host.strength))
    }
}

impl Totals for Board<'_> {
    fn total(&self, item: u32) -> f64 {
        let at = item as usize;
        let mut total = grid(f64::from(self.scores[at]) * self.inverse) + self.fixed[at];
        total += self.changes.content.as_ref().and_then(|content| content.value(item)).unwrap_or(0.0);
        total += self.changes.extras_of(item).iter().map(|extra| extra.value).sum::<f64>();
        if self.fitting.contains(at) {
            total += self.accessory(item).unwrap_or(0.0);
        }
        if self.held.contains(at) {
            total += HeldBack::of(&self.changes.held_back, item).map_or(0.0, |group| group.value);
        }
        total
    }

    fn best(&self, eligible: &Bitmap, n: usize) -> Vec<(u32, f64)> {
        if n == 0 {
            return Vec::new();
        }
        let candidates = masked::near_best(self.rough, eligible, n, 2.0 * self.error);
        let mut best: Vec<(u32, f64)> = candidates.into_iter().map(|item| (item, self.total(item))).collect();
        let order = |a: &(u32, f64), b: &(u32, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
        if best.len() > n {
            best.select_nth_unstable_by(n - 1, order);
            best.truncate(n);
        }
        best.sort_unstable_by(order);
        best
    }
}

#[cfg(test)]
mod tests {
    use domain::{EventKind, Fit, Millis, Product};
    use math::Random;

    use super::super::answer::{OwnEvent, Request, TermName};
    use super::super::catalogue::Catalogue;
    use super::super::policy::Policy;
    use super::super::terms::{Own, RetailSettings};
    use super::*;
    use crate::retail::FitPairs;

    const N: usize = 400;

    fn catalogue() -> Catalogue {
        let product = |at: usize| Product {
            product_id: format!("p{at}"),
            category: Some(format!("top {}/leaf {}", at % 3, at % 7)),
            brand: Some(format!("brand {}", at % 5)),
            ..Product::default()
        };
        Catalogue::new((0..N).map(product).collect())
    }

    /// Cases for whole brands, so that a product of the brand shares a group with itself, and for single products.
    fn fits(catalogue: &Catalogue, random: &mut Random) -> FitPairs {
        let row = |random: &mut Random| {
            let by_brand = random.below(3) > 0;
            Fit {
                product_id: format!("p{}", random.below(N)),
                with_product_id: (!by_brand).then(|| format!("p{}", random.below(N))),
                attribute: by_brand.then(|| "brand".to_owned()),
                value: by_brand.then(|| format!("brand {}", random.below(5))),
                extra: None,
            }
        };
        let rows: Vec<Fit> = (0..150).map(|_| row(random)).collect();
        FitPairs::resolve(catalogue, &rows)
    }

    fn events(random: &mut Random) -> Vec<OwnEvent> {
        let kinds = [EventKind::View, EventKind::Cart, EventKind::Purchase];
        let event = |random: &mut Random| OwnEvent {
            product_id: format!("p{}", random.below(N)),
            kind: kinds[random.below(3)],
            at: Millis(random.below(90) as i64 * 86_400_000),
            price_cents: None,
            weight: 1.0,
        };
        let n = random.below(12);
        (0..n).map(|_| event(random)).collect()
    }

    fn held_back<'a>(catalogue: &'a Catalogue, random: &mut Random) -> Vec<HeldBack<'a>> {
        let path = |random: &mut Random| match random.below(2) {
            0 => format!("top {}", random.below(3)),
            _ => format!("top {}/leaf {}", random.below(3), random.below(7)),
        };
        let group = |random: &mut Random| HeldBack {
            items: catalogue.of_category(&path(random)),
            own: 0,
            value: grid(-1.5 * random.uniform()),
        };
        let mut groups: Vec<HeldBack> = (0..random.below(4)).map(|_| group(random)).collect();
        groups.sort_by(|a, b| a.value.total_cmp(&b.value));
        groups
    }

    /// Ascending pairs of some items with a value.
    fn some(random: &mut Random, n: usize) -> Vec<(u32, f32)> {
        let mut pairs: Vec<(u32, f32)> = (0..n).map(|_| (random.below(N) as u32, random.uniform() as f32)).collect();
        pairs.sort_by_key(|pair| pair.0);
        pairs.dedup_by_key(|pair| pair.0);
        pairs
    }

    fn check(seed: u64, inverse: f64) {
        let mut random = Random::new(seed);
        let (catalogue, request) = (catalogue(), Request { events: events(&mut random), ..Request::default() });
        let fits = fits(&catalogue, &mut random);
        let own = Own::of(&request, &catalogue);
        let extra = |(item, value): (u32, f32)| Extra {
            item,
            name: TermName::Bundle,
            own: None,
            rule: None,
            value: grid(f64::from(value)),
        };
        let retail = RetailSettings::of(&Policy::default());
        let content = ContentScores { scores: some(&mut random, 40), largest: 1.0, weight: 0.5 };
        let changes = Changes {
            extras: some(&mut random, 30).into_iter().map(extra).collect(),
            fitting: Fitting::of(&own, &fits, &retail),
            accessory_weight: [0.0, 0.4][random.below(2)],
            held_back: held_back(&catalogue, &mut random),
            content: Some(content),
        };
        // Coarse, so that totals tie.
        let coarse = |random: &mut Random| random.below(20) as f64 / 20.0;
        let scores: Vec<f32> = (0..N).map(|_| (coarse(&mut random) / inverse) as f32).collect();
        let fixed: Vec<f64> = (0..N).map(|_| grid(coarse(&mut random))).collect();
        let rough_fixed: Vec<f32> = fixed.iter().map(|&value| value as f32).collect();
        let density = 1 + random.below(10);
        let eligible = Bitmap::from_fn(N, |_| random.below(10) < density);
        let sets: Vec<Option<Bitmap>> = (0..fits.n_groups() as u32)
            .map(|group| {
                let items = fits.accessories_in(group);
                (items.len() > 3).then(|| Bitmap::from_fn(N, |item| items.contains(&(item as u32))))
            })
            .collect();
        let mut rough = Vec::new();
        let model = (&scores[..], inverse);
        let mut board = Board::new(model, (&fixed, &rough_fixed), &mut rough, &changes, (10.0, 10));
        board.change(&eligible, &sets);
        let total = |item: u32| {
            let value = |item: u32| grid(f64::from(scores[item as usize]) * inverse) + fixed[item as usize];
            let accessory =
                changes.fitting.host_of(item).map_or(0.0, |host| grid(changes.accessory_weight * host.strength));
            let held = HeldBack::of(&changes.held_back, item).map_or(0.0, |group| group.value);
            let extras: f64 = changes.extras_of(item).iter().map(|extra| extra.value).sum();
            let content = changes.content.as_ref().and_then(|content| content.value(item)).unwrap_or(0.0);
            value(item) + accessory + held + extras + content
        };
        let mut all: Vec<(u32, f64)> = eligible.iter().map(|item| (item as u32, total(item as u32))).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        for (item, value) in &all {
            let away = (f64::from(board.rough[*item as usize]) - value).abs();
            assert!(away <= f64::from(board.error), "{seed}: {item} is {away} away, said to be within {}", board.error);
        }
        for n in [0, 1, 10, 100, 1000] {
            assert_eq!(board.best(&eligible, n), all[..n.min(all.len())], "{seed} {n}");
        }
    }

    #[test]
    fn the_best_are_those_of_all_totals() {
        for seed in 0..300 {
            check(seed, [1.0, 0.37, 1e-33, 1e33][seed as usize % 4]);
        }
    }

    #[test]
    fn nothing_is_an_accessory_of_its_own() {
        let catalogue = catalogue();
        let fit = |id: &str| {
            let (attribute, value) = (Some("brand".to_owned()), Some("brand 1".to_owned()));
            Fit { product_id: id.to_owned(), attribute, value, ..Fit::default() }
        };
        let fits = FitPairs::resolve(&catalogue, &[fit("p1"), fit("p2")]);
        let event = |id: &str| OwnEvent {
            product_id: id.to_owned(),
            kind: EventKind::View,
            at: Millis(0),
            price_cents: None,
            weight: 1.0,
        };
        for (seen, fitting) in [(vec!["p1"], [None, Some(1)]), (vec!["p1", "p6"], [Some(6), Some(1)])] {
            let request = Request { events: seen.into_iter().map(event).collect(), ..Request::default() };
            let own = Own::of(&request, &catalogue);
            let found = Fitting::of(&own, &fits, &RetailSettings::of(&Policy::default()));
            assert_eq!([1, 2].map(|item| found.host_of(item).map(|host| host.item)), fitting);
        }
    }
}
