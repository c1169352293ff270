//! `schedule`: the jobs that the server starts by itself, printed. Printing only; the server starts them.

use std::path::Path;

use data::Shop;
use service::schedule::{End, Scheduled, scheduled};
use service::store::Store;
use service::{Result, clock};

use crate::print;

pub fn run(dir: &Path, as_json: bool) -> Result<()> {
    let shop = Shop::open(dir)?;
    let all = scheduled(shop.config(), &Store::of(&shop)?, clock::now())?;
    // Whoever serves the shop holds it.
    let is_served = shop.lock_for_writing().is_err();
    if as_json {
        print::json(&serde_json::json!({ "items": all }));
    } else if all.is_empty() {
        print::line("No job is scheduled: tercet.toml has no [[schedule]].");
    } else {
        let zone = clock::zone(&shop.config().time_zone);
        let local = |at: i64| clock::local(domain::Millis(at), &zone);
        let rows: Vec<Vec<String>> = all
            .iter()
            .map(|one| {
                let next = one.next_at.map_or_else(|| "\u{2013}".to_owned(), local);
                vec![one.name.clone(), one.job.clone(), one.at.clone(), next, last(one, is_served, local)]
            })
            .collect();
        print::table(&["name", "job", "at", "next", "last"], &rows);
    }
    Ok(())
}

/// How it went the last time.
fn last(one: &Scheduled, is_served: bool, local: impl Fn(i64) -> String) -> String {
    let at = one.ended_at.map(local).unwrap_or_default();
    match one.end {
        Some(End::Done) => format!("done {at}"),
        Some(End::Cancelled) => format!("cancelled {at}"),
        Some(End::Failed) => {
            let message = one.error.as_ref().and_then(|error| error["message"].as_str()).unwrap_or_default();
            format!("failed {at}, {} of {} tries: {message}", one.n_failures, one.retries + 1)
        }
        None if one.job_id.is_some() && is_served => "under way".to_owned(),
        None if one.job_id.is_some() => "broke off: no server runs".to_owned(),
        None => "never yet".to_owned(),
    }
}
