//! `decide`: the day's decisions, printed; accepted, rejected, and their lists. Arguments and printing only.

use std::path::Path;

use data::Shop;
use domain::Day;
use service::decisions::{self, Answer, Decision, Decisions, Figure, Settled, Standing};
use service::flows::plan::Interval;
use service::flows::segment::Text;
use service::store::Store;
use service::{Result, ServiceError};

use crate::args::Decide;
use crate::print::{self, Progress};

const WHO: &str = "command line";

pub async fn run(dir: &Path, asked: Decide, as_json: bool) -> Result<()> {
    let shop = Shop::open(dir)?;
    let store = Store::of(&shop)?;
    let answer = |note: Option<String>| Answer::new(WHO.to_owned(), note);
    if let Some(id) = asked.customers {
        let csv = decisions::customers_csv(&shop, &store, &id)?;
        print!("{csv}");
        return Ok(());
    }
    if let Some(id) = asked.accept {
        return print_settled(&decisions::accept(&shop, &store, &id, answer(asked.note)?)?, as_json);
    }
    if let Some(id) = asked.reject {
        return print_settled(&decisions::reject(&shop, &store, &id, answer(asked.note)?)?, as_json);
    }
    if asked.note.is_some() {
        return Err(ServiceError::usage("note", "--note goes with --accept or --reject"));
    }
    let made = if asked.last {
        decisions::published(&shop, &store)?
    } else {
        let wrong =
            |text: &str| ServiceError::usage("day", format!("the day is '{text}'; allowed: a day as 2026-06-30"));
        let day = asked.day.map(|text| text.parse::<Day>().map_err(|_| wrong(&text))).transpose()?;
        let bar = Progress::new(as_json);
        decisions::decide(&shop, &store, day, &|share, message| bar.report(share, message)).await?
    };
    if as_json {
        print::json(&serde_json::to_value(&made)?);
    } else {
        print_decisions(&made, &shop.config().language);
    }
    Ok(())
}

fn said<'a>(text: &'a Text, language: &str) -> &'a str {
    if language == "zh" { &text.zh } else { &text.en }
}

fn number(value: f64, unit: &str) -> String {
    match unit {
        "money" => {
            let whole = (value / 100.0).round();
            format!("{}{}", if whole < 0.0 { "-" } else { "" }, print::count(whole.abs() as u64))
        }
        "share" => format!("{:.1} %", 100.0 * value),
        "count" => print::count(value.round().max(0.0) as u64),
        _ if value > 0.0 && value < 0.001 => "< 0.001".to_owned(),
        _ => format!("{value:.3}"),
    }
}

fn shown(figure: &Figure) -> String {
    let value = number(figure.value, &figure.unit);
    match (figure.low, figure.high) {
        (Some(low), Some(high)) => format!("{value} [{}, {}]", number(low, &figure.unit), number(high, &figure.unit)),
        _ => value,
    }
}

fn interval(interval: &Interval) -> String {
    let [value, low, high] = [interval.value, interval.low, interval.high].map(|value| number(value, "money"));
    format!("{value} [{low}, {high}]")
}

/// A paragraph with its figures put in.
fn filled(decision: &Decision, language: &str) -> String {
    let mut text = said(&decision.paragraph, language).to_owned();
    for (at, figure) in decision.figures.iter().enumerate() {
        text = text.replace(&format!("{{{at}}}"), &shown(figure));
    }
    text
}

fn print_decision(at: usize, decision: &Decision, language: &str) {
    print::line(&format!("{}. {}", at + 1, said(&decision.title, language)));
    let of = if decision.gain_of == "margin" { "margin" } else { "sales" };
    match &decision.gain_cents {
        Some(gain) => {
            print::line(&format!("   expected {of}: {} within {} days", interval(gain), decision.within_days))
        }
        None => print::line("   expected: not known"),
    }
    // A paragraph is as long as it is.
    print::wide(&format!("   {}", filled(decision, language)));
    for gate in &decision.gates {
        print::line(&format!("   {:>10}  {}", print::count(gate.n), said(&gate.text, language)));
    }
    for caveat in &decision.backing.caveats {
        print::line(&format!("   ! {}", said(&caveat.text, language)));
    }
    print::line(&format!("   → {}", said(&decision.next, language)));
    print::line(&format!("   {}  ({})\n", decision.id, decision.who));
}

fn print_decisions(made: &Decisions, language: &str) {
    let until = made.as_of.as_ref().map_or_else(|| "no data yet".to_owned(), |last| format!("data up to {last}"));
    print::line(&format!("{}  ({until})\n", made.day));
    if made.today.is_empty() {
        print::line("Nothing to decide today.\n");
    }
    made.today.iter().enumerate().for_each(|(at, decision)| print_decision(at, decision, language));
    if !made.more.is_empty() {
        print::line(&format!("and {} more:", made.more.len()));
        for decision in &made.more {
            let gain = decision.gain_cents.as_ref().map_or_else(|| "not known".to_owned(), interval);
            print::line(&format!("  {}  {gain}  {}", said(&decision.title, language), decision.id));
        }
    }
    for quiet in &made.quiet {
        print::wide(&format!("  - {}: {}", quiet.kind, said(&quiet.why, language)));
    }
    for settled in &made.settled {
        let measured = settled.measured.as_ref().and_then(|measured| measured.sales_cents.as_ref());
        let measured = measured.map_or_else(String::new, |sales| format!("; brought {}", interval(sales)));
        let how = if settled.standing == Standing::Accepted { "accepted" } else { "rejected" };
        print::line(&format!("  {how} by {}: {}{measured}", settled.by, said(&settled.decision.title, language)));
    }
    if !made.today.is_empty() {
        print::line("\ntercet decide --accept ID, --reject ID; --customers ID prints the list of an accepted one");
    }
}

fn print_settled(settled: &Settled, as_json: bool) -> Result<()> {
    if as_json {
        print::json(&serde_json::to_value(settled)?);
        return Ok(());
    }
    let how = if settled.standing == Standing::Accepted { "accepted" } else { "rejected" };
    print::line(&format!("{how}: {}", settled.decision.id));
    if settled.standing == Standing::Accepted && settled.decision.n_customers.is_some() {
        print::line(&format!("next: tercet decide --customers {}", settled.decision.id));
    }
    Ok(())
}
