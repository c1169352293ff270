//! Pieces of products in generations: what is left of an old one's sales once the next has come, what becomes of its stock, and
//! how lines sell on.

use std::collections::BTreeMap;

use data::Shop;
use data::arrow::array::Array;
use data::arrow::array::RecordBatch;
use domain::Day;
use strategy::generation::{Fitted, Observed, RunOff, Succession, fit, run_off};
use strategy::{Answer, Estimate};

use super::lines::Articles;
use super::{GenerationAhead, LEVEL, LineOutlook, OldStock, RunOffPoint, SEED};
use crate::error::Result;
use crate::flows::audience::sql::Present;
use crate::flows::plan::{Backing, Interval, Step};
use crate::flows::rows::{floats, integers, texts};

/// Sales run off in periods of so many days after the successor came, and are told for so many.
const PERIOD_DAYS: i32 = 30;
const PERIODS_MAX: usize = 12;
/// Periods before that tell what was sold before; a stock is planned for as many ahead.
const PERIODS_BEFORE: i32 = 3;
pub const PERIODS_AHEAD: usize = 3;
/// A stock of which so much is expected to be left should be marked down; sold out with such a chance, it goes by itself.
const LEFT_MUCH: f64 = 0.25;
const SOLD_OUT_SURE: f64 = 0.8;
/// Months ahead of a line's outlook.
const OUTLOOK_MONTHS: usize = 6;

/// Pieces by day of every product of a line.
#[derive(Debug, Default)]
pub struct Pieces {
    by_product: BTreeMap<usize, BTreeMap<i32, f64>>,
    /// The first day of orders.
    pub first: Option<Day>,
}

impl Pieces {
    pub async fn read(shop: &Shop, articles: &Articles, present: &Present) -> Result<Pieces> {
        let end = present.begins(Day(present.day.0.saturating_add(1)));
        let mut pieces = Pieces::default();
        if articles.lines.is_empty() {
            return Ok(pieces);
        }
        let sql = format!(
            "select product_id, cast(shop_day(ordered_at) as int) as day, cast(sum(quantity) as double) as units
            from orders where quantity > 0 and ordered_at < {end} group by product_id, cast(shop_day(ordered_at) as int)"
        );
        let mut take = |batch: RecordBatch| -> Result<()> {
            let (what, days, units) =
                (texts(&batch, "product_id")?, integers(&batch, "day")?, floats(&batch, "units")?);
            for row in (0..batch.num_rows()).filter(|&row| what.is_valid(row) && days.is_valid(row)) {
                let day = days.value(row) as i32;
                pieces.first = Some(pieces.first.map_or(Day(day), |first| Day(first.0.min(day))));
                let product = articles.by_id.get(what.value(row)).copied();
                if let Some(at) = product.filter(|at| articles.all[*at].line.is_some()) {
                    *pieces.by_product.entry(at).or_default().entry(day).or_default() += units.value(row);
                }
            }
            Ok(())
        };
        shop.engine()?.for_each(&sql, &mut take).await?;
        Ok(pieces)
    }

    /// Pieces of a product from one day to another, the first included.
    pub fn between(&self, product: usize, from: i32, until: i32) -> f64 {
        self.by_product.get(&product).map_or(0.0, |days| days.range(from..until.max(from)).map(|(_, n)| n).sum())
    }
}

/// When each product's successor came, and which that is: the first to be launched of those that name it.
fn succeeded(articles: &Articles, today: Day) -> BTreeMap<usize, (Day, usize)> {
    let mut found: BTreeMap<usize, (Day, usize)> = BTreeMap::new();
    for (at, one) in articles.all.iter().enumerate() {
        if let (Some(before), Some(day)) = (one.predecessor, one.launched.filter(|day| *day <= today)) {
            let first = found.entry(before).or_insert((day, at));
            *first = (*first).min((day, at));
        }
    }
    found
}

/// An old product around its successor's coming, while it was on sale.
fn succession(articles: &Articles, pieces: &Pieces, product: usize, came: Day, today: Day) -> Option<Succession> {
    let one = &articles.all[product];
    let begin = came.0 - PERIODS_BEFORE * PERIOD_DAYS;
    let was_there = one.launched.is_none_or(|day| day.0 <= begin) && pieces.first?.0 <= begin;
    if !was_there {
        return None;
    }
    let end = one.retired.map_or(today.0 + 1, |day| day.0.min(today.0 + 1));
    let n_after = ((end - came.0).max(0) / PERIOD_DAYS).min(PERIODS_MAX as i32);
    let after = |at: i32| pieces.between(product, came.0 + at * PERIOD_DAYS, came.0 + (at + 1) * PERIOD_DAYS);
    Some(Succession {
        before: pieces.between(product, begin, came.0) / f64::from(PERIODS_BEFORE),
        after: (0..n_after).map(after).collect(),
    })
}

/// How old generations run off, and what becomes of the stock of those that are there still: the largest stock first.
pub fn old_stock(
    articles: &Articles,
    pieces: &Pieces,
    today: Day,
) -> Result<(Answer<RunOff>, Vec<RunOffPoint>, Vec<OldStock>)> {
    let succeeded = succeeded(articles, today);
    let of = |(product, (came, by)): (&usize, &(Day, usize))| {
        succession(articles, pieces, *product, *came, today).map(|one| (*product, *came, *by, one))
    };
    let all: Vec<(usize, Day, usize, Succession)> = succeeded.iter().filter_map(of).collect();
    let successions: Vec<Succession> = all.iter().map(|(.., one)| one.clone()).collect();
    let answer = run_off(&successions, LEVEL, SEED)?;
    let Some(found) = &answer.value else { return Ok((answer, Vec::new(), Vec::new())) };
    let points = found.shares.iter().zip(&found.n_seen).enumerate();
    let points = points
        .map(|(at, (share, n))| RunOffPoint {
            days: (at as i32 + 1) as u32 * PERIOD_DAYS as u32,
            n_products: *n as u64,
            share: (*share).into(),
        })
        .collect();
    let mut stocks = Vec::new();
    for (product, came, by, own) in &all {
        let one = &articles.all[*product];
        let Some(stock) = one.stock.filter(|stock| *stock > 0 && one.is_on_sale(today)) else { continue };
        let exit = found.exit(own, stock as u64, PERIODS_AHEAD, SEED);
        let advice = match () {
            () if exit.sold_out >= SOLD_OUT_SURE => "sells_out",
            () if exit.left.value >= LEFT_MUCH * stock as f64 => "mark_down",
            () => "watch",
        };
        stocks.push(OldStock {
            product_id: one.id.clone(),
            name: one.name.clone(),
            category: one.category.clone(),
            successor_id: articles.all[*by].id.clone(),
            succeeded_on: came.to_string(),
            stock: stock as u64,
            monthly_before: own.before,
            sold: exit.sold.into(),
            left: exit.left.into(),
            left_at_the_rate_before: (stock as f64 - own.before * PERIODS_AHEAD as f64).max(0.0),
            sold_out: exit.sold_out,
            advice: advice.to_owned(),
        });
    }
    stocks.sort_by(|a, b| b.left.value.total_cmp(&a.left.value).then(a.product_id.cmp(&b.product_id)));
    Ok((answer, points, stocks))
}

/// A line's generations by whole months, those launched within the shop's time alone: of what was bought before nobody knows.
fn observed(articles: &Articles, pieces: &Pieces, line: usize, today: Day) -> Vec<Observed> {
    let Some(first) = pieces.first else { return Vec::new() };
    let months = Step::Month.whole(first, today);
    let mut launches: BTreeMap<u32, (i64, Vec<usize>)> = BTreeMap::new();
    for at in &articles.lines[line] {
        let one = &articles.all[*at];
        let Some(day) = one.launched else { continue };
        let month = Step::Month.of(day);
        let of = launches.entry(one.generation).or_insert((month, Vec::new()));
        of.0 = of.0.min(month);
        of.1.push(*at);
    }
    let mut found: Vec<Observed> = Vec::new();
    for (generation, (launch, products)) in launches {
        let is_later = found.last().is_none_or(|last| last.launch < launch);
        if !months.contains(&launch) || !is_later {
            continue;
        }
        let month = |month: i64| {
            let (from, until) = (Step::Month.first(month).0, Step::Month.first(month + 1).0);
            products.iter().map(|at| pieces.between(*at, from, until)).sum::<f64>()
        };
        let sales = (launch..months.end).map(month).collect();
        found.push(Observed { name: generation.to_string(), launch, sales, market_share: None });
    }
    found
}

/// How a line sells on, after Norton and Bass.
pub fn outlook(articles: &Articles, pieces: &Pieces, line: usize, today: Day) -> Result<LineOutlook> {
    let generations = observed(articles, pieces, line, today);
    let mut told = LineOutlook {
        days: Vec::new(),
        r_squared: 0.0,
        generations: Vec::new(),
        backing: Backing::refused(
            "no_launch_seen",
            "本产品线的各代都在订单开始之前上市，看不到扩散的开头。",
            "All of the line's generations were launched before the orders begin: the beginning of their spread was not seen.",
        ),
    };
    if generations.is_empty() {
        return Ok(told);
    }
    let answer = fit(&generations, OUTLOOK_MONTHS, LEVEL, SEED)?;
    told.backing = Backing::of(&answer);
    if let Some(found) = answer.value {
        if found.r_squared < 0.3 {
            let share = 100.0 * found.r_squared.max(0.0);
            told.backing = told.backing.but(
                "poor_fit",
                format!("曲线只能解释销量起伏的 {share:.0}%。"),
                format!("The curve explains {share:.0} % of the ups and downs of sales."),
            );
        }
        fill(&mut told, &found);
    }
    Ok(told)
}

fn fill(told: &mut LineOutlook, found: &Fitted) {
    let ahead = &found.outlook;
    let n = ahead.generations.first().map_or(0, |one| one.sales.len()) as i64;
    told.days =
        (ahead.first_period..ahead.first_period + n).map(|month| Step::Month.first(month).to_string()).collect();
    told.r_squared = found.r_squared;
    let sum = |flows: &[Estimate]| flows.iter().map(|one| one.value).sum::<f64>();
    told.generations = ahead
        .generations
        .iter()
        .map(|one| GenerationAhead {
            generation: one.name.parse().unwrap_or(0),
            sales: one.sales.iter().map(|sales| Interval::from(*sales)).collect(),
            sales_ahead: one.sales_ahead.into(),
            switched_in: sum(&one.switched_in),
            leapfrogged_in: sum(&one.leapfrogged_in),
        })
        .collect();
}

#[cfg(test)]
mod tests {
    use super::super::lines::Article;
    use super::*;

    /// Forty products of 10 pieces a month, each followed on day 400 by a better one, after which they sell 4.
    fn shop() -> (Articles, Pieces) {
        let (mut all, mut before) = (Vec::new(), Vec::new());
        for at in 0..40 {
            for (generation, launched) in [(1, 0), (2, 400)] {
                all.push(Article {
                    id: format!("p{at}-{generation}"),
                    name: format!("Acme {at} {generation}"),
                    brand: format!("Brand {at}"),
                    category: "Phones".into(),
                    launched: Some(Day(launched)),
                    stock: Some(if at == 0 { 100 } else { 2 }),
                    ..Article::default()
                });
                before.push((generation == 2).then(|| format!("p{at}-1")));
            }
        }
        let articles = Articles::linked(all, &before);
        let mut pieces = Pieces { first: Some(Day(100)), ..Pieces::default() };
        for (at, one) in articles.all.iter().enumerate() {
            let days = pieces.by_product.entry(at).or_default();
            let from = one.launched.unwrap().0.max(100);
            for day in (from..600).step_by(3) {
                let is_old = one.generation == 1 && day >= 400;
                days.insert(day, if is_old { 0.4 } else { 1.0 });
            }
        }
        (articles, pieces)
    }

    #[test]
    fn old_stock_runs_off_as_others_did() {
        let (articles, pieces) = shop();
        let (answer, points, stocks) = old_stock(&articles, &pieces, Day(599)).unwrap();
        assert!(answer.value.is_some() && points.len() == 6 && points[0].n_products == 40);
        assert!(points.iter().all(|point| (point.share.value - 0.4).abs() < 0.03), "{points:?}");
        // Three months of four pieces, not of ten.
        let large = &stocks[0];
        assert_eq!((large.product_id.as_str(), large.advice.as_str(), stocks.len()), ("p0-1", "mark_down", 40));
        assert!(
            (large.sold.value - 12.0).abs() < 2.0 && (large.left_at_the_rate_before - 70.0).abs() < 2.0,
            "{large:?}"
        );
        assert_eq!(stocks[1].advice, "sells_out");
    }

    #[test]
    fn a_line_seen_from_its_launch_has_an_outlook() {
        let (articles, pieces) = shop();
        let told = outlook(&articles, &pieces, 0, Day(599)).unwrap();
        // The second generation alone was launched after the first order, and it has not sold for eight months.
        assert!(told.backing.is_refused() && told.backing.caveats[0].kind == "few_periods", "{:?}", told.backing);
        let seen = observed(&articles, &pieces, 0, Day(599));
        assert_eq!((seen.len(), seen[0].name.as_str(), seen[0].sales.len()), (1, "2", 6));
        let none = Pieces::default();
        assert_eq!(outlook(&articles, &none, 0, Day(599)).unwrap().backing.caveats[0].kind, "no_launch_seen");
    }
}
