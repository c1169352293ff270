//! The life of the shop's product generations: who owns which, who is due for the next, whether owners switch or leapfrog, what
//! becomes of the old one's stock, and how lines sell on.
//!
//! Published as a model of kind `generations`; what each customer owns and may replace is the table `upgrades`, which SQL and
//! audiences read.

pub(super) mod lines;
mod owners;
mod sales;

use std::collections::BTreeMap;

use data::Shop;
use domain::{CustomerUpgrade, Day};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::lines::Articles;
use self::owners::{Judged, Owners, Spell, due, judge};
use self::sales::{Pieces, old_stock, outlook};
use super::{Backing, Interval, made};
use crate::clock;
use crate::error::{Result, ServiceError};
use crate::flows::Progress;
use crate::flows::audience::present;

/// The kind of model under `models/`.
pub const KIND: &str = "generations";
/// Who is due is told for so many months.
pub const MONTHS: usize = 3;
const LEVEL: f64 = 0.9;
const SEED: u64 = 1;
/// Lines told of, those with most owners first, and how many of them with an outlook; stocks told of.
const LINES_MAX: usize = 200;
const OUTLOOKS_MAX: usize = 20;
const STOCKS_MAX: usize = 500;

/// Owners of one age.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AgeOfOwners {
    /// Whole months since it was bought.
    pub months: u32,
    /// Who own one of that age now.
    pub n_owners: u64,
    /// Who were watched at that age, half for those who are at it now, and how many of them replaced theirs.
    pub n_watched: f64,
    pub n_replaced: u64,
    /// The share of them that replaces theirs in a month.
    pub rate: Interval,
}

/// The last three months foretold from what was before them.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct HeldBack {
    pub n_owners: u64,
    pub foretold: Interval,
    /// Foretold by one rate for all ages.
    pub at_one_rate: f64,
    pub came: f64,
}

/// What owners moved to when they replaced theirs.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Move {
    /// `next_generation`, `leapfrogged` (past one or more), `same_or_older`, `other_line` (of the brand) or `other_brand`.
    pub kind: String,
    pub n: u64,
    pub share: Interval,
}

/// How owners of a category replace what they have.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Replaced {
    pub category: String,
    /// Customers who own one bought here, as far as is known.
    pub n_owners: u64,
    pub n_replaced: u64,
    /// The age by which half have replaced theirs here; absent if that was not seen.
    pub kept_months: Option<Interval>,
    /// Owners who will replace theirs here within three months; and by one rate for all ages.
    pub due: Option<Interval>,
    pub due_at_one_rate: f64,
    pub held_back: Option<HeldBack>,
    pub ages: Vec<AgeOfOwners>,
    /// Empty where fewer than twenty replacements were seen.
    pub moves: Vec<Move>,
    #[serde(flatten)]
    pub backing: Backing,
}

/// One generation of a line.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LineGeneration {
    /// 1 for the first.
    pub generation: u32,
    pub product_ids: Vec<String>,
    /// Of the first of its products.
    pub launched_on: Option<String>,
    pub is_on_sale: bool,
    pub n_owners: u64,
    pub mean_months: f64,
    /// Owners expected to replace theirs here within three months.
    pub due: f64,
    /// Pieces sold in the last three months, and pieces in stock.
    pub sold_lately: f64,
    pub stock: u64,
}

/// A generation in the months to come.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GenerationAhead {
    pub generation: u32,
    /// Pieces, by month.
    pub sales: Vec<Interval>,
    pub sales_ahead: Interval,
    /// Of those, by owners of an earlier generation, and by people who would have bought the one before.
    pub switched_in: f64,
    pub leapfrogged_in: f64,
}

/// How a line sells on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LineOutlook {
    /// First days of the months to come.
    pub days: Vec<String>,
    /// The part of the ups and downs of sales that the curve explains.
    pub r_squared: f64,
    pub generations: Vec<GenerationAhead>,
    #[serde(flatten)]
    pub backing: Backing,
}

/// A product line.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProductLine {
    pub name: String,
    pub brand: String,
    pub category: String,
    pub generations: Vec<LineGeneration>,
    pub n_owners: u64,
    /// When the next generation is to be expected if launches go on as before; absent with fewer than three.
    pub next_expected_on: Option<String>,
    /// Of the lines with most owners alone.
    pub outlook: Option<LineOutlook>,
}

/// What is left of an old product's sales.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RunOffPoint {
    /// Up to so many days after the successor came, from thirty before that.
    pub days: u32,
    pub n_products: u64,
    /// In parts of its sales before.
    pub share: Interval,
}

/// The stock of a product whose successor is there.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct OldStock {
    pub product_id: String,
    pub name: String,
    pub category: String,
    pub successor_id: String,
    pub succeeded_on: String,
    pub stock: u64,
    /// Pieces in thirty days before the successor came.
    pub monthly_before: f64,
    /// Of the next ninety days.
    pub sold: Interval,
    pub left: Interval,
    pub left_at_the_rate_before: f64,
    /// The chance that nothing is left.
    pub sold_out: f64,
    /// `sells_out`, `watch` or `mark_down`.
    pub advice: String,
}

/// The shop's generations.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Generations {
    pub version: String,
    pub made_at: i64,
    /// The last day of the shop's data.
    pub as_of: String,
    /// Months for which it is told who is due.
    pub months: u32,
    pub n_products: u64,
    pub n_lines: u64,
    /// Customers of whom a device is known.
    pub n_customers: u64,
    /// Most owners first.
    pub categories: Vec<Replaced>,
    pub lines: Vec<ProductLine>,
    pub run_off: Vec<RunOffPoint>,
    /// What speaks against the run-off.
    pub run_off_backing: Backing,
    /// Most left first.
    pub old_stock: Vec<OldStock>,
    #[serde(flatten)]
    pub backing: Backing,
}

/// Works out owners, who is due and what becomes of old stock, and puts them into service.
///
/// # Errors
/// If the tables cannot be read or written, or the work was cancelled. Too little data is no error but a refusal.
pub async fn train(shop: &Shop, progress: Progress<'_>) -> Result<Generations> {
    shop.lock_for_writing()?;
    let go_on = |share: f64, message: &str| match progress(share, message) {
        true => Ok(()),
        false => Err(ServiceError::conflict("cancelled", "cancelled")),
    };
    go_on(0.0, "reading generations")?;
    let present = present(shop).await?;
    let articles = Articles::read(shop).await?;
    go_on(0.1, "reading what customers own")?;
    let owners = Owners::read(shop, &articles, &present).await?;
    let pieces = Pieces::read(shop, &articles, &present).await?;
    go_on(0.5, "learning when owners replace what they own")?;
    let (mut made, rows) = tokio::task::block_in_place(|| learned(&articles, &owners, &pieces, present.day))?;
    go_on(0.9, "writing what each customer may replace")?;
    tokio::task::block_in_place(|| made::write(shop, &rows))?;
    made.made_at = clock::now().0;
    made.version = made::publish(shop, KIND, &made)?;
    progress(1.0, "in service");
    Ok(made)
}

/// What was last worked out.
///
/// # Errors
/// If nothing was yet, or the file cannot be read.
pub fn published(shop: &Shop) -> Result<Generations> {
    let (version, made): (_, Generations) =
        made::published(shop, KIND, "what customers own and may replace has not been worked out yet")?;
    Ok(Generations { version, ..made })
}

fn learned(
    articles: &Articles,
    owners: &Owners,
    pieces: &Pieces,
    today: Day,
) -> Result<(Generations, Vec<CustomerUpgrade>)> {
    let mut by_category: Vec<Vec<&Spell>> = vec![Vec::new(); owners.categories.len()];
    owners.spells.iter().for_each(|spell| by_category[spell.category as usize].push(spell));
    let judged: Vec<Judged> = owners
        .categories
        .iter()
        .zip(&by_category)
        .map(|(category, spells)| judge(category, spells, articles, today))
        .collect::<Result<_>>()?;
    let rows = due(owners, &judged, articles, today);
    let (run_off_answer, run_off, mut old_stock) = old_stock(articles, pieces, today)?;
    old_stock.truncate(STOCKS_MAX);
    let lines = lines(articles, owners, pieces, &rows, today)?;
    let mut categories: Vec<Replaced> = judged.into_iter().map(|one| one.told).collect();
    categories.sort_by(|a, b| b.n_owners.cmp(&a.n_owners).then(a.category.cmp(&b.category)));
    let made = Generations {
        version: String::new(),
        made_at: 0,
        as_of: today.to_string(),
        months: MONTHS as u32,
        n_products: articles.all.len() as u64,
        n_lines: articles.lines.len() as u64,
        n_customers: owners.ids.len() as u64,
        backing: backing(articles, owners, &categories),
        run_off_backing: Backing::of(&run_off_answer),
        categories,
        lines,
        run_off,
        old_stock,
    };
    Ok((made, rows))
}

fn backing(articles: &Articles, owners: &Owners, categories: &[Replaced]) -> Backing {
    let n_replaced: u64 = categories.iter().map(|one| one.n_replaced).sum();
    if categories.iter().all(|one| one.due.is_none()) {
        let mut backing = Backing::refused(
            "few_replacements",
            "没有一个品类看到足够多的换新，说不出谁该换新。",
            "In no category enough replacements were seen to tell who is due.",
        );
        backing.n = owners.spells.len() as u64;
        return backing;
    }
    let backing = Backing {
        would_change: vec![crate::flows::segment::Text {
            zh: "顾客在别处买的设备：以旧换新和维修登记能补上。".to_owned(),
            en: "Devices bought elsewhere: trade-ins and repairs would tell of them.".to_owned(),
        }],
        ..Backing::enough(n_replaced)
    };
    if articles.lines.is_empty() {
        return backing.but(
            "no_generations",
            "商品表没有 predecessor_id，看不出产品线和世代：这里只按品类估计何时再买一件。请补上 predecessor_id 和 launched_on。",
            "No product names its predecessor_id, so there are no lines or generations: this tells by category alone when \
             another one is bought. Fill in predecessor_id and launched_on.",
        );
    }
    backing
}

fn lines(
    articles: &Articles,
    owners: &Owners,
    pieces: &Pieces,
    upgrades: &[CustomerUpgrade],
    today: Day,
) -> Result<Vec<ProductLine>> {
    // By product: owners, days they have owned it, and how many of them are due.
    let mut owned: BTreeMap<usize, (u64, f64, f64)> = BTreeMap::new();
    for spell in owners.spells.iter().filter(|spell| spell.until.is_none()) {
        let of = owned.entry(spell.product as usize).or_default();
        (of.0, of.1) = (of.0 + 1, of.1 + f64::from(today.0 - spell.from));
    }
    for row in upgrades {
        if let Some(of) = articles.by_id.get(&row.product_id).and_then(|at| owned.get_mut(at)) {
            of.2 += row.chance;
        }
    }
    let n_owners =
        |line: usize| -> u64 { articles.lines[line].iter().map(|at| owned.get(at).map_or(0, |of| of.0)).sum() };
    let mut order: Vec<usize> = (0..articles.lines.len()).collect();
    order.sort_by_key(|line| (std::cmp::Reverse(n_owners(*line)), *line));
    order.truncate(LINES_MAX);
    let mut told = Vec::with_capacity(order.len());
    for (place, line) in order.into_iter().enumerate() {
        let first = &articles.all[articles.lines[line][0]];
        let generations = generations(articles, pieces, &owned, line, today);
        told.push(ProductLine {
            name: articles.line_name(line),
            brand: first.brand.clone(),
            category: first.category.clone(),
            n_owners: n_owners(line),
            next_expected_on: next_expected(&generations),
            generations,
            outlook: if place < OUTLOOKS_MAX { Some(outlook(articles, pieces, line, today)?) } else { None },
        });
    }
    Ok(told)
}

fn generations(
    articles: &Articles,
    pieces: &Pieces,
    owned: &BTreeMap<usize, (u64, f64, f64)>,
    line: usize,
    today: Day,
) -> Vec<LineGeneration> {
    let mut found: BTreeMap<u32, LineGeneration> = BTreeMap::new();
    for at in &articles.lines[line] {
        let one = &articles.all[*at];
        let told = found.entry(one.generation).or_insert_with(|| LineGeneration {
            generation: one.generation,
            product_ids: Vec::new(),
            launched_on: None,
            is_on_sale: false,
            n_owners: 0,
            mean_months: 0.0,
            due: 0.0,
            sold_lately: 0.0,
            stock: 0,
        });
        let (n, days, due) = owned.get(at).copied().unwrap_or_default();
        told.product_ids.push(one.id.clone());
        let launched = one.launched.map(|day| day.to_string());
        told.launched_on = told.launched_on.take().into_iter().chain(launched).min();
        told.is_on_sale |= one.is_on_sale(today);
        // Days for now; months below, once all products are in.
        told.mean_months += days;
        (told.n_owners, told.due) = (told.n_owners + n, told.due + due);
        told.sold_lately += pieces.between(*at, today.0 - 91, today.0 + 1);
        told.stock += one.stock.filter(|stock| *stock > 0).unwrap_or(0) as u64;
    }
    let mut found: Vec<LineGeneration> = found.into_values().collect();
    for one in &mut found {
        one.mean_months = if one.n_owners == 0 { 0.0 } else { one.mean_months / one.n_owners as f64 / 30.437 };
    }
    found
}

/// The last launch and the mean time between launches.
fn next_expected(generations: &[LineGeneration]) -> Option<String> {
    let days: Vec<Day> =
        generations.iter().filter_map(|one| one.launched_on.as_ref().and_then(|day| day.parse().ok())).collect();
    let (first, last) = (days.first()?, days.last()?);
    (days.len() >= 3).then(|| Day(last.0 + (last.0 - first.0) / (days.len() as i32 - 1)).to_string())
}
