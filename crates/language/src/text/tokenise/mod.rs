//! Text cut into words: Chinese by jieba with the shop's own lexicon, English by its letters, and what shops write kept
//! whole: quantities (`16 GB`), names of models (`Mate 60 Pro`), emoji. Every token knows the bytes of the original it
//! came from. Tokens of one meaning have one text: `16 G` and `16GB` are `16gb`, `RTX4060` and `RTX 4060` are `rtx4060`.

pub(crate) mod models;
mod phrases;
mod search;
#[cfg(test)]
mod tests;
mod words;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use jieba_rs::Jieba;

use super::lexicon::Lexicon;
use super::normalise::{Normalised, Normaliser};
use super::perceptron::PerceptronSegmenter;
use super::stop_words::is_stop_word;
use phrases::Phrases;

/// How finely text is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Every byte in one token at most.
    Exact,
    /// Also the words inside long words, and the parts of names and quantities, before the whole: for indexes.
    Search,
    /// As jieba cuts, by its dictionary alone: no names, quantities or normal form. For comparison.
    Plain,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// Chinese, Japanese, Korean.
    Word,
    /// Letters of other scripts.
    Latin,
    Number,
    Quantity,
    /// A name with letters and digits.
    Model,
    Emoji,
    Punctuation,
}

/// A piece of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// In one form: lower case, simplified, names and quantities without spaces.
    pub text: Cow<'a, str>,
    /// Bytes of the text that was handed in.
    pub range: Range<usize>,
    pub kind: TokenKind,
}

/// Cuts text. Cheap to clone, and used from any number of threads.
#[derive(Clone, Debug)]
pub struct Tokeniser {
    jieba: Arc<Jieba>,
    /// Cuts instead of the dictionary, where every byte belongs to one token.
    learned: Option<Arc<PerceptronSegmenter>>,
    phrases: Arc<Phrases>,
    normaliser: Normaliser,
    mode: Mode,
    hmm: bool,
    stop_words: bool,
    punctuation: bool,
}

/// The general dictionary, read once.
static GENERAL: LazyLock<Arc<Jieba>> = LazyLock::new(|| Arc::new(Jieba::new()));

/// Words of two scripts that every shop of electronics has.
const MIXED: &[&str] = &[
    "U盘",
    "T恤",
    "K歌",
    "C口",
    "A口",
    "Q币",
    "B站",
    "X光",
    "卡拉OK",
    "SIM卡",
    "TF卡",
    "SD卡",
    "IC卡",
    "NFC卡",
    "CPU散热器",
    "USB口",
    "LED灯",
    "PC端",
    "APP端",
    "IP地址",
    "IPS屏",
    "OLED屏",
    "LCD屏",
    "LED屏",
    "AMOLED屏",
    "SSD固态硬盘",
    "App Store",
    "Face ID",
    "Touch ID",
    "Type C",
    "2合1",
    "二合一",
    "AA电池",
    "AI手机",
    "AI眼镜",
    "VR眼镜",
    "AR眼镜",
    "N卡",
    "A卡",
    "P图",
    "E卡",
    "M.2",
];

impl Default for Tokeniser {
    /// The general dictionary alone.
    fn default() -> Self {
        Tokeniser::new(&Lexicon::new())
    }
}

impl Tokeniser {
    /// With a shop's own words. Exact mode, unknown words guessed, stop words and punctuation kept.
    pub fn new(lexicon: &Lexicon) -> Self {
        let mut phrases = Phrases::default();
        MIXED.iter().for_each(|word| phrases.add(word));
        lexicon.names().for_each(|(name, _)| phrases.add(name));
        let jieba = if lexicon.words().next().is_none() {
            GENERAL.clone()
        } else {
            let mut jieba = Jieba::clone(&GENERAL);
            for (word, n) in lexicon.words() {
                // At least so often that the word is not cut into its parts.
                let frequency = jieba.suggest_freq(word).max(n);
                jieba.add_word(word, Some(frequency), None);
            }
            Arc::new(jieba)
        };
        Tokeniser {
            jieba,
            learned: None,
            phrases: Arc::new(phrases),
            normaliser: Normaliser::default(),
            mode: Mode::Exact,
            hmm: true,
            stop_words: true,
            punctuation: true,
        }
    }

    /// Cuts Chinese as a segmenter learned to, instead of by the dictionary; the lexicon's words stay whole. Indexes, which
    /// want the words inside words too, are cut by the dictionary still.
    pub fn with_segmenter(self, segmenter: Arc<PerceptronSegmenter>, lexicon: &Lexicon) -> Self {
        let mut phrases = Phrases::clone(&self.phrases);
        lexicon.words().filter(|(word, _)| word.chars().count() > 1).for_each(|(word, _)| phrases.add(word));
        Tokeniser { learned: Some(segmenter), phrases: Arc::new(phrases), ..self }
    }

    pub fn mode(self, mode: Mode) -> Self {
        Tokeniser { mode, ..self }
    }

    /// Whether words that no dictionary has are guessed from their characters.
    pub fn guess_words(self, hmm: bool) -> Self {
        Tokeniser { hmm, ..self }
    }

    pub fn normaliser(self, normaliser: Normaliser) -> Self {
        Tokeniser { normaliser, ..self }
    }

    /// Leaves out words that carry no subject.
    pub fn without_stop_words(self) -> Self {
        Tokeniser { stop_words: false, ..self }
    }

    /// Leaves out punctuation.
    pub fn without_punctuation(self) -> Self {
        Tokeniser { punctuation: false, ..self }
    }

    /// The tokens of a text, in order. Time is linear in its length.
    pub fn tokenise<'a>(&self, text: &'a str) -> Vec<Token<'a>> {
        let mut tokens = Vec::with_capacity(text.len() / 5 + 2);
        if self.mode == Mode::Plain {
            self.plain(text, &mut |range, kind, word| self.keep(&mut tokens, text, None, range, kind, word));
            return tokens;
        }
        let normal = self.normaliser.apply(text);
        let way_back = if normal.is_one_to_one() { None } else { Some(&normal) };
        self.cut(normal.text(), &mut |range, kind, word| self.keep(&mut tokens, text, way_back, range, kind, word));
        tokens
    }

    /// The texts of the tokens.
    pub fn words(&self, text: &str) -> Vec<String> {
        self.tokenise(text).into_iter().map(|token| token.text.into_owned()).collect()
    }

    /// Adds a token, unless it is of those left out. The text borrows from the original where they are the same.
    #[inline]
    fn keep<'a>(
        &self,
        tokens: &mut Vec<Token<'a>>,
        original: &'a str,
        normal: Option<&Normalised>,
        range: Range<usize>,
        kind: TokenKind,
        word: Cow<'_, str>,
    ) {
        if (!self.punctuation && kind == TokenKind::Punctuation)
            || (!self.stop_words && matches!(kind, TokenKind::Word | TokenKind::Latin) && is_stop_word(&word))
        {
            return;
        }
        let range = normal.map_or(range.clone(), |normal| normal.original(range));
        let text = match &original[range.clone()] {
            same if *same == *word => Cow::Borrowed(same),
            _ => Cow::Owned(word.into_owned()),
        };
        tokens.push(Token { text, range, kind });
    }
}
