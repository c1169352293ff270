//! The simulated shop as a whole: it repeats itself, its rows agree with each other, and its truth can be recovered.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use domain::{DeliveryStatus, EventKind};

use super::*;

/// Keeps everything in memory.
#[derive(Default)]
struct Memory {
    products: Vec<Product>,
    customers: Vec<Customer>,
    events: Vec<Event>,
    orders: Vec<Order>,
    deliveries: Vec<Delivery>,
    reviews: Vec<Review>,
    exposures: Vec<Exposure>,
    spend: Vec<Spend>,
    knowledge: Vec<KnowledgeDocument>,
    answers: Vec<CuratedAnswer>,
    fits: Vec<Fit>,
    truths: BTreeMap<&'static str, Vec<TruthTable>>,
}

impl Sink for Memory {
    fn rows(&mut self, rows: Rows) -> Result<(), SimulateError> {
        match rows {
            Rows::Products(rows) => self.products.extend(rows),
            Rows::Customers(rows) => self.customers.extend(rows),
            Rows::Events(rows) => self.events.extend(rows),
            Rows::Orders(rows) => self.orders.extend(rows),
            Rows::Deliveries(rows) => self.deliveries.extend(rows),
            Rows::Reviews(rows) => self.reviews.extend(rows),
            Rows::Exposures(rows) => self.exposures.extend(rows),
            Rows::Spend(rows) => self.spend.extend(rows),
            Rows::Knowledge(rows) => self.knowledge.extend(rows),
            Rows::Answers(rows) => self.answers.extend(rows),
            Rows::Fits(rows) => self.fits.extend(rows),
        }
        Ok(())
    }

    fn truth(&mut self, name: &'static str, part: TruthTable) -> Result<(), SimulateError> {
        self.truths.entry(name).or_default().push(part);
        Ok(())
    }
}

impl Memory {
    fn texts(&self, table: &str, column: &str) -> Vec<&str> {
        let parts = self.truths[table].iter().filter_map(|part| part.column(column));
        parts
            .flat_map(|values| if let Values::Text(values) = values { &values[..] } else { &[] })
            .map(String::as_str)
            .collect()
    }

    fn floats(&self, table: &str, column: &str) -> Vec<f64> {
        let parts = self.truths[table].iter().filter_map(|part| part.column(column));
        parts.flat_map(|values| if let Values::Float(values) = values { &values[..] } else { &[] }).copied().collect()
    }

    fn bools(&self, table: &str, column: &str) -> Vec<bool> {
        let parts = self.truths[table].iter().filter_map(|part| part.column(column));
        parts.flat_map(|values| if let Values::Bool(values) = values { &values[..] } else { &[] }).copied().collect()
    }

    fn product(&self, id: &str) -> &Product {
        &self.products[id[1..].parse::<usize>().unwrap() - 1]
    }
}

fn settings(seed: u64, n_customers: u32) -> Settings {
    let mut settings = Settings::new(Size::Tiny, seed, "2026-06-30".parse().unwrap(), Language::En);
    settings.n_customers = n_customers;
    settings
}

fn make(settings: &Settings) -> Memory {
    let mut memory = Memory::default();
    simulate_into(settings, &mut memory, &mut |_, _| {}).unwrap();
    memory
}

/// One shop that most tests look at.
static SHOP: LazyLock<Memory> = LazyLock::new(|| {
    let mut settings = settings(3, 6_000);
    settings.n_products = 700;
    settings.visits_per_day = 0.0036;
    make(&settings)
});

fn text_of(shop: &Memory) -> String {
    format!(
        "{:?}{:?}{:?}{:?}{:?}{:?}{:?}{:?}{:?}{:?}{:?}",
        shop.products,
        shop.customers,
        shop.events,
        shop.orders,
        shop.deliveries,
        shop.reviews,
        shop.exposures,
        shop.spend,
        shop.knowledge,
        shop.answers,
        shop.fits
    )
}

#[test]
fn the_seed_decides_and_threads_and_memory_do_not() {
    let mut one = settings(1, 700);
    one.n_threads = Some(1);
    let mut three = settings(1, 700);
    (three.n_threads, three.records_in_memory_max) = (Some(3), 5_000);
    let (one, three, other) = (make(&one), make(&three), make(&settings(2, 700)));
    assert!(text_of(&one) == text_of(&three));
    // Truths of texts come in parts by chunk; the rows are the same.
    let columns =
        [("customers", "segment"), ("questions", "answer"), ("reviews", "aspect"), ("deliveries", "arrives_on")];
    for (table, column) in columns {
        assert_eq!(one.texts(table, column), three.texts(table, column), "{table}.{column}");
    }
    assert!(text_of(&one) != text_of(&other));
}

#[test]
fn rows_refer_to_rows_that_exist() {
    let shop = &*SHOP;
    let products: HashSet<&str> = shop.products.iter().map(|row| row.product_id.as_str()).collect();
    let customers: HashSet<&str> = shop.customers.iter().map(|row| row.customer_id.as_str()).collect();
    assert_eq!((products.len(), customers.len()), (shop.products.len(), shop.customers.len()));
    for event in &shop.events {
        assert!(customers.contains(event.customer_id.as_str()));
        assert!(event.product_id.as_ref().is_none_or(|id| products.contains(id.as_str())));
        assert_eq!(event.product_id.is_none(), event.kind == EventKind::Search);
        assert!(event.query.as_ref().is_none_or(|query| !query.trim().is_empty()));
    }
    for fit in &shop.fits {
        assert!(products.contains(fit.product_id.as_str()));
        assert!(fit.with_product_id.as_ref().is_none_or(|id| products.contains(id.as_str())));
        assert!(fit.with_product_id.is_some() != (fit.attribute.is_some() && fit.value.is_some()));
    }
    let documents: HashSet<&str> = shop.knowledge.iter().map(|row| row.document_id.as_str()).collect();
    let cited = shop.texts("questions", "document_id");
    assert!(cited.len() > 100 && cited.iter().all(|id| id.is_empty() || documents.contains(id)));
    let reviews: HashSet<_> = shop.reviews.iter().map(|row| row.review_id.as_ref().unwrap()).collect();
    assert_eq!(reviews.len(), shop.reviews.len());
}

#[test]
fn history_is_in_order_and_within_its_days() {
    let shop = &*SHOP;
    let settings = settings(3, 6_000);
    assert!(shop.events.is_sorted_by_key(|event| event.at));
    assert!(shop.orders.is_sorted_by_key(|order| order.ordered_at));
    let joined: HashMap<&str, Day> =
        shop.customers.iter().map(|row| (row.customer_id.as_str(), row.joined_on.unwrap())).collect();
    for event in &shop.events {
        let day = calendar::local_day(event.at);
        assert!(settings.first() <= day && day <= settings.end);
        assert!(joined[event.customer_id.as_str()] <= day);
        let product = event.product_id.as_ref().map(|id| shop.product(id));
        assert!(product.is_none_or(|product| product.launched_on.unwrap() <= day), "{event:?}");
    }
}

#[test]
fn list_prices_never_rise() {
    let settings = settings(5, 1);
    for item in catalogue::Catalogue::new(&settings).items {
        let prices: Vec<i64> = (0..900).map(|day| item.list_price_cents(Day(item.launch.0 + day))).collect();
        assert!(prices.is_sorted_by(|a, b| a >= b), "{}", item.name_en);
        assert!(prices[899] > 0 && prices[0] >= prices[899]);
        if let Some(succeeded) = item.succeeded {
            let before = item.list_price_cents(Day(succeeded.0 - 1));
            assert!(item.list_price_cents(succeeded) <= before * 97 / 100, "{}", item.name_en);
        }
        assert!((0..900).all(|day| item.paid_price_cents(Day(item.launch.0 + day)) <= prices[day as usize]));
    }
}

#[test]
fn generations_follow_each_other() {
    let shop = &*SHOP;
    let mut n_heirs = 0;
    for product in &shop.products {
        let Some(old) = product.predecessor_id.as_ref().map(|id| shop.product(id)) else { continue };
        n_heirs += 1;
        // An earlier launch at every step also says that no chain closes.
        assert!(old.launched_on < product.launched_on, "{} after {}", product.name, old.name);
        assert_eq!((&old.brand, &old.category), (&product.brand, &product.category));
    }
    assert!(n_heirs > 100);
    assert!(shop.products.iter().all(|product| product.retired_on.is_none_or(|day| Some(day) > product.launched_on)));
}

#[test]
fn orders_are_the_purchases() {
    let shop = &*SHOP;
    let mut sold: Vec<_> = shop
        .orders
        .iter()
        .map(|row| {
            let paid = row.unit_price_cents.0 * row.quantity - row.discount_cents.unwrap_or_default().0;
            (row.ordered_at, row.customer_id.as_str(), row.product_id.as_str(), row.quantity, paid)
        })
        .collect();
    let mut bought: Vec<_> = shop
        .events
        .iter()
        .filter_map(|row| {
            let sign = match row.kind {
                EventKind::Purchase => 1,
                EventKind::Return => -1,
                _ => return None,
            };
            let quantity = sign * row.quantity?;
            Some((
                row.at,
                row.customer_id.as_str(),
                row.product_id.as_deref()?,
                quantity,
                row.price_cents?.0 * quantity,
            ))
        })
        .collect();
    sold.sort();
    bought.sort();
    assert!(sold.len() > 5_000);
    assert_eq!(sold, bought);
    // What goes back was sold in that order.
    let lines: HashSet<_> =
        shop.orders.iter().filter(|row| row.quantity > 0).map(|row| (&row.order_id, &row.product_id)).collect();
    assert!(
        shop.orders.iter().filter(|row| row.quantity < 0).all(|row| lines.contains(&(&row.order_id, &row.product_id)))
    );
}

#[test]
fn deliveries_agree_with_orders_and_the_last_day() {
    let shop = &*SHOP;
    let end = settings(3, 1).end;
    let mut lines: BTreeMap<&str, (Day, i64, i64, bool)> = BTreeMap::new();
    for order in &shop.orders {
        let entry = lines.entry(&order.order_id).or_insert((Day(0), 0, 0, false));
        match order.quantity > 0 {
            true => {
                *entry = (
                    calendar::local_day(order.ordered_at),
                    entry.1 + 1,
                    entry.2,
                    order.channel.as_deref() == Some("store"),
                )
            }
            false => entry.2 += 1,
        }
    }
    let ids: BTreeSet<&str> = shop.deliveries.iter().map(|row| row.order_id.as_str()).collect();
    assert_eq!((ids.len(), shop.deliveries.len()), (lines.len(), lines.len()));
    let mut counts: BTreeMap<DeliveryStatus, usize> = BTreeMap::new();
    for row in &shop.deliveries {
        *counts.entry(row.status).or_default() += 1;
        let (ordered, n_bought, n_returned, in_store) = lines[row.order_id.as_str()];
        let (updated, promised) = (calendar::local_day(row.updated_at), row.expected_on.unwrap());
        assert!(ordered <= updated && updated <= end && ordered <= promised, "{row:?}");
        assert_eq!(row.status == DeliveryStatus::Returned, n_returned >= n_bought, "{row:?}");
        let has_left = row.status >= DeliveryStatus::Shipped;
        assert_eq!(row.carrier.is_some(), has_left && !in_store, "{row:?}");
        assert_eq!(row.tracking_number.is_some(), row.carrier.is_some());
        let has_arrived = row.status >= DeliveryStatus::Delivered;
        assert_eq!(row.delivered_on.is_some(), has_arrived, "{row:?}");
        assert!(row.delivered_on.is_none_or(|day| ordered <= day && day <= end), "{row:?}");
        // Everything older than the slowest parcel has arrived.
        assert!(has_arrived || end.0 - ordered.0 < 25, "{row:?}");
    }
    for status in [DeliveryStatus::Shipped, DeliveryStatus::Delivered, DeliveryStatus::Returned] {
        assert!(counts.contains_key(&status), "{counts:?}");
    }
    let late =
        shop.deliveries.iter().filter(|row| row.delivered_on.is_some_and(|day| Some(day) > row.expected_on)).count();
    assert!(
        (0.03..0.10).contains(&(late as f64 / shop.deliveries.len() as f64)),
        "{late} of {}",
        shop.deliveries.len()
    );
    let truth: BTreeSet<&str> = shop.texts("deliveries", "order_id").into_iter().collect();
    assert_eq!(truth, ids);
}

#[test]
fn service_has_something_to_say_in_both_languages() {
    for language in [Language::Zh, Language::En] {
        let settings = Settings { language, ..settings(1, 50) };
        let shop = make(&settings);
        let own: Vec<_> = shop.knowledge.iter().filter(|row| !row.document_id.starts_with("sheet-")).collect();
        assert!((60..=90).contains(&own.len()), "{}", own.len());
        assert!((30..=40).contains(&shop.answers.len()));
        let ids: BTreeSet<_> = shop.knowledge.iter().map(|row| &row.document_id).collect();
        assert_eq!(ids.len(), shop.knowledge.len());
        for row in &shop.knowledge {
            assert_eq!(row.version.as_deref(), Some(crate::sources::version_of(&row.text).as_str()));
        }
        let is_chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        for row in &own {
            assert_eq!(is_chinese(&row.text), language == Language::Zh, "{}", row.text);
            assert_eq!(is_chinese(&row.title), language == Language::Zh, "{}", row.title);
        }
        for row in &shop.answers {
            assert_eq!(is_chinese(&row.question), language == Language::Zh);
            assert_eq!(is_chinese(&row.answer), language == Language::Zh);
            assert!(row.answer_en.as_ref().is_none_or(|text| !is_chinese(text)));
        }
        // The true answer to a question stands in the document that it is said to stand in.
        let texts: HashMap<&str, &str> =
            shop.knowledge.iter().map(|row| (row.document_id.as_str(), row.text.as_str())).collect();
        let (documents, answers) = (shop.texts("questions", "document_id"), shop.texts("questions", "answer"));
        let from_own = documents.iter().zip(answers).filter(|(id, _)| !id.is_empty() && !id.starts_with("sheet-"));
        for (id, answer) in from_own {
            assert!(!answer.is_empty() && texts[id].contains(answer), "{id}: {answer}");
        }
    }
}

#[test]
fn durable_goods_are_not_bought_twice_in_a_month() {
    let shop = &*SHOP;
    for category in ["Computers/Laptops", "Phones/Smartphones", "Home cinema/Televisions"] {
        let mut last: HashMap<&str, i64> = HashMap::new();
        let (mut n_orders, mut n_again) = (0, 0);
        for order in shop.orders.iter().filter(|row| row.quantity > 0) {
            if shop.product(&order.product_id).category.as_deref() == Some(category) {
                n_orders += 1;
                let earlier = last.insert(&order.customer_id, order.ordered_at.0);
                n_again += usize::from(earlier.is_some_and(|at| order.ordered_at.0 - at < 30 * 86_400_000));
            }
        }
        assert!(n_orders > 100 && n_again * 100 <= n_orders, "{category}: {n_again} of {n_orders}");
    }
}

#[test]
fn campaign_effects_can_be_estimated() {
    let shop = &*SHOP;
    let mut outcomes: HashMap<(&str, &str), [bool; 3]> = HashMap::new();
    let columns = ["outcome_control", "outcome_reminder", "outcome_coupon"].map(|name| shop.bools("exposures", name));
    let (ids, campaigns) = (shop.texts("exposures", "customer_id"), shop.texts("exposures", "campaign_id"));
    for row in 0..ids.len() {
        outcomes.insert((ids[row], campaigns[row]), [columns[0][row], columns[1][row], columns[2][row]]);
    }
    assert_eq!(outcomes.len(), shop.exposures.len());
    for (arm, name) in campaigns::ARMS.iter().enumerate().skip(1) {
        // Inverse propensity weights, since arms are not equally likely for all.
        let estimates: Vec<f64> = shop
            .exposures
            .iter()
            .map(|row| {
                let weighed = f64::from(row.responded == Some(true)) / row.propensity.unwrap();
                if row.arm == *name {
                    weighed
                } else if row.arm == "control" {
                    -weighed
                } else {
                    0.0
                }
            })
            .collect();
        let n = estimates.len() as f64;
        let mean = estimates.iter().sum::<f64>() / n;
        let error = (estimates.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n / n).sqrt();
        let truth = outcomes.values().map(|y| f64::from(y[arm]) - f64::from(y[0])).sum::<f64>() / n;
        assert!((mean - truth).abs() < 3.5 * error, "{name}: {mean:.4} ± {error:.4}, truly {truth:.4}");
        assert!(truth > 3.0 * error || arm == 1, "{name}: {truth:.4} ± {error:.4} cannot be told from nothing");
    }
    let agree = shop.exposures.iter().filter(|row| {
        let arm = campaigns::ARMS.iter().position(|arm| *arm == row.arm).unwrap();
        row.responded == Some(outcomes[&(row.customer_id.as_str(), row.campaign_id.as_str())][arm])
    });
    assert!(agree.count() * 100 >= shop.exposures.len() * 99);
}

#[test]
fn media_spend_drives_visits_as_the_truth_says() {
    let shop = &*SHOP;
    let first = settings(3, 1).first();
    let mut sessions = BTreeSet::new();
    for event in shop.events.iter().filter(|event| event.kind == EventKind::View) {
        sessions.insert((event.session_id.as_deref().unwrap(), event.channel.as_deref().unwrap()));
    }
    for channel in &media::PAID {
        let found = sessions.iter().filter(|(_, name)| *name == channel.name).count() as f64;
        let truth = shop
            .texts("media_days", "channel")
            .iter()
            .zip(shop.floats("media_days", "visits"))
            .filter(|(name, _)| **name == channel.name)
            .map(|(_, visits)| visits)
            .sum::<f64>();
        assert!((found / truth - 1.0).abs() < 0.12, "{}: {found} visits, truly {truth:.0}", channel.name);
    }
    // Adstock of the strongest channel from spend and visits alone.
    let channel = &media::PAID[1];
    let mut visits = vec![0.0; 730];
    let mut seen = HashSet::new();
    for event in shop.events.iter().filter(|event| event.channel.as_deref() == Some(channel.name)) {
        if seen.insert(event.session_id.as_deref().unwrap()) {
            visits[(calendar::local_day(event.at).0 - first.0) as usize] += 1.0;
        }
    }
    let base: Vec<f64> = (0..730)
        .map(|day| shop.customers.iter().filter(|row| row.joined_on.unwrap().0 <= first.0 + day).count() as f64)
        .collect();
    let spend: Vec<f64> =
        shop.spend.iter().filter(|row| row.channel == channel.name).map(|row| row.spend_cents.0 as f64).collect();
    let mean = spend.iter().sum::<f64>() / spend.len() as f64;
    let loss = |adstock: f64| {
        let (mut pressure, mut xy, mut xx, mut yy) = (1.0, 0.0, 0.0, 0.0);
        for day in 0..730 {
            pressure = (1.0 - adstock) * spend[day] / mean + adstock * pressure;
            let raised: f64 = f64::powf(pressure, channel.slope);
            let x = base[day] * raised / (raised + channel.half_at.powf(channel.slope));
            (xy, xx, yy) = (xy + x * visits[day], xx + x * x, yy + visits[day] * visits[day]);
        }
        yy - xy * xy / xx
    };
    let best = (0..19).map(|step| f64::from(step) * 0.05).min_by(|a, b| loss(*a).total_cmp(&loss(*b))).unwrap();
    assert!((best - channel.adstock).abs() <= 0.25, "adstock {best}, truly {}", channel.adstock);
}

#[test]
fn what_is_bought_together_fits() {
    let shop = &*SHOP;
    let fits: HashSet<(&str, &str)> =
        shop.fits.iter().filter_map(|fit| Some((fit.product_id.as_str(), fit.with_product_id.as_deref()?))).collect();
    let mut baskets: BTreeMap<&str, Vec<&Product>> = BTreeMap::new();
    for order in shop.orders.iter().filter(|row| row.quantity > 0) {
        baskets.entry(&order.order_id).or_default().push(shop.product(&order.product_id));
    }
    let of = |basket: &[&Product], category: &str| {
        basket
            .iter()
            .find(|product| product.category.as_deref() == Some(category))
            .map(|product| product.product_id.clone())
    };
    let pairs: Vec<_> = baskets
        .values()
        .filter_map(|basket| Some((of(basket, "Phone accessories/Cases")?, of(basket, "Phones/Smartphones")?)))
        .collect();
    let fitting = |pairs: &mut dyn Iterator<Item = (&String, &String)>| {
        let (mut n, mut n_fit) = (0.0, 0.0);
        for (case, phone) in pairs {
            n += 1.0;
            n_fit += f64::from(fits.contains(&(case.as_str(), phone.as_str())));
        }
        n_fit / n
    };
    let together = fitting(&mut pairs.iter().map(|(case, phone)| (case, phone)));
    let shifted = pairs.iter().cycle().skip(pairs.len() / 2);
    let by_chance = fitting(&mut pairs.iter().zip(shifted).map(|((case, _), (_, phone))| (case, phone)));
    assert!(pairs.len() > 50 && together > 0.95 && together > 4.0 * by_chance, "{together} against {by_chance}");
}

#[test]
fn demand_is_heavy_tailed_and_peaks_at_festivals() {
    let shop = &*SHOP;
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let mut days: HashMap<i32, usize> = HashMap::new();
    for event in &shop.events {
        if let Some(id) = &event.product_id {
            *counts.entry(id).or_default() += 1;
        }
        if event.kind == EventKind::Purchase {
            *days.entry(calendar::local_day(event.at).0).or_default() += 1;
        }
    }
    let mut counts: Vec<usize> = counts.into_values().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let top = counts[..counts.len() / 10].iter().sum::<usize>() as f64 / counts.iter().sum::<usize>() as f64;
    assert!(top > 0.3, "the top tenth of products has {top:.2} of the events");
    let on = |text: &str| days.get(&text.parse::<Day>().unwrap().0).copied().unwrap_or(0);
    assert!(on("2025-11-11") > 3 * on("2025-10-21").max(1), "{} against {}", on("2025-11-11"), on("2025-10-21"));
}

#[test]
fn stars_and_texts_follow_true_quality() {
    let shop = &*SHOP;
    let mut quality: HashMap<&str, (f64, f64)> = HashMap::new();
    for (id, value) in shop.texts("quality", "product_id").into_iter().zip(shop.floats("quality", "quality")) {
        let entry = quality.entry(id).or_default();
        *entry = (entry.0 + value, entry.1 + 1.0);
    }
    let mut stars: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for event in shop.events.iter().filter(|event| event.kind == EventKind::Rate) {
        stars.entry(event.product_id.as_deref().unwrap()).or_default().push(event.value.unwrap());
    }
    let points: Vec<(f64, f64)> = stars
        .iter()
        .filter(|(_, stars)| stars.len() >= 6)
        .map(|(id, stars)| (quality[id].0 / quality[id].1, stars.iter().sum::<f64>() / stars.len() as f64))
        .collect();
    let n = points.len() as f64;
    let mean = points.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0 / n, sum.1 + point.1 / n));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in points.iter().map(|point| (point.0 - mean.0, point.1 - mean.1)) {
        (xy, xx, yy) = (xy + x * y, xx + x * x, yy + y * y);
    }
    let correlation = xy / (xx * yy).sqrt();
    assert!(n > 30.0 && correlation > 0.6, "{correlation:.2} over {n} products");
    let praise = shop.bools("reviews", "positive");
    assert!(praise.iter().any(|good| *good) && praise.iter().any(|good| !good));
}

#[test]
fn names_come_in_both_languages_and_sizes_are_checked() {
    for product in &SHOP.products {
        let extra: serde_json::Value = serde_json::from_str(product.extra.as_ref().unwrap()).unwrap();
        assert_eq!(extra["name_en"], product.name.as_str());
        assert_ne!(extra["name_zh"], extra["name_en"]);
    }
    let bad = Settings { n_days: 10, ..settings(1, 10) };
    let error = simulate_into(&bad, &mut Memory::default(), &mut |_, _| {}).unwrap_err().to_string();
    assert_eq!(error, "the simulation's n_days is 10; allowed: at least 180");
}
