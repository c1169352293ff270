//! What a spec is worth in money, to whom: the choice model of `strategy` over what customers bought of a category and what else was on
//! sale then, as a whole and for the shop's customer groups. What matters most is handed to content as weights of selling points.
//!
//! What is not here: the reading of specs (`content`), which says what a value means and which of two is more.

use std::collections::BTreeMap;

use content::plan::facts::{Fact, facts};
use content::plan::kinds::kind_of;
use data::Shop;
use data::arrow::array::Array;
use domain::{Day, Product};
use math::Random;
use serde::{Deserialize, Serialize};
use strategy::Answer;
use strategy::choice::{Attribute, Choices, Fitted, fit, worths};
use utoipa::ToSchema;

use super::{Backing, Interval, Step};
use crate::error::{Kind, Result, ServiceError};
use crate::flows::audience::present;
use crate::flows::in_service::now;
use crate::flows::rows::{floats, integers, query, quoted, table, texts};
use crate::flows::segment::{Published, Text};

/// Purchases of so many weeks are looked at; what sold within so many around one stood beside it.
const WEEKS: i32 = 104;
const AROUND: i32 = 2;
/// Purchases that are learned from, and products beside each.
const CHOICES_MAX: usize = 20_000;
const ALTERNATIVES_MAX: usize = 12;
const PRODUCTS_MAX: usize = 2000;
/// A spec counts where so many of the purchases' products tell it, and it differs.
const KNOWN_MIN: f64 = 0.8;
const ATTRIBUTES_MAX: usize = 14;
const BRANDS_MAX: usize = 10;
/// Levels of a word, and the share of products that the rarest needs.
const LEVELS_MAX: usize = 5;
const LEVEL_SHARE_MIN: f64 = 0.08;
/// A number that spans so many times its least is told in doublings.
const SPAN_LOG: f64 = 3.0;
/// Values of a number up to which neighbours are compared.
const NEIGHBOURS_MAX: usize = 8;
/// Customer groups told of, with so many purchases each.
const SEGMENTS_MAX: usize = 8;
const SEGMENT_CHOICES_MIN: usize = 150;
const CATEGORIES_MAX: usize = 100;
const LEVEL: f64 = 0.9;
const SEED: u64 = 1;

/// One gap of a spec.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SellingPoint {
    /// The attribute, as copies weigh it.
    pub attribute: String,
    pub name: Text,
    /// The gap: from this value to that one.
    pub from: Text,
    pub to: Text,
    /// What it is worth, in parts of the price, and at the mean price; absent where prices do not tell what money is worth.
    pub worth: Option<Interval>,
    pub worth_cents: Option<Interval>,
    /// Of the choice model, for the gap.
    pub coefficient: Interval,
    /// `worth`, `open` or `unwanted`, by the interval.
    pub shows: String,
}

/// What a group of customers pays for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SellingSegment {
    /// Absent for all customers.
    pub segment: Option<String>,
    pub name: Text,
    pub n_choices: u64,
    /// What they paid, a piece.
    pub price_cents: f64,
    /// The most telling first.
    pub points: Vec<SellingPoint>,
    /// For `audience.weights` of a copy: 0.5 is as usual, 1 most.
    pub weights: BTreeMap<String, f64>,
    #[serde(flatten)]
    pub backing: Backing,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SellingCategory {
    pub category: String,
    pub n_purchases: u64,
}

/// What specs are worth.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SellingPoints {
    pub as_of: String,
    pub level: f64,
    pub category: String,
    /// Categories with purchases, the largest first.
    pub categories: Vec<SellingCategory>,
    /// Specs that rise and fall with others, and are not told.
    pub left_out: Vec<String>,
    /// All customers first, then groups.
    pub segments: Vec<SellingSegment>,
}

/// A purchase.
#[derive(Clone, Debug, PartialEq)]
struct Bought {
    customer: u32,
    product: usize,
    week: i32,
    segment: Option<u32>,
}

/// A category's purchases with what was on sale.
#[derive(Default)]
struct Shelf {
    products: Vec<Product>,
    launched: Vec<Option<i32>>,
    /// By product: what was paid for a piece in each week.
    prices: Vec<BTreeMap<i32, f64>>,
    bought: Vec<Bought>,
    /// Keys of segments.
    segments: Vec<String>,
}

/// One column of the model.
#[derive(Clone, Debug)]
struct Column {
    attribute: String,
    name: Text,
    from: Text,
    to: Text,
    /// In gaps. Shape: (n_products).
    values: Vec<f64>,
    is_told: bool,
}

/// Works out what specs of a category are worth; of the category with most purchases if none is named.
///
/// # Errors
/// If there is no such category, or the tables cannot be read. Too little data is no error but a refusal.
pub async fn selling_points(shop: &Shop, category: Option<&str>) -> Result<SellingPoints> {
    let today = present(shop).await?.day;
    let weeks = Step::Week.whole(Day(today.0 - 7 * WEEKS), today);
    let (from, until) = (Step::Week.first(weeks.start).0, Step::Week.first(weeks.end).0);
    let categories = categories(shop, from, until).await?;
    let chosen = match category {
        Some(name) => categories.iter().find(|one| one.category == name),
        None => categories.first(),
    };
    let Some(chosen) = chosen.map(|one| one.category.clone()) else {
        return match category {
            Some(name) => Err(ServiceError::not_found("category", name).help(format!(
                "categories with purchases: {}",
                categories.iter().take(20).map(|one| one.category.as_str()).collect::<Vec<_>>().join(", ")
            ))),
            None => Err(ServiceError::new(
                Kind::NotFound,
                "no_data",
                "nothing of a category was sold in the last two years",
            )
            .help("orders are needed, and products with a category: tercet import FILE --as orders, --as products")),
        };
    };
    let shelf = Shelf::read(shop, &chosen, from, until).await?;
    let names: BTreeMap<String, Text> = match now::<Published>(shop).await? {
        Some(groups) => groups.groups()?.groups.iter().map(|group| (group.key.clone(), group.name.clone())).collect(),
        None => BTreeMap::new(),
    };
    tokio::task::block_in_place(|| told(&shelf, chosen, categories, &names, today))
}

async fn categories(shop: &Shop, from: i32, until: i32) -> Result<Vec<SellingCategory>> {
    let sql = format!(
        "select p.category as category, count(*) as n, count(distinct p.product_id) as n_products
        from orders o join products p on p.product_id = o.product_id
        where o.quantity > 0 and p.category is not null and cast(shop_day(o.ordered_at) as int) >= {from}
          and cast(shop_day(o.ordered_at) as int) < {until}
        group by p.category order by n desc, category limit {CATEGORIES_MAX}"
    );
    let mut found = Vec::new();
    for batch in query(shop, &sql).await? {
        let (names, n, n_products) =
            (texts(&batch, "category")?, integers(&batch, "n")?, integers(&batch, "n_products")?);
        for row in (0..batch.num_rows()).filter(|&row| n_products.value(row) > 1) {
            found.push(SellingCategory { category: names.value(row).to_owned(), n_purchases: n.value(row) as u64 });
        }
    }
    Ok(found)
}

impl Shelf {
    async fn read(shop: &Shop, category: &str, from: i32, until: i32) -> Result<Shelf> {
        let mut shelf = Shelf::default();
        let mut all: Vec<Product> = table(shop).await?;
        all.retain(|product| product.category.as_deref() == Some(category));
        all.sort_by(|a, b| a.product_id.cmp(&b.product_id));
        all.truncate(PRODUCTS_MAX);
        shelf.launched = all.iter().map(|product| product.launched_on.map(|day| day.0)).collect();
        let place: BTreeMap<String, usize> =
            all.iter().enumerate().map(|(at, product)| (product.product_id.clone(), at)).collect();
        shelf.products = all;
        shelf.prices = vec![BTreeMap::new(); shelf.products.len()];
        let sql = format!(
            "select o.customer_id as customer_id, o.order_id as order_id, o.product_id as product_id, s.segment as segment,
              cast(min(shop_day(o.ordered_at)) as int) as day, cast(sum(o.quantity) as double) as n,
              cast(sum(o.quantity * o.unit_price_cents - coalesce(o.discount_cents, 0)) as double) as paid
            from orders o join products p on p.product_id = o.product_id left join segments s on s.customer_id = o.customer_id
            where o.quantity > 0 and p.category = {} and cast(shop_day(o.ordered_at) as int) >= {from}
              and cast(shop_day(o.ordered_at) as int) < {until}
            group by o.customer_id, o.order_id, o.product_id, s.segment
            order by order_id, product_id, customer_id",
            quoted(category)
        );
        let mut customers: BTreeMap<String, u32> = BTreeMap::new();
        let mut sums: Vec<BTreeMap<i32, (f64, f64)>> = vec![BTreeMap::new(); shelf.products.len()];
        for batch in query(shop, &sql).await? {
            let (who, what, groups) =
                (texts(&batch, "customer_id")?, texts(&batch, "product_id")?, texts(&batch, "segment")?);
            let (days, n, paid) = (integers(&batch, "day")?, floats(&batch, "n")?, floats(&batch, "paid")?);
            for row in 0..batch.num_rows() {
                let Some(product) = place.get(what.value(row)).copied().filter(|_| paid.value(row) > 0.0) else {
                    continue;
                };
                let week = Step::Week.of(Day(days.value(row) as i32)) as i32;
                let cell = sums[product].entry(week).or_default();
                *cell = (cell.0 + paid.value(row), cell.1 + n.value(row));
                let next = customers.len() as u32;
                let customer = *customers.entry(who.value(row).to_owned()).or_insert(next);
                let segment = groups.is_valid(row).then(|| shelf.segment(groups.value(row)));
                shelf.bought.push(Bought { customer, product, week, segment });
            }
        }
        for (prices, sums) in shelf.prices.iter_mut().zip(sums) {
            *prices = sums.into_iter().map(|(week, (paid, n))| (week, paid / n)).collect();
        }
        // As many of every time, in the order of orders.
        let n = shelf.bought.len();
        if n > CHOICES_MAX {
            let kept = (0..CHOICES_MAX).map(|at| shelf.bought[at * n / CHOICES_MAX].clone()).collect();
            shelf.bought = kept;
        }
        Ok(shelf)
    }

    fn segment(&mut self, key: &str) -> u32 {
        let at = self.segments.iter().position(|known| known == key).unwrap_or_else(|| {
            self.segments.push(key.to_owned());
            self.segments.len() - 1
        });
        at as u32
    }

    /// What a product cost in a week: the mean of the weeks around it in which it sold; `None` where it did not.
    fn price(&self, product: usize, week: i32) -> Option<f64> {
        let around = self.prices[product].range(week - AROUND..=week + AROUND);
        let (sum, n) = around.fold((0.0, 0.0), |sums, (_, price)| (sums.0 + price, sums.1 + 1.0));
        (n > 0.0).then(|| sum / n)
    }

    /// Sets of what stood beside what was bought, those purchases that have any beside them.
    fn choices(&self, columns: &[Column], bought: &[&Bought]) -> (Choices, f64) {
        let mut choices = Choices {
            attributes: columns
                .iter()
                .map(|one| Attribute { name: one.attribute.clone(), values: Vec::new() })
                .collect(),
            ..Choices::default()
        };
        let mut choosers: BTreeMap<u32, u32> = BTreeMap::new();
        let mut on_sale: BTreeMap<i32, Vec<(usize, f64)>> = BTreeMap::new();
        let mut paid = 0.0;
        for (at, one) in bought.iter().enumerate() {
            let beside = on_sale.entry(one.week).or_insert_with(|| {
                (0..self.products.len()).filter_map(|product| Some((product, self.price(product, one.week)?))).collect()
            });
            let Some(own) = beside.iter().find(|(product, _)| *product == one.product).copied() else { continue };
            let mut others: Vec<(usize, f64)> =
                beside.iter().copied().filter(|(product, _)| *product != one.product).collect();
            if others.is_empty() {
                continue;
            }
            let mut random = Random::stream(SEED, at as u64);
            random.shuffle(&mut others);
            others.truncate(ALTERNATIVES_MAX - 1);
            let set = choices.chooser.len() as u32;
            let next = choosers.len() as u32;
            choices.chooser.push(*choosers.entry(one.customer).or_insert(next));
            paid += own.1;
            for (place, (product, price)) in std::iter::once(own).chain(others).enumerate() {
                choices.set.push(set);
                choices.is_chosen.push(place == 0);
                choices.price.push(price);
                for (column, values) in columns.iter().zip(&mut choices.attributes) {
                    // What is new is liked for that; how long a product has been there differs from week to week.
                    let value = match column.attribute.as_str() {
                        AGE => self.age(product, one.week),
                        _ => column.values[product],
                    };
                    values.values.push(value);
                }
            }
        }
        let n = choices.chooser.len() as f64;
        (choices, paid / n.max(1.0))
    }

    /// ln(1 + months since its launch), or since it first sold.
    fn age(&self, product: usize, week: i32) -> f64 {
        let first = self.prices[product].keys().next().copied().unwrap_or(week);
        let launched = self.launched[product].map_or(first, |day| Step::Week.of(Day(day)) as i32);
        (f64::from((week - launched).max(0)) * 12.0 / 52.18).ln_1p()
    }

    /// Pieces of each product among the purchases.
    fn counts(&self) -> Vec<f64> {
        let mut counts = vec![0.0; self.products.len()];
        self.bought.iter().for_each(|one| counts[one.product] += 1.0);
        counts
    }
}

/// The control for age: no product's own.
const AGE: &str = "(age)";

/// Columns of the model: specs that are told of most purchases and differ, then brands and age, which are not told.
fn columns(shelf: &Shelf) -> Vec<Column> {
    let counts = shelf.counts();
    let total: f64 = counts.iter().sum();
    let mut by_attribute: BTreeMap<&'static str, Vec<Option<Fact>>> = BTreeMap::new();
    for (at, product) in shelf.products.iter().enumerate() {
        for fact in facts(product, kind_of(product)).facts.into_iter().filter(|fact| fact.field.starts_with("specs.")) {
            let of = by_attribute.entry(fact.attribute.key).or_insert_with(|| vec![None; shelf.products.len()]);
            of[at] = Some(fact);
        }
    }
    let known = |facts: &[Option<Fact>]| {
        facts.iter().zip(&counts).filter(|(fact, _)| fact.is_some()).map(|(_, n)| n).sum::<f64>() / total.max(1.0)
    };
    let mut specs: Vec<Column> = by_attribute
        .values()
        .filter(|facts| known(facts) >= KNOWN_MIN)
        .filter_map(|facts| numeric(facts, &counts).or_else(|| worded(facts, &counts)))
        .collect();
    // Those that usually matter most, if there are too many.
    specs.sort_by(|a, b| {
        let weight =
            |one: &Column| content::plan::attributes::attribute(&one.attribute).map_or(0.0, |found| found.weight);
        weight(b).total_cmp(&weight(a)).then(a.attribute.cmp(&b.attribute))
    });
    specs.truncate(ATTRIBUTES_MAX);
    specs.extend(brands(shelf, &counts));
    specs.push(control(AGE, vec![0.0; shelf.products.len()]));
    specs
}

fn control(name: &str, values: Vec<f64>) -> Column {
    let (name, none) = (name.to_owned(), Text::same(""));
    Column { name: Text::same(&name), attribute: name, from: none.clone(), to: none, values, is_told: false }
}

/// A value of a spec, what was sold of it, and one fact that gives it.
type Sold<'a> = (f64, f64, &'a Fact);

/// The gap that is told: between the two neighbouring values that sell most; where values are many, as grams are, between those a
/// quarter of what was sold lies below and above.
fn gap_of<'a>(sold: &[Sold<'a>]) -> Option<(Sold<'a>, Sold<'a>)> {
    let total: f64 = sold.iter().map(|one| one.1).sum();
    if sold.len() > NEIGHBOURS_MAX {
        let at = |share: f64| {
            let mut below = 0.0;
            sold.iter().copied().find(|one| {
                below += one.1;
                below >= share * total
            })
        };
        let (low, high) = (at(0.25)?, at(0.75)?);
        return (high.0 > low.0).then_some((low, high));
    }
    let least = |pair: &[Sold]| pair[0].1.min(pair[1].1);
    let pair = sold.windows(2).max_by(|a, b| least(a).total_cmp(&least(b)))?;
    (least(pair) > 0.0).then_some((pair[0], pair[1]))
}

/// A spec in numbers.
fn numeric(facts: &[Option<Fact>], counts: &[f64]) -> Option<Column> {
    let first = facts.iter().flatten().next()?;
    let dimension = first.reading.number?.1;
    let number = |fact: &Fact| fact.reading.number.filter(|(_, of)| *of == dimension).map(|(number, _)| number);
    let mut sold: Vec<Sold> = Vec::new();
    for (fact, n) in facts.iter().zip(counts) {
        let Some((fact, value)) = fact.as_ref().and_then(|fact| Some((fact, number(fact)?))) else { continue };
        match sold.iter_mut().find(|(known, _, _)| (known - value).abs() < 1e-9) {
            Some((_, sum, _)) => *sum += n,
            None => sold.push((value, *n, fact)),
        }
    }
    sold.sort_by(|a, b| a.0.total_cmp(&b.0));
    let pair = gap_of(&sold)?;
    let is_log = sold[0].0 > 0.0 && sold.last()?.0 / sold[0].0 >= SPAN_LOG;
    let scale = |value: f64| if is_log { value.ln() } else { value };
    let gap = scale(pair.1.0) - scale(pair.0.0);
    let total: f64 = sold.iter().map(|one| one.1).sum();
    let mean = sold.iter().map(|one| scale(one.0) * one.1).sum::<f64>() / total;
    // What does not tell it counts as the mean.
    let value = |fact: &Option<Fact>| fact.as_ref().and_then(number).map_or(mean, scale) / gap;
    let text = |fact: &Fact| Text { zh: fact.reading.zh.clone(), en: fact.reading.en.clone() };
    Some(Column {
        attribute: first.attribute.key.to_owned(),
        name: Text { zh: first.attribute.label_zh.to_owned(), en: first.attribute.label_en.to_owned() },
        from: text(pair.0.2),
        to: text(pair.1.2),
        values: facts.iter().map(value).collect(),
        is_told: true,
    })
}

/// A spec in words with few levels: the second most sold against the most sold.
fn worded(facts: &[Option<Fact>], counts: &[f64]) -> Option<Column> {
    let first = facts.iter().flatten().next()?;
    let mut levels: BTreeMap<&str, (f64, &Fact)> = BTreeMap::new();
    for (fact, n) in facts.iter().zip(counts) {
        if let Some(fact) = fact {
            levels.entry(fact.reading.en.as_str()).or_insert((0.0, fact)).0 += n;
        }
    }
    let total: f64 = levels.values().map(|(n, _)| n).sum();
    if !(2..=LEVELS_MAX).contains(&levels.len()) || levels.values().any(|(n, _)| *n < LEVEL_SHARE_MIN * total) {
        return None;
    }
    let mut order: Vec<(&str, (f64, &Fact))> = levels.into_iter().collect();
    order.sort_by(|a, b| b.1.0.total_cmp(&a.1.0).then(a.0.cmp(b.0)));
    let (from, to) = (order[0].1.1, order[1].1.1);
    let value =
        |fact: &Option<Fact>| f64::from(u8::from(fact.as_ref().is_some_and(|fact| fact.reading.en == to.reading.en)));
    let text = |fact: &Fact| Text { zh: fact.reading.zh.clone(), en: fact.reading.en.clone() };
    Some(Column {
        attribute: first.attribute.key.to_owned(),
        name: Text { zh: first.attribute.label_zh.to_owned(), en: first.attribute.label_en.to_owned() },
        from: text(from),
        to: text(to),
        values: facts.iter().map(value).collect(),
        is_told: true,
    })
}

/// The brands that sell most, but for the first: they are what the others are compared with.
fn brands(shelf: &Shelf, counts: &[f64]) -> Vec<Column> {
    let mut sold: BTreeMap<&str, f64> = BTreeMap::new();
    for (product, n) in shelf.products.iter().zip(counts) {
        *sold.entry(product.brand.as_deref().unwrap_or_default()).or_default() += n;
    }
    let mut order: Vec<(&str, f64)> = sold.into_iter().filter(|(_, n)| *n > 0.0).collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    let one = |(brand, _): &(&str, f64)| {
        let is = |product: &Product| f64::from(u8::from(product.brand.as_deref().unwrap_or_default() == *brand));
        control(&format!("(brand) {brand}"), shelf.products.iter().map(is).collect())
    };
    order.iter().skip(1).take(BRANDS_MAX).map(one).collect()
}

fn told(
    shelf: &Shelf,
    category: String,
    categories: Vec<SellingCategory>,
    names: &BTreeMap<String, Text>,
    today: Day,
) -> Result<SellingPoints> {
    let mut columns = columns(shelf);
    let all: Vec<&Bought> = shelf.bought.iter().collect();
    let mut left_out = Vec::new();
    // One after the other is left out until none is told by the rest.
    let (answer, price) = loop {
        let (choices, price) = shelf.choices(&columns, &all);
        if choices.set.is_empty() {
            break (None, 0.0);
        }
        let answer = fit(&choices)?;
        let entangled = answer
            .value
            .as_ref()
            .and_then(|found| columns.iter().rposition(|one| one.is_told && found.entangled.contains(&one.attribute)));
        match entangled {
            Some(at) => left_out.push(columns.remove(at).attribute),
            None => break (Some(answer), price),
        }
    };
    let everyone = Text { zh: "全部顾客".to_owned(), en: "all customers".to_owned() };
    let mut segments = vec![segment(None, everyone, &columns, answer, price, shelf.bought.len())?];
    if !segments[0].backing.is_refused() {
        for (number, n) in by_size(shelf).into_iter().take(SEGMENTS_MAX) {
            let own: Vec<&Bought> = shelf.bought.iter().filter(|one| one.segment == Some(number)).collect();
            let (choices, price) = shelf.choices(&columns, &own);
            if choices.chooser.len() < SEGMENT_CHOICES_MIN {
                continue;
            }
            let key = shelf.segments[number as usize].clone();
            let name = names.get(&key).cloned().unwrap_or_else(|| Text::same(&key));
            segments.push(segment(Some(key), name, &columns, Some(fit(&choices)?), price, n)?);
        }
    }
    Ok(SellingPoints { as_of: today.to_string(), level: LEVEL, category, categories, left_out, segments })
}

/// Segments with their purchases, the largest first.
fn by_size(shelf: &Shelf) -> Vec<(u32, usize)> {
    let mut sizes: Vec<(u32, usize)> = (0..shelf.segments.len() as u32)
        .map(|number| (number, shelf.bought.iter().filter(|one| one.segment == Some(number)).count()))
        .collect();
    sizes.sort_by_key(|(number, n)| (std::cmp::Reverse(*n), *number));
    sizes
}

fn segment(
    key: Option<String>,
    name: Text,
    columns: &[Column],
    answer: Option<Answer<Fitted>>,
    price: f64,
    n: usize,
) -> Result<SellingSegment> {
    let backing = match &answer {
        Some(answer) => Backing::of(answer),
        None => Backing::refused(
            "few_choices",
            "这个品类没有同时在售、可以比较的购买。",
            "No purchases of this category had anything beside them to compare with.",
        ),
    };
    let mut told = SellingSegment {
        segment: key,
        name,
        n_choices: n as u64,
        price_cents: price,
        points: Vec::new(),
        weights: BTreeMap::new(),
        backing,
    };
    let Some(found) = answer.and_then(|answer| answer.value) else { return Ok(told) };
    if !columns.iter().any(|one| one.is_told) {
        told.backing = Backing::refused(
            "no_specs",
            "商品没有写规格（specs），或规格都一样：没有可以比较的卖点。",
            "Products give no specs, or all the same: there is nothing to compare.",
        );
        return Ok(told);
    }
    told.n_choices = found.n_sets as u64;
    let names: Vec<&str> = columns.iter().map(|one| one.attribute.as_str()).collect();
    let worths = worths(&found, &names, LEVEL)?;
    for (column, worth) in columns.iter().zip(worths).filter(|(column, _)| column.is_told) {
        // Where cheaper is not shown to be taken more, what goes with a low price looks liked and what goes with a high one unwanted.
        let shown = worth.share.unwrap_or(worth.coefficient);
        let shows = match () {
            () if worth.share.is_none() => "open",
            () if shown.low > 0.0 => "worth",
            () if shown.high < 0.0 => "unwanted",
            () => "open",
        };
        told.points.push(SellingPoint {
            attribute: column.attribute.clone(),
            name: column.name.clone(),
            from: column.from.clone(),
            to: column.to.clone(),
            worth: worth.share.map(Interval::from),
            worth_cents: worth.share.map(|share| share.scaled(price).into()),
            coefficient: worth.coefficient.into(),
            shows: shows.to_owned(),
        });
    }
    let strength = |point: &SellingPoint| {
        let half = (point.coefficient.high - point.coefficient.low) / 2.0;
        if half > 0.0 { point.coefficient.value / half } else { 0.0 }
    };
    told.points.sort_by(|a, b| strength(b).total_cmp(&strength(a)).then(a.attribute.cmp(&b.attribute)));
    told.weights = weights(&told.points);
    Ok(told)
}

/// How much each attribute matters, 0 to 1, for the order of selling points in copies: 0.5 as usual; what is worth money beyond doubt up to 1
/// for the most liked, what is not wanted beyond doubt a quarter.
fn weights(points: &[SellingPoint]) -> BTreeMap<String, f64> {
    let most = points.iter().filter(|one| one.shows == "worth").map(|one| one.coefficient.value).fold(0.0, f64::max);
    let of = |point: &SellingPoint| match point.shows.as_str() {
        "worth" if most > 0.0 => 0.5 + 0.5 * point.coefficient.value / most,
        "unwanted" => 0.25,
        _ => 0.5,
    };
    let told = points.iter().filter(|one| one.shows != "open");
    told.map(|point| (point.attribute.clone(), (of(point) * 1000.0).round() / 1000.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Phones of two memories and two screens; buyers weigh price by −3 and pay 15 % for the larger memory.
    fn shelf(n: usize, is_told: bool) -> Shelf {
        shelf_weighing(-3.0, n, is_told)
    }

    fn shelf_weighing(by_price: f64, n: usize, is_told: bool) -> Shelf {
        let mut random = Random::new(4);
        let mut shelf = Shelf { segments: vec!["a".into(), "b".into()], ..Shelf::default() };
        for at in 0..16usize {
            let (memory, screen) = (["8 GB", "12 GB"][at % 2], ["OLED", "LCD"][at / 2 % 2]);
            let mut product = Product {
                product_id: format!("p{at:02}"),
                name: format!("Phone {at}"),
                category: Some("Electronics/Phones".into()),
                brand: Some(["Nova", "Orbit"][at / 4 % 2].into()),
                ..Product::default()
            };
            if is_told {
                product.specs = BTreeMap::from([
                    ("memory".to_owned(), memory.to_owned()),
                    ("panel".to_owned(), screen.to_owned()),
                    ("battery".to_owned(), format!("{} mAh", 4000 + 500 * (at / 8))),
                ]);
            }
            shelf.products.push(product);
            shelf.launched.push(Some(0));
            let prices = (0..60).map(|week| (week, 300_000.0 * (0.3 * random.normal()).exp()));
            shelf.prices.push(prices.collect());
        }
        for at in 0..n {
            let week = (at % 60) as i32;
            let liked = |product: usize, random: &mut Random| {
                let price = shelf.price(product, week).unwrap();
                let gumbel = -(-random.uniform().max(1e-300).ln()).ln();
                by_price * price.ln() + f64::from(u8::from(product % 2 == 1)) * 3.0 * 1.15f64.ln() + gumbel
            };
            let scores: Vec<f64> = (0..16).map(|product| liked(product, &mut random)).collect();
            let best = (0..16).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).unwrap();
            let segment = Some((at % 2) as u32);
            shelf.bought.push(Bought { customer: at as u32 / 2, product: best, week, segment });
        }
        shelf
    }

    fn point<'a>(of: &'a SellingSegment, attribute: &str) -> &'a SellingPoint {
        of.points.iter().find(|one| one.attribute == attribute).unwrap()
    }

    #[test]
    fn a_gap_that_is_paid_for_is_found_in_money_and_handed_over_as_a_weight() {
        let told =
            told(&shelf(3000, true), "Electronics/Phones".into(), Vec::new(), &BTreeMap::new(), Day(20_000)).unwrap();
        assert_eq!(told.segments.len(), 3);
        let all = &told.segments[0];
        let memory = point(all, "memory");
        assert_eq!((memory.from.en.as_str(), memory.to.en.as_str()), ("8 GB", "12 GB"));
        let worth = memory.worth.unwrap();
        assert!(worth.low < 0.15 && 0.15 < worth.high && worth.high - worth.low < 0.12, "{worth:?}");
        assert!((memory.worth_cents.unwrap().value / worth.value / all.price_cents - 1.0).abs() < 1e-9);
        assert_eq!((memory.shows.as_str(), all.points[0].attribute.as_str()), ("worth", "memory"));
        let battery = point(all, "battery").worth.unwrap();
        assert!(battery.low < 0.0 && battery.high > 0.0, "{battery:?}");
        assert_eq!(all.weights["memory"], 1.0);
        assert!(told.segments[1..].iter().all(|one| one.n_choices == 1500 && one.segment.is_some()));
    }

    /// Who does not mind the price shows no money in a spec, and what goes with a high price is not unwanted for that.
    #[test]
    fn without_a_price_that_matters_no_spec_is_worth_or_unwanted() {
        let shelf = shelf_weighing(1.0, 3000, true);
        let told = told(&shelf, "Electronics/Phones".into(), Vec::new(), &BTreeMap::new(), Day(20_000)).unwrap();
        let all = &told.segments[0];
        assert!(
            !all.points.is_empty() && all.points.iter().all(|one| one.worth.is_none() && one.shows == "open"),
            "{all:?}"
        );
        assert!(all.weights.is_empty(), "{:?}", all.weights);
    }

    #[test]
    fn without_specs_or_purchases_nothing_is_told() {
        let ask = |shelf: &Shelf| told(shelf, "x".into(), Vec::new(), &BTreeMap::new(), Day(20_000)).unwrap().segments;
        let without = ask(&shelf(500, false));
        assert_eq!((without.len(), without[0].backing.caveats[0].kind.as_str()), (1, "no_specs"));
        let few = ask(&shelf(40, true));
        assert_eq!((few.len(), few[0].backing.caveats[0].kind.as_str()), (1, "few_choices"));
        let mut alone = shelf(0, true);
        alone.bought.clear();
        assert!(ask(&alone)[0].backing.is_refused());
    }
}
