//! Campaigns: who is contacted or kept silent with what probability, and the true effect per segment and arm.

use domain::Day;

use super::Settings;
use super::categories::category;
use super::people::{CONTACT_CHANNELS, N_SEGMENTS, Person, SEGMENTS};
use super::random::{Purpose, Stream};

/// Days after the contact within which a purchase counts as a response.
pub const WINDOW_DAYS: i32 = 14;
/// The first arm is silence.
pub const ARMS: [&str; 3] = ["control", "reminder", "coupon"];

/// What is promoted: things bought on impulse, so that nobody buys a second laptop for a coupon.
const PROMOTED: &[&str] =
    &["phone_case", "charger", "power_bank", "cable", "memory_card", "strap", "sleeve", "protector"];

#[derive(Debug)]
pub struct Campaign {
    pub id: String,
    pub start: Day,
    /// Index into `CONTACT_CHANNELS`.
    pub contact: usize,
    pub promoted: usize,
    /// Probability of each arm, for customers who came in the last year and for older ones.
    pub propensity: [[f64; 3]; 2],
    /// Added probability of a purchase in the window, by segment and arm; negative for those whom contact annoys.
    pub effect: [[f64; 3]; N_SEGMENTS],
    pub cost_cents: [i64; 3],
}

pub fn plan(settings: &Settings) -> Vec<Campaign> {
    (0..settings.n_campaigns).map(|index| one(settings, index)).collect()
}

fn one(settings: &Settings, index: usize) -> Campaign {
    let mut stream = Stream::new(settings.seed, Purpose::Campaign, index as u64);
    let spacing = (settings.n_days - 60) as f64 / settings.n_campaigns.max(1) as f64;
    let start = settings.first().0 + 30 + (spacing * index as f64 + stream.between(0.0, spacing * 0.3)) as i32;
    let contact = index % CONTACT_CHANNELS.len();
    let control = stream.between(0.25, 0.5);
    let newer = stream.between(0.6, 0.9);
    let mut effect = [[0.0; 3]; N_SEGMENTS];
    for (segment, row) in effect.iter_mut().enumerate() {
        let lift = 0.02 + 0.10 * SEGMENTS[segment].price_sensitivity + 0.02 * stream.normal();
        row[1] = if SEGMENTS[segment].key == "enthusiast" { -0.02 } else { 0.35 * lift };
        row[2] = lift.max(0.0);
    }
    let split = |control: f64| [control, (1.0 - control) * 0.5, (1.0 - control) * 0.5];
    Campaign {
        id: format!("K{:03}", index + 1),
        start: Day(start),
        contact,
        promoted: category(PROMOTED[stream.below(PROMOTED.len())]),
        propensity: [split(control), split(control * newer)],
        effect,
        cost_cents: [0, [1, 5, 1][contact], [1, 5, 1][contact] + 30],
    }
}

impl Campaign {
    /// The arm's probabilities for a person, or `None` if the campaign is not for that person.
    pub fn propensities(&self, person: &Person) -> Option<&[f64; 3]> {
        let reachable = person.joined < self.start && person.consent[self.contact];
        reachable.then(|| &self.propensity[usize::from(self.start.0 - person.joined.0 > 365)])
    }
}
