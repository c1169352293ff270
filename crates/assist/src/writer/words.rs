//! Which words of a rewording are new. What our reply and its evidence say may be said, in other forms too, with the small words
//! that join it; every other word is a claim that nothing supports. No dictionary: English words are compared without their
//! endings, Chinese by pairs of characters.

use std::collections::BTreeSet;

/// English words that say nothing by themselves. No modal, comparative or limiting word is among them.
const FREE_EN: &str = "a an the this that these those it its they their them there here is are was were be been being has have \
    having do does comes come coming with of in on at for to by as and or plus also which whose that's it's you \
    your we our us includes include including included provides equipped features featuring fitted measures \
    weighs priced model product device while whereas well s re ll";

/// The same in Chinese.
const FREE_ZH: &str = "这款商品 该款商品 这一款 这款 该款 这个 该 此 商品 产品 型号 为您 您的 您 你 \
    我们的 我们 它的 它 其 配备了 配备 配有 配置 配 搭载了 搭载 采用了 采用 拥有 \
    具有 具备 带有 提供 内置 拥 达到 达 有着 有 为 是 的 了 着 以及 及 和 与 并且 \
    并 而 则 也 还 另外 此外 同时 分别 如下 其中 在 中 上 里 呢 哦 哟 啊 方面 一款 \
    一个 款 个 台 部 来 说 给";

fn is_han(character: char) -> bool {
    matches!(character, '\u{4e00}'..='\u{9fff}')
}

/// Words of Latin letters in lower case; what has digits is a figure and none of them.
fn latin(text: &str) -> impl Iterator<Item = String> {
    let cut = |character: char| !(character.is_alphanumeric() || matches!(character, '\'' | '’')) || is_han(character);
    text.split(cut)
        .filter(|word| !word.is_empty() && word.chars().all(|one| !one.is_ascii_digit()))
        .map(|word| word.trim_matches(['\'', '’']).to_lowercase().replace('’', "'"))
        .filter(|word| !word.is_empty())
}

/// A word without the endings that number, time and person give it.
fn stem(word: &str) -> &str {
    let word = word.strip_suffix("'s").unwrap_or(word);
    let cut = ["ing", "ies", "ed", "es", "er", "s", "e", "y"].iter().find_map(|end| word.strip_suffix(end));
    cut.filter(|cut| cut.len() > 2).unwrap_or(word)
}

fn is_free(word: &str) -> bool {
    FREE_EN.split(' ').any(|free| free == word)
}

/// What a text says: English words without endings, Chinese pairs of characters.
#[derive(Default)]
pub(super) struct Features(BTreeSet<String>);

impl Features {
    pub fn of(text: &str) -> Features {
        let mut all = Features::default();
        all.add(text);
        all
    }

    pub fn add(&mut self, text: &str) {
        // `16GB` may be written `16 GB`.
        let measures = text.split_whitespace().filter(|word| word.starts_with(|first: char| first.is_ascii_digit()));
        let units =
            measures.map(|word| word.trim_start_matches(|one: char| one.is_ascii_digit() || matches!(one, '.' | ',')));
        self.0.extend(units.flat_map(latin).filter(|word| !is_free(word)).map(|word| stem(&word).to_owned()));
        self.0.extend(latin(text).filter(|word| !is_free(word)).map(|word| stem(&word).to_owned()));
        self.0.extend(pairs(text).map(|(_, pair)| pair));
    }

    pub fn has(&self, feature: &str) -> bool {
        self.0.contains(feature)
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn extend(&mut self, other: &Features) {
        self.0.extend(other.0.iter().cloned());
    }
}

/// Pairs of Chinese characters that stand together, with the number of the first character.
fn pairs(text: &str) -> impl Iterator<Item = (usize, String)> {
    let characters: Vec<char> = text.chars().collect();
    let n = characters.len();
    (1..n).filter_map(move |at| {
        let (first, second) = (characters[at - 1], characters[at]);
        (is_han(first) && is_han(second)).then(|| (at - 1, [first, second].iter().collect()))
    })
}

/// The first word of a text that the sources do not have.
pub(super) fn new_word(text: &str, sources: &Features) -> Option<String> {
    let is_new = |word: &String| !is_free(word) && !sources.has(stem(word));
    latin(text).find(is_new).or_else(|| new_characters(text, sources))
}

/// The first run of Chinese characters that neither stands in a source beside what it stands beside here, nor is a small word.
fn new_characters(text: &str, sources: &Features) -> Option<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut is_known: Vec<bool> = characters.iter().map(|one| !is_han(*one)).collect();
    for (at, pair) in pairs(text) {
        if sources.has(&pair) {
            (is_known[at], is_known[at + 1]) = (true, true);
        }
    }
    let mut at = 0;
    while at < characters.len() {
        let rest = &characters[at..];
        let free = FREE_ZH.split(' ').map(|word| (word.chars().count(), word));
        let longest = free.filter(|(n, word)| rest.len() >= *n && word.chars().eq(rest[..*n].iter().copied()));
        let n = longest.map(|(n, _)| n).max().unwrap_or(0);
        is_known[at..at + n].iter_mut().for_each(|known| *known = true);
        at += n.max(1);
    }
    let begin = is_known.iter().position(|known| !known)?;
    let end = is_known[begin..].iter().position(|known| *known).map_or(characters.len(), |n| begin + n);
    Some(characters[begin..end].iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_forms_are_known_and_other_words_are_not() {
        let sources = Features::of("Nimbo 14: memory 16 GB; battery lasts 12 hours");
        for text in ["The Nimbo 14 has 16 GB of memory.", "Its batteries last 12 hours", "its battery's memory"] {
            assert_eq!(new_word(text, &sources), None, "{text}");
        }
        assert_eq!(new_word("16 GB of memory", &Features::of("memory 16GB")), None);
        for (text, word) in [
            ("The Nimbo 14 has 16 GB of fast memory.", "fast"),
            ("Memory 16 GB, perfect for games", "perfect"),
            ("You can have 16 GB", "can"),
        ] {
            assert_eq!(new_word(text, &sources).as_deref(), Some(word), "{text}");
        }
    }

    #[test]
    fn chinese_is_known_by_pairs() {
        let sources = Features::of("Nimbo 14：内存 16 GB；屏幕尺寸 14 英寸。");
        assert_eq!(new_word("这款 Nimbo 14 配有 16 GB 内存，屏幕尺寸为 14 英寸。", &sources), None);
        assert_eq!(new_word("内存 16 GB，性能出色。", &sources).as_deref(), Some("性能出色"));
        assert_eq!(new_word("支持升级内存", &sources).as_deref(), Some("支持升级"));
    }
}
