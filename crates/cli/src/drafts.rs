//! `drafts`: copies that people work on, listed and exported.

use std::path::Path;

use data::Shop;
use serde_json::json;
use service::flows::content::config::ContentConfig;
use service::flows::content::drafts;
use service::flows::content::export::{Format, export};
use service::flows::content::sheets::{self, SheetAsked, check_name};
use service::store::Store;
use service::{Result, ServiceError};

use crate::args::Drafts;
use crate::print;

pub fn run(dir: &Path, asked: Drafts, as_json: bool) -> Result<()> {
    match asked {
        Drafts::List { state, channel, product, n } => {
            let query = drafts::query(Some(&state), product, channel, None)?;
            let page = drafts::list(&Store::of(&Shop::open(dir)?)?, &query, 0, usize::from(n))?;
            list(&page, as_json)
        }
        Drafts::Export { file, state, channel, product, sheet, campaign, group, address, paused } => {
            campaign.as_deref().map_or(Ok(()), |name| check_name("campaign", name))?;
            let query = drafts::query(Some(&state), product, channel, None)?;
            let format = format_of(&file)?;
            let shop = Shop::open(dir)?;
            let store = Store::of(&shop)?;
            let Some(sheet) = sheet else {
                std::fs::write(&file, export(&store, &query, format, campaign.as_deref())?)?;
                return told(&file, None, as_json);
            };
            let asked = SheetAsked { sheet, campaign, group, address, is_paused: paused }.checked()?;
            if format == Format::Html {
                let message = format!("the file is '{}'; allowed for a sheet: .csv, .json", file.display());
                return Err(ServiceError::usage("file", message));
            }
            let made = sheets::sheet(&store, &query, &ContentConfig::of(shop.config())?, &asked)?;
            let text = if format == Format::Json { serde_json::to_string(&made)? } else { sheets::csv(&made, &asked) };
            std::fs::write(&file, text)?;
            told(&file, Some(&made), as_json)
        }
    }
}

fn format_of(file: &Path) -> Result<Format> {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some(ending @ ("csv" | "html" | "json")) => Format::named(ending),
        _ => Err(ServiceError::usage(
            "file",
            format!("the file is '{}'; allowed: a name that ends in .csv, .html or .json", file.display()),
        )),
    }
}

fn told(file: &Path, sheet: Option<&sheets::Sheet>, as_json: bool) -> Result<()> {
    if as_json {
        let (n_rows, left_out) = sheet.map_or((None, None), |made| (Some(made.rows.len()), Some(&made.left_out)));
        print::json(&json!({"file": file, "n_rows": n_rows, "left_out": left_out}));
        return Ok(());
    }
    match sheet {
        None => print::line(&format!("wrote {}", file.display())),
        Some(made) => {
            print::line(&format!("wrote {} rows to {}", print::count(made.rows.len() as u64), file.display()));
            for one in &made.left_out {
                print::line(&format!("left out: {}: {}", one.product_id, one.why));
            }
        }
    }
    Ok(())
}

fn list(page: &drafts::DraftPage, as_json: bool) -> Result<()> {
    if as_json {
        print::json(&serde_json::to_value(page)?);
        return Ok(());
    }
    let row = |row: &drafts::DraftRow| {
        let at = service::clock::rfc3339(domain::Millis(row.updated_at));
        let verdict = row.verdict.replace('_', " ");
        let (channel, language) = (row.channel.clone(), row.language.clone());
        vec![row.draft_id.clone(), row.state.clone(), verdict, channel, language, at, row.title.clone()]
    };
    let header = ["draft", "state", "checks", "channel", "language", "changed", ""];
    print::table(&header, &page.items.iter().map(row).collect::<Vec<_>>());
    let n = &page.counts;
    print::line(&format!(
        "\n{} drafts, {} in review, {} approved, {} rejected",
        print::count(n.draft),
        print::count(n.review),
        print::count(n.approved),
        print::count(n.rejected)
    ));
    Ok(())
}
