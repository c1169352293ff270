//! `train strategy`, `plan` and `experiment`: what will sell, what customers are worth, where money should go, whether it
//! worked. Arguments and printing only.

use std::path::Path;

use data::Shop;
use serde_json::{Value, to_value};
use service::flows::plan::budget::{Bound, BudgetGoal, BudgetPlan, BudgetRequest};
use service::flows::plan::crowd::{self, Crowd};
use service::flows::plan::customers::{self, Lifetimes};
use service::flows::plan::experiment::{CampaignVerdict, DesignRequest, Outcome, Reading, VerdictRequest};
use service::flows::plan::forecast::{ForecastRequest, Forecasts, Measure, SalesBy};
use service::flows::plan::launch::{self, Generations};
use service::flows::plan::launch_desk::{self, LaunchDeskRequest};
use service::flows::plan::measures::{ArmDecision, Guardrail};
use service::flows::plan::price::{Markdown, MarkdownRequest, Prices};
use service::flows::plan::promotions::{self, Own, Promotions, PromotionsRequest};
use service::flows::plan::selling_points::{self, SellingPoints};
use service::flows::plan::trade_in::{self, TradeInPlan, TradeInRequest};
use service::flows::plan::treat::{self, Treat, TreatRequest, Treated};
use service::flows::plan::{Backing, Interval, Step, attribution, budget, experiment, forecast, price};
use service::flows::segment::Text;
use service::{Result, ServiceError};

mod credit;
mod launches;

use crate::args::{Experiment, Plan};
use crate::print::{self, Progress};

/// What the service says, in the language of the command's own words.
fn said(text: &Text) -> &str {
    &text.en
}

/// A key of the service as words: `mark_down` is "mark down".
fn words(key: &str) -> String {
    key.replace('_', " ")
}

fn shown(value: serde_json::Result<Value>, as_json: bool, print: impl FnOnce()) -> Result<()> {
    match as_json {
        true => print::json(&value?),
        false => print(),
    }
    Ok(())
}

/// What speaks against an answer, and what would change it.
fn print_backing(backing: &Backing) {
    if backing.is_refused() {
        print::line("No answer:");
    }
    for caveat in &backing.caveats {
        print::line(&format!("  ! {}", said(&caveat.text)));
    }
    if let Some(support) = support(backing) {
        print::line(&format!("  = {support}"));
    }
    for text in &backing.would_change {
        print::line(&format!("  ? {}", said(text)));
    }
}

/// The support check in words, where there was one.
fn support(backing: &Backing) -> Option<String> {
    let rows = backing.effective_n.map(|n| {
        let (all, n) = (print::count(backing.n), print::count(n.round() as u64));
        format!("{all} rows, which say as much as {n} alike")
    });
    let overlap = backing.overlap.map(|share| format!("both arms were possible for {:.0} %", 100.0 * share));
    let split = backing.sample_ratio_p.map(|p| format!("a split as uneven comes by chance with {:.1} %", 100.0 * p));
    let parts: Vec<String> = rows.into_iter().chain(overlap).chain(split).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// A price from hundredths, with them.
fn price_of(cents: i64) -> String {
    domain::Cents(cents).to_string()
}

/// Money from hundredths, without them.
fn money(cents: f64) -> String {
    let whole = (cents / 100.0).round();
    let sign = if whole < 0.0 { "-" } else { "" };
    format!("{sign}{}", print::count(whole.abs() as u64))
}

fn interval(interval: &Interval, each: impl Fn(f64) -> String) -> String {
    format!("{} [{}, {}]", each(interval.value), each(interval.low), each(interval.high))
}

pub async fn train(dir: &Path, as_json: bool) -> Result<()> {
    let shop = Shop::open(dir)?;
    let bar = Progress::new(as_json);
    let made = customers::train(&shop, &|share, message| bar.report(share * 0.5, message)).await?;
    launch::train(&shop, &|share, message| bar.report(0.5 + share * 0.25, message)).await?;
    crowd::train(&shop, &|share, message| bar.report(0.75 + share * 0.25, message)).await?;
    drop(bar);
    shown(to_value(&made), as_json, || {
        print_lifetimes(&made);
        print::line("\nAlso made: tercet plan launch, tercet plan crowd");
    })
}

pub async fn plan(dir: &Path, asked: Plan, as_json: bool) -> Result<()> {
    let shop = Shop::open(dir)?;
    match asked {
        Plan::Forecast { by, measure, period, horizon, level, series, method } => {
            let request = ForecastRequest {
                by: SalesBy::named(&by)?,
                measure: Measure::named(&measure)?,
                step: Step::named(&period)?,
                horizon,
                level,
                n_series: series,
                method,
                ..ForecastRequest::default()
            };
            let told = forecast::forecast(&shop, &request).await?;
            shown(to_value(&told), as_json, || print_forecasts(&told))
        }
        Plan::Customers => {
            let told = customers::published(&shop)?;
            shown(to_value(&told), as_json, || print_lifetimes(&told))
        }
        Plan::Launch { lines } => {
            let told = launch::published(&shop)?;
            shown(to_value(&told), as_json, || print_generations(&told, lines))
        }
        Plan::LaunchDesk { product: None, category: None, .. } => {
            let told = launch_desk::launches(&shop).await?;
            shown(to_value(&told), as_json, || launches::print_launches(&told))
        }
        Plan::LaunchDesk {
            product: product_id,
            category,
            brand,
            price,
            cost,
            launch_on,
            stock,
            preorders,
            weeks,
            salvage,
            like: lookalikes,
        } => {
            let request = LaunchDeskRequest {
                product_id,
                category,
                brand,
                price_cents: price.map(cents),
                cost_cents: cost.map(cents),
                launch_on: launch_on.as_deref().map(launch_desk::day).transpose()?,
                stock,
                preorders,
                weeks: Some(weeks),
                salvage,
                lookalikes,
            };
            let told = launch_desk::launch_desk(&shop, &request).await?;
            shown(to_value(&told), as_json, || launches::print_desk(&told))
        }
        Plan::Crowd { scheme } => {
            let told = crowd::published(&shop, &scheme)?;
            shown(to_value(&told), as_json, || print_crowd(&told))
        }
        Plan::Promotions { own, protection } => {
            let own = own.iter().map(|text| Own::read(text)).collect::<Result<_>>()?;
            let request = PromotionsRequest { own, protection_days: Some(protection) };
            let told = promotions::promotions(&shop, &request).await?;
            shown(to_value(&told), as_json, || print_promotions(&told))
        }
        Plan::Campaign { campaign, control, outcome, days, value, cost, budget, output } => {
            let request = TreatRequest {
                campaign_id: campaign,
                control,
                outcome: Outcome::named(&outcome)?,
                days,
                value_cents: value.map(cents),
                cost_cents: cost.iter().map(|text| cost_of(text)).collect::<Result<_>>()?,
                budget_cents: budget.map(cents),
            };
            let (told, treated) = treat::treat(&shop, &request).await?;
            if let Some(path) = &output {
                write_treated(path, &treated)?;
            }
            shown(to_value(&told), as_json, || print_treat(&told))
        }
        Plan::TradeIn { budget, levels, resale, margin } => {
            let request = TradeInRequest { budget_cents: budget.map(cents), levels, resale, margin };
            let told = trade_in::trade_in(&shop, &request).await?;
            shown(to_value(&told), as_json, || print_trade_in(&told))
        }
        Plan::Attribution { days } => {
            let told = attribution::attribution(&shop, Some(days)).await?;
            shown(to_value(&told), as_json, || credit::print(&told))
        }
        Plan::SellingPoints { category } => {
            let told = selling_points::selling_points(&shop, category.as_deref()).await?;
            shown(to_value(&told), as_json, || print_selling_points(&told))
        }
        Plan::Price { product: None, .. } => {
            let told = price::prices(&shop).await?;
            shown(to_value(&told), as_json, || print_prices(&told))
        }
        Plan::Price { product: Some(product_id), weeks, stock, lowest, salvage, elasticity } => {
            let request = MarkdownRequest { product_id, weeks, stock, lowest, salvage, elasticity };
            let told = price::markdown(&shop, &request).await?;
            shown(to_value(&told), as_json, || print_markdown(&told))
        }
        Plan::Budget { weeks, budget, reach, keep, bound, sampled, level, seed, threads } => {
            let reach = reach.map(|money| BudgetGoal::Sales(cents(money)));
            let request = BudgetRequest {
                weeks,
                goal: reach.or(keep.map(BudgetGoal::Return)),
                budget_cents: budget.map(cents),
                bounds: bound.iter().map(|text| bound_of(text)).collect::<Result<_>>()?,
                sampled,
                level,
                seed,
                n_threads: usize::from(threads),
            };
            let bar = Progress::new(as_json);
            let told = budget::budget(&shop, &request, &|share, message| bar.report(share, message)).await?;
            drop(bar);
            shown(to_value(&told), as_json, || print_budget(&told))
        }
    }
}

fn cents(money: f64) -> i64 {
    (money * 100.0).round() as i64
}

/// `coupon=0.31`.
fn cost_of(text: &str) -> Result<(String, i64)> {
    let wrong = || ServiceError::usage("cost", format!("the cost '{text}' is not ARM=MONEY, such as coupon=0.31"));
    let (arm, money) = text.rsplit_once('=').ok_or_else(wrong)?;
    let money: f64 = money.trim().parse().map_err(|_| wrong())?;
    if (0.0..=1e10).contains(&money) { Ok((arm.to_owned(), cents(money))) } else { Err(wrong()) }
}

fn write_treated(path: &Path, treated: &[Treated]) -> Result<()> {
    let mut text = "customer_id,arm,effect,gain_cents\n".to_owned();
    for one in treated {
        let quoted = one.customer_id.contains(['"', ',', '\n', '\r']);
        let id = if quoted { format!("\"{}\"", one.customer_id.replace('"', "\"\"")) } else { one.customer_id.clone() };
        text.push_str(&format!("{id},{},{:.6},{:.2}\n", one.arm, one.effect, one.gain_cents));
    }
    std::fs::write(path, text).map_err(|error| ServiceError::failed(format!("{}: {error}", path.display())))
}

/// `search=1000:5000`; either end may be left out.
fn bound_of(text: &str) -> Result<Bound> {
    let wrong = || {
        let message = format!("the bound '{text}' is not CHANNEL=LEAST:MOST, such as search=1000:5000, mail=:300");
        ServiceError::usage("bound", message)
    };
    let (channel, range) = text.rsplit_once('=').ok_or_else(wrong)?;
    let (least, most) = range.split_once(':').ok_or_else(wrong)?;
    let cents = |end: &str| -> Result<Option<i64>> {
        if end.trim().is_empty() {
            return Ok(None);
        }
        let money: f64 = end.trim().parse().map_err(|_| wrong())?;
        if (0.0..=1e13).contains(&money) { Ok(Some((money * 100.0).round() as i64)) } else { Err(wrong()) }
    };
    Ok(Bound { channel: channel.to_owned(), floor_cents: cents(least)?, ceiling_cents: cents(most)? })
}

pub async fn experiment(dir: &Path, asked: Experiment, as_json: bool) -> Result<()> {
    if let Experiment::Design { baseline, lift, deviation, power, level, per_day } = asked {
        let needed = experiment::design(&DesignRequest { baseline, deviation, lift, power, level, per_day })?;
        return shown(to_value(&needed), as_json, || {
            let days = needed.n_days.map_or(String::new(), |days| format!(", {days} days in whole weeks"));
            print::line(&format!("{} customers in both arms together{days}", print::count(needed.n_customers)));
            for text in &needed.would_change {
                print::line(&format!("  ? {}", said(text)));
            }
        });
    }
    let shop = Shop::open(dir)?;
    match asked {
        Experiment::List => {
            let campaigns = experiment::campaigns(&shop).await?;
            shown(to_value(&campaigns), as_json, || {
                let mut rows = Vec::new();
                for campaign in &campaigns {
                    for arm in &campaign.arms {
                        let is_control = campaign.control.as_ref() == Some(&arm.arm);
                        rows.push(vec![
                            campaign.campaign_id.clone(),
                            campaign.first_day.clone(),
                            campaign.last_day.clone(),
                            arm.arm.clone(),
                            print::count(arm.n_customers),
                            print::count(arm.n_responded),
                            if is_control { "control".to_owned() } else { String::new() },
                        ]);
                    }
                }
                print::table(&["campaign", "from", "to", "arm", "customers", "responded", ""], &rows);
            })
        }
        Experiment::Read { campaign, control, outcome, days, method, secondary, guardrail, planned, level } => {
            let request = VerdictRequest {
                campaign_id: campaign,
                control,
                outcome: Outcome::named(&outcome)?,
                days,
                reading: Reading::named(&method)?,
                level,
                secondary: secondary.iter().map(|name| Outcome::named(name)).collect::<Result<_>>()?,
                guardrails: guardrail.iter().map(|text| Guardrail::read(text)).collect::<Result<_>>()?,
                planned,
            };
            let told = experiment::verdict(&shop, &request).await?;
            shown(to_value(&told), as_json, || print_verdict(&told))
        }
        Experiment::Design { .. } => Ok(()),
    }
}

fn print_forecasts(told: &Forecasts) {
    let is_money = told.measure == Measure::Revenue;
    let each = |value: f64| if is_money { money(value) } else { print::number(value, 0) };
    for series in &told.series {
        let past: Vec<String> = series.past.iter().rev().take(3).rev().map(|value| each(*value)).collect();
        let key = if series.key.is_empty() { "(none)" } else { &series.key };
        let untried = "; too short a past to be tried on it".to_owned();
        let accuracy = series.accuracy.map_or(untried, |found| {
            format!(
                "; on its own past MASE {:.2} ({:.2} by repeating the season), {:.0} % inside the intervals",
                found.mase,
                found.naive_mase,
                100.0 * found.coverage
            )
        });
        print::line(&format!("\n{key}: last {} by {}{accuracy}", past.join(", "), series.method));
        let row =
            |at: usize| vec![told.days[at].clone(), each(series.mean[at]), each(series.low[at]), each(series.high[at])];
        print::table(&["from", "expected", "low", "high"], &(0..told.days.len()).map(row).collect::<Vec<_>>());
    }
    print_backing(&told.backing);
}

fn print_lifetimes(told: &Lifetimes) {
    if told.backing.is_refused() {
        return print_backing(&told.backing);
    }
    print::line(&format!(
        "{} customers as of {}, {} of whom came back; by {}: about {} are still there.",
        print::count(told.n_customers),
        told.as_of,
        print::count(told.n_repeating),
        told.process,
        print::count(told.n_alive.round() as u64)
    ));
    if let Some(purchases) = &told.purchases {
        print::line(&format!(
            "{} purchases are expected within 90 days; {} if all went on at the rate so far.",
            interval(purchases, |value| print::number(value, 0)),
            print::number(told.purchases_at_the_rate_so_far, 0)
        ));
    }
    if let Some(cents) = told.value_cents {
        let what = told.margin.map_or("what they spend".to_owned(), |margin| format!("{:.1} % margin", 100.0 * margin));
        let worth = told.value_interval_cents.map_or_else(|| money(cents as f64), |found| interval(&found, money));
        print::line(&format!("Worth over the next twelve months, by {what}: {worth}."));
    }
    if !told.tried.is_empty() {
        print::line(&format!(
            "\nHeld against the last {} days ({} purchases came):",
            told.holdout_days, told.holdout_purchases
        ));
        let row = |tried: &customers::TriedModel| {
            let number = |value: f64, digits| print::number(value, digits);
            vec![
                tried.process.clone(),
                number(tried.predicted, 0),
                number(tried.error, 4),
                number(tried.naive_error, 4),
                number(tried.correlation, 3),
            ]
        };
        let rows: Vec<Vec<String>> = told.tried.iter().map(row).collect();
        print::table(&["model", "foretold", "error", "at the rate so far", "correlation"], &rows);
    }
    let band = |band: &customers::Band| {
        vec![
            format!("{:.0} %", 100.0 * band.alive_from),
            print::count(band.n_customers),
            print::number(band.purchases, 0),
            money(band.value_cents as f64),
        ]
    };
    print::line("");
    print::table(
        &["still there, from", "customers", "purchases in 90 days", "worth"],
        &told.bands.iter().map(band).collect::<Vec<_>>(),
    );
    print_backing(&told.backing);
}

fn print_generations(told: &Generations, n: usize) {
    let (whole, percent) = (|value: f64| print::number(value, 0), |value: f64| format!("{:.0} %", 100.0 * value));
    print::line(&format!(
        "{} lines among {} products as of {}; devices of {} customers are known.",
        print::count(told.n_lines),
        print::count(told.n_products),
        told.as_of,
        print::count(told.n_customers)
    ));
    let due: Vec<&launch::Replaced> = told.categories.iter().filter(|one| one.due.is_some()).collect();
    if !due.is_empty() {
        let row = |one: &&launch::Replaced| {
            let held = one.held_back.map_or(String::new(), |held| {
                format!("{} against {}", interval(&held.foretold, whole), whole(held.came))
            });
            vec![
                one.category.clone(),
                print::count(one.n_owners),
                print::count(one.n_replaced),
                one.kept_months.map_or_else(|| "not seen".to_owned(), |half| interval(&half, whole)),
                one.due.as_ref().map_or(String::new(), |due| interval(due, whole)),
                whole(one.due_at_one_rate),
                held,
            ]
        };
        print::line(&format!("\nWho replaces theirs here within {} months:\n", told.months));
        let header =
            ["category", "owners", "replaced", "half by month", "due", "by one rate", "last 3 months, foretold"];
        print::table(&header, &due.iter().map(row).collect::<Vec<_>>());
        for one in &due {
            for caveat in &one.backing.caveats {
                print::line(&format!("  ! {}: {}", one.category, said(&caveat.text)));
            }
        }
    }
    for one in due.iter().filter(|one| !one.moves.is_empty()).take(n) {
        let moves: Vec<String> = one
            .moves
            .iter()
            .map(|to| format!("{} {}", words(&to.kind), interval(&to.share.clone(), percent)))
            .collect();
        print::line(&format!("{}: {}", one.category, moves.join(", ")));
    }
    for line in told.lines.iter().take(n) {
        let next = line.next_expected_on.as_ref().map_or(String::new(), |day| format!(", next expected {day}"));
        print::line(&format!("\n{} ({}){next}", line.name, line.category));
        let row = |one: &launch::LineGeneration| {
            let launched = one.launched_on.clone().unwrap_or_default();
            let state = if one.is_on_sale { "on sale" } else { "gone" };
            vec![
                one.generation.to_string(),
                launched,
                state.to_owned(),
                print::count(one.n_owners),
                print::number(one.mean_months, 1),
                print::number(one.due, 1),
                whole(one.sold_lately),
                print::count(one.stock),
            ]
        };
        let rows: Vec<Vec<String>> = line.generations.iter().map(row).collect();
        let header = ["generation", "launched", "", "owners", "months owned", "due", "sold in 3 months", "stock"];
        print::table(&header, &rows);
        if let Some(outlook) = line.outlook.as_ref().filter(|outlook| !outlook.generations.is_empty()) {
            for one in &outlook.generations {
                print::line(&format!(
                    "  generation {}, {} months ahead: {} pieces, {} by owners of the one before, {} who skipped it",
                    one.generation,
                    outlook.days.len(),
                    interval(&one.sales_ahead, whole),
                    whole(one.switched_in),
                    whole(one.leapfrogged_in)
                ));
            }
            print_backing(&outlook.backing);
        }
    }
    print_old_stock(told, n);
    print_backing(&told.backing);
}

fn print_old_stock(told: &Generations, n: usize) {
    let (whole, percent) = (|value: f64| print::number(value, 0), |value: f64| format!("{:.0} %", 100.0 * value));
    if !told.run_off.is_empty() {
        let row = |one: &launch::RunOffPoint| {
            vec![one.days.to_string(), interval(&one.share, percent), print::count(one.n_products)]
        };
        print::line("\nWhat is left of a product's sales once the next generation is there:\n");
        let rows: Vec<Vec<String>> = told.run_off.iter().map(row).collect();
        print::table(&["to day", "share", "products"], &rows);
    }
    if !told.old_stock.is_empty() {
        let row = |one: &launch::OldStock| {
            vec![
                one.product_id.clone(),
                one.name.clone(),
                print::count(one.stock),
                interval(&one.sold, whole),
                interval(&one.left, whole),
                whole(one.left_at_the_rate_before),
                words(&one.advice),
            ]
        };
        print::line("\nOld stock in the next 90 days:\n");
        let rows: Vec<Vec<String>> = told.old_stock.iter().take(n).map(row).collect();
        print::table(&["product", "", "stock", "sold", "left", "left at the rate before", "advice"], &rows);
    }
    print_backing(&told.run_off_backing);
}

fn print_promotions(told: &Promotions) {
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    for one in &told.promotions {
        print::line(&format!(
            "\n{}, {} to {}: {} taken off, {} of {} products on offer",
            said(&one.name),
            one.first_day,
            one.last_day,
            percent(one.depth),
            print::count(one.n_on_offer),
            print::count(one.n_sold)
        ));
        let mut rows = vec![
            vec!["sold".to_owned(), money(one.sold_cents)],
            vec!["would have sold".to_owned(), interval(&one.usual_cents, money)],
            vec!["more than that".to_owned(), interval(&one.lift_cents, money)],
            vec![format!("held back in {} days before", one.days_before), interval(&one.held_back_cents, money)],
            vec![format!("bought ahead of {} days after", one.days_after), interval(&one.pulled_forward_cents, money)],
            vec!["net".to_owned(), interval(&one.net_cents, money)],
            vec!["by the four weeks before alone".to_owned(), money(one.naive_lift_cents)],
        ];
        for (what, part) in [
            ("  products on offer", &one.on_offer),
            ("  others of their categories", &one.cannibalised),
            ("  other categories", &one.halo),
        ] {
            if let Some(part) = part {
                rows.push(vec![what.to_owned(), interval(&part.lift_cents, money)]);
            }
        }
        if let (Some(back), Some(usually)) = (one.returned, one.returned_usually) {
            rows.push(vec!["came back".to_owned(), format!("{}, usually {}", percent(back), percent(usually))]);
        }
        if let Some(cents) = one.protection_at_most_cents.filter(|cents| *cents > 0.0) {
            rows.push(vec!["price protection, at most".to_owned(), money(cents)]);
        }
        for (what, estimate) in [
            ("net after returns", &one.net_kept_cents),
            ("net margin", &one.net_margin_cents),
            ("spent over the usual", &one.net_spend_cents),
        ] {
            if let Some(estimate) = estimate {
                rows.push(vec![what.to_owned(), interval(estimate, money)]);
            }
        }
        if let Some(next) = &one.in_shadow_of {
            rows.push(vec!["customers waited for".to_owned(), said(next).to_owned()]);
        }
        if let Some(verdict) = &one.verdict {
            rows.push(vec!["verdict".to_owned(), words(verdict)]);
        }
        print::table(&["", ""], &rows);
    }
    if !told.campaigns.is_empty() {
        let row = |one: &promotions::PastCampaign| {
            vec![
                one.campaign_id.clone(),
                one.arm.clone(),
                one.first_day.clone(),
                print::count(one.n_customers),
                one.incremental_cents.as_ref().map_or_else(|| one.support.clone(), |found| interval(found, money)),
                money(one.cost_cents as f64),
            ]
        };
        print::line("\nCampaigns, beside those who got nothing:\n");
        let rows: Vec<Vec<String>> = told.campaigns.iter().map(row).collect();
        print::table(&["campaign", "arm", "from", "customers", "spent more in 30 days", "cost"], &rows);
    }
    if !told.without_offers.is_empty() {
        let names: Vec<&str> = told.without_offers.iter().map(said).collect();
        print::line(&format!("\nNothing was taken off on: {}", names.join(", ")));
    }
    print_backing(&told.backing);
}

fn print_crowd(told: &Crowd) {
    let percent = |value: f64| format!("{:.1} %", 100.0 * value);
    let name = |key: &Option<String>| {
        let stage = told.stages.iter().find(|stage| Some(&stage.key) == key.as_ref());
        stage.map_or("(nothing)", |stage| said(&stage.name)).to_owned()
    };
    print::line(&format!("As of {}, and {} days before:\n", told.as_of, told.days));
    let row = |stage: &crowd::CrowdStage| {
        vec![said(&stage.name).to_owned(), print::count(stage.n), print::count(stage.n_before)]
    };
    print::table(&["stage", "customers", "before"], &told.stages.iter().map(row).collect::<Vec<_>>());
    let row = |flow: &crowd::CrowdFlow| {
        vec![name(&flow.from), name(&flow.to), print::count(flow.n), interval(&flow.share, percent)]
    };
    print::line("");
    print::table(&["from", "to", "customers", "of those before"], &told.flows.iter().map(row).collect::<Vec<_>>());
    let row = |one: &crowd::CrowdChannel| {
        vec![
            one.channel.clone(),
            print::count(one.n_touched),
            print::count(one.n_nearer),
            interval(&one.nearer, percent),
            words(&one.shows),
        ]
    };
    if told.channels.is_empty() {
        print::line("\nNo channel is known to have touched anybody within these days.");
    } else {
        print::line(&format!("\nCame nearer, of those touched: {} on any channel\n", interval(&told.nearer, percent)));
        let rows: Vec<Vec<String>> = told.channels.iter().map(row).collect();
        print::table(&["channel", "touched", "came nearer", "share", "beside all"], &rows);
    }
    print_backing(&told.backing);
}

fn print_treat(told: &Treat) {
    let each = |value: f64| match told.outcome.as_str() {
        "revenue" => format!("{:.2}", value / 100.0),
        _ => format!("{:.3} %", 100.0 * value),
    };
    let coins = |value: f64| print::number(value / 100.0, 2);
    print::line(&format!(
        "{}, beside {} customers in '{}'; one more is worth {}{}",
        told.campaign_id,
        print::count(told.n_control),
        told.control,
        coins(told.value_cents),
        if told.is_weighted { "; customers are weighted by their chances" } else { "" }
    ));
    for arm in &told.arms {
        print::line(&format!(
            "\n{}: {} customers at {}; it changed {} by {}",
            arm.arm,
            print::count(arm.n_customers),
            coins(arm.cost_cents),
            told.outcome,
            arm.effect.as_ref().map_or_else(|| "?".to_owned(), |effect| interval(effect, each))
        ));
        if let Some(qini) = &arm.qini {
            let small = |value: f64| format!("{value:.5}");
            let by_spend = small(arm.qini_by_spend);
            print::line(&format!(
                "  who answers is told by Qini {} ({by_spend} by what they spent)",
                interval(qini, small)
            ));
        }
    }
    if !told.curve.is_empty() {
        let row = |point: &treat::TreatPoint| {
            vec![
                format!("{:.0} %", 100.0 * point.share),
                print::count(point.n_customers),
                coins(point.cost_cents),
                interval(&point.gain_cents, coins),
                interval(&point.by_spend_cents, coins),
            ]
        };
        print::line("\nHad so many of them been treated, a customer of all:\n");
        let rows: Vec<Vec<String>> = told.curve.iter().step_by(2).map(row).collect();
        print::table(&["share", "customers", "cost", "gain", "gain by what they spent"], &rows);
    }
    if let Some(today) = &told.today {
        let arms: Vec<String> = today.arms.iter().map(|(arm, n)| format!("{arm} for {}", print::count(*n))).collect();
        print::line(&format!(
            "\nToday: {} may be reached ({} more have something open); {} for {}, foretold to gain {}. Treating all gains {} for {}.",
            print::count(today.n_reachable),
            print::count(today.n_held_back),
            if arms.is_empty() { "nobody is worth it".to_owned() } else { arms.join(", ") },
            money(today.cost_cents),
            money(today.gain_cents),
            money(today.gain_of_all_cents),
            money(today.cost_of_all_cents)
        ));
        if let (Some(some), Some(all)) = (&today.gain_measured_cents, &today.gain_of_all_measured_cents) {
            print::line(&format!(
                "As measured on the campaign's own customers, for as many: the same share gains {}, all gain {}.",
                interval(some, money),
                interval(all, money)
            ));
        }
    }
    print_backing(&told.backing);
}

fn print_trade_in(told: &TradeInPlan) {
    let percent = |value: f64| format!("{:.1} %", 100.0 * value);
    if !told.groups.is_empty() {
        let row = |one: &trade_in::TradeInGroup| {
            let until = one.below_months.map_or("and more".to_owned(), |below| format!("to {below}"));
            vec![
                one.category.clone(),
                format!("{} {until}", one.from_months),
                print::count(one.n_owners),
                money(one.price_cents),
                money(one.margin_cents),
                money(one.old_cents),
                percent(one.buys_anyway),
                money(one.subsidy_cents),
                percent(one.buys),
                money(one.cost_cents),
                money(one.gain_cents),
            ]
        };
        let header = [
            "category",
            "months owned",
            "owners",
            "price",
            "margin",
            "old one's worth",
            "buy anyway",
            "subsidy",
            "buy then",
            "cost",
            "gain",
        ];
        print::table(&header, &told.groups.iter().map(row).collect::<Vec<_>>());
        if let Some(gain) = &told.gain_cents {
            print::line(&format!(
                "\nWithin {} months: {} for {}; no choice gains more than {}, one subsidy of {} for all {}; one more coin {:.2}.",
                told.months,
                interval(gain, money),
                money(told.cost_cents),
                money(told.bound_cents),
                percent(told.one_for_all),
                money(told.one_for_all_cents),
                told.shadow_price
            ));
        }
        if let Some(n) = told.n_for_trial {
            print::line(&format!("To show it: a trial at random with {} owners.", print::count(n)));
        }
    }
    print_backing(&told.backing);
}

fn print_selling_points(told: &SellingPoints) {
    let percent = |value: f64| format!("{:.1} %", 100.0 * value);
    print::line(&format!("{}, as of {}", told.category, told.as_of));
    for one in &told.segments {
        let (n, price) = (print::count(one.n_choices), money(one.price_cents));
        if one.backing.is_refused() {
            print::line(&format!("\n{}:", said(&one.name)));
            print_backing(&one.backing);
            continue;
        }
        print::line(&format!("\n{}: {n} choices, {price} a piece", said(&one.name)));
        let row = |point: &selling_points::SellingPoint| {
            vec![
                said(&point.name).to_owned(),
                format!("{} → {}", said(&point.from), said(&point.to)),
                point.worth.as_ref().map_or_else(|| "?".to_owned(), |worth| interval(worth, percent)),
                point.worth_cents.as_ref().map_or_else(String::new, |worth| interval(worth, money)),
                words(&point.shows),
            ]
        };
        print::table(&["spec", "gap", "of the price", "money", ""], &one.points.iter().map(row).collect::<Vec<_>>());
        print_backing(&one.backing);
    }
    if !told.left_out.is_empty() {
        print::line(&format!("\nNot told apart from others: {}", told.left_out.join(", ")));
    }
    let others: Vec<&str> =
        told.categories.iter().map(|one| one.category.as_str()).filter(|one| *one != told.category).collect();
    if !others.is_empty() {
        print::line(&format!("\nOther categories: {}", others.join(", ")));
    }
}

fn print_budget(told: &BudgetPlan) {
    if !told.channels.is_empty() {
        let row = |channel: &budget::ChannelPlan| {
            vec![
                channel.channel.clone(),
                interval(&channel.return_on_spend, |value| print::number(value, 2)),
                interval(&channel.marginal_return, |value| print::number(value, 2)),
                money(channel.current_cents),
                money(channel.planned_cents),
            ]
        };
        print::line(&format!(
            "{} over {} weeks from {}; learned from {} weeks (explains {:.0} %, without channels {:.0} %)\n",
            money(told.budget_cents),
            told.days.len(),
            told.days.first().map_or("", String::as_str),
            told.weeks.len(),
            100.0 * told.r_squared,
            100.0 * told.r_squared_without_channels
        ));
        if let Some(goal) = &told.goal {
            let of = |value: f64| if goal.kind == "sales" { money(value) } else { print::number(value, 2) };
            let what = if goal.kind == "sales" { "sales in these weeks" } else { "sales that a coin adds" };
            print::line(&format!(
                "{what}: {} wanted, {} expected; reached with a chance of {:.0} %\n",
                of(goal.wanted),
                interval(&goal.expected, of),
                100.0 * goal.chance
            ));
        }
        print::table(
            &["channel", "sales a coin brought", "the next one", "now (last 13 weeks)", "best"],
            &told.channels.iter().map(row).collect::<Vec<_>>(),
        );
        print::line("");
        for (what, estimate) in [
            ("sold so far without any channel", &told.baseline_so_far_cents),
            ("in these weeks without any channel", &told.baseline_cents),
            ("from what was spent before", &told.left_over_cents),
            ("from this plan", &told.added_cents),
            ("more than the equal split", &told.over_equal_cents),
            ("more than spending as now", &told.over_current_cents),
        ] {
            if let Some(estimate) = estimate {
                print::line(&format!("{what}: {}", interval(estimate, money)));
            }
        }
        print::line(&format!("one more coin would bring {:.2} of sales", told.shadow_price));
    }
    print_backing(&told.backing);
}

fn print_prices(told: &Prices) {
    let each = |value: f64| print::number(value, 2);
    if let Some(elasticity) = &told.elasticity {
        print::line(&format!("elasticity {}", interval(elasticity, each)));
    }
    if let Some(substitution) = &told.substitution {
        print::line(&format!("to the prices of the category's other products {}", interval(substitution, each)));
    }
    if !told.categories.is_empty() {
        let row = |one: &price::CategoryElasticity| {
            vec![
                one.category.clone(),
                if one.shows == "not_identified" {
                    "not identified".to_owned()
                } else {
                    interval(&one.elasticity, each)
                },
                print::count(one.n_products),
                print::count(one.n_price_changes),
            ]
        };
        print::line("");
        let rows: Vec<Vec<String>> = told.categories.iter().map(row).collect();
        print::table(&["category", "elasticity", "products", "price changes"], &rows);
    }
    if !told.left.is_empty() {
        let percent = |share: f64| format!("{:.0} %", 100.0 * share);
        let row = |one: &price::PriceLeft| {
            let products = print::count(one.n_products);
            vec![one.month.to_string(), percent(one.median), percent(one.low), percent(one.high), products]
        };
        print::line("\nwhat is left of the first price:\n");
        let rows: Vec<Vec<String>> = told.left.iter().map(row).collect();
        print::table(&["month", "median", "a tenth below", "a tenth above", "products"], &rows);
    }
    print_backing(&told.backing);
}

fn print_markdown(told: &Markdown) {
    print::line(&format!(
        "{} ({}): {} pieces at {}, elasticity {:.2}\n",
        told.name,
        told.product_id,
        told.stock,
        price_of(told.price_cents),
        told.elasticity
    ));
    let row = |week: &price::WeekPrice| {
        let tenths = &week.by_tenths_left_cents;
        vec![
            week.day.clone(),
            print::number(week.demand, 1),
            price_of(week.price_cents),
            price_of(tenths[9]),
            price_of(tenths[4]),
            price_of(tenths[1]),
        ]
    };
    let header = ["week from", "expected", "price", "if all is left", "if half is left", "if a fifth is left"];
    print::table(&header, &told.weeks.iter().map(row).collect::<Vec<_>>());
    print::line("");
    let single = format!("at {} from now on", price_of(told.single_price_cents));
    for (what, brings) in
        [("like this", &told.best), ("holding the price", &told.hold), (single.as_str(), &told.single)]
    {
        if let Some(brings) = brings {
            print::line(&format!(
                "{what}: {}; sold {}; nothing left with a chance of {:.0} %",
                interval(&brings.revenue_cents, money),
                interval(&brings.sold, |pieces| print::number(pieces, 0)),
                100.0 * brings.sold_out
            ));
        }
    }
    if let Some(over) = &told.over_hold_cents {
        print::line(&format!("more than holding: {}", interval(over, money)));
    }
    print_backing(&told.backing);
}

fn print_verdict(told: &CampaignVerdict) {
    print::line(&format!(
        "{}: {} customers in '{}'; {} were in several arms and {} are too recent: left out",
        told.campaign_id,
        print::count(told.n_control),
        told.control,
        print::count(told.n_in_several_arms),
        print::count(told.n_too_recent)
    ));
    let is_money = told.outcome == Outcome::Revenue;
    let each = |value: f64| match is_money {
        true => format!("{:.2}", value / 100.0),
        false => format!("{:.3} %", 100.0 * value),
    };
    for arm in &told.arms {
        print::line(&format!(
            "\n{}: {} customers, {} against {}",
            arm.arm,
            print::count(arm.n_customers),
            each(arm.mean),
            each(arm.control_mean)
        ));
        if let Some(difference) = &arm.difference {
            let relative = arm.relative.map_or(String::new(), |relative| {
                format!(", {} %", interval(&relative, |value| format!("{:+.1}", 100.0 * value)))
            });
            print::line(&format!("  difference {}{relative}: {}", interval(difference, each), arm.shows));
        }
        if let Some(all) = &arm.incremental_cents {
            let cost = money(arm.cost_cents as f64);
            print::line(&format!("  all its customers together: {}; cost {cost}", interval(all, money)));
        }
        if let Some(chance) = arm.chance_better {
            print::line(&format!("  better with a chance of {:.1} %", 100.0 * chance));
        }
        if let Some(decision) = &arm.decision {
            print_decision(decision);
        }
        print_backing(&arm.backing);
    }
}

/// What to do by all measures.
fn print_decision(decision: &ArmDecision) {
    for one in &decision.measures {
        let margin = one.margin.map_or(String::new(), |margin| format!(", at most {:.1} % worse", 100.0 * margin));
        let relative = one.relative.as_ref().map_or_else(
            || "not known".to_owned(),
            |found| format!("{} %", interval(found, |value| format!("{:+.1}", 100.0 * value))),
        );
        print::line(&format!("  {} {}{margin}: {relative}: {}", one.role, one.outcome.name(), words(&one.shows)));
    }
    let reasons: Vec<&str> = decision.reasons.iter().map(said).collect();
    let done = 100.0 * decision.progress;
    print::line(&format!(
        "  {} ({done:.0} % of the customers are there): {}",
        words(&decision.step),
        reasons.join(" ")
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_and_wrong_ones_refused() {
        let read = |text: &str| bound_of(text).map(|bound| (bound.channel, bound.floor_cents, bound.ceiling_cents));
        assert_eq!(read("search=1000:5000").unwrap(), ("search".to_owned(), Some(100_000), Some(500_000)));
        assert_eq!(read("mail=:300").unwrap(), ("mail".to_owned(), None, Some(30_000)));
        for text in ["search", "search=5", "search=a:1", "search=-1:2", "search=1:NaN"] {
            assert!(read(text).unwrap_err().message.contains("CHANNEL=LEAST:MOST"), "{text}");
        }
    }

    #[test]
    fn costs_of_arms_are_read_and_wrong_ones_refused() {
        assert_eq!(cost_of("coupon=0.31").unwrap(), ("coupon".to_owned(), 31));
        for text in ["coupon", "coupon=", "coupon=-1", "coupon=inf"] {
            assert!(cost_of(text).unwrap_err().message.contains("ARM=MONEY"), "{text}");
        }
    }

    #[test]
    fn the_support_check_is_told_where_there_was_one() {
        let plain = Backing::enough(500);
        assert_eq!(support(&plain), None);
        let found = Backing { effective_n: Some(2.0), overlap: Some(0.4), sample_ratio_p: Some(0.5), ..plain };
        let told = support(&found).unwrap();
        assert!(
            ["500 rows", "as much as 2 alike", "for 40 %", "with 50.0 %"].iter().all(|part| told.contains(part)),
            "{told}"
        );
    }

    #[test]
    fn money_is_whole() {
        assert_eq!((money(123_456_789.0), money(-150.0), money(-20.0)), ("1 234 568".into(), "-2".into(), "0".into()));
    }
}
