//! One function per command.

use std::path::Path;
use std::sync::Arc;

use data::Shop;
use serde_json::json;
use service::api::overview;
use service::api::server::{ServeOptions, Server, set_password};
use service::auth::{Scope, keys};
use service::clock::{now, rfc3339};
use service::flows::audience;
use service::flows::evaluate::{EvaluateRequest, Evaluation};
use service::flows::train::TrainRequest;
use service::flows::{self, plot};
use service::metrics::Metrics;
use service::serving::{Answer, ListRequest, ServedShop};
use service::store::Store;
use service::writer;
use service::{Result, ServiceError};

use crate::args::{Arguments, Command, Evaluate, Keys, Recommend, Serve, Similar, Train};
use crate::print::{self, Progress};
use crate::{groups, language, whole_shop};

pub async fn run(arguments: Arguments) -> Result<()> {
    let (dir, json) = (arguments.shop.as_path(), arguments.json);
    match arguments.command {
        Command::Init { dir } => init(&dir, json),
        Command::Demo(demo) => whole_shop::demo(demo).await,
        Command::Import(import) => crate::import::run(dir, import, json),
        Command::Knowledge(asked) => crate::knowledge::run(dir, asked, json),
        Command::Backup { file } => whole_shop::backup(dir, &file, json),
        Command::Restore { file } => whole_shop::restore(dir, &file, json),
        Command::Doctor { mend } => whole_shop::doctor(dir, mend, json),
        Command::Lab(lab) => crate::lab::run(lab, json),
        Command::Status => status(dir, json),
        Command::Sql(sql) => crate::sql::run(dir, sql, json).await,
        Command::Train(train) if train.what != "seq2seq" && train.is_of_seq2seq() => {
            let message =
                format!("--name, --pairs, --resume and --restart are of train seq2seq; found: {}", train.what);
            Err(ServiceError::usage("train", message))
        }
        Command::Train(train) if train.what != "writer" && train.language.is_some() => {
            Err(ServiceError::usage("train", format!("--language is of train writer; found: {}", train.what)))
        }
        Command::Train(train) => match train.what.as_str() {
            "segment" => groups::train(dir, train, json).await,
            "language" => language::train(dir, train, json).await,
            "assist" => crate::assist::train(dir, train, json).await,
            "writer" => crate::write::train(dir, train, json).await,
            "seq2seq" => crate::seq2seq::train(dir, train, json).await,
            "strategy" => crate::plan::train(dir, json).await,
            "all" => self::train_all(dir, train, json).await,
            _ => self::train(dir, train, json).await,
        },
        Command::Segment(asked) => groups::segment(dir, asked, json).await,
        Command::Audience(asked) => groups::audience(dir, asked, json).await,
        Command::Evaluate(evaluate) => self::evaluate(dir, evaluate, json).await,
        Command::Recommend(recommend) => self::recommend(dir, recommend, json).await,
        Command::Similar(similar) => self::similar(dir, similar, json).await,
        Command::Opinions(asked) => language::opinions(dir, asked, json).await,
        Command::Search(asked) => language::search(dir, asked, json).await,
        Command::Ask(asked) => crate::assist::ask(dir, asked, json).await,
        Command::Chat(asked) => crate::assist::chat(dir, asked, json).await,
        Command::Assist(asked) => crate::assist::test(dir, asked, json).await,
        Command::Service(asked) => crate::assist::service(dir, asked, json).await,
        Command::Drafts(asked) => crate::drafts::run(dir, asked, json).await,
        Command::Write(asked) => crate::write::run(dir, *asked, json).await,
        Command::Plan(asked) => crate::plan::plan(dir, asked, json).await,
        Command::Experiment(asked) => crate::plan::experiment(dir, asked, json).await,
        Command::Decide(asked) => crate::decide::run(dir, asked, json).await,
        Command::Mcp(asked) => crate::mcp::run(dir, asked).await,
        Command::Question(asked) => crate::question::run(dir, asked, json).await,
        Command::Report(asked) => crate::report::run(dir, asked, json).await,
        Command::Alerts(asked) => crate::report::alerts(dir, asked, json).await,
        Command::Schedule => crate::schedule::run(dir, json),
        Command::Send(asked) => crate::send::run(dir, *asked, json).await,
        Command::Seq2Seq(asked) => crate::seq2seq::run(dir, asked, json),
        Command::Serve(serve) => self::serve(dir, serve).await,
        Command::Keys(keys) => self::keys(dir, keys, json),
        Command::Password { generate } => password(dir, generate, json),
    }
}

fn init(dir: &Path, as_json: bool) -> Result<()> {
    Shop::create(dir)?;
    service::flows::assist::write_template(dir)?;
    if as_json {
        print::json(&json!({"shop": dir}));
    } else {
        print::line(&format!("made an empty shop in {}", dir.display()));
        print::line(&format!(
            "next: edit {}, then tercet --shop {} import FILE --as products",
            dir.join("tercet.toml").display(),
            dir.display()
        ));
    }
    Ok(())
}

fn status(dir: &Path, as_json: bool) -> Result<()> {
    let shop = Shop::open(dir)?;
    let tables = overview::tables(&shop)?;
    let model = overview::current_model(&shop)?;
    let health = overview::health(&shop, &tables, model.as_ref());
    let writers = writer::standing(&shop)?;
    if as_json {
        let name = &shop.config().name;
        print::json(&json!({"shop": name, "tables": tables, "model": model, "writers": writers, "health": health}));
        return Ok(());
    }
    print::line(&format!("{}  ({}, {})\n", shop.config().name, shop.config().currency, shop.config().time_zone));
    let when = |at: Option<i64>| at.map(|at| rfc3339(domain::Millis(at))).unwrap_or_default();
    let rows: Vec<_> = tables
        .iter()
        .map(|table| {
            vec![
                table.name.clone(),
                print::count(table.n_rows),
                when(table.first),
                when(table.last),
                print::count(table.n_rejected),
                table.sentence.clone(),
            ]
        })
        .collect();
    print::table(&["table", "rows", "first", "last", "rejected", ""], &rows);
    match model {
        Some(model) => {
            let ndcg =
                model.metrics.get("ndcg@10").map_or(String::new(), |found| format!(", NDCG@10 {:.4}", found.mean));
            print::line(&format!(
                "\nmodel {} ({}), trained {}{ndcg}",
                model.version,
                model.card,
                when(Some(model.trained_at))
            ));
        }
        None => print::line("\nno model"),
    }
    writers.iter().for_each(print_writer);
    for found in health {
        let help = found.help.map_or(String::new(), |help| format!("  → {help}"));
        print::line(&format!("{:5} {}. {}{help}", found.level, found.title, found.detail.unwrap_or_default()));
    }
    Ok(())
}

/// What a language model did today, and what it may.
fn print_writer(writer: &writer::WriterStanding) {
    let today = &writer.today;
    print::line(&format!(
        "writer {} ({}, {}): today {} used, {} refused, {} understood, {} too slow, {} failed",
        writer.name,
        writer.model,
        writer.url,
        today.n_used,
        today.n_refused,
        today.n_understood,
        today.n_slow,
        today.n_failed
    ));
    let cost = match writer.cost_per_day {
        Some(most) => format!("{} of {} in cost", print::number(writer.cost_today, 4), print::number(most, 2)),
        None => format!("{} in cost", print::number(writer.cost_today, 4)),
    };
    print::line(&format!(
        "  {} of {} tokens, {cost}",
        print::count(today.tokens()),
        print::count(writer.tokens_per_day)
    ));
    if let Some(lacks) = &writer.lacks {
        print::line(&format!("  not asked: {lacks}"));
    }
}

async fn train(dir: &Path, asked: Train, as_json: bool) -> Result<()> {
    let shop = Shop::open(dir)?;
    let request = TrainRequest {
        algorithm: asked.algorithm,
        set: asked.set,
        n_trials: usize::from(asked.trials),
        seed: asked.seed,
        n_threads: usize::from(asked.threads),
    };
    let bar = Progress::new(as_json);
    let info = flows::train::train(&shop, request, &|share, message| bar.report(share, message)).await?;
    drop(bar);
    if as_json {
        print::json(&serde_json::to_value(&info)?);
        return Ok(());
    }
    if info.tried.len() > 1 {
        print_tried(&info.tried);
    }
    print::line(&format!(
        "model {} in service: {} from {} customers, {} products, {} interactions in {:.1} s",
        info.version,
        info.card,
        print::count(info.n_users as u64),
        print::count(info.n_items as u64),
        print::count(info.n_interactions as u64),
        info.seconds
    ));
    for (name, found) in &info.metrics {
        print::line(&format!("  {name:14} {:.4}  [{:.4}, {:.4}]", found.mean, found.low, found.high));
    }
    print::line(&format!("  judged on: {}", info.split));
    Ok(())
}

/// A recommender, groups, the shop's words and customer service, each in its usual way.
async fn train_all(dir: &Path, asked: Train, as_json: bool) -> Result<()> {
    if asked.algorithm.is_some() || !asked.set.is_empty() {
        return Err(ServiceError::usage(
            "algorithm",
            "train all takes no --algorithm and no --set: name what to train",
        ));
    }
    train(dir, Train { what: "recommend".to_owned(), ..asked.clone() }, as_json).await?;
    groups::train(dir, asked.clone(), as_json).await?;
    language::train(dir, asked.clone(), as_json).await?;
    crate::assist::train(dir, asked, as_json).await
}

/// What the search tried, the last round first, the best of each first.
fn print_tried(tried: &[flows::models::Tried]) {
    let mut tried: Vec<_> = tried.iter().collect();
    tried.sort_by(|a, b| b.round.cmp(&a.round).then(b.value.total_cmp(&a.value)));
    let row = |tried: &&flows::models::Tried| {
        let settings: Vec<String> = tried.settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut settings = tried.error.clone().unwrap_or_else(|| settings.join(" "));
        if settings.chars().count() > 90 {
            settings = settings.chars().take(89).chain(['…']).collect();
        }
        let (value, seconds) = (format!("{:.4}", tried.value), format!("{:.1}", tried.seconds));
        vec![tried.card.clone(), (tried.round + 1).to_string(), value, seconds, settings]
    };
    print::table(&["tried", "round", "NDCG@10", "seconds", "settings"], &tried.iter().map(row).collect::<Vec<_>>());
    print::line("");
}

async fn evaluate(dir: &Path, asked: Evaluate, as_json: bool) -> Result<()> {
    let shop = Shop::open(dir)?;
    let (mut names, mut left_out) = (asked.algorithm, Vec::new());
    if names.is_empty() {
        let cards = recommend::registry::registry().iter().map(|algorithm| algorithm.card);
        let (slow, others): (Vec<_>, Vec<_>) = cards.partition(|card| recommend::registry::is_slow(card));
        names = others.into_iter().map(|card| card.name.to_owned()).collect();
        left_out = slow.into_iter().map(|card| card.name).collect();
    }
    if names.len() > 1 && !asked.set.is_empty() {
        return Err(ServiceError::usage("set", "--set needs exactly one --algorithm"));
    }
    let request = EvaluateRequest {
        algorithms: names.into_iter().map(|name| (name, asked.set.clone())).collect(),
        split: asked.split,
        k: asked.k,
        seed: asked.seed,
        n_threads: usize::from(asked.threads),
    };
    let bar = Progress::new(as_json);
    let found = flows::evaluate::evaluate(&shop, request, &|share, message| bar.report(share, message)).await?;
    drop(bar);
    store(&shop)?.put_evaluation(&found.id, found.at, &found)?;
    let measure = plot::measure_of(&found).unwrap_or_default();
    if let Some(path) = &asked.plot {
        std::fs::write(path, plot::svg(&found, &measure))?;
    }
    if as_json {
        print::json(&serde_json::to_value(&found)?);
    } else {
        print_evaluation(&found, &measure, asked.all_metrics);
        if !left_out.is_empty() {
            let names = left_out.join(", ");
            print::line(&format!("left out because it takes minutes: {names}; --algorithm {} judges it", left_out[0]));
        }
    }
    Ok(())
}

/// What tells most about a list, at each length; `coverage` is told once, of the longest.
const TELLING: [&str; 3] = ["recall", "ndcg", "hit"];

fn print_evaluation(found: &Evaluation, measure: &str, all_metrics: bool) {
    let all = found.rows.first().into_iter().flat_map(|row| row.metrics.keys());
    let mut names: Vec<&str> = all.map(String::as_str).collect();
    let n_all = names.len();
    if !all_metrics {
        names = telling(&names);
    }
    let header = [vec!["card"], names.clone(), vec!["fit s"]].concat();
    let row = |row: &flows::evaluate::EvaluationRow| {
        let mean = |name: &&str| row.metrics.get(*name).map_or(String::new(), |found| print::number(found.mean, 4));
        let (card, seconds) = (row.card.clone(), format!("{:.1}", row.fit_seconds));
        [vec![card], names.iter().map(mean).collect(), vec![seconds]].concat()
    };
    print::line(&format!(
        "{} split, {} customers with a past judged\n",
        found.split,
        print::count(found.n_users as u64)
    ));
    print::table(&header, &found.rows.iter().map(row).collect::<Vec<_>>());
    if names.len() < n_all {
        print::line(&format!("{} of {n_all} figures; --all-metrics prints all, --json with intervals", names.len()));
    }
    print::wide(&format!("\n{}", plot::text(found, measure, 40)));
}

/// The telling ones of these figures, grouped by k: `recall@10`, `ndcg@10`, … `recall@20`.
fn telling<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let parts = |name: &'a str| {
        let (what, k) = name.split_once('@')?;
        Some((k.parse::<usize>().ok()?, what))
    };
    let k_max = names.iter().filter_map(|name| parts(name)).map(|(k, _)| k).max();
    let place = |name: &'a str| {
        let (k, what) = parts(name)?;
        let place = TELLING.iter().position(|telling| *telling == what);
        place.or((what == "coverage" && Some(k) == k_max).then_some(TELLING.len())).map(|place| (k, place))
    };
    let mut found: Vec<_> = names.iter().filter_map(|name| Some((place(name)?, *name))).collect();
    found.sort_unstable();
    found.into_iter().map(|(_, name)| name).collect()
}

pub async fn loaded(dir: &Path) -> Result<Arc<ServedShop>> {
    ServedShop::open_beside(Shop::open(dir)?, Arc::new(Metrics::default())).await
}

async fn recommend(dir: &Path, asked: Recommend, as_json: bool) -> Result<()> {
    let context_product = match asked.context.as_deref().map(|context| context.split_once('=')) {
        None => None,
        Some(Some(("product", id))) => Some(id.to_owned()),
        Some(_) => return Err(ServiceError::usage("context", "--context takes product=ID")),
    };
    if let Some(id) = &asked.customer {
        service::api::input::check_id("--customer", id)?;
    }
    let shop = loaded(dir).await?;
    if asked.keep {
        return crate::everyone::keep(&shop, as_json).await;
    }
    if asked.all {
        let only = match &asked.audience {
            None => None,
            Some(text) => {
                let audience = audience::named(&shop.store, text)?;
                Some(audience::members_of(&shop.shop, &audience.id, asked.channel.as_deref()).await?)
            }
        };
        let n = usize::from(asked.n);
        return crate::everyone::write(&shop, n, only.as_ref(), asked.output.as_deref(), as_json).await;
    }
    let language = asked.lang.unwrap_or_else(|| shop.shop.config().language.clone());
    if let Some(list_id) = asked.replay {
        return replay(&shop, &list_id, &language, as_json);
    }
    let request = ListRequest {
        customer_id: asked.customer.unwrap_or_default(),
        n: usize::from(asked.n),
        context_product,
        category: asked.category,
        region: asked.region,
        include_owned: asked.include_owned,
        explain: asked.explain,
        language,
        ..Default::default()
    };
    let answer = shop.recommend(&request)?;
    if as_json {
        print::json(&serde_json::to_value(&answer)?);
    } else {
        print_answer(&answer);
    }
    Ok(())
}

fn replay(shop: &ServedShop, list_id: &str, language: &str, as_json: bool) -> Result<()> {
    let found = shop.explain(list_id, None, language, true)?;
    if as_json {
        print::json(&serde_json::to_value(&found)?);
        return Ok(());
    }
    print_answer(&found.answer);
    let verdict = match found.replay {
        Some(replay) if replay.identical => "made again today: identical".to_owned(),
        replay => format!("not made again: {}", replay.and_then(|replay| replay.why).unwrap_or_default()),
    };
    print::line(&format!("\nlist {list_id} of {}\n{verdict}", rfc3339(domain::Millis(found.at))));
    Ok(())
}

fn print_answer(answer: &Answer) {
    match (&answer.model, &answer.fallback) {
        (Some(model), None) => print::line(&format!("model {} ({})", model.version, model.card)),
        (_, Some(fallback)) => print::line(&format!("nothing known to start from: {fallback} products")),
        (None, None) => {}
    }
    print::line(&format!("list {}\n", answer.list_id));
    if answer.items.is_empty() {
        return print::line("nothing that may be shown passes the filters");
    }
    let rows: Vec<_> = answer
        .items
        .iter()
        .enumerate()
        .map(|(at, item)| {
            vec![
                (at + 1).to_string(),
                item.product_id.clone(),
                item.name.clone(),
                item.price_cents.map_or(String::new(), |cents| domain::Cents(cents).to_string()),
                print::number(item.score, 4),
            ]
        })
        .collect();
    print::table(&["", "product", "name", "price", "score"], &rows);
    for (at, item) in answer.items.iter().enumerate().filter(|(_, item)| !item.terms.is_empty()) {
        print::line(&format!("\n{}. {}", at + 1, item.name));
        explanation(item).iter().for_each(|text| print::line(text));
    }
}

/// Reasons and terms, without those that round to nothing: JSON has them all.
fn explanation(item: &service::serving::AnswerItem) -> Vec<String> {
    let reasons = item.reasons.iter().filter_map(|reason| {
        let share = print::number(reason.share * 100.0, 0);
        (share != "0").then(|| format!("   {share:>3} %  {}", reason.text))
    });
    let terms = item.terms.iter().filter_map(|term| {
        let value = print::number(term.value, 4);
        let sign = if value.starts_with('-') { "" } else { "+" };
        (value != "0.0000").then(|| format!("   {sign}{value}  {}{}", term.name, origin(term)))
    });
    reasons.chain(terms).collect()
}

/// What a term comes from: `  (purchase of 1337, 2026-01-02T10:00:00Z)`.
fn origin(term: &service::serving::Term) -> String {
    let at = term.at.map_or(String::new(), |at| format!(", {}", rfc3339(domain::Millis(at))));
    match (&term.kind, &term.product_id, &term.rule) {
        (Some(kind), Some(id), _) => format!("  ({kind} of {id}{at})"),
        (None, Some(id), _) => format!("  (looking at {id})"),
        (_, None, Some(rule)) => format!("  (rule '{rule}')"),
        _ => String::new(),
    }
}

async fn similar(dir: &Path, asked: Similar, as_json: bool) -> Result<()> {
    if let Some(text) = &asked.text {
        return language::similar_texts(dir, text, usize::from(asked.n), as_json).await;
    }
    let (is_word, what) = language::word_or_product(&asked.word, &asked.product)?;
    if is_word {
        return language::similar_words(dir, what, usize::from(asked.n), as_json).await;
    }
    let items = loaded(dir).await?.similar(what, usize::from(asked.n))?;
    if as_json {
        print::json(&json!({"product_id": what, "items": items}));
        return Ok(());
    }
    let row = |item: &service::serving::SimilarItem| {
        let figures = [item.score, item.alike, item.together].map(|value| format!("{value:.2}"));
        [vec![item.product_id.clone(), item.name.clone()], figures.to_vec()].concat()
    };
    print::table(&["product", "name", "score", "alike", "together"], &items.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

async fn serve(dir: &Path, asked: Serve) -> Result<()> {
    let mut options = ServeOptions::new(dir, asked.listen);
    options.flush_every = std::time::Duration::from_secs(asked.flush_seconds);
    let server = Server::bind(&options).await?;
    announce(&server);
    server.run(stopped()).await
}

/// On stderr, so that a password never lands in a file that collects results.
pub fn announce(server: &Server) {
    eprintln!("Tercet serves http://{}", server.address);
    for (shop, password) in &server.first_passwords {
        eprintln!("  console password of shop '{shop}', shown this once: {password}");
        eprintln!("  (tercet password sets another)");
    }
}

/// Done when the process is asked to stop.
pub async fn stopped() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(_) => return drop(tokio::signal::ctrl_c().await),
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

pub fn store(shop: &Shop) -> Result<Store> {
    Store::of(shop)
}

fn keys(dir: &Path, asked: Keys, as_json: bool) -> Result<()> {
    let store = store(&Shop::open(dir)?)?;
    match asked {
        Keys::Create { name, scopes } => {
            let (made, record) = keys::generate(&name, &Scope::parse_list(&scopes)?, now().0)?;
            store.add_key(record)?;
            if as_json {
                print::json(&serde_json::to_value(&made)?);
            } else {
                print::line(&format!("{}  {}  {}", made.id, made.name, Scope::join(&made.scopes)));
                print::line(&format!("{}   (shown this once; a running server knows it within a minute)", made.secret));
            }
        }
        Keys::List => {
            let found = store.keys()?;
            if as_json {
                print::json(&json!({"items": found}));
                return Ok(());
            }
            let row = |key: &keys::KeyRecord| {
                vec![
                    key.id.clone(),
                    key.name.clone(),
                    Scope::join(&key.scopes),
                    rfc3339(domain::Millis(key.created_at)),
                ]
            };
            print::table(&["id", "name", "scopes", "made"], &found.iter().map(row).collect::<Vec<_>>());
        }
        Keys::Revoke { id } => {
            if !store.revoke_key(&id)? {
                return Err(ServiceError::not_found("key", &id).help("tercet keys list shows them"));
            }
            if as_json {
                print::json(&json!({"revoked": id}));
            } else {
                print::line(&format!("revoked {id}"));
            }
        }
    }
    Ok(())
}

fn password(dir: &Path, generate: bool, as_json: bool) -> Result<()> {
    let store = store(&Shop::open(dir)?)?;
    if generate {
        let made = service::generated_password()?;
        set_password(&store, &made)?;
        if as_json {
            print::json(&json!({"password": made}));
        } else {
            print::line(&made);
        }
        return Ok(());
    }
    eprintln!("the new password, on one line:");
    let mut text = String::new();
    std::io::stdin().read_line(&mut text)?;
    set_password(&store, text.trim_end_matches(['\n', '\r']))?;
    if as_json {
        print::json(&json!({"password": "set"}));
    } else {
        print::line("the password is set");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use service::serving::{AnswerItem, Reason, Term};

    #[tokio::test]
    async fn slips_are_refused_before_the_shop_is_opened() {
        use clap::Parser;
        for (arguments, said) in [
            (["--customer", ""], "--customer is '' (0 characters); allowed: 1 to 200"),
            (["--customer", "a\nb"], "--customer is 'a b'"),
            (["--customer", "c"], "no shop"),
        ] {
            let arguments =
                [["tercet", "--shop", "/nowhere/is/no shop"], ["recommend", arguments[0], arguments[1]]].concat();
            let error = run(Arguments::try_parse_from(arguments).unwrap()).await.unwrap_err();
            assert!(error.message.contains(said) && error.exit_code() == 2, "{said}: {error}");
        }
    }

    #[test]
    fn telling_figures_stand_by_k() {
        let all =
            ["coverage@20", "coverage@5", "hit@20", "hit@5", "map@5", "ndcg@20", "ndcg@5", "recall@20", "recall@5"];
        let shown = ["recall@5", "ndcg@5", "hit@5", "recall@20", "ndcg@20", "hit@20", "coverage@20"];
        assert_eq!(telling(&all), shown);
        assert_eq!(telling(&["rmse", "map@5", "hit@x"]), [""; 0]);
    }

    #[test]
    fn what_rounds_to_nothing_is_not_told() {
        let term =
            |name: &str, value| Term { name: name.into(), value, product_id: None, kind: None, at: None, rule: None };
        let reason = |text: &str, share| Reason {
            kind: "own_event".into(),
            text: text.into(),
            share,
            product_id: None,
            product_name: None,
        };
        let item = AnswerItem {
            product_id: "p".into(),
            name: "P".into(),
            brand: None,
            category: None,
            price_cents: None,
            image_url: None,
            score: -0.000_01,
            propensity: 1.0,
            explored: false,
            pinned_by: None,
            terms: vec![
                term("own_event", 0.25),
                term("remainder", 0.000_04),
                term("durable", -0.5),
                term("stock", -0.0),
            ],
            reasons: vec![reason("much", 0.996), reason("nothing", 0.004)],
        };
        assert_eq!(explanation(&item), ["   100 %  much", "   +0.2500  own_event", "   -0.5000  durable"]);
    }
}
