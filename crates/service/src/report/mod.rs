//! Reports that leave the tool: the week of a shop, other days of it, or one campaign, as data first (`told`), then as a page, a PDF, a
//! workbook, a table or JSON (`files`), handed out or mailed (`post`). `facts` asks the tables, `noise` says what is more than noise, `why`
//! takes a change apart. Not here: charts of the console, and decisions.

mod campaign;
mod chart;
mod facts;
pub mod files;
mod html;
mod noise;
mod pdf;
pub mod post;
pub mod told;
mod weekly;
mod why;
mod words;
mod xlsx;

use data::Shop;
use domain::Day;

use self::facts::Span;
use self::told::{Block, Cell, Column, Draft, Figure, Kind, Report, Table, Tone, text};
use crate::alerts::{self, Quality};
use crate::clock;
use crate::error::{Result, ServiceError, clipped};
use crate::flows::audience::present;
use crate::flows::plan::Interval;
use crate::flows::segment::Text;
use crate::store::Store;

pub use self::files::Format;

/// What a report is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum About {
    /// The last whole week up to the day.
    Week,
    /// From one day to another, both included.
    Days(Day, Day),
    /// A sending, or a campaign of the exposures.
    Campaign(String),
}

/// # Errors
/// If it is no day.
pub fn read_day(name: &str, text: &str) -> Result<Day> {
    text.parse::<Day>()
        .map_err(|_| ServiceError::usage("day", format!("{name} is '{}'; allowed: a day as 2026-06-30", clipped(text))))
}

/// What is asked for by options that exclude each other.
///
/// # Errors
/// If two are given, or one end of the days is missing.
pub fn about(from: Option<&str>, to: Option<&str>, campaign: Option<&str>) -> Result<About> {
    match (from, to, campaign) {
        (None, None, None) => Ok(About::Week),
        (Some(from), Some(to), None) => Ok(About::Days(read_day("from", from)?, read_day("to", to)?)),
        (None, None, Some(id)) => Ok(About::Campaign(id.to_owned())),
        (Some(_), None, None) | (None, Some(_), None) => {
            Err(ServiceError::usage("days", "from and to go together; one of them is missing"))
        }
        _ => Err(ServiceError::usage("about", "a report is of days (from and to) or of a sending, not of both")),
    }
}

/// Works a report out. `day` is that of whoever asks: the last of the shop's data unless given.
///
/// # Errors
/// If the days are wrong, there is no such campaign, or the tables cannot be read.
pub async fn make(shop: &Shop, store: &Store, about: &About, day: Option<Day>) -> Result<Report> {
    let present = present(shop).await?;
    let as_of = present.day;
    let day = day.unwrap_or(as_of);
    let span = match about {
        About::Campaign(id) => return campaign::report(shop, store, &present, id, day).await,
        About::Week => Span::last_week(day),
        About::Days(from, to) => Span::new(*from, *to)?,
    };
    let mut draft = Draft::default();
    let period = weekly::Period::read(shop, store, &present, span, &mut draft).await?;
    period.why(&mut draft).await?;
    period.decided(&mut draft).await?;
    models(shop, store, &mut draft)?;
    out_of_order(shop, store, span.to, &mut draft).await?;
    period.next(&mut draft)?;
    let (from, to) = (span.from, span.to);
    let kind = if span.is_week() { Kind::Week } else { Kind::Period };
    let title = match kind {
        Kind::Week => text(format!("周报：{from} 至 {to}"), format!("Weekly report: {from} to {to}")),
        _ => text(format!("报告：{from} 至 {to}"), format!("Report: {from} to {to}")),
    };
    let shop = shop.config();
    Ok(Report {
        kind,
        shop: shop.name.clone(),
        currency: shop.currency.clone(),
        day: day.to_string(),
        from: from.to_string(),
        to: to.to_string(),
        as_of: as_of.to_string(),
        title,
        blocks: draft.blocks,
        sources: draft.sources,
    })
}

/// The model in service beside the simple one.
fn models(shop: &Shop, store: &Store, draft: &mut Draft) -> Result<()> {
    draft.heading("模型与最简单的做法", "The model and the simple one");
    let Some(quality) = alerts::quality(shop, store)? else {
        let (zh, en) = (
            "还没有把在用的推荐模型和热门榜放在一起评估过：tercet evaluate recommend --algorithm popularity,…",
            "The model that recommends was not judged beside most popular first yet: tercet evaluate recommend --algorithm popularity,…",
        );
        draft.remark(Tone::Thin, zh, en);
        return Ok(());
    };
    let Quality { card, metric, model, baseline, at, api } = &quality;
    let source = draft.by_api("评估", "evaluations", api);
    let interval =
        |one: &crate::flows::models::Interval| Interval { value: one.mean, low: one.low, high: one.high, level: 0.95 };
    let figure = |zh: &str, en: &str, of| Figure::new(zh, en, 0.0, "number", source).within(interval(of));
    let day = clock::day_of(domain::Millis(*at), &clock::zone(&shop.config().time_zone));
    let verdict = match (quality.is_worse(), model.mean > baseline.mean) {
        (true, _) => text("不如热门榜", "It is worse than most popular first"),
        (false, true) => text("好于热门榜", "It is better than most popular first"),
        _ => text("与热门榜分不出高下", "It cannot be told from most popular first"),
    };
    draft.say(
        text(
            format!("推荐模型 {card} 的 {metric} 是 {{0}}，热门榜是 {{1}}（{day} 评估）。{}。", verdict.zh),
            format!(
                "The model {card} reaches {{0}} of {metric}, most popular first {{1}} (judged on {day}). {}.",
                verdict.en
            ),
        ),
        vec![figure("模型", "model", model), figure("热门榜", "most popular first", baseline)],
    );
    Ok(())
}

/// What was out of order at the end of the period.
async fn out_of_order(shop: &Shop, store: &Store, day: Day, draft: &mut Draft) -> Result<()> {
    draft.heading("警报", "Alerts");
    let found = alerts::look(shop, store, day).await?;
    let unchecked = alerts::unchecked(shop, store, day).await?;
    if found.is_empty() && unchecked.is_empty() {
        draft.remark(
            Tone::Plain,
            format!("截至 {day}，没有发现异常：数据照常到来，构成、花费和模型都在限内。"),
            format!("Nothing was out of order on {day}: data arrive, and mixes, spend and the model are within their limits."),
        );
        return Ok(());
    }
    if !unchecked.is_empty() {
        let each = |of: fn(&Text) -> &str, between: &str| unchecked.iter().map(of).collect::<Vec<_>>().join(between);
        let (zh, en) = (each(|one| &one.zh, "；"), each(|one| &one.en, "; "));
        draft.remark(Tone::Thin, format!("没有查的：{zh}。"), format!("Not looked at: {en}."));
    }
    if found.is_empty() {
        let is_none = unchecked.len() == alerts::N_CHECKED;
        let (zh, en) = match is_none {
            true => ("没有什么可以查。".to_owned(), "There was nothing to look at.".to_owned()),
            false => (format!("截至 {day}，其余的没有发现异常。"), format!("Nothing else was out of order on {day}.")),
        };
        draft.remark(Tone::Plain, zh, en);
        return Ok(());
    }
    let mut rows = Vec::new();
    let mut sources = Vec::new();
    for alert in found {
        if let Some(sql) = &alert.sql {
            sources.push(draft.by_sql(&alert.title.zh, &alert.title.en, sql));
        }
        rows.push(vec![
            Cell::text(alert.title),
            Cell::text(joined(&alert.found, &alert.expected)),
            Cell::text(alert.help),
        ]);
    }
    sources.sort_unstable();
    sources.dedup();
    draft.remark(
        Tone::Bad,
        format!("截至 {day} 有 {} 项异常。", rows.len()),
        format!("{} things were out of order on {day}.", rows.len()),
    );
    draft.blocks.push(Block::Table(Table {
        title: text("异常", "Out of order"),
        columns: vec![
            Column::new("什么", "What", "text"),
            Column::new("发现与应有", "Found and expected", "text"),
            Column::new("怎么办", "What to do", "text"),
        ],
        rows,
        sources,
    }));
    Ok(())
}

fn joined(a: &Text, b: &Text) -> Text {
    text(format!("{}{}", a.zh, b.zh), format!("{} {}", a.en, b.en))
}
