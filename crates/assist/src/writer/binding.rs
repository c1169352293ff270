//! Whether every figure of a rewording still belongs to what it belonged to: "memory 16 GB, storage 512 GB" has the same figures
//! and words as "memory 512 GB, storage 16 GB". With one product a figure stays with the words of its clause; where several
//! products are told of, their names and figures keep their order.

use super::words::Features;
use crate::evidence::{Evidence, Figure, figures, unsupported};

/// What is wrong with the figures of `text`, beside those of `draft`.
pub(super) fn check(text: &str, draft: &str, evidence: &[Evidence]) -> Result<(), String> {
    let names = names(evidence);
    match names.len() {
        0 | 1 => clauses_agree(&without(text, &names), &without(draft, &names)),
        _ => match order(text, &names) == order(draft, &names) {
            true => Ok(()),
            false => Err("names and figures of several products in another order".to_owned()),
        },
    }
}

/// Names of products that the evidence is of, longest first.
fn names(evidence: &[Evidence]) -> Vec<String> {
    let name = |one: &Evidence| match one {
        Evidence::Product { name, .. } if !name.trim().is_empty() => Some(name.trim().to_lowercase()),
        _ => None,
    };
    let mut names: Vec<String> = evidence.iter().filter_map(name).collect();
    names.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
    names.dedup();
    names
}

fn without(text: &str, names: &[String]) -> String {
    let lower = text.to_lowercase();
    names.iter().fold(lower, |text, name| text.replace(name.as_str(), " "))
}

/// Names by number and figures by value, as they come.
fn order(text: &str, names: &[String]) -> Vec<String> {
    let mut lower = text.to_lowercase();
    let mut found: Vec<(usize, String)> = Vec::new();
    for (number, name) in names.iter().enumerate() {
        while let Some(at) = lower.find(name.as_str()) {
            found.push((at, format!("product {number}")));
            // Bytes stay where they are; what is found once is not found again within a shorter name.
            lower.replace_range(at..at + name.len(), &" ".repeat(name.len()));
        }
    }
    found.extend(figures(&lower).into_iter().map(|figure| (figure.range.start, format!("{:?}", figure.value))));
    found.sort();
    found.into_iter().map(|(_, what)| what).collect()
}

/// A part of a sentence, with its figures.
struct Clause {
    text: String,
    figures: Vec<Figure>,
    features: Features,
}

impl Clause {
    fn has(&self, figure: &Figure) -> bool {
        unsupported(&figure.text, &[], &[&self.text]).is_empty()
    }
}

fn clauses_agree(text: &str, draft: &str) -> Result<(), String> {
    let drafted: Vec<Clause> = clauses(draft);
    if drafted.len() < 2 {
        return Ok(());
    }
    let mut bound = Features::default();
    drafted.iter().for_each(|clause| bound.extend(&clause.features));
    for clause in clauses(text) {
        for figure in &clause.figures {
            let mut own = Features::default();
            drafted.iter().filter(|one| one.has(figure)).for_each(|one| own.extend(&one.features));
            if let Some(other) = clause.features.iter().find(|word| bound.has(word) && !own.has(word)) {
                return Err(format!(
                    "'{}' beside '{other}', where the reply has it beside something else",
                    figure.text
                ));
            }
            if !own.is_empty() && !clause.features.iter().any(|word| own.has(word)) {
                return Err(format!("'{}' without what it is of", figure.text));
            }
        }
    }
    Ok(())
}

/// The clauses of a text that have figures.
fn clauses(text: &str) -> Vec<Clause> {
    let mut parts = vec![String::new()];
    let characters: Vec<char> = text.chars().collect();
    for (at, &character) in characters.iter().enumerate() {
        let next = characters.get(at + 1).copied().unwrap_or(' ');
        let ends = match character {
            ',' | '.' => !next.is_ascii_digit(),
            ';' | '；' | '，' | '。' | '、' | '!' | '！' | '?' | '？' | '\n' | '和' | '与' | '及' => true,
            _ => false,
        };
        if ends {
            parts.push(String::new());
        } else {
            parts.last_mut().expect("one at least").push(character);
        }
    }
    let joined = parts.iter().flat_map(|part| part.split(" and "));
    let clause = |text: &str| {
        let figures: Vec<Figure> = figures(text);
        // A unit belongs to its figure and says nothing of what that is of.
        let mut words = text.to_owned();
        figures.iter().rev().for_each(|figure| words.replace_range(figure.range.clone(), " "));
        (!figures.is_empty()).then(|| Clause { features: Features::of(&words), text: text.to_owned(), figures })
    };
    joined.filter_map(clause).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(name: &str, field: &str, value: &str) -> Evidence {
        Evidence::Product { product_id: name.into(), name: name.into(), field: field.into(), value: value.into() }
    }

    #[test]
    fn a_figure_stays_with_its_words() {
        let evidence = [product("Nimbo 14", "memory", "16 GB"), product("Nimbo 14", "storage", "512 GB")];
        let draft = "Nimbo 14: memory 16 GB; storage 512 GB.";
        let told = |text: &str| check(text, draft, &evidence);
        assert_eq!(told("The Nimbo 14 has 16 GB of memory and 512 GB of storage."), Ok(()));
        assert_eq!(told("The Nimbo 14 has 512GB of storage, and its memory is 16GB."), Ok(()));
        assert!(told("The Nimbo 14 has 512 GB of memory and 16 GB of storage.").unwrap_err().contains("beside"));
        assert!(told("Memory, 512 GB; storage, 16 GB").unwrap_err().contains("without"));
        let zh = "Nimbo 14：内存 16 GB；存储 512 GB。";
        assert_eq!(check("Nimbo 14 配有 16 GB 内存和 512 GB 存储。", zh, &evidence), Ok(()));
        assert!(check("Nimbo 14 配有 512 GB 内存和 16 GB 存储。", zh, &evidence).is_err());
        assert_eq!(check("It costs ¥4,999.", "Nimbo 14 costs ¥4,999 now.", &evidence), Ok(()));
    }

    #[test]
    fn several_products_keep_their_order() {
        let evidence = [product("Nimbo 14", "memory", "16 GB"), product("Nimbo 14 Pro", "memory", "32 GB")];
        let draft = "Nimbo 14: memory 16 GB. Nimbo 14 Pro: memory 32 GB.";
        assert_eq!(check("The Nimbo 14 has 16GB of memory, the Nimbo 14 Pro 32GB.", draft, &evidence), Ok(()));
        assert!(check("The Nimbo 14 Pro has 16GB of memory, the Nimbo 14 32GB.", draft, &evidence).is_err());
        assert!(check("The Nimbo 14 has 32GB of memory, the Nimbo 14 Pro 16GB.", draft, &evidence).is_err());
    }
}
