//! `send`: copies carried out to many, printed: made, tried, approved, run, stopped. Arguments and printing only.

use std::path::Path;

use data::Shop;
use domain::Millis;
use service::flows::content::alone::Alone;
use service::flows::content::{Purpose, WriteAsked};
use service::flows::segment::Text;
use service::sendings::{self, By, Desk, Passed, Preview, Route, Sending, SendingView, Wait, Wanted};
use service::store::Store;
use service::{Result, ServiceError, clock};

use crate::args::{Send, SendBy, SendNew};
use crate::print;

/// What a command needs.
struct Open {
    shop: Shop,
    store: Store,
    channels: service::channels::Channels,
}

impl Open {
    fn new(dir: &Path) -> Result<Open> {
        let shop = Shop::open(dir)?;
        let (store, channels) = (Store::of(&shop)?, sendings::channels_of(&shop)?);
        Ok(Open { shop, store, channels })
    }

    fn desk(&self) -> Result<Desk<'_>> {
        Desk::new(&self.shop, &self.store, &self.channels)
    }

    /// Drafts that may not go out any more.
    async fn broken(&self, sending: &Sending) -> Result<std::collections::BTreeMap<String, String>> {
        let alone = Alone::open(self.shop.clone()).await?;
        let voiced = alone.voiced.clone();
        let alone = &alone;
        let prepared = |asked: WriteAsked, purpose: Purpose| async move { alone.prepared(&asked, &purpose).await };
        sendings::broken_drafts(&self.store, sending, &voiced, prepared).await
    }
}

fn by(asked: SendBy) -> Result<By> {
    By::new(asked.by, asked.why)
}

pub async fn run(dir: &Path, asked: Send, as_json: bool) -> Result<()> {
    let open = Open::new(dir)?;
    let now = sendings::machine_clock();
    let shop = &open.shop;
    match asked {
        Send::List => list(shop, as_json),
        Send::Channels => channels(&open, as_json),
        Send::New(asked) => {
            let (who, wanted) = wanted(shop, asked)?;
            let made = sendings::create(&open.desk()?, wanted, who, now)?;
            told(shop, &made.id, as_json)?;
            hint(as_json, &format!("next: tercet send try {0}, then tercet send approve {0} --by NAME", made.id));
            Ok(())
        }
        Send::Show { id } => told(shop, &id, as_json),
        Send::Try { id } => {
            let sending = sendings::get(shop, &id)?;
            let broken = open.broken(&sending).await?;
            let made = sendings::preview(&open.desk()?, &sending, &broken, now).await?;
            tried(&made, shop, as_json)
        }
        Send::Approve { id, by: who } => {
            let sending = sendings::get(shop, &id)?;
            let broken = open.broken(&sending).await?;
            sendings::approve(&open.desk()?, &id, &broken, by(who)?, now).await?;
            told(shop, &id, as_json)?;
            hint(as_json, &format!("next: tercet send run {id}; a running server sends by itself"));
            Ok(())
        }
        Send::Run { id } => send(&open, &id, as_json).await,
        Send::Pause { id, by: who } => {
            sendings::pause(shop, &id, by(who)?, now)?;
            told(shop, &id, as_json)
        }
        Send::Resume { id, by: who } => {
            sendings::resume(shop, &id, by(who)?, now)?;
            told(shop, &id, as_json)
        }
        Send::Retry { id, by: who } => {
            sendings::retry(shop, &id, by(who)?, now)?;
            told(shop, &id, as_json)?;
            hint(as_json, &format!("next: tercet send run {id}; a running server sends by itself"));
            Ok(())
        }
        Send::Cancel { id, by: who } => {
            sendings::cancel(shop, &id, by(who)?, now)?;
            told(shop, &id, as_json)
        }
        Send::File { id, file } => {
            let csv = sendings::file(&open.desk()?, &sendings::get(shop, &id)?, now).await?;
            std::fs::write(&file, &csv)?;
            // The first line names the columns.
            let n_rows = csv.lines().count().saturating_sub(1);
            if as_json {
                print::json(&serde_json::json!({"file": file, "n_lines": n_rows}));
            } else {
                print::line(&format!("wrote {}", file.display()));
            }
            Ok(())
        }
        Send::Stop { key } => {
            let had = sendings::opt_out(shop, &open.store, &key).await?;
            shop.flush_changes()?;
            if as_json {
                print::json(&serde_json::json!({"key": key, "had_agreed": had}));
            } else {
                print::line(if had { "the consent is taken away" } else { "they had not agreed any more" });
            }
            Ok(())
        }
    }
}

fn hint(as_json: bool, text: &str) {
    if !as_json {
        print::line(text);
    }
}

fn wanted(shop: &Shop, asked: SendNew) -> Result<(By, Wanted)> {
    let SendNew { name, decision, audience, routes, control, budget, not_before, until, who } = asked;
    let budget_cents = budget.map(|budget| (budget * 100.0).round() as i64);
    let wanted = Wanted {
        name,
        decision_id: decision,
        audience_id: audience,
        routes: routes.iter().map(|text| route(text)).collect::<Result<_>>()?,
        control,
        budget_cents,
        not_before: not_before.map(|text| time(shop, "not-before", &text)).transpose()?,
        until: until.map(|text| time(shop, "until", &text)).transpose()?,
    };
    Ok((by(who)?, wanted))
}

fn route(text: &str) -> Result<Route> {
    let wrong = || {
        let message = format!("--by-way is '{text}'; allowed: WAY=CHANNEL:DRAFT[,DRAFT], as in email=email:cd_12");
        ServiceError::usage("route", message)
    };
    let (way, rest) = text.split_once('=').ok_or_else(wrong)?;
    let (channel, drafts) = rest.split_once(':').ok_or_else(wrong)?;
    let draft_ids = drafts.split(',').map(|id| id.trim().to_owned()).collect();
    Ok(Route { way: way.to_owned(), channel: channel.to_owned(), draft_ids })
}

fn time(shop: &Shop, what: &str, text: &str) -> Result<i64> {
    clock::instant(text, &shop.config().zone()).map(|at| at.0).ok_or_else(|| {
        ServiceError::usage(
            "time",
            format!("--{what} is '{text}'; allowed: a time by the shop's clocks as 2026-06-18T09:00"),
        )
    })
}

fn said<'a>(text: &'a Text, shop: &Shop) -> &'a str {
    if shop.config().language == "zh" { &text.zh } else { &text.en }
}

fn list(shop: &Shop, as_json: bool) -> Result<()> {
    let all: Vec<SendingView> =
        sendings::list(shop)?.iter().map(|one| sendings::view(shop, &one.id)).collect::<Result<_>>()?;
    if as_json {
        print::json(&serde_json::json!({"items": all}));
        return Ok(());
    }
    let row = |one: &SendingView| {
        let s = &one.sending;
        vec![
            s.id.clone(),
            s.state.name().to_owned(),
            print::count(one.n_sent),
            print::count(one.n_left),
            clock::rfc3339(Millis(s.created_at)),
            s.name.clone(),
        ]
    };
    print::table(&["sending", "state", "sent", "left", "made", ""], &all.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

fn channels(open: &Open, as_json: bool) -> Result<()> {
    let cards = open.desk()?.cards;
    if as_json {
        print::json(&serde_json::json!({"items": cards}));
        return Ok(());
    }
    let row = |card: &service::channels::copies::Card| {
        let pace = card.per_minute.map_or_else(|| "–".to_owned(), print::count);
        let ways = if card.ways.is_empty() { "any".to_owned() } else { card.ways.join(", ") };
        let again = if card.knows_ids { "again with its key" } else { "never again" };
        vec![card.channel.clone(), card.kind.clone(), ways, pace, again.to_owned()]
    };
    let header = ["channel", "kind", "ways", "a minute", "what may have arrived is sent"];
    print::table(&header, &cards.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

fn told(shop: &Shop, id: &str, as_json: bool) -> Result<()> {
    let view = sendings::view(shop, id)?;
    if as_json {
        print::json(&serde_json::to_value(&view)?);
        return Ok(());
    }
    let s = &view.sending;
    print::line(&format!("{}  {}  {}", s.id, s.state.name(), s.name));
    for route in &s.routes {
        print::line(&format!("  {} by {}: {}", route.way, route.channel, route.draft_ids.join(", ")));
    }
    if let Some(note) = &view.note {
        print::line(&format!("  ! {}", said(note, shop)));
    }
    for one in &view.counts {
        let why = one.text.as_ref().map_or(String::new(), |text| format!("  {}", said(text, shop)));
        print::line(&format!("  {:>10}  {} {}{why}", print::count(one.n), one.state.replace('_', " "), one.way));
    }
    for step in &s.history {
        let why = step.why.as_ref().map_or(String::new(), |why| format!(": {why}"));
        print::line(&format!("  {}  {} by {}{why}", clock::rfc3339(Millis(step.at)), step.what, step.by));
    }
    if matches!(s.state, sendings::State::Sent | sendings::State::Sending) {
        print::line(&format!("its effect: tercet experiment read {}", s.campaign_id));
    }
    Ok(())
}

fn tried(made: &Preview, shop: &Shop, as_json: bool) -> Result<()> {
    if as_json {
        print::json(&serde_json::to_value(made)?);
        return Ok(());
    }
    print::line(&format!(
        "{} on the list; {} would be sent, {} left out as a control; cost {:.2}",
        print::count(made.n_listed),
        print::count(made.n_to_send),
        print::count(made.n_control),
        made.cost_cents as f64 / 100.0
    ));
    for one in &made.routes {
        let (way, channel) = (&one.way, &one.channel);
        print::line(&format!("  {:>10}  {way} by {channel}", print::count(one.n_to_send)));
    }
    for one in &made.left_out {
        let why = one.text.as_ref().map_or("", |text| said(text, shop));
        print::line(&format!("  {:>10}  left out: {why} {}", print::count(one.n), one.way));
    }
    for why in &made.blocked {
        print::line(&format!("  ! {}", said(why, shop)));
    }
    if let Some(until) = made.waits_until {
        print::line(&format!("  nothing leaves before {}", clock::rfc3339(Millis(until))));
    }
    for parcel in &made.shown {
        print::line(&format!("\n{} ({}) to {}: {}", parcel.draft_id, parcel.lang, parcel.customer_id, parcel.subject));
        print::line(&parcel.text);
    }
    print::line("\nnothing was sent");
    Ok(())
}

async fn send(open: &Open, id: &str, as_json: bool) -> Result<()> {
    let desk = open.desk()?;
    let mut all = Passed::default();
    loop {
        let broken = open.broken(&sendings::get(&open.shop, id)?).await?;
        let passed = sendings::run(&desk, id, &broken, &sendings::machine_clock, &sendings::never).await?;
        all.n_sent += passed.n_sent;
        all.n_control += passed.n_control;
        all.n_left_out += passed.n_left_out;
        all.n_failed += passed.n_failed;
        all.n_unknown += passed.n_unknown;
        (all.wait, all.until, all.paused) = (passed.wait, passed.until, passed.paused);
        match (all.wait, all.until) {
            (Some(Wait::More), _) => {}
            // A minute is waited for; hours are not.
            (Some(Wait::Minute), Some(until)) => {
                let ms = (until - sendings::machine_clock()).clamp(0, 60_000).unsigned_abs();
                tokio::time::sleep(std::time::Duration::from_millis(ms)).await;
            }
            _ => break,
        }
    }
    sendings::expose(&open.shop, id)?;
    if as_json {
        print::json(&serde_json::to_value(&all)?);
        return Ok(());
    }
    let n = |n: u64| print::count(n);
    print::line(&format!(
        "{} sent, {} left out as a control, {} left out, {} failed, {} unknown",
        n(all.n_sent),
        n(all.n_control),
        n(all.n_left_out),
        n(all.n_failed),
        n(all.n_unknown)
    ));
    if let Some(why) = &all.paused {
        print::line(&format!("paused: {why}"));
    }
    if let Some((wait, until)) = all.wait.zip(all.until) {
        let wait = match wait {
            Wait::Begin => "its time has not come",
            Wait::QuietHours => "it is quiet hours",
            Wait::Day => "the day's contacts are made",
            Wait::Fault => "the other side takes nothing",
            Wait::Minute | Wait::More => "there is more",
        };
        print::line(&format!("{wait}: run it again from {} on", clock::rfc3339(Millis(until))));
    }
    told(&open.shop, id, false)
}
