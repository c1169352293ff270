//! Choices drawn from known tastes: shelves of products whose price follows what they have, and buyers who take what pleases most.

use math::Random;

use super::logit::{Attribute, Choices};
use crate::StrategyError;

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimulateSettings {
    pub n_sets: usize,
    /// Products in a set, 2 to 50.
    pub n_alternatives: usize,
    /// Of ln price, below 0.
    pub price_coefficient: f64,
}

impl Default for SimulateSettings {
    fn default() -> Self {
        SimulateSettings { n_sets: 1000, n_alternatives: 6, price_coefficient: -3.0 }
    }
}

/// Choices with the truth behind them.
#[derive(Clone, Debug)]
pub struct Simulated {
    pub choices: Choices,
    /// What a step is worth in parts of the price, by attribute.
    pub worth: Vec<f64>,
}

/// Memory and storage in doublings and a better screen, worth 12 %, 5 % and 20 % of the price, and a colour worth nothing; prices
/// rise with them and scatter by a fifth. Every chooser chooses twice, by their own luck.
///
/// # Errors
/// If sizes are out of range.
pub fn simulate(settings: &SimulateSettings, seed: u64) -> Result<Simulated, StrategyError> {
    if !(1..=1_000_000).contains(&settings.n_sets) || !(2..=50).contains(&settings.n_alternatives) {
        let found = format!("{} of {}", settings.n_sets, settings.n_alternatives);
        return Err(StrategyError::unfit("sets", found, "1 to 1000000 of 2 to 50"));
    }
    if settings.price_coefficient.is_nan() || settings.price_coefficient >= 0.0 {
        return Err(StrategyError::unfit("price_coefficient", settings.price_coefficient, "below 0"));
    }
    let worth = [0.12, 0.05, 0.2, 0.0];
    let names = ["memory", "storage", "oled", "colour"];
    let utility = worth.map(|share: f64| -settings.price_coefficient * share.ln_1p());
    let mut random = Random::new(seed);
    let mut choices = Choices {
        attributes: names.map(|name| Attribute { name: name.to_owned(), values: Vec::new() }).to_vec(),
        ..Choices::default()
    };
    for set in 0..settings.n_sets {
        let mut best = (f64::NEG_INFINITY, 0);
        for place in 0..settings.n_alternatives {
            let has = [
                random.below(4) as f64,
                random.below(4) as f64,
                f64::from(u8::from(random.uniform() < 0.4)),
                f64::from(u8::from(random.uniform() < 0.5)),
            ];
            let log_price = 6.0 + 0.1 * has[0] + 0.06 * has[1] + 0.15 * has[2] + 0.2 * random.normal();
            let liked: f64 = has.iter().zip(&utility).map(|(has, worth)| has * worth).sum();
            // Gumbel's noise makes the chances those of a logit.
            let luck = -(-random.uniform().max(1e-300).ln()).ln();
            let pleasure = settings.price_coefficient * log_price + liked + luck;
            best = if pleasure > best.0 { (pleasure, place) } else { best };
            choices.set.push(set as u32);
            choices.price.push(log_price.exp());
            choices.attributes.iter_mut().zip(has).for_each(|(one, value)| one.values.push(value));
        }
        choices.is_chosen.extend((0..settings.n_alternatives).map(|place| place == best.1));
        choices.chooser.push(set as u32 / 2);
    }
    Ok(Simulated { choices, worth: worth.to_vec() })
}
