//! The rules as the matcher needs them: every term with its disguises in one automaton, every kind of surroundings read.
//! Made once.

use std::sync::LazyLock;

use language::text::{MAKERS, syllable};
use rustc_hash::{FxHashMap, FxHashSet};

use super::automaton::{Automaton, Hit};
use super::fold::{Folded, is_chinese};
use super::rule::{Asked, Category, Rule, When, words};
use super::rules::{HEARD_AS, MENDED, all};
use crate::check::finding::Risk;

/// A term of a rule as it may stand in a text.
#[derive(Debug)]
pub(super) struct Term {
    /// Nothing for the name of a maker.
    rule: Option<u16>,
    /// The term as the rule has it.
    plain: u32,
    /// Whether it is written otherwise than the rule has it.
    pub is_disguised: bool,
    pub n_chars: usize,
    /// Whether a letter or digit stands at its edge, so that none may stand beside it.
    edges: (bool, bool),
}

/// What a rule says of a term where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The rule does not speak of such a place.
    NoTerm,
    /// The rule speaks of it, and allows it.
    Lawful,
    Found(Risk),
}

#[derive(Debug)]
struct Surroundings {
    all: Vec<Asked>,
    only: Vec<Asked>,
    unless: Vec<Asked>,
    lower: Vec<Asked>,
    raise: Vec<Asked>,
}

#[derive(Debug)]
pub(super) struct Book {
    pub automaton: Automaton,
    pub terms: Vec<Term>,
    rules: Vec<(&'static Rule, Surroundings)>,
    /// Terms as the rules have them.
    plain: Vec<String>,
    mended: FxHashMap<&'static str, &'static str>,
}

pub(super) static BOOK: LazyLock<Book> = LazyLock::new(Book::read);

/// Makers' names beyond those of `language`, which customers use for them.
const MORE_BRANDS: &str =
    "iphone ipad macbook galaxy vivo oppo 雷鸟 拯救者 thinkpad surface 特斯拉 tcl 小天才 步步高 科大讯飞";

impl Book {
    fn read() -> Self {
        let mut read = Book {
            automaton: Automaton::new::<&str>(&[]),
            terms: Vec::new(),
            rules: Vec::new(),
            plain: Vec::new(),
            mended: MENDED.iter().copied().collect(),
        };
        let mut written = Vec::new();
        for rule in all() {
            let number = read.rules.len() as u16;
            read.rules.push((rule, Surroundings::read(rule)));
            for plain in words(rule.terms) {
                let mut ways = vec![plain.clone()];
                if rule.heard {
                    ways.extend(disguises(&plain));
                }
                read.add(&mut written, Some(number), &plain, ways);
            }
        }
        let makers = MAKERS.iter().flat_map(|maker| maker.names.iter().map(|name| (*name).to_owned()));
        for name in makers.chain(words(MORE_BRANDS)) {
            read.add(&mut written, None, &name.clone(), vec![name]);
        }
        read.automaton = Automaton::new(&written);
        read
    }

    fn add(&mut self, written: &mut Vec<String>, rule: Option<u16>, plain: &str, ways: Vec<String>) {
        let number = self.plain.len() as u32;
        self.plain.push(plain.to_owned());
        let mut seen = FxHashSet::default();
        for way in ways {
            if !seen.insert(way.clone()) {
                continue;
            }
            let edge = |character: Option<char>| character.is_some_and(|edge| edge.is_ascii_alphanumeric());
            self.terms.push(Term {
                rule,
                plain: number,
                is_disguised: way != plain,
                n_chars: way.chars().count(),
                edges: (edge(way.chars().next()), edge(way.chars().next_back())),
            });
            written.push(way);
        }
    }

    pub fn is_brand(&self, hit: Hit) -> bool {
        self.terms[hit.term as usize].rule.is_none()
    }

    /// The rule of a term that is no brand.
    pub fn rule(&self, term: u32) -> &'static Rule {
        let number = self.terms[term as usize].rule.expect("brands are kept apart");
        self.rules[usize::from(number)].0
    }

    pub fn category(&self, term: u32) -> Category {
        self.rule(term).category
    }

    /// Whether letters and digits at the term's edges are not parts of longer words.
    pub fn is_whole(&self, chars: &[char], hit: Hit) -> bool {
        let edges = self.terms[hit.term as usize].edges;
        let joins = |at: Option<&char>| at.is_some_and(char::is_ascii_alphanumeric);
        let before = hit.start.checked_sub(1).and_then(|at| chars.get(at));
        !(edges.0 && joins(before) || edges.1 && joins(chars.get(hit.end)))
    }

    pub fn judge(&self, text: &Folded, hit: Hit, brands: &[(usize, usize)]) -> Verdict {
        let number = self.terms[hit.term as usize].rule.expect("brands are kept apart");
        let (rule, around) = &self.rules[usize::from(number)];
        let holds = |asked: &Asked| asked.holds(text, hit.start, hit.end, brands);
        if !around.all.iter().all(holds) || (!around.only.is_empty() && !around.only.iter().any(holds)) {
            return Verdict::NoTerm;
        }
        if around.unless.iter().any(holds) {
            return Verdict::Lawful;
        }
        // Who hides a word does not mean it as a fact that can be proved.
        let is_hidden = self.terms[hit.term as usize].is_disguised || text.is_parted(hit.start..hit.end);
        if !is_hidden && around.lower.iter().any(holds) {
            return Verdict::Found(Risk::Note);
        }
        Verdict::Found(if around.raise.iter().any(holds) { Risk::Block } else { rule.risk })
    }

    /// What may be written instead.
    pub fn mended(&self, term: &Term) -> Option<String> {
        let plain = self.plain[term.plain as usize].as_str();
        if let Some(with) = self.mended.get(plain) {
            return Some((*with).to_owned());
        }
        let rest = plain.strip_prefix('最')?;
        (!rest.is_empty()).then(|| format!("很{rest}"))
    }
}

impl Surroundings {
    fn read(rule: &Rule) -> Self {
        let read = |when: &[When]| when.iter().map(Asked::new).collect();
        Surroundings {
            all: read(rule.all),
            only: read(rule.only),
            unless: read(rule.unless),
            lower: read(rule.lower),
            raise: read(rule.raise),
        }
    }
}

/// Letters from which a term in pinyin alone is believed.
const N_PINYIN_MIN: usize = 6;

/// Other ways to write a term so that it is read the same: one character by its pinyin, or by another with the same sound;
/// the first by its first letter; all in pinyin.
fn disguises(term: &str) -> Vec<String> {
    let chars: Vec<char> = term.chars().collect();
    let mut ways = Vec::new();
    if chars.len() < 2 {
        return ways;
    }
    let with = |at: usize, other: &str| -> String {
        let rest: String = chars[at + 1..].iter().collect();
        chars[..at].iter().collect::<String>() + other + &rest
    };
    let sounds: Vec<Option<String>> =
        chars.iter().map(|character| syllable(*character).map(|sound| sound.replace('ü', "v"))).collect();
    for (at, character) in chars.iter().enumerate() {
        if let Some(sound) = &sounds[at] {
            ways.push(with(at, sound));
        }
        let heard = HEARD_AS.iter().filter(|(plain, _)| plain == character).flat_map(|(_, heard)| heard.chars());
        ways.extend(heard.map(|other| with(at, other.encode_utf8(&mut [0; 4]))));
    }
    if let Some(sounds) = sounds.iter().cloned().collect::<Option<Vec<_>>>() {
        let all = sounds.concat();
        if all.len() >= N_PINYIN_MIN {
            ways.push(all);
        }
        if chars.len() >= 3 && is_chinese(chars[1]) {
            ways.push(with(0, &sounds[0][..1]));
        }
    }
    ways
}
