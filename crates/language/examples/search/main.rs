//! Searches manuals whose answers are known, and simulated shops, and prints one JSON document: how often the right
//! section comes first and among the first five, times, bytes, memory. `bench/peers/language/search.py` does the same with
//! SQLite FTS5 on the same input; tantivy as it comes is measured here beside ours.
//!
//! `cargo run --example search -- quality [show] [vectors] [name=value …]`, `… -- speed N_ENTRIES [SEED]`, `… -- look QUERY…`,
//! `… -- dump DIR N_ENTRIES [SEED]` (what the peer's script reads).

mod meaning;
mod shop;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;
use std::time::Instant;

use serde_json::{Value, json};
use tercet_language::search::{Attributes, CARD, Changes, Entry, Index, Request, Settled, parse_query};
use tercet_language::vectors::SentenceEncoder;

fn data() -> PathBuf {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    std::env::var_os("TERCET_DATA").map_or(beside, PathBuf::from)
}

fn read(path: &str) -> Option<Vec<u8>> {
    let bytes = std::fs::read(data().join(path)).ok()?;
    if !path.ends_with(".gz") {
        return Some(bytes);
    }
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut text).ok()?;
    Some(text)
}

/// Rows of a CSV file with quotes.
fn csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                cell.push('"');
                characters.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            _ => cell.push(character),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}

struct Manual {
    name: &'static str,
    sections: Vec<Entry>,
    /// A question and the sections that hold its answer.
    questions: Vec<(String, Vec<usize>)>,
}

fn plain(text: &str) -> String {
    let words = text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// A manual with its questions. The right sections are those with the last title of the question's path that is a section's
/// (some paths end in a heading within a section; some titles are cut short); of several those whose own path agrees most,
/// where the manual has paths.
fn manual(name: &'static str, corpus: &str, questions: &str) -> Option<Manual> {
    let corpus: serde_json::Map<String, Value> =
        serde_json::from_slice(&read(&format!("text/qa_emanual_samsung/{corpus}"))?).ok()?;
    let mut order: Vec<(&String, &Value)> = corpus.iter().collect();
    order.sort_by_key(|(id, _)| id.trim_start_matches("section_").parse::<usize>().unwrap_or(usize::MAX));
    let title = |id: &str| corpus.get(id).and_then(|section| section["title"].as_str()).unwrap_or("").to_owned();
    let mut sections = Vec::new();
    for (id, section) in order {
        let body = section["text"].as_array()?.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n");
        let mut entry = Entry::new(id.as_str(), title(id), body);
        if let Some(path) = section["section_hierarchy"].as_str() {
            let above: Vec<&str> = path.split('>').collect();
            entry.sections = above[..above.len() - 1].iter().map(|id| title(id)).collect();
        }
        sections.push(entry);
    }
    let rows = csv(&String::from_utf8_lossy(&read(&format!("text/qa_emanual_samsung/{questions}"))?));
    let mut found = Vec::new();
    for row in rows.iter().skip(1).filter(|row| row.len() >= 3) {
        let path: Vec<String> = row[2].split('>').map(plain).collect();
        let is_named = |at: usize, title: &str| {
            let own = plain(&sections[at].name);
            own == title || own.len() > 20 && title.starts_with(&own) || title.len() > 20 && own.starts_with(title)
        };
        let named = |title: &String| (0..sections.len()).filter(|&at| is_named(at, title)).collect::<Vec<_>>();
        let named: Vec<usize> = path.iter().rev().map(named).find(|found| !found.is_empty()).unwrap_or_default();
        let agrees = |at: usize| {
            let above = sections[at].sections.iter().map(|title| plain(title));
            above.filter(|title| path.contains(title)).count()
        };
        let most = named.iter().map(|&at| agrees(at)).max().unwrap_or(0);
        found.push((row[1].clone(), named.into_iter().filter(|&at| agrees(at) == most).collect()));
    }
    Some(Manual { name, sections, questions: found })
}

fn manuals() -> Vec<Manual> {
    [
        manual("s10", "s10_manual_corpus.json.gz", "s10_50_questions.csv"),
        manual("tv", "smart_tv_remote_manual_corpus.json.gz", "smart_tv_remote_50_questions.csv"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn hits_at(found: &[(Vec<String>, Vec<String>)]) -> (f64, f64) {
    let n = found.len() as f64;
    let at = |k: usize| found.iter().filter(|(ids, right)| ids.iter().take(k).any(|id| right.contains(id))).count();
    (at(1) as f64 / n, at(5) as f64 / n)
}

fn ours(manual: &Manual, settled: &Settled, encoder: Option<&dyn SentenceEncoder>, show: bool) -> (f64, f64) {
    let mut index = Index::new().expect("an index");
    let changes = Changes { put: manual.sections.clone(), remove: vec![] };
    index.apply(&changes, encoder, &|_| true).expect("sections are fit");
    let snapshot = index.snapshot();
    let mut found = Vec::new();
    for (question, right) in &manual.questions {
        let request = Request::new(question);
        let request = match encoder {
            Some(encoder) => request.with_meaning(encoder).expect("a vector"),
            None => request,
        };
        let answer = snapshot.search(&request, settled).expect("an answer");
        let ids: Vec<String> = answer.hits.iter().map(|hit| hit.entry.id.clone()).collect();
        let right: Vec<String> = right.iter().map(|&at| manual.sections[at].id.clone()).collect();
        if show && !ids.first().is_some_and(|id| right.contains(id)) {
            eprintln!("{}: {question}", manual.name);
            let name = |id: &String| {
                let section = manual.sections.iter().find(|section| section.id == *id).expect("a section");
                format!("{} > {}", section.sections.join(" > "), section.name)
            };
            right
                .iter()
                .for_each(|id| eprintln!("    wanted {:?} at {:?}", name(id), ids.iter().position(|x| x == id)));
            for hit in answer.hits.iter().take(2) {
                let terms: Vec<String> =
                    hit.terms.iter().map(|term| format!("{}:{} {:.1}", term.field, term.term, term.score)).collect();
                eprintln!("    {:.1} {:?} {}", hit.score, name(&hit.entry.id), terms.join(", "));
            }
        }
        found.push((ids, right));
    }
    hits_at(&found)
}

/// tantivy with its default tokenizer and query parser over the same texts.
fn tantivy_default(manual: &Manual) -> (f64, f64) {
    use tantivy::collector::TopDocs;
    use tantivy::schema::{STORED, STRING, Schema, TEXT, Value as _};
    let mut schema = Schema::builder();
    let id = schema.add_text_field("id", STRING | STORED);
    let (title, text) = (schema.add_text_field("title", TEXT), schema.add_text_field("text", TEXT));
    let index = tantivy::Index::create_in_ram(schema.build());
    let mut writer = index.writer_with_num_threads(1, 50_000_000).expect("a writer");
    for section in &manual.sections {
        let mut document = tantivy::TantivyDocument::new();
        document.add_text(id, &section.id);
        document.add_text(title, format!("{} {}", section.sections.join(" "), section.name));
        document.add_text(text, &section.body);
        writer.add_document(document).expect("in memory");
    }
    writer.commit().expect("in memory");
    let searcher = index.reader().expect("a reader").searcher();
    let parser = tantivy::query::QueryParser::for_index(&index, vec![title, text]);
    let mut found = Vec::new();
    for (question, right) in &manual.questions {
        let (query, _) = parser.parse_query_lenient(question);
        let top = searcher.search(&query, &TopDocs::with_limit(10).order_by_score()).expect("in memory");
        let ids = top.into_iter().map(|(_, address)| {
            let document: tantivy::TantivyDocument = searcher.doc(address).expect("stored");
            document.get_first(id).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
        });
        found.push((ids.collect(), right.iter().map(|&at| manual.sections[at].id.clone()).collect()));
    }
    hits_at(&found)
}

fn quality(arguments: &[String]) -> Value {
    let show = arguments.iter().any(|argument| argument == "show");
    let set: Vec<&String> = arguments.iter().filter(|argument| argument.contains('=')).collect();
    // As `Settled::documents`, unless told otherwise.
    let base = ["strictness=0.3", "k1=0.8", "b=0.3", "name_boost=0.75"].map(str::to_owned);
    let settings = CARD.settings_from_texts(&[base.iter().collect(), set].concat()).expect("settings");
    let settled = Settled { popularity: 0.0, ..Settled::new(&settings) };
    let encoder = arguments.iter().any(|argument| argument == "vectors").then(|| meaning::encoder(&read)).flatten();
    let encoder = encoder.as_ref().map(|encoder| encoder as &dyn SentenceEncoder);
    let mut result = BTreeMap::new();
    for manual in manuals() {
        let n_without = manual.questions.iter().filter(|(_, right)| right.is_empty()).count();
        let ((hit_1, hit_5), peer) = (ours(&manual, &settled, encoder, show), tantivy_default(&manual));
        result.insert(
            manual.name,
            json!({
                "n_sections": manual.sections.len(), "n_questions": manual.questions.len(), "n_without_section": n_without,
                "ours": {"hit@1": hit_1, "hit@5": hit_5}, "tantivy_default": {"hit@1": peer.0, "hit@5": peer.1},
            }),
        );
    }
    json!(result)
}

/// Processor seconds of this process and its threads.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> =
        stat.rsplit(')').next().unwrap_or("").split_whitespace().filter_map(|field| field.parse().ok()).collect();
    // The state, a letter, is not among them: utime and stime are the 11th and 12th numbers.
    (fields.get(10).unwrap_or(&0.0) + fields.get(11).unwrap_or(&0.0)) / 100.0
}

fn peak_rss_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// The median and the 99th of 100 by the clock, and the mean by the processor, in ms.
fn times(queries: &[String], mut search: impl FnMut(&str)) -> Value {
    let cpu = cpu_seconds();
    let mut all: Vec<(f64, &String)> = queries
        .iter()
        .map(|query| {
            let started = Instant::now();
            search(query);
            (started.elapsed().as_secs_f64() * 1e3, query)
        })
        .collect();
    let mean = (cpu_seconds() - cpu) * 1e3 / queries.len() as f64;
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let slowest: Vec<String> = all.iter().rev().take(3).map(|(ms, query)| format!("{ms:.1} {query}")).collect();
    let at = |part: usize| all[all.len() * part / 100].0;
    json!({"p50_ms": at(50), "p99_ms": at(99), "mean_cpu_ms": mean, "slowest": slowest})
}

fn speed(n: usize, seed: u64) -> Value {
    let entries = shop::entries(n, seed);
    let text_bytes: usize = entries.iter().map(|entry| entry.name.len() + entry.body.len()).sum();
    let rss_before = peak_rss_bytes();
    let (started, cpu) = (Instant::now(), cpu_seconds());
    let mut index = Index::new().expect("an index");
    index.apply(&Changes { put: entries, remove: vec![] }, None, &|_| true).expect("entries are fit");
    let (index_seconds, index_cpu) = (started.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let rss_indexed = peak_rss_bytes();
    let snapshot = index.snapshot();
    let queries = shop::queries(2000, seed);
    let settled = Settled::products();
    let mut n_found = 0;
    let plain = times(&queries, |query| {
        n_found += usize::from(snapshot.search(&Request::new(query), &settled).expect("an answer").n_total > 0);
    });
    let bare = times(&queries, |query| {
        snapshot.search(&Request { with_snippets: false, ..Request::new(query) }, &settled).expect("an answer");
    });
    let attributes = Attributes::of(&snapshot);
    let understood = times(&queries, |query| {
        let understood = parse_query(query, &attributes).expect("a query");
        snapshot.search(&Request { with_facets: true, ..understood.request() }, &settled).expect("an answer");
    });
    let started = Instant::now();
    let bytes = index.to_bytes();
    let to_bytes = started.elapsed().as_secs_f64();
    let n_bytes = bytes.len();
    let started = Instant::now();
    drop(Index::from_bytes(bytes).expect("sound bytes"));
    let from_bytes = started.elapsed().as_secs_f64();
    let started = Instant::now();
    index
        .apply(&Changes { put: vec![Entry::new("new", "全新手机", "")], remove: vec![] }, None, &|_| true)
        .expect("fit");
    json!({
        "n_entries": n, "text_bytes": text_bytes, "index_seconds": index_seconds, "index_cpu_seconds": index_cpu, "index_bytes": n_bytes,
        "peak_rss_bytes": rss_indexed, "peak_rss_of_texts_bytes": rss_before, "n_queries": queries.len(), "n_found": n_found,
        "search": plain, "search_without_snippets": bare, "understood_with_facets": understood,
        "to_bytes_seconds": to_bytes, "from_bytes_seconds": from_bytes, "one_more_seconds": started.elapsed().as_secs_f64(),
    })
}

/// The texts and questions, as lines of JSON.
fn dump(folder: &str, n: usize, seed: u64) -> Value {
    let folder = PathBuf::from(folder);
    let write = |name: String, lines: Vec<Value>| {
        let text: String = lines.into_iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(folder.join(name), text).expect("a folder that can be written to");
    };
    let entry = |entry: &Entry| {
        let title = format!("{} {}", entry.sections.join(" "), entry.name);
        let specs: Vec<String> = entry.specs.iter().map(|(name, value)| format!("{name} {value}")).collect();
        let (brand, category) = (entry.brand.as_deref().unwrap_or(""), entry.category.as_deref().unwrap_or(""));
        json!({"id": entry.id, "title": title, "text": format!("{brand} {category} {} {}", specs.join(" "), entry.body)})
    };
    for manual in manuals() {
        write(format!("{}.sections.jsonl", manual.name), manual.sections.iter().map(entry).collect());
        let right = |right: &[usize]| right.iter().map(|&at| manual.sections[at].id.clone()).collect::<Vec<_>>();
        let questions = manual.questions.iter().map(|(text, at)| json!({"text": text, "right": right(at)}));
        write(format!("{}.questions.jsonl", manual.name), questions.collect());
    }
    write("shop.sections.jsonl".into(), shop::entries(n, seed).iter().map(entry).collect());
    let queries = shop::queries(2000, seed).into_iter().map(|text| json!({"text": text, "right": []}));
    write("shop.questions.jsonl".into(), queries.collect());
    json!({"n_entries": n})
}

/// Real products, to look at what is found for a query.
fn products() -> Vec<Entry> {
    let mut all = Vec::new();
    if let Some(text) = read("retail/catalog_bestbuy_cellphones/ecommerce.json.gz") {
        let list: Vec<Value> = serde_json::from_slice(&text).unwrap_or_default();
        for (at, product) in list.iter().enumerate() {
            let text = |name: &str| product[name].as_str().unwrap_or("").to_owned();
            let path =
                product["categories"].as_array().map(|path| path.iter().filter_map(Value::as_str).collect::<Vec<_>>());
            all.push(Entry {
                brand: Some(text("brand")),
                category: path.map(|path| path.join("/")),
                price_cents: product["price"].as_f64().map(|price| (price * 100.0).round() as i64),
                popularity: product["popularity"].as_f64(),
                ..Entry::new(format!("bestbuy-{at}"), text("name"), text("description"))
            });
        }
    }
    if let Some(bytes) = read("retail/catalog_laptops/laptop_price.csv") {
        let text: String = bytes.iter().map(|&byte| byte as char).collect();
        for row in csv(&text).iter().skip(1).filter(|row| row.len() >= 13) {
            let spec = |name: &str, at: usize| (name.to_owned(), row[at].clone());
            all.push(Entry {
                brand: Some(row[1].clone()),
                category: Some(format!("Laptop/{}", row[3])),
                specs: vec![
                    spec("screen", 4),
                    spec("cpu", 6),
                    spec("memory", 7),
                    spec("storage", 8),
                    spec("gpu", 9),
                    spec("weight", 11),
                ],
                price_cents: row[12].parse::<f64>().ok().map(|price| (price * 100.0) as i64),
                ..Entry::new(format!("laptop-{}", row[0]), format!("{} {} {} {}", row[1], row[2], row[6], row[7]), "")
            });
        }
    }
    if let Some(text) = read("retail/global_electronics_retailer/Products.csv.gz") {
        for row in csv(&String::from_utf8_lossy(&text)).iter().skip(1).filter(|row| row.len() >= 10) {
            let price = row[5].trim_matches(['$', ' ']).replace(',', "").parse::<f64>().ok();
            all.push(Entry {
                brand: Some(row[2].clone()),
                category: Some(format!("{}/{}", row[9], row[7])),
                specs: vec![("color".to_owned(), row[3].clone())],
                price_cents: price.map(|price| (price * 100.0).round() as i64),
                ..Entry::new(format!("global-{}", row[0]), row[1].clone(), "")
            });
        }
    }
    all
}

fn look(queries: &[String]) -> Value {
    let mut index = Index::new().expect("an index");
    index.apply(&Changes { put: products(), remove: vec![] }, None, &|_| true).expect("products are fit");
    let snapshot = index.snapshot();
    let attributes = Attributes::of(&snapshot);
    for query in queries {
        let understood = parse_query(query, &attributes).expect("a query");
        let request = Request { limit: 5, with_facets: true, ..understood.request() };
        let answer = snapshot.search(&request, &Settled::products()).expect("an answer");
        eprintln!(
            "{query}: {} found, words {:?}, did you mean {:?}",
            answer.n_total, understood.words, answer.did_you_mean
        );
        understood.filters.iter().for_each(|filter| eprintln!("    {}", json!(filter)));
        answer.relaxed.iter().for_each(|filter| eprintln!("    dropped {}", json!(filter)));
        for hit in &answer.hits {
            eprintln!(
                "    {:.2} {} {:?} {:?}",
                hit.score,
                hit.entry.id,
                hit.entry.name,
                hit.entry.price_cents.map(|cents| cents / 100)
            );
        }
        for facet in answer.facets.iter().take(2) {
            eprintln!("    {}: {:?}", facet.attribute, &facet.values[..facet.values.len().min(5)]);
        }
    }
    json!({"n_entries": index.n_entries()})
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: u64| arguments.get(at).and_then(|text| text.parse().ok()).unwrap_or(default);
    let started = Instant::now();
    let result = match arguments.first().map(String::as_str) {
        Some("quality") => quality(&arguments[1..]),
        Some("speed") => speed(number(1, 100_000) as usize, number(2, 1)),
        Some("dump") if arguments.len() > 1 => dump(&arguments[1], number(2, 100_000) as usize, number(3, 1)),
        Some("look") => look(&arguments[1..]),
        _ => json!({"error": "say quality, speed, dump or look"}),
    };
    println!("{}", json!({"result": result, "seconds": started.elapsed().as_secs_f64()}));
}
