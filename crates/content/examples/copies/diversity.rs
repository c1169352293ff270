//! How varied texts are: distinct-2 (Li et al. 2016, doi:10.18653/v1/N16-1014) and self-BLEU (Zhu et al. 2018, Texygen,
//! doi:10.1145/3209978.3210080). Nothing of which texts; `tests/copies.rs` holds both against values worked out by hand.

use std::collections::{BTreeMap, BTreeSet};

/// Words: runs of letters and digits in lower case, Chinese characters one by one, signs one by one.
pub fn words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut word = String::new();
    for one in text.chars().chain([' ']) {
        let is_han = (0x3400..=0x9FFF).contains(&u32::from(one));
        if one.is_alphanumeric() && !is_han {
            word.extend(one.to_lowercase());
            continue;
        }
        if !word.is_empty() {
            found.push(std::mem::take(&mut word));
        }
        if !one.is_whitespace() {
            found.push(one.to_string());
        }
    }
    found
}

/// Distinct pairs of neighbouring words over all pairs of all texts, in (0, 1].
pub fn distinct_2(texts: &[Vec<String>]) -> f64 {
    let all: Vec<&[String]> = texts.iter().flat_map(|text| text.windows(2)).collect();
    let distinct: BTreeSet<&[String]> = all.iter().copied().collect();
    distinct.len() as f64 / all.len().max(1) as f64
}

fn counts(text: &[String], n: usize) -> BTreeMap<&[String], usize> {
    let mut counts = BTreeMap::new();
    text.windows(n).for_each(|gram| *counts.entry(gram).or_default() += 1);
    counts
}

/// The mean BLEU-4 of every `step`th text with all others as references; 1 if every text is said elsewhere, near 0 if nothing is.
/// Precisions beyond unigrams are smoothed by one (Lin and Och 2004); the brevity penalty is 1, as among so many references one
/// is as short.
pub fn self_bleu(texts: &[Vec<String>], step: usize) -> f64 {
    type Counts<'t> = BTreeMap<&'t [String], Vec<(usize, usize)>>;
    let mut met: Vec<Counts> = vec![BTreeMap::new(); 5];
    for (at, text) in texts.iter().enumerate() {
        for (n, grams) in met.iter_mut().enumerate().skip(1) {
            for (gram, count) in counts(text, n) {
                grams.entry(gram).or_default().push((count, at));
            }
        }
    }
    let one = |at: usize| {
        let precisions = (1..=4).map(|n| {
            let own = counts(&texts[at], n);
            let total: usize = own.values().sum();
            let elsewhere = |gram: &[String]| {
                met[n][gram].iter().filter(|(_, other)| *other != at).map(|(count, _)| *count).max().unwrap_or(0)
            };
            let matched: usize = own.iter().map(|(gram, count)| (*count).min(elsewhere(gram))).sum();
            let add = if n == 1 { 0.0 } else { 1.0 };
            ((matched as f64 + add) / (total as f64 + add)).max(1e-9).ln()
        });
        (precisions.sum::<f64>() / 4.0).exp()
    };
    let sampled: Vec<usize> = (0..texts.len()).step_by(step).collect();
    sampled.iter().map(|at| one(*at)).sum::<f64>() / sampled.len().max(1) as f64
}
