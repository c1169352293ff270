//! `drafts`: copies that people work on, listed, exported, and handed over for a campaign.

use std::path::Path;

use data::Shop;
use serde_json::json;
use service::flows::content::alone::Alone;
use service::flows::content::campaign::{self, Campaign, CampaignAsked};
use service::flows::content::config::ContentConfig;
use service::flows::content::drafts;
use service::flows::content::export::{Format, export};
use service::flows::content::sheets::{self, SheetAsked, check_name};
use service::store::Store;
use service::{Result, ServiceError};

use crate::args::{Drafts, DraftsCampaign};
use crate::print;

pub async fn run(dir: &Path, asked: Drafts, as_json: bool) -> Result<()> {
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
        Drafts::Campaign(asked) => hand_over(dir, asked, as_json).await,
    }
}

async fn hand_over(dir: &Path, asked: DraftsCampaign, as_json: bool) -> Result<()> {
    let DraftsCampaign { file, campaign, audience, channel, contact, product, language, .. } = asked;
    let format = format_of(&file)?;
    if format == Format::Html {
        let message = format!("the file is '{}'; allowed for a campaign: .csv, .json", file.display());
        return Err(ServiceError::usage("file", message));
    }
    let (control, share) = (Some(asked.control), Some(asked.share));
    let (split, address) = (Some(asked.split), asked.address);
    let request =
        CampaignAsked { campaign, audience, channel, contact, product, language, control, share, split, address };
    let shop = Shop::open(dir)?;
    let store = Store::of(&shop)?;
    // What is missing is said before a catalogue is read.
    let wanted = request.checked(&store, shop.config())?;
    let drafts = wanted.drafts(&store)?;
    let alone = Alone::open(shop).await?;
    let mut left_out = Vec::new();
    for detail in &drafts {
        let prepared = alone.prepared(&detail.brief, &campaign::purpose(detail)).await;
        left_out.extend(campaign::why_not(detail, prepared, &alone.voiced)?);
    }
    let made = campaign::hand_over(&alone.shop, &wanted, drafts, left_out).await?;
    let text = if format == Format::Json { serde_json::to_string(&made)? } else { campaign::csv(&made)? };
    std::fs::write(&file, text)?;
    handed_over(&file, &made, as_json);
    Ok(())
}

fn handed_over(file: &Path, made: &Campaign, as_json: bool) {
    if as_json {
        // Who they are is in the file.
        let n_customers = made.customers.len();
        let arms: Vec<_> = made
            .arms
            .iter()
            .map(|arm| json!({"arm": arm.arm, "propensity": arm.propensity, "n_customers": arm.n_customers}))
            .collect();
        print::json(&json!({
            "file": file, "campaign_id": made.campaign_id, "n_customers": n_customers, "arms": arms,
            "n_members": made.n_members, "n_without_consent": made.n_without_consent, "n_before": made.n_before,
            "n_later": made.n_later, "left_out": made.left_out,
        }));
        return;
    }
    let row = |arm: &campaign::CampaignCopy| {
        let words = arm.fields.first().map_or("–", |field| field.text.as_str());
        let shown = format!("{} of {}", print::count(arm.n_responded), print::count(arm.n_shown));
        let share = format!("{} %", print::number(100.0 * arm.propensity, 1));
        vec![arm.arm.clone(), share, print::count(arm.n_customers), shown, words.chars().take(40).collect()]
    };
    print::table(&["arm", "share", "customers", "responded", ""], &made.arms.iter().map(row).collect::<Vec<_>>());
    print::line(&format!(
        "\n{} of the {} members of '{}' did not agree to {}; {} were in the campaign before, {} are for later",
        print::count(made.n_without_consent),
        print::count(made.n_members),
        made.audience_name,
        made.channel,
        print::count(made.n_before),
        print::count(made.n_later)
    ));
    made.left_out.iter().for_each(|one| print::line(&format!("left out: {}: {}", one.draft_id, one.why)));
    print::line(&format!("wrote {} customers to {}", print::count(made.customers.len() as u64), file.display()));
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
