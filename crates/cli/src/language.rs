//! `train language`, `similar --word`, `opinions` and `search`: the shop's words on the command line.

use std::path::Path;

use data::Shop;
use domain::Cents;
use serde_json::json;
use service::flows::in_service::needed;
use service::flows::language::find::{self, Found};
use service::flows::language::opinions::{AspectView, OpinionPage};
use service::flows::language::{self, LanguageRequest, Loaded, Segmenter};
use service::flows::segment::Text;
use service::{Result, ServiceError};

use crate::args::{Opinions, Search, Train};
use crate::print::{self, Progress};

pub async fn train(dir: &Path, asked: Train, as_json: bool) -> Result<()> {
    if let Some(card) = &asked.algorithm {
        let message = format!("train language takes no --algorithm (found: {card}); what it learns is fixed");
        return Err(ServiceError::usage("algorithm", message).help("run single cards on files: tercet lab run CARD"));
    }
    let mut request =
        LanguageRequest { seed: asked.seed, n_threads: usize::from(asked.threads), ..LanguageRequest::default() };
    for text in &asked.set {
        let wrong = || {
            let allowed =
                "dim=10 to 1000, epochs=1 to 1000, segmenter=dictionary, learned or a file of lab run segment_words";
            ServiceError::usage("settings", format!("--set {text} is not understood; allowed: {allowed}"))
        };
        let (name, value) = text.split_once('=').ok_or_else(wrong)?;
        if name == "segmenter" {
            request.segmenter = segmenter(value)?;
            continue;
        }
        let value: usize = value.trim().parse().map_err(|_| wrong())?;
        match name {
            "dim" => request.dim = value,
            "epochs" => request.epochs = Some(value),
            _ => return Err(wrong()),
        }
    }
    let shop = Shop::open(dir)?;
    let bar = Progress::stopped_by_ctrl_c(as_json);
    let trained = language::train(&shop, request, &|share, message| bar.report(share, message)).await;
    drop(bar);
    let info = trained.map_err(|error| match error.code {
        "cancelled" => error.help("go on: tercet train language, with the same settings"),
        _ => error,
    })?;
    if as_json {
        print::json(&serde_json::to_value(&info)?);
        return Ok(());
    }
    let count = |n: usize| print::count(n as u64);
    print::line(&format!(
        "read {} reviews, {} products, {} documents: {} words, {} different ones used 5 times or more",
        count(info.texts.n_reviews),
        count(info.texts.n_products),
        count(info.texts.n_documents),
        print::count(info.texts.n_words),
        count(info.texts.n_distinct)
    ));
    match &info.vectors {
        Some(made) => print::line(&format!("vectors: {} words, {} numbers each", count(made.n_words), made.dim)),
        None => print::line("vectors: too few words"),
    }
    match &info.sentiment {
        Some(made) => print::line(&format!(
            "judge of reviews: right about {:.1} % of {} held out (always saying the commoner: {:.1} %)",
            made.accuracy * 100.0,
            count(made.n_test),
            made.accuracy_of_commonest * 100.0
        )),
        None => print::line("judge of reviews: too few reviews with stars of both kinds"),
    }
    print::line(&format!(
        "opinions: {} mentions of {} aspects, {} products",
        count(info.opinions.n_mentions),
        info.opinions.n_aspects,
        count(info.opinions.n_products)
    ));
    if let Some(taught) = &info.opinions.taught {
        print::line(&format!(
            "learned from these reviews: {} names of aspects, {} words of praise and blame",
            count(taught.n_names),
            count(taught.n_words)
        ));
        if let Some(judge) = &taught.judge {
            print::line(&format!(
                "judge of clauses: the lexicon decides {:.1} % of {} mentions held out and agrees with the stars of the review in {:.1} %; the judge in {:.1} % of the others",
                judge.decided * 100.0,
                count(judge.n_test),
                judge.accuracy_of_lexicon * 100.0,
                judge.accuracy_elsewhere * 100.0
            ));
        }
    }
    print::line(&format!(
        "search: {} products, {} pieces of {} documents, {:.1} MiB",
        count(info.search.n_products),
        count(info.search.n_chunks),
        count(info.search.n_documents),
        info.search.bytes as f64 / 1048576.0
    ));
    if let Some(encoder) = &info.encoder {
        let note = encoder.note.as_ref().map_or(String::new(), |note| format!("; not another, since {note}"));
        print::line(&format!(
            "meaning: by the vectors of {}{note}",
            if encoder.name.is_empty() { "nothing" } else { &encoder.name }
        ));
    }
    print::line(&format!("version {} in service after {:.1} s", info.version, info.seconds));
    Ok(())
}

/// The dictionary, the one in service, or one from a file.
fn segmenter(value: &str) -> Result<Segmenter> {
    let path = Path::new(value);
    if !path.is_file() {
        return Segmenter::named(value)
            .map_err(|error| error.help("or a file: tercet lab run segment_words --input CUT.txt --output FILE"));
    }
    Ok(Segmenter::New(std::fs::read(path)?))
}

/// The words used most like a word.
pub async fn similar_words(dir: &Path, word: &str, n: usize, as_json: bool) -> Result<()> {
    let loaded = needed::<Loaded>(&Shop::open(dir)?).await?;
    let found = loaded.neighbours(word, n)?;
    if as_json {
        print::json(&serde_json::to_value(&found)?);
        return Ok(());
    }
    if found.from_file {
        print::line(&format!(
            "the shop's texts have no word '{}' five times: judged by the file of vectors",
            found.word
        ));
    }
    if !found.known {
        let from =
            if found.items.is_empty() { "nothing is known of it" } else { "judged by the pieces it is written with" };
        print::line(&format!("the shop's texts have no word '{}' five times: {from}", found.word));
    }
    let rows = found
        .items
        .iter()
        .map(|item| vec![item.word.clone(), format!("{:.3}", item.similarity), print::count(item.count)]);
    print::table(&["word", "similarity", "times"], &rows.collect::<Vec<_>>());
    Ok(())
}

/// The products and documents that mean most like a text.
pub async fn similar_texts(dir: &Path, text: &str, n: usize, as_json: bool) -> Result<()> {
    let shop = Shop::open(dir)?;
    let loaded = needed::<Loaded>(&shop).await?;
    let found = tokio::task::block_in_place(|| find::alike(&loaded, text, n))?;
    if as_json {
        print::json(&serde_json::to_value(&found)?);
        return Ok(());
    }
    if let Some(note) = &found.note {
        print::line(said(note, &shop.config().language));
    }
    print::line(&format!("by the vectors of {}", found.encoder));
    for (what, items) in [("product", &found.products), ("document", &found.documents)] {
        if !items.is_empty() {
            let row =
                |item: &find::AlikeItem| vec![item.id.clone(), item.name.clone(), format!("{:.3}", item.similarity)];
            print::table(&[what, "name", "similarity"], &items.iter().map(row).collect::<Vec<_>>());
        }
    }
    Ok(())
}

fn said<'a>(text: &'a Text, language: &str) -> &'a str {
    if language == "zh" { &text.zh } else { &text.en }
}

pub async fn opinions(dir: &Path, asked: Opinions, as_json: bool) -> Result<()> {
    let shop = Shop::open(dir)?;
    let loaded = needed::<Loaded>(&shop).await?;
    let language = asked.lang.unwrap_or_else(|| shop.config().language.clone());
    let Some(product) = asked.product else {
        let list = loaded.opinions.list(&asked.sort, 0, usize::from(asked.n))?;
        if as_json {
            print::json(&serde_json::to_value(&list)?);
            return Ok(());
        }
        let named = |keys: &[String]| {
            let label = |key: &String| list.aspects.iter().find(|aspect| aspect.key == *key);
            keys.iter().filter_map(label).map(|aspect| said(&aspect.label, &language)).collect::<Vec<_>>().join(", ")
        };
        let rows = list.items.iter().map(|row| {
            vec![
                row.product_id.clone(),
                row.name.clone(),
                print::count(row.n_reviews as u64),
                row.stars_mean.map_or(String::new(), |stars| format!("{stars:.1}")),
                format!("{:.0} %", row.share_positive * 100.0),
                named(&row.praised),
                named(&row.blamed),
            ]
        });
        let header = ["product", "name", "reviews", "stars", "praise", "praised", "blamed"];
        print::table(&header, &rows.collect::<Vec<_>>());
        return Ok(());
    };
    let page = loaded.opinions.page(&product)?;
    if as_json {
        print::json(&serde_json::to_value(page)?);
    } else {
        print_page(page, &language);
    }
    Ok(())
}

fn print_page(page: &OpinionPage, language: &str) {
    print::line(&format!("{}  ({})\n{}\n", page.name, page.product_id, said(&page.summary, language)));
    let row = |aspect: &AspectView| {
        let others = aspect.others.as_ref();
        vec![
            said(&aspect.label, language).to_owned(),
            print::count(u64::from(aspect.n)),
            print::count(u64::from(aspect.positive)),
            print::count(u64::from(aspect.negative)),
            format!("{:.0} % [{:.0}, {:.0}]", aspect.share_positive * 100.0, aspect.low * 100.0, aspect.high * 100.0),
            others.map_or(String::new(), |others| format!("{:.0} %", others.share_positive * 100.0)),
            others.and_then(|others| others.stands_out.clone()).unwrap_or_default(),
        ]
    };
    let header = ["aspect", "reviews", "praise", "blame", "share of praise", "category", ""];
    print::table(&header, &page.aspects.iter().map(row).collect::<Vec<_>>());
    for aspect in page.aspects.iter().take(6) {
        for polarity in ["positive", "negative"] {
            if let Some(quote) = aspect.quotes.iter().find(|quote| quote.polarity == polarity) {
                let mark = if polarity == "positive" { "+" } else { "-" };
                print::line(&format!("  {mark} {}: \"{}\"", said(&aspect.label, language), quote.text.trim()));
            }
        }
    }
}

pub async fn search(dir: &Path, asked: Search, as_json: bool) -> Result<()> {
    let shop = Shop::open(dir)?;
    let loaded = needed::<Loaded>(&shop).await?;
    let language = &shop.config().language;
    let within = asked.within.as_str();
    let found = find::find(
        &loaded,
        &find::Asked {
            text: &asked.query,
            products: within != "documents",
            documents: within != "products",
            offset: 0,
            limit: usize::from(asked.n),
            dropped: &[],
            chosen: &[],
            sort: asked.sort.as_deref().map(find::sort_named).transpose()?,
        },
    )?;
    if as_json {
        print::json(&serde_json::to_value(&found)?);
        return Ok(());
    }
    print_found(&found, language);
    Ok(())
}

fn print_found(found: &Found, language: &str) {
    let shown = |filter: &find::FilterView| {
        let set_aside = if found.query.relaxed.contains(&filter.id) { " (set aside: nothing passes)" } else { "" };
        let soft = if filter.is_soft { " (preferred)" } else { "" };
        format!("  {}{soft}{set_aside}", said(&filter.label, language))
    };
    if !found.query.filters.is_empty() {
        let filters: Vec<String> = found.query.filters.iter().map(shown).collect();
        print::line(&format!("understood as:\n{}\n", filters.join("\n")));
    }
    if let Some(note) = &found.note {
        print::line(&format!("{}\n", said(note, language)));
    }
    if let Some(other) = &found.query.did_you_mean {
        print::line(&format!("did you mean: {other}\n"));
    }
    if !found.products.is_empty() {
        let rows = found.products.iter().map(|hit| {
            let price = hit.price_cents.map_or(String::new(), |cents| Cents(cents).to_string());
            vec![hit.product_id.clone(), hit.name.clone(), price, format!("{:.2}", hit.score)]
        });
        print::table(&["product", "name", "price", "score"], &rows.collect::<Vec<_>>());
        print::line(&format!("{} products in all\n", print::count(found.n_products as u64)));
    }
    for hit in &found.documents {
        let path: Vec<&str> =
            std::iter::once(hit.title.as_str()).chain(hit.sections.iter().map(String::as_str)).collect();
        print::line(&format!("{} ({}, bytes {} to {})", path.join(" > "), hit.document_id, hit.start, hit.end));
        let excerpt: String = hit.text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
        print::line(&format!("  {excerpt}\n"));
    }
    if found.products.is_empty() && found.documents.is_empty() {
        print::line("nothing found");
    }
}

/// What `similar` was asked for, one of the two.
pub fn word_or_product<'a>(word: &'a Option<String>, product: &'a Option<String>) -> Result<(bool, &'a str)> {
    match (word, product) {
        (Some(word), None) => Ok((true, word)),
        (None, Some(product)) => Ok((false, product)),
        _ => Err(ServiceError::usage("similar", "allowed: --product ID or --word WORD, one of them")
            .detail(json!({"word": word, "product": product}))),
    }
}
