//! `report` and `alerts`: the week of the shop, other days or a campaign as a file or in words; and what is out of order. Arguments and
//! printing only.

use std::path::Path;

use data::Shop;
use domain::Millis;
use service::alerts::{self, Alert, Kept};
use service::flows::segment::Text;
use service::report::files::{Lang, ReportConfig, summary, write};
use service::report::{About, Format, about, make, read_day};
use service::store::Store;
use service::{Result, ServiceError, clock};

use crate::args::{Alerts, Report};
use crate::print;

pub async fn run(dir: &Path, asked: Report, as_json: bool) -> Result<()> {
    let shop = Shop::open(dir)?;
    let store = Store::of(&shop)?;
    let lang = Lang::named(asked.lang.as_deref().unwrap_or(&shop.config().language))?;
    let out = asked.out.map(|path| format_of(&path).map(|format| (path, format))).transpose()?;
    let about = match asked.week {
        true => About::Week,
        false => about(asked.from.as_deref(), asked.to.as_deref(), asked.sending.as_deref())?,
    };
    let day = asked.day.as_deref().map(|day| read_day("day", day)).transpose()?;
    let report = make(&shop, &store, &about, day).await?;
    let Some((path, format)) = out else {
        match as_json {
            true => print::json(&serde_json::to_value(&report)?),
            // Paragraphs are as long as they are.
            false => print::wide(&summary(&report, lang)),
        }
        return Ok(());
    };
    let config = ReportConfig::of(shop.config())?;
    let bytes = write(&report, format, lang, &config)?;
    std::fs::write(&path, &bytes).map_err(|error| {
        let message = format!("'{}' cannot be written: {error}", path.display());
        ServiceError::usage("out", message).help("name a file in a folder that is there")
    })?;
    if as_json {
        print::json(&serde_json::json!({"file": path, "bytes": bytes.len(), "report": report}));
    } else {
        print::line(&format!(
            "{}, {} bytes: {}",
            lang.of(&report.title),
            print::count(bytes.len() as u64),
            path.display()
        ));
    }
    Ok(())
}

fn format_of(path: &Path) -> Result<Format> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    Format::named(&ending).map_err(|_| {
        let message =
            format!("the file is '{}'; allowed: a name that ends in .html, .pdf, .xlsx, .csv or .json", path.display());
        ServiceError::usage("out", message)
    })
}

pub async fn alerts(dir: &Path, asked: Alerts, as_json: bool) -> Result<()> {
    let shop = Shop::open(dir)?;
    let store = Store::of(&shop)?;
    let zone = clock::zone(&shop.config().time_zone);
    let local = |at: i64| clock::local(Millis(at), &zone);
    let language = shop.config().language.clone();
    if asked.last {
        let last = alerts::last(&store)?;
        if as_json {
            print::json(&serde_json::to_value(&last)?);
            return Ok(());
        }
        match last.looked_at {
            None => print::line("The server has not looked yet: [[schedule]] job = \"alerts\", or tercet alerts."),
            Some(at) => print::line(&format!("as of {}", local(at))),
        }
        last.open.iter().for_each(|kept| print_alert(&kept.alert, &language, &format!(" since {}", local(kept.since))));
        let over = |kept: &Kept| {
            format!("  over {}: {}", kept.over_at.map(local).unwrap_or_default(), said(&kept.alert.title, &language))
        };
        last.over.iter().for_each(|kept| print::line(&over(kept)));
        return Ok(());
    }
    let day = match &asked.day {
        Some(day) => read_day("day", day)?,
        None => clock::today(&shop.config().time_zone),
    };
    let (found, unchecked) = (alerts::look(&shop, &store, day).await?, alerts::unchecked(&shop, &store, day).await?);
    if as_json {
        print::json(&serde_json::json!({"day": day, "items": found, "unchecked": unchecked}));
        return Ok(());
    }
    if found.is_empty() {
        let said = match (unchecked.len(), unchecked.is_empty()) {
            (_, true) => "nothing is out of order",
            (alerts::N_CHECKED, _) => "nothing could be looked at",
            _ => "nothing that could be looked at is out of order",
        };
        print::line(&format!("{day}: {said}"));
    }
    unchecked.iter().for_each(|why| print::line(&format!("  not looked at: {}", self::said(why, &language))));
    found.iter().for_each(|alert| print_alert(alert, &language, ""));
    Ok(())
}

fn said<'a>(text: &'a Text, language: &str) -> &'a str {
    if language == "zh" { &text.zh } else { &text.en }
}

fn print_alert(alert: &Alert, language: &str, since: &str) {
    print::line(&format!("! {}{since}  ({})", said(&alert.title, language), alert.key));
    print::line(&format!("  {} {}", said(&alert.found, language), said(&alert.expected, language)));
    print::line(&format!("  → {}", said(&alert.help, language)));
}
