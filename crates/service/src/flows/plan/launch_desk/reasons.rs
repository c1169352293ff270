//! Why, in words: what speaks against a forecast of a launch, and what the decision rests on and would change it.

use domain::Day;
use strategy::Answer;
use strategy::launch::Desk;

use super::alike::Debuts;
use super::season::Season;
use super::{Asked, LaunchDecision};
use crate::flows::plan::Backing;
use crate::flows::segment::Text;

/// Look-alikes of another category of which this part is said.
const OTHER_CATEGORY: f64 = 0.5;

/// What the answer rests on; a refusal also tells what the tables miss.
pub(super) fn backing(
    answer: &Answer<Desk>,
    asked: &Asked,
    debuts: &Debuts,
    chosen: &[usize],
    season: &Season,
    weeks: usize,
) -> Backing {
    let target = &asked.target;
    let mut backing = Backing::of(answer);
    if backing.is_refused() {
        return missing(backing, asked, debuts);
    }
    let n = chosen.len();
    let n_assumed = chosen.iter().filter(|at| debuts.all[**at].is_assumed).count();
    if target.is_assumed || n_assumed > 0 {
        backing = backing.but(
            "launch_assumed",
            format!("商品表没有写明全部上市日：{n} 个同类新品里有 {n_assumed} 个按第一笔销售算起。"),
            format!("The catalogue does not name all days of launch: for {n_assumed} of {n} look-alikes the first sale is taken for it."),
        );
    }
    let n_other = chosen.iter().filter(|at| debuts.all[**at].category != target.category).count();
    if n_other as f64 > OTHER_CATEGORY * n as f64 {
        backing = backing.but(
            "other_category",
            format!("{n} 个同类新品里有 {n_other} 个来自上一级类目。"),
            format!("{n_other} of {n} look-alikes are of the larger category, for want of nearer ones."),
        );
    }
    let is_unknown = |week: &usize| {
        let day = target.launched.0 + 7 * *week as i32;
        day > asked.today.0 && !season.is_known(day)
    };
    let n_unknown = (0..weeks).filter(is_unknown).count();
    if n_unknown > 0 {
        backing = backing.but(
            "season_unknown",
            format!("预测期里有 {n_unknown} 周，店里还没有去年同期可比：大促和淡旺季没有算进去。"),
            format!(
                "Of {n_unknown} weeks ahead the shop has no year before to go by: selling seasons are not in them."
            ),
        );
    }
    let desk = answer.value.as_ref();
    if asked.request.preorders.is_some() && desk.is_some_and(|desk| desk.outlook.n_with_preorders == 0) {
        backing = backing.but(
            "preorders_unused",
            "同类新品当时没有预售订单，看不出预售能换来多少销量：预售数没有用上。",
            "The look-alikes had no pre-orders, so what pre-orders mean is not known: they are not used.",
        );
    }
    backing
}

/// What the tables would need.
fn missing(backing: Backing, asked: &Asked, debuts: &Debuts) -> Backing {
    let target = &asked.target;
    let of_category: Vec<_> = debuts.all.iter().filter(|one| one.category == target.category).collect();
    let n_without = of_category.iter().filter(|one| one.launched.is_none()).count();
    let first = debuts.first.unwrap_or(Day(0));
    let n_before = of_category.iter().filter(|one| one.launched.is_some_and(|day| day < first)).count();
    let (n, category) = (of_category.len(), &target.category);
    backing.changed_by(
        format!("“{category}”有 {n} 个商品：{n_without} 个没有上市日，{n_before} 个在订单开始（{first}）之前上市。补上 launched_on，或导入更早的订单。"),
        format!(
            "'{category}' has {n} products: {n_without} without a day of launch, {n_before} launched before the orders begin ({first}). \
             Fill in launched_on, or import earlier orders."
        ),
    )
}

fn pieces(value: f64) -> String {
    format!("{value:.0}")
}

fn money(cents: f64) -> String {
    format!("{:.0}", cents / 100.0)
}

/// Why the order should stay, be raised or be cut, and what would change that.
pub(super) fn of(told: &LaunchDecision, found: &Desk) -> Vec<Text> {
    // What one piece more must sell with, at least: what it loses if it is left, in parts of that and what it earns.
    let (remaining, chance) = (found.outlook.remaining, 100.0 * (1.0 - told.critical_ratio));
    let mut reasons = vec![Text {
        zh: format!(
            "接下来预计还能卖 {} 件（{} 到 {}）。多备的一件要有 {chance:.0}% 以上的机会卖掉才划算：最合适的库存是 {} 件。",
            pieces(remaining.value),
            pieces(remaining.low),
            pieces(remaining.high),
            pieces(told.best_stock)
        ),
        en: format!(
            "{} [{}, {}] are still to be sold. One piece more pays if it sells with a chance above {chance:.0} %: the best stock is {}.",
            pieces(remaining.value),
            pieces(remaining.low),
            pieces(remaining.high),
            pieces(told.best_stock)
        ),
    }];
    let (from, to) = (pieces(told.go_from), pieces(told.go_to));
    let (Some(step), Some(gain), Some(stock)) = (told.step.as_deref(), told.gain_cents, told.stock) else {
        reasons.push(Text {
            zh: format!("库存没有登记。在 {from} 到 {to} 件之间，赚的都差不多。"),
            en: format!("No stock is known. Between {from} and {to} pieces it earns nearly the same."),
        });
        return reasons;
    };
    let gain = [gain.value, gain.low, gain.high].map(money);
    let off = pieces((told.best_stock - stock as f64).abs());
    reasons.push(match step {
        "raise" => Text {
            zh: format!("加单 {off} 件：现有 {stock} 件，低于 {from} 件，改到最合适的数量平均多赚 {}（{} 到 {}）。", gain[0], gain[1], gain[2]),
            en: format!(
                "Raise by {off}: the stock of {stock} is below {from}, and the best one earns {} more on average [{}, {}].",
                gain[0], gain[1], gain[2]
            ),
        },
        "cut" => Text {
            zh: format!("减单 {off} 件：现有 {stock} 件，高于 {to} 件，改到最合适的数量平均少亏 {}（{} 到 {}）。已经到货的，靠降价清（见“价格与清仓”）。", gain[0], gain[1], gain[2]),
            en: format!(
                "Cut by {off}: the stock of {stock} is above {to}, and the best one saves {} on average [{}, {}]. What has been delivered is cleared by its price (tercet plan price).",
                gain[0], gain[1], gain[2]
            ),
        },
        _ => Text {
            zh: format!("维持订货：{stock} 件在 {from} 到 {to} 件之间，再调整多赚的不到利润的 2%。"),
            en: format!("Go: {stock} pieces lie between {from} and {to}, where a change would gain less than 2 % of what is earned."),
        },
    });
    reasons.extend(next(told));
    reasons
}

/// What the next week would change.
fn next(told: &LaunchDecision) -> Option<Text> {
    let next = told.next.as_ref()?;
    let expected = [next.sales.value, next.sales.low, next.sales.high].map(pieces);
    let mut parts: Vec<(String, String)> = Vec::new();
    if let Some(from) = next.raise_from.filter(|_| next.raise_chance < 0.995) {
        let (from, chance) = (pieces(from), 100.0 * next.raise_chance);
        parts.push((
            format!("卖到 {from} 件或以上就加单（可能性 {chance:.0}%）"),
            format!("raise at {from} or more ({chance:.0} % likely)"),
        ));
    }
    if let Some(to) = next.cut_to.filter(|_| next.cut_chance < 0.995) {
        let (to, chance) = (pieces(to), 100.0 * next.cut_chance);
        parts.push((
            format!("只卖 {to} 件或以下就减单（可能性 {chance:.0}%）"),
            format!("cut at {to} or fewer ({chance:.0} % likely)"),
        ));
    }
    let [zh_head, en_head] = [
        format!("到 {} 为止预计再卖 {} 件（{} 到 {}）", next.until, expected[0], expected[1], expected[2]),
        format!("Until {} {} [{}, {}] are expected", next.until, expected[0], expected[1], expected[2]),
    ];
    if parts.is_empty() {
        return Some(Text {
            zh: format!("{zh_head}：怎么卖都改变不了这个结论。"),
            en: format!("{en_head}: no likely number of it would change this."),
        });
    }
    let (zh, en): (Vec<String>, Vec<String>) = parts.into_iter().unzip();
    Some(Text { zh: format!("{zh_head}：{}。", zh.join("，")), en: format!("{en_head}: {}.", en.join(", ")) })
}
