//! The card of look-alikes by features. It holds no code: whoever reads the file hands a prepared table to
//! [`super::look_alike`]. Likeness by taste needs what customers touched and the vectors of a fitted model, so it has no
//! card: a shop has both.

use domain::{Card, Kind, Param, Settings};

use super::{ClassWeight, LogisticOptions, LookalikeOptions};

pub static CARD: Card = Card {
    name: "lookalike",
    sentence: "Ranks customers by their likeness to some seeds, and says how well it finds seeds that were held out.",
    family: "scores",
    params: &[
        Param {
            name: "seed",
            sentence: "The column that marks seeds (1, true or yes; 0, false, no or nothing), or a file with a customer a line.",
            unit: "",
            kind: Kind::Text { default: "seed" },
        },
        Param {
            name: "customer",
            sentence: "The column that names the customers; nothing: they are numbered from 1.",
            unit: "",
            kind: Kind::Text { default: "" },
        },
        Param {
            name: "n_folds",
            sentence: "Parts of the seeds, each held out once.",
            unit: "parts",
            kind: Kind::Int { min: 2, max: 10, default: 4 },
        },
        Param {
            name: "c",
            sentence: "The inverse of the ridge's strength.",
            unit: "",
            kind: Kind::Float { min: 1e-9, max: 1e9, default: 1.0 },
        },
        Param {
            name: "class_weight",
            sentence: "Seeds together weigh as much as all others together (balanced), or every row counts one.",
            unit: "",
            kind: Kind::Choice { options: &["balanced", "even"], default: "balanced" },
        },
    ],
    input: "a table of mixed columns, one row a customer, and which of them are seeds",
    source: "logistic regression with a ridge, as scikit-learn writes its objective; lift on held-out seeds",
};

impl LookalikeOptions {
    /// What the card's settings ask for.
    ///
    /// # Panics
    /// If the settings are another card's.
    pub fn of(settings: &Settings, seed: u64, n_threads: usize) -> Self {
        let class_weight =
            if settings.text("class_weight") == "even" { ClassWeight::Even } else { ClassWeight::Balanced };
        let logistic = LogisticOptions { c: settings.float("c"), class_weight };
        LookalikeOptions {
            logistic,
            n_folds: settings.usize("n_folds"),
            seed,
            n_threads,
            ..LookalikeOptions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_the_librarys() {
        assert_eq!(LookalikeOptions::of(&CARD.defaults(), 1, 2), LookalikeOptions::default());
        let settings = CARD.settings([("class_weight", "even"), ("c", "0.5"), ("n_folds", "5")]).unwrap();
        let told = LookalikeOptions::of(&settings, 3, 1);
        assert_eq!((told.logistic.c, told.n_folds, told.seed), (0.5, 5, 3));
        assert_eq!(told.logistic.class_weight, ClassWeight::Even);
    }
}
