//! Customers drawn from the models' own assumptions, to see whether fitting finds what was put in.

use math::Random;

use super::Process;
use super::predict::count_until;

/// What to draw.
#[derive(Clone, Debug)]
pub struct Simulation {
    pub process: Process,
    /// In the order of [`Process::parameter_names`].
    pub parameters: [f64; 4],
    /// Effects of covariates drawn from the standard normal distribution, one a column, on buying and on leaving; both
    /// empty, or the second alone.
    pub buying_effects: Vec<f64>,
    pub leaving_effects: Vec<f64>,
    pub n_customers: usize,
    /// Ages are uniform between these.
    pub age: (f64, f64),
    /// Times are whole multiples of this, as days are of weeks; 0 for exact times.
    pub grain: f64,
    /// How long the customers are watched beyond their age.
    pub horizon: f64,
}

/// What was drawn. Shapes: (n_customers); covariates (n_customers, n_columns).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Simulated {
    pub frequency: Vec<u32>,
    pub recency: Vec<f64>,
    pub age: Vec<f64>,
    pub covariates: Vec<f64>,
    /// Whether it has not left at its age.
    pub alive: Vec<bool>,
    /// Purchases within the horizon after it.
    pub future: Vec<u32>,
}

/// Draws customers one after the other.
///
/// # Panics
/// If a parameter is not positive, the ages are not in order, or the effects on leaving are not as many as those on buying.
pub fn simulate(simulation: &Simulation, seed: u64) -> Simulated {
    assert!(simulation.parameters.iter().all(|value| *value > 0.0), "parameters are positive");
    assert!(0.0 <= simulation.age.0 && simulation.age.0 <= simulation.age.1, "ages are in order");
    let k = simulation.buying_effects.len();
    assert!(simulation.leaving_effects.is_empty() || simulation.leaving_effects.len() == k, "one effect a column");
    let mut random = Random::new(seed);
    let mut drawn = Simulated::default();
    let mut times = Vec::new();
    for _ in 0..simulation.n_customers {
        let row: Vec<f64> = (0..k).map(|_| random.normal()).collect();
        let (low, high) = simulation.age;
        let age = rounded(low + (high - low) * random.uniform(), simulation.grain);
        times.clear();
        let left = purchases(simulation, &row, age + simulation.horizon, &mut times, &mut random);
        let before = times.partition_point(|time| *time <= age);
        let (frequency, recency) = until(&times[..before], simulation.grain, age);
        drawn.frequency.push(frequency);
        drawn.recency.push(recency);
        drawn.age.push(age);
        drawn.covariates.extend(row);
        drawn.alive.push(left > age);
        drawn.future.push((times.len() - before) as u32);
    }
    drawn
}

/// Times of repeat purchases up to `end`; returns when the customer leaves, infinity if not seen to.
fn purchases(simulation: &Simulation, row: &[f64], end: f64, times: &mut Vec<f64>, random: &mut Random) -> f64 {
    let [r, alpha, third, fourth] = simulation.parameters;
    let scale = |effects: &[f64]| row.iter().zip(effects).map(|(z, effect)| z * effect).sum::<f64>().exp();
    let rate = random.gamma(r) / alpha * scale(&simulation.buying_effects);
    let leaving = scale(&simulation.leaving_effects);
    let mut time = 0.0;
    match simulation.process {
        Process::ParetoNbd => {
            let left = random.exponential() / (random.gamma(third) / fourth * leaving);
            let n = count_until(rate, left.min(end), || false, random);
            // Given their number, the times of a Poisson process are uniform.
            times.extend((0..n).map(|_| left.min(end) * random.uniform()));
            times.sort_unstable_by(f64::total_cmp);
            left
        }
        process => {
            let leave = random.beta(third * leaving, fourth);
            if process == Process::MbgNbd && random.uniform() < leave {
                return 0.0;
            }
            loop {
                time += random.exponential() / rate;
                if time > end || times.len() >= 1_000_000 {
                    return f64::INFINITY;
                }
                times.push(time);
                if random.uniform() < leave {
                    return time;
                }
            }
        }
    }
}

fn rounded(time: f64, grain: f64) -> f64 {
    if grain > 0.0 { (time / grain).floor() * grain } else { time }
}

/// Frequency and recency; with a grain, purchases of one grain count once, and those of the first purchase's not at all.
fn until(times: &[f64], grain: f64, age: f64) -> (u32, f64) {
    if grain <= 0.0 {
        return (times.len() as u32, times.last().copied().unwrap_or(0.0));
    }
    let mut grains: Vec<u64> = times.iter().map(|time| (time / grain) as u64).filter(|grain| *grain > 0).collect();
    grains.dedup();
    (grains.len() as u32, grains.last().map_or(0.0, |last| (*last as f64 * grain).min(age)))
}
