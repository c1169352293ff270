//! Where a shop's pairs of texts come from: its products, its documents, or a file in its folder. What is personal is masked
//! before anything is learned; pairs that cannot be learned from are set aside and told.

use std::collections::{BTreeMap, HashSet};
use std::path::{Component, Path, PathBuf};

use data::Shop;
use data::sources::pairs::{BadRows, read_pairs};
use domain::{KnowledgeDocument, Product};
use language::search::{ChunkSizes, chunks};
use language::seq2seq::units::Mixed;
use language::seq2seq::vocabulary::Units;
use language::text::mask;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::{Result, ServiceError, clipped};
use crate::flows::rows::table;

/// Units of a source or a target at most.
pub const UNITS_MAX: usize = 200;
/// Fewer pairs teach nothing.
pub const PAIRS_MIN: usize = 20;
/// Sources held out for validation, and as many to judge by: one in ten, at most this many.
const HELD_OUT_MAX: usize = 500;
/// Characters of an answer taken from a document.
const ANSWER_CHARS: usize = 160;

/// Where pairs come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A product's brand, kind and specs → its name.
    Titles,
    /// A product's name and specs → its description.
    Descriptions,
    /// Questions and headings of documents → what stands below them.
    Questions,
    /// A file in the shop's folder.
    File(PathBuf),
}

impl Origin {
    /// # Errors
    /// If the text is neither a known place nor a path within the folder.
    pub fn named(text: &str) -> Result<Origin> {
        let path = Path::new(text);
        let inside = !text.is_empty() && path.components().all(|part| matches!(part, Component::Normal(_)));
        match text {
            "titles" => Ok(Origin::Titles),
            "descriptions" => Ok(Origin::Descriptions),
            "questions" => Ok(Origin::Questions),
            _ if inside && text.len() <= 500 && text.contains('.') => Ok(Origin::File(path.to_owned())),
            _ => Err(ServiceError::usage(
                "pairs",
                format!(
                    "pairs is '{}'; allowed: titles, descriptions, questions, or a file in the shop's folder",
                    clipped(text)
                ),
            )
            .help("a file's path counts from the shop's folder, such as pairs/answers.csv; it cannot lead out of it")),
        }
    }
}

/// Pairs ready to learn from. Pairs with one source stay together: what is judged was never seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Prepared {
    pub train: Vec<(String, String)>,
    pub valid: Vec<(String, String)>,
    pub test: Vec<(String, String)>,
    pub n_read: usize,
    #[serde(default)]
    pub bad: BadRows,
}

/// Reads, masks, sets aside and splits.
///
/// # Errors
/// If the file cannot be read, or too few pairs are left.
pub async fn prepare(shop: &Shop, from: &Origin, seed: u64) -> Result<Prepared> {
    let mut bad = BadRows::default();
    let raw = match from {
        Origin::Titles => table::<Product>(shop).await?.iter().filter_map(title).collect(),
        Origin::Descriptions => table::<Product>(shop).await?.iter().filter_map(description).collect(),
        Origin::Questions => table::<KnowledgeDocument>(shop).await?.iter().flat_map(answers).collect(),
        Origin::File(path) => {
            let path = within(shop, path)?;
            let read = crate::serving::off_thread(move || Ok(read_pairs(&path)?)).await?;
            bad = read.bad;
            read.pairs
        }
    };
    let n_read = raw.len() + bad.n;
    let pairs = crate::serving::off_thread(move || Ok(checked(raw, bad))).await?;
    let (pairs, bad) = pairs;
    if pairs.len() < PAIRS_MIN {
        let told = bad.told.iter().take(3).map(|bad| format!("line {}: {}", bad.line, bad.reason)).collect::<Vec<_>>();
        let why = if told.is_empty() { String::new() } else { format!("; set aside: {}", told.join("; ")) };
        let message = format!("{} different pairs can be learned from; needed: {PAIRS_MIN} or more{why}", pairs.len());
        return Err(ServiceError::conflict("pairs", message)
            .detail(serde_json::to_value(&bad)?)
            .help("bring more products or documents in, or give a file of pairs: columns source and target"));
    }
    Ok(split(pairs, n_read, bad, seed))
}

/// A path of the folder that leads nowhere else, not even by a link.
fn within(shop: &Shop, path: &Path) -> Result<PathBuf> {
    let root = shop.root().canonicalize()?;
    let full = root.join(path);
    let missing = || {
        ServiceError::usage(
            "pairs",
            format!("there is no file '{}' in the shop's folder", clipped(&path.to_string_lossy())),
        )
        .help("put the file into the folder; its path counts from there")
    };
    let full = full.canonicalize().map_err(|_| missing())?;
    match full.starts_with(&root) && full.is_file() {
        true => Ok(full),
        false => Err(missing()),
    }
}

/// Source, target, and where the pair stands.
type Raw = (String, String, u64);

/// What a product is, short: its brand, its kind, its specs.
pub fn facts(product: &Product) -> Vec<String> {
    let kind = product.category.as_deref().and_then(|path| path.rsplit('/').next());
    let words = [product.brand.as_deref(), kind].into_iter().flatten().map(str::to_owned);
    let specs = product.specs.iter().map(|(name, value)| format!("{name} {value}"));
    words.chain(specs).filter(|fact| !fact.trim().is_empty()).collect()
}

fn title(product: &Product) -> Option<Raw> {
    let facts = facts(product);
    (facts.len() > 1 && !product.name.trim().is_empty()).then(|| (facts.join("; "), product.name.clone(), 0))
}

fn description(product: &Product) -> Option<Raw> {
    let text = product.description.as_deref().map(str::trim).filter(|text| !text.is_empty())?;
    let name = [product.name.clone()].into_iter();
    Some((name.chain(facts(product)).collect::<Vec<_>>().join("; "), beginning(text), 0))
}

/// Whole sentences of a text's beginning.
fn beginning(text: &str) -> String {
    let paragraph = text.trim().split("\n\n").next().unwrap_or_default();
    let flat = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= ANSWER_CHARS {
        return flat;
    }
    let cut: String = flat.chars().take(ANSWER_CHARS).collect();
    let end =
        cut.rfind(['。', '！', '？', '；', '!', '?']).map(|at| at + cut[at..].chars().next().map_or(1, char::len_utf8));
    cut[..end.or_else(|| cut.rfind(". ").map(|at| at + 1)).unwrap_or(cut.len())].to_owned()
}

const ASKS: [&str; 6] = ["问：", "问:", "问题：", "问题:", "Q:", "Q："];
const ANSWERS: [&str; 6] = ["答：", "答:", "回答：", "回答:", "A:", "A："];

/// Questions with their answers, where a document says so; else each heading with what stands below it.
fn answers(document: &KnowledgeDocument) -> Vec<Raw> {
    let after = |line: &str, marks: &[&str]| {
        marks.iter().find_map(|mark| line.trim_start().strip_prefix(mark)).map(|rest| rest.trim().to_owned())
    };
    let (mut found, mut question, mut answer) = (Vec::new(), None::<String>, None::<String>);
    let mut done = |question: &mut Option<String>, answer: &mut Option<String>| {
        if let (Some(question), Some(answer)) = (question.take(), answer.take())
            && !answer.trim().is_empty()
        {
            found.push((question, beginning(&answer), 0));
        }
    };
    for line in document.text.lines() {
        if let Some(asked) = after(line, &ASKS) {
            done(&mut question, &mut answer);
            question = Some(asked);
        } else if let Some(said) = after(line, &ANSWERS) {
            answer = question.is_some().then_some(said);
        } else if let Some(said) = &mut answer {
            said.push('\n');
            said.push_str(line);
        }
    }
    done(&mut question, &mut answer);
    if !found.is_empty() {
        return found;
    }
    let mut by_heading: BTreeMap<Vec<String>, String> = BTreeMap::new();
    for piece in chunks(&document.text, ChunkSizes::default()) {
        by_heading.entry(piece.headings).or_insert_with(|| document.text[piece.range].to_owned());
    }
    let pair = |(headings, text): (Vec<String>, String)| {
        let heading = headings.last()?;
        let asks = heading.contains(['?', '？'])
            || ["怎么", "如何", "为什么", "能否", "how ", "How "].iter().any(|word| heading.contains(word));
        let asked = if asks { heading.clone() } else { format!("{}: {heading}", document.title.trim()) };
        Some((asked, beginning(&text), 0))
    };
    by_heading.into_iter().filter_map(pair).collect()
}

/// Masked, not too long, each once.
fn checked(raw: Vec<Raw>, mut bad: BadRows) -> (Vec<(String, String)>, BadRows) {
    let judged: Vec<std::result::Result<(String, String), (u64, String)>> = raw
        .into_par_iter()
        .map(|(source, target, line)| {
            let (source, target) = (mask(&source).text, mask(&target).text);
            for (name, text) in [("source", &source), ("target", &target)] {
                let n = Mixed.split(text).len();
                if n == 0 || n > UNITS_MAX {
                    return Err((line, format!("{name} has {n} words and characters; allowed: 1 to {UNITS_MAX}")));
                }
            }
            Ok((source, target))
        })
        .collect();
    let (mut pairs, mut seen) = (Vec::new(), HashSet::new());
    for one in judged {
        match one {
            Ok(pair) if seen.insert(pair.clone()) => pairs.push(pair),
            Ok(_) => {}
            Err((line, reason)) => bad.add(line, reason),
        }
    }
    (pairs, bad)
}

fn split(pairs: Vec<(String, String)>, n_read: usize, bad: BadRows, seed: u64) -> Prepared {
    let mut by_source: BTreeMap<String, Vec<String>> = BTreeMap::new();
    pairs.into_iter().for_each(|(source, target)| by_source.entry(source).or_default().push(target));
    let mut groups: Vec<(String, Vec<String>)> = by_source.into_iter().collect();
    math::Random::new(seed).shuffle(&mut groups);
    let n_held = (groups.len() / 10).clamp(1, HELD_OUT_MAX);
    let mut prepared = Prepared { n_read, bad, ..Prepared::default() };
    for (at, (source, targets)) in groups.into_iter().enumerate() {
        let part = match at {
            _ if at < n_held => &mut prepared.test,
            _ if at < 2 * n_held => &mut prepared.valid,
            _ => &mut prepared.train,
        };
        part.extend(targets.into_iter().map(|target| (source.clone(), target)));
    }
    prepared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_give_questions_with_answers() {
        let document = |title: &str, text: &str| KnowledgeDocument {
            title: title.to_owned(),
            text: text.to_owned(),
            ..KnowledgeDocument::default()
        };
        let pair = |source: &str, target: &str| (source.to_owned(), target.to_owned(), 0);
        let asked = document(
            "常见问题",
            "说明\n问：能退吗？\n答：七天内可以。\n请带发票。\n\nQ: Is it new?\nA: Yes.\n问：没有回答\n",
        );
        assert_eq!(answers(&asked), [pair("能退吗？", "七天内可以。 请带发票。"), pair("Is it new?", "Yes.")]);
        let plain = document("手册", "# 充电\n请用原装充电器。\n\n另一段。\n# 怎么重启\n长按电源键。\n");
        let found = answers(&plain);
        assert!(found.contains(&pair("手册: 充电", "请用原装充电器。")), "{found:?}");
        assert!(found.contains(&pair("怎么重启", "长按电源键。")), "{found:?}");
        assert!(answers(&document("", "")).is_empty());
        let long = beginning(&"这是一句话。".repeat(60));
        assert!(long.ends_with('。') && long.chars().count() <= ANSWER_CHARS, "{long}");
    }

    #[test]
    fn places_are_named_and_lead_nowhere_else() {
        assert_eq!(Origin::named("titles").unwrap(), Origin::Titles);
        assert_eq!(Origin::named("pairs/a.csv").unwrap(), Origin::File("pairs/a.csv".into()));
        for bad in ["", "/etc/passwd.csv", "../a.csv", "a/../../b.csv", "title", "./a.csv"] {
            assert!(Origin::named(bad).unwrap_err().message.contains("allowed: titles"), "{bad}");
        }
    }

    #[test]
    fn pairs_are_masked_checked_and_split_by_source() {
        let long = "长".repeat(UNITS_MAX + 1);
        let raw = vec![
            ("电话13812345678".to_owned(), "好".to_owned(), 1),
            ("电话13812345678".to_owned(), "好".to_owned(), 2),
            (long, "好".to_owned(), 3),
        ];
        let (pairs, bad) = checked(raw, BadRows::default());
        assert_eq!((pairs.len(), bad.n, bad.told[0].line), (1, 1, 3));
        assert!(pairs[0].0.contains("[PHONE]"), "{pairs:?}");
        let many = (0..300).map(|at| (format!("s{}", at % 100), format!("t{at}"))).collect();
        let prepared = split(many, 300, BadRows::default(), 1);
        assert_eq!((prepared.train.len(), prepared.valid.len(), prepared.test.len()), (240, 30, 30));
        let sources = |part: &[(String, String)]| part.iter().map(|pair| pair.0.clone()).collect::<HashSet<_>>();
        assert!(sources(&prepared.train).is_disjoint(&sources(&prepared.test)));
        assert!(sources(&prepared.valid).is_disjoint(&sources(&prepared.test)));
    }
}
