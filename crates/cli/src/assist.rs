//! `ask`, `chat`, `assist test`, `train assist`, `service`: customer service on the command line. Nothing of it is kept: a conversation in the
//! terminal ends with the terminal.

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use data::Shop;
use data::state::notices::WantedNotices;
use domain::{Cents, Day, Millis};
use serde_json::{Value, json};
use service::api::input::check_id;
use service::clock::{now, start_of};
use service::conversations::{notices, token};
use service::flows::assist::{self, AssistRequest};
use service::flows::audience::gate::Gate;
use service::serving::{Ready, Said, ServedShop, off_thread};
use service::talk::{Dialogue, Lang, golden};
use service::{Result, ServiceError};

use crate::args::{Ask, Assist, Chat, Service, Train};
use crate::commands::{loaded, store};
use crate::print::{self, Progress};

pub async fn train(dir: &Path, asked: Train, as_json: bool) -> Result<()> {
    if asked.algorithm.is_some() || !asked.set.is_empty() {
        let message = "train assist takes no --algorithm and no --set; what it learns is fixed";
        return Err(ServiceError::usage("algorithm", message).help("own examples stand in assist/intents.tsv"));
    }
    let shop = Shop::open(dir)?;
    let request = AssistRequest { seed: asked.seed, n_threads: usize::from(asked.threads) };
    let bar = Progress::new(as_json);
    let info = assist::train(&shop, request, &|share, message| bar.report(share, message)).await?;
    drop(bar);
    if as_json {
        print::json(&serde_json::to_value(&info)?);
        return Ok(());
    }
    print::line(&format!(
        "learned {} intents, {} examples of the shop's own",
        info.n_intents,
        print::count(info.n_own as u64)
    ));
    if info.n_rejected > 0 {
        print::line(&format!("set aside: {}", print::count(info.n_rejected as u64)));
        for bad in &info.rejected {
            print::line(&format!("  assist/intents.tsv, line {}: {}", bad.line, bad.reason));
        }
    }
    print::line(&format!("version {} in service after {:.1} s", info.version, info.seconds));
    Ok(())
}

/// Who talks, from where.
#[derive(Clone)]
struct Speaker {
    customer: Option<String>,
    product: Option<String>,
    lang: Option<Lang>,
}

impl Speaker {
    fn of(customer: Option<String>, product: Option<String>, lang: Option<String>) -> Result<Speaker> {
        for (name, id) in [("--customer", &customer), ("--product", &product)] {
            id.as_deref().map_or(Ok(()), |id| check_id(name, id))?;
        }
        let lang = lang.map(|lang| if lang == "en" { Lang::En } else { Lang::Zh });
        Ok(Speaker { customer, product, lang })
    }
}

/// One turn; what it says, and what is remembered of it.
async fn turn(
    shop: &Arc<ServedShop>,
    ready: &Arc<Ready>,
    speaker: &Speaker,
    text: String,
    mut dialogue: Dialogue,
) -> Result<(Value, Dialogue)> {
    let (shop, ready, speaker) = (shop.clone(), ready.clone(), speaker.clone());
    let runtime = tokio::runtime::Handle::current();
    off_thread(move || {
        let said = Said {
            text: &text,
            at: now(),
            customer_id: speaker.customer.as_deref(),
            page_product_id: speaker.product.as_deref(),
            page_lang: speaker.lang,
            memory: &[],
        };
        let turn = shop.turn(&ready, &said, &mut dialogue, &runtime);
        Ok((serde_json::to_value(turn)?, dialogue))
    })
    .await
}

pub async fn ask(dir: &Path, asked: Ask, as_json: bool) -> Result<()> {
    let speaker = Speaker::of(asked.customer, asked.product, asked.lang)?;
    let text = service::api::checked_message(&asked.text)?;
    let shop = loaded(dir).await?;
    let ready = shop.assistant().await?;
    let (turn, dialogue) = turn(&shop, &ready, &speaker, text, Dialogue::default()).await?;
    if as_json {
        print::json(&json!({"turn": turn, "dialogue": dialogue}));
    } else {
        print_turn(&turn, asked.trace);
    }
    Ok(())
}

/// Said before a conversation in the terminal.
const REHEARSAL: &str = "A rehearsal: nothing is kept, no form is filed, nobody is called. The widget, the API and the other channels do that.";

pub async fn chat(dir: &Path, asked: Chat, as_json: bool) -> Result<()> {
    if as_json {
        return Err(ServiceError::usage("json", "chat prints no single document").help("tercet ask TEXT --json does"));
    }
    let speaker = Speaker::of(asked.customer, asked.product, asked.lang)?;
    let shop = loaded(dir).await?;
    let ready = shop.assistant().await?;
    let rules = &ready.assistant.policies.assistant;
    let is_typed = std::io::stdin().is_terminal();
    if is_typed {
        print::line(&format!("{} / {}  (an empty line ends the conversation)", rules.name_zh, rules.name_en));
    }
    print::line(REHEARSAL);
    let mut dialogue = Dialogue::default();
    loop {
        if is_typed {
            print!("\n> ");
            std::io::stdout().flush()?;
        }
        let mut line = String::new();
        let n_read = tokio::task::block_in_place(|| std::io::stdin().lock().read_line(&mut line))?;
        let text = line.trim();
        if n_read == 0 || (text.is_empty() && is_typed) {
            return Ok(());
        }
        if text.is_empty() {
            continue;
        }
        if !is_typed {
            print::line(&format!("\n> {text}"));
        }
        let (answered, after) = match service::api::checked_message(text) {
            Ok(text) => turn(&shop, &ready, &speaker, text, dialogue).await?,
            Err(error) => {
                print::line(&error.to_string());
                continue;
            }
        };
        dialogue = after;
        print_turn(&answered, asked.trace);
        match answered["action"]["kind"].as_str() {
            Some("close") => return Ok(()),
            Some("hand_over") => print_hand_over(&answered["action"]),
            Some("submit") => print::line("\n  (a rehearsal: the form is not filed)"),
            _ => {}
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn money(value: &Value) -> String {
    value.as_i64().map_or(String::new(), |cents| Cents(cents).to_string())
}

fn print_turn(turn: &Value, with_trace: bool) {
    let reply = &turn["reply"];
    print::line(text(reply, "text"));
    for block in rows(&reply["blocks"]) {
        print::line("");
        print_block(block);
    }
    let evidence = rows(&reply["evidence"]);
    if !evidence.is_empty() {
        print::line("");
    }
    for (at, one) in evidence.iter().enumerate() {
        print::line(&format!("  [{}] {}", at + 1, source(one)));
    }
    let suggestions: Vec<&str> = rows(&reply["suggestions"]).iter().filter_map(Value::as_str).collect();
    if !suggestions.is_empty() {
        print::line(&format!("\n  → {}", suggestions.join("  → ")));
    }
    if with_trace {
        let understood = &turn["understood"];
        let confidence = understood["confidence"].as_f64().unwrap_or_default();
        let intent = understood["intent"].as_str().unwrap_or("none");
        print::line(&format!("\n  understood: {intent} ({})", print::number(confidence, 2)));
        for step in rows(&turn["trace"]) {
            print::line(&format!("  {}: {}", text(step, "stage"), text(step, "found")));
        }
        if !rows(&turn["trace"]).iter().any(|step| step["stage"] == "writer") {
            print::line("  writer: tercet.toml names none");
        }
        if turn["action"]["kind"].as_str().is_some_and(|kind| kind != "none") {
            print::line(&format!("  action: {}", turn["action"]["kind"].as_str().unwrap_or_default()));
        }
    }
}

fn print_block(block: &Value) {
    match text(block, "kind") {
        "products" => {
            let row = |(at, product): (usize, &Value)| {
                let why = text(product, "why").to_owned();
                vec![
                    (at + 1).to_string(),
                    text(product, "product_id").to_owned(),
                    text(product, "name").to_owned(),
                    money(&product["price_cents"]),
                    why,
                ]
            };
            let rows: Vec<_> = rows(&block["products"]).iter().enumerate().map(row).collect();
            print::table(&["", "product", "name", "price", ""], &rows);
        }
        "comparison" => {
            let names: Vec<&str> = rows(&block["products"]).iter().map(|product| text(product, "name")).collect();
            let header = [vec![""], names].concat();
            let row = |row: &Value| {
                let better = row["better"].as_u64();
                let value = |(at, value): (usize, &Value)| {
                    let mark = if better == Some(at as u64) { " *" } else { "" };
                    format!("{}{mark}", value.as_str().unwrap_or("–"))
                };
                let values = rows(&row["values"]).iter().enumerate().map(value);
                std::iter::once(text(row, "label").to_owned()).chain(values).collect::<Vec<_>>()
            };
            let width = header.len();
            let mut all: Vec<Vec<String>> = rows(&block["rows"]).iter().map(row).collect();
            all.iter_mut().for_each(|row| row.resize(width, String::new()));
            print::table(&header, &all);
        }
        "order" => print_order(block),
        "form" => {
            print::line(text(block, "title"));
            for field in rows(&block["fields"]) {
                let mark = if field["is_asked"] == true { "›" } else { " " };
                print::line(&format!("  {mark} {}: {}", text(field, "label"), field["value"].as_str().unwrap_or("…")));
            }
        }
        other => print::line(&format!("({other})")),
    }
}

fn print_order(order: &Value) {
    let at = order["ordered_at"].as_i64().map_or(String::new(), |at| service::clock::rfc3339(domain::Millis(at)));
    print::line(&format!("{}  {at}  {}", text(order, "order_id"), text(order, "status")));
    for line in rows(&order["lines"]) {
        let n = line["quantity"].as_i64().unwrap_or_default();
        print::line(&format!("  {n} × {}  {}", text(line, "name"), money(&line["unit_price_cents"])));
    }
    let parcel = [text(order, "carrier"), text(order, "tracking_number"), text(order, "expected_on")];
    let parcel: Vec<&str> = parcel.into_iter().filter(|part| !part.is_empty()).collect();
    print::line(&format!("  = {}  {}", money(&order["total_cents"]), parcel.join(", ")));
}

/// Where something stands, in one line.
fn source(evidence: &Value) -> String {
    let value = text(evidence, "value");
    let excerpt = |name: &str| {
        text(evidence, name).split_whitespace().collect::<Vec<_>>().join(" ").chars().take(160).collect::<String>()
    };
    match text(evidence, "source") {
        "product" => format!(
            "{} ({}): {} = {value}",
            text(evidence, "name"),
            text(evidence, "product_id"),
            text(evidence, "field")
        ),
        "order" => format!("order {}: {} = {value}", text(evidence, "order_id"), text(evidence, "field")),
        "fit" => format!("{} with {}: {value}", text(evidence, "product_id"), text(evidence, "with")),
        "document" => format!(
            "{} ({}, bytes {} to {}): {}",
            text(evidence, "title"),
            text(evidence, "document_id"),
            evidence["start"],
            evidence["end"],
            excerpt("text")
        ),
        "curated" => format!("answer {}: {}", text(evidence, "answer_id"), excerpt("text")),
        "policy" => format!("service.toml, {}: {value}", text(evidence, "name")),
        "opinions" => format!("reviews of {}, {}: {value}", text(evidence, "product_id"), text(evidence, "aspect")),
        _ => format!("{}: {value}", text(evidence, "how")),
    }
}

fn print_hand_over(action: &Value) {
    let open = if action["desk_open"] == true { "open" } else { "closed" };
    print::line(&format!(
        "\n  handed over: {}, queue {}, priority {}, desk {open}",
        text(action, "reason"),
        text(action, "skill"),
        action["priority"]
    ));
    for line in text(action, "summary").lines() {
        print::line(&format!("  | {line}"));
    }
}

/// Holds every conversation of a file; fails if an answer is not as expected.
/// From midnight to noon.
const NOON_MS: i64 = 12 * 3_600_000;

fn day_of(text: &str) -> Result<Day> {
    text.parse().map_err(|_| ServiceError::usage("day", format!("--day is '{text}'; allowed: a day as 2026-06-30")))
}

pub async fn test(dir: &Path, asked: Assist, as_json: bool) -> Result<()> {
    let Assist::Test { file, day } = asked;
    let day = day.as_deref().map(day_of).transpose()?;
    let text = std::fs::read_to_string(&file)
        .map_err(|error| ServiceError::usage("file", format!("{}: {error}", file.display())))?;
    let expected = golden::read(&text)
        .map_err(|error| ServiceError::usage("conversations", format!("{}: {error}", file.display())))?;
    let shop = loaded(dir).await?;
    let ready = shop.assistant().await?;
    let runtime = tokio::runtime::Handle::current();
    let at = match day {
        Some(day) => Millis(start_of(day, &shop.shop.config().zone()).0 + NOON_MS),
        None => now(),
    };
    let held = move || Ok(expected.iter().map(|one| shop.hold(&ready, one, at, &runtime)).collect::<Vec<_>>());
    let reports: Vec<golden::Report> = off_thread(held).await?;
    let n_met = reports.iter().filter(|report| report.is_met()).count();
    if as_json {
        print::json(&json!({"n": reports.len(), "n_met": n_met, "conversations": reports}));
    } else {
        reports.iter().filter(|report| !report.is_met()).for_each(print_unmet);
        print::line(&format!("{n_met} of {} conversations as expected", reports.len()));
    }
    match n_met == reports.len() {
        true => Ok(()),
        false => {
            Err(ServiceError::conflict("unmet", format!("{} conversations went otherwise", reports.len() - n_met))
                .help("tercet ask TEXT --trace shows how an answer was decided"))
        }
    }
}

fn print_unmet(report: &golden::Report) {
    print::line(&report.name);
    for turn in report.turns.iter().filter(|turn| !turn.unmet.is_empty()) {
        print::line(&format!("  > {}", turn.say));
        for unmet in &turn.unmet {
            let found: String = unmet.found.split_whitespace().collect::<Vec<_>>().join(" ");
            print::line(&format!("    {}: expected '{}', found '{found}'", unmet.what, unmet.expected));
        }
    }
}

pub async fn service(dir: &Path, asked: Service, as_json: bool) -> Result<()> {
    match asked {
        Service::TokenSecret => {
            let secret = token::new_secret(&store(&Shop::open(dir)?)?)?;
            if as_json {
                print::json(&json!({"secret": secret}));
            } else {
                print::line(&format!("{secret}   (for the shop's own server, never for a page; shown this once)"));
            }
            Ok(())
        }
        Service::Sign { customer, minutes } => {
            check_id("CUSTOMER", &customer)?;
            let expires_at = now().0 / 1000 + i64::from(minutes) * 60;
            let token = token::sign(&store(&Shop::open(dir)?)?, &customer, expires_at)?;
            if as_json {
                print::json(&json!({"customer_token": token, "expires_at": expires_at}));
            } else {
                print::line(&token);
            }
            Ok(())
        }
        Service::Proactive { day } => proactive(dir, day.as_deref(), as_json).await,
    }
}

/// Looks for what there is to tell today, keeps what is new, and lists what waits for the desk; for another day lists what there is
/// to tell on that day, and keeps nothing.
async fn proactive(dir: &Path, day: Option<&str>, as_json: bool) -> Result<()> {
    const LISTED_MAX: usize = 500;
    let shop = loaded(dir).await?;
    let config = shop.shop.config();
    let day = match day {
        Some(text) => day_of(text)?,
        None => service::clock::today(&config.time_zone),
    };
    let is_today = day == service::clock::today(&config.time_zone);
    let (found, of_day) =
        if is_today { (shop.find_notices(day).await?, Vec::new()) } else { shop.look_at(day).await? };
    let ready = shop.assistant().await?;
    let wanted = WantedNotices { state: Some(notices::PROPOSED), limit: LISTED_MAX, ..WantedNotices::default() };
    let state = shop.shop.state()?;
    let (counts, rows) = state.notices(wanted)?;
    let rows = if is_today { rows } else { of_day.into_iter().take(LISTED_MAX).collect() };
    let total: u64 = counts.iter().filter(|count| count.state == notices::PROPOSED).map(|count| count.n).sum();
    let minute = shop.minute_now();
    let gate = if notices::any_promotes(&rows) { Gate::read(&shop.shop).await? } else { Gate::default() };
    let moment = notices::Moment { policies: &ready.assistant.policies, minute, gate: &gate };
    let views = rows.iter().map(|row| notices::view(row, &moment, &state)).collect::<Result<Vec<_>>>()?;
    if as_json {
        print::json(&json!({"found": found, "total": total, "notices": views}));
        return Ok(());
    }
    print::line(&format!(
        "{day}: {} found, {} new; {} wait for the desk",
        found.n_found,
        found.n_new,
        print::count(total)
    ));
    if !is_today {
        print::line("of another day than today: listed below, and nothing of it is kept");
    }
    if found.is_cut {
        print::line("more customers than are looked at in one go; run it again once these are settled");
    }
    let is_zh = config.language == "zh";
    for view in &views {
        let why = view.held_why.as_ref().map(|why| format!(": {}", if is_zh { &why.zh } else { &why.en }));
        let held = view.held.as_deref().map_or(String::new(), |held| format!("   [{held}{}]", why.unwrap_or_default()));
        print::line(&format!("{}   {}{held}", view.kind, view.customer_id));
        print::line(&format!("  {}", if is_zh { &view.reason_zh } else { &view.reason_en }));
        print::line(&format!("  {}", if is_zh { &view.text_zh } else { &view.text_en }));
    }
    Ok(())
}
