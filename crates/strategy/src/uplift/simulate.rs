//! A trial drawn from known effects: customers with a response of their own, treatments that help some, leave some cold and
//! put some off. Not here: the simulated shop as a whole.

use math::Random;

use super::trial::{Assignment, Trial};
use crate::StrategyError;
use crate::boost::{Feature, Features, MISSING};

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimulateSettings {
    pub n_rows: usize,
    /// With the control: 2 to 8. Later arms have stronger effects.
    pub n_arms: usize,
    /// Whether those who would respond anyway are treated more often, by known chances.
    pub is_confounded: bool,
    /// Factor on all effects; 0 is a treatment without any.
    pub strength: f64,
}

impl Default for SimulateSettings {
    fn default() -> Self {
        SimulateSettings { n_rows: 10_000, n_arms: 2, is_confounded: false, strength: 1.0 }
    }
}

/// A trial and the truth behind it.
#[derive(Clone, Debug)]
pub struct Simulated {
    pub features: Features,
    pub arms: Vec<u32>,
    pub outcome: Vec<f64>,
    /// Shape: (n_rows, n_arms).
    pub chances: Vec<f64>,
    /// Chance of a response without treatment. Shape: (n_rows).
    pub base: Vec<f64>,
    /// What each treatment adds to it. Shape: (n_arms − 1)(n_rows).
    pub effects: Vec<Vec<f64>>,
    is_confounded: bool,
}

impl Simulated {
    pub fn trial(&self) -> Trial<'_> {
        let assignment = if self.is_confounded { Assignment::Logged(&self.chances) } else { Assignment::Randomised };
        Trial { features: &self.features, arms: &self.arms, outcome: &self.outcome, assignment }
    }
}

/// Draws customers with `recency`, `spend`, `visits` (sometimes missing), `noise` and a `channel` of four. The response without
/// treatment is 1/(1 + e^(1.5 − 2 spend + recency)); treatment adds 0.12 where visits are known and above ½, nothing in the
/// middle, takes 0.04 from channel 3, and adds 0.06 · spend in channel 0; each arm after the first half as much again.
///
/// # Errors
/// If rows or arms are out of range.
pub fn simulate(settings: &SimulateSettings, seed: u64) -> Result<Simulated, StrategyError> {
    if !(2..=10_000_000).contains(&settings.n_rows) {
        return Err(StrategyError::unfit("n_rows", settings.n_rows, "2 to 10000000"));
    }
    if !(2..=8).contains(&settings.n_arms) || !(0.0..=2.0).contains(&settings.strength) {
        let found = format!("{} arms, strength {}", settings.n_arms, settings.strength);
        return Err(StrategyError::unfit("simulated trial", found, "2 to 8 arms, strength 0 to 2"));
    }
    let mut random = Random::new(seed);
    let n_treatments = settings.n_arms - 1;
    let mut numbers: [Vec<f64>; 4] = Default::default();
    let mut channels = Vec::new();
    let mut drawn = Simulated {
        features: Features::new(vec![("none".to_owned(), Feature::Number(Vec::new()))])?,
        arms: Vec::new(),
        outcome: Vec::new(),
        chances: Vec::new(),
        base: Vec::new(),
        effects: vec![Vec::new(); n_treatments],
        is_confounded: settings.is_confounded,
    };
    for _ in 0..settings.n_rows {
        let [recency, spend, mut visits, noise] = std::array::from_fn(|_| random.uniform());
        if random.uniform() < 0.1 {
            visits = f64::NAN;
        }
        let channel = random.below(5) as u32;
        let base = 1.0 / (1.0 + (1.5 - 2.0 * spend + recency).exp());
        let effect = settings.strength
            * ((if visits > 0.5 { 0.12 } else { 0.0 })
                + match channel {
                    0 => 0.06 * spend,
                    3 => -0.04,
                    _ => 0.0,
                });
        let of = |arm: usize| (effect * (1.0 + 0.5 * (arm - 1) as f64)).clamp(-base, 1.0 - base);
        let treated = if settings.is_confounded { 0.25 + 0.5 * spend } else { 1.0 - 1.0 / settings.n_arms as f64 };
        let chance = |arm: usize| if arm == 0 { 1.0 - treated } else { treated / n_treatments as f64 };
        let arm = if random.uniform() < treated { 1 + random.below(n_treatments) } else { 0 };
        let response = base + if arm == 0 { 0.0 } else { of(arm) };
        drawn.outcome.push(f64::from(random.uniform() < response));
        drawn.arms.push(arm as u32);
        drawn.chances.extend((0..settings.n_arms).map(chance));
        drawn.base.push(base);
        (1..settings.n_arms).for_each(|arm| drawn.effects[arm - 1].push(of(arm)));
        numbers.iter_mut().zip([recency, spend, visits, noise]).for_each(|(column, value)| column.push(value));
        // The fifth channel is not known.
        channels.push(if channel == 4 { MISSING } else { channel });
    }
    let names = ["recency", "spend", "visits", "noise"].map(str::to_owned);
    let mut columns: Vec<(String, Feature)> = names.into_iter().zip(numbers.into_iter().map(Feature::Number)).collect();
    columns.push(("channel".to_owned(), Feature::Category(channels)));
    drawn.features = Features::new(columns)?;
    Ok(drawn)
}
