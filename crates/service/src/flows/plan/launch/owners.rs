//! Who owns what since when, who replaced it with what, and who is due.

use std::collections::BTreeMap;

use data::Shop;
use data::arrow::array::Array;
use data::arrow::array::RecordBatch;
use domain::{CustomerUpgrade, Day};
use strategy::Estimate;
use strategy::generation::{Ages, Replacing, replacing};

use super::lines::Articles;
use super::{AgeOfOwners, HeldBack, LEVEL, MONTHS, Move, Replaced, SEED};
use crate::error::Result;
use crate::flows::audience::sql::Present;
use crate::flows::plan::{Backing, Interval};
use crate::flows::rows::{integers, quoted, texts};
use crate::flows::segment::slices::{CUSTOMERS_MAX, slices};

const MONTH_DAYS: f64 = 30.437;
/// Moves told of fewer replacements than this would be chance.
const MOVES_MIN: usize = 20;

/// Time in which somebody owned something: until the next purchase of its category, or until now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spell {
    pub customer: u32,
    pub category: u32,
    pub product: u32,
    pub from: i32,
    /// The day and the product that followed.
    pub until: Option<(i32, u32)>,
}

fn months(days: i32) -> usize {
    (f64::from(days.max(0)) / MONTH_DAYS) as usize
}

/// Everybody's devices.
#[derive(Default)]
pub struct Owners {
    pub ids: Vec<Box<str>>,
    pub categories: Vec<String>,
    pub spells: Vec<Spell>,
}

impl Owners {
    /// Of the categories in which there are generations; of all where the catalogue names none. What went back was not kept.
    pub async fn read(shop: &Shop, articles: &Articles, present: &Present) -> Result<Owners> {
        let end = present.begins(Day(present.day.0.saturating_add(1)));
        let linked = articles.all.iter().filter(|one| articles.lines.is_empty() || one.line.is_some());
        let mut categories: Vec<String> =
            linked.map(|one| one.category.clone()).filter(|path| !path.is_empty()).collect();
        categories.sort();
        categories.dedup();
        let mut owners = Owners { categories, ..Owners::default() };
        if owners.categories.is_empty() {
            return Ok(owners);
        }
        let place: BTreeMap<&str, u32> =
            owners.categories.iter().enumerate().map(|(at, path)| (path.as_str(), at as u32)).collect();
        let names: Vec<String> = owners.categories.iter().map(|path| quoted(path)).collect();
        let (mut ids, mut spells) = (Vec::<Box<str>>::new(), Vec::new());
        // The bought of one customer, by category: the product last bought and its day.
        let mut open: BTreeMap<u32, Spell> = BTreeMap::new();
        let mut take = |batch: RecordBatch| -> Result<()> {
            let (who, what, days) =
                (texts(&batch, "customer_id")?, texts(&batch, "product_id")?, integers(&batch, "day")?);
            for row in (0..batch.num_rows()).filter(|&row| who.is_valid(row)) {
                let id = who.value(row);
                if ids.last().is_none_or(|last| **last != *id) {
                    spells.extend(std::mem::take(&mut open).into_values());
                    ids.push(id.into());
                }
                let Some(product) = articles.by_id.get(what.value(row)).copied() else { continue };
                let Some(category) = place.get(articles.all[product].category.as_str()).copied() else { continue };
                let day = days.value(row) as i32;
                let customer = (ids.len() - 1) as u32;
                let next = Spell { customer, category, product: product as u32, from: day, until: None };
                match open.get_mut(&category) {
                    // Two on one day are for two people.
                    Some(own) if own.from == day => {}
                    Some(own) => {
                        spells.push(Spell { until: Some((day, product as u32)), ..*own });
                        *own = next;
                    }
                    None => drop(open.insert(category, next)),
                }
            }
            Ok(())
        };
        for slice in slices(shop, CUSTOMERS_MAX).await? {
            let sql = format!(
                "select customer_id, product_id, day from (
                  select o.customer_id as customer_id, o.order_id as order_id, o.product_id as product_id,
                    cast(min(shop_day(o.ordered_at)) as int) as day, sum(o.quantity) as n
                  from orders o join products p on p.product_id = o.product_id
                  where o.ordered_at < {end} and p.category in ({}){}
                  group by o.customer_id, o.order_id, o.product_id) as kept
                where n > 0 order by customer_id, day, product_id",
                names.join(", "),
                slice.and("o.customer_id")
            );
            shop.engine()?.for_each(&sql, &mut take).await?;
        }
        spells.extend(open.into_values());
        (owners.ids, owners.spells) = (ids, spells);
        Ok(owners)
    }
}

/// Owners as they stood at the end of a day.
fn standing(spells: &[&Spell], day: i32) -> (Ages, Vec<u64>) {
    let (mut ages, mut now) = (Ages::default(), Vec::new());
    for spell in spells.iter().filter(|spell| spell.from <= day) {
        match spell.until.filter(|(until, _)| *until <= day) {
            Some((until, _)) => ages.add(months(until - spell.from), true),
            None => {
                let age = months(day - spell.from);
                ages.add(age, false);
                if now.len() <= age {
                    now.resize(age + 1, 0);
                }
                now[age] += 1;
            }
        }
    }
    (ages, now)
}

/// How a category's owners replace what they have, and the model behind it.
pub struct Judged {
    pub told: Replaced,
    pub model: Option<Replacing>,
}

/// Learns a category.
pub fn judge(category: &str, spells: &[&Spell], articles: &Articles, today: Day) -> Result<Judged> {
    let (ages, now) = standing(spells, today.0);
    let answer = replacing(&ages, LEVEL, SEED)?;
    let n_owners: u64 = now.iter().sum();
    let rate = ages.mean_rate();
    let at_one_rate = |n: u64, rate: f64| n as f64 * (1.0 - (1.0 - rate).powi(MONTHS as i32));
    let mut told = Replaced {
        category: category.to_owned(),
        n_owners,
        n_replaced: ages.n_replaced(),
        kept_months: None,
        due: None,
        due_at_one_rate: at_one_rate(n_owners, rate),
        held_back: None,
        ages: Vec::new(),
        moves: moves(spells, articles),
        backing: Backing::of(&answer),
    };
    let Some(model) = answer.value else { return Ok(Judged { told, model: None }) };
    told.kept_months = model.half_life().map(Interval::from);
    told.due = Some(model.total(&now, MONTHS, SEED).into());
    told.ages = (0..now.len().max(ages.at_risk().len()))
        .map(|age| AgeOfOwners {
            months: age as u32,
            n_owners: now.get(age).copied().unwrap_or(0),
            n_watched: ages.at_risk().get(age).copied().unwrap_or(0.0),
            n_replaced: ages.replaced().get(age).copied().unwrap_or(0),
            rate: model.rate(age).into(),
        })
        .collect();
    told.held_back = held_back(spells, today)?;
    if let Some(held) = told.held_back.filter(|held| !(held.foretold.low..=held.foretold.high).contains(&held.came)) {
        let (foretold, came) = (held.foretold.value, held.came);
        told.backing = told.backing.but(
            "held_back_missed",
            format!("留出的三个月里预测 {foretold:.0} 人换新，实际 {came:.0} 人，在区间之外。"),
            format!("On the three months held back {foretold:.0} replacements were foretold and {came:.0} came, outside the interval."),
        );
    }
    Ok(Judged { told, model: Some(model) })
}

/// The last three months, of which the model is told nothing.
fn held_back(spells: &[&Spell], today: Day) -> Result<Option<HeldBack>> {
    let cut = today.0 - (MONTHS as f64 * MONTH_DAYS).round() as i32;
    let (ages, now) = standing(spells, cut);
    let Some(model) = replacing(&ages, LEVEL, SEED)?.value else { return Ok(None) };
    let comes = |spell: &&&Spell| spell.from <= cut && spell.until.is_some_and(|(until, _)| until > cut);
    let n: u64 = now.iter().sum();
    Ok(Some(HeldBack {
        n_owners: n,
        foretold: model.total(&now, MONTHS, SEED).into(),
        at_one_rate: n as f64 * (1.0 - (1.0 - ages.mean_rate()).powi(MONTHS as i32)),
        came: spells.iter().filter(comes).count() as f64,
    }))
}

/// What owners moved to: the next generation of their line, past it, the same again, another line of the brand, another brand.
fn moves(spells: &[&Spell], articles: &Articles) -> Vec<Move> {
    const KINDS: [&str; 5] = ["next_generation", "leapfrogged", "same_or_older", "other_line", "other_brand"];
    let mut counts = [0u64; KINDS.len()];
    for spell in spells {
        let Some((_, to)) = spell.until else { continue };
        let (from, to) = (&articles.all[spell.product as usize], &articles.all[to as usize]);
        let is_one_line = from.id == to.id || (from.line.is_some() && from.line == to.line);
        counts[match () {
            () if is_one_line && to.generation == from.generation + 1 => 0,
            () if is_one_line && to.generation > from.generation => 1,
            () if is_one_line => 2,
            () if from.brand == to.brand => 3,
            () => 4,
        }] += 1;
    }
    let n: u64 = counts.iter().sum();
    if (n as usize) < MOVES_MIN {
        return Vec::new();
    }
    let one = |(kind, count): (&str, u64)| Move {
        kind: kind.to_owned(),
        n: count,
        share: Estimate::share(count as f64, n as f64, LEVEL).into(),
    };
    KINDS.into_iter().zip(counts).map(one).collect()
}

/// What each customer owns and may replace, likeliest first. In the order of ids.
pub fn due(owners: &Owners, judged: &[Judged], articles: &Articles, today: Day) -> Vec<CustomerUpgrade> {
    let mut rows: Vec<(u32, f64, &Spell)> = Vec::new();
    for spell in owners.spells.iter().filter(|spell| spell.until.is_none()) {
        if let Some(model) = &judged[spell.category as usize].model {
            rows.push((spell.customer, model.within(months(today.0 - spell.from), MONTHS), spell));
        }
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)).then(a.2.category.cmp(&b.2.category)));
    let mut upgrades: Vec<CustomerUpgrade> = Vec::with_capacity(rows.len());
    let mut place = (u32::MAX, 0);
    for (customer, chance, spell) in rows {
        place = if place.0 == customer { (customer, place.1 + 1) } else { (customer, 1) };
        let successor = articles.successor(spell.product as usize, today);
        upgrades.push(CustomerUpgrade {
            customer_id: owners.ids[customer as usize].to_string(),
            place: place.1,
            category: owners.categories[spell.category as usize].clone(),
            product_id: articles.all[spell.product as usize].id.clone(),
            owned_months: months(today.0 - spell.from) as i64,
            chance: chance.clamp(0.0, 1.0),
            successor_id: successor.map(|at| articles.all[at].id.clone()),
            as_of: today,
        });
    }
    upgrades
}

#[cfg(test)]
mod tests {
    use super::super::lines::Article;
    use super::*;

    fn articles() -> Articles {
        let one = |id: &str, brand: &str, day| Article {
            id: id.into(),
            name: id.into(),
            brand: brand.into(),
            category: "Phones".into(),
            launched: Some(Day(day)),
            ..Article::default()
        };
        let all = vec![one("a1", "A", 0), one("a2", "A", 300), one("a3", "A", 600), one("b", "B", 0)];
        Articles::linked(all, &[None, Some("a1".into()), Some("a2".into()), None])
    }

    fn spell(customer: u32, product: u32, from: i32, until: Option<(i32, u32)>) -> Spell {
        Spell { customer, category: 0, product, from, until }
    }

    #[test]
    fn owners_stand_as_they_stood() {
        let spells = [spell(0, 0, 0, Some((100, 1))), spell(0, 1, 100, None), spell(1, 0, 40, None)];
        let all: Vec<&Spell> = spells.iter().collect();
        let (ages, now) = standing(&all, 90);
        assert_eq!((ages.n_replaced(), now), (0, vec![0, 1, 1]));
        let (ages, now) = standing(&all, 200);
        assert_eq!((ages.n_replaced(), now.iter().sum::<u64>()), (1, 2));
        assert_eq!(ages.replaced()[3], 1);
    }

    #[test]
    fn who_is_due_is_the_one_whose_time_it_is() {
        let articles = articles();
        let mut spells = Vec::new();
        // Two hundred who replaced theirs after ten months, half of them past one generation; and two who have not.
        for at in 0..200 {
            spells.push(spell(at, 0, at as i32, Some((at as i32 + 310, if at % 2 == 0 { 1 } else { 2 }))));
        }
        spells.extend([spell(200, 0, 700 - 305, None), spell(201, 0, 700 - 40, None)]);
        let owners = Owners {
            ids: (0..202).map(|at| format!("c{at:03}").into()).collect(),
            categories: vec!["Phones".into()],
            spells: spells.clone(),
        };
        let all: Vec<&Spell> = spells.iter().collect();
        let judged = [judge("Phones", &all, &articles, Day(700)).unwrap()];
        let told = &judged[0].told;
        assert_eq!((told.n_owners, told.n_replaced), (2, 200));
        let shares: Vec<u64> = told.moves.iter().map(|one| one.n).collect();
        assert_eq!(shares, [100, 100, 0, 0, 0]);
        let rows = due(&owners, &judged, &articles, Day(700));
        assert_eq!((rows[0].customer_id.as_str(), rows[0].owned_months), ("c200", 10));
        assert!(rows[0].chance > 0.5 && rows[1].chance < 0.05, "{rows:?}");
        assert_eq!((rows[0].successor_id.as_deref(), rows[0].place), (Some("a3"), 1));
    }
}
