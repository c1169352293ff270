//! Asks two manuals the questions that people wrote for them, and prints one line of JSON: how often the right section is
//! first and among the first five, for all questions and for the halves with even and odd numbers. Settings were chosen on the
//! even half. `bench/peers/assist/bm25.py` does the same with BM25 on what `dump` writes.
//!
//! `cargo run -p tercet-assist --example retrieval -- [dump DIR] [show] [words=…] [coverage=…] [title=…] [k1=…] [b=…] [name_boost=…]
//! [strictness=…] [proximity=…]`

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use domain::KnowledgeDocument;
use language::search::Settled;
use language::text::Tokeniser;
use serde_json::{Value, json};
use tercet_assist::knowledge::{KnowledgeBase, Ranking};

fn read(path: &str) -> Option<Vec<u8>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("TERCET_DATA").map_or(beside, PathBuf::from);
    let bytes = std::fs::read(folder.join("text/qa_emanual_samsung").join(path)).ok()?;
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

struct Section {
    id: String,
    /// Titles above it, outermost first.
    above: Vec<String>,
    title: String,
    body: String,
}

struct Asked {
    number: u64,
    text: String,
    /// The sections that hold the answer.
    right: Vec<usize>,
}

struct Manual {
    name: &'static str,
    sections: Vec<Section>,
    questions: Vec<Asked>,
}

fn plain(text: &str) -> String {
    let words = text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

fn sections(corpus: &str) -> Option<Vec<Section>> {
    let corpus: serde_json::Map<String, Value> = serde_json::from_slice(&read(corpus)?).ok()?;
    let mut order: Vec<(&String, &Value)> = corpus.iter().collect();
    order.sort_by_key(|(id, _)| id.trim_start_matches("section_").parse::<usize>().unwrap_or(usize::MAX));
    let title = |id: &str| corpus.get(id).and_then(|section| section["title"].as_str()).unwrap_or("").to_owned();
    let section = |(id, section): (&String, &Value)| {
        let body = section["text"].as_array()?.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n");
        let path = section["section_hierarchy"].as_str().unwrap_or(id);
        let above: Vec<&str> = path.split('>').collect();
        let above = above[..above.len() - 1].iter().map(|id| title(id)).collect();
        Some(Section { id: id.clone(), above, title: title(id), body })
    };
    order.into_iter().map(section).collect()
}

/// A manual with its questions. The right sections are those with the last title of the question's path that is a section's
/// (some paths end in a heading within a section; some titles are cut short); of several those whose own path agrees most.
fn manual(name: &'static str, corpus: &str, questions: &str) -> Option<Manual> {
    let sections = sections(corpus)?;
    let rows = csv(&String::from_utf8_lossy(&read(questions)?));
    let is_named = |at: usize, title: &str| {
        let own = plain(&sections[at].title);
        own == title || own.len() > 20 && title.starts_with(&own) || title.len() > 20 && own.starts_with(title)
    };
    let asked = |row: &Vec<String>| {
        let path: Vec<String> = row[2].split('>').map(plain).collect();
        let named = |title: &String| (0..sections.len()).filter(|&at| is_named(at, title)).collect::<Vec<_>>();
        let named: Vec<usize> = path.iter().rev().map(named).find(|found| !found.is_empty()).unwrap_or_default();
        let agrees = |at: usize| sections[at].above.iter().filter(|title| path.contains(&plain(title))).count();
        let most = named.iter().map(|&at| agrees(at)).max().unwrap_or(0);
        let right = named.into_iter().filter(|&at| agrees(at) == most).collect();
        Some(Asked { number: row[0].parse().ok()?, text: row[1].clone(), right })
    };
    let questions = rows.iter().skip(1).filter(|row| row.len() >= 3).filter_map(asked).collect();
    Some(Manual { name, sections, questions })
}

/// The manual as one Markdown document, and where each section begins.
fn document(manual: &Manual) -> (KnowledgeDocument, Vec<usize>) {
    let (mut text, mut starts) = (String::new(), Vec::new());
    for section in &manual.sections {
        starts.push(text.len());
        let depth = (section.above.len() + 1).min(6);
        let title: String = section.title.trim().chars().take(50).collect();
        text += &format!("{} {title}\n{}\n\n", "#".repeat(depth), section.body);
    }
    let document_id = manual.name.to_owned();
    (KnowledgeDocument { title: format!("{} manual", manual.name), document_id, text, ..Default::default() }, starts)
}

/// Sections in the order of their best passages.
fn found(knowledge: &KnowledgeBase, starts: &[usize], question: &str) -> Vec<usize> {
    let passages = knowledge.passages(question, &[], 30).expect("no encoder that could fail");
    let mut order: Vec<usize> = Vec::new();
    for passage in passages {
        let section = starts.partition_point(|&start| start <= passage.start).saturating_sub(1);
        if !order.contains(&section) {
            order.push(section);
        }
    }
    order
}

fn hits(asked: &[(&Asked, Vec<usize>)]) -> Value {
    let at = |k: usize| {
        let n = asked.iter().filter(|(asked, found)| found.iter().take(k).any(|at| asked.right.contains(at))).count();
        n as f64 / asked.len().max(1) as f64
    };
    json!({"n": asked.len(), "hit@1": at(1), "hit@5": at(5)})
}

fn measured(manual: &Manual, settings: &BTreeMap<String, f32>, show: bool) -> Value {
    let (document, starts) = document(manual);
    let set = |name: &str, default: f32| settings.get(name).copied().unwrap_or(default);
    let (ranking, settled) = (Ranking::default(), Settled::documents());
    let ranking = Ranking {
        words: set("words", ranking.words),
        coverage: set("coverage", ranking.coverage),
        title: set("title", ranking.title),
        product: ranking.product,
    };
    let settled = Settled {
        k1: set("k1", settled.k1),
        b: set("b", settled.b),
        name_boost: set("name_boost", settled.name_boost),
        strictness: set("strictness", settled.strictness),
        proximity: set("proximity", settled.proximity),
        ..settled
    };
    let knowledge = KnowledgeBase::new(&[document], &Tokeniser::default(), None).expect("the manual is fit");
    let knowledge = knowledge.with_ranking(ranking, settled);
    let all: Vec<(&Asked, Vec<usize>)> =
        manual.questions.iter().map(|asked| (asked, found(&knowledge, &starts, &asked.text))).collect();
    if show {
        for (asked, found) in
            all.iter().filter(|(asked, found)| !asked.right.iter().any(|at| found.first() == Some(at)))
        {
            let place = found.iter().position(|at| asked.right.contains(at));
            let named = |at: &usize| manual.sections[*at].title.as_str();
            let wanted: Vec<&str> = asked.right.iter().map(named).collect();
            eprintln!(
                "{} {}: {:?} at {place:?}, first {:?}",
                asked.number,
                asked.text,
                wanted,
                found.first().map(named)
            );
        }
    }
    let half = |odd: u64| -> Vec<_> { all.iter().filter(|(asked, _)| asked.number % 2 == odd).cloned().collect() };
    json!({
        "n_sections": manual.sections.len(), "n_passages": knowledge.n_passages(),
        "all": hits(&all), "even": hits(&half(0)), "odd": hits(&half(1)),
    })
}

fn dump(manual: &Manual, folder: &str) {
    let write = |name: String, lines: Vec<Value>| {
        let text: String = lines.into_iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(PathBuf::from(folder).join(name), text).expect("a folder that can be written to");
    };
    let section = |section: &Section| {
        let title = format!("{} {}", section.above.join(" "), section.title);
        json!({"id": section.id, "title": title.trim(), "text": section.body})
    };
    let right = |asked: &Asked| asked.right.iter().map(|&at| manual.sections[at].id.clone()).collect::<Vec<_>>();
    write(format!("{}.sections.jsonl", manual.name), manual.sections.iter().map(section).collect());
    let questions = manual.questions.iter();
    let asked = |asked: &Asked| json!({"number": asked.number, "text": asked.text, "right": right(asked)});
    write(format!("{}.questions.jsonl", manual.name), questions.map(asked).collect());
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let settings: BTreeMap<String, f32> = arguments
        .iter()
        .filter_map(|argument| argument.split_once('='))
        .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
        .collect();
    let folder = arguments.iter().position(|argument| argument == "dump").and_then(|at| arguments.get(at + 1));
    let show = arguments.iter().any(|argument| argument == "show");
    let mut result = BTreeMap::new();
    let manuals = [
        manual("s10", "s10_manual_corpus.json.gz", "s10_50_questions.csv"),
        manual("tv", "smart_tv_remote_manual_corpus.json.gz", "smart_tv_remote_50_questions.csv"),
    ];
    for manual in manuals.iter().flatten() {
        if let Some(folder) = folder {
            dump(manual, folder);
        }
        result.insert(manual.name, measured(manual, &settings, show));
    }
    println!("{}", json!({"what": "retrieval on qa_emanual_samsung", "ours": result}));
}
