//! The card of search: what can be set about how entries are ranked.

use domain::{Card, Kind, Param, Settings};

pub static CARD: Card = Card {
    name: "search",
    sentence: "Finds products and pieces of documents by words, parts of words, sounds, misspellings and meaning.",
    family: "search",
    params: &[
        Param {
            name: "k1",
            sentence: "How soon more occurrences of a word stop counting.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 10.0, default: 1.2 },
        },
        Param {
            name: "b",
            sentence: "How far long texts are held back; 0: not at all, 1: fully.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 1.0, default: 0.75 },
        },
        Param {
            name: "name_boost",
            sentence: "What a word in the name or title is worth beside one in the text.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 20.0, default: 1.0 },
        },
        Param {
            name: "proximity",
            sentence: "What words that stand together as in the query are worth beside the words themselves.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 5.0, default: 0.3 },
        },
        Param {
            name: "popularity",
            sentence: "By how much the most popular entry is raised.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 5.0, default: 0.1 },
        },
        Param {
            name: "strictness",
            sentence: "The part of the query, weighed by how much words say, that a hit has, of what the fullest hit has.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 1.0, default: 0.75 },
        },
        Param {
            name: "typos",
            sentence: "Letters of a long word that may be wrong; of a word of 4 to 6 letters never more than 1.",
            unit: "letters",
            kind: Kind::Int { min: 0, max: 2, default: 2 },
        },
        Param {
            name: "pinyin",
            sentence: "Find Chinese by its sound, typed in letters or with the wrong characters.",
            unit: "",
            kind: Kind::Bool { default: true },
        },
        Param {
            name: "candidates",
            sentence: "Hits whose words' places are looked at, and hits taken from vectors.",
            unit: "hits",
            kind: Kind::Int { min: 1, max: 1000, default: 100 },
        },
        Param {
            name: "fusion",
            sentence: "How words and vectors are put together: by places (reciprocal) or by scores (linear).",
            unit: "",
            kind: Kind::Choice { options: &["reciprocal", "linear"], default: "linear" },
        },
        Param {
            name: "vector_weight",
            sentence: "What vectors are worth beside words; 0: words alone.",
            unit: "",
            kind: Kind::Float { min: 0.0, max: 10.0, default: 0.1 },
        },
    ],
    input: "entries (id, name, texts, attributes) and a query of at most 4096 bytes",
    source: "Robertson and Zaragoza 2009 (BM25), eq. 3.15; Tao and Zhai 2007 (proximity); Damerau 1964 (misspellings); Cormack, Clarke and Büttcher 2009 (reciprocal rank fusion)",
};

/// How words and vectors are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fusion {
    Reciprocal,
    Linear,
}

/// The card's settings, read once.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    pub k1: f32,
    pub b: f32,
    pub name_boost: f32,
    pub proximity: f32,
    pub popularity: f32,
    pub strictness: f32,
    pub typos: usize,
    pub pinyin: bool,
    pub candidates: usize,
    pub fusion: Fusion,
    pub vector_weight: f32,
}

impl Settled {
    pub fn new(settings: &Settings) -> Self {
        let float = |name| settings.float(name) as f32;
        Settled {
            k1: float("k1"),
            b: float("b"),
            name_boost: float("name_boost"),
            proximity: float("proximity"),
            popularity: float("popularity"),
            strictness: float("strictness"),
            typos: settings.usize("typos"),
            pinyin: settings.bool("pinyin"),
            candidates: settings.usize("candidates"),
            fusion: if settings.text("fusion") == "linear" { Fusion::Linear } else { Fusion::Reciprocal },
            vector_weight: float("vector_weight"),
        }
    }

    /// The card's defaults: right for products.
    pub fn products() -> Self {
        Settled::new(&CARD.defaults())
    }

    /// Right for questions to documents: few of a question's words stand in the answer, and long sections answer more than
    /// short ones. Chosen on 50 questions to the manual of a telephone and confirmed on 50 to one of a television, and the
    /// other way round.
    pub fn documents() -> Self {
        Settled { k1: 0.8, b: 0.3, name_boost: 0.75, strictness: 0.3, popularity: 0.0, ..Settled::products() }
    }
}
