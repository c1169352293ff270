//! Questions and texts as words that can be compared, whatever they are written as: stems of English, Chinese words as the
//! tokeniser cuts them, sizes in one spelling (`16 GB`: `16gb`), and words of one meaning as one [`concept`](super::concepts).
//! What a word says of a question stands in [`Counts`]. Nothing is ranked here.

use std::borrow::Cow;
use std::sync::LazyLock;

use language::search::stem;
use language::text::{Mode, Normaliser, Tokeniser};
use regex::Regex;
use rustc_hash::{FxHashMap, FxHashSet};

use super::concepts::{self, Asked, Concept};

/// Bytes of a question that are looked at; the rest of a longer one is left out.
pub(crate) const QUESTION_MAX: usize = 2_000;
/// Words of a question that are looked at.
const WORDS_MAX: usize = 48;
/// Bytes of a word; longer runs of letters are no words.
const WORD_MAX: usize = 48;

/// One form for widths, case and traditional characters.
pub(crate) fn fold(text: &str) -> String {
    let normal = Normaliser { simplify: true, fold_case: true, max_repeats: 0, keep_lines: true }.apply(text);
    match normal.into_text() {
        Cow::Borrowed(same) => same.to_owned(),
        Cow::Owned(text) => text,
    }
}

/// The beginning of a text, at most `most` bytes, whole characters.
pub(crate) fn beginning(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let end = (0..=most).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    &text[..end]
}

/// Characters that are words or syllables by themselves.
pub(crate) fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// A run of a folded text.
pub(crate) enum Run<'a> {
    Ideographs(&'a str),
    /// Letters and digits of other scripts.
    Letters(&'a str),
}

/// Calls `each` for every run of ideographs, and every word in letters, in order.
pub(crate) fn each_run<'a>(folded: &'a str, mut each: impl FnMut(Run<'a>)) {
    let mut at = 0;
    while let Some(first) = folded[at..].chars().next() {
        let rest = &folded[at..];
        if first == ' ' {
            at += 1;
        } else if is_ideograph(first) {
            let end = rest.find(|character| !is_ideograph(character)).unwrap_or(rest.len());
            each(Run::Ideographs(&rest[..end]));
            at += end;
        } else if first.is_alphanumeric() {
            let end = word_end(rest);
            each(Run::Letters(beginning(&rest[..end], WORD_MAX)));
            at += end + possessive(&rest[end..]);
        } else {
            at += first.len_utf8();
        }
    }
}

/// Where a word in letters ends; a point between digits belongs to it.
fn word_end(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    // Most words are of letters that need no table.
    let plain = bytes.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(bytes.len());
    for (at, character) in rest[plain..].char_indices().map(|(at, character)| (plain + at, character)) {
        let is_point = character == '.'
            && at > 0
            && bytes[at - 1].is_ascii_digit()
            && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        if !is_point && (!character.is_alphanumeric() || is_ideograph(character)) {
            return at;
        }
    }
    rest.len()
}

/// Bytes of `'s` and the like, which say nothing.
fn possessive(rest: &str) -> usize {
    let Some(after) = rest.strip_prefix(['\'', '’']) else { return 0 };
    let letters = after.bytes().take_while(u8::is_ascii_lowercase).count();
    if letters <= 2 { rest.len() - after.len() + letters } else { 0 }
}

/// Units that belong to the number before them.
const UNITS: &[&str] = &[
    "a", "cm", "db", "fps", "g", "gb", "ghz", "hz", "in", "inch", "k", "kg", "kw", "l", "m", "mah", "mb", "mm", "mp",
    "ms", "nits", "t", "tb", "v", "w", "wh",
];
/// Letters of the longest of them.
const UNIT_MAX: usize = 4;

/// The words in letters of a folded text, stemmed, in order; a number and its unit are one.
pub(crate) fn letters(folded: &str) -> Vec<String> {
    let mut line = String::new();
    push_letters(folded, &mut line);
    line.split_terminator(' ').map(str::to_owned).collect()
}

/// Adds the words in letters of a folded text to a line of words, a space after each. No word has a space in it.
fn push_letters(folded: &str, line: &mut String) {
    let mut scratch = String::new();
    // Where the last word of this text begins in the line.
    let mut last: Option<usize> = None;
    each_run(folded, |run| {
        let Run::Letters(word) = run else { return };
        let number = last.filter(|_| word.len() <= UNIT_MAX && UNITS.binary_search(&word).is_ok());
        match number {
            Some(at) if line[at..].bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b' ')) => {
                line.pop();
                line.push_str(word);
            }
            _ => {
                last = Some(line.len());
                line.push_str(stem(word, &mut scratch));
            }
        }
        line.push(' ');
    });
}

/// A text in the form in which words are looked for in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    folded: String,
    /// Its words in letters with a space before, between and after them.
    line: String,
}

impl View {
    pub(crate) fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut view = View { folded: String::new(), line: String::from(" ") };
        parts.into_iter().for_each(|part| view.add(part));
        view
    }

    /// The view with one more part behind.
    pub(crate) fn and(mut self, part: &str) -> Self {
        self.add(part);
        self
    }

    fn add(&mut self, part: &str) {
        let folded = fold(part);
        push_letters(&folded, &mut self.line);
        self.folded.push_str(&folded);
        self.folded.push('\n');
    }

    /// Whether a form stands in the text: of ideographs anywhere, of letters as whole words.
    pub(crate) fn has(&self, form: &Form) -> bool {
        if form.is_chinese { self.folded.contains(&form.text) } else { self.line.contains(&form.text) }
    }

    /// Whether a number stands in it with a unit behind.
    pub(crate) fn has_amount(&self, number: &str) -> bool {
        let is_unit = |rest: &str| UNITS.binary_search(&rest).is_ok();
        self.words().any(|word| word.strip_prefix(number).is_some_and(is_unit))
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.line.split(' ').filter(|word| !word.is_empty())
    }

    /// Whether digits stand in it, or words for numbers.
    pub(crate) fn has_number(&self) -> bool {
        const WORDS: &[&str] = &[" one ", " two ", " three ", " five ", " seven ", " ten ", " twelve "];
        self.folded.bytes().any(|byte| byte.is_ascii_digit())
            || WORDS.iter().any(|word| self.line.contains(word))
            || ["一年", "两年", "三年", "半年", "一个月", "七天", "一周", "全年"]
                .iter()
                .any(|word| self.folded.contains(word))
    }
}

/// What a word may be written as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// Ideographs as they are; stems in letters with a space before, between and after them.
    pub text: String,
    pub is_chinese: bool,
}

impl Form {
    pub(crate) fn new(word: &str) -> Self {
        let folded = fold(word);
        let is_chinese = folded.chars().next().is_some_and(is_ideograph);
        let text = if is_chinese { folded } else { format!(" {} ", letters(&folded).join(" ")) };
        Form { text, is_chinese }
    }

    fn stemmed(word: &str) -> Self {
        Form { text: format!(" {word} "), is_chinese: false }
    }

    pub(crate) fn plain(&self) -> &str {
        self.text.trim()
    }
}

/// A word of a question that says what it is about.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    /// As it stands in the question.
    pub own: Form,
    pub concept: Option<&'static Concept>,
    /// 0 to 1: a word that people use around what they ask says little.
    pub says: f32,
}

impl Word {
    /// Whether both mean the same.
    pub(crate) fn is_same(&self, other: &Word) -> bool {
        match (self.concept, other.concept) {
            (Some(own), Some(other)) => own.name == other.name,
            _ => self.own == other.own,
        }
    }

    /// How much of the word a text has, 0 to 1: as it stands, or as a word of one meaning, or in part.
    pub(crate) fn found_in(&self, view: &View) -> f32 {
        if view.has(&self.own) {
            return 1.0;
        }
        if self.concept.is_some_and(|concept| concept.forms.iter().any(|form| view.has(form))) {
            return 0.9;
        }
        self.in_part(view)
    }

    /// The same by its own form alone, whatever it means.
    pub(crate) fn stands_in(&self, view: &View) -> f32 {
        if view.has(&self.own) { 1.0 } else { self.in_part(view) }
    }

    fn in_part(&self, view: &View) -> f32 {
        if self.own.is_chinese { self.pairs_in(view) } else { self.alike_in(view) }
    }

    /// As [`Word::found_in`], or what is done in the case that the word names, by half: of a cracked screen what a repair costs.
    pub(crate) fn answered_in(&self, view: &View) -> f32 {
        let found = self.found_in(view);
        let remedy = || self.concept.and_then(|concept| concept.remedy());
        if found > 0.0 || remedy().is_none_or(|remedy| remedy.forms.iter().all(|form| !view.has(form))) {
            return found;
        }
        0.5
    }

    /// The part of a long Chinese word's neighbouring pairs that stand in the text.
    fn pairs_in(&self, view: &View) -> f32 {
        let pairs: Vec<String> = pairs(&self.own.text).map(|(a, b)| [a, b].iter().collect()).collect();
        if pairs.len() < 2 {
            return 0.0;
        }
        let n_found = pairs.iter().filter(|pair| view.folded.contains(pair.as_str())).count();
        0.8 * n_found as f32 / pairs.len() as f32
    }

    /// Words of one family (`connection`, `connect`), and misspellings.
    fn alike_in(&self, view: &View) -> f32 {
        let own = self.own.plain();
        if own.len() < 5 || !own.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return 0.0;
        }
        view.words().map(|word| alike(own, word)).fold(0.0, f32::max)
    }
}

fn alike(a: &str, b: &str) -> f32 {
    if b.len() < 4 || !b.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return 0.0;
    }
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let (short, long) = (a.len().min(b.len()), a.len().max(b.len()));
    if same >= 5 && same == short && long - short <= 5 {
        return 0.8;
    }
    if same >= 5 && same * 4 >= long * 3 {
        return 0.6;
    }
    let allowed = if short >= 8 { 2 } else { 1 };
    let misspelt = same >= 1 && short >= 5 && long - short <= allowed && edits(a, b) <= allowed;
    if misspelt { 0.7 } else { 0.0 }
}

/// Letters to change, add, leave out or swap with a neighbour (Damerau 1964).
pub(crate) fn edits(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut rows = [vec![0; b.len() + 1], (0..=b.len()).collect(), vec![0; b.len() + 1]];
    for i in 1..=a.len() {
        rows[2][0] = i;
        for j in 1..=b.len() {
            let changed = rows[1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(rows[1][j] + 1).min(rows[2][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[0][j - 2] + 1);
            }
            rows[2][j] = least;
        }
        rows.rotate_left(1);
    }
    rows[1][b.len()]
}

fn pairs(text: &str) -> impl Iterator<Item = (char, char)> + '_ {
    text.chars().zip(text.chars().skip(1))
}

/// Verbs that take a measure word before what they are done to, those words, and of `换`, which without a thing asks for another
/// one, the beginnings of what it then is done to.
const MEASURED: &str = "清打开退修贴装补改刷充办";
const MEASURES: &str = "个块张";
const CHANGED: &str = "屏电键后主硬内风";

/// A folded question with verb and thing beside each other: `清个灰` is `清灰`, `换块屏` is `换屏`.
fn joined(folded: String) -> String {
    if !folded.contains(|character| MEASURES.contains(character)) {
        return folded;
    }
    let characters: Vec<char> = folded.chars().collect();
    let is_between = |at: usize| {
        let (Some(&before), Some(&after)) =
            (at.checked_sub(1).and_then(|at| characters.get(at)), characters.get(at + 1))
        else {
            return false;
        };
        MEASURES.contains(characters[at])
            && is_ideograph(after)
            && (MEASURED.contains(before) || before == '换' && CHANGED.contains(after))
    };
    (0..characters.len()).filter(|&at| !is_between(at)).map(|at| characters[at]).collect()
}

/// A folded question with the number behind the word that it cuts in two: `分12期` is `分期12期`.
fn instalments(folded: String) -> String {
    static CUT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"分([0-9]{1,2}|[三六九十]|十二|二十四)个?期").expect("a sound pattern"));
    if !folded.contains('期') {
        return folded;
    }
    CUT.replace_all(&folded, "分期 ${1}期 ").into_owned()
}

/// A question cut into what it is about and what kind of answer it wants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Question {
    pub words: Vec<Word>,
    pub asked: Vec<Asked>,
    /// Numbers and names with digits, in order.
    pub numbers: Vec<String>,
    pub is_negative: bool,
}

impl Question {
    pub(crate) fn new(text: &str, tokeniser: &Tokeniser) -> Self {
        let folded = instalments(joined(fold(beginning(text, QUESTION_MAX))));
        let mut question = Question { asked: concepts::asked(&folded), ..Question::default() };
        let tokeniser = tokeniser.clone().mode(Mode::Exact).without_punctuation();
        let mut seen = FxHashSet::default();
        each_run(&folded, |run| {
            if let Run::Ideographs(run) = run {
                concepts::chinese(run, &mut |piece| question.chinese(piece, &tokeniser, &mut seen));
            }
        });
        concepts::english(&letters(&folded), &mut |piece| question.english(piece, &mut seen));
        question.is_negative = concepts::is_negative(&folded);
        question.words.truncate(WORDS_MAX);
        question
    }

    fn chinese(&mut self, piece: concepts::Piece<&str>, tokeniser: &Tokeniser, seen: &mut FxHashSet<String>) {
        match piece {
            concepts::Piece::Known(text, concept) => {
                let own = Form { text: text.to_owned(), is_chinese: true };
                self.add(Word { own, concept: Some(concept), says: concept.says() }, seen);
            }
            concepts::Piece::Plain(text) => {
                for token in tokeniser.tokenise(text) {
                    let says = concepts::says(&token.text);
                    let own = Form { text: token.text.into_owned(), is_chinese: true };
                    self.add(Word { own, concept: None, says }, seen);
                }
            }
        }
    }

    fn english(&mut self, piece: concepts::Piece<&[String]>, seen: &mut FxHashSet<String>) {
        match piece {
            concepts::Piece::Known(words, concept) => {
                let own = Form::stemmed(&words.join(" "));
                self.add(Word { own, concept: Some(concept), says: concept.says() }, seen);
            }
            concepts::Piece::Plain(words) => {
                for word in words {
                    if word.bytes().any(|byte| byte.is_ascii_digit()) {
                        self.numbers.push(word.clone());
                    }
                    self.add(Word { own: Form::stemmed(word), concept: None, says: concepts::says(word) }, seen);
                }
            }
        }
    }

    /// Adds a word once; of one meaning too, so that saying a thing twice does not count twice.
    fn add(&mut self, word: Word, seen: &mut FxHashSet<String>) {
        if word.says <= 0.0 || word.own.plain().is_empty() {
            return;
        }
        let key = word.concept.map_or_else(|| word.own.text.clone(), |concept| format!("#{}", concept.name));
        if seen.insert(key) {
            self.words.push(word);
        }
    }

    pub(crate) fn asks(&self, asked: Asked) -> bool {
        self.asked.contains(&asked)
    }
}

/// The units of a text, each once.
fn units(text: &str) -> Vec<u64> {
    let mut own: Vec<u64> = Vec::with_capacity(text.len() / 2);
    let folded = fold(text);
    each_run(&folded, |run| {
        if let Run::Ideographs(run) = run {
            own.extend(run.chars().map(u64::from));
            own.extend(pairs(run).map(|(a, b)| key_of_pair(a, b)));
        }
    });
    own.extend(letters(&folded).iter().map(|word| key(word)));
    own.sort_unstable();
    own.dedup();
    own
}

/// In how many texts each unit stands: characters, neighbouring characters, stems.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    n_texts: u32,
    n_with: FxHashMap<u64, u32>,
}

/// A number for a unit. The same on every machine.
pub(crate) fn key(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn key_of_pair(a: char, b: char) -> u64 {
    (u64::from(a) << 21 | u64::from(b)) ^ 0x9e37_79b9_7f4a_7c15
}

impl Counts {
    pub(crate) fn add(&mut self, text: &str) {
        self.n_texts += 1;
        units(text).into_iter().for_each(|unit| *self.n_with.entry(unit).or_insert(0) += 1);
    }

    /// Takes a text away that was added.
    pub(crate) fn take(&mut self, text: &str) {
        self.n_texts = self.n_texts.saturating_sub(1);
        for unit in units(text) {
            let left = self.n_with.get(&unit).map_or(0, |n| n.saturating_sub(1));
            match left {
                0 => self.n_with.remove(&unit),
                left => self.n_with.insert(unit, left),
            };
        }
    }

    /// Adds what was counted elsewhere.
    pub(crate) fn merge(&mut self, other: Counts) {
        self.n_texts += other.n_texts;
        other.n_with.into_iter().for_each(|(unit, n)| *self.n_with.entry(unit).or_insert(0) += n);
    }

    /// The forms of a concept that texts have, those of most texts first.
    pub(crate) fn commonest<'a>(&self, concept: &'a Concept, n: usize) -> Vec<&'a Form> {
        let mut forms: Vec<(u32, &Form)> = concept.forms.iter().map(|form| (self.n_with(form), form)).collect();
        forms.retain(|(n_with, _)| *n_with > 0);
        forms.sort_by_key(|(n_with, _)| std::cmp::Reverse(*n_with));
        forms.into_iter().take(n).map(|(_, form)| form).collect()
    }

    fn n(&self, unit: u64) -> u32 {
        self.n_with.get(&unit).copied().unwrap_or(0)
    }

    /// Texts that may have a form: at most those that have its rarest unit.
    fn n_with(&self, form: &Form) -> u32 {
        self.rarest(form).1
    }

    /// The rarest unit of a form, and how many texts have it.
    fn rarest(&self, form: &Form) -> (u64, u32) {
        let counted = |unit: u64| (unit, self.n(unit));
        let least = |units: &mut dyn Iterator<Item = u64>| units.map(counted).min_by_key(|(_, n)| *n);
        if !form.is_chinese {
            return least(&mut form.plain().split(' ').map(key)).unwrap_or_default();
        }
        let of_pairs = least(&mut pairs(&form.text).map(|(a, b)| key_of_pair(a, b)));
        of_pairs.or_else(|| form.text.chars().next().map(|only| counted(u64::from(only)))).unwrap_or_default()
    }

    /// What a word says: ln(1 + (n + k) / (n_with + k)). k grows with n, so that in large libraries a word nobody has written
    /// does not say more than all others together; between ln 2 and about 5.
    pub(crate) fn weight(&self, word: &Word) -> f32 {
        let n = f64::from(self.n_texts);
        let forms = word.concept.iter().flat_map(|concept| &concept.forms);
        // Forms that share their rarest unit are found in the same texts: those count once, however many spellings are known.
        let mut units: Vec<(u64, u32)> = forms.chain([&word.own]).map(|form| self.rarest(form)).collect();
        units.sort_unstable();
        units.dedup();
        let with: f64 = units.into_iter().map(|(_, n)| f64::from(n)).sum();
        let k = 1.0 + n / 200.0;
        ((1.0 + (n + k) / (with.min(n) + k)).ln() as f32) * word.says
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(text: &str) -> Question {
        Question::new(text, &Tokeniser::default())
    }

    #[test]
    fn a_question_is_cut_into_what_it_is_about() {
        let found = question("请问手机的保修期是多久？");
        let words: Vec<&str> = found.words.iter().map(|word| word.own.plain()).collect();
        assert_eq!(words, ["手机", "保修期"]);
        assert!(found.asks(Asked::Time) && !found.asks(Asked::Place));
        let found = question("How long is the warranty of my phone?");
        let words: Vec<&str> = found.words.iter().map(|word| word.own.plain()).collect();
        assert_eq!(words, ["warranti", "phon"]);
        assert!(found.asks(Asked::Time));
    }

    #[test]
    fn a_measure_word_stands_between_no_verb_and_its_thing() {
        for (text, wanted) in [
            ("笔记本清个灰多少钱", "笔记本清灰多少钱"),
            ("换块屏要多久", "换屏要多久"),
            ("开张发票", "开发票"),
            ("换个新的", "换个新的"),
            ("下个月", "下个月"),
            ("个", "个"),
        ] {
            assert_eq!(joined(text.to_owned()), wanted);
        }
    }

    #[test]
    fn words_are_found_however_they_are_written() {
        let found = |question_text: &str, text: &str| {
            let question = question(question_text);
            let view = View::of([text]);
            question.words.iter().map(|word| word.found_in(&view)).fold(0.0, f32::max)
        };
        assert_eq!(found("充電", "请用原装充电器充电"), 1.0);
        assert_eq!(found("质保", "保修一年"), 0.9);
        assert_eq!(found("warrenty", "the warranty lasts"), 0.7);
        assert_eq!(found("16 GB", "has 16GB"), 1.0);
        assert_eq!(found("16gb", "has 16 GB of it"), 1.0);
        assert_eq!(found("connection", "connect it"), 0.8);
        assert_eq!(found("键盘", "屏幕"), 0.0);
        assert_eq!(found("port", "transport"), 0.0);
    }

    #[test]
    fn misspellings_are_counted_by_letters() {
        for (a, b, wanted) in
            [("abc", "abc", 0), ("abcd", "abdc", 1), ("abc", "ab", 1), ("abc", "xyz", 3), ("", "ab", 2)]
        {
            assert_eq!(edits(a, b), wanted, "{a} {b}");
        }
    }

    #[test]
    fn rare_words_say_more() {
        let mut counts = Counts::default();
        for text in ["音箱 保修", "音箱 充电", "音箱 屏幕"] {
            counts.add(text);
        }
        let weight = |text: &str| counts.weight(&question(text).words[0]);
        assert!(weight("音箱") < weight("充电") && weight("充电") < weight("键盘"));
        assert!(weight("键盘") < 2.5 && weight("音箱") > 0.5);
    }
}
