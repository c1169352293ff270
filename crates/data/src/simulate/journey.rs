//! One customer's life in the shop: needs arise, goods are searched, viewed, compared, put in the cart and bought;
//! accessories follow devices; some things go back; some are praised. Every event comes out as a compact record.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use domain::{Day, EventKind, Millis};

use super::brands::BRANDS;
use super::campaigns::{ARMS, WINDOW_DAYS};
use super::categories::{ATTACHES, CATEGORIES, category};
use super::people::{OWN_CHANNELS, Person};
use super::random::{Purpose, Stream};
use super::{World, calendar};

pub const NO_PRODUCT: u32 = u32::MAX;
pub const NO_CAMPAIGN: u16 = u16::MAX;
/// `Record::kind` of a campaign contact; smaller values are positions in `EventKind::ALL`.
pub const EXPOSURE: u8 = 100;
/// Channels in a record: own channels from 0, paid ones from 10, contacts from 20.
pub const PAID_FROM: u8 = 10;
pub const CONTACT_FROM: u8 = 20;
const DAY_MS: i64 = 86_400_000;
const MONTH_DAYS: f64 = 30.44;

/// An event, order line, review or contact before it becomes rows. What a field means beyond its name depends on `kind`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record {
    pub at: i64,
    pub customer: u32,
    pub product: u32,
    pub session: u32,
    /// Seed of the text; for a return, the day of the order.
    pub detail: u32,
    /// Paid per unit, in cents; for a contact, the revenue of the window.
    pub price_cents: u32,
    /// List price per unit, in cents; for a search, the product had in mind.
    pub list_cents: u32,
    pub campaign: u16,
    pub kind: u8,
    pub channel: u8,
    pub quantity: u8,
    /// Stars; for a question its intent; for a search its category; for a contact its arm.
    pub value: u8,
    /// The customer's number of the order.
    pub order: u8,
    /// A rating with a text; a contact that was answered.
    pub flag: u8,
}

/// What is known of one contact beyond what the shop sees.
#[derive(Clone, Copy, Debug)]
pub struct ContactTruth {
    pub campaign: u16,
    pub arm: u8,
    /// Would there have been a purchase in the window under each arm?
    pub outcomes: [bool; ARMS.len()],
}

/// A finished life.
pub struct Life {
    pub person: Person,
    pub records: Vec<Record>,
    pub contacts: Vec<ContactTruth>,
    /// The next durable need after the end: category and day.
    pub next_need: Option<(usize, Day)>,
    /// What is owned at the end: product, category.
    pub owned: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Task {
    Need { category: usize },
    Browse { paid: Option<usize> },
    Research { category: usize },
    Decide { category: usize },
    Accessory { device: u32, rule: usize },
    Rate { product: u32, order: u8 },
    Return { product: u32, order: u8, day: i32, paid: u32, list: u32 },
    Ask { product: u32, intent: u8 },
    Contact { campaign: usize },
    Coupon { campaign: usize },
}

#[derive(Clone, Copy, PartialEq)]
enum Cause {
    Natural,
    Campaign(usize),
    SuppressedBy(usize),
}

struct Journey<'a> {
    world: &'a World,
    person: Person,
    stream: Stream,
    tasks: BinaryHeap<Reverse<(Day, u32, Task)>>,
    n_tasks: u32,
    life: Vec<Record>,
    clock: i64,
    session: u32,
    channel: u8,
    orders: u8,
    owned: Vec<u32>,
    considered: Vec<Vec<u32>>,
    /// What this visit has shown so far.
    seen: Vec<u32>,
    brand_affinity: Vec<f64>,
    interests: Vec<f64>,
    purchases: Vec<(i64, i64, Cause)>,
    contacts: Vec<(usize, usize, i64, f64)>,
    suppressed: Option<(usize, Day)>,
}

/// Lives one customer's life.
pub fn live(world: &World, index: u32) -> Life {
    let settings = &world.settings;
    let person = Person::new(settings, index);
    let interests = (0..CATEGORIES.len()).map(|category| person.interest(category)).collect();
    let mut journey = Journey {
        world,
        brand_affinity: (0..BRANDS.len()).map(|brand| person.brand_affinity(brand)).collect(),
        interests,
        person,
        stream: Stream::new(settings.seed, Purpose::Journey, u64::from(index)),
        tasks: BinaryHeap::new(),
        n_tasks: 0,
        life: Vec::new(),
        clock: 0,
        session: 0,
        channel: 0,
        orders: 0,
        owned: Vec::new(),
        considered: vec![Vec::new(); CATEGORIES.len()],
        seen: Vec::new(),
        purchases: Vec::new(),
        contacts: Vec::new(),
        suppressed: None,
    };
    journey.plan();
    let mut next_need = None;
    while let Some(Reverse((day, _, task))) = journey.tasks.pop() {
        if day > settings.end {
            if let Task::Need { category } = task {
                next_need.get_or_insert((category, day));
            }
            continue;
        }
        journey.perform(day, task);
    }
    let contacts = journey.settle_contacts();
    Life { person: journey.person, records: journey.life, contacts, next_need, owned: journey.owned }
}

impl Journey<'_> {
    fn start(&self) -> Day {
        self.person.joined.max(self.world.settings.first())
    }

    fn push(&mut self, day: Day, task: Task) {
        self.n_tasks += 1;
        self.tasks.push(Reverse((day, self.n_tasks, task)));
    }

    /// First needs, visits and contacts.
    fn plan(&mut self) {
        let start = self.start();
        let durable: Vec<usize> = (0..CATEGORIES.len())
            .filter(|&category| CATEGORIES[category].is_durable() && self.person.owns(category))
            .collect();
        for &category in &durable {
            self.own(category, start);
            let wait = self.cycle_days(category) * self.stream.unit();
            self.push(Day(start.0 + wait as i32), Task::Need { category });
        }
        // Who joins within the window mostly came for something.
        if self.person.joined >= start && !durable.is_empty() && self.stream.chance(0.7) {
            let category = *self.stream.pick(&durable);
            self.tasks.retain(|Reverse((_, _, task))| *task != Task::Need { category });
            self.push(start, Task::Need { category });
        }
        let visits = self.stream.poisson(self.person.visits_per_day * self.world.media.visits_from(start));
        for _ in 0..visits {
            let (day, paid) = self.world.media.draw_visit(start, &mut self.stream);
            self.push(day, Task::Browse { paid });
        }
        for campaign in 0..self.world.campaigns.len() {
            if self.world.campaigns[campaign].propensities(&self.person).is_some() {
                self.push(self.world.campaigns[campaign].start, Task::Contact { campaign });
            }
        }
    }

    fn perform(&mut self, day: Day, task: Task) {
        match task {
            Task::Need { category } => self.need(day, category),
            Task::Browse { paid } => self.browse(day, paid),
            Task::Research { category } => self.research(day, category),
            Task::Decide { category } => self.decide(day, category),
            Task::Accessory { device, rule } => self.accessory(day, device, rule),
            Task::Rate { product, order } => self.rate(day, product, order),
            Task::Return { product, order, day: ordered, paid, list } => {
                self.open_session(day, None);
                let detail = ordered as u32;
                let base = self.record(EventKind::Return, product);
                self.emit(Record { order, detail, price_cents: paid, list_cents: list, quantity: 1, ..base });
            }
            Task::Ask { product, intent } => {
                self.open_session(day, None);
                self.ask(product, intent);
            }
            Task::Contact { campaign } => self.contact(day, campaign),
            Task::Coupon { campaign } => self.coupon(day, campaign),
        }
    }

    // ---- needs -------------------------------------------------------------------------------------------------

    fn cycle_days(&mut self, category: usize) -> f64 {
        let own = CATEGORIES[category].cycle_months * MONTH_DAYS * self.person.cycle_factor;
        (own * self.stream.log_normal(0.22)).max(100.0)
    }

    fn need(&mut self, day: Day, category: usize) {
        let mut decision = Day(day.0 + 1 + self.stream.exponential(8.0).min(40.0) as i32);
        if self.stream.chance(0.35 + 0.5 * self.person.price_sensitivity) {
            decision = best_sale_day(decision, 35).unwrap_or(decision);
        }
        let cycle = self.cycle_days(category);
        self.push(Day(decision.0 + cycle as i32), Task::Need { category });
        if !self.stream.chance(self.person.loyalty.sqrt()) {
            self.own(category, decision);
            return;
        }
        let n_products = 4 + self.stream.below(6);
        self.considered[category] = self.shortlist(category, day, n_products);
        for _ in 0..self.stream.poisson(1.2) {
            let between = Day(day.0 + self.stream.below((decision.0 - day.0).max(1) as usize) as i32);
            self.push(between, Task::Research { category });
        }
        self.push(decision, Task::Decide { category });
    }

    /// Something of the category is owned now, bought elsewhere.
    fn own(&mut self, category: usize, day: Day) {
        if let Some(product) = self.shortlist(category, day, 1).first().copied() {
            self.replace_owned(product);
        }
    }

    fn replace_owned(&mut self, product: u32) {
        let items = &self.world.catalogue.items;
        self.owned.retain(|&other| items[other as usize].category != items[product as usize].category);
        self.owned.push(product);
    }

    /// The products of a category that please most among those one comes across.
    fn shortlist(&mut self, category: usize, day: Day, n: usize) -> Vec<u32> {
        let mut found: Vec<(f64, u32)> = Vec::with_capacity(n * 3 + 4);
        for _ in 0..n * 2 + 4 {
            if let Some(product) = self.world.catalogue.draw(category, day, &mut self.stream)
                && found.iter().all(|&(_, other)| other != product)
            {
                found.push((self.utility(product, day) + 0.5 * self.stream.normal(), product));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.truncate(n);
        found.into_iter().map(|(_, product)| product).collect()
    }

    /// How much a product suits this person on that day.
    fn utility(&self, product: u32, day: Day) -> f64 {
        let (items, person) = (&self.world.catalogue.items, &self.person);
        let item = &items[product as usize];
        let taste: f64 = item.taste.iter().zip(&person.taste).map(|(a, b)| a * b).sum();
        let over = (item.paid_price_cents(day) as f64 / 100.0 / person.target_price(item.category)).ln();
        let price = -0.9 * over * over * (0.5 + person.price_sensitivity) - over.max(0.0);
        let weights = person.aspect_weights();
        let (mut quality, mut total) = (0.0, 0.0);
        for &aspect in item.category().aspects {
            quality += weights[aspect] * item.quality[aspect];
            total += weights[aspect];
        }
        let same_brand = self.owned.iter().any(|&owned| items[owned as usize].brand == item.brand);
        let heir = item.predecessor.is_some_and(|old| self.owned.contains(&old));
        1.8 * taste
            + 0.8 * self.brand_affinity[item.brand]
            + price
            + 0.8 * quality / total
            + if same_brand { 0.5 } else { 0.0 }
            + if heir { 0.9 } else { 0.0 }
    }

    fn research(&mut self, day: Day, category: usize) {
        self.open_session(day, None);
        self.look_through(category, day);
    }

    /// Search, then view what is considered; favour and cart some of it.
    fn look_through(&mut self, category: usize, day: Day) {
        let set = self.considered[category].clone();
        if set.is_empty() {
            return;
        }
        if self.stream.chance(0.6) {
            let product = *self.stream.pick(&set);
            self.search(category, product);
        }
        let n_views = 2 + self.stream.poisson(3.0);
        for _ in 0..n_views {
            // The better half is looked at more often.
            let rank = (self.stream.unit().powf(1.6) * set.len() as f64) as usize;
            let product = if self.stream.chance(0.85) {
                set[rank.min(set.len() - 1)]
            } else {
                self.world.catalogue.draw(category, day, &mut self.stream).unwrap_or(set[0])
            };
            self.view(product, day);
        }
        if self.stream.chance(0.06) {
            let intent = *self.stream.pick(&[0, 0, 0, 1, 2, 3, 4, 8]);
            self.ask(set[0], intent);
        }
    }

    fn decide(&mut self, day: Day, category: usize) {
        let mut set = std::mem::take(&mut self.considered[category]);
        set.retain(|&product| self.world.catalogue.items[product as usize].on_sale(day));
        if set.is_empty() {
            set = self.shortlist(category, day, 4);
        }
        let scored = set.iter().map(|&product| {
            let noise = -(-(1.0 - self.stream.unit()).ln()).ln();
            (self.utility(product, day) + 0.35 * noise, product)
        });
        let scored: Vec<_> = scored.collect();
        let Some(&(_, choice)) = scored.iter().max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))) else { return };
        self.open_session(day, None);
        self.considered[category] = set;
        self.look_through(category, day);
        self.considered[category].clear();
        if !self.stream.chance(0.25 + 0.7 * self.person.loyalty) {
            // Looked here, bought elsewhere.
            if self.stream.chance(0.3) {
                self.cart(choice, day);
                self.uncart(choice, day);
            }
            self.replace_owned(choice);
            return;
        }
        self.view(choice, day);
        let mut basket = vec![choice];
        for (rule, urn) in self.world.catalogue.fitting(choice) {
            if self.stream.chance(ATTACHES[rule].at_once)
                && let Some(accessory) = self.best_of(urn, day)
            {
                basket.push(accessory);
            }
        }
        for &product in &basket[1..] {
            self.view(product, day);
        }
        self.buy(&basket, day, Cause::Natural);
    }

    /// The better of three drawn, on sale that day.
    fn best_of(&mut self, urn: &super::catalogue::Urn, day: Day) -> Option<u32> {
        let mut best: Option<(f64, u32)> = None;
        for _ in 0..5 {
            let product = urn.draw(&mut self.stream)?;
            if self.world.catalogue.items[product as usize].on_sale(day) {
                let utility = self.utility(product, day);
                if best.is_none_or(|(found, _)| utility > found) {
                    best = Some((utility, product));
                }
            }
        }
        best.map(|(_, product)| product)
    }

    // ---- visits ------------------------------------------------------------------------------------------------

    fn browse(&mut self, day: Day, paid: Option<usize>) {
        self.open_session(day, paid);
        let category = self.stream.weighted(&self.interests);
        if self.stream.chance(0.3)
            && let Some(product) = self.world.catalogue.draw(category, day, &mut self.stream)
        {
            self.search(category, product);
        }
        let mut seen = None;
        for _ in 0..1 + self.stream.poisson(2.2) {
            let near = if self.stream.chance(0.85) { category } else { self.stream.weighted(&self.interests) };
            seen = self.something(near, day);
            if let Some(product) = seen {
                self.view(product, day);
                if self.stream.chance(0.05) {
                    self.favourite(product, day);
                }
                if self.stream.chance(0.03) {
                    self.cart(product, day);
                    if self.stream.chance(0.5) {
                        self.uncart(product, day);
                    }
                }
            }
        }
        let sale = calendar::sale(day).map_or(0.0, |sale| sale.depth);
        if let Some(product) = seen
            && !self.world.catalogue.items[product as usize].category().is_durable()
            && self.stream.chance(0.10 + sale)
        {
            self.buy(&[product], day, Cause::Natural);
        }
    }

    /// What one ends up looking at: for accessories mostly what fits what one owns, else the best of three.
    fn something(&mut self, category: usize, day: Day) -> Option<u32> {
        if !CATEGORIES[category].is_durable() && self.stream.chance(0.9) {
            return self.fitting_owned(category, day).or_else(|| self.shortlist(category, day, 1).first().copied());
        }
        self.shortlist(category, day, 1).first().copied()
    }

    fn fitting_owned(&mut self, category: usize, day: Day) -> Option<u32> {
        let world = self.world;
        let key = CATEGORIES[category].key;
        for index in 0..self.owned.len() {
            let urns = world.catalogue.fitting(self.owned[index]).filter(|(rule, _)| ATTACHES[*rule].accessory == key);
            for (_, urn) in urns {
                if let Some(product) = self.best_of(urn, day) {
                    return Some(product);
                }
            }
        }
        None
    }

    fn accessory(&mut self, day: Day, device: u32, rule: usize) {
        let world = self.world;
        let Some((_, urn)) = world.catalogue.fitting(device).find(|(found, _)| *found == rule) else { return };
        let Some(product) = self.best_of(urn, day) else { return };
        self.open_session(day, None);
        let kind = category(ATTACHES[rule].accessory);
        if self.stream.chance(0.5) {
            self.search(kind, product);
        }
        for _ in 0..self.stream.poisson(1.5) {
            if let Some(other) = self.best_of(urn, day) {
                self.view(other, day);
            }
        }
        self.view(product, day);
        self.buy(&[product], day, Cause::Natural);
        let months = ATTACHES[rule].refill_months;
        if months > 0.0 && self.owned.contains(&device) {
            let wait = months * MONTH_DAYS * self.stream.log_normal(0.35);
            self.push(Day(day.0 + wait as i32 + 7), Task::Accessory { device, rule });
        }
    }

    // ---- campaigns ---------------------------------------------------------------------------------------------

    fn contact(&mut self, day: Day, index: usize) {
        let campaign = &self.world.campaigns[index];
        let Some(propensities) = campaign.propensities(&self.person) else { return };
        let key = (index as u64) << 32 | u64::from(self.person.index);
        let mut stream = Stream::new(self.world.settings.seed, Purpose::Contact, key);
        let arm = stream.weighted(propensities);
        let luck = stream.unit();
        let at = calendar::local_midnight(day).0 + 10 * 3_600_000 + stream.below(900_000) as i64;
        self.contacts.push((index, arm, at, luck));
        let effect = campaign.effect[self.person.segment][arm];
        if effect > 0.0 && luck < effect {
            let wait = 1 + stream.exponential(2.5).min(10.0) as i32;
            self.push(Day(day.0 + wait), Task::Coupon { campaign: index });
        } else if effect < 0.0 && luck < -effect {
            self.suppressed = Some((index, Day(day.0 + WINDOW_DAYS)));
        }
    }

    /// The purchase a campaign caused.
    fn coupon(&mut self, day: Day, index: usize) {
        let promoted = self.world.campaigns[index].promoted;
        let anything = ["cable", "charger", "phone_case", "power_bank", "memory_card"].map(category);
        let choice = std::iter::once(promoted).chain(anything).find_map(|kind| self.something(kind, day));
        let Some(product) = choice else { return };
        self.open_session(day, None);
        self.channel = CONTACT_FROM + self.world.campaigns[index].contact as u8;
        self.view(product, day);
        self.buy(&[product], day, Cause::Campaign(index));
    }

    /// Writes the contacts with what came of them.
    fn settle_contacts(&mut self) -> Vec<ContactTruth> {
        let mut truths = Vec::new();
        for &(index, arm, at, luck) in &self.contacts {
            let campaign = &self.world.campaigns[index];
            let until = at + i64::from(WINDOW_DAYS) * DAY_MS;
            let within = self.purchases.iter().filter(|(when, ..)| at <= *when && *when < until);
            let (mut revenue, mut responded, mut anyway) = (0, false, false);
            for &(_, paid, cause) in within {
                let happened = !matches!(cause, Cause::SuppressedBy(_));
                responded |= happened;
                revenue += if happened { paid } else { 0 };
                anyway |= matches!(cause, Cause::Natural)
                    || matches!(cause, Cause::Campaign(other) if other != index)
                    || cause == Cause::SuppressedBy(index);
            }
            let effects = campaign.effect[self.person.segment];
            let outcomes =
                effects.map(|effect| if effect >= 0.0 { anyway || luck < effect } else { anyway && luck >= -effect });
            truths.push(ContactTruth { campaign: index as u16, arm: arm as u8, outcomes });
            self.life.push(Record {
                at,
                customer: self.person.index,
                product: NO_PRODUCT,
                session: 0,
                detail: 0,
                price_cents: revenue as u32,
                list_cents: 0,
                campaign: index as u16,
                kind: EXPOSURE,
                channel: CONTACT_FROM + campaign.contact as u8,
                quantity: 0,
                value: arm as u8,
                order: 0,
                flag: u8::from(responded),
            });
        }
        truths
    }

    // ---- events ------------------------------------------------------------------------------------------------

    fn open_session(&mut self, day: Day, paid: Option<usize>) {
        let moment = calendar::moment(day, &mut self.stream).0;
        // A customer is not in two places: the next visit begins after the last one ended.
        self.clock = moment.max(self.clock + 1_200_000);
        self.session += 1;
        self.seen.clear();
        self.channel = match paid {
            Some(channel) => PAID_FROM + channel as u8,
            None => self.stream.weighted(&self.person.own_channels) as u8,
        };
        debug_assert!(usize::from(self.channel) < OWN_CHANNELS.len() || self.channel >= PAID_FROM);
    }

    fn record(&mut self, kind: EventKind, product: u32) -> Record {
        self.clock += 4_000 + self.stream.exponential(45_000.0).min(600_000.0) as i64;
        Record {
            at: self.clock,
            customer: self.person.index,
            product,
            session: self.session,
            detail: 0,
            price_cents: 0,
            list_cents: 0,
            campaign: NO_CAMPAIGN,
            kind: kind as u8,
            channel: self.channel,
            quantity: 0,
            value: 0,
            order: 0,
            flag: 0,
        }
    }

    /// Keeps a record unless a late visit ran past the last day.
    fn emit(&mut self, record: Record) {
        if record.at < calendar::local_midnight(Day(self.world.settings.end.0 + 1)).0 {
            self.life.push(record);
        }
    }

    fn priced(&mut self, kind: EventKind, product: u32, day: Day) -> Record {
        let item = &self.world.catalogue.items[product as usize];
        let (paid, list) = (item.paid_price_cents(day) as u32, item.list_price_cents(day) as u32);
        Record { price_cents: paid, list_cents: list, ..self.record(kind, product) }
    }

    /// Once seen, a page is rarely opened again in the same visit.
    fn view(&mut self, product: u32, day: Day) {
        if self.seen.last() == Some(&product) || (self.seen.contains(&product) && self.stream.chance(0.65)) {
            return;
        }
        self.seen.push(product);
        let record = self.priced(EventKind::View, product, day);
        self.emit(record);
    }

    fn favourite(&mut self, product: u32, day: Day) {
        let record = self.priced(EventKind::Favourite, product, day);
        self.emit(record);
    }

    fn cart(&mut self, product: u32, day: Day) {
        let record = self.priced(EventKind::Cart, product, day);
        self.emit(Record { quantity: 1, ..record });
    }

    fn uncart(&mut self, product: u32, day: Day) {
        let record = self.priced(EventKind::Uncart, product, day);
        self.emit(Record { quantity: 1, ..record });
    }

    fn search(&mut self, category: usize, product: u32) {
        let detail = self.stream.next_u64() as u32;
        let record = self.record(EventKind::Search, NO_PRODUCT);
        self.emit(Record { detail, list_cents: product, value: category as u8, ..record });
    }

    fn ask(&mut self, product: u32, intent: u8) {
        let detail = self.stream.next_u64() as u32;
        let record = self.record(EventKind::Ask, product);
        self.emit(Record { detail, value: intent, order: self.orders, ..record });
    }

    fn buy(&mut self, basket: &[u32], day: Day, cause: Cause) {
        let suppressed = self.suppressed.filter(|(_, until)| day <= *until);
        if let (Some((campaign, _)), Cause::Natural) = (suppressed, cause) {
            self.purchases.push((self.clock, 0, Cause::SuppressedBy(campaign)));
            return;
        }
        for &product in basket {
            self.cart(product, day);
        }
        self.orders = self.orders.wrapping_add(1);
        let first = self.priced(EventKind::Purchase, basket[0], day);
        if first.at >= calendar::local_midnight(Day(self.world.settings.end.0 + 1)).0 {
            return;
        }
        let day = calendar::local_day(Millis(first.at));
        for &product in basket {
            let item = &self.world.catalogue.items[product as usize];
            let coupon = matches!(cause, Cause::Campaign(_));
            let list = item.list_price_cents(day);
            let paid = if coupon { (item.paid_price_cents(day) * 9 / 10).max(100) } else { item.paid_price_cents(day) };
            let quantity = if !item.category().is_durable() && self.stream.chance(0.07) { 2 } else { 1 };
            let campaign = if let Cause::Campaign(index) = cause { index as u16 } else { NO_CAMPAIGN };
            let order = self.orders;
            let (price_cents, list_cents) = (paid as u32, list as u32);
            // One order has one moment.
            self.emit(Record { product, price_cents, list_cents, quantity, campaign, order, at: first.at, ..first });
            self.purchases.push((first.at, paid * i64::from(quantity), cause));
            self.after_purchase(product, day, order, paid as u32, list as u32, basket);
        }
    }

    /// Ratings, returns, questions and accessories that follow.
    fn after_purchase(&mut self, product: u32, day: Day, order: u8, paid: u32, list: u32, basket: &[u32]) {
        let catalogue = &self.world.catalogue;
        let item = &catalogue.items[product as usize];
        let poor = -item.category().aspects.iter().map(|&aspect| item.quality[aspect]).sum::<f64>()
            / item.category().aspects.len() as f64;
        if self.stream.chance(0.025 + 0.06 * poor.max(0.0)) {
            let back = Day(day.0 + 3 + self.stream.below(10) as i32);
            self.push(back, Task::Return { product, order, day: day.0, paid, list });
        } else if self.stream.chance(self.person.reviews) {
            let wait = 4.0 + self.stream.exponential(10.0);
            self.push(Day(day.0 + wait as i32), Task::Rate { product, order });
        }
        if self.stream.chance(0.05) {
            let intent = *self.stream.pick(&[5, 5, 6, 7, 2, 4]);
            let when = Day(day.0 + 1 + self.stream.below(5) as i32);
            self.push(when, Task::Ask { product, intent });
        }
        if item.category().is_durable() {
            self.replace_owned(product);
        }
        for (rule, urn) in catalogue.fitting(product) {
            let habit = &ATTACHES[rule];
            let bought = basket.iter().any(|other| urn.items().contains(other));
            let wait = if habit.refill_months > 0.0 { habit.refill_months * MONTH_DAYS } else { 22.0 };
            if (!bought || habit.refill_months > 0.0) && self.stream.chance(habit.later) {
                let wait = 2.0 + self.stream.exponential(wait).min(400.0);
                self.push(Day(day.0 + wait as i32), Task::Accessory { device: product, rule });
            }
        }
    }

    fn rate(&mut self, day: Day, product: u32, order: u8) {
        let item = &self.world.catalogue.items[product as usize];
        let weights = self.person.aspect_weights();
        let (mut score, mut total) = (0.0, 0.0);
        for &aspect in item.category().aspects {
            score += weights[aspect] * item.quality[aspect];
            total += weights[aspect];
        }
        let felt = score / total + 0.3 * self.stream.normal();
        let stars = 1 + [-0.75, -0.5, -0.22, 0.12].iter().filter(|edge| felt > **edge).count() as u8;
        let text = self.stream.chance(0.55);
        self.open_session(day, None);
        let detail = self.stream.next_u64() as u32;
        let record = self.record(EventKind::Rate, product);
        self.emit(Record { value: stars, flag: u8::from(text), detail, order, ..record });
    }
}

/// The deepest festival day within the next `days`, if one is deep enough to wait for.
fn best_sale_day(from: Day, days: i32) -> Option<Day> {
    let deep = |day: Day| calendar::sale(day).filter(|sale| !sale.school_only).map_or(0.0, |sale| sale.depth);
    (from.0..from.0 + days)
        .map(Day)
        .filter(|&day| deep(day) >= 0.09)
        .max_by(|&a, &b| deep(a).total_cmp(&deep(b)).then((a.0 * 7919 % 13).cmp(&(b.0 * 7919 % 13))))
}
