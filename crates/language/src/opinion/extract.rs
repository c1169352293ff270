//! Where a text speaks of which aspect, in which words, and whether it praises or blames: by the lexicon alone, with
//! negation, turns and what a word says of one aspect only. A learned judge of polarity may stand above it: see
//! [`polarity`](super::polarity).

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::aspects::ASPECTS;
use super::english;
use super::learn::Alike;
use super::polarity::Said;
use super::words::{COMPARATIVES, HEDGES, INTENSIFIERS, NEGATIONS, NEGATIVE, POSITIVE, TURNS};

/// Whether something is praised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Polarity {
    Negative,
    Neutral,
    Positive,
}

/// One aspect spoken of. All ranges are bytes of the text, on borders of characters.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Opinion {
    /// Into [`ASPECTS`].
    pub aspect: usize,
    pub polarity: Polarity,
    /// 0 to 1, how sure the polarity is.
    pub confidence: f64,
    /// What the aspect is called, or the words that imply it.
    pub term: (usize, usize),
    /// The word that decided, if the lexicon knows one.
    pub word: Option<(usize, usize)>,
    /// The clause to quote.
    pub evidence: (usize, usize),
}

/// What a word of the lexicon says.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sense {
    /// Names an aspect.
    Term(u16),
    /// Names an aspect and praises or blames it.
    Implied(u16, i8),
    /// Praises or blames.
    Opinion(f32),
    Negation,
    Intensifier,
    Hedge,
    Turn,
    Comparative,
}

/// What a clause shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// A name, and the opinion said of it.
    Name(String, String),
    Opinion(String),
}

/// A word where it stands.
#[derive(Clone, Copy, Debug)]
struct Hit {
    start: usize,
    end: usize,
    sense: Sense,
    /// Written in letters, where words between take more room.
    is_latin: bool,
}

/// The seed, and what was learned beside it.
#[derive(Clone, Debug)]
pub struct Lexicon {
    senses: FxHashMap<String, Vec<Sense>>,
    /// By word and aspect: what the word says of that aspect alone.
    own: FxHashMap<(String, u16), i8>,
    /// By first character: the longest word, in characters.
    n_chars_max: FxHashMap<char, usize>,
}

impl Default for Lexicon {
    fn default() -> Self {
        Lexicon::seed()
    }
}

impl Lexicon {
    /// Our own seed.
    pub fn seed() -> Self {
        let mut lexicon =
            Lexicon { senses: FxHashMap::default(), own: FxHashMap::default(), n_chars_max: FxHashMap::default() };
        let flat: [(&[&str], Sense); 7] = [
            (POSITIVE, Sense::Opinion(1.0)),
            (NEGATIVE, Sense::Opinion(-1.0)),
            (NEGATIONS, Sense::Negation),
            (INTENSIFIERS, Sense::Intensifier),
            (HEDGES, Sense::Hedge),
            (TURNS, Sense::Turn),
            (COMPARATIVES, Sense::Comparative),
        ];
        for (words, sense) in flat {
            words.iter().for_each(|word| lexicon.insert(word, sense));
        }
        let english = [
            (english::PRAISE, Sense::Opinion(1.0)),
            (english::BLAME, Sense::Opinion(-1.0)),
            (english::NEGATIONS, Sense::Negation),
            (english::TURNS, Sense::Turn),
        ];
        for (list, sense) in english {
            english::of(list).for_each(|word| lexicon.insert(word, sense));
        }
        for (at, aspect) in ASPECTS.iter().enumerate() {
            let at = at as u16;
            // A word that names and judges at once is one opinion, not a name beside it.
            let judges = |word: &&&str| aspect.praises.contains(word) || aspect.blames.contains(word);
            let names = aspect.terms.iter().filter(|word| !judges(word));
            names.for_each(|word| lexicon.insert(word, Sense::Term(at)));
            aspect.praises.iter().for_each(|word| lexicon.insert(word, Sense::Implied(at, 1)));
            aspect.blames.iter().for_each(|word| lexicon.insert(word, Sense::Implied(at, -1)));
            for (words, sign) in [(aspect.good, 1), (aspect.bad, -1)] {
                for word in words {
                    lexicon.own.insert(((*word).to_owned(), at), sign);
                    lexicon.insert(word, Sense::Opinion(0.0));
                }
            }
        }
        lexicon
    }

    /// Adds a name of an aspect.
    pub fn add_term(&mut self, word: &str, aspect: usize) {
        self.insert(&word.to_lowercase(), Sense::Term(aspect as u16));
    }

    /// Adds a word that praises (up to 1) or blames (down to −1).
    pub fn add_opinion(&mut self, word: &str, strength: f32) {
        self.insert(&word.to_lowercase(), Sense::Opinion(strength.clamp(-1.0, 1.0)));
    }

    /// Whether the word has any meaning here.
    pub fn knows(&self, word: &str) -> bool {
        self.senses.contains_key(word)
    }

    fn insert(&mut self, word: &str, sense: Sense) {
        if let Some(first) = word.chars().next() {
            let longest = self.n_chars_max.entry(first).or_default();
            *longest = (*longest).max(word.chars().count());
        }
        let senses = self.senses.entry(word.to_owned()).or_default();
        // A word with a strength needs no entry for what it says of single aspects.
        let is_opinion = |sense: &Sense| matches!(sense, Sense::Opinion(_));
        match senses.iter().position(is_opinion).filter(|_| is_opinion(&sense)) {
            Some(at) if sense != Sense::Opinion(0.0) => senses[at] = sense,
            Some(_) => {}
            None => senses.push(sense),
        }
    }

    /// Everything that the text says of aspects, in its order. A clause that names none says nothing here.
    pub fn opinions(&self, text: &str) -> Vec<Opinion> {
        let mut found = Vec::new();
        for clause in clauses(text) {
            self.of_clause(text, clause, &mut found);
        }
        found
    }

    fn of_clause(&self, text: &str, clause: (usize, usize), found: &mut Vec<Opinion>) {
        let hits = self.hits(text, clause);
        let is_turn = |hit: &Hit| hit.sense == Sense::Turn;
        for part in hits.split(is_turn) {
            let n_terms = terms_before(part);
            let first = found.len();
            for (at, hit) in part.iter().enumerate() {
                let (aspect, verdict) = match hit.sense {
                    Sense::Term(aspect) => (aspect, self.verdict(text, part, &n_terms, at, aspect)),
                    Sense::Implied(aspect, sign) => {
                        let turned = is_turned(part, at);
                        (aspect, Some((f32::from(sign) * if turned { -0.8 } else { 1.0 }, (hit.start, hit.end))))
                    }
                    _ => continue,
                };
                found.push(opinion(aspect, verdict, hit, clause));
            }
            drop_names_judged_beside(found, first);
        }
    }

    /// What is said of the term at `at`: the nearest word that praises or blames, later ones before earlier ones.
    fn verdict(
        &self,
        text: &str,
        hits: &[Hit],
        n_terms: &[usize],
        at: usize,
        aspect: u16,
    ) -> Option<(f32, (usize, usize))> {
        let term = &hits[at];
        let mut best: Option<(usize, f32, (usize, usize))> = None;
        for (other, hit) in hits.iter().enumerate() {
            let Sense::Opinion(strength) = hit.sense else { continue };
            let word = text[hit.start..hit.end].to_lowercase();
            let strength = self.own.get(&(word, aspect)).map_or(strength, |&sign| f32::from(sign));
            // What stands beyond another aspect's name is that aspect's; in Chinese praise mostly follows its object.
            let (first, last) = (at.min(other) + 1, at.max(other));
            let n_between = n_terms[last] - n_terms[first];
            let after = other > at;
            let gap =
                if after { hit.start.saturating_sub(term.end) } else { 2 * term.start.saturating_sub(hit.end) + 3 };
            let far = gap + 30 * n_between;
            if strength != 0.0 && best.is_none_or(|(least, _, _)| far < least) {
                let sign = if is_turned(hits, other) { -0.8 } else { 1.0 };
                best = Some((far, strength * sign * emphasis(hits, other), (hit.start, hit.end)));
            }
        }
        best.map(|(_, strength, word)| (strength, word))
    }

    /// What the clause says around a mention: words that praise or blame, of the aspect that the mention names.
    pub(super) fn around(&self, text: &str, clause: (usize, usize), mention: (usize, usize)) -> Vec<Said> {
        // Characters that were cut apart stand together again, so that words are found.
        let (compact, place) = compact(text, clause, mention);
        let hits = self.hits(&compact, (0, compact.len()));
        let inside = |hit: &Hit| hit.start >= place.0 && hit.end <= place.1;
        let aspect = hits.iter().filter(|hit| inside(hit)).find_map(|hit| match hit.sense {
            Sense::Term(aspect) => Some(aspect),
            _ => None,
        });
        let mut said = Vec::new();
        for (at, hit) in hits.iter().enumerate() {
            let strength = match hit.sense {
                Sense::Opinion(strength) => strength,
                Sense::Implied(_, sign) => f32::from(sign),
                _ => continue,
            };
            let word = compact[hit.start..hit.end].to_lowercase();
            let own = aspect.and_then(|aspect| self.own.get(&(word.clone(), aspect)).copied());
            let is_turned = is_turned(&hits, at);
            let is_after = hit.start >= place.1;
            said.push(Said {
                word: super::polarity::hash(&word),
                strength: own.map_or(strength, f32::from) * emphasis(&hits, at) * if is_turned { -1.0 } else { 1.0 },
                is_turned,
                is_after,
                far: if is_after { hit.start - place.1 } else { 2 * place.0.saturating_sub(hit.end) + 3 },
            });
        }
        said
    }

    /// Praise minus blame in a clause, whatever it is said of.
    pub(super) fn lean(&self, text: &str, clause: (usize, usize)) -> f32 {
        let hits = self.hits(text, clause);
        let of = |(at, hit): (usize, &Hit)| match hit.sense {
            Sense::Opinion(strength) => strength * if is_turned(&hits, at) { -1.0 } else { 1.0 },
            Sense::Implied(_, sign) => f32::from(sign),
            _ => 0.0,
        };
        hits.iter().enumerate().map(of).sum()
    }

    /// What a short clause shows that is not known yet: before an opinion a name, or after a name an opinion.
    pub(super) fn shape(&self, text: &str, clause: (usize, usize)) -> Option<Part> {
        let hits = self.hits(text, clause);
        let is_opinion = |hit: &Hit| matches!(hit.sense, Sense::Opinion(strength) if strength != 0.0);
        match hits.iter().position(is_opinion) {
            Some(at) => {
                let from = before_adverbs(&hits, at);
                let name = word_of(&text[clause.0..from])?;
                let only_names = hits.iter().all(|hit| hit.start >= from || matches!(hit.sense, Sense::Term(_)));
                let opinion = &text[hits[at].start..hits[at].end];
                (only_names && !self.knows(&name)).then(|| Part::Name(name, opinion.to_lowercase()))
            }
            None => {
                let name = hits.first().filter(|hit| hit.start == clause.0)?;
                let is_name = matches!(name.sense, Sense::Term(_));
                let mut from = name.end;
                for hit in hits.iter().filter(|hit| hit.start >= name.end) {
                    // A negated opinion says the opposite of the word alone.
                    if !matches!(hit.sense, Sense::Intensifier | Sense::Hedge) || hit.start != from {
                        return None;
                    }
                    from = hit.end;
                }
                word_of(&text[from..clause.1]).filter(|_| is_name).map(Part::Opinion)
            }
        }
    }

    /// The aspect of a name: that of the known name which it ends with, or begins with, the longest first; else of the
    /// names that it is most alike to.
    pub(super) fn aspect_of(&self, word: &str, alike: Option<Alike>, alike_min: f32) -> Option<usize> {
        let names =
            ASPECTS.iter().enumerate().flat_map(|(at, aspect)| aspect.terms.iter().map(move |term| (at, *term)));
        let inside = names.clone().filter(|(_, term)| term.chars().count() > 1);
        let inside = inside.filter(|(_, term)| word.ends_with(term) || word.starts_with(term));
        // The end of a Chinese or English name says what it is: of equal lengths it counts.
        if let Some((at, _)) = inside.max_by_key(|(at, term)| (term.len(), word.ends_with(term), usize::MAX - at)) {
            return Some(at);
        }
        let alike = alike?;
        let scores = names.filter_map(|(at, term)| alike(word, term).map(|score| (at, score)));
        let best = scores.max_by(|x, y| x.1.total_cmp(&y.1).then(y.0.cmp(&x.0)))?;
        (best.1 >= alike_min).then_some(best.0)
    }

    /// Words of the lexicon in a clause: at each place the longest.
    fn hits(&self, text: &str, clause: (usize, usize)) -> Vec<Hit> {
        let part = &text[clause.0..clause.1];
        let lower: Vec<(usize, String)> =
            part.char_indices().map(|(at, c)| (clause.0 + at, c.to_lowercase().collect())).collect();
        let end_of = |at: usize| lower.get(at).map_or(clause.1, |piece| piece.0);
        let is_letter = |at: usize| lower.get(at).is_some_and(|(_, c)| c.chars().all(|c| c.is_ascii_alphanumeric()));
        let mut hits = Vec::new();
        let mut at = 0;
        let mut word = String::new();
        while at < lower.len() {
            // English words are found from their beginning only.
            if is_letter(at) && at > 0 && is_letter(at - 1) {
                at += 1;
                continue;
            }
            word.clear();
            let mut longest = None;
            let first = lower[at].1.chars().next().unwrap_or_default();
            let n_max = self.n_chars_max.get(&first).copied().unwrap_or(0);
            for (n, (_, c)) in lower[at..].iter().take(n_max).enumerate() {
                word.push_str(c);
                let inside = is_letter(at + n) && is_letter(at + n + 1);
                if !inside && let Some(senses) = self.senses.get(&word) {
                    longest = Some((n + 1, senses));
                }
            }
            match longest {
                Some((n, senses)) => {
                    let (start, end) = (lower[at].0, end_of(at + n));
                    let is_latin = word.starts_with(|c: char| c.is_ascii_alphanumeric());
                    hits.extend(senses.iter().map(|&sense| Hit { start, end, sense, is_latin }));
                    at += n;
                }
                None => at += 1,
            }
        }
        hits
    }
}

/// The clause without white space beside Han characters, and where the mention is in it.
fn compact(text: &str, clause: (usize, usize), mention: (usize, usize)) -> (String, (usize, usize)) {
    let is_han = |c: char| ('\u{2e80}'..='\u{9fff}').contains(&c);
    let mut out = String::new();
    let mut place = (0, 0);
    let chars: Vec<(usize, char)> = text[clause.0..clause.1].char_indices().collect();
    for (n, &(at, c)) in chars.iter().enumerate() {
        let at = clause.0 + at;
        if at == mention.0 {
            place.0 = out.len();
        }
        let beside = |other: Option<&(usize, char)>| other.is_some_and(|&(_, c)| is_han(c));
        let is_gap = c.is_whitespace() && (beside(chars.get(n + 1)) || (n > 0 && beside(chars.get(n - 1))));
        if !is_gap {
            out.push(c);
        }
        if at + c.len_utf8() == mention.1 {
            place.1 = out.len();
        }
    }
    (out, (place.0, place.1.max(place.0)))
}

/// In "battery … not durable" the second says all that the first does: names without a verdict go if the same part of a
/// clause judges their aspect.
fn drop_names_judged_beside(found: &mut Vec<Opinion>, first: usize) {
    let mut own = found.split_off(first);
    let judged: Vec<usize> =
        own.iter().filter(|opinion| opinion.polarity != Polarity::Neutral).map(|opinion| opinion.aspect).collect();
    own.retain(|opinion| opinion.polarity != Polarity::Neutral || !judged.contains(&opinion.aspect));
    found.append(&mut own);
}

/// How many names stand before each word.
fn terms_before(hits: &[Hit]) -> Vec<usize> {
    let before = hits.iter().scan(0, |n, hit| {
        *n += usize::from(matches!(hit.sense, Sense::Term(_)));
        Some(*n)
    });
    std::iter::once(0).chain(before).collect()
}

fn opinion(aspect: u16, verdict: Option<(f32, (usize, usize))>, hit: &Hit, clause: (usize, usize)) -> Opinion {
    let strength = verdict.map_or(0.0, |verdict| verdict.0);
    let polarity = match strength {
        x if x > 0.0 => Polarity::Positive,
        x if x < 0.0 => Polarity::Negative,
        _ => Polarity::Neutral,
    };
    Opinion {
        aspect: usize::from(aspect),
        polarity,
        confidence: f64::from(strength.abs().min(1.0)) * 0.9,
        term: (hit.start, hit.end),
        word: verdict.map(|verdict| verdict.1),
        evidence: clause,
    }
}

/// A text that may be one word: one to four Han characters, or two words of letters at most.
fn word_of(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches("的").trim_end_matches(['的', '了', '啊', '呢', '吧', '哦']);
    let n = text.chars().count();
    let is_han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let all_han = text.chars().all(is_han) && (2..=4).contains(&n);
    let is_latin = |c: char| c.is_ascii_alphabetic() || c == ' ' || c == '-';
    let all_latin = text.chars().all(is_latin) && (3..=24).contains(&n) && text.split(' ').count() <= 2;
    (all_han || all_latin).then(|| text.to_lowercase())
}

/// Whether an odd number of negations stands shortly before, with nothing but adverbs between.
fn is_turned(hits: &[Hit], at: usize) -> bool {
    let mut end = hits[at].start;
    let mut turned = false;
    // Bytes: four Han characters, or some words: "not have any problems".
    let [far, near] = if hits[at].is_latin { [24, 12] } else { [12, 6] };
    for hit in hits[..at].iter().rev() {
        match hit.sense {
            Sense::Negation if end.saturating_sub(hit.end) <= far => turned = !turned,
            Sense::Intensifier | Sense::Hedge if end.saturating_sub(hit.end) <= near => {}
            _ => break,
        }
        end = hit.start;
    }
    turned
}

/// Where the adverbs right before a word begin.
fn before_adverbs(hits: &[Hit], at: usize) -> usize {
    let mut from = hits[at].start;
    for hit in hits[..at].iter().rev() {
        if !matches!(hit.sense, Sense::Intensifier | Sense::Hedge | Sense::Negation) || hit.end != from {
            break;
        }
        from = hit.start;
    }
    from
}

/// How strongly it is said.
fn emphasis(hits: &[Hit], at: usize) -> f32 {
    match at.checked_sub(1).map(|before| hits[before].sense) {
        Some(Sense::Intensifier) => 1.0,
        Some(Sense::Hedge) => 0.6,
        _ => 0.8,
    }
}

/// Characters of a clause at most: what goes on longer without a mark is cut, so that work stays in proportion.
const CLAUSE_CHARS_MAX: usize = 200;

/// Bytes of the clauses of a text, without the marks that end them and without white space around.
pub fn clauses(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut push = |start: usize, end: usize| {
        let part = &text[start..end];
        let left = part.len() - part.trim_start().len();
        let right = part.trim_end().len();
        if left < right {
            found.push((start + left, start + right));
        }
    };
    let (mut start, mut n_chars) = (0, 0);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        n_chars += 1;
        if ends_clause(c, chars.peek().map(|next| next.1)) {
            push(start, at);
            (start, n_chars) = (at + c.len_utf8(), 0);
        } else if n_chars == CLAUSE_CHARS_MAX {
            push(start, at + c.len_utf8());
            (start, n_chars) = (at + c.len_utf8(), 0);
        }
    }
    push(start, text.len());
    found
}

fn ends_clause(c: char, next: Option<char>) -> bool {
    match c {
        '，' | '。' | '！' | '？' | '；' | '、' | '…' | '\n' | '\r' | '~' | '～' | '!' | '?' | ';' => true,
        // A full stop or comma within a number or a name such as 7.1 ends nothing.
        '.' | ',' | ':' | '：' => next.is_none_or(|next| !next.is_ascii_alphanumeric()),
        _ => false,
    }
}
