//! What the simulated shop knows and a real one does not, as plain columns. Written beside the tables, in `truth/`.

use domain::Day;

use super::campaigns::ARMS;
use super::categories::CATEGORIES;
use super::journey::Life;
use super::media::PAID;
use super::people::{N_TASTES, Person, SEGMENTS, customer_id};
use super::{Settings, World};

/// A column's values.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    Text(Vec<String>),
    Integer(Vec<i64>),
    Float(Vec<f64>),
    Bool(Vec<bool>),
}

/// Named columns of equal length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TruthTable(pub Vec<(&'static str, Values)>);

impl TruthTable {
    pub fn n_rows(&self) -> usize {
        self.0.first().map_or(0, |(_, values)| match values {
            Values::Text(values) => values.len(),
            Values::Integer(values) => values.len(),
            Values::Float(values) => values.len(),
            Values::Bool(values) => values.len(),
        })
    }

    pub fn column(&self, name: &str) -> Option<&Values> {
        self.0.iter().find(|(found, _)| *found == name).map(|(_, values)| values)
    }
}

fn texts<T>(of: &[T], value: impl Fn(&T) -> String) -> Values {
    Values::Text(of.iter().map(value).collect())
}

fn floats<T>(of: &[T], value: impl Fn(&T) -> f64) -> Values {
    Values::Float(of.iter().map(value).collect())
}

fn integers<T>(of: &[T], value: impl Fn(&T) -> i64) -> Values {
    Values::Integer(of.iter().map(value).collect())
}

const TASTES: [&str; N_TASTES] =
    ["taste_0", "taste_1", "taste_2", "taste_3", "taste_4", "taste_5", "taste_6", "taste_7"];

/// The truth about products, segments, campaigns and channels.
pub fn of_world(world: &World) -> Vec<(&'static str, TruthTable)> {
    vec![
        ("products", of_products(world)),
        ("quality", of_quality(world)),
        ("categories", of_categories()),
        ("campaigns", of_campaigns(world)),
        ("channels", of_channels(&world.settings)),
    ]
}

fn of_products(world: &World) -> TruthTable {
    let items = &world.catalogue.items;
    let mut columns = vec![
        ("product_id", texts(items, |item| item.product_id.clone())),
        ("line", integers(items, |item| i64::from(item.line))),
        ("generation", integers(items, |item| i64::from(item.generation))),
        ("tier", floats(items, |item| item.tier)),
        ("audience", texts(items, |item| SEGMENTS[item.audience].key.to_owned())),
        ("popularity", floats(items, |item| item.popularity)),
        ("launch_price_cents", integers(items, |item| item.list_price_cents(item.launch))),
        ("decay_per_month", floats(items, |item| item.category().decay)),
        ("successor_cut", floats(items, |item| item.successor_cut)),
        ("promo_factor", floats(items, |item| item.promo_factor)),
    ];
    for (index, name) in TASTES.iter().enumerate() {
        columns.push((name, floats(items, |item| item.taste[index])));
    }
    TruthTable(columns)
}

fn of_quality(world: &World) -> TruthTable {
    let rows: Vec<_> = world
        .catalogue
        .items
        .iter()
        .flat_map(|item| item.aspect_names().map(|(aspect, quality)| (&item.product_id, aspect, quality)))
        .collect();
    TruthTable(vec![
        ("product_id", texts(&rows, |row| row.0.clone())),
        ("aspect", texts(&rows, |row| row.1.to_owned())),
        ("quality", floats(&rows, |row| row.2)),
    ])
}

fn of_categories() -> TruthTable {
    TruthTable(vec![
        ("category", texts(CATEGORIES, |kind| kind.key.to_owned())),
        ("path_zh", texts(CATEGORIES, |kind| kind.path_zh.to_owned())),
        ("path_en", texts(CATEGORIES, |kind| kind.path_en.to_owned())),
        ("cycle_months", floats(CATEGORIES, |kind| kind.cycle_months)),
        ("decay_per_month", floats(CATEGORIES, |kind| kind.decay)),
        ("owned_by", floats(CATEGORIES, |kind| kind.owned_by)),
    ])
}

fn of_campaigns(world: &World) -> TruthTable {
    let mut rows = Vec::new();
    for campaign in &world.campaigns {
        for (segment, effects) in campaign.effect.iter().enumerate() {
            for arm in 0..ARMS.len() {
                rows.push((campaign, SEGMENTS[segment].key, ARMS[arm], effects[arm]));
            }
        }
    }
    TruthTable(vec![
        ("campaign_id", texts(&rows, |row| row.0.id.clone())),
        ("start_day", texts(&rows, |row| row.0.start.to_string())),
        ("promoted", texts(&rows, |row| CATEGORIES[row.0.promoted].key.to_owned())),
        ("segment", texts(&rows, |row| row.1.to_owned())),
        ("arm", texts(&rows, |row| row.2.to_owned())),
        ("effect", floats(&rows, |row| row.3)),
    ])
}

fn of_channels(settings: &Settings) -> TruthTable {
    let scale = f64::from(settings.n_customers) / 1000.0;
    TruthTable(vec![
        ("channel", texts(&PAID, |channel| channel.name.to_owned())),
        ("visits_max", floats(&PAID, |channel| channel.visits_max)),
        ("adstock", floats(&PAID, |channel| channel.adstock)),
        ("slope", floats(&PAID, |channel| channel.slope)),
        ("half_at_spend_cents", floats(&PAID, |channel| channel.half_at * channel.spend_cents * scale)),
    ])
}

/// Visits per ordinary day that the customers of each day stand for.
pub struct Visitors {
    first: Day,
    joined: Vec<f64>,
}

impl Visitors {
    pub fn new(settings: &Settings) -> Visitors {
        Visitors { first: settings.first(), joined: vec![0.0; settings.n_days as usize] }
    }

    pub fn add(&mut self, person: &Person) {
        let day = ((person.joined.0 - self.first.0).max(0) as usize).min(self.joined.len() - 1);
        self.joined[day] += person.visits_per_day;
    }
}

/// Expected visits each channel truly caused on each day.
pub fn of_media_days(world: &World, visitors: &Visitors) -> TruthTable {
    let mut rows = Vec::new();
    let mut base = 0.0;
    for (day, joined) in visitors.joined.iter().enumerate() {
        base += joined;
        for (index, channel) in PAID.iter().enumerate() {
            let date = Day(visitors.first.0 + day as i32).to_string();
            rows.push((date, channel.name, world.media.response[day][index], base));
        }
    }
    TruthTable(vec![
        ("day", texts(&rows, |row| row.0.clone())),
        ("channel", texts(&rows, |row| row.1.to_owned())),
        ("response", floats(&rows, |row| row.2)),
        ("visits", floats(&rows, |row| row.2 * row.3)),
    ])
}

/// The truth about a block of customers.
pub fn of_customers(world: &World, lives: &[Life]) -> TruthTable {
    let items = &world.catalogue.items;
    let owned = |life: &Life| {
        let ids: Vec<&str> = life.owned.iter().map(|&product| items[product as usize].product_id.as_str()).collect();
        ids.join(" ")
    };
    let mut columns = vec![
        ("customer_id", texts(lives, |life| customer_id(life.person.index))),
        ("segment", texts(lives, |life| SEGMENTS[life.person.segment].key.to_owned())),
        ("budget", floats(lives, |life| life.person.budget)),
        ("price_sensitivity", floats(lives, |life| life.person.price_sensitivity)),
        ("visits_per_day", floats(lives, |life| life.person.visits_per_day)),
        ("cycle_factor", floats(lives, |life| life.person.cycle_factor)),
        ("loyalty", floats(lives, |life| life.person.loyalty)),
        ("favourite_brands", texts(lives, |life| life.person.favourite_brands().join(" "))),
        ("owned", texts(lives, owned)),
        (
            "next_need",
            texts(lives, |life| life.next_need.map_or_else(String::new, |need| CATEGORIES[need.0].key.to_owned())),
        ),
        ("next_need_on", texts(lives, |life| life.next_need.map_or_else(String::new, |need| need.1.to_string()))),
    ];
    for (index, name) in TASTES.iter().enumerate() {
        columns.push((name, floats(lives, |life| life.person.taste[index])));
    }
    TruthTable(columns)
}

/// For each contact whether a purchase would have followed under each arm.
pub fn of_exposures(world: &World, lives: &[Life]) -> TruthTable {
    let rows: Vec<_> =
        lives.iter().flat_map(|life| life.contacts.iter().map(|contact| (&life.person, contact))).collect();
    let outcome = |arm: usize| Values::Bool(rows.iter().map(|row| row.1.outcomes[arm]).collect());
    TruthTable(vec![
        ("customer_id", texts(&rows, |row| customer_id(row.0.index))),
        ("campaign_id", texts(&rows, |row| world.campaigns[usize::from(row.1.campaign)].id.clone())),
        ("segment", texts(&rows, |row| SEGMENTS[row.0.segment].key.to_owned())),
        ("arm", texts(&rows, |row| ARMS[usize::from(row.1.arm)].to_owned())),
        ("outcome_control", outcome(0)),
        ("outcome_reminder", outcome(1)),
        ("outcome_coupon", outcome(2)),
    ])
}
