//! Customers: segment, latent taste, budget, what they own and how long they keep it. A person is a pure function of
//! (seed, index), so none is kept in memory.

use domain::{Customer, Day};

use super::brands::BRANDS;
use super::categories::{CATEGORIES, N_ASPECTS};
use super::random::{Purpose, Stream};
use super::{Language, Settings};

pub const N_TASTES: usize = 8;
pub const N_SEGMENTS: usize = 8;

#[derive(Debug)]
pub struct Segment {
    pub key: &'static str,
    pub share: f64,
    /// Visits relative to the mean.
    pub activity: f64,
    /// Where in a category's price range the budget lies, 0 to 1.
    pub budget: f64,
    /// How much prices and festivals count, 0 to 1.
    pub price_sensitivity: f64,
    pub ages: (i32, i32),
    pub male: f64,
    /// Categories wanted more or less than by others.
    pub interests: &'static [(&'static str, f64)],
    /// The aspects this segment weighs double.
    pub cares_for: &'static [usize],
}

pub static SEGMENTS: [Segment; N_SEGMENTS] = [
    Segment {
        key: "gamer",
        share: 0.14,
        activity: 1.4,
        budget: 0.52,
        price_sensitivity: 0.5,
        ages: (16, 32),
        male: 0.82,
        interests: &[
            ("desktop", 3.0),
            ("console", 4.0),
            ("keyboard", 2.5),
            ("mouse", 2.5),
            ("headphones", 1.8),
            ("monitor", 2.0),
            ("printer", 0.2),
            ("memory_module", 2.5),
        ],
        cares_for: &[0, 9],
    },
    Segment {
        key: "photographer",
        share: 0.08,
        activity: 1.1,
        budget: 0.66,
        price_sensitivity: 0.25,
        ages: (24, 58),
        male: 0.6,
        interests: &[
            ("camera", 5.0),
            ("drone", 4.0),
            ("storage", 2.5),
            ("monitor", 1.3),
            ("lens", 4.0),
            ("memory_card", 3.0),
            ("console", 0.3),
        ],
        cares_for: &[2, 3],
    },
    Segment {
        key: "office",
        share: 0.2,
        activity: 0.9,
        budget: 0.48,
        price_sensitivity: 0.35,
        ages: (24, 48),
        male: 0.52,
        interests: &[
            ("laptop", 1.3),
            ("printer", 1.8),
            ("dock", 2.0),
            ("monitor", 1.4),
            ("keyboard", 1.3),
            ("drone", 0.5),
        ],
        cares_for: &[1, 7],
    },
    Segment {
        key: "student",
        share: 0.18,
        activity: 1.3,
        budget: 0.26,
        price_sensitivity: 0.85,
        ages: (16, 25),
        male: 0.5,
        interests: &[
            ("tablet", 1.8),
            ("earbuds", 1.5),
            ("stylus", 2.5),
            ("ereader", 1.6),
            ("tv", 0.15),
            ("camera", 0.5),
            ("power_bank", 1.8),
        ],
        cares_for: &[1, 10],
    },
    Segment {
        key: "commuter",
        share: 0.13,
        activity: 1.0,
        budget: 0.44,
        price_sensitivity: 0.5,
        ages: (22, 45),
        male: 0.5,
        interests: &[("earbuds", 1.9), ("watch", 1.6), ("power_bank", 2.0), ("ereader", 1.8), ("desktop", 0.3)],
        cares_for: &[1, 5],
    },
    Segment {
        key: "music_lover",
        share: 0.07,
        activity: 1.0,
        budget: 0.58,
        price_sensitivity: 0.3,
        ages: (18, 50),
        male: 0.58,
        interests: &[("headphones", 3.0), ("speaker", 3.5), ("earbuds", 1.4), ("drone", 0.4)],
        cares_for: &[4, 6],
    },
    Segment {
        key: "family",
        share: 0.14,
        activity: 0.9,
        budget: 0.4,
        price_sensitivity: 0.6,
        ages: (30, 52),
        male: 0.42,
        interests: &[
            ("tv", 2.0),
            ("router", 1.6),
            ("printer", 1.8),
            ("tablet", 1.4),
            ("speaker", 1.3),
            ("keyboard", 0.6),
        ],
        cares_for: &[6, 8],
    },
    Segment {
        key: "enthusiast",
        share: 0.06,
        activity: 1.9,
        budget: 0.85,
        price_sensitivity: 0.1,
        ages: (25, 45),
        male: 0.66,
        interests: &[("phone", 1.2), ("watch", 2.4), ("headphones", 1.8), ("drone", 2.2), ("tv", 1.4), ("laptop", 1.2)],
        cares_for: &[0, 2],
    },
];

impl Segment {
    pub fn interest(&self, key: &str) -> f64 {
        self.interests.iter().find(|(name, _)| *name == key).map_or(1.0, |(_, factor)| *factor)
    }

    /// The centre of the segment's taste: its own direction and a little of its neighbour's.
    pub fn taste(&self) -> [f64; N_TASTES] {
        let own = SEGMENTS.iter().position(|segment| segment.key == self.key).unwrap_or(0);
        let mut taste = [0.0; N_TASTES];
        taste[own] = 1.0;
        taste[(own + 3) % N_TASTES] = 0.35;
        taste
    }
}

/// (zh, en, weight, cities as (zh, en)).
type Region = (&'static str, &'static str, f64, &'static [(&'static str, &'static str)]);

pub static REGIONS: &[Region] = &[
    (
        "广东",
        "Guangdong",
        16.0,
        &[("广州", "Guangzhou"), ("深圳", "Shenzhen"), ("东莞", "Dongguan"), ("佛山", "Foshan")],
    ),
    ("江苏", "Jiangsu", 11.0, &[("南京", "Nanjing"), ("苏州", "Suzhou"), ("无锡", "Wuxi")]),
    ("浙江", "Zhejiang", 10.0, &[("杭州", "Hangzhou"), ("宁波", "Ningbo"), ("温州", "Wenzhou")]),
    ("上海", "Shanghai", 9.0, &[("上海", "Shanghai")]),
    ("北京", "Beijing", 9.0, &[("北京", "Beijing")]),
    ("山东", "Shandong", 8.0, &[("济南", "Jinan"), ("青岛", "Qingdao")]),
    ("四川", "Sichuan", 7.0, &[("成都", "Chengdu"), ("绵阳", "Mianyang")]),
    ("湖北", "Hubei", 6.0, &[("武汉", "Wuhan"), ("宜昌", "Yichang")]),
    ("河南", "Henan", 6.0, &[("郑州", "Zhengzhou"), ("洛阳", "Luoyang")]),
    ("福建", "Fujian", 5.0, &[("福州", "Fuzhou"), ("厦门", "Xiamen")]),
    ("湖南", "Hunan", 5.0, &[("长沙", "Changsha")]),
    ("陕西", "Shaanxi", 4.0, &[("西安", "Xi'an")]),
    ("重庆", "Chongqing", 4.0, &[("重庆", "Chongqing")]),
];

/// Channels a customer comes by without being paid for.
pub const OWN_CHANNELS: [&str; 4] = ["app", "direct", "organic_search", "store"];
/// Channels on which a customer may be addressed.
pub const CONTACT_CHANNELS: [&str; 3] = ["email", "sms", "app_push"];

/// A customer with the truth behind the row.
#[derive(Clone, Debug)]
pub struct Person {
    pub index: u32,
    pub segment: usize,
    pub joined: Day,
    birth_year: i32,
    male: bool,
    pub region: usize,
    pub city: usize,
    pub first_channel: &'static str,
    /// Which of `CONTACT_CHANNELS` may be used.
    pub consent: [bool; 3],
    pub taste: [f64; N_TASTES],
    /// Position of the budget in a category's price range, 0 to 1.
    pub budget: f64,
    pub price_sensitivity: f64,
    /// Visits per day of browsing, on an ordinary day.
    pub visits_per_day: f64,
    /// Own upgrade cycle relative to the category's mean.
    pub cycle_factor: f64,
    /// Share of needs for which this shop is considered, and of those bought here.
    pub loyalty: f64,
    pub reviews: f64,
    pub own_channels: [f64; 4],
    brand_seed: u64,
}

pub fn customer_id(index: u32) -> String {
    format!("C{:07}", index + 1)
}

impl Person {
    pub fn new(settings: &Settings, index: u32) -> Person {
        let mut stream = Stream::new(settings.seed, Purpose::Person, u64::from(index));
        let segment_index = stream.weighted(&SEGMENTS.each_ref().map(|segment| segment.share));
        let segment = &SEGMENTS[segment_index];
        let mut taste = segment.taste();
        taste.iter_mut().for_each(|value| *value += 0.35 * stream.normal());
        let before = stream.chance(0.45);
        let joined = if before { -(stream.below(900) as i32) } else { stream.below(settings.n_days as usize) as i32 };
        let year = settings.end.to_date().map_or(2026, |date| i32::from(date.year()));
        let age = segment.ages.0 + stream.below((segment.ages.1 - segment.ages.0) as usize) as i32;
        let region = stream.weighted(&REGIONS.iter().map(|region| region.2).collect::<Vec<_>>());
        let app = if age < 35 { 3.0 } else { 1.6 };
        let store = if age > 40 { 0.9 } else { 0.3 };
        let first = ["organic_search", "search_ads", "short_video", "social_feed", "store", "influencer", "direct"];
        let first_channel = first[stream.weighted(&[2.5, 2.0, 1.8, 1.4, store, 0.8, 1.2])];
        Person {
            index,
            segment: segment_index,
            joined: Day(settings.first().0 + joined),
            birth_year: year - age,
            male: stream.chance(segment.male),
            region,
            city: stream.below(REGIONS[region].3.len()),
            first_channel,
            consent: [stream.chance(0.55), stream.chance(0.45), stream.chance(0.65)],
            taste,
            budget: (segment.budget + 0.17 * stream.normal()).clamp(0.02, 0.98),
            price_sensitivity: (segment.price_sensitivity + 0.15 * stream.normal()).clamp(0.0, 1.0),
            visits_per_day: settings.visits_per_day * segment.activity * stream.log_normal(0.9),
            cycle_factor: stream.log_normal(0.28) * (1.25 - 0.5 * segment.budget),
            loyalty: stream.between(0.25, 0.9),
            reviews: stream.between(0.05, 0.55),
            own_channels: [app * stream.log_normal(0.5), 1.0, 1.3 * stream.log_normal(0.5), store],
            brand_seed: stream.next_u64(),
        }
    }

    /// How much this person leans to a brand; the segment leans too.
    pub fn brand_affinity(&self, brand: usize) -> f64 {
        let segment = Stream::new(977, Purpose::Taste, (self.segment * 1000 + brand) as u64).normal();
        0.5 * segment + 0.5 * Stream::new(self.brand_seed, Purpose::Taste, brand as u64).normal()
    }

    /// The three brands this person likes most.
    pub fn favourite_brands(&self) -> Vec<&'static str> {
        let mut brands: Vec<usize> = (0..BRANDS.len()).collect();
        brands.sort_by(|&a, &b| self.brand_affinity(b).total_cmp(&self.brand_affinity(a)));
        brands[..3].iter().map(|&brand| BRANDS[brand].en).collect()
    }

    /// How much a kind of goods interests this person.
    pub fn interest(&self, category: usize) -> f64 {
        let kind = &CATEGORIES[category];
        let own = Stream::new(self.brand_seed, Purpose::Person, category as u64).log_normal(0.5);
        SEGMENTS[self.segment].interest(kind.key) * own
    }

    /// Whether this person ever owns such a thing.
    pub fn owns(&self, category: usize) -> bool {
        let kind = &CATEGORIES[category];
        let odds = kind.owned_by / (1.0 - kind.owned_by).max(0.02) * SEGMENTS[self.segment].interest(kind.key);
        Stream::new(self.brand_seed, Purpose::Journey, category as u64).chance(odds / (1.0 + odds))
    }

    /// The price, in main units, this person has in mind for a category.
    pub fn target_price(&self, category: usize) -> f64 {
        let (low, high) = CATEGORIES[category].price;
        low * (high / low).powf(self.budget)
    }

    /// Weight of an aspect when judging.
    pub fn aspect_weights(&self) -> [f64; N_ASPECTS] {
        let mut weights = [1.0; N_ASPECTS];
        SEGMENTS[self.segment].cares_for.iter().for_each(|&aspect| weights[aspect] = 2.0);
        weights
    }

    pub fn customer(&self, language: Language) -> Customer {
        let region = &REGIONS[self.region];
        let city = region.3[self.city];
        let consent = CONTACT_CHANNELS.iter().zip(self.consent).filter(|(_, given)| *given);
        let mut stream = Stream::new(self.brand_seed, Purpose::Text, 1);
        Customer {
            customer_id: customer_id(self.index),
            joined_on: Some(self.joined),
            birth_year: stream.chance(0.8).then_some(self.birth_year),
            gender: stream.chance(0.9).then(|| if self.male { "male" } else { "female" }.to_owned()),
            region: Some(language.choose(region.0, region.1).to_owned()),
            city: Some(language.choose(city.0, city.1).to_owned()),
            first_channel: Some(self.first_channel.to_owned()),
            consent: consent.map(|(channel, _)| (*channel).to_owned()).collect(),
            extra: None,
        }
    }
}
