//! The parameters by which cards learn embeddings, and what is asked for by settings of such a card: one list for words
//! (`word2vec`) and for items (`item2vec`), which differ in defaults and in what they call an id. A card takes those it offers.

use domain::{Kind, Param, Settings, Value};

use super::{Architecture, DIM_MAX, Embedding, Loss, NEGATIVES_MAX, WINDOW_MAX};

pub const ARCHITECTURE: Param = Param {
    name: "architecture",
    sentence: "Whether each one of the context, or their mean, predicts the one in the middle.",
    unit: "",
    kind: Kind::Choice { options: &["skip_gram", "cbow"], default: "skip_gram" },
};

pub const LOSS: Param = Param {
    name: "loss",
    sentence: "How the one in the middle is told from others: from some drawn at random, or by its way in a tree of all.",
    unit: "",
    kind: Kind::Choice { options: &["negative_sampling", "hierarchical_softmax"], default: "negative_sampling" },
};

pub const fn dim(default: i64) -> Param {
    Param {
        name: "dim",
        sentence: "Length of the vectors.",
        unit: "",
        kind: Kind::Int { min: 1, max: DIM_MAX as i64, default },
    }
}

/// `unit` is what ids stand for, in the plural.
pub const fn window(unit: &'static str, default: i64) -> Param {
    Param {
        name: "window",
        sentence: "Context to either side at most, its width drawn anew for each place; large where the order says nothing.",
        unit,
        kind: Kind::Int { min: 1, max: WINDOW_MAX as i64, default },
    }
}

/// `unit` is what ids stand for, in the plural.
pub const fn negatives(unit: &'static str, default: i64) -> Param {
    Param {
        name: "negatives",
        sentence: "How many are drawn at random for negative sampling, to be told from what was there.",
        unit,
        kind: Kind::Int { min: 1, max: NEGATIVES_MAX as i64, default },
    }
}

pub const fn power(default: f64) -> Param {
    Param {
        name: "power",
        sentence: "Negatives are drawn by their counts to this power; 0 draws all alike.",
        unit: "",
        kind: Kind::Float { min: -2.0, max: 2.0, default },
    }
}

pub const fn epochs(default: i64) -> Param {
    Param {
        name: "epochs",
        sentence: "Passes over all that is learned from.",
        unit: "epochs",
        kind: Kind::Int { min: 1, max: 1_000_000, default },
    }
}

pub const fn sample(default: f64) -> Param {
    Param {
        name: "sample",
        sentence: "What makes up more than this part of all is thinned; 0 keeps all.",
        unit: "",
        kind: Kind::Float { min: 0.0, max: 1.0, default },
    }
}

pub const fn learning_rate(default: f64) -> Param {
    Param {
        name: "learning_rate",
        sentence: "At the start; falls linearly to a 250th of that.",
        unit: "",
        kind: Kind::Float { min: 0.0, max: 10.0, default },
    }
}

impl Embedding {
    /// What settings of a card with these parameters ask for; what the card does not offer is skip-gram by negative sampling.
    ///
    /// # Panics
    /// If the card lacks one of the other parameters.
    pub fn of_settings(settings: &Settings, seed: u64, n_threads: usize) -> Self {
        let chosen = |name: &str| match settings.get(name) {
            Some(Value::Text(chosen)) => chosen.as_str(),
            _ => "",
        };
        let learning_rate = settings.float("learning_rate") as f32;
        Embedding {
            architecture: match chosen("architecture") {
                "cbow" => Architecture::Cbow,
                _ => Architecture::SkipGram,
            },
            loss: match chosen("loss") {
                "hierarchical_softmax" => Loss::HierarchicalSoftmax,
                _ => Loss::NegativeSampling { n_negatives: settings.usize("negatives") },
            },
            dim: settings.usize("dim"),
            window: settings.usize("window"),
            n_epochs: settings.usize("epochs"),
            sample: settings.float("sample"),
            power: settings.float("power"),
            learning_rate,
            learning_rate_end: learning_rate / 250.0,
            n_blocks: 0,
            seed,
            n_threads,
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::Card;

    use super::*;

    static CARD: Card = Card {
        name: "example",
        sentence: "An example.",
        family: "test",
        params: &[
            dim(8),
            window("ids", 3),
            negatives("ids", 4),
            power(0.5),
            epochs(2),
            sample(0.0),
            learning_rate(0.25),
            ARCHITECTURE,
            LOSS,
        ],
        input: "none",
        source: "none",
    };

    static SHORT: Card = Card {
        name: "short",
        sentence: "An example.",
        family: "test",
        params: &[
            dim(8),
            window("ids", 3),
            negatives("ids", 4),
            power(0.5),
            epochs(2),
            sample(0.0),
            learning_rate(0.25),
        ],
        input: "none",
        source: "none",
    };

    #[test]
    fn settings_ask_for_what_they_say() {
        let asked = Embedding::of_settings(&CARD.defaults(), 7, 1);
        let expected = Embedding {
            architecture: Architecture::SkipGram,
            loss: Loss::NegativeSampling { n_negatives: 4 },
            dim: 8,
            window: 3,
            n_epochs: 2,
            sample: 0.0,
            power: 0.5,
            learning_rate: 0.25,
            learning_rate_end: 0.001,
            n_blocks: 0,
            seed: 7,
            n_threads: 1,
        };
        assert_eq!(asked, expected);
        assert_eq!(Embedding::of_settings(&SHORT.defaults(), 7, 1), expected);
        let texts = ["architecture=cbow", "loss=hierarchical_softmax", "window=9"];
        let asked = Embedding::of_settings(&CARD.settings_from_texts(&texts).unwrap(), 7, 1);
        let other = (Architecture::Cbow, Loss::HierarchicalSoftmax, 9);
        assert_eq!((asked.architecture, asked.loss, asked.window), other);
    }
}
