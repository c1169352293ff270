//! Which of several drafts of one task is the best: how much of the plan it tells, how well it uses the room, how smoothly it
//! reads, how little it repeats. The drafts may come from different writers. Not here: what customers respond to, which only
//! exposures tell.

use std::hash::Hasher;

use rustc_hash::FxHasher;
use serde::{Deserialize, Serialize};

use super::{Draft, Task};
use crate::brief::Length;

/// How good a draft is; all parts 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The told points' share of the plan's scores, of as many points as the best draft tells.
    pub coverage: f64,
    /// How near the text is to the wanted share of its room.
    pub fit: f64,
    /// Sentences of a good length, nothing said twice in a row, no doubled signs.
    pub fluency: f64,
    /// Distinct pairs of neighbouring words among all.
    pub variety: f64,
    pub total: f64,
}

/// Drafts by their scores, the best first; of equal ones the first given.
pub fn rank(drafts: &[Draft], task: &Task) -> Vec<(usize, Score)> {
    let told: Vec<f64> = drafts.iter().map(|draft| told(draft, task)).collect();
    let most = told.iter().copied().fold(0.0, f64::max);
    let mut scores: Vec<(usize, Score)> = drafts
        .iter()
        .zip(&told)
        .map(|(draft, told)| {
            let text = draft.plain();
            let words = hashed(&text);
            let coverage = if most > 0.0 { told / most } else { 1.0 };
            let (fit, fluency, variety) = (fit(draft, task), fluency(&text, &words), variety(&words));
            (coverage, fit, fluency, variety)
        })
        .map(|(coverage, fit, fluency, variety)| Score {
            coverage,
            fit,
            fluency,
            variety,
            total: 0.35 * coverage + 0.2 * fit + 0.25 * fluency + 0.2 * variety,
        })
        .enumerate()
        .collect();
    scores.sort_by(|a, b| b.1.total.total_cmp(&a.1.total).then(a.0.cmp(&b.0)));
    scores
}

/// What a sentence is worth that says more than what there is: as much as half a strong point.
const MORE: f64 = 0.5;

/// The scores of the points that it tells, and of them what they are good for, how they compare, what has changed and what reviews say.
fn told(draft: &Draft, task: &Task) -> f64 {
    use crate::plan::Evidence::{Neighbours, Opinions, Predecessor, Use};
    let told = task.plan.points.iter().filter(|point| draft.told.contains(&point.key));
    let more = draft
        .evidence
        .iter()
        .filter(|one| matches!(one, Use { .. } | Neighbours { .. } | Predecessor { .. } | Opinions { .. }));
    told.map(|point| point.score.max(0.0)).sum::<f64>() + MORE * more.count() as f64
}

fn fit(draft: &Draft, task: &Task) -> f64 {
    let wanted = match task.brief.length {
        Length::Short => 0.4,
        Length::Medium => 0.65,
        Length::Long => 0.9,
    };
    let shares: Vec<f64> = draft
        .fields
        .iter()
        .filter(|field| !field.is_html)
        .filter_map(|field| {
            let card = task.channel.fields.iter().find(|card| card.name == field.name)?;
            // Room for long texts is no aim.
            (card.max <= 300)
                .then(|| card.count.of(&field.text) as f64 / card.count.max_for(&field.text, card.max) as f64)
        })
        .collect();
    if shares.is_empty() {
        return 1.0;
    }
    shares.iter().map(|share| 1.0 - (share - wanted).abs().min(1.0)).sum::<f64>() / shares.len() as f64
}

/// A word by its hash in lower case, with its length in bytes: nothing is compared but whether two are the same.
pub(crate) type Hashed = (u64, u32);

/// Words: runs of letters and digits; Chinese characters one by one.
pub(crate) fn hashed(text: &str) -> Vec<Hashed> {
    let mut found = Vec::with_capacity(text.len() / 4);
    let mut word = FxHasher::default();
    let mut length = 0;
    for one in text.chars() {
        let is_han = (0x3400..=0x9FFF).contains(&u32::from(one));
        if one.is_alphanumeric() && !is_han {
            one.to_lowercase().for_each(|letter| word.write_u32(u32::from(letter)));
            length += one.len_utf8() as u32;
            continue;
        }
        if length > 0 {
            found.push((std::mem::take(&mut word).finish(), std::mem::take(&mut length)));
        }
        if is_han {
            let mut han = FxHasher::default();
            han.write_u32(u32::from(one));
            found.push((han.finish(), one.len_utf8() as u32));
        }
    }
    if length > 0 {
        found.push((word.finish(), length));
    }
    found
}

/// Pairs of neighbouring words, each once, in order of their hashes.
pub(crate) fn pairs(words: &[Hashed]) -> Vec<(Hashed, Hashed)> {
    let mut pairs: Vec<(Hashed, Hashed)> = words.windows(2).map(|pair| (pair[0], pair[1])).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

fn variety(words: &[Hashed]) -> f64 {
    if words.len() < 2 {
        return 1.0;
    }
    pairs(words).len() as f64 / (words.len() - 1) as f64
}

/// Falls with every doubled sign or word, and with sentences far too short or long.
fn fluency(text: &str, words: &[Hashed]) -> f64 {
    const DOUBLED: &[&str] = &["，，", "。。", "，。", "、、", ",,", "..", " ,", " .", "  ", ": :", "；；"];
    let doubled = DOUBLED.iter().map(|sign| text.matches(sign).count()).sum::<usize>();
    let repeated = words.windows(2).filter(|pair| pair[0] == pair[1] && pair[0].1 > 3).count();
    let sentences: Vec<&str> =
        text.split(['。', '！', '？', '.', '!', '?', '\n']).filter(|part| !part.trim().is_empty()).collect();
    let is_odd = |sentence: &&&str| !sentence.is_ascii() && !(2..=34).contains(&hashed(sentence).len());
    let odd = sentences.iter().filter(is_odd).count() as f64 / sentences.len().max(1) as f64;
    (1.0 - 0.2 * doubled as f64 - 0.1 * repeated as f64 - 0.5 * odd).clamp(0.0, 1.0)
}
