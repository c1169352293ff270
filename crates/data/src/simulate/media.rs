//! Paid media: spend per channel and day, and how it truly drives visits: geometric adstock, then Hill saturation.

use domain::{Cents, Day, Spend};

use super::Settings;
use super::calendar;
use super::random::{Purpose, Stream};

/// The true response of one channel.
#[derive(Debug)]
pub struct Channel {
    pub name: &'static str,
    /// Visits at full saturation, relative to the organic visits of an ordinary day.
    pub visits_max: f64,
    /// Share of yesterday's pressure that is still felt today.
    pub adstock: f64,
    /// Steepness of the Hill curve.
    pub slope: f64,
    /// Pressure at half the effect, relative to the mean daily spend.
    pub half_at: f64,
    /// Mean spend a day per thousand customers, in cents.
    pub spend_cents: f64,
    /// Price of a thousand impressions, in cents, and clicks per impression.
    cpm_cents: f64,
    click_rate: f64,
}

pub static PAID: [Channel; 5] = [
    Channel {
        name: "search_ads",
        visits_max: 0.50,
        adstock: 0.10,
        slope: 1.0,
        half_at: 1.0,
        spend_cents: 9_000.0,
        cpm_cents: 6_000.0,
        click_rate: 0.032,
    },
    Channel {
        name: "short_video",
        visits_max: 0.80,
        adstock: 0.55,
        slope: 1.6,
        half_at: 1.2,
        spend_cents: 12_000.0,
        cpm_cents: 2_400.0,
        click_rate: 0.011,
    },
    Channel {
        name: "social_feed",
        visits_max: 0.45,
        adstock: 0.35,
        slope: 1.2,
        half_at: 0.9,
        spend_cents: 7_000.0,
        cpm_cents: 2_000.0,
        click_rate: 0.008,
    },
    Channel {
        name: "display",
        visits_max: 0.20,
        adstock: 0.65,
        slope: 1.0,
        half_at: 0.8,
        spend_cents: 4_000.0,
        cpm_cents: 900.0,
        click_rate: 0.002,
    },
    Channel {
        name: "influencer",
        visits_max: 0.40,
        adstock: 0.75,
        slope: 2.0,
        half_at: 1.3,
        spend_cents: 6_000.0,
        cpm_cents: 3_500.0,
        click_rate: 0.014,
    },
];

/// Spend and response of every day, and the clock of visits that follows from them.
pub struct Media {
    first: Day,
    spend: Vec<[f64; PAID.len()]>,
    /// Visits each channel adds on a day, in units of an ordinary day's organic visits.
    pub response: Vec<[f64; PAID.len()]>,
    pub organic: Vec<f64>,
    /// Visits from the first day to the end of each day.
    cumulative: Vec<f64>,
}

const BURN_IN_DAYS: i32 = 60;

impl Media {
    pub fn new(settings: &Settings) -> Media {
        let n_days = settings.n_days as usize;
        let mut media = Media {
            first: settings.first(),
            spend: vec![[0.0; PAID.len()]; n_days],
            response: vec![[0.0; PAID.len()]; n_days],
            organic: (0..n_days).map(|day| calendar::traffic(Day(settings.first().0 + day as i32))).collect(),
            cumulative: Vec::with_capacity(n_days),
        };
        for (index, channel) in PAID.iter().enumerate() {
            media.run_channel(settings, index, channel);
        }
        let mut total = 0.0;
        for day in 0..n_days {
            total += media.organic[day] + media.response[day].iter().sum::<f64>();
            media.cumulative.push(total);
        }
        media
    }

    fn run_channel(&mut self, settings: &Settings, index: usize, channel: &Channel) {
        let mut pressure = 1.0;
        for offset in -BURN_IN_DAYS..settings.n_days {
            let day = Day(self.first.0 + offset);
            let week = (day.0 + 3).div_euclid(7);
            let flight = Stream::new(settings.seed, Purpose::Media, (index as u64) << 32 | week as u32 as u64)
                .weighted(&[0.2, 0.25, 0.35, 0.2]);
            let noise = Stream::new(settings.seed, Purpose::Media, (index as u64 + 100) << 32 | day.0 as u32 as u64)
                .log_normal(0.2);
            let relative = [0.05, 0.6, 1.2, 2.2][flight] * noise * calendar::traffic(day).powf(0.6);
            pressure = (1.0 - channel.adstock) * relative + channel.adstock * pressure;
            if offset >= 0 {
                self.spend[offset as usize][index] = relative;
                let (x, half) = (pressure.powf(channel.slope), channel.half_at.powf(channel.slope));
                self.response[offset as usize][index] = channel.visits_max * x / (x + half);
            }
        }
    }

    /// Visits, in ordinary days, from a day (included) to the end.
    pub fn visits_from(&self, day: Day) -> f64 {
        let total = self.cumulative.last().copied().unwrap_or(0.0);
        let index = day.0 - self.first.0;
        if index <= 0 { total } else { total - self.cumulative[index as usize - 1] }
    }

    /// A day on or after `from`, drawn by its visits, and the paid channel that caused the visit, if one did.
    pub fn draw_visit(&self, from: Day, stream: &mut Stream) -> (Day, Option<usize>) {
        let total = self.cumulative.last().copied().unwrap_or(0.0);
        let target = total - self.visits_from(from) * (1.0 - stream.unit());
        let index = self.cumulative.partition_point(|&edge| edge <= target).min(self.cumulative.len() - 1);
        let mut left = stream.unit() * (self.organic[index] + self.response[index].iter().sum::<f64>());
        left -= self.organic[index];
        if left < 0.0 {
            return (Day(self.first.0 + index as i32), None);
        }
        let channel = self.response[index].iter().position(|response| {
            left -= response;
            left < 0.0
        });
        (Day(self.first.0 + index as i32), channel.or(Some(PAID.len() - 1)))
    }

    pub fn spend_cents(&self, settings: &Settings, day: usize, channel: usize) -> i64 {
        let scale = PAID[channel].spend_cents * settings.n_customers as f64 / 1000.0;
        (self.spend[day][channel] * scale).round() as i64
    }

    pub fn rows(&self, settings: &Settings) -> Vec<Spend> {
        let mut rows = Vec::with_capacity(self.spend.len() * PAID.len());
        for day in 0..self.spend.len() {
            for (index, channel) in PAID.iter().enumerate() {
                let mut stream = Stream::new(settings.seed, Purpose::Media, (index as u64 + 200) << 32 | day as u64);
                let spend = self.spend_cents(settings, day, index);
                let impressions = spend as f64 / channel.cpm_cents * 1000.0 * stream.log_normal(0.1);
                rows.push(Spend {
                    day: Day(self.first.0 + day as i32),
                    channel: channel.name.to_owned(),
                    spend_cents: Cents(spend),
                    impressions: Some(impressions as i64),
                    clicks: Some((impressions * channel.click_rate * stream.log_normal(0.15)) as i64),
                    extra: None,
                });
            }
        }
        rows
    }
}
