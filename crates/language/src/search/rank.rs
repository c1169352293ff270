//! Which entries have a query's words, and how well: BM25 over everything and over the name, what of the query an entry
//! covers, and how near its words stand. All postings of the query's words are counted, so that totals and facets are
//! exact; only the best are looked at closely. Sums are made in the query's order for each entry, so a score does not
//! depend on segments or threads.

use std::sync::{Mutex, PoisonError};

use math::top_k::TopK;
use serde::Serialize;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::Postings as _;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet, TERMINATED};

use super::card::Settled;
use super::index::broken;
use super::plan::{Group, Plan, Reading};
use super::snapshot::Snapshot;
use crate::LanguageError;

/// What stands this many words apart or further is not together.
const APART_MAX: u32 = 8;
/// Places of a word in an entry that are looked at.
const PLACES_MAX: usize = 64;

/// Searches at once whose counters are kept.
const KEPT_MAX: usize = 16;
/// From this part of all entries on, all are gone through rather than those that a list names.
const DENSE: usize = 8;

/// Scores of all entries.
#[derive(Default)]
pub(super) struct Counted {
    /// Shape: (n).
    pub scores: Vec<f32>,
    /// What of the query an entry covers, weighed by how much words say. Shape: (n).
    pub covered: Vec<f32>,
    /// The entries that cover something, each once, in no order.
    pub covering: Vec<u32>,
    /// The entries that have a score.
    touched: Vec<u32>,
}

impl Counted {
    /// The alive entries that cover at least this much, which is above 0. Ascending.
    pub fn covering_at_least(&self, least: f32, alive: &[bool]) -> Vec<u32> {
        let does = |entry: &u32| self.covered[*entry as usize] >= least && alive[*entry as usize];
        if DENSE * self.covering.len() > alive.len() {
            return (0..alive.len() as u32).filter(does).collect();
        }
        let mut matched: Vec<u32> = self.covering.iter().copied().filter(does).collect();
        matched.sort_unstable();
        matched
    }
}

/// Counters of searches that are over, all 0: fresh memory for every entry of an index would cost more than most searches.
#[derive(Default)]
pub(super) struct Counters(Mutex<Vec<Counted>>);

impl Counters {
    /// For `n` entries, all 0.
    fn take(&self, n: usize) -> Counted {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        counted.scores.resize(n, 0.0);
        counted.covered.resize(n, 0.0);
        counted
    }

    pub fn give_back(&self, mut counted: Counted) {
        if DENSE * counted.touched.len() > counted.scores.len() {
            counted.scores.fill(0.0);
            counted.covered.fill(0.0);
        } else {
            for &entry in &counted.touched {
                counted.scores[entry as usize] = 0.0;
                counted.covered[entry as usize] = 0.0;
            }
        }
        counted.covering.clear();
        counted.touched.clear();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_MAX {
            kept.push(counted);
        }
    }
}

/// What one term of a query gave an entry.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TermScore {
    /// As it is counted: a stem, or a pair of characters.
    pub term: String,
    /// `text` or `name`.
    pub field: &'static str,
    pub reading: Reading,
    pub times: u32,
    pub score: f32,
}

/// Robertson's weight of a term that `with` of `n` entries have, never below 0.
fn idf(n: u64, with: u64) -> f32 {
    let (n, with) = (n as f64, with as f64);
    (1.0 + (n - with + 0.5) / (with + 0.5)).max(1.0).ln() as f32
}

impl Snapshot {
    /// Entries that have a term, deleted ones included until they are compacted away.
    pub(super) fn frequency(&self, term: &str) -> u64 {
        self.searcher.doc_freq(&tantivy::Term::from_field_text(self.fields.all, term)).unwrap_or(0)
    }

    fn columns(&self, settled: &Settled) -> [(Field, &'static str, f32, f32); 2] {
        let [all, name] = self.mean_units;
        [(self.fields.all, "text", 1.0, all), (self.fields.name, "name", settled.name_boost, name)]
    }

    /// What [`Counters::give_back`] takes afterwards.
    pub(super) fn count(&self, plan: &Plan, settled: &Settled) -> Result<Counted, LanguageError> {
        let mut counted = self.counters.take(self.n());
        for group in &plan.groups {
            let frequencies: Vec<u64> = group.terms.iter().map(|term| self.frequency(&term.text)).collect();
            let says =
                frequencies.iter().filter(|n| **n > 0).map(|&n| idf(self.n() as u64, n)).fold(f32::NAN, f32::min);
            for (term, &with) in group.terms.iter().zip(&frequencies).filter(|(_, with)| **with > 0) {
                let weight = term.weight * idf(self.n() as u64, with);
                let share = term.share * says;
                for (field, _, boost, mean) in self.columns(settled) {
                    let share = if field == self.fields.all { share } else { 0.0 };
                    if boost > 0.0 {
                        self.add(field, &term.text, weight * boost, share, mean, settled, &mut counted)?;
                    }
                }
            }
        }
        Ok(counted)
    }

    #[allow(clippy::too_many_arguments)]
    fn add(
        &self,
        field: Field,
        text: &str,
        weight: f32,
        share: f32,
        mean: f32,
        settled: &Settled,
        counted: &mut Counted,
    ) -> Result<(), LanguageError> {
        let held_back = held_back(settled, mean);
        let weight = weight * (settled.k1 + 1.0);
        let term = tantivy::Term::from_field_text(field, text);
        for (segment, &start) in self.searcher.segment_readers().iter().zip(&self.starts) {
            let list = segment.inverted_index(field).map_err(broken)?;
            let Some(mut block) = list.read_block_postings(&term, IndexRecordOption::WithFreqs).map_err(broken)? else {
                continue;
            };
            let norms = segment.get_fieldnorms_reader(field).map_err(broken)?;
            let end = start + segment.max_doc() as usize;
            let (scores, covered) = (&mut counted.scores[start..end], &mut counted.covered[start..end]);
            while block.block_len() > 0 {
                for (&own, &times) in block.docs().iter().zip(block.freqs()) {
                    let times = times as f32;
                    let own_held_back = held_back[usize::from(norms.fieldnorm_id(own))];
                    let score = &mut scores[own as usize];
                    if *score == 0.0 {
                        counted.touched.push(start as u32 + own);
                    }
                    *score += weight * times / (times + own_held_back);
                    if share > 0.0 {
                        let covered = &mut covered[own as usize];
                        if *covered == 0.0 {
                            counted.covering.push(start as u32 + own);
                        }
                        *covered += share;
                    }
                }
                block.advance();
            }
        }
        Ok(())
    }

    /// How much nearer together than anywhere the query's words stand in each of `entries`, in the measure of scores.
    pub(super) fn proximity(&self, plan: &Plan, entries: &[u32]) -> Result<Vec<f32>, LanguageError> {
        let mut order: Vec<usize> = (0..entries.len()).collect();
        order.sort_unstable_by_key(|&at| entries[at]);
        let asked: Vec<&Group> = plan.groups.iter().filter(|group| group.is_asked).collect();
        let mut gained = vec![0.0; entries.len()];
        if asked.len() < 2 {
            return Ok(gained);
        }
        let says: Vec<f32> =
            asked.iter().map(|group| idf(self.n() as u64, self.frequency(&group.terms[0].text).max(1))).collect();
        let mut before = vec![Vec::new(); entries.len()];
        let mut now = vec![Vec::new(); entries.len()];
        for (at, group) in asked.iter().enumerate() {
            self.places(&group.terms[0].text, entries, &order, &mut now)?;
            if at > 0 {
                let worth = says[at].min(says[at - 1]);
                for ((gained, before), now) in gained.iter_mut().zip(&before).zip(&now) {
                    *gained += worth * nearness(before, now);
                }
            }
            std::mem::swap(&mut before, &mut now);
        }
        Ok(gained)
    }

    /// Where a term stands in each of `entries`; `order` has them ascending.
    fn places(
        &self,
        term: &str,
        entries: &[u32],
        order: &[usize],
        found: &mut [Vec<u32>],
    ) -> Result<(), LanguageError> {
        found.iter_mut().for_each(Vec::clear);
        let term = tantivy::Term::from_field_text(self.fields.all, term);
        let mut rest = order;
        for (segment, two) in self.searcher.segment_readers().iter().zip(self.starts.windows(2)) {
            let n_here = rest.partition_point(|&at| (entries[at] as usize) < two[1]);
            let (here, later) = rest.split_at(n_here);
            rest = later;
            if here.is_empty() {
                continue;
            }
            let list = segment.inverted_index(self.fields.all).map_err(broken)?;
            let option = IndexRecordOption::WithFreqsAndPositions;
            let Some(mut postings) = list.read_postings(&term, option).map_err(broken)? else { continue };
            for &at in here {
                let own = entries[at] - two[0] as u32;
                if postings.doc() < own {
                    postings.seek(own);
                }
                if postings.doc() == TERMINATED {
                    break;
                }
                if postings.doc() == own {
                    postings.positions(&mut found[at]);
                    found[at].truncate(PLACES_MAX);
                }
            }
        }
        Ok(())
    }

    /// What each term of the query gave one entry, in the query's order.
    pub(super) fn explain(
        &self,
        plan: &Plan,
        entry: usize,
        settled: &Settled,
    ) -> Result<Vec<TermScore>, LanguageError> {
        let (at, own) = self.place(entry);
        let segment = self.searcher.segment_reader(at as u32);
        let mut terms = Vec::new();
        for term in plan.groups.iter().flat_map(|group| &group.terms) {
            let idf = idf(self.n() as u64, self.frequency(&term.text));
            for (field, name, boost, mean) in self.columns(settled) {
                let list = segment.inverted_index(field).map_err(broken)?;
                let wanted = tantivy::Term::from_field_text(field, &term.text);
                let Some(mut postings) = list.read_postings(&wanted, IndexRecordOption::WithFreqs).map_err(broken)?
                else {
                    continue;
                };
                if postings.doc() != own && (postings.doc() > own || postings.seek(own) != own) || boost == 0.0 {
                    continue;
                }
                let times = postings.term_freq();
                let norms: FieldNormReader = segment.get_fieldnorms_reader(field).map_err(broken)?;
                let held_back = held_back(settled, mean)[usize::from(norms.fieldnorm_id(own))];
                let score = term.weight * idf * boost * (settled.k1 + 1.0) * times as f32 / (times as f32 + held_back);
                terms.push(TermScore { term: term.text.clone(), field: name, reading: term.reading, times, score });
            }
        }
        Ok(terms)
    }
}

/// What holds a text of each length back, by the byte that stands for the length.
fn held_back(settled: &Settled, mean: f32) -> [f32; 256] {
    std::array::from_fn(|id| {
        let length = FieldNormReader::id_to_fieldnorm(id as u8) as f32;
        (settled.k1 * (1.0 - settled.b + settled.b * length / mean)).max(f32::MIN_POSITIVE)
    })
}

/// 1 where a word follows the other, less with the distance, half as much the other way round. Both ascend.
fn nearness(before: &[u32], now: &[u32]) -> f32 {
    let (mut best, mut at) = (0f32, 0);
    for &place in now {
        while at < before.len() && before[at] < place {
            at += 1;
        }
        if at > 0 && place - before[at - 1] <= APART_MAX {
            best = best.max(1.0 / (place - before[at - 1]) as f32);
        }
        if at < before.len() && before[at] - place <= APART_MAX {
            // In the same place: two readings of one word.
            best = best.max(0.5 / (before[at] - place).max(1) as f32);
        }
    }
    best
}

/// The best `k` of scored entries, best first, ties by the order of ids.
pub(super) fn best(
    scored: impl Iterator<Item = (usize, f32)>,
    rank: &[u32],
    entry_of: &[u32],
    k: usize,
) -> Vec<(u32, f32)> {
    let mut best = TopK::new(k);
    scored.for_each(|(entry, score)| best.offer(rank[entry], score));
    best.into_sorted().into_iter().map(|(rank, score)| (entry_of[rank as usize], score)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearness_is_that_of_the_nearest_two() {
        for (before, now, wanted) in [
            (&[1, 10][..], &[2][..], 1.0),
            (&[1], &[3], 0.5),
            (&[3], &[2], 0.5),
            (&[1], &[20], 0.0),
            (&[], &[20], 0.0),
            (&[5, 6, 30], &[4, 32], 0.5),
        ] {
            assert_eq!(nearness(before, now), wanted, "{before:?} {now:?}");
        }
    }
}
