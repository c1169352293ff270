//! Holds the conversations of a file with a shop exported as JSON, and prints what was answered and how much CPU a turn took.
//! For looking at answers by eye and for measuring the turn without a server; what a shop promises is tested elsewhere.
//!
//! FOLDER holds `products.json`, `fits.json`, `orders.json`, `deliveries.json`, `knowledge.json`, `answers.json` (each what
//! `tercet sql "select * from TABLE limit 100000" --json` prints), and if wanted `opinions.json` (`tercet opinions --json -n 400`)
//! and `service.toml` of the shop.
//!
//! usage: questions FOLDER TODAY FILE [quiet] [times=N]   (TODAY is YYYY-MM-DD; FILE holds conversations as `tercet assist test` reads them;
//! `times` repeats every turn for the mean)

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use domain::{Day, KnowledgeDocument, Millis, Product};
use language::search::{Attributes, Changes, Entry, Index, Settled, Snapshot, parse_query};
use language::text::{Lexicon, Tokeniser};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tercet_assist::knowledge::{Curated, CuratedAnswer, KnowledgeBase};
use tercet_assist::policy::Policies;
use tercet_assist::understand::{IntentModel, ProductNames, Understander};
use tercet_assist::world::{
    Catalogue, CuratedHit, Delivery, FitRow, Fitness, Found, Library, OpinionCount, OrderLine, OrderRecord, Orders,
    Passage, Recommended, Recommender, Wish, World,
};
use tercet_assist::{AssistError, Assistant, Dialogue, Message, golden};

type Rows = Vec<Map<String, Value>>;

/// The shop's rows, and what finds among them.
struct Shop {
    products: Vec<Arc<Product>>,
    by_id: BTreeMap<String, usize>,
    n_orders: BTreeMap<String, i64>,
    names: Arc<ProductNames>,
    fits: BTreeMap<String, Vec<FitRow>>,
    orders: BTreeMap<String, Vec<OrderRecord>>,
    opinions: BTreeMap<String, Vec<OpinionCount>>,
    shelf: Arc<Snapshot>,
    attributes: Attributes,
    knowledge: KnowledgeBase,
    curated: Curated,
    today: Day,
}

fn rows(folder: &Path, name: &str) -> Result<Rows, Box<dyn Error>> {
    let path = folder.join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut all: Value = serde_json::from_str(&text)?;
    let mut rows: Rows = serde_json::from_value(all["rows"].take())?;
    rows.iter_mut().for_each(|row| row.retain(|_, value| !value.is_null()));
    Ok(rows)
}

fn read<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<Vec<T>, Box<dyn Error>> {
    let all = rows(folder, name)?.into_iter().map(|row| serde_json::from_value(Value::Object(row)));
    Ok(all.collect::<Result<_, _>>()?)
}

fn text(row: &Map<String, Value>, key: &str) -> Option<String> {
    row.get(key)?.as_str().map(str::to_owned)
}

fn number(row: &Map<String, Value>, key: &str) -> i64 {
    row.get(key).and_then(Value::as_i64).unwrap_or_default()
}

/// `2026-06-30T10:45:38.355Z` as milliseconds.
fn millis(at: &str) -> Millis {
    let part = |from: usize, to: usize| at.get(from..to).and_then(|digits| digits.parse::<i64>().ok()).unwrap_or(0);
    let Day(day) = at.get(..10).and_then(|day| day.parse().ok()).unwrap_or_default();
    Millis(((i64::from(day) * 24 + part(11, 13)) * 60 + part(14, 16)) * 60_000 + part(17, 19) * 1_000)
}

impl Shop {
    fn read(folder: &Path, today: Day) -> Result<Shop, Box<dyn Error>> {
        let products: Vec<Product> = read(folder, "products")?;
        let tokeniser = Tokeniser::new(&Lexicon::from_products(&products));
        let mut index = Index::new()?.with_tokeniser(&tokeniser)?;
        let put = products.iter().map(entry).collect();
        index.apply(&Changes { put, remove: Vec::new() }, None, &|_| true)?;
        let shelf = Index::from_bytes(index.to_bytes())?.with_tokeniser(&tokeniser)?.snapshot();
        let documents: Vec<KnowledgeDocument> = rows(folder, "knowledge")?
            .into_iter()
            .map(|mut row| {
                row.remove("version");
                serde_json::from_value(Value::Object(row))
            })
            .collect::<Result<_, _>>()?;
        let answer = |row: &Map<String, Value>| CuratedAnswer {
            answer_id: text(row, "answer_id").unwrap_or_default(),
            question: text(row, "question").unwrap_or_default(),
            variants: serde_json::from_value(row.get("variants").cloned().unwrap_or_default()).unwrap_or_default(),
            answer_zh: text(row, "answer").unwrap_or_default(),
            answer_en: text(row, "answer_en").unwrap_or_default(),
            is_on: true,
        };
        let answers: Vec<CuratedAnswer> = rows(folder, "answers")?.iter().map(answer).collect();
        let mut n_orders: BTreeMap<String, i64> = BTreeMap::new();
        let orders = orders(folder, &mut n_orders)?;
        Ok(Shop {
            by_id: products.iter().enumerate().map(|(at, product)| (product.product_id.clone(), at)).collect(),
            names: Arc::new(ProductNames::of(&products)),
            products: products.into_iter().map(Arc::new).collect(),
            n_orders,
            fits: fits(folder)?,
            orders,
            opinions: opinions(folder)?,
            attributes: Attributes::of(&shelf),
            shelf,
            knowledge: KnowledgeBase::new(&documents, &tokeniser, None)?,
            curated: Curated::new(&answers, &tokeniser, None)?,
            today,
        })
    }

    fn sold(&self, product: &Product) -> i64 {
        self.n_orders.get(&product.product_id).copied().unwrap_or_default()
    }

    fn is_offered(&self, product: &Product) -> bool {
        product.retired_on.is_none_or(|day| day > self.today) && product.stock != Some(0)
    }
}

/// A product as the shop's search has it.
fn entry(product: &Product) -> Entry {
    Entry {
        brand: product.brand.clone(),
        category: product.category.clone(),
        specs: product.specs.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        price_cents: product.price_cents.map(|cents| cents.0),
        launched_on: product.launched_on.map(|day| day.0),
        ..Entry::new(&product.product_id, &product.name, product.description.as_deref().unwrap_or_default())
    }
}

fn fits(folder: &Path) -> Result<BTreeMap<String, Vec<FitRow>>, Box<dyn Error>> {
    let mut all: BTreeMap<String, Vec<FitRow>> = BTreeMap::new();
    for row in rows(folder, "fits")? {
        let product_id = text(&row, "product_id").unwrap_or_default();
        all.entry(product_id.clone()).or_default().push(FitRow {
            product_id,
            with_product_id: text(&row, "with_product_id"),
            attribute: text(&row, "attribute"),
            value: text(&row, "value"),
        });
    }
    Ok(all)
}

fn orders(
    folder: &Path,
    n_orders: &mut BTreeMap<String, i64>,
) -> Result<BTreeMap<String, Vec<OrderRecord>>, Box<dyn Error>> {
    let mut deliveries: BTreeMap<String, Delivery> = BTreeMap::new();
    for row in rows(folder, "deliveries")? {
        let delivery = Delivery {
            status: serde_json::from_value(row["status"].clone())?,
            updated_at: millis(&text(&row, "updated_at").unwrap_or_default()),
            carrier: text(&row, "carrier"),
            tracking_number: text(&row, "tracking_number"),
            expected_on: text(&row, "expected_on").and_then(|day| day.parse().ok()),
            delivered_on: text(&row, "delivered_on").and_then(|day| day.parse().ok()),
        };
        deliveries.insert(text(&row, "order_id").unwrap_or_default(), delivery);
    }
    let mut by_id: BTreeMap<String, OrderRecord> = BTreeMap::new();
    for row in rows(folder, "orders")? {
        let order_id = text(&row, "order_id").unwrap_or_default();
        let product_id = text(&row, "product_id").unwrap_or_default();
        *n_orders.entry(product_id.clone()).or_default() += 1;
        let order = by_id.entry(order_id.clone()).or_insert_with(|| OrderRecord {
            customer_id: text(&row, "customer_id").unwrap_or_default(),
            ordered_at: millis(&text(&row, "ordered_at").unwrap_or_default()),
            delivery: deliveries.get(&order_id).cloned(),
            order_id,
            ..OrderRecord::default()
        });
        order.lines.push(OrderLine {
            product_id,
            quantity: number(&row, "quantity"),
            unit_price_cents: domain::Cents(number(&row, "unit_price_cents")),
            discount_cents: row.get("discount_cents").and_then(Value::as_i64).map(domain::Cents),
        });
    }
    let mut of_customers: BTreeMap<String, Vec<OrderRecord>> = BTreeMap::new();
    for order in by_id.into_values() {
        of_customers.entry(order.customer_id.clone()).or_default().push(order);
    }
    of_customers.values_mut().for_each(|own| own.sort_by_key(|order| std::cmp::Reverse(order.ordered_at)));
    Ok(of_customers)
}

fn opinions(folder: &Path) -> Result<BTreeMap<String, Vec<OpinionCount>>, Box<dyn Error>> {
    let path = folder.join("opinions.json");
    let Ok(json) = std::fs::read_to_string(path) else { return Ok(BTreeMap::new()) };
    let pages: BTreeMap<String, Value> = serde_json::from_str(&json)?;
    let string = |value: &Value| value.as_str().unwrap_or_default().trim().to_owned();
    let count = |aspect: &Value| {
        let quotes = aspect["quotes"].as_array().cloned().unwrap_or_default();
        OpinionCount {
            aspect: string(&aspect["key"]),
            label_zh: string(&aspect["label"]["zh"]),
            label_en: string(&aspect["label"]["en"]),
            n_praise: aspect["positive"].as_u64().unwrap_or_default() as u32,
            n_complaint: aspect["negative"].as_u64().unwrap_or_default() as u32,
            quote: quotes.first().map(|quote| string(&quote["text"])),
            complaint: quotes.iter().find(|quote| quote["polarity"] == "negative").map(|quote| string(&quote["text"])),
        }
    };
    let of = |page: &Value| page["aspects"].as_array().map(|all| all.iter().map(count).collect()).unwrap_or_default();
    Ok(pages.iter().map(|(id, page)| (id.clone(), of(page))).collect())
}

impl Catalogue for Shop {
    fn product(&self, product_id: &str) -> Option<Arc<Product>> {
        self.by_id.get(product_id).map(|&at| self.products[at].clone())
    }

    fn search(&self, text: &str, n: usize) -> Result<Vec<Found>, AssistError> {
        let unfit = |_| AssistError::Unavailable { what: "search", why: "it failed".into() };
        let understood = parse_query(text, &self.attributes).map_err(unfit)?;
        let mut request = understood.request();
        (request.sort, request.limit) = (understood.sort, n * 5);
        let found = self.shelf.ids(&request, &Settled::products()).map_err(unfit)?;
        let words = |filter: &language::search::Filter| match &filter.from {
            Some(range) => text.get(range.clone()).unwrap_or_default().to_owned(),
            None => filter.attribute.clone(),
        };
        let relaxed: Vec<String> = found.relaxed.iter().map(words).collect();
        let one = |(id, score): &(&str, f32)| {
            Some(Found { product: self.product(id)?, score: *score, relaxed: relaxed.clone() })
        };
        Ok(found.hits.iter().filter_map(one).take(n).collect())
    }

    fn is_accessory(&self, product_id: &str) -> bool {
        self.fits.contains_key(product_id)
    }

    fn fits(&self, accessory_id: &str, product_id: &str) -> Fitness {
        let (Some(rows), Some(device)) = (self.fits.get(accessory_id), self.product(product_id)) else {
            return Fitness::Unknown;
        };
        let key = |text: &str| text.trim().to_lowercase();
        let own =
            |name: &str| device.specs.iter().find(|(own, _)| key(own) == key(name)).map(|(_, value)| value.clone());
        Fitness::of(rows, product_id, &own)
    }

    fn accessories(&self, product_id: &str, n: usize) -> Vec<Arc<Product>> {
        let fits = |product: &&Arc<Product>| {
            product.product_id != product_id
                && self.is_offered(product)
                && matches!(self.fits(&product.product_id, product_id), Fitness::Yes(_))
        };
        let mut all: Vec<Arc<Product>> = self.products.iter().filter(fits).cloned().collect();
        all.sort_by_key(|product| std::cmp::Reverse(self.sold(product)));
        all.truncate(n);
        all
    }

    fn successor(&self, product_id: &str) -> Option<Arc<Product>> {
        let next = |id: &str| self.products.iter().find(|product| product.predecessor_id.as_deref() == Some(id));
        let mut last = next(product_id)?;
        while let Some(newer) = next(&last.product_id) {
            last = newer;
        }
        Some(last.clone())
    }

    fn variants(&self, product_id: &str) -> Vec<Arc<Product>> {
        self.names.variants(product_id).filter_map(|id| self.product(id)).collect()
    }

    fn select(&self, accepts: &dyn Fn(&Product) -> bool) -> Vec<(Arc<Product>, i64)> {
        let accepted = self.products.iter().filter(|product| accepts(product));
        accepted.map(|product| (product.clone(), self.sold(product))).collect()
    }

    fn opinions(&self, product_id: &str) -> Vec<OpinionCount> {
        self.opinions.get(product_id).cloned().unwrap_or_default()
    }
}

impl Orders for Shop {
    fn orders_of(&self, customer_id: &str) -> Result<Vec<OrderRecord>, AssistError> {
        Ok(self.orders.get(customer_id).cloned().unwrap_or_default())
    }
}

impl Library for Shop {
    fn passages(&self, question: &str, product_ids: &[&str], n: usize) -> Result<Vec<Passage>, AssistError> {
        self.knowledge.passages(question, product_ids, n)
    }

    fn curated(&self, question: &str, n: usize) -> Result<Vec<CuratedHit>, AssistError> {
        self.curated.nearest(question, n)
    }
}

impl Recommender for Shop {
    /// What is ordered most.
    fn recommend(&self, wish: &Wish, n: usize) -> Result<Vec<Recommended>, AssistError> {
        let meets = |product: &&Arc<Product>| {
            wish.category.is_none_or(|path| product.category.as_deref() == Some(path))
                && wish.price_max_cents.is_none_or(|max| product.price_cents.is_some_and(|price| price.0 <= max))
                && wish.like_product_id != Some(product.product_id.as_str())
                && self.is_offered(product)
        };
        let mut all: Vec<&Arc<Product>> = self.products.iter().filter(meets).collect();
        all.sort_by_key(|product| std::cmp::Reverse(self.sold(product)));
        let one = |product: &Arc<Product>| Recommended { product: product.clone(), reason_zh: None, reason_en: None };
        Ok(all.into_iter().take(n).map(one).collect())
    }
}

/// CPU time of this thread in microseconds; of the process where the system does not tell.
fn cpu_us() -> f64 {
    // utime and stime are counted in hundredths of a second: too coarse for a turn, good enough for thousands of them.
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok()).map_or(0.0, |ns| ns / 1e3)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, today, file, rest @ ..] = arguments.as_slice() else {
        return Err("usage: questions FOLDER TODAY FILE [quiet] [times=N]".into());
    };
    let times: u32 = match rest.iter().find_map(|one| one.strip_prefix("times=")) {
        Some(n) => n.parse()?,
        None => 1,
    };
    let quiet = rest.iter().any(|one| one == "quiet");
    let folder = Path::new(folder);
    let shop = Shop::read(folder, today.parse()?)?;
    let policies = match std::fs::read_to_string(folder.join("service.toml")) {
        Ok(text) => Policies::from_toml(&text)?,
        Err(_) => Policies::default(),
    };
    let understander = Understander::new(IntentModel::learn(&[], 1)?, shop.names.clone());
    let assistant = Assistant::new(understander, policies)?;
    let world = World {
        catalogue: &shop,
        orders: &shop,
        library: &shop,
        recommender: &shop,
        today: shop.today,
        minute_of_day: 15 * 60,
        // Eight hours ahead of UTC.
        day_of: &|at| Day((at.0 + 8 * 3_600_000).div_euclid(86_400_000) as i32),
        currency: "CNY",
        shop_name: "My shop",
    };
    let at = Millis((i64::from(shop.today.0) * 24 + 7) * 3_600_000);
    let conversations = golden::read(&std::fs::read_to_string(file)?)?;
    let (mut n, mut met, mut spent, mut unsupported) = (0u32, 0u32, 0.0, 0u32);
    let mut each: Vec<(f64, String)> = Vec::new();
    for conversation in &conversations {
        let mut dialogue = Dialogue { lang: conversation.lang, ..Dialogue::default() };
        if !quiet {
            println!("## {}", conversation.name);
        }
        for expected in &conversation.turns {
            let message = Message {
                text: &expected.say,
                at,
                customer_id: conversation.customer_id.as_deref(),
                page_product_id: conversation.page_product_id.as_deref(),
                page_lang: conversation.lang,
                memory: &[],
            };
            let before = dialogue.clone();
            let started = cpu_us();
            let mut turn = assistant.turn(&message, &mut dialogue, &world, None);
            for _ in 1..times {
                dialogue = before.clone();
                turn = assistant.turn(&message, &mut dialogue, &world, None);
            }
            let took = (cpu_us() - started) / f64::from(times);
            spent += took;
            each.push((took, expected.say.clone()));
            n += 1;
            let report = golden::judge(expected, &turn);
            met += u32::from(report.unmet.is_empty());
            unsupported += u32::from(report.was_unsupported);
            if !quiet || !report.unmet.is_empty() {
                let mark = if report.unmet.is_empty() { "" } else { "✗ " };
                let intent = report.intent.as_deref().unwrap_or("-");
                println!("{mark}{n} [{intent} {:.2}|{}] {}", turn.understood.confidence, report.action, report.say);
                println!("    → {}", report.reply.replace('\n', " / "));
                for unmet in &report.unmet {
                    println!("    ✗ {}: {}", unmet.what, unmet.expected);
                }
                if rest.iter().any(|one| one == "trace") {
                    let steps: Vec<String> =
                        turn.trace.iter().map(|step| format!("{}: {}", step.stage, step.found)).collect();
                    println!("    {}", steps.join(" | "));
                }
            }
        }
    }
    each.sort_by(|a, b| b.0.total_cmp(&a.0));
    let p95 = each.get(each.len() / 20).map_or(0.0, |one| one.0);
    eprintln!(
        "{met} of {n} turns as expected, {unsupported} put back; {:.0} µs of CPU a turn, 95 % below {p95:.0}",
        spent / f64::from(n.max(1))
    );
    for (took, say) in each.iter().take(if quiet { 0 } else { 5 }) {
        eprintln!("{took:.0} µs: {say}");
    }
    Ok(())
}
