//! Which words of an answer are new. What plan and grammar say may be said, in other forms too, with the small words that join it;
//! every other word is a claim that nothing bears. English words are compared without their endings, Chinese by pairs of
//! characters (docs/adr/0011).

use std::collections::BTreeSet;

use super::super::Task;
use super::super::grammar::{Grammar, Piece};
use crate::brief::{Goal, Lang};

/// English words that say nothing by themselves. No modal, comparative or limiting word is among them.
const FREE_EN: &str = "a an the this that these those it its they their them there here is are was were be been being has have having do \
    does comes come coming with of in on at for to by as and or plus also which whose so you your yours we our us i my me \
    include includes including offer offers feature features featuring equipped made s re ll its it's you're that's \
    product device while where when what how who new meet hello hi discover enjoy get gets find see look take now";

/// The same in Chinese.
const FREE_ZH: &str = "这款 该款 这一款 这个 此 商品 产品 型号 为你 为您 您的 你的 您 你 我们的 我们 它的 它 其 配备了 配备 配有 配置 \
    搭载了 搭载 采用了 采用 拥有 具有 具备 带有 提供 内置 有着 有 为 是 的 了 着 以及 及 和 与 并且 并 而 则 也 还 另外 此外 同时 \
    在 中 上 里 呢 哦 哟 啊 吧 吗 一款 一个 款 个 台 来 说 给 就 都 让 用 把 从 到 更 又 再 看看 看 快来 一起 可以 能 新款 新品";

fn is_han(one: char) -> bool {
    matches!(one, '\u{4e00}'..='\u{9fff}')
}

/// Words of Latin letters in lower case; what has digits is a figure and none of them.
fn latin(text: &str) -> impl Iterator<Item = String> {
    let cut = |one: char| !(one.is_alphanumeric() || matches!(one, '\'' | '’')) || is_han(one);
    text.split(cut)
        .map(|word| word.trim_matches(['\'', '’']).to_lowercase().replace('’', "'"))
        .filter(|word| !word.is_empty() && word.chars().all(|one| !one.is_ascii_digit()))
}

fn stem(word: &str) -> &str {
    let word = word.strip_suffix("'s").unwrap_or(word);
    let cut = ["ing", "ies", "ed", "es", "er", "s", "e", "y"].iter().find_map(|end| word.strip_suffix(end));
    cut.filter(|cut| cut.len() > 2).unwrap_or(word)
}

/// What may be said: English words without endings, Chinese pairs of characters.
#[derive(Debug, Default)]
pub(super) struct Vocabulary(BTreeSet<String>);

impl Vocabulary {
    /// The words of the grammar that a task can use; claims and names are added by the caller.
    pub fn of(task: &Task) -> Vocabulary {
        let mut all = Vocabulary::default();
        let goal = task.brief.goal;
        let is_other = |symbol: &str| Goal::ALL.iter().any(|other| *other != goal && symbol.ends_with(other.name()));
        let fillable = super::super::realise::fillable(task);
        for way in Grammar::of(task.brief.lang).ways_of_all() {
            let symbol = way.id.split('#').next().unwrap_or_default();
            if is_other(symbol) || way.slots & !fillable != 0 {
                continue;
            }
            // What stands beside a slot is no pair of its own.
            let words =
                way.pieces.iter().filter_map(|piece| if let Piece::Words(words) = piece { Some(*words) } else { None });
            words.for_each(|words| all.add(words));
        }
        all
    }

    pub fn add(&mut self, text: &str) {
        self.0.extend(latin(text).map(|word| stem(&word).to_owned()));
        let characters: Vec<char> = text.chars().collect();
        let pairs = characters.windows(2).filter(|pair| pair.iter().all(|one| is_han(*one)));
        self.0.extend(pairs.map(|pair| pair.iter().collect::<String>()));
    }

    /// The first word that is new in a text from which everything that claims bear was taken out.
    pub fn new_word(&self, text: &str) -> Option<String> {
        let is_free = |word: &str| FREE_EN.split_whitespace().any(|free| free == word);
        let is_new = |word: &String| !is_free(word) && !self.0.contains(stem(word));
        latin(text).find(is_new).or_else(|| self.new_characters(text))
    }

    /// The first run of Chinese characters that neither stands in a source beside what it stands beside here, nor is a small word.
    fn new_characters(&self, text: &str) -> Option<String> {
        let characters: Vec<char> = text.chars().collect();
        let mut is_known: Vec<bool> = characters.iter().map(|one| !is_han(*one)).collect();
        for at in 1..characters.len() {
            if self.0.contains(&characters[at - 1..=at].iter().collect::<String>()) {
                (is_known[at - 1], is_known[at]) = (true, true);
            }
        }
        let mut at = 0;
        while at < characters.len() {
            let rest = &characters[at..];
            let is_here = |word: &str| {
                let n = word.chars().count();
                rest.len() >= n && word.chars().eq(rest[..n].iter().copied())
            };
            let n = FREE_ZH
                .split_whitespace()
                .filter(|word| is_here(word))
                .map(|word| word.chars().count())
                .max()
                .unwrap_or(0);
            is_known[at..at + n].iter_mut().for_each(|known| *known = true);
            at += n.max(1);
        }
        let begin = is_known.iter().position(|known| !known)?;
        let end = is_known[begin..].iter().position(|known| *known).map_or(characters.len(), |n| begin + n);
        Some(characters[begin..end].iter().collect())
    }
}

/// Whether a text says anything beyond small words: then it has to rest on a claim.
pub(super) fn says_something(text: &str, actions: &Vocabulary, lang: Lang) -> bool {
    match lang {
        Lang::Zh => text.chars().any(is_han) && actions.new_word(text).is_some(),
        Lang::En => actions.new_word(text).is_some(),
    }
}

/// The words of what readers may do next and of greetings: all that a sentence without a claim may say.
pub(super) fn actions(task: &Task) -> Vocabulary {
    let mut all = Vocabulary::default();
    let (goal, opening) = (task.brief.goal.name(), task.brief.opening());
    let symbols = [("close", goal), ("action", goal), ("head", opening), ("open", opening)];
    for symbol in symbols.map(|(head, name)| format!("{head}.{name}")).iter().chain(&["question".to_owned()]) {
        for way in Grammar::of(task.brief.lang).ways(symbol) {
            for piece in &way.pieces {
                if let Piece::Words(words) = piece {
                    all.add(words);
                }
            }
        }
    }
    all
}
