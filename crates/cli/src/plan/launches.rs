//! How the launch desk is printed. Not here: what it says.

use service::flows::plan::launch_desk::{LaunchDecision, LaunchDesk, LaunchOfShop, Launches};

use super::{interval, price_of, print_backing, said, words};
use crate::print;

fn pieces(value: f64) -> String {
    print::number(value, 0)
}

pub fn print_launches(told: &Launches) {
    if told.items.is_empty() {
        print::line("There was no launch in the last half year, and none is to come.");
    } else {
        let row = |one: &LaunchOfShop| {
            vec![
                one.product_id.clone(),
                one.name.clone(),
                format!("{}{}", one.launched_on, if one.is_assumed { " (first sale)" } else { "" }),
                one.price_cents.map_or_else(String::new, price_of),
                pieces(one.sold),
                one.stock.map_or_else(String::new, |stock| stock.to_string()),
            ]
        };
        let rows: Vec<Vec<String>> = told.items.iter().map(row).collect();
        print::table(&["product", "name", "launch", "price", "sold", "stock"], &rows);
    }
    if told.n_without_day > 0 {
        print::line(&format!(
            "\n{} products have no day of launch: fill in launched_on",
            print::count(told.n_without_day)
        ));
    }
    print::line(
        "\nOne of them: tercet plan launch-desk --product ID; a planned one: --category PATH --launch-on DAY --price MONEY",
    );
}

pub fn print_desk(told: &LaunchDesk) {
    let name = if told.name.is_empty() { "planned" } else { &told.name };
    let assumed = if told.is_assumed { ", its first sale" } else { "" };
    print::line(&format!("{name} ({}), from {}{assumed}", told.category, told.launched_on));
    if let (Some(total), Some(before), Some(remaining)) = (&told.total, &told.total_before, &told.remaining) {
        print_weeks(told);
        print::line(&format!(
            "\n{} in {} weeks, {} of them sold; {} by the look-alikes alone, {} by their mean",
            interval(total, pieces),
            told.days.len(),
            pieces(told.sold),
            interval(before, pieces),
            pieces(told.baseline_total.unwrap_or(0.0))
        ));
        if let Some(preorders) = told.preorders {
            print::line(&format!(
                "{} pre-orders; {} look-alikes tell what they mean",
                pieces(preorders),
                told.n_with_preorders
            ));
        }
        print::line(&format!("still to come: {}", interval(remaining, pieces)));
    }
    for one in &told.tried {
        print::line(&format!(
            "  {}: off by {:.0} % on {} look-alikes ({:.0} % by their mean), {:.0} % inside the intervals",
            words(&one.shape),
            100.0 * one.error,
            one.n,
            100.0 * one.baseline_error,
            100.0 * one.inside
        ));
    }
    if !told.lookalikes.is_empty() {
        print_lookalikes(told);
    }
    if let Some(decision) = &told.decision {
        print_decision(decision);
    }
    print_backing(&told.backing);
}

fn print_weeks(told: &LaunchDesk) {
    let row = |at: usize| {
        let (expected, cumulated) = (&told.expected[at], &told.cumulated[at]);
        let sold = told.sales.get(at).map_or_else(String::new, |sold| pieces(*sold));
        vec![
            told.days[at].clone(),
            sold,
            print::number(expected.value, 1),
            pieces(expected.low),
            pieces(expected.high),
            pieces(cumulated.value),
            print::number(told.baseline[at], 1),
        ]
    };
    let rows: Vec<Vec<String>> = (0..told.days.len()).map(row).collect();
    print::table(&["week from", "sold", "expected", "low", "high", "in all", "mean of look-alikes"], &rows);
}

fn print_lookalikes(told: &LaunchDesk) {
    print::line("\nlook-alikes:\n");
    let rows: Vec<Vec<String>> = told
        .lookalikes
        .iter()
        .map(|one| {
            let near = match (one.same_line, one.same_brand) {
                (true, _) => "line",
                (false, true) => "brand",
                _ => "",
            };
            vec![
                one.product_id.clone(),
                one.name.clone(),
                one.launched_on.clone(),
                one.price_cents.map_or_else(String::new, price_of),
                near.to_owned(),
                one.sales.len().to_string(),
                pieces(one.sold),
            ]
        })
        .collect();
    print::table(&["product", "name", "launch", "price", "same", "weeks", "sold"], &rows);
}

fn print_decision(decision: &LaunchDecision) {
    let step = decision.step.as_deref().unwrap_or("no stock is known");
    print::line(&format!(
        "\n{}: the best stock is {} at a price of {}, a cost of {} and {} for what is left",
        step.to_uppercase(),
        pieces(decision.best_stock),
        price_of(decision.price_cents),
        price_of(decision.cost_cents),
        price_of(decision.salvage_cents)
    ));
    for reason in &decision.reasons {
        print::line(&format!("  {}", said(reason)));
    }
}
