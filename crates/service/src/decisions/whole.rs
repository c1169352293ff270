//! What the shop as a whole should do today: move money between channels, lower the price of old stock, order what runs out, stop
//! selling what customers complain about, repeat or end a campaign. Each from a plan of `flows::plan` or one statement.

use domain::Day;
use math::distributions::normal_quantile;

use super::contacts::{Days, Shared};
use super::told::{Decision, Figure, Found, Quiet};
use crate::error::Result;
use crate::flows::plan::budget::{self, BudgetRequest, ChannelPlan};
use crate::flows::plan::experiment::CampaignVerdict;
use crate::flows::plan::launch::{self, OldStock};
use crate::flows::plan::price::{self, MarkdownRequest};
use crate::flows::plan::{Backing, Interval};
use crate::flows::rows::{query_rows, quoted};
use crate::flows::segment::Text;

/// Products of one kind that are decided on in a day.
const PRODUCTS_MAX: usize = 3;
/// Products named in the order of what runs out.
const ORDERED_MAX: usize = 20;
/// Weeks in which old stock is to be cleared.
const CLEAR_WEEKS: usize = 8;
/// The lowest price of old stock, and what is left after those weeks, in parts of the present price.
const LOWEST: f64 = 0.6;
const SALVAGE: f64 = 0.2;
/// Days of sales from which demand is read.
const SALES_DAYS: i32 = 28;
/// Campaigns that ended longer ago are history.
const CAMPAIGN_DAYS: i32 = 90;
const LEVEL: f64 = 0.9;
const SUBJECT_CHARS_MAX: usize = 150;

pub const KINDS: [&str; 5] = ["budget_shift", "markdown", "reorder", "complaint", "campaign"];

/// # Errors
/// If the tables cannot be read.
pub async fn whole(shared: &Shared<'_>, day: Day) -> Result<Found> {
    let mut found = Found::default();
    for part in [
        budget_shift(shared, day).await?,
        markdowns(shared, day).await?,
        reorder(shared, day).await?,
        complaints(shared, day),
        campaigns(shared, day),
    ] {
        found.decisions.extend(part.decisions);
        found.quiet.extend(part.quiet);
    }
    Ok(found)
}

fn quiet(kind: &str, zh: impl Into<String>, en: impl Into<String>) -> Found {
    Found { quiet: vec![Quiet::new(kind, zh, en)], ..Found::default() }
}

/// Why a plan says nothing, in its own words.
fn refused(kind: &str, backing: &Backing) -> Found {
    match backing.caveats.first() {
        Some(caveat) => quiet(kind, caveat.text.zh.clone(), caveat.text.en.clone()),
        None => quiet(kind, "没有足够的数据", "too little data"),
    }
}

fn text(zh: impl Into<String>, en: impl Into<String>) -> Text {
    Text { zh: zh.into(), en: en.into() }
}

/// A decision on the shop as a whole, with what is the same for most.
fn decision(kind: &str, subject: &str, day: Day, title: Text, paragraph: Text, next: Text) -> Decision {
    let key = match subject.chars().count() {
        0 => kind.to_owned(),
        1..=SUBJECT_CHARS_MAX => format!("{kind}.{subject}"),
        // An id in the address has two hundred characters at most.
        _ => format!("{kind}.{}", &crate::auth::keys::digest(subject)[..32]),
    };
    Decision {
        id: format!("{key}.{day}"),
        key,
        kind: kind.to_owned(),
        day: day.to_string(),
        title,
        paragraph,
        figures: Vec::new(),
        next,
        who: "marketing".to_owned(),
        gain_cents: None,
        gain_of: "sales".to_owned(),
        cost_cents: 0.0,
        within_days: 30,
        n_customers: None,
        n_control: None,
        gates: Vec::new(),
        page: None,
        backing: Backing::enough(0),
    }
}

fn scaled(interval: Interval, by: f64) -> Interval {
    Interval { value: interval.value * by, low: interval.low * by, high: interval.high * by, ..interval }
}

/// Money from the channel that earns least to the one that earns most, if the mix model is sure that the best split beats the present.
async fn budget_shift(shared: &Shared<'_>, day: Day) -> Result<Found> {
    let request = BudgetRequest::default();
    let plan = budget::budget(shared.shop, &request, &|_, _| true).await?;
    let Some(over) = plan.over_current_cents.filter(|_| !plan.backing.is_refused()) else {
        return Ok(refused("budget_shift", &plan.backing));
    };
    let moved = |channel: &ChannelPlan| channel.planned_cents - channel.current_cents;
    let by_move = |a: &&ChannelPlan, b: &&ChannelPlan| moved(a).total_cmp(&moved(b));
    let (Some(from), Some(to)) = (plan.channels.iter().min_by(by_move), plan.channels.iter().max_by(by_move)) else {
        return Ok(quiet("budget_shift", "没有投放渠道", "no channel is paid for"));
    };
    if over.low <= 0.0 || moved(from) >= 0.0 || moved(to) <= 0.0 {
        let (zh, en) = ("换一种分法是否更好，数据说不准", "the data do not say that another split would be better");
        return Ok(quiet("budget_shift", zh, en));
    }
    let (a, b, weeks) = (&from.channel, &to.channel, request.weeks);
    let amount = moved(to).min(-moved(from));
    let share = shared.margin.unwrap_or(1.0);
    let title = text(
        format!("按最佳分法调整预算，主要从{a}移到{b}"),
        format!("Split the budget anew, above all from {a} to {b}"),
    );
    let paragraph = text(
        format!(
            "今后 {weeks} 周把 {{0}} 从{a}移到{b}，这是最佳分法里最大的一笔。{a}的下一元带来 {{1}} 元销售，{b}的下一元带来 {{2}} 元；所有渠道都按最佳分法（见预算页），合起来比照旧多卖 {{3}}。"
        ),
        format!(
            "Over the next {weeks} weeks move {{0}} from {a} to {b}, the largest move of the best split. The next coin spent on {a} brings {{1}} of sales, on {b} {{2}}; all channels by the best split (the budget page has it) together sell {{3}} more than spending as now."
        ),
    );
    let next = text(
        "在预算页查看每个渠道的新额度，并在各平台修改",
        "the budget page has every channel's new amount; change them where they are set",
    );
    let mut made = decision("budget_shift", &format!("{a}-{b}"), day, title, paragraph, next);
    let figure =
        |zh: &str, en: &str, value: f64, unit: &str| Figure::new(zh, en, value, unit).by_api("POST /v1/plan/budget");
    made.figures = vec![
        figure("移动的金额", "amount moved", amount, "money"),
        figure("来源渠道的边际回报", "marginal return of the first", 0.0, "number").within(from.marginal_return),
        figure("去向渠道的边际回报", "marginal return of the second", 0.0, "number").within(to.marginal_return),
        figure("整个最佳分法比照旧多卖", "sold more than as now by the whole split", 0.0, "money").within(over),
    ];
    made.gain_cents = Some(scaled(over, share));
    shared.gain_of().clone_into(&mut made.gain_of);
    made.within_days = 7 * weeks as i32;
    made.page = Some("/budget".to_owned());
    made.backing = plan.backing;
    Ok(Found { decisions: vec![made], ..Found::default() })
}

/// Old stock that will not sell out at its price.
async fn markdowns(shared: &Shared<'_>, day: Day) -> Result<Found> {
    let generations = match launch::published(shared.shop) {
        Ok(generations) => generations,
        Err(error) if error.kind == crate::error::Kind::NotFound => {
            return Ok(quiet(
                "markdown",
                "还没有训练代际模型：tercet train strategy",
                "generations were not worked out yet: tercet train strategy",
            ));
        }
        Err(error) => return Err(error),
    };
    let mut found = Found::default();
    let marked: Vec<&OldStock> = generations.old_stock.iter().filter(|stock| stock.advice == "mark_down").collect();
    if marked.is_empty() {
        return Ok(quiet("markdown", "没有换代后卖不完的库存", "no stock of former generations will be left over"));
    }
    for stock in marked.into_iter().take(PRODUCTS_MAX) {
        if let Some(made) = markdown(shared, stock, day).await? {
            found.decisions.push(made);
        }
    }
    if found.decisions.is_empty() {
        return Ok(quiet(
            "markdown",
            "降价预计不比维持现价多卖钱",
            "lower prices are not expected to bring more than the present ones",
        ));
    }
    Ok(found)
}

async fn markdown(shared: &Shared<'_>, stock: &OldStock, day: Day) -> Result<Option<Decision>> {
    let request = MarkdownRequest {
        product_id: stock.product_id.clone(),
        weeks: CLEAR_WEEKS,
        stock: None,
        lowest: LOWEST,
        salvage: SALVAGE,
        elasticity: None,
    };
    let plan = match price::markdown(shared.shop, &request).await {
        Ok(plan) => plan,
        // A product without a price or stock cannot be marked down, which says nothing of the others.
        Err(error) if error.kind == crate::error::Kind::Usage => return Ok(None),
        Err(error) => return Err(error),
    };
    // The interval holds what is not known of the elasticity too: where it may bring less, nobody is told to do it.
    let (Some(over), Some(first)) = (plan.over_hold_cents.filter(|over| over.low > 0.0), plan.weeks.first()) else {
        return Ok(None);
    };
    if plan.backing.is_refused() || first.price_cents >= plan.price_cents {
        return Ok(None);
    }
    let name = &plan.name;
    let cost = shared.products.get(&stock.product_id).and_then(|product| product.cost_cents).map(|cents| cents.0);
    let loss = cost.filter(|cost| first.price_cents < *cost);
    let below = match loss {
        Some(_) => [
            "{2} 低于成本 {5}：货款已付，收回的比留着多，但每件都亏。",
            " {2} is below its cost of {5}: the pieces are paid for, and this brings back more than keeping them, yet each is sold at a loss.",
        ],
        None => ["", ""],
    };
    let title = text(format!("给上一代的“{name}”降价"), format!("Mark down {name}"));
    let paragraph = text(
        format!(
            "它的后续型号已于 {} 上市，仓库还有 {{0}} 件，按现价今后 90 天预计剩下 {{1}}。本周改为 {{2}}，以后每周按剩余库存再定，{CLEAR_WEEKS} 周内比维持现价 {{3}} 多收 {{4}}。{}",
            stock.succeeded_on, below[0]
        ),
        format!(
            "Its successor has been there since {}; {{0}} pieces are in stock, of which {{1}} are expected to be left in ninety days at the present price. {{2}} this week, and by what is left from week to week, brings {{4}} more within {CLEAR_WEEKS} weeks than holding {{3}}.{}",
            stock.succeeded_on, below[1]
        ),
    );
    let next = text(
        "在价格页查看每周价格；改价后库存按表清空",
        "the prices page has the price of each week, also if sales go otherwise",
    );
    let mut made = decision("markdown", &stock.product_id, day, title, paragraph, next);
    let asked = format!(
        "POST /v1/plan/markdown {}",
        serde_json::json!({"product_id": stock.product_id, "weeks": CLEAR_WEEKS, "lowest": LOWEST, "salvage": SALVAGE})
    );
    let by = |figure: Figure| figure.by_api(&asked);
    made.figures = vec![
        Figure::new("库存", "in stock", plan.stock as f64, "count").by_api("/v1/plan/generations"),
        Figure::new("预计剩下", "expected to be left", 0.0, "count").within(stock.left).by_api("/v1/plan/generations"),
        by(Figure::new("本周价格", "price this week", first.price_cents as f64, "money")),
        by(Figure::new("现价", "present price", plan.price_cents as f64, "money")),
        by(Figure::new("比维持现价多收", "brings more than holding", 0.0, "money").within(over)),
    ];
    made.figures.extend(loss.map(|cost| {
        let sql = format!("select cost_cents from products where product_id = {}", quoted(&stock.product_id));
        Figure::new("成本", "cost", cost as f64, "money").by_sql(&sql)
    }));
    made.who = "buying".to_owned();
    // What is in stock is paid for: what it brings more is margin, where a shop knows its costs.
    made.gain_cents = Some(over);
    shared.gain_of().clone_into(&mut made.gain_of);
    made.within_days = 7 * CLEAR_WEEKS as i32;
    made.page = Some("/prices".to_owned());
    made.backing = plan.backing;
    Ok(Some(made))
}

/// A product that runs out before more of it can come.
struct Short {
    name: String,
    stock: f64,
    daily: f64,
    /// Pieces that will be missing: expected, and at the ends of the interval.
    missing: [f64; 3],
    left: f64,
}

/// What is missing of a demand of this mean and variance: expected, and if demand is as low or as high as one in twenty times.
fn missing(stock: f64, mean: f64, variance: f64) -> [f64; 3] {
    let deviation = variance.max(mean).max(1e-9).sqrt();
    let z = (stock - mean) / deviation;
    let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let beyond = 1.0 - math::special::normal_cdf(z);
    let expected = (deviation * density + (mean - stock) * beyond).max(0.0);
    let at = |p: f64| (mean + normal_quantile(p) * deviation - stock).max(0.0);
    [expected, at(0.5 - LEVEL / 2.0).min(expected), at(0.5 + LEVEL / 2.0).max(expected)]
}

async fn reorder(shared: &Shared<'_>, day: Day) -> Result<Found> {
    let days = Days { present: shared.present };
    let sql = format!(
        "with daily as (select product_id, cast(shop_day(ordered_at) as int) as day, sum(cast(quantity as double)) as n from orders
           where quantity > 0 and ordered_at >= {} and ordered_at < {} group by 1, 2)
         select product_id, sum(n) / {SALES_DAYS}.0 as mean, sum(n * n) / {SALES_DAYS}.0 as square from daily
         group by product_id having sum(n) >= 5 order by product_id",
        days.begins(1 - SALES_DAYS),
        days.begins(1),
    );
    let lead = f64::from(shared.rules.lead_days);
    let mut short = Vec::new();
    let mut n_known = 0;
    for row in query_rows(shared.shop, &sql).await? {
        let (Some(id), Some(mean), Some(square)) =
            (row["product_id"].as_str(), row["mean"].as_f64(), row["square"].as_f64())
        else {
            continue;
        };
        let Some(product) = shared.products.get(id).filter(|product| product.retired_on.is_none()) else { continue };
        let (Some(stock), Some(left)) = (product.stock, shared.left_of(product)) else { continue };
        n_known += 1;
        let missing = missing(stock as f64, lead * mean, lead * (square - mean * mean));
        if missing[0] >= 1.0 && left > 0.0 {
            short.push(Short { name: product.name.clone(), stock: stock as f64, daily: mean, missing, left });
        }
    }
    if n_known == 0 {
        return Ok(quiet("reorder", "商品表里没有库存", "the catalogue does not tell stocks"));
    }
    if short.is_empty() {
        return Ok(quiet("reorder", "补货到之前没有商品会断货", "nothing will run out before more can come"));
    }
    short.sort_by(|a, b| (b.missing[0] * b.left).total_cmp(&(a.missing[0] * a.left)).then(a.name.cmp(&b.name)));
    Ok(Found { decisions: vec![order(shared, &short, &sql, day)], ..Found::default() })
}

fn order(shared: &Shared, short: &[Short], sql: &str, day: Day) -> Decision {
    let (n, lead) = (short.len(), shared.rules.lead_days);
    let sum = |of: &dyn Fn(&Short) -> f64| short.iter().map(of).sum::<f64>();
    let first = &short[0];
    let title = text(format!("为 {n} 个将断货的商品补货"), format!("Order {n} products that run out"));
    let paragraph = text(
        format!(
            "补货要 {lead} 天。照最近 {SALES_DAYS} 天的销量，这些商品在货到之前少 {{0}} 件，最要紧的是“{}”：还有 {{1}} 件，每天卖 {{2}} 件。",
            first.name
        ),
        format!(
            "What is ordered comes in {lead} days. By the sales of the last {SALES_DAYS} days {{0}} pieces will be missing until then, most of all {}: {{1}} are left, {{2}} are sold a day.",
            first.name
        ),
    );
    let next = text(
        "按清单下单；来不及的，推荐里先换成有货的同类",
        "order what the list says; until it comes recommendations leave out what is not in stock",
    );
    let mut made = decision("reorder", "", day, title, paragraph, next);
    let missing = Interval {
        value: sum(&|one| one.missing[0]),
        low: sum(&|one| one.missing[1]),
        high: sum(&|one| one.missing[2]),
        level: LEVEL,
    };
    let by = |figure: Figure| figure.by_sql(sql);
    made.figures = vec![
        by(Figure::new("到货前缺的件数", "pieces missing until then", 0.0, "count").within(missing)),
        Figure::new("库存", "in stock", first.stock, "count").by_api("/v1/products"),
        by(Figure::new("每天卖出", "sold a day", first.daily, "number")),
    ];
    made.figures.extend(short.iter().take(ORDERED_MAX).map(|one| {
        let missing = Interval { value: one.missing[0], low: one.missing[1], high: one.missing[2], level: LEVEL };
        by(Figure::new(&format!("{}：缺", one.name), &format!("{}: missing", one.name), 0.0, "count").within(missing))
    }));
    // Ends of products' intervals added up: as if all went short together, which is the wider side.
    made.gain_cents = Some(Interval {
        value: sum(&|one| one.missing[0] * one.left),
        low: sum(&|one| one.missing[1] * one.left),
        high: sum(&|one| one.missing[2] * one.left),
        level: LEVEL,
    });
    shared.gain_of().clone_into(&mut made.gain_of);
    made.who = "buying".to_owned();
    made.within_days = lead;
    made.page = Some("/products".to_owned());
    made.backing.n = n as u64;
    made.backing = made.backing.but(
        "normal_demand",
        "假定销量像最近四周一样起伏，不含促销",
        "sales are taken to go up and down as in the last four weeks, without promotions",
    );
    made
}

/// Products of which many complain.
fn complaints(shared: &Shared, day: Day) -> Found {
    if shared.gate.products.is_empty() {
        return quiet("complaint", "没有差评集中的商品", "no product is complained about more than others");
    }
    let each = shared.gate.products.iter().take(PRODUCTS_MAX).map(|faulty| {
        let name = &faulty.name;
        let title = text(format!("暂停推广“{name}”，先查质量"), format!("Stop promoting {name} and look into it"));
        let paragraph = text(
            "最近 {0} 条评分里有 {1} 条是差评，占 {2}；同类商品通常是 {3}。这不是偶然（p = {4}）。它已自动退出名单与推荐的理由，买过它的顾客也暂不打扰。".to_owned(),
            "Of its last {0} ratings {1} are bad: {2}, where {3} is usual for its kind. That is no chance (p = {4}). It is out of all lists by itself, and those who bought it are left alone.".to_owned(),
        );
        let next = text("查看评论里的原话，联系供应商；修好后自动恢复", "read what customers say and talk to the maker; it comes back by itself once that is over");
        let mut made = decision("complaint", &faulty.product_id, day, title, paragraph, next);
        let by = |figure: Figure| figure.by_api("/v1/after-sales/held-back");
        made.figures = vec![
            by(Figure::new("评分", "ratings", faulty.n_ratings as f64, "count")),
            by(Figure::new("差评", "bad ones", faulty.n_bad as f64, "count")),
            by(Figure::new("差评比例", "share of bad ones", 0.0, "share").within(faulty.share)),
            by(Figure::new("同类通常", "usual for its kind", faulty.usual, "share")),
            by(Figure::new("p 值", "p-value", faulty.p_value, "number")),
        ];
        "service".clone_into(&mut made.who);
        made.page = Some(format!("/opinions/{}", faulty.product_id));
        made.backing.n = faulty.n_ratings;
        made
    });
    Found { decisions: each.collect(), ..Found::default() }
}

/// Campaigns that ended lately and whose effect is known.
fn campaigns(shared: &Shared, day: Day) -> Found {
    let recent = |verdict: &&(_, CampaignVerdict)| -> bool {
        let (campaign, _): &(crate::flows::plan::experiment::Campaign, CampaignVerdict) = verdict;
        let last = campaign.last_day.parse::<Day>().unwrap_or(Day(i32::MIN));
        shared.present.day.0.saturating_sub(last.0) <= CAMPAIGN_DAYS
    };
    let mut found = Found::default();
    for (campaign, verdict) in shared.effect.verdicts.iter().filter(recent) {
        for arm in &verdict.arms {
            let Some(brought) = arm.incremental_cents else { continue };
            let (id, name, days) = (&campaign.campaign_id, &arm.arm, verdict.days);
            let (title, next) = match arm.shows.as_str() {
                "above" => (
                    text(format!("再做一次活动 {id} 的“{name}”"), format!("Repeat “{name}” of campaign {id}")),
                    text(
                        "下次同类活动用这一种，仍留对照组",
                        "use it in the next campaign of its kind, with a control group again",
                    ),
                ),
                "below" => (
                    text(format!("停用活动 {id} 的“{name}”"), format!("Drop “{name}” of campaign {id}")),
                    text("下次不再使用；它让人少买了", "do not use it again: those who got it bought less"),
                ),
                _ => continue,
            };
            let paragraph = text(
                format!("它的 {{0}} 位顾客在 {days} 天里比对照组共多消费 {{1}}，活动花费 {{2}}。"),
                format!(
                    "Its {{0}} customers spent {{1}} more within {days} days than the control group would have; it cost {{2}}."
                ),
            );
            let mut made = decision("campaign", &format!("{id}-{name}"), day, title, paragraph, next);
            let by = |figure: Figure| figure.by_api(&format!("/v1/campaigns/{id}/verdict"));
            made.figures = vec![
                by(Figure::new("顾客", "customers", arm.n_customers as f64, "count")),
                by(Figure::new("多消费", "spent more", 0.0, "money").within(brought)),
                by(Figure::new("花费", "cost", arm.cost_cents as f64, "money")),
            ];
            let (share, cost) = (shared.margin.unwrap_or(1.0), arm.cost_cents as f64);
            let net = scaled(brought, share);
            let net = Interval { value: net.value - cost, low: net.low - cost, high: net.high - cost, ..net };
            // What is dropped loses that no more.
            let is_above = arm.shows == "above";
            if is_above && net.value <= 0.0 {
                continue;
            }
            made.gain_cents = Some(match is_above {
                true => net,
                false => Interval { value: -net.value, low: -net.high, high: -net.low, ..net },
            });
            shared.gain_of().clone_into(&mut made.gain_of);
            made.cost_cents = cost;
            made.within_days = days;
            made.page = Some(format!("/campaigns/{id}"));
            made.backing = arm.backing.clone();
            found.decisions.push(made);
        }
    }
    if found.decisions.is_empty() {
        return quiet("campaign", "近期没有结果分明的活动", "no campaign of late has a clear result");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a normal demand of 100 ± 10 with 100 in stock 10 φ(0) = 3.989 are missing on average; with 200 nothing is, with none all.
    #[test]
    fn what_is_missing_is_the_loss_function_of_the_normal_distribution() {
        let [expected, low, high] = missing(100.0, 100.0, 100.0);
        assert!(
            (expected - 3.989_422_8).abs() < 1e-6 && low == 0.0 && (high - 16.448_536).abs() < 1e-5,
            "{expected} {low} {high}"
        );
        assert!(missing(200.0, 100.0, 100.0)[2] < 1e-9);
        let none = missing(0.0, 100.0, 100.0);
        assert!((none[0] - 100.0).abs() < 1e-6 && none[1] < 100.0 && none[2] > 100.0, "{none:?}");
    }
}
