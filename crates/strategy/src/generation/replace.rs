//! When owners replace what they own: how many of those who reached an age replaced it at that age, smoothed, and who is due.
//! Owners who have not replaced theirs count for as long as they were watched, and half for the period that has begun (the
//! actuarial life table: Cutler and Ederer 1958, Journal of Chronic Diseases 8).
//!
//! Rates by age after Ramlau-Hansen (1983), Smoothing counting process intensities by means of kernel functions, Annals of
//! Statistics 11, on whole periods: replacements near an age over owners near it, by Epanechnikov's kernel. Intervals by the
//! weighted bootstrap: replacements of an age are drawn anew, as widely as counts scatter.
//!
//! Not here: what they replace it with, and owners who are told apart by more than age.

use domain::Text;
use math::Random;
use math::distributions::normal_quantile;

use crate::{Answer, Caveat, Estimate, StrategyError, Support};

/// Ages beyond this many periods count as this one.
pub const AGES_MAX: usize = 240;
/// Fewer replacements are refused, and fewer than the second are thin.
const REPLACED_NEEDED: u64 = 20;
const REPLACED_ENOUGH: u64 = 100;
/// Periods to each side that tell of an age.
const BANDWIDTH: usize = 2;
/// Ages near which fewer owners were watched keep the last rate that was told.
const WATCHED_MIN: f64 = 30.0;
const N_DRAWS: usize = 200;

/// Owners by age: how many were watched at it, and how many of them replaced what they had.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ages {
    /// Shape of each: (n_ages).
    at_risk: Vec<f64>,
    replaced: Vec<u64>,
}

impl Ages {
    /// Adds an owner: whole periods watched, and whether theirs was replaced in the one after them.
    pub fn add(&mut self, periods: usize, is_replaced: bool) {
        let last = periods.min(AGES_MAX - 1);
        if self.at_risk.len() <= last {
            self.at_risk.resize(last + 1, 0.0);
            self.replaced.resize(last + 1, 0);
        }
        self.at_risk[..last].iter_mut().for_each(|owners| *owners += 1.0);
        // Who is still watched has been through half of the age that has begun.
        self.at_risk[last] += if is_replaced { 1.0 } else { 0.5 };
        self.replaced[last] += u64::from(is_replaced);
    }

    pub fn at_risk(&self) -> &[f64] {
        &self.at_risk
    }

    pub fn replaced(&self) -> &[u64] {
        &self.replaced
    }

    pub fn n_replaced(&self) -> u64 {
        self.replaced.iter().sum()
    }

    /// Replacements an owner and period, whatever the age: what is told without a model.
    pub fn mean_rate(&self) -> f64 {
        let watched: f64 = self.at_risk.iter().sum();
        if watched > 0.0 { self.n_replaced() as f64 / watched } else { 0.0 }
    }
}

/// The rate at which owners of an age replace what they own, a period.
#[derive(Clone, Debug, PartialEq)]
pub struct Replacing {
    /// Shape: (n_ages); later ages keep the last.
    pub rates: Vec<f64>,
    /// The same drawn anew. Shape: (n_draws, n_ages).
    draws: Vec<Vec<f64>>,
    pub level: f64,
}

/// Learns how replacing goes with age. `level` is that of the intervals.
///
/// Refuses with fewer than 20 replacements.
///
/// # Errors
/// If `level` is out of range.
pub fn replacing(ages: &Ages, level: f64, seed: u64) -> Result<Answer<Replacing>, StrategyError> {
    if !(0.5..1.0).contains(&level) {
        return Err(StrategyError::unfit("level of the intervals", level, "0.5 or more and below 1"));
    }
    let n_replaced = ages.n_replaced();
    let n_owners = ages.at_risk.first().copied().unwrap_or(0.0);
    let support = Support { effective_n: n_replaced as f64, ..Support::of(n_owners as usize) };
    if n_replaced < REPLACED_NEEDED {
        let caveat = Caveat::new(
            "few_replacements",
            format!("只看到 {n_replaced} 次换新，至少需要 {REPLACED_NEEDED} 次，看不出多久会换。"),
            format!(
                "{n_replaced} replacements were seen; at least {REPLACED_NEEDED} are needed to tell when owners replace."
            ),
        );
        return Ok(Answer::refused(support, caveat).changed_by(longer()));
    }
    let replaced: Vec<f64> = ages.replaced.iter().map(|n| *n as f64).collect();
    let draw = |at: usize| {
        let mut random = Random::stream(seed, at as u64);
        let drawn: Vec<f64> = replaced.iter().map(|n| if *n > 0.0 { random.gamma(*n) } else { 0.0 }).collect();
        smoothed(&ages.at_risk, &drawn)
    };
    let found = Replacing { rates: smoothed(&ages.at_risk, &replaced), draws: (0..N_DRAWS).map(draw).collect(), level };
    let mut answer = Answer::given(found, support).changed_by(longer());
    if n_replaced < REPLACED_ENOUGH {
        answer = answer.doubted(Caveat::new(
            "few_replacements",
            format!("只看到 {n_replaced} 次换新，不到 {REPLACED_ENOUGH} 次。"),
            format!("Only {n_replaced} replacements were seen, fewer than {REPLACED_ENOUGH}."),
        ));
    }
    Ok(answer)
}

fn longer() -> Text {
    Text::new(
        "更长的订单历史：只有比换新周期更长的历史才看得到较老设备的换新。",
        "A longer history of orders: only one that is longer than devices are kept shows how old ones are replaced.",
    )
}

/// Rates by age; an age near which too few were watched keeps the rate before it.
fn smoothed(watched: &[f64], replaced: &[f64]) -> Vec<f64> {
    let mut rates = Vec::with_capacity(watched.len());
    for at in 0..watched.len() {
        let (mut owners, mut events, mut near) = (0.0, 0.0, 0.0);
        for other in at.saturating_sub(BANDWIDTH)..(at + BANDWIDTH + 1).min(watched.len()) {
            let far = at.abs_diff(other) as f64 / (BANDWIDTH + 1) as f64;
            let weight = 1.0 - far * far;
            owners += weight * watched[other];
            events += weight * replaced[other];
            near += watched[other];
        }
        let before = rates.last().copied();
        let own = if owners > 0.0 { (events / owners).min(0.99) } else { 0.0 };
        rates.push(if near >= WATCHED_MIN { own } else { before.unwrap_or(own) });
    }
    rates
}

/// An owner of a whole age is halfway through it on average: what is ahead takes half from the next one.
fn within(rates: &[f64], age: usize, horizon: usize) -> f64 {
    let Some(last) = rates.len().checked_sub(1) else { return 0.0 };
    let rate = |at: usize| 0.5 * (rates[at.min(last)] + rates[(at + 1).min(last)]);
    1.0 - (age..age + horizon).map(|at| 1.0 - rate(at)).product::<f64>()
}

impl Replacing {
    /// The chance that an owner of whole age `age` has replaced theirs `horizon` periods later.
    pub fn within(&self, age: usize, horizon: usize) -> f64 {
        within(&self.rates, age, horizon)
    }

    /// The rate at an age with its interval.
    pub fn rate(&self, age: usize) -> Estimate {
        let at = |rates: &[f64]| rates.get(age).or(rates.last()).copied().unwrap_or(0.0);
        self.estimate(at(&self.rates), self.draws.iter().map(|rates| at(rates)).collect())
    }

    /// The age by which half have replaced theirs; `None` if that was not seen.
    pub fn half_life(&self) -> Option<Estimate> {
        let half = |rates: &[f64]| {
            let mut left = 1.0;
            rates.iter().enumerate().find_map(|(at, rate)| {
                let before = left;
                left *= 1.0 - rate;
                // Within the period by the share of it that was needed.
                (left <= 0.5).then(|| at as f64 + (before - 0.5) / (before - left))
            })
        };
        let value = half(&self.rates)?;
        // Draws that do not get there are as late as all that was seen.
        let n = self.rates.len() as f64;
        Some(self.estimate(value, self.draws.iter().map(|rates| half(rates).unwrap_or(n)).collect()))
    }

    /// How many of these owners, counted by age, replace theirs within `horizon` periods: rates are uncertain, and who does is
    /// chance. Shape of `owners`: (n_ages).
    pub fn total(&self, owners: &[u64], horizon: usize, seed: u64) -> Estimate {
        let sum = |rates: &[f64]| {
            let each = |(age, n): (usize, &u64)| {
                let p = within(rates, age, horizon);
                (*n as f64 * p, *n as f64 * p * (1.0 - p))
            };
            owners.iter().enumerate().map(each).fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
        };
        let mut random = Random::stream(seed, 1);
        let draw = |rates: &Vec<f64>| {
            let (mean, variance) = sum(rates);
            (mean + variance.sqrt() * random.normal()).max(0.0)
        };
        let draws = self.draws.iter().map(draw).collect();
        self.estimate(sum(&self.rates).0, draws)
    }

    /// The normal distribution with the spread of the draws: 200 of them tell a spread better than they tell ends.
    fn estimate(&self, value: f64, draws: Vec<f64>) -> Estimate {
        let n = draws.len() as f64;
        let mean = draws.iter().sum::<f64>() / n;
        let spread = (draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
        let half = normal_quantile(0.5 + self.level / 2.0) * spread;
        Estimate { value, low: (value - half).max(0.0), high: value + half, level: self.level }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Owners who came over 24 months and keep theirs about 14 months (Weibull of shape 3), watched to the end.
    fn owners(n: usize, seed: u64) -> (Ages, Vec<u64>, Vec<f64>) {
        let mut random = Random::new(seed);
        let (mut ages, mut now, mut lives) = (Ages::default(), vec![0; 30], Vec::new());
        for _ in 0..n {
            let life = 15.5 * random.exponential().powf(1.0 / 3.0);
            let watched = 24.0 * random.uniform();
            if life < watched {
                ages.add(life as usize, true);
            } else {
                ages.add(watched as usize, false);
                now[watched as usize] += 1;
                lives.push(life - watched);
            }
        }
        (ages, now, lives)
    }

    #[test]
    fn who_is_watched_for_a_time_counts_for_it() {
        let mut ages = Ages::default();
        ages.add(0, true);
        ages.add(2, false);
        ages.add(2, true);
        assert_eq!((ages.at_risk(), ages.replaced()), (&[3.0, 2.0, 1.5][..], &[1, 0, 1][..]));
        assert_eq!((ages.n_replaced(), ages.mean_rate()), (2, 2.0 / 6.5));
        ages.add(100_000, false);
        assert_eq!(ages.at_risk().len(), AGES_MAX);
    }

    #[test]
    fn the_time_that_devices_are_kept_is_found() {
        let (ages, ..) = owners(40_000, 1);
        let found = replacing(&ages, 0.9, 1).unwrap().value.unwrap();
        // Of a Weibull distribution: 15.5 · (ln 2)^(1/3).
        let truth = 15.5 * 2f64.ln().powf(1.0 / 3.0);
        let half = found.half_life().unwrap();
        assert!((half.value - truth).abs() < 0.5 && half.low < half.high, "{half:?} {truth}");
        for age in [3usize, 8, 14] {
            let kept = |t: f64| (-(t / 15.5).powi(3)).exp();
            let truth = 1.0 - kept(age as f64 + 3.5) / kept(age as f64 + 0.5);
            assert!((found.within(age, 3) - truth).abs() < 0.05, "{age}: {} {truth}", found.within(age, 3));
        }
        // By one rate for all ages, new ones are as often replaced as old ones.
        assert!(found.rate(2).high < ages.mean_rate() && found.rate(18).low > ages.mean_rate());
    }

    /// 90 % intervals of how many replace theirs within three months, over 200 shops.
    #[test]
    fn intervals_hold_who_comes() {
        let mut held = 0;
        for seed in 0..200 {
            let (ages, now, left) = owners(1500, 1000 + seed);
            let found = replacing(&ages, 0.9, 1).unwrap().value.unwrap();
            let told = found.total(&now, 3, 1);
            let came = left.iter().filter(|life| **life < 3.0).count() as f64;
            held += usize::from(told.low <= came && came <= told.high);
        }
        crate::coverage::assert_covers("generations: who replaces theirs", held, 200);
    }

    #[test]
    fn few_replacements_are_refused_and_some_are_doubted() {
        let mut ages = Ages::default();
        (0..1000).for_each(|at| ages.add(6, at < 19));
        let answer = replacing(&ages, 0.9, 1).unwrap();
        assert_eq!((answer.value, answer.caveats[0].kind), (None, "few_replacements"));
        ages.add(6, true);
        let answer = replacing(&ages, 0.9, 1).unwrap();
        assert!(answer.value.is_some() && answer.caveats.len() == 1);
        assert!(replacing(&ages, 1.0, 1).is_err());
        assert!(replacing(&Ages::default(), 0.9, 1).unwrap().value.is_none());
    }
}
