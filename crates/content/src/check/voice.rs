//! How a brand speaks: words and manners learned from its own texts against a background of others', and hard rules that a
//! person wrote (forbidden words, the right form of a term, phrases that must stand). Learned findings are notes; only the
//! rules stop a text.
//!
//! Words by the log-odds ratio with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008, doi:10.1093/pan/mpn018);
//! words are Latin words and pairs of Chinese characters. Manners by their mean and spread over the samples.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::finding::{Check, Finding, Fix, Places, Risk, Said};
use super::law::{FoldedText, Terms};

/// What a person laid down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rules {
    /// Never said, however written.
    pub forbidden: Vec<String>,
    pub glossary: Vec<Term>,
    /// Each has to stand in every text.
    pub required: Vec<String>,
    /// What holds beside that for goods of a category or a brand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scoped: Vec<Scoped>,
}

/// Rules for some of the goods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scoped {
    #[serde(flatten)]
    pub scope: Scope,
    pub forbidden: Vec<String>,
    pub glossary: Vec<Term>,
    pub required: Vec<String>,
}

/// Which goods: those at or below a category, those of a brand, or, where both are given, those that are both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scope {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
}

impl Scope {
    /// Whether a product is one of them. Brands are the same whatever their capitals.
    pub fn covers(&self, category: Option<&str>, brand: Option<&str>) -> bool {
        let is_below = |wanted: &String| {
            category.is_some_and(|path| {
                path.strip_prefix(wanted.trim_end_matches('/'))
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        let is_of =
            |wanted: &String| brand.is_some_and(|brand| brand.trim().to_lowercase() == wanted.trim().to_lowercase());
        (self.category.is_some() || self.brand.is_some())
            && self.category.as_ref().is_none_or(is_below)
            && self.brand.as_ref().is_none_or(is_of)
    }

    /// How a finding names a rule of it.
    fn named(&self) -> (String, String) {
        let (mut zh, mut en) = (Vec::new(), Vec::new());
        if let Some(category) = &self.category {
            zh.push(format!("类目“{category}”"));
            en.push(format!("the category “{category}”"));
        }
        if let Some(brand) = &self.brand {
            zh.push(format!("品牌“{brand}”"));
            en.push(format!("the brand “{brand}”"));
        }
        (format!("（{}的规定）", zh.join("、")), format!(" (a rule of {})", en.join(" and ")))
    }
}

impl Rules {
    /// What holds for a product: everybody's rules, and those of its category and brand.
    pub fn in_force(&self, category: Option<&str>, brand: Option<&str>) -> Rules {
        let covers = |one: &&Scoped| one.scope.covers(category, brand);
        Rules { scoped: self.scoped.iter().filter(covers).cloned().collect(), ..self.clone() }
    }

    /// The same without phrases that must stand: for one field of several.
    pub(crate) fn without_required(mut self) -> Rules {
        self.required.clear();
        self.scoped.iter_mut().for_each(|one| one.required.clear());
        self
    }

    /// The phrases that must stand alone.
    pub(crate) fn only_required(mut self) -> Rules {
        (self.forbidden, self.glossary) = (Vec::new(), Vec::new());
        for one in &mut self.scoped {
            (one.forbidden, one.glossary) = (Vec::new(), Vec::new());
        }
        self
    }

    /// Everybody's, then those for some of the goods.
    fn sets(&self) -> impl Iterator<Item = Set<'_>> {
        let own = Set { scope: None, forbidden: &self.forbidden, glossary: &self.glossary, required: &self.required };
        std::iter::once(own).chain(self.scoped.iter().map(|one| Set {
            scope: Some(&one.scope),
            forbidden: &one.forbidden,
            glossary: &one.glossary,
            required: &one.required,
        }))
    }
}

/// One set of rules, with whose they are.
struct Set<'r> {
    scope: Option<&'r Scope>,
    forbidden: &'r [String],
    glossary: &'r [Term],
    required: &'r [String],
}

/// The right form of a term.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Term {
    pub say: String,
    pub instead_of: Vec<String>,
}

/// A manner of writing: mean over the samples and their standard deviation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Habit {
    pub mean: f64,
    pub spread: f64,
}

/// A brand's voice as learned. Small: words that tell, and six habits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Voice {
    pub n_samples: usize,
    /// Words that tell the brand from the background, by their z-score: above 0 its own, below 0 strange to it.
    pub words: BTreeMap<String, f64>,
    pub habits: BTreeMap<String, Habit>,
}

/// How a shop speaks: its own voice, and those of brands that it sells in their own words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Voices {
    pub shop: Voice,
    /// By the brand's name in lower case.
    pub of_brands: BTreeMap<String, Voice>,
}

impl Voices {
    /// The voice for a brand's goods: its own where one was learned, else the shop's.
    pub fn of(&self, brand: Option<&str>) -> &Voice {
        let own = brand.and_then(|brand| self.of_brands.get(&brand.trim().to_lowercase()));
        own.filter(|voice| voice.n_samples >= N_SAMPLES_MIN).unwrap_or(&self.shop)
    }
}

/// How a text sounds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VoiceReport {
    pub findings: Vec<Finding>,
    /// Mean z-score of the text's words, each held to ±5: above 0 it sounds like the brand. 0 if no word tells.
    pub score: f64,
}

/// From which a word tells: two-sided 1%.
const Z_MIN: f64 = 2.576;
/// A habit this many spreads away is told.
const N_SPREADS: f64 = 3.0;
/// Samples below which nothing is learned.
pub const N_SAMPLES_MIN: usize = 10;
/// Strange words of one text that are told.
const N_STRANGE_MAX: usize = 5;

type Counts = BTreeMap<String, f64>;

/// Learns a voice from the brand's texts and a background of others'. With fewer than [`N_SAMPLES_MIN`] samples it knows
/// nothing and finds nothing.
pub fn learn<S: AsRef<str>, B: AsRef<str>>(samples: &[S], background: &[B]) -> Voice {
    let mut voice = Voice { n_samples: samples.len(), ..Voice::default() };
    if samples.len() < N_SAMPLES_MIN {
        return voice;
    }
    let own = count(samples.iter().map(AsRef::as_ref));
    let others = count(background.iter().map(AsRef::as_ref));
    voice.words = telling(&own, &others);
    let measured: Vec<_> = samples.iter().map(|text| habits(text.as_ref())).collect();
    for (at, (name, _)) in HABITS.iter().enumerate() {
        voice.habits.insert((*name).to_owned(), spread(measured.iter().map(|habits| habits[at])));
    }
    voice
}

/// Checks a text against a voice and against rules.
pub fn check(text: &str, voice: &Voice, rules: &Rules) -> VoiceReport {
    let places = Places::new(text);
    let mut report = VoiceReport { findings: ruled(&places, rules), score: 0.0 };
    if voice.n_samples < N_SAMPLES_MIN {
        return report;
    }
    let folded = FoldedText::new(text);
    let said: Vec<(f64, Range<usize>)> =
        words(&folded).filter_map(|(word, at)| Some((*voice.words.get(&word)?, at))).collect();
    if !said.is_empty() {
        report.score = said.iter().map(|(z, _)| z.clamp(-5.0, 5.0)).sum::<f64>() / said.len() as f64;
    }
    for range in strange(&said) {
        report.findings.push(strange_word(&places, folded.original(range)));
    }
    report.findings.extend(unlike(text, voice));
    report
}

/// Words with their characters: Latin words whole, Chinese in pairs that overlap.
fn words<'a>(folded: &'a FoldedText) -> impl Iterator<Item = (String, Range<usize>)> + 'a {
    let chars = &folded.chars;
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < chars.len() {
            let from = at;
            if chars[at].is_ascii_alphabetic() {
                while chars.get(at).is_some_and(|character| character.is_ascii_alphabetic() || *character == '\'') {
                    at += 1;
                }
                return Some((chars[from..at].iter().collect(), from..at));
            }
            at += 1;
            let is_chinese = |at: usize| chars.get(at).is_some_and(|one| ('\u{4e00}'..='\u{9fff}').contains(one));
            if is_chinese(from) && is_chinese(from + 1) {
                return Some((chars[from..from + 2].iter().collect(), from..from + 2));
            }
        }
        None
    })
}

fn count<'a>(texts: impl Iterator<Item = &'a str>) -> Counts {
    let mut counts = Counts::new();
    for text in texts {
        for (word, _) in words(&FoldedText::new(text)) {
            *counts.entry(word).or_default() += 1.0;
        }
    }
    counts
}

/// Words with |z| from `Z_MIN`. The prior of a word is how often both together say it, scaled to a thousand words.
fn telling(own: &Counts, others: &Counts) -> BTreeMap<String, f64> {
    let total = |counts: &Counts| counts.values().sum::<f64>();
    let (n_own, n_others) = (total(own), total(others));
    if n_own == 0.0 || n_others == 0.0 {
        return BTreeMap::new();
    }
    let n_prior = 1000f64.min(n_own + n_others);
    let scale = n_prior / (n_own + n_others);
    let all = own.keys().chain(others.keys().filter(|word| !own.contains_key(*word)));
    let mut telling = BTreeMap::new();
    for word in all {
        let (a, b) = (own.get(word).copied().unwrap_or(0.0), others.get(word).copied().unwrap_or(0.0));
        let prior = (a + b) * scale;
        let odds = |count: f64, n: f64| ((count + prior) / (n + n_prior - count - prior)).ln();
        let spread = (1.0 / (a + prior) + 1.0 / (b + prior)).sqrt();
        let z = (odds(a, n_own) - odds(b, n_others)) / spread;
        if z.abs() >= Z_MIN && z.is_finite() {
            telling.insert(word.clone(), z);
        }
    }
    telling
}

/// The parts of a text whose words are all strange to the brand, the strangest first.
fn strange(said: &[(f64, Range<usize>)]) -> Vec<Range<usize>> {
    let mut parts: Vec<(f64, Range<usize>)> = Vec::new();
    for (z, range) in said.iter().filter(|(z, _)| *z < 0.0) {
        match parts.last_mut() {
            Some((worst, part)) if range.start <= part.end => {
                part.end = range.end;
                *worst = worst.min(*z);
            }
            _ => parts.push((*z, range.clone())),
        }
    }
    parts.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.start.cmp(&b.1.start)));
    parts.truncate(N_STRANGE_MAX);
    parts.sort_by_key(|part| part.1.start);
    parts.into_iter().map(|part| part.1).collect()
}

/// Habits by name, with what is said of a text that has another.
const HABITS: [(&str, (&str, &str)); 6] = [
    ("sentence_length", ("句子长短", "the length of sentences")),
    ("exclamations", ("感叹号多少", "the number of exclamation marks")),
    ("questions", ("问句多少", "the number of questions")),
    ("emoji", ("表情符号多少", "the number of emoji")),
    ("latin", ("英文多少", "the share of Latin letters")),
    ("polite_you", ("“您”与“你”", "the polite or plain “you”")),
];

/// In the order of [`HABITS`]: characters a sentence; marks a sentence; emoji and Latin letters a character; 您 of 您 and 你.
fn habits(text: &str) -> [f64; 6] {
    let (mut n, mut n_sentences, mut n_exclaimed, mut n_asked, mut n_emoji, mut n_latin, mut n_polite, mut n_plain) =
        (0.0f64, 0.0f64, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0f64);
    let mut after_mark = true;
    for character in text.chars() {
        n += 1.0;
        let is_mark = matches!(character, '。' | '！' | '!' | '？' | '?' | '.' | '\n' | '；' | ';');
        if is_mark && !after_mark {
            n_sentences += 1.0;
        }
        after_mark = is_mark || (after_mark && character.is_whitespace());
        match character {
            '！' | '!' => n_exclaimed += 1.0,
            '？' | '?' => n_asked += 1.0,
            '您' => n_polite += 1.0,
            '你' => n_plain += 1.0,
            _ if character.is_ascii_alphabetic() => n_latin += 1.0,
            _ if matches!(character as u32, 0x1f000..=0x1faff | 0x2600..=0x27bf) => n_emoji += 1.0,
            _ => {}
        }
    }
    if !after_mark {
        n_sentences += 1.0;
    }
    let (n, sentences) = (n.max(1.0), n_sentences.max(1.0));
    // Without a "you" neither is preferred.
    let polite = if n_polite + n_plain == 0.0 { 0.5 } else { n_polite / (n_polite + n_plain) };
    [n / sentences, n_exclaimed / sentences, n_asked / sentences, n_emoji / n, n_latin / n, polite]
}

fn spread(values: impl Iterator<Item = f64> + Clone) -> Habit {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    let square = values.map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    Habit { mean, spread: square.sqrt() }
}

/// The least that counts as a spread, so that samples that are all alike do not make every other text strange. In the order
/// of [`HABITS`].
const SPREADS_MIN: [f64; 6] = [4.0, 0.25, 0.25, 0.02, 0.1, 0.15];

fn unlike(text: &str, voice: &Voice) -> Vec<Finding> {
    let measured = habits(text);
    let mut found = Vec::new();
    for (at, (name, (zh, en))) in HABITS.iter().enumerate() {
        let Some(habit) = voice.habits.get(*name) else { continue };
        let value = measured[at];
        if (value - habit.mean).abs() <= N_SPREADS * habit.spread.max(SPREADS_MIN[at]) {
            continue;
        }
        found.push(Finding {
            message: Said::new(
                format!("{zh}与品牌的习惯不同：{value:.2}，平常 {:.2}", habit.mean),
                format!("{en} is not the brand's: {value:.2}, usually {:.2}", habit.mean),
            ),
            ..voice_finding(name, Risk::Note)
        });
    }
    found
}

fn voice_finding(category: &'static str, risk: Risk) -> Finding {
    Finding {
        check: Check::Voice,
        category: Cow::Borrowed(category),
        risk,
        span: None,
        matched: String::new(),
        article: None,
        message: Said::default(),
        suggestion: Said::fixed("按品牌的写法改", "write it the brand's way"),
        fix: None,
    }
}

fn strange_word(places: &Places, bytes: Range<usize>) -> Finding {
    let matched = places.words(&bytes);
    Finding {
        message: Said::new(format!("品牌很少说“{matched}”"), format!("the brand rarely says “{matched}”")),
        span: Some(places.span(bytes)),
        matched,
        ..voice_finding("strange_word", Risk::Note)
    }
}

/// A word that may not stand: what is said instead, if anything, and whose rule it is.
type Banned<'r> = (&'r String, Option<&'r String>, Option<&'r Scope>);

/// What the hard rules say of a text. Rules for some of the goods hold if they are given: see [`Rules::in_force`].
fn ruled(places: &Places, rules: &Rules) -> Vec<Finding> {
    let folded = FoldedText::new(places.text());
    let form = |word: &str| FoldedText::new(word).chars.iter().collect::<String>();
    let mut all: Vec<Banned> = Vec::new();
    for Set { scope, forbidden, glossary, .. } in rules.sets() {
        all.extend(forbidden.iter().map(|word| (word, None, scope)));
        all.extend(
            glossary.iter().flat_map(|term| term.instead_of.iter().map(move |word| (word, Some(&term.say), scope))),
        );
    }
    let written: Vec<String> = all.iter().map(|(word, ..)| form(word)).collect();
    let mut hits = Vec::new();
    Terms::new(&written).each(&folded.chars, |hit| {
        let joins = |at: Option<&char>| at.is_some_and(char::is_ascii_alphanumeric);
        let edge = |own: Option<char>| own.is_some_and(|own| own.is_ascii_alphanumeric());
        let word = &written[hit.term as usize];
        let inside = edge(word.chars().next()) && joins(hit.start.checked_sub(1).and_then(|at| folded.chars.get(at)))
            || edge(word.chars().next_back()) && joins(folded.chars.get(hit.end));
        if !inside {
            hits.push(hit);
        }
    });
    hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
    let mut found: Vec<Finding> = Vec::new();
    for hit in hits {
        let bytes = folded.original(hit.start..hit.end);
        let banned = all[hit.term as usize];
        // The right form may hold a wrong one: 鸿蒙系统 holds 鸿蒙.
        if banned.1.is_some_and(|say| stands_around(places.text(), &bytes, say)) {
            continue;
        }
        found.push(of_rule(places, bytes, banned));
    }
    let text: String = folded.chars.iter().collect();
    for Set { scope, required, .. } in rules.sets() {
        let (whose_zh, whose_en) = scope.map(Scope::named).unwrap_or_default();
        let missing = required.iter().filter(|phrase| !text.contains(&form(phrase)));
        found.extend(missing.map(|phrase| Finding {
            message: Said::new(format!("缺少“{phrase}”{whose_zh}"), format!("“{phrase}” is missing{whose_en}")),
            suggestion: Said::fixed("补上", "add it"),
            ..voice_finding("required", Risk::Block)
        }));
    }
    found
}

/// Whether these bytes lie within a place where `whole` stands.
fn stands_around(text: &str, bytes: &Range<usize>, whole: &str) -> bool {
    let from = text.floor_char_boundary(bytes.start.saturating_sub(whole.len()));
    let to = text.ceil_char_boundary((bytes.end + whole.len()).min(text.len()));
    !whole.is_empty()
        && text[from..to]
            .match_indices(whole)
            .any(|(at, _)| from + at <= bytes.start && bytes.end <= from + at + whole.len())
}

fn of_rule(places: &Places, bytes: Range<usize>, (word, say, scope): Banned) -> Finding {
    let matched = places.words(&bytes);
    let span = places.span(bytes);
    let (whose_zh, whose_en) = scope.map(Scope::named).unwrap_or_default();
    let (category, risk, message) = match say {
        None => (
            "forbidden",
            Risk::Block,
            Said::new(format!("“{word}”是禁用词{whose_zh}"), format!("“{word}” is forbidden{whose_en}")),
        ),
        Some(say) => (
            "glossary",
            Risk::Review,
            Said::new(
                format!("“{matched}”应写作“{say}”{whose_zh}"),
                format!("“{matched}” is written “{say}”{whose_en}"),
            ),
        ),
    };
    let with = say.cloned().unwrap_or_default();
    Finding {
        message,
        matched,
        fix: Some(Fix { span: span.clone(), with }),
        span: Some(span),
        ..voice_finding(category, risk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: &[&str] = &[];

    #[test]
    fn rules_stop_and_mend() {
        let rules = Rules {
            forbidden: vec!["亲".into()],
            glossary: vec![Term { say: "鸿蒙系统".into(), instead_of: vec!["鸿蒙".into(), "HarmonyOS".into()] }],
            required: vec!["星曜".into()],
            ..Rules::default()
        };
        let text = "亲，鸿蒙系统比harmonyos好认";
        let report = check(text, &Voice::default(), &rules);
        let said: Vec<_> = report.findings.iter().map(|one| (one.category.as_ref(), one.matched.as_str())).collect();
        assert_eq!(said, [("forbidden", "亲"), ("glossary", "harmonyos"), ("required", "")]);
        let fixes = report.findings.iter().filter_map(|one| one.fix.as_ref());
        assert_eq!(super::super::finding::apply(text, fixes).0, "，鸿蒙系统比鸿蒙系统好认");
    }

    #[test]
    fn rules_of_a_category_and_a_brand_hold_for_their_goods_alone() {
        let scoped = |category: Option<&str>, brand: Option<&str>, word: &str| Scoped {
            scope: Scope { category: category.map(str::to_owned), brand: brand.map(str::to_owned) },
            forbidden: vec![word.to_owned()],
            ..Scoped::default()
        };
        let rules = Rules {
            forbidden: vec!["亲".into()],
            scoped: vec![
                scoped(Some("手机"), None, "水果机"),
                scoped(None, Some("Astra"), "星曜"),
                scoped(Some("手机"), Some("Astra"), "旗舰"),
                Scoped { forbidden: vec!["好".into()], ..Scoped::default() },
            ],
            ..Rules::default()
        };
        let text = "亲，水果机和星曜，都是旗舰，好";
        let found = |category: Option<&str>, brand: Option<&str>| -> Vec<(String, String)> {
            let report = check(text, &Voice::default(), &rules.in_force(category, brand));
            report.findings.into_iter().map(|one| (one.matched, one.message.en.into_owned())).collect()
        };
        let words = |found: &[(String, String)]| found.iter().map(|one| one.0.clone()).collect::<Vec<_>>();
        assert_eq!(words(&found(None, None)), ["亲"], "a rule without a scope holds nowhere");
        assert_eq!(words(&found(Some("手机壳"), None)), ["亲"], "another category that begins alike");
        let phone = found(Some("手机/智能手机"), Some("Borea"));
        assert_eq!(words(&phone), ["亲", "水果机"]);
        assert_eq!(phone[1].1, "“水果机” is forbidden (a rule of the category “手机”)");
        let astra = found(Some("手机"), Some("astra "));
        assert_eq!(words(&astra), ["亲", "水果机", "星曜", "旗舰"]);
        assert_eq!(astra[3].1, "“旗舰” is forbidden (a rule of the category “手机” and the brand “Astra”)");
        let json = serde_json::to_string(&rules).unwrap();
        assert_eq!(serde_json::from_str::<Rules>(&json).unwrap(), rules);
        // As rules were kept before there were any for some of the goods.
        let before: Rules = serde_json::from_str(r#"{"forbidden":["亲"],"glossary":[],"required":[]}"#).unwrap();
        assert_eq!(before.in_force(Some("手机"), None).forbidden, ["亲"]);
    }

    #[test]
    fn a_brand_has_a_voice_of_its_own_or_the_shops() {
        let samples = vec!["屏幕清楚，续航够用。"; N_SAMPLES_MIN];
        let voice = learn(&samples, &["家人们冲啊！"]);
        let few = learn(&samples[..2], &["家人们冲啊！"]);
        let of_brands = [("astra".to_owned(), voice.clone()), ("borea".to_owned(), few)].into();
        let voices = Voices { shop: Voice::default(), of_brands };
        assert_eq!(voices.of(Some(" Astra")), &voice);
        for other in [None, Some("Borea"), Some("Cirra")] {
            assert_eq!(voices.of(other), &Voice::default(), "{other:?}");
        }
    }

    #[test]
    fn a_voice_is_told_from_another() {
        let plain: Vec<String> =
            (0..30).map(|at| format!("屏幕清楚，续航够用，第{at}天也不用充电。您可以放心出门。")).collect();
        let loud: Vec<String> = (0..30).map(|at| format!("家人们冲啊！第{at}波福利来了！你还等什么！！")).collect();
        let voice = learn(&plain, &loud);
        assert!(voice.words["续航"] > Z_MIN && voice.words["家人"] < -Z_MIN);
        let rules = Rules::default();
        let own = check("续航够用，您可以放心。屏幕清楚，不用充电。", &voice, &rules);
        assert!(own.score > 0.0 && own.findings.is_empty(), "{own:?}");
        let strange = check("家人们冲啊！你还等什么！", &voice, &rules);
        assert!(strange.score < 0.0);
        let said: Vec<_> = strange.findings.iter().map(|one| one.category.as_ref()).collect();
        assert!(
            said.contains(&"strange_word") && said.contains(&"exclamations") && said.contains(&"polite_you"),
            "{said:?}"
        );
    }

    #[test]
    fn too_few_samples_say_nothing() {
        let voice = learn(&["好"], NONE);
        assert_eq!(check("任何话！！！", &voice, &Rules::default()), VoiceReport::default());
    }

    #[test]
    fn the_z_score_is_that_of_the_paper() {
        // Two words, ten against ten: own says a eight times, the others twice. The prior of each is (8 + 2) × 20 / 20.
        let own = Counts::from([("a".into(), 8.0), ("b".into(), 2.0)]);
        let others = Counts::from([("a".into(), 2.0), ("b".into(), 8.0)]);
        let z = ((18.0f64 / 12.0).ln() - (12.0f64 / 18.0).ln()) / (1.0f64 / 18.0 + 1.0 / 12.0).sqrt();
        // 2.176: below the threshold, so both are left out.
        assert!((z - 2.176).abs() < 1e-3 && telling(&own, &others).is_empty());
    }
}
