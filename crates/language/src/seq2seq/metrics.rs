//! How close written sentences come to references: BLEU of a corpus and the share of exact matches. Figures equal those of
//! sacrebleu with the tokenisation named; what other tools call BLEU may differ.

use rustc_hash::FxHashMap;

use crate::LanguageError;

/// How sentences are cut into the words that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tokenisation {
    /// At spaces alone: the sentences are tokenised already.
    Spaces,
    /// As `mteval-v13a`, for European languages.
    Mteval13a,
}

/// The longest n-grams compared.
const MAX_ORDER: usize = 4;

/// BLEU of a corpus (Papineni et al. 2002) and its parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bleu {
    /// 0 to 100.
    pub score: f64,
    /// The share of n-grams that occur in a reference, for n = 1 to 4, in percent; smoothed where there is none.
    pub precisions: [f64; MAX_ORDER],
    pub brevity_penalty: f64,
    /// Words written.
    pub written_len: usize,
    /// Words of the references, of each sentence the one closest in length.
    pub reference_len: usize,
}

/// BLEU of `written` against any number of references each. Orders without a match are smoothed as in `mteval` (the
/// method "exp" of Chen and Cherry 2014).
///
/// # Errors
/// If there are not as many lists of references as sentences, or a list is empty.
pub fn bleu<W: AsRef<str>, R: AsRef<str>>(
    written: &[W],
    references: &[Vec<R>],
    tokenisation: Tokenisation,
) -> Result<Bleu, LanguageError> {
    if written.len() != references.len() {
        return Err(LanguageError::unfit(
            "lists of references",
            references.len(),
            format!("one a sentence: {}", written.len()),
        ));
    }
    if let Some(at) = references.iter().position(Vec::is_empty) {
        return Err(LanguageError::unfit("references of a sentence", format!("none for sentence {at}"), "one or more"));
    }
    let mut counts = Counts::default();
    let mut ids = FxHashMap::default();
    for (written, references) in written.iter().zip(references) {
        let written = numbered(written.as_ref(), tokenisation, &mut ids);
        let references: Vec<_> = references.iter().map(|one| numbered(one.as_ref(), tokenisation, &mut ids)).collect();
        counts.add(&written, &references);
        ids.clear();
    }
    Ok(counts.bleu())
}

/// The share of sentences that equal their reference word by word, 0 to 1; 0 of no sentence.
pub fn exact_match<W: AsRef<str>, R: AsRef<str>>(written: &[W], references: &[R]) -> f64 {
    let equal = |(written, reference): (&W, &R)| words(written.as_ref()).eq(words(reference.as_ref()));
    let n_equal = written.iter().zip(references).filter(|pair| equal(*pair)).count();
    n_equal as f64 / written.len().max(1) as f64
}

/// What of a corpus is needed for BLEU: sums over its sentences.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    n_matched: [usize; MAX_ORDER],
    n_written: [usize; MAX_ORDER],
    written_len: usize,
    reference_len: usize,
}

/// Up to four words; places that are not used hold `u32::MAX`.
type NGram = [u32; MAX_ORDER];

impl Counts {
    fn add(&mut self, written: &[u32], references: &[Vec<u32>]) {
        let mut allowed: FxHashMap<NGram, usize> = FxHashMap::default();
        for reference in references {
            for (n_gram, (_, count)) in n_grams(reference) {
                let most = allowed.entry(n_gram).or_default();
                *most = (*most).max(count);
            }
        }
        for (n_gram, (order, count)) in n_grams(written) {
            self.n_written[order - 1] += count;
            self.n_matched[order - 1] += count.min(allowed.get(&n_gram).copied().unwrap_or(0));
        }
        self.written_len += written.len();
        let closest = references.iter().map(Vec::len).min_by_key(|&len| (len.abs_diff(written.len()), len));
        self.reference_len += closest.expect("every sentence has a reference");
    }

    fn bleu(&self) -> Bleu {
        let mut found = Bleu {
            score: 0.0,
            precisions: [0.0; MAX_ORDER],
            brevity_penalty: 1.0,
            written_len: self.written_len,
            reference_len: self.reference_len,
        };
        if self.written_len < self.reference_len {
            // Of nothing written this is e to minus infinity.
            found.brevity_penalty = (1.0 - self.reference_len as f64 / self.written_len as f64).exp();
        }
        if self.n_matched == [0; MAX_ORDER] {
            return found;
        }
        let mut smoothing = 1.0;
        for (order, precision) in found.precisions.iter_mut().enumerate() {
            let (n_matched, n_written) = (self.n_matched[order] as f64, self.n_written[order] as f64);
            if n_written == 0.0 {
                break;
            }
            if n_matched == 0.0 {
                smoothing *= 2.0;
            }
            *precision = 100.0 * if n_matched == 0.0 { 1.0 / (smoothing * n_written) } else { n_matched / n_written };
        }
        // An order that no sentence is long enough for makes the score 0.
        let mean_ln = found.precisions.iter().map(|precision| precision.ln()).sum::<f64>() / MAX_ORDER as f64;
        found.score = found.brevity_penalty * mean_ln.exp();
        found
    }
}

/// How often each n-gram occurs, with its order.
fn n_grams(words: &[u32]) -> FxHashMap<NGram, (usize, usize)> {
    let mut counts: FxHashMap<NGram, (usize, usize)> = FxHashMap::default();
    for order in 1..=MAX_ORDER {
        for window in words.windows(order) {
            let mut n_gram = [u32::MAX; MAX_ORDER];
            n_gram[..order].copy_from_slice(window);
            counts.entry(n_gram).or_insert((order, 0)).1 += 1;
        }
    }
    counts
}

/// The sentence's words as numbers, equal words as equal ones.
fn numbered(sentence: &str, tokenisation: Tokenisation, ids: &mut FxHashMap<String, u32>) -> Vec<u32> {
    let tokenised = match tokenisation {
        Tokenisation::Spaces => sentence.to_owned(),
        Tokenisation::Mteval13a => mteval_13a(sentence.trim_end_matches(is_space)),
    };
    let mut number = |word: &str| {
        if let Some(&id) = ids.get(word) {
            return id;
        }
        let id = ids.len() as u32;
        ids.insert(word.to_owned(), id);
        id
    };
    words(&tokenised).map(&mut number).collect()
}

fn words(sentence: &str) -> impl Iterator<Item = &str> {
    sentence.split(is_space).filter(|word| !word.is_empty())
}

/// What Python splits at: white space and the four separators of ASCII.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// Sets off punctuation by spaces as `mteval-v13a` does: symbols always, periods and commas unless between digits, dashes
/// behind digits.
fn mteval_13a(sentence: &str) -> String {
    let mut text = sentence.replace("<skipped>", "").replace("-\n", "").replace('\n', " ");
    if text.contains('&') {
        text = text.replace("&quot;", "\"").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">");
    }
    let symbols = |c: char| matches!(c, '{'..='~' | '['..='`' | ' '..='&' | '('..='+' | ':'..='@' | '/');
    let mut spaced = Vec::with_capacity(text.len() + 2);
    for c in std::iter::once(' ').chain(text.chars()).chain([' ']) {
        if symbols(c) { spaced.extend([' ', c, ' ']) } else { spaced.push(c) }
    }
    let spaced = replace_pairs(&spaced, |a, b| !a.is_ascii_digit() && matches!(b, '.' | ','), |a, b| [a, ' ', b, ' ']);
    let spaced = replace_pairs(&spaced, |a, b| matches!(a, '.' | ',') && !b.is_ascii_digit(), |a, b| [' ', a, ' ', b]);
    let spaced = replace_pairs(&spaced, |a, b| a.is_ascii_digit() && b == '-', |a, b| [a, ' ', b, ' ']);
    spaced.into_iter().collect()
}

/// Replaces neighbours that match, left to right and never overlapping.
fn replace_pairs(
    text: &[char],
    matches: impl Fn(char, char) -> bool,
    by: impl Fn(char, char) -> [char; 4],
) -> Vec<char> {
    let mut replaced = Vec::with_capacity(text.len() * 2);
    let mut at = 0;
    while at < text.len() {
        match text[at..] {
            [a, b, ..] if matches(a, b) => {
                replaced.extend(by(a, b));
                at += 2;
            }
            _ => {
                replaced.push(text[at]);
                at += 1;
            }
        }
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by `bench/peers/language/sacrebleu_golden.py` with sacrebleu 2.6.0: generated cases with one to three
    /// references, both tokenisations; the first lines are sentences with marks that tokenisation cares about.
    const GOLDEN: &str = include_str!("metrics_golden.json");

    #[derive(serde::Deserialize)]
    struct Golden {
        written: Vec<String>,
        references: Vec<Vec<String>>,
        spaces: Expected,
        mteval_13a: Expected,
    }

    #[derive(serde::Deserialize)]
    struct Expected {
        score: f64,
        precisions: [f64; 4],
        brevity_penalty: f64,
        written_len: usize,
        reference_len: usize,
    }

    fn check(found: Bleu, expected: &Expected, case: usize) {
        assert!((found.score - expected.score).abs() < 1e-6, "{case}: {found:?}, expected {}", expected.score);
        assert!((found.brevity_penalty - expected.brevity_penalty).abs() < 1e-9, "{case}");
        assert!(
            found.precisions.iter().zip(&expected.precisions).all(|(a, b)| (a - b).abs() < 1e-6),
            "{case}: {found:?}"
        );
        assert_eq!((found.written_len, found.reference_len), (expected.written_len, expected.reference_len), "{case}");
    }

    #[test]
    fn bleu_equals_sacrebleu() {
        let cases: Vec<Golden> = serde_json::from_str(GOLDEN).unwrap();
        assert!(cases.len() > 30);
        for (at, case) in cases.iter().enumerate() {
            check(bleu(&case.written, &case.references, Tokenisation::Spaces).unwrap(), &case.spaces, at);
            check(bleu(&case.written, &case.references, Tokenisation::Mteval13a).unwrap(), &case.mteval_13a, at);
        }
    }

    #[test]
    fn ends_and_mistakes() {
        let one =
            |written: &str, reference: &str| bleu(&[written], &[vec![reference]], Tokenisation::Spaces).unwrap().score;
        assert_eq!(one("", "a b"), 0.0);
        assert_eq!(one("a b c d", ""), 0.0);
        assert!((one("a b c d e", "a b c d e") - 100.0).abs() < 1e-9);
        assert!(bleu(&["a"], &[Vec::<&str>::new()], Tokenisation::Spaces).is_err());
        assert!(bleu(&["a"], &[vec!["a"], vec!["b"]], Tokenisation::Spaces).is_err());
        assert_eq!(bleu::<&str, &str>(&[], &[], Tokenisation::Spaces).unwrap().score, 0.0);
        assert_eq!(exact_match(&["a b", "a", "c"], &[" a  b", "b", "c"]), 2.0 / 3.0);
        assert_eq!(exact_match::<&str, &str>(&[], &[]), 0.0);
    }
}
