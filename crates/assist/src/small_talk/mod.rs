//! Small talk by a small sequence-to-sequence model, learned from pairs of our own (`pairs.tsv`). It is asked only where nothing
//! of the shop is asked, and what it writes is said only if it is sure, short, of known words, and claims nothing: no figure, no
//! name, no word about goods, prices, orders or promises. Otherwise a sentence of ours is said. It can state no facts.

use std::fmt;

use language::seq2seq::small::SmallModel;

use crate::AssistError;
use crate::turn::Lang;

/// Sources of a row are separated by `|`; then a tab and the reply.
const PAIRS: &str = include_str!("pairs.tsv");
const EPOCHS: u32 = 60;
/// Characters of a reply.
const CHARS_MAX: usize = 90;
/// How sure the model must be, a unit, and how much of a message it must know.
const LOG_PROBABILITY_MIN: f32 = -0.45;
const KNOWN_MIN: f32 = 0.75;
/// Characters of a message that is small talk.
const MESSAGE_MAX: usize = 60;

/// What must not stand in a reply, in folded form: whatever could be taken for a fact or a promise.
const CLAIMS: &[&str] = &[
    "价",
    "元",
    "块钱",
    "免费",
    "包邮",
    "优惠",
    "折",
    "有货",
    "库存",
    "现货",
    "发货",
    "送达",
    "快递",
    "订单",
    "退",
    "换货",
    "保修",
    "赔",
    "品牌",
    "型号",
    "内存",
    "电池",
    "保证",
    "一定",
    "承诺",
    "正品",
    "官方",
    "http",
    "www",
    "price",
    "yuan",
    "free",
    "discount",
    "stock",
    "ship",
    "deliver",
    "parcel",
    "refund",
    "return",
    "warranty",
    "guarantee",
    "promise",
    "brand",
    "model",
    "memory",
    "battery",
    "official",
    "genuine",
    "cheap",
    "$",
    "¥",
    "€",
    "%",
];

/// Answers small talk.
pub struct SmallTalk {
    model: SmallModel,
}

impl fmt::Debug for SmallTalk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SmallTalk")
    }
}

impl SmallTalk {
    /// Learns from the pairs that come with the program; some seconds. The same seed gives the same model.
    ///
    /// # Errors
    /// If learning fails.
    pub fn learn(seed: u64, n_threads: usize) -> Result<Self, AssistError> {
        let pairs: Vec<(&str, &str)> = pairs().collect();
        Ok(SmallTalk { model: SmallModel::learn(&pairs, EPOCHS, seed, n_threads)? })
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        self.model.to_bytes()
    }

    /// # Errors
    /// If the bytes are not those of such a model.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AssistError> {
        Ok(SmallTalk { model: SmallModel::from_bytes(bytes)? })
    }

    /// A reply that may be said; nothing if the model is not sure, or wrote what must not be said. `names`: what the shop
    /// calls its goods in this message, none of which may come back.
    pub fn reply(&self, text: &str, lang: Lang, names: &[&str]) -> Option<String> {
        if text.chars().count() > MESSAGE_MAX {
            return None;
        }
        let said = self.model.write(&folded(text)).ok()??;
        let is_sure = said.log_probability >= LOG_PROBABILITY_MIN && said.known >= KNOWN_MIN;
        (is_sure && may_be_said(&said.text, lang, names)).then_some(said.text)
    }
}

/// Whether a reply claims nothing, and is of the language and the length of one.
fn may_be_said(reply: &str, lang: Lang, names: &[&str]) -> bool {
    let lower = reply.to_lowercase();
    let is_of = match lang {
        Lang::Zh => reply.chars().any(is_ideograph) && !reply.bytes().any(|byte| byte.is_ascii_alphabetic()),
        Lang::En => reply.is_ascii() || !reply.chars().any(is_ideograph),
    };
    let n = reply.chars().count();
    is_of
        && (2..=CHARS_MAX).contains(&n)
        && !reply.chars().any(char::is_numeric)
        && !CLAIMS.iter().any(|claim| lower.contains(claim))
        && !names.iter().any(|name| !name.is_empty() && lower.contains(&name.to_lowercase()))
        && reply.ends_with(['。', '！', '？', '.', '!', '?', '～'])
}

fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9fff}')
}

/// A message as the pairs have it: lower case, without marks at its ends.
fn folded(text: &str) -> String {
    let marks = |c: char| c.is_whitespace() || ".!?。！？~～,，…".contains(c);
    text.trim_matches(marks).to_lowercase()
}

fn pairs() -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = PAIRS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
    rows.flat_map(|(sources, reply)| sources.split('|').map(move |source| (source, reply)))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    static TALK: LazyLock<SmallTalk> = LazyLock::new(|| SmallTalk::learn(1, 2).expect("sound pairs"));

    #[test]
    fn pairs_are_of_one_language_and_claim_nothing() {
        for (source, reply) in pairs() {
            let lang = if source.is_ascii() { Lang::En } else { Lang::Zh };
            assert_eq!(folded(source), source);
            assert!(may_be_said(reply, lang, &[]), "{source}: {reply}");
        }
        assert!(pairs().count() >= 250);
    }

    #[test]
    fn what_claims_something_is_not_said() {
        for (reply, lang) in [
            ("这款只要九折。", Lang::Zh),
            ("内存有16。", Lang::Zh),
            ("It is free!", Lang::En),
            ("您好", Lang::Zh),
            ("好的 ok。", Lang::Zh),
            ("您好。", Lang::En),
            ("Orla is nice.", Lang::En),
            ("", Lang::En),
        ] {
            assert!(!may_be_said(reply, lang, &["Orla"]), "{reply}");
        }
        assert!(may_be_said("辛苦了。", Lang::Zh, &[]) && may_be_said("I see.", Lang::En, &["Orla"]));
    }

    /// The model speaks on most of what it learned from, keeps quiet on what it does not know, and comes back from its bytes.
    #[test]
    fn the_model_answers_what_it_knows() {
        let all: Vec<(&str, &str)> = pairs().collect();
        let answered = all.iter().filter(|(source, reply)| {
            let lang = if source.is_ascii() { Lang::En } else { Lang::Zh };
            TALK.reply(source, lang, &[]).as_deref() == Some(reply)
        });
        let share = answered.count() as f64 / all.len() as f64;
        println!("small talk: {share:.3} of {} pairs come back", all.len());
        assert!(share >= 0.7, "{share:.3}");
        assert_eq!(TALK.reply("zxqv wlkj 龘靐", Lang::Zh, &[]), None);
        assert_eq!(TALK.reply(&"你好".repeat(100), Lang::Zh, &[]), None);
        let again = SmallTalk::from_bytes(&TALK.to_bytes()).expect("its own bytes");
        assert_eq!(again.reply(all[0].0, Lang::Zh, &[]), TALK.reply(all[0].0, Lang::Zh, &[]));
        assert!(SmallTalk::from_bytes(b"").is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_said_to_it_no_fact_comes_back(text in "\\PC{0,40}|[今天你好吗累吃饭多少钱价格有货iPhone0-9 a-z]{0,30}") {
            for lang in [Lang::Zh, Lang::En] {
                if let Some(reply) = TALK.reply(&text, lang, &[]) {
                    prop_assert!(may_be_said(&reply, lang, &[]), "{}", reply);
                }
            }
        }
    }
}
