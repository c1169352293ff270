//! The assortment: lines with generations and variants, their specs, prices over time, true quality and popularity,
//! and which accessory fits what. Made once, in order, from the seed.

use std::collections::BTreeMap;

use domain::{Day, Fit, Product};
use rustc_hash::FxHashMap;

use super::brands::{BRANDS, SERIES, SUFFIXES, in_chinese};
use super::calendar;
use super::categories::{ASPECTS, ATTACHES, CATEGORIES, Category, DELIVERY, N_ASPECTS, Rule, Tie, VALUE, category};
use super::people::{N_TASTES, SEGMENTS};
use super::random::{Purpose, Stream};
use super::{Language, Settings, words};

/// One product with its truth.
#[derive(Clone, Debug)]
pub struct Item {
    pub product_id: String,
    pub name_zh: String,
    pub name_en: String,
    pub category: usize,
    pub brand: usize,
    pub line: u32,
    pub generation: u32,
    pub tier: f64,
    pub launch: Day,
    pub retire: Option<Day>,
    /// When the next generation of the line came.
    pub succeeded: Option<Day>,
    pub predecessor: Option<u32>,
    pub launch_price: f64,
    pub successor_cut: f64,
    /// How deep it goes along with a festival; 0 for what never does.
    pub promo_factor: f64,
    pub specs: BTreeMap<String, String>,
    pub taste: [f64; N_TASTES],
    pub audience: usize,
    /// True quality per aspect, −1 poor to 1 excellent.
    pub quality: [f64; N_ASPECTS],
    pub popularity: f64,
    /// For what is made for one model: that line and generation.
    made_for: Option<(u32, u32)>,
    /// (index into ATTACHES, index into the catalogue's fit lists).
    fits: Vec<(usize, usize)>,
}

/// Items with cumulative weights, for drawing.
#[derive(Debug, Default)]
pub struct Urn {
    items: Vec<u32>,
    cumulative: Vec<f64>,
}

impl Urn {
    fn push(&mut self, item: u32, weight: f64) {
        if weight > 0.0 {
            self.cumulative.push(self.cumulative.last().unwrap_or(&0.0) + weight);
            self.items.push(item);
        }
    }

    pub fn draw(&self, stream: &mut Stream) -> Option<u32> {
        (!self.items.is_empty()).then(|| self.items[stream.cumulative(&self.cumulative)])
    }

    pub fn items(&self) -> &[u32] {
        &self.items
    }
}

const PERIOD_DAYS: i32 = 15;
const MONTH_DAYS: f64 = 30.44;
/// No product falls below this share of its launch price.
const PRICE_FLOOR: f64 = 0.45;

pub struct Catalogue {
    pub items: Vec<Item>,
    first: Day,
    /// Per category, per period of 15 days: what is on sale, by demand.
    shelves: Vec<Vec<Urn>>,
    fit_lists: Vec<Urn>,
}

impl Item {
    pub fn category(&self) -> &'static Category {
        &CATEGORIES[self.category]
    }

    pub fn name(&self, language: Language) -> &str {
        match language {
            Language::Zh => &self.name_zh,
            Language::En => &self.name_en,
        }
    }

    pub fn on_sale(&self, day: Day) -> bool {
        self.launch <= day && self.retire.is_none_or(|retire| day < retire)
    }

    /// The list price of a day, in cents: it never rises.
    pub fn list_price_cents(&self, day: Day) -> i64 {
        let months = f64::from((day.0 - self.launch.0).max(0)) / MONTH_DAYS;
        let mut share = (-self.category().decay * months).exp().max(PRICE_FLOOR);
        if self.succeeded.is_some_and(|succeeded| day >= succeeded) {
            share *= 1.0 - self.successor_cut;
        }
        retail_ending(self.launch_price * share)
    }

    /// What is paid per unit on a day: the list price less the festival's discount, in whole units of currency.
    pub fn paid_price_cents(&self, day: Day) -> i64 {
        let list = self.list_price_cents(day);
        let discount = calendar::sale(day)
            .filter(|sale| !sale.school_only || is_for_school(self.category().key))
            .map_or(0.0, |sale| sale.depth * self.promo_factor);
        if discount == 0.0 { list } else { ((list as f64 * (1.0 - discount) / 100.0).floor() as i64 * 100).max(100) }
    }

    pub fn cost_cents(&self) -> i64 {
        (self.launch_price * 100.0 * PRICE_FLOOR.max(1.0 - self.category().margin - 0.12)) as i64
    }

    /// Demand of a day relative to the product's own level: a spike at launch, a tail after the successor.
    fn freshness(&self, day: Day) -> f64 {
        if !self.on_sale(day) {
            return 0.0;
        }
        let age = f64::from(day.0 - self.launch.0);
        let young = if age < 30.0 {
            2.4
        } else if age < 120.0 {
            1.4
        } else {
            1.0
        };
        let late = if self.succeeded.is_some_and(|succeeded| day >= succeeded) { 0.35 } else { 1.0 };
        young * late * (-age / 1200.0).exp()
    }

    pub fn product(&self, language: Language, today: Day, predecessor: Option<&Item>) -> Product {
        let brand = &BRANDS[self.brand];
        let (zh, en) = (self.category().path_zh, self.category().path_en);
        let (name, brand, path) = match language {
            Language::Zh => (&self.name_zh, brand.zh, zh),
            Language::En => (&self.name_en, brand.en, en),
        };
        let extra = serde_json::json!({
            "name_zh": self.name_zh, "name_en": self.name_en, "category_zh": zh, "category_en": en,
            "launch_price_cents": self.list_price_cents(self.launch),
        });
        Product {
            product_id: self.product_id.clone(),
            name: name.clone(),
            brand: Some(brand.to_owned()),
            category: Some(path.to_owned()),
            price_cents: Some(domain::Cents(self.list_price_cents(today))),
            cost_cents: Some(domain::Cents(self.cost_cents().min(self.list_price_cents(today) * 97 / 100))),
            launched_on: Some(self.launch),
            retired_on: self.retire.filter(|&retire| retire <= today),
            predecessor_id: predecessor.map(|item| item.product_id.clone()),
            stock: Some(self.stock(today)),
            specs: self.specs.clone(),
            description: Some(words::description(self, language)),
            image_url: None,
            extra: Some(extra.to_string()),
        }
    }

    fn stock(&self, today: Day) -> i64 {
        let jitter = (self.line.wrapping_mul(2_654_435_761).wrapping_add(self.generation * 97) >> 8) % 100;
        if !self.on_sale(today) || jitter < 4 {
            return 0;
        }
        (self.freshness(today) * self.popularity * 40.0).ceil() as i64 + i64::from(jitter % 7)
    }
}

fn is_for_school(key: &str) -> bool {
    matches!(key, "laptop" | "tablet" | "printer" | "ereader" | "headphones" | "stylus" | "sleeve" | "mouse")
}

/// 4,123 → 4,199; 1,234 → 1,239; 57 → 57.90: never rising as the price falls.
fn retail_ending(price: f64) -> i64 {
    if price >= 2000.0 {
        (price / 100.0).floor() as i64 * 10_000 + 9_900
    } else if price >= 200.0 {
        (price / 10.0).floor() as i64 * 1_000 + 900
    } else {
        price.floor() as i64 * 100 + 90
    }
}

/// What all products of a line share.
struct LinePlan {
    id: u32,
    category: usize,
    brand: usize,
    tier: f64,
    series: String,
    audience: usize,
    taste: [f64; N_TASTES],
    quality: [f64; N_ASPECTS],
    popularity: f64,
    stream: Stream,
    /// Values of specs that all products of the line have.
    fixed: BTreeMap<&'static str, String>,
    made_for: Option<(u32, u32)>,
    made_for_item: Option<u32>,
}

impl Catalogue {
    pub fn new(settings: &Settings) -> Catalogue {
        let mut catalogue =
            Catalogue { items: Vec::new(), first: settings.first(), shelves: Vec::new(), fit_lists: Vec::new() };
        let total: f64 = CATEGORIES.iter().map(|category| category.assortment).sum();
        let mut next_line = 0;
        for (index, category) in CATEGORIES.iter().enumerate() {
            let n = (settings.n_products as f64 * category.assortment / total).round().max(2.0) as usize;
            let start = catalogue.items.len();
            let mut nth = 0;
            while catalogue.items.len() < start + n {
                let plan = catalogue.plan_line(settings, index, next_line, nth);
                let left = start + n - catalogue.items.len();
                catalogue.add_generations(settings, plan, left, if n > 12 { 3 } else { 1 });
                next_line += 1;
                nth += 1;
            }
        }
        catalogue.tie_accessories();
        catalogue.fill_shelves(settings);
        catalogue
    }

    fn plan_line(&self, settings: &Settings, index: usize, id: u32, nth: usize) -> LinePlan {
        let kind = &CATEGORIES[index];
        let mut stream = Stream::new(settings.seed, Purpose::Line, u64::from(id));
        let makers: Vec<f64> =
            BRANDS.iter().map(|brand| if brand.makes.contains(&kind.key) { brand.strength } else { 0.0 }).collect();
        let brand = stream.weighted(&makers);
        let tier = (BRANDS[brand].tier * 0.6 + stream.unit() * 0.55 - 0.08).clamp(0.0, 1.0);
        let audience = stream.weighted(&SEGMENTS.each_ref().map(|segment| segment.share * segment.interest(kind.key)));
        let mut taste = SEGMENTS[audience].taste();
        taste.iter_mut().for_each(|value| *value += 0.45 * stream.normal());
        let mut quality = [0.0; N_ASPECTS];
        for &aspect in kind.aspects {
            quality[aspect] = (0.12 + 0.3 * (tier - 0.4) + 0.38 * stream.normal()).clamp(-1.0, 1.0);
        }
        let (made_for, made_for_item) = match self.model_for(kind.key, &mut stream) {
            Some(item) => (Some((self.items[item as usize].line, self.items[item as usize].generation)), Some(item)),
            None => (None, None),
        };
        let series = format!("{}{}", stream.pick(SERIES), if nth < 8 { String::new() } else { format!(" {}", nth) });
        let popularity = BRANDS[brand].strength * stream.log_normal(0.85) * (-0.9 * tier).exp();
        let mut plan = LinePlan {
            id,
            category: index,
            brand,
            tier,
            series,
            audience,
            taste,
            quality,
            popularity,
            stream,
            fixed: BTreeMap::new(),
            made_for,
            made_for_item,
        };
        plan.fix_specs(self, nth);
        plan
    }

    /// The device model an accessory of this category is made for, if it is made for one: popular ones more often.
    fn model_for(&self, key: &str, stream: &mut Stream) -> Option<u32> {
        let rule = ATTACHES.iter().find(|rule| rule.accessory == key && rule.tie == Tie::Model)?;
        let mut urn = Urn::default();
        for (index, item) in self.items.iter().enumerate() {
            if item.category().key == rule.device {
                urn.push(index as u32, item.popularity.powf(0.6));
            }
        }
        urn.draw(stream)
    }

    fn add_generations(&mut self, settings: &Settings, mut plan: LinePlan, room: usize, variants_max: usize) {
        let schedule = self.schedule(settings, &mut plan);
        let variants = if plan.has_variants() { 1 + plan.stream.below(variants_max) } else { 1 };
        let mut previous: Vec<u32> = Vec::new();
        let mut added = 0;
        for (generation, &(launch, retire, succeeded)) in schedule.iter().enumerate() {
            let mut current = Vec::new();
            for variant in 0..variants {
                if added == room {
                    return;
                }
                added += 1;
                let predecessor = previous.get(variant).copied();
                let mut item = self.make(settings, &mut plan, generation, variant, predecessor);
                (item.launch, item.retire, item.succeeded, item.predecessor) = (launch, retire, succeeded, predecessor);
                current.push(self.items.len() as u32);
                self.items.push(item);
            }
            previous = current;
        }
    }

    /// Launch, retirement and successor's launch per generation.
    fn schedule(&self, settings: &Settings, plan: &mut LinePlan) -> Vec<(Day, Option<Day>, Option<Day>)> {
        let (first, end, stream) = (settings.first().0, settings.end.0, &mut plan.stream);
        let months = CATEGORIES[plan.category].generation_months;
        if let Some(device) = plan.made_for_item {
            let device = &self.items[device as usize];
            let launch = Day((device.launch.0 + stream.below(35) as i32 - 3).min(end));
            return vec![(launch, device.retire.map(|day| Day(day.0 + 240)), None)];
        }
        if months == 0.0 {
            let launch = Day(first - 700 + stream.below((end - first + 640).max(1) as usize) as i32);
            let retire = stream.chance(0.2).then(|| Day(launch.0 + 500 + stream.below(500) as i32));
            return vec![(launch, retire, None)];
        }
        let cycle = months * MONTH_DAYS * stream.between(0.85, 1.2);
        let mut launches = vec![first - (cycle * stream.between(0.3, 1.3)) as i32];
        while let Some(&last) = launches.last() {
            let next = last + (cycle * stream.between(0.88, 1.14)) as i32;
            if next > end || (launches.len() > 1 && stream.chance(0.06)) {
                break;
            }
            launches.push(next);
        }
        let ends_without_heir = stream.chance(0.12);
        (0..launches.len())
            .map(|index| {
                let next = launches.get(index + 1).copied();
                let gone = next.map(|next| next + 70 + stream.below(160) as i32);
                let gone = gone.or(ends_without_heir.then_some(launches[index] + (cycle * 1.3) as i32));
                (Day(launches[index]), gone.map(Day), next.map(Day))
            })
            .collect()
    }

    fn make(
        &self,
        settings: &Settings,
        plan: &mut LinePlan,
        generation: usize,
        variant: usize,
        predecessor: Option<u32>,
    ) -> Item {
        let index = self.items.len();
        let kind = &CATEGORIES[plan.category];
        let mut stream = Stream::new(settings.seed, Purpose::Product, index as u64);
        let before = predecessor.map(|index| &self.items[index as usize]);
        let mut quality = before.map_or(plan.quality, |item| item.quality);
        for &aspect in kind.aspects {
            let step = if before.is_some() { 0.05 } else { 0.0 };
            quality[aspect] = (quality[aspect] + step + 0.16 * stream.normal()).clamp(-1.0, 1.0);
        }
        let mut price = kind.price.0 * (kind.price.1 / kind.price.0).powf(plan.tier);
        price *= (1.0 + 0.13 * variant as f64) * (1.0 + 0.02 * generation as f64) * stream.between(0.96, 1.04);
        let kept: Vec<f64> = kind.aspects.iter().filter(|&&a| a != VALUE).map(|&a| quality[a]).collect();
        let mean = kept.iter().sum::<f64>() / kept.len() as f64;
        quality[VALUE] = (0.25 + 0.6 * mean - 0.35 * plan.tier + 0.15 * stream.normal()).clamp(-1.0, 1.0);
        quality[DELIVERY] = 0.45;
        let mut taste = plan.taste;
        taste.iter_mut().for_each(|value| *value += 0.15 * stream.normal());
        let mut specs = plan.specs(&mut stream, generation, variant);
        if let Some(device) = plan.made_for_item {
            specs.insert("fits_model".to_owned(), self.items[device as usize].model_name().1);
        }
        let (name_zh, name_en) = self.names(plan, generation, &specs);
        Item {
            product_id: format!("P{:06}", index + 1),
            name_zh,
            name_en,
            category: plan.category,
            brand: plan.brand,
            line: plan.id,
            generation: generation as u32,
            tier: plan.tier,
            launch: settings.first(),
            retire: None,
            succeeded: None,
            predecessor: None,
            launch_price: price,
            successor_cut: stream.between(0.10, 0.20),
            promo_factor: if stream.chance(0.12) { 0.0 } else { stream.between(0.5, 1.3) },
            specs,
            taste,
            audience: plan.audience,
            quality,
            popularity: plan.popularity * stream.log_normal(0.5) * 0.8f64.powi(variant as i32) * (1.0 + 0.3 * mean),
            made_for: plan.made_for,
            fits: Vec::new(),
        }
    }

    fn names(&self, plan: &LinePlan, generation: usize, specs: &BTreeMap<String, String>) -> (String, String) {
        let kind = &CATEGORIES[plan.category];
        let brand = &BRANDS[plan.brand];
        let suffix = SUFFIXES[((plan.tier * SUFFIXES.len() as f64) as usize).min(SUFFIXES.len() - 1)];
        let number = if kind.generation_months > 0.0 { format!(" {}", generation + 2) } else { String::new() };
        let mut model = format!("{}{number}", plan.series);
        if kind.generation_months > 0.0 && !suffix.is_empty() {
            model = format!("{model} {suffix}");
        }
        let mut shown: Vec<&str> = kind.headline.iter().filter_map(|key| specs.get(*key)).map(String::as_str).collect();
        if let Some(colour) = specs.get("colour").filter(|_| !kind.is_durable()) {
            shown.push(colour);
        }
        shown.retain(|value| *value != "none");
        let zh: Vec<String> = shown.iter().map(|value| in_chinese(value)).collect();
        match plan.made_for_item.map(|device| self.items[device as usize].model_name()) {
            Some((device_zh, device_en)) => (
                format!("{} {device_zh} {} {}", brand.zh, kind.noun_zh, zh.join(" ")),
                format!("{} {} for {device_en}, {}", brand.en, kind.noun_en, shown.join(", ")),
            ),
            None => (
                format!(
                    "{} {model} {} {}",
                    brand.zh,
                    kind.noun_zh,
                    zh.join(if kind.headline.contains(&"memory") { "+" } else { " " })
                )
                .trim_end()
                .to_owned(),
                format!("{} {model} {}, {}", brand.en, kind.noun_en, shown.join(" / "))
                    .trim_end_matches([',', ' '])
                    .to_owned(),
            ),
        }
    }

    /// Which accessories fit each device, by the rules.
    fn tie_accessories(&mut self) {
        let mut lists: FxHashMap<(usize, String), usize> = FxHashMap::default();
        for (rule_index, rule) in ATTACHES.iter().enumerate() {
            let (device, accessory) = (category(rule.device), category(rule.accessory));
            for index in 0..self.items.len() {
                let item = &self.items[index];
                let Some(key) = (item.category == accessory).then(|| item.tie_key(rule.tie, true)).flatten() else {
                    continue;
                };
                let weight = item.popularity;
                let lists_made = &mut self.fit_lists;
                let list = *lists.entry((rule_index, key)).or_insert_with(|| {
                    lists_made.push(Urn::default());
                    lists_made.len() - 1
                });
                self.fit_lists[list].push(index as u32, weight);
            }
            for item in self.items.iter_mut().filter(|item| item.category == device) {
                let list = item.tie_key(rule.tie, false).and_then(|key| lists.get(&(rule_index, key)));
                item.fits.extend(list.map(|&list| (rule_index, list)));
            }
        }
    }

    fn fill_shelves(&mut self, settings: &Settings) {
        let n_periods = (settings.n_days / PERIOD_DAYS + 1) as usize;
        self.shelves = CATEGORIES.iter().map(|_| (0..n_periods).map(|_| Urn::default()).collect()).collect();
        for (index, item) in self.items.iter().enumerate() {
            for period in 0..n_periods {
                let day = Day(self.first.0 + period as i32 * PERIOD_DAYS + PERIOD_DAYS / 2);
                self.shelves[item.category][period].push(index as u32, item.popularity * item.freshness(day));
            }
        }
    }

    /// A product of the category by its demand around that day; `None` if none is on sale on the day itself.
    pub fn draw(&self, category: usize, day: Day, stream: &mut Stream) -> Option<u32> {
        let period = ((day.0 - self.first.0).max(0) / PERIOD_DAYS) as usize;
        let shelves = &self.shelves[category];
        let urn = &shelves[period.min(shelves.len() - 1)];
        (0..4).find_map(|_| urn.draw(stream).filter(|&index| self.items[index as usize].on_sale(day)))
    }

    /// The products of a category: they stand together.
    pub fn range(&self, category: usize) -> std::ops::Range<usize> {
        let edge = |category: usize| self.items.partition_point(|item| item.category < category);
        edge(category)..edge(category + 1)
    }

    /// The accessory habits that apply to a device, with what fits it.
    pub fn fitting(&self, device: u32) -> impl Iterator<Item = (usize, &Urn)> {
        self.items[device as usize].fits.iter().map(|&(rule, list)| (rule, &self.fit_lists[list]))
    }

    /// Rows of the `fits` table.
    pub fn fit_rows(&self) -> Vec<Fit> {
        let mut rows = BTreeMap::new();
        for rule in ATTACHES {
            let accessory = category(rule.accessory);
            for item in self.items.iter().filter(|item| item.category == accessory) {
                match rule.tie {
                    Tie::Spec(attribute, own) => {
                        let value = item.specs[own].clone();
                        rows.insert((item.product_id.clone(), attribute.to_owned(), value), None);
                    }
                    Tie::Model => {
                        for device in
                            self.items.iter().filter(|device| item.made_for == Some((device.line, device.generation)))
                        {
                            let key = (item.product_id.clone(), String::new(), device.product_id.clone());
                            rows.insert(key, Some(device.product_id.clone()));
                        }
                    }
                }
            }
        }
        rows.into_iter()
            .map(|((product_id, attribute, value), with_product_id)| match with_product_id {
                Some(_) => Fit { product_id, with_product_id, ..Fit::default() },
                None => Fit { product_id, attribute: Some(attribute), value: Some(value), ..Fit::default() },
            })
            .collect()
    }
}

impl Item {
    /// Brand, series and generation, in both languages.
    fn model_name(&self) -> (String, String) {
        let kind = self.category();
        let cut = |name: &str, noun: &str| name.split(noun).next().unwrap_or(name).trim().to_owned();
        (cut(&self.name_zh, kind.noun_zh), cut(&self.name_en, kind.noun_en))
    }

    /// What must be equal between device and accessory.
    fn tie_key(&self, tie: Tie, as_accessory: bool) -> Option<String> {
        match tie {
            Tie::Spec(device, accessory) => self.specs.get(if as_accessory { accessory } else { device }).cloned(),
            Tie::Model if as_accessory => self.made_for.map(|(line, generation)| format!("{line}/{generation}")),
            Tie::Model => Some(format!("{}/{}", self.line, self.generation)),
        }
    }

    /// The true quality of the aspects that count for this kind of goods, by name.
    pub fn aspect_names(&self) -> impl Iterator<Item = (&'static str, f64)> + '_ {
        self.category().aspects.iter().map(|&aspect| (ASPECTS[aspect], self.quality[aspect]))
    }
}

impl LinePlan {
    fn has_variants(&self) -> bool {
        let kind = &CATEGORIES[self.category];
        let ladder = |key: &str| kind.specs.iter().any(|(name, rule)| *name == key && matches!(rule, Rule::Ladder(_)));
        kind.generation_months > 0.0 && kind.headline.iter().any(|key| ladder(key))
    }

    /// Settles what is the same for the whole line. An accessory tied by a spec takes a value that devices really have:
    /// the first lines cover the values, later ones follow the number of devices.
    fn fix_specs(&mut self, catalogue: &Catalogue, nth: usize) {
        let kind = &CATEGORIES[self.category];
        for &(name, rule) in kind.specs {
            let mut values = Vec::new();
            for tie in ATTACHES.iter().filter(|attach| attach.accessory == kind.key) {
                if let Tie::Spec(device_key, own) = tie.tie
                    && own == name
                {
                    let devices = catalogue.items.iter().filter(|item| item.category().key == tie.device);
                    values.extend(devices.filter_map(|item| item.specs.get(device_key)));
                }
            }
            let mut distinct = values.clone();
            distinct.sort_unstable();
            distinct.dedup();
            let value = match rule {
                _ if nth < distinct.len() => distinct[nth].clone(),
                _ if !values.is_empty() => (*self.stream.pick(&values)).clone(),
                Rule::Line(options) => (*self.stream.pick(options)).to_owned(),
                Rule::Brand(options) => options[self.brand % options.len()].to_owned(),
                _ => continue,
            };
            self.fixed.insert(name, value);
        }
    }

    fn specs(&self, stream: &mut Stream, generation: usize, variant: usize) -> BTreeMap<String, String> {
        let kind = &CATEGORIES[self.category];
        let mut specs = BTreeMap::new();
        let mut climbed = false;
        for &(name, rule) in kind.specs {
            let level = self.tier * 0.75 + generation as f64 * 0.06 + stream.between(-0.05, 0.12);
            let value = match (self.fixed.get(name), rule) {
                (Some(value), _) => value.clone(),
                (None, Rule::Ladder(values)) => {
                    let step = (level.clamp(0.0, 0.999) * values.len() as f64) as usize;
                    let up =
                        if kind.headline.contains(&name) && variant > 0 && (!climbed || variant > 1) { 1 } else { 0 };
                    climbed |= up > 0;
                    values[(step + up * variant).min(values.len() - 1)].to_owned()
                }
                (None, Rule::Range(low, high, step, unit)) => {
                    let value = ((low + (high - low) * level.clamp(0.0, 1.0)) / step).round() * step;
                    format!("{value} {unit}")
                }
                (None, Rule::Any(values) | Rule::Line(values) | Rule::Brand(values)) => {
                    (*stream.pick(values)).to_owned()
                }
            };
            specs.insert(name.to_owned(), value);
        }
        specs
    }
}
