//! Launches of the catalogue: on which day each product came, what it sold since, and which are alike. Not here: curves.

use std::collections::BTreeMap;

use data::Shop;
use data::arrow::array::{Array, RecordBatch};
use domain::Day;

use super::{LaunchDeskRequest, not_launched};
use crate::error::{Result, ServiceError, clipped};
use crate::flows::plan::launch::lines::Articles;
use crate::flows::rows::{floats, integers, query, quoted, texts};

/// Look-alikes taken, and how few make it worth looking in the next larger category, too.
const LOOKALIKES: usize = 20;
const ENOUGH: usize = 8;
/// A look-alike was on sale for so many days and more.
const DAYS_SEEN: i32 = 28;
/// The first sale tells a launch if the shop's orders began so many days before.
const DAYS_BEFORE: i32 = 56;
/// … and so many days of sales would have been expected in them: that none came by chance is then a matter of 1 in 20,000, so that of
/// thousands of products hardly one is taken for new.
const MISSED_MIN: f64 = 10.0;
/// Fewer days of sales tell no rate.
const DAYS_SOLD_MIN: usize = 5;
/// What is paid in so many days from the launch on is the price at the launch.
const DAYS_OF_PRICE: i32 = 28;
/// Days around a launch that are read: pre-orders before, the longest horizon after.
const DAYS_EARLY: i32 = 180;
const DAYS_LATE: i32 = 7 * super::WEEKS_MAX as i32;
/// Prices further apart than so many times are not alike.
const TIMES_MAX: f64 = 3.0;
/// How far apart in the logarithm of the price another brand, an unknown price and the next larger category make a product; another product
/// of the line is as much nearer.
const OTHER_BRAND: f64 = 0.4;
const NO_PRICE: f64 = 0.8;
const LARGER_CATEGORY: f64 = 0.8;
const SAME_LINE: f64 = 0.4;

/// A product with the day it came.
#[derive(Clone, Debug, Default)]
pub(super) struct Debut {
    pub id: String,
    pub name: String,
    pub brand: String,
    pub category: String,
    pub price_cents: Option<i64>,
    pub cost_cents: Option<i64>,
    pub stock: Option<i64>,
    pub launched: Option<Day>,
    /// Whether the day is the first sale.
    pub is_assumed: bool,
    pub retired: Option<Day>,
    pub line: Option<usize>,
    /// By day: pieces and what was paid for them.
    pub days: BTreeMap<i32, (f64, f64)>,
}

impl Debut {
    /// Pieces from one day to another, the last not included.
    pub fn sold(&self, from: i32, until: i32) -> f64 {
        self.days.range(from..until.max(from)).fold(0.0, |sum, (_, (units, _))| sum + units)
    }

    /// What was paid for one at the launch; what the catalogue says where nothing was sold.
    pub fn launch_price(&self) -> Option<f64> {
        let launched = self.launched?.0;
        let (units, cents) = self
            .days
            .range(launched..launched.saturating_add(DAYS_OF_PRICE))
            .fold((0.0, 0.0), |sum, (_, one)| (sum.0 + one.0, sum.1 + one.1));
        if units > 0.0 && cents > 0.0 { Some(cents / units) } else { self.price_cents.map(|cents| cents as f64) }
    }
}

/// All products with the days they came.
#[derive(Debug, Default)]
pub(super) struct Debuts {
    pub all: Vec<Debut>,
    pub by_id: BTreeMap<String, usize>,
    /// The first day of orders.
    pub first: Option<Day>,
    /// Order lines of the whole shop by day.
    lines: BTreeMap<i32, f64>,
}

/// The product that is asked about.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Its place in the catalogue, if it is in it.
    pub place: Option<usize>,
    pub name: String,
    pub brand: String,
    pub category: String,
    pub price_cents: Option<i64>,
    pub cost_cents: Option<i64>,
    pub stock: Option<i64>,
    pub launched: Day,
    pub is_assumed: bool,
    pub line: Option<usize>,
}

/// Reads catalogue and sales by day.
///
/// `whole`: a product of which all days are read; of others those around their launch.
pub(super) async fn read(shop: &Shop, today: Day, whole: Option<&str>) -> Result<Debuts> {
    let articles = Articles::read(shop).await?;
    let mut all: Vec<Debut> = articles
        .all
        .iter()
        .map(|one| Debut {
            id: one.id.clone(),
            name: one.name.clone(),
            brand: one.brand.clone(),
            category: one.category.clone(),
            stock: one.stock,
            launched: one.launched,
            retired: one.retired,
            line: one.line,
            ..Debut::default()
        })
        .collect();
    for batch in query(shop, "select product_id, price_cents, cost_cents from products").await? {
        let (ids, prices, costs) =
            (texts(&batch, "product_id")?, integers(&batch, "price_cents")?, integers(&batch, "cost_cents")?);
        for row in 0..batch.num_rows() {
            if let Some(at) = articles.by_id.get(ids.value(row)) {
                all[*at].price_cents = prices.is_valid(row).then(|| prices.value(row)).filter(|cents| *cents > 0);
                all[*at].cost_cents = costs.is_valid(row).then(|| costs.value(row)).filter(|cents| *cents > 0);
            }
        }
    }
    let mut debuts = Debuts { all, by_id: articles.by_id, ..Debuts::default() };
    debuts.read_sales(shop, today, whole).await?;
    debuts.assume(today);
    Ok(debuts)
}

impl Debuts {
    async fn read_sales(&mut self, shop: &Shop, today: Day, whole: Option<&str>) -> Result<()> {
        let of_one = whole.map_or(String::new(), |id| format!("or s.product_id = {}", quoted(id)));
        let sql = format!(
            "with sales as (
              select product_id, cast(shop_day(ordered_at) as int) as day, cast(sum(quantity) as double) as units,
                cast(sum(quantity * unit_price_cents - coalesce(discount_cents, 0)) as double) as cents
              from orders where quantity > 0 group by product_id, cast(shop_day(ordered_at) as int)
            ), began as (select product_id, min(day) as first_day from sales group by product_id)
            select s.product_id as product_id, s.day as day, s.units as units, s.cents as cents
            from sales s join began b on b.product_id = s.product_id left join products p on p.product_id = s.product_id
            where s.day <= {} and (s.day - coalesce(cast(p.launched_on as int), b.first_day) between -{DAYS_EARLY} and {DAYS_LATE} {of_one})",
            today.0
        );
        let mut take = |batch: RecordBatch| -> Result<()> {
            let (ids, days) = (texts(&batch, "product_id")?, integers(&batch, "day")?);
            let (units, cents) = (floats(&batch, "units")?, floats(&batch, "cents")?);
            for row in (0..batch.num_rows()).filter(|&row| ids.is_valid(row) && days.is_valid(row)) {
                let day = days.value(row) as i32;
                if let Some(at) = self.by_id.get(ids.value(row)) {
                    let of = self.all[*at].days.entry(day).or_default();
                    *of = (of.0 + units.value(row), of.1 + cents.value(row));
                }
            }
            Ok(())
        };
        shop.engine()?.for_each(&sql, &mut take).await?;
        let of_shop = "select cast(shop_day(ordered_at) as int) as day, cast(count(*) as double) as n from orders where quantity > 0
            group by cast(shop_day(ordered_at) as int)";
        for batch in query(shop, of_shop).await? {
            let (days, n) = (integers(&batch, "day")?, floats(&batch, "n")?);
            let known = (0..batch.num_rows()).filter(|&row| days.is_valid(row));
            self.lines.extend(known.map(|row| (days.value(row) as i32, n.value(row))));
        }
        self.first = self.lines.keys().next().map(|day| Day(*day));
        Ok(())
    }

    /// The first sale as the launch of products whose catalogue names no day, where the shop had been selling for some weeks by then and the
    /// product sold so often afterwards that it would have been seen before, as much as the whole shop sold then and after.
    fn assume(&mut self, today: Day) {
        let Some(first) = self.first else { return };
        for one in self.all.iter_mut().filter(|one| one.launched.is_none()) {
            let Some(began) = one.days.keys().next().copied().filter(|day| *day >= first.0 + DAYS_BEFORE) else {
                continue;
            };
            let lines = |from: i32, until: i32| self.lines.range(from..until).fold(0.0, |sum, (_, n)| sum + n);
            let after = lines(began, (began + DAYS_LATE).min(today.0 + 1).max(began + 1)).max(1.0);
            let missed = one.days.len() as f64 * lines(first.0, began) / after;
            (one.launched, one.is_assumed) = if one.days.len() >= DAYS_SOLD_MIN && missed >= MISSED_MIN {
                (Some(Day(began)), true)
            } else {
                (None, false)
            };
        }
    }

    /// The product that is asked about.
    ///
    /// # Errors
    /// If there is none of that id, or no day of its launch is known.
    pub fn target(&self, request: &LaunchDeskRequest) -> Result<Target> {
        let place = match &request.product_id {
            Some(id) => Some(*self.by_id.get(id).ok_or_else(|| ServiceError::not_found("product", &clipped(id)))?),
            None => None,
        };
        let one = place.map(|at| &self.all[at]);
        let text = |asked: &Option<String>, own: Option<&String>| asked.clone().or(own.cloned()).unwrap_or_default();
        let launched = request.launch_on.or(one.and_then(|one| one.launched));
        let Some(launched) = launched else {
            return Err(not_launched(request.product_id.as_deref().unwrap_or_default()));
        };
        Ok(Target {
            place,
            name: one.map(|one| one.name.clone()).unwrap_or_default(),
            brand: text(&request.brand, one.map(|one| &one.brand)),
            category: text(&request.category, one.map(|one| &one.category)),
            price_cents: request.price_cents.or(one.and_then(|one| one.price_cents)),
            cost_cents: request.cost_cents.or(one.and_then(|one| one.cost_cents)),
            stock: one.and_then(|one| one.stock),
            launched,
            is_assumed: request.launch_on.is_none() && one.is_some_and(|one| one.is_assumed),
            line: one.and_then(|one| one.line),
        })
    }

    /// Products whose launch was seen, the most alike first; those named, where some are.
    ///
    /// # Errors
    /// If one that is named is not there or its launch was not seen.
    pub fn lookalikes(&self, target: &Target, named: &[String], today: Day) -> Result<Vec<usize>> {
        if !named.is_empty() {
            return named.iter().map(|id| self.named(id, target, today)).collect();
        }
        let mut near: Vec<(f64, usize)> = Vec::new();
        let mut category = target.category.as_str();
        let mut n_up = 0;
        while !category.is_empty() && near.len() < ENOUGH {
            let of = |at: usize| Some((self.distance(target, at, n_up)?, at));
            let is_new = |at: usize| near.iter().all(|(_, known)| *known != at);
            let is_in = |at: &usize| {
                within(&self.all[*at].category, category) && is_new(*at) && self.was_seen(*at, target, today)
            };
            let found: Vec<(f64, usize)> = (0..self.all.len()).filter(is_in).filter_map(of).collect();
            near.extend(found);
            category = category.rsplit_once('/').map_or("", |(larger, _)| larger);
            n_up += 1;
        }
        near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        near.truncate(LOOKALIKES);
        Ok(near.into_iter().map(|(_, at)| at).collect())
    }

    fn named(&self, id: &str, target: &Target, today: Day) -> Result<usize> {
        let at = *self.by_id.get(id).ok_or_else(|| ServiceError::not_found("look-alike", &clipped(id)))?;
        if !self.was_seen(at, target, today) {
            let message =
                format!("the launch of '{}' was not seen for {DAYS_SEEN} days within the shop's orders", clipped(id));
            return Err(ServiceError::usage("lookalikes", message)
                .help("name products that were launched after the orders began"));
        }
        Ok(at)
    }

    /// Whether a product came within the shop's time and was on sale long enough.
    fn was_seen(&self, at: usize, target: &Target, today: Day) -> bool {
        let (Some(launched), Some(first)) = (self.all[at].launched, self.first) else { return false };
        let end = self.all[at].retired.map_or(today.0 + 1, |day| day.0.min(today.0 + 1));
        target.place != Some(at) && launched >= first && end - launched.0 >= DAYS_SEEN
    }

    /// How unlike a product is, in logarithms of the price; `None` if its price is too far off.
    fn distance(&self, target: &Target, at: usize, n_up: usize) -> Option<f64> {
        let one = &self.all[at];
        let apart = match (target.price_cents.filter(|cents| *cents > 0), one.launch_price()) {
            (Some(own), Some(other)) => (own as f64 / other).ln().abs(),
            _ => NO_PRICE,
        };
        if apart > TIMES_MAX.ln() {
            return None;
        }
        let brand = if !target.brand.is_empty() && one.brand == target.brand { 0.0 } else { OTHER_BRAND };
        let line = if target.line.is_some() && one.line == target.line { SAME_LINE } else { 0.0 };
        Some(apart + brand - line + LARGER_CATEGORY * n_up as f64)
    }
}

/// Whether a category is one or lies within it.
fn within(category: &str, larger: &str) -> bool {
    category.strip_prefix(larger).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn debut(id: &str, brand: &str, category: &str, price: i64, launched: i32) -> Debut {
        Debut {
            id: id.into(),
            brand: brand.into(),
            category: category.into(),
            price_cents: Some(price),
            launched: Some(Day(launched)),
            days: BTreeMap::from([(launched, (1.0, price as f64))]),
            ..Debut::default()
        }
    }

    fn debuts(all: Vec<Debut>) -> Debuts {
        let by_id = all.iter().enumerate().map(|(at, one)| (one.id.clone(), at)).collect();
        Debuts { all, by_id, first: Some(Day(0)), lines: (0..1000).map(|day| (day, 5.0)).collect() }
    }

    fn asked(id: &str) -> LaunchDeskRequest {
        LaunchDeskRequest { product_id: Some(id.to_owned()), ..LaunchDeskRequest::default() }
    }

    #[test]
    fn the_same_brand_and_price_are_more_alike_and_the_larger_category_comes_last() {
        let found = debuts(vec![
            debut("new", "Acme", "Phones/Smart", 10_000, 900),
            debut("brand", "Acme", "Phones/Smart", 11_000, 500),
            debut("other", "Zeta", "Phones/Smart", 10_000, 500),
            debut("dear", "Acme", "Phones/Smart", 40_000, 500),
            debut("feature", "Acme", "Phones/Feature", 10_000, 500),
            debut("before", "Acme", "Phones/Smart", 10_000, -5),
            debut("late", "Acme", "Phones/Smart", 10_000, 990),
            debut("tablet", "Acme", "Phonesque", 10_000, 500),
        ]);
        let target = found.target(&asked("new")).unwrap();
        let ids = |named: &[String]| -> Vec<String> {
            let chosen = found.lookalikes(&target, named, Day(1000)).unwrap();
            chosen.into_iter().map(|at| found.all[at].id.clone()).collect()
        };
        // Three times and more, a launch before the shop's time, and one of ten days are none.
        assert_eq!(ids(&[]), ["brand", "other", "feature"]);
        assert_eq!(ids(&["dear".to_owned()]), ["dear"]);
        assert!(
            found.lookalikes(&target, &["before".to_owned()], Day(1000)).unwrap_err().to_string().contains("not seen")
        );
        assert!(found.lookalikes(&target, &["gone".to_owned()], Day(1000)).is_err());
    }

    #[test]
    fn a_first_sale_is_a_launch_once_the_shop_had_been_selling() {
        let mut all = vec![debut("old", "", "A", 1, 3), debut("new", "", "A", 1, 200), debut("rare", "", "A", 1, 200)];
        all.iter_mut().for_each(|one| one.launched = None);
        all[1].days = (200..300).map(|day| (day, (1.0, 1.0))).collect();
        all[2].days = (200..300).step_by(17).map(|day| (day, (1.0, 1.0))).collect();
        let mut found = debuts(all);
        found.assume(Day(399));
        let told: Vec<_> = found.all.iter().map(|one| (one.launched, one.is_assumed)).collect();
        // Of six sales in two hundred days as many would have come in those before, and none by chance once in four hundred shops.
        assert_eq!(told, [(None, false), (Some(Day(200)), true), (None, false)]);
        assert!(found.target(&asked("old")).unwrap_err().to_string().contains("no day of launch"));
        assert!(found.target(&asked("none")).is_err());
    }
}
