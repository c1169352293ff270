//! Weeks whose truth is known, by the mix model's own assumptions. Not a model of a market.

use domain::Day;
use math::Random;

use super::adstock::carry_over;
use super::{Adstock, MixData, Named, Saturation};

/// What the world is like. Spends and sales are in money.
#[derive(Clone, Debug)]
pub struct World {
    pub first_day: Day,
    /// Sales of a week without channels, their growth over the whole time as a share, and the season's swing as a share.
    pub level: f64,
    pub growth: f64,
    pub season: f64,
    /// Standard deviation of a week's noise.
    pub noise: f64,
    pub channels: Vec<Channel>,
    /// The number of weeks over which growth is counted.
    pub n_weeks: usize,
}

/// One channel's truth: logistic saturation of geometric carry-over.
#[derive(Clone, Debug)]
pub struct Channel {
    pub name: String,
    /// Largest weekly spend, and the share of weeks in which something is spent.
    pub spend_max: f64,
    pub active: f64,
    pub alpha: f64,
    /// Sales of a week at full saturation, and how soon it is reached: λ on a spend of `spend_max`.
    pub height: f64,
    pub lambda: f64,
}

impl Default for World {
    fn default() -> Self {
        let channel = |name: &str, spend_max, active, alpha, height, lambda| Channel {
            name: name.to_owned(),
            spend_max,
            active,
            alpha,
            height,
            lambda,
        };
        World {
            first_day: Day(18_995),
            level: 1000.0,
            growth: 0.2,
            season: 0.1,
            noise: 40.0,
            channels: vec![
                channel("search", 100.0, 1.0, 0.3, 500.0, 3.0),
                channel("video", 300.0, 0.4, 0.6, 300.0, 2.0),
            ],
            n_weeks: 156,
        }
    }
}

/// Weeks and what really brought their sales.
#[derive(Clone, Debug)]
pub struct Simulated {
    pub data: MixData,
    /// By channel. Shape: (n_channels).
    pub contributions: Vec<f64>,
}

impl World {
    /// Sales of a week without channels and without noise.
    pub fn baseline(&self, week: usize, day: Day) -> f64 {
        let of_year = day.to_date().map_or(0.0, |date| f64::from(date.day_of_year()));
        let angle = std::f64::consts::TAU * of_year / 365.25;
        self.level * (1.0 + self.growth * week as f64 / self.n_weeks.max(1) as f64 + self.season * angle.cos())
    }
}

/// `n` weeks; the same seed gives the same weeks.
pub fn simulate(world: &World, n: usize, seed: u64) -> Simulated {
    let mut random = Random::new(seed);
    let mut spend = |channel: &Channel| {
        let is_active = random.uniform() < channel.active;
        let share = random.uniform();
        if is_active { channel.spend_max * share } else { 0.0 }
    };
    let channels: Vec<Named> = world
        .channels
        .iter()
        .map(|channel| Named { name: channel.name.clone(), values: (0..n).map(|_| spend(channel)).collect() })
        .collect();
    let brought = |(channel, spends): (&Channel, &Named)| -> Vec<f64> {
        let weights = Adstock::Geometric.weights([channel.alpha, 0.0], 8);
        let sum: f64 = weights.iter().sum();
        let weights: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
        let curve = |x: &f64| Saturation::Logistic.value(x / channel.spend_max, [channel.height, channel.lambda, 0.0]);
        carry_over(&spends.values, &weights).iter().map(curve).collect()
    };
    let parts: Vec<Vec<f64>> = world.channels.iter().zip(&channels).map(brought).collect();
    let days: Vec<Day> = (0..n).map(|week| Day(world.first_day.0 + 7 * week as i32)).collect();
    let sales = |week: usize| {
        let media: f64 = parts.iter().map(|part| part[week]).sum();
        (world.baseline(week, days[week]) + media + world.noise * random.normal()).max(0.0)
    };
    let target = (0..n).map(sales).collect();
    let contributions = parts.iter().map(|part| part.iter().sum()).collect();
    Simulated { data: MixData { days, target, channels, controls: Vec::new(), price: None }, contributions }
}
