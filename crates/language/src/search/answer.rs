//! One search: from a request to hits in order, with totals, facets, and what had to be given up to find anything. The
//! same request on the same entries gives the same answer, bit for bit.

use rustc_hash::FxHashSet;
use serde::Serialize;

use super::card::{Fusion, Settled};
use super::entry::Entry;
use super::facets::{Band, Facet, bands, facets};
use super::filter::{Condition, Filter};
use super::index::NUMBERS;
use super::plan::{Plan, check_length, plan};
use super::rank::{Counted, TermScore, best};
use super::snapshot::Snapshot;
use super::snippet::{Snippet, name_highlights, snippet};
use crate::LanguageError;
use crate::vectors::SentenceEncoder;

/// Hits that can be paged through.
pub const DEPTH_MAX: usize = 10_000;
/// What a soft condition adds to an entry's score.
const SOFT: f32 = 0.15;
/// The constant of reciprocal rank fusion.
const PLACES: f32 = 60.0;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    #[default]
    Relevance,
    PriceUp,
    PriceDown,
    Newest,
    MostPopular,
}

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct Request<'a> {
    /// Plain text. Empty: every entry that passes the filters.
    pub text: &'a str,
    pub filters: Vec<Filter>,
    /// Words that raise entries but are not asked for.
    pub hints: Vec<String>,
    pub sort: Sort,
    pub offset: usize,
    pub limit: usize,
    pub with_facets: bool,
    pub with_snippets: bool,
    /// Show each document once, by its best chunk.
    pub one_per_group: bool,
    /// The query's meaning, from the encoder that the entries were put in with; see [`Request::with_meaning`].
    pub vector: Option<Vec<f32>>,
}

impl<'a> Request<'a> {
    /// The first ten hits for a text, with snippets.
    pub fn new(text: &'a str) -> Self {
        Request { text, limit: 10, with_snippets: true, ..Request::default() }
    }

    /// With the meaning of the text.
    ///
    /// # Errors
    /// If the encoder cannot encode it now.
    pub fn with_meaning(mut self, encoder: &dyn SentenceEncoder) -> Result<Self, LanguageError> {
        check_length(self.text)?;
        let row = encoder.encode(&[self.text])?;
        self.vector = (row.n_rows == 1).then(|| row.row(0)[..row.n_factors].to_vec());
        Ok(self)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hit {
    pub entry: Entry,
    pub score: f32,
    /// What each word gave.
    pub terms: Vec<TermScore>,
    /// What words that stand together gave.
    pub proximity: f32,
    /// The cosine of its vector to the query's.
    pub similarity: Option<f32>,
    pub snippet: Option<Snippet>,
    /// Bytes of the name to highlight.
    pub name_highlights: Vec<std::ops::Range<usize>>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Answer {
    pub hits: Vec<Hit>,
    /// Hits in all, or groups if each is shown once.
    pub n_total: usize,
    pub facets: Vec<Facet>,
    pub price_bands: Vec<Band>,
    /// Conditions that were dropped because nothing passed them all, in the order in which they were.
    pub relaxed: Vec<Filter>,
    pub did_you_mean: Option<String>,
}

/// A hit before it is shown.
#[derive(Clone, Copy)]
struct Ranked {
    entry: u32,
    score: f32,
    proximity: f32,
}

/// How much a condition matters to whoever said it: what must not be most, then what kind of thing it is.
fn importance(filter: &Filter) -> u8 {
    match (&filter.condition, filter.attribute.as_str()) {
        (Condition::NoneOf(_) | Condition::Lacks(_), _) => 4,
        (_, "category") => 3,
        (_, "brand") => 2,
        (_, "price") => 1,
        _ => 0,
    }
}

/// Everything that is known of a search before its hits are shown.
struct Sought {
    plan: Plan,
    /// In order, each document once if so asked.
    all: Vec<Ranked>,
    /// Entries that have the words, and those of them that pass the conditions.
    matched: Vec<u32>,
    hits: Vec<u32>,
    filters: Vec<Filter>,
    masks: Vec<Vec<bool>>,
    relaxed: Vec<Filter>,
}

/// Scores that are raised when they are asked for: few of all are.
struct Raised<'a> {
    /// Shape: (n).
    scores: &'a [f32],
    start: f32,
    /// The logarithm of each entry's popularity, and what one is worth.
    popularity: Option<(&'a [f64], f64)>,
    soft: Vec<Vec<bool>>,
}

impl Raised<'_> {
    fn of(&self, entry: usize) -> f32 {
        let mut score = self.scores[entry] + self.start;
        if let Some((logs, scale)) = self.popularity
            && logs[entry] > 0.0
        {
            score *= 1.0 + (scale * logs[entry]) as f32;
        }
        self.soft.iter().filter(|passes| passes[entry]).for_each(|_| score *= 1.0 + SOFT);
        score
    }
}

/// The ids of hits and their scores, best first, without what a page shows of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ids<'a> {
    pub hits: Vec<(&'a str, f32)>,
    /// As [`Answer::relaxed`].
    pub relaxed: Vec<Filter>,
}

impl Snapshot {
    /// # Errors
    /// If the query is too long, a page lies beyond [`DEPTH_MAX`], or a filter is unfit.
    pub fn search(&self, request: &Request, settled: &Settled) -> Result<Answer, LanguageError> {
        let plan = self.planned(request, settled)?;
        let did_you_mean = plan.did_you_mean.clone();
        let Some(sought) = self.sought(plan, request, settled)? else {
            return Ok(Answer { did_you_mean, ..Answer::default() });
        };
        let Sought { plan, mut all, matched, hits, filters, masks, relaxed } = sought;
        let n_total = self.n_total(&hits, &all, request.one_per_group);
        self.once(&mut all, request);
        let mut answer = Answer { did_you_mean, n_total, relaxed, ..Answer::default() };
        for ranked in all.into_iter().skip(request.offset).take(request.limit) {
            answer.hits.push(self.hit(ranked, &plan, request, settled)?);
        }
        if request.with_facets {
            (answer.facets, answer.price_bands) = self.faceted(&matched, &filters, &masks);
        }
        Ok(answer)
    }

    /// The ids of what [`Snapshot::search`] would find, in its order and with its scores: no entry is read.
    ///
    /// # Errors
    /// As for searching.
    pub fn ids(&self, request: &Request, settled: &Settled) -> Result<Ids<'_>, LanguageError> {
        let plan = self.planned(request, settled)?;
        let Some(mut sought) = self.sought(plan, request, settled)? else { return Ok(Ids::default()) };
        self.once(&mut sought.all, request);
        let shown = sought.all.iter().skip(request.offset).take(request.limit);
        Ok(Ids { hits: shown.map(|hit| (self.id(hit.entry as usize), hit.score)).collect(), relaxed: sought.relaxed })
    }

    fn planned(&self, request: &Request, settled: &Settled) -> Result<Plan, LanguageError> {
        let depth = request.offset.saturating_add(request.limit);
        if depth > DEPTH_MAX {
            return Err(LanguageError::unfit("last hit of a page", depth, format!("at most {DEPTH_MAX}")));
        }
        let frequency = |term: &str| self.frequency(term);
        let has_conditions = request.filters.iter().any(|filter| !filter.is_soft);
        plan(request.text, &self.tokeniser, &request.hints, &self.vocabulary, &frequency, settled, has_conditions)
    }

    /// Nothing where nothing is asked.
    fn sought(&self, plan: Plan, request: &Request, settled: &Settled) -> Result<Option<Sought>, LanguageError> {
        let is_asked = plan.groups.iter().any(|group| group.is_asked);
        if !is_asked && !request.text.trim().is_empty() && request.filters.is_empty() && request.vector.is_none() {
            return Ok(None);
        }
        let counted = self.count(&plan, settled)?;
        let matched = self.matched(&counted, is_asked, settled);
        let mut relaxed = Vec::new();
        let (filters, masks) = self.relaxed(request, &matched, &mut relaxed)?;
        let passes = |entry: usize| masks.iter().all(|mask| mask[entry]);
        let hits: Vec<u32> = matched.iter().copied().filter(|&entry| passes(entry as usize)).collect();
        let scores = self.raised(&counted.scores, is_asked, request, settled)?;
        let depth = request.offset + request.limit;
        let mut all = self.ranked(&plan, &hits, &scores, request, settled, depth)?;
        if let Some(vector) = &request.vector {
            let allowed = |entry: usize| self.alive[entry] && passes(entry);
            all = self.fused(all, &scores, vector, allowed, request.sort, settled);
        }
        self.counters.give_back(counted);
        Ok(Some(Sought { plan, all, matched, hits, filters, masks, relaxed }))
    }

    /// Leaves the best hit of each document, if so asked.
    fn once(&self, all: &mut Vec<Ranked>, request: &Request) {
        if request.one_per_group {
            let mut seen = FxHashSet::default();
            all.retain(|hit| seen.insert(self.group[hit.entry as usize]));
        }
    }

    /// Entries that cover enough of the query; all if nothing is asked. Ascending.
    fn matched(&self, counted: &Counted, is_asked: bool, settled: &Settled) -> Vec<u32> {
        if !is_asked {
            return (0..self.n() as u32).filter(|&entry| self.alive[entry as usize]).collect();
        }
        let all = counted.covering.iter().map(|&entry| entry as usize).filter(|&entry| self.alive[entry]);
        let fullest = all.map(|entry| counted.covered[entry]).fold(0.0, f32::max);
        // Sums of the same words in the same order are equal, so the fullest always passes.
        counted.covering_at_least((fullest * settled.strictness).max(f32::MIN_POSITIVE), &self.alive)
    }

    /// The hard conditions with their masks. As long as nothing passes all of them one is dropped: of those whose loss lets
    /// something in (of all, if none does) the least important, and of equals the last said.
    #[allow(clippy::type_complexity)]
    fn relaxed(
        &self,
        request: &Request,
        matched: &[u32],
        dropped: &mut Vec<Filter>,
    ) -> Result<(Vec<Filter>, Vec<Vec<bool>>), LanguageError> {
        let mut filters: Vec<Filter> = request.filters.iter().filter(|filter| !filter.is_soft).cloned().collect();
        let mut masks = filters.iter().map(|filter| self.passing(filter)).collect::<Result<Vec<_>, _>>()?;
        let any_passes = |masks: &[Vec<bool>], without: usize| {
            let others = |entry: usize| masks.iter().enumerate().all(|(at, mask)| at == without || mask[entry]);
            matched.iter().any(|&entry| others(entry as usize))
        };
        while !filters.is_empty() && !matched.is_empty() && !any_passes(&masks, usize::MAX) {
            let cost = |&at: &usize| (!any_passes(&masks, at), importance(&filters[at]), std::cmp::Reverse(at));
            let least = (0..filters.len()).min_by_key(cost).expect("there are filters");
            dropped.push(filters.remove(least));
            masks.remove(least);
        }
        Ok((filters, masks))
    }

    /// Scores raised by popularity and soft conditions. With nothing asked every entry starts from 1.
    fn raised<'a>(
        &'a self,
        scores: &'a [f32],
        is_asked: bool,
        request: &Request,
        settled: &Settled,
    ) -> Result<Raised<'a>, LanguageError> {
        let popularity = Some(&self.popularity).filter(|all| all.most > 0.0 && settled.popularity > 0.0);
        let soft = request.filters.iter().filter(|filter| filter.is_soft);
        Ok(Raised {
            scores,
            start: if is_asked { 0.0 } else { 1.0 },
            popularity: popularity.map(|all| (all.logs.as_slice(), f64::from(settled.popularity) / all.most)),
            soft: soft.map(|filter| self.passing(filter)).collect::<Result<_, _>>()?,
        })
    }

    fn ranked(
        &self,
        plan: &Plan,
        hits: &[u32],
        scores: &Raised,
        request: &Request,
        settled: &Settled,
        depth: usize,
    ) -> Result<Vec<Ranked>, LanguageError> {
        if request.sort != Sort::Relevance {
            return Ok(self.sorted(hits, scores, request.sort));
        }
        let wanted = if request.one_per_group { hits.len().min(DEPTH_MAX) } else { depth };
        let scored = hits.iter().map(|&entry| (entry as usize, scores.of(entry as usize)));
        let found = best(scored, &self.rank, &self.entry_of, wanted.max(settled.candidates));
        let mut all: Vec<Ranked> =
            found.into_iter().map(|(entry, score)| Ranked { entry, score, proximity: 0.0 }).collect();
        if settled.proximity > 0.0 {
            // What stands below cannot overtake: nearness only adds.
            let n = all.len().min(settled.candidates);
            let entries: Vec<u32> = all[..n].iter().map(|hit| hit.entry).collect();
            let gained = self.proximity(plan, &entries)?;
            for (hit, gained) in all.iter_mut().zip(gained) {
                hit.proximity = settled.proximity * gained;
                hit.score += hit.proximity;
            }
            self.order(&mut all[..n]);
        }
        Ok(all)
    }

    fn order(&self, hits: &mut [Ranked]) {
        let rank = |hit: &Ranked| self.rank[hit.entry as usize];
        hits.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(rank(a).cmp(&rank(b))));
    }

    /// By an attribute; entries without it last; then by score and id.
    fn sorted(&self, hits: &[u32], scores: &Raised, sort: Sort) -> Vec<Ranked> {
        let (name, sign) = match sort {
            Sort::PriceUp => ("price", 1.0),
            Sort::PriceDown => ("price", -1.0),
            Sort::Newest => ("launched", -1.0),
            _ => ("popularity", -1.0),
        };
        let numbers = &self.numbers[NUMBERS.iter().position(|known| *known == name).expect("a column")];
        let key = |entry: u32| {
            let number = numbers[entry as usize];
            if number.is_nan() { f64::INFINITY } else { sign * number }
        };
        let ranked = |&entry: &u32| Ranked { entry, score: scores.of(entry as usize), proximity: 0.0 };
        let mut all: Vec<Ranked> = hits.iter().map(ranked).collect();
        self.order(&mut all);
        all.sort_by(|a, b| key(a.entry).total_cmp(&key(b.entry)));
        all
    }

    /// Hits by words and by meaning in one order. With another order asked for, meaning only adds hits at its end.
    fn fused(
        &self,
        words: Vec<Ranked>,
        scores: &Raised,
        vector: &[f32],
        allowed: impl Fn(usize) -> bool,
        sort: Sort,
        settled: &Settled,
    ) -> Vec<Ranked> {
        if settled.vector_weight == 0.0 || self.vectors.is_empty() || sort != Sort::Relevance {
            return words;
        }
        let near = self.vectors.nearest(vector, settled.candidates, &self.rank, allowed);
        let known: FxHashSet<u32> = words.iter().map(|hit| hit.entry).collect();
        let mut all = words;
        let n_words = all.len();
        for &(entry, _) in near.iter().filter(|(entry, _)| !known.contains(entry)) {
            all.push(Ranked { entry, score: scores.of(entry as usize), proximity: 0.0 });
        }
        match settled.fusion {
            Fusion::Reciprocal => {
                let places: rustc_hash::FxHashMap<u32, usize> =
                    near.iter().enumerate().map(|(place, (entry, _))| (*entry, place)).collect();
                for (place, hit) in all.iter_mut().enumerate() {
                    let by_words = if place < n_words { 1.0 / (PLACES + place as f32 + 1.0) } else { 0.0 };
                    let by_meaning = places.get(&hit.entry).map_or(0.0, |&place| 1.0 / (PLACES + place as f32 + 1.0));
                    hit.score = by_words + settled.vector_weight * by_meaning;
                }
            }
            Fusion::Linear => {
                let largest = all.iter().map(|hit| hit.score).fold(f32::MIN_POSITIVE, f32::max);
                for hit in &mut all {
                    let cosine = self.vectors.cosine(hit.entry as usize, vector).max(0.0);
                    hit.score = hit.score / largest + settled.vector_weight * cosine;
                }
            }
        }
        self.order(&mut all);
        all
    }

    fn n_total(&self, hits: &[u32], all: &[Ranked], one_per_group: bool) -> usize {
        let mut counted = vec![false; self.n()];
        let mut n = 0;
        for entry in hits.iter().copied().chain(all.iter().map(|hit| hit.entry)) {
            let entry = entry as usize;
            let what = if one_per_group { self.group[entry] as usize } else { entry };
            n += usize::from(!std::mem::replace(&mut counted[what], true));
        }
        n
    }

    fn hit(&self, ranked: Ranked, plan: &Plan, request: &Request, settled: &Settled) -> Result<Hit, LanguageError> {
        let at = ranked.entry as usize;
        let entry = self.entry(at)?;
        let terms: Vec<&str> =
            plan.groups.iter().flat_map(|group| &group.terms).map(|term| term.text.as_str()).collect();
        let shown = request.with_snippets;
        Ok(Hit {
            score: ranked.score,
            proximity: ranked.proximity,
            terms: self.explain(plan, at, settled)?,
            similarity: request.vector.as_ref().map(|vector| self.vectors.cosine(at, vector)),
            snippet: if shown { snippet(&entry.body, &terms) } else { None },
            name_highlights: if shown { name_highlights(&entry.name, &terms) } else { Vec::new() },
            entry,
        })
    }

    /// The entries nearest to a meaning, by it alone, with their cosines; none if entries have vectors of another length.
    ///
    /// # Errors
    /// If an entry cannot be read.
    pub fn nearest(&self, vector: &[f32], k: usize) -> Result<Vec<(Entry, f32)>, LanguageError> {
        let near = self.vectors.nearest(vector, k, &self.rank, |entry| self.alive[entry]);
        near.into_iter().map(|(entry, cosine)| Ok((self.entry(entry as usize)?, cosine))).collect()
    }

    /// One pass over what has the words: an entry that fails nothing counts for all attributes, one that fails the conditions
    /// of a single attribute counts for that attribute.
    fn faceted(&self, matched: &[u32], filters: &[Filter], masks: &[Vec<bool>]) -> (Vec<Facet>, Vec<Band>) {
        let price = &self.numbers[NUMBERS.iter().position(|name| *name == "price").expect("a column")];
        let (mut counts, mut prices) = (vec![0u32; self.facts.values.len()], Vec::new());
        let ranges: Vec<std::ops::Range<usize>> =
            filters.iter().map(|filter| self.facts.names.get(&filter.attribute).cloned().unwrap_or(0..0)).collect();
        for entry in matched.iter().map(|&entry| entry as usize) {
            let failed = (0..filters.len()).find(|&at| !masks[at][entry]);
            let Some(failed) = failed else {
                self.facts.of(entry).iter().for_each(|&value| counts[value as usize] += 1);
                prices.push(price[entry]);
                continue;
            };
            let attribute = &filters[failed].attribute;
            if (failed + 1..filters.len()).any(|at| !masks[at][entry] && filters[at].attribute != *attribute) {
                continue;
            }
            if attribute == "price" {
                prices.push(price[entry]);
            }
            let own = self.facts.of(entry).iter().filter(|value| ranges[failed].contains(&(**value as usize)));
            own.for_each(|&value| counts[value as usize] += 1);
        }
        (facets(self, &counts), bands(prices))
    }
}
