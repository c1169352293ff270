//! The card of sequence-to-sequence models, and their shape as the parameters give it.

use domain::{Card, Kind, Param, Settings};
use neural::layers::{Cell, Score};
use serde::{Deserialize, Serialize};

use crate::LanguageError;
use crate::seq2seq::limits;

const fn int(
    name: &'static str,
    sentence: &'static str,
    unit: &'static str,
    (min, max, default): (i64, i64, i64),
) -> Param {
    Param { name, sentence, unit, kind: Kind::Int { min, max, default } }
}

const fn float(
    name: &'static str,
    sentence: &'static str,
    unit: &'static str,
    (min, max, default): (f64, f64, f64),
) -> Param {
    Param { name, sentence, unit, kind: Kind::Float { min, max, default } }
}

const fn choice(
    name: &'static str,
    sentence: &'static str,
    options: &'static [&'static str],
    default: &'static str,
) -> Param {
    Param { name, sentence, unit: "", kind: Kind::Choice { options, default } }
}

const fn yes_no(name: &'static str, sentence: &'static str, default: bool) -> Param {
    Param { name, sentence, unit: "", kind: Kind::Bool { default } }
}

pub static CARD: Card = Card {
    name: "seq2seq",
    sentence: "Learns to turn one sequence of words into another from pairs of them: questions into answers, facts into sentences, one language into another.",
    family: "sequence",
    params: &[
        choice("cell", "What reads and writes.", &["gru", "lstm", "transformer"], "gru"),
        choice(
            "attention",
            "How a recurrent decoder finds the source words that matter; a transformer has its own.",
            &["additive", "dot", "general", "concat"],
            "additive",
        ),
        int("dim_embedding", "Length of the words' vectors.", "", (1, 8192, 256)),
        int("dim_hidden", "Length of a state.", "", (1, 8192, 512)),
        int("layers", "Layers of the encoder and of the decoder.", "layers", (1, 16, 1)),
        int("heads", "Heads of a transformer's attention; must divide dim_hidden.", "heads", (1, 64, 4)),
        yes_no("bidirectional", "The recurrent encoder reads from both ends.", true),
        yes_no("input_feeding", "What was written last, with its context, is fed back to a recurrent decoder.", false),
        yes_no(
            "copy",
            "Source words may be copied, known or not; source and target must share their vocabulary.",
            false,
        ),
        float(
            "coverage",
            "Weight of the loss for attending again to what was attended to; above 0, additive and concat attention also look at it.",
            "",
            (0.0, 100.0, 0.0),
        ),
        float("dropout", "The part of values dropped while learning.", "", (0.0, 0.95, 0.1)),
        float("label_smoothing", "The part of each target spread over all words.", "", (0.0, 0.9, 0.1)),
        float("learning_rate", "Of Adam, after warming up.", "", (1e-7, 1.0, 1e-3)),
        int("warm_up", "Steps over which the learning rate rises.", "steps", (0, 1_000_000, 0)),
        choice("schedule", "The learning rate after warming up.", &["constant", "inverse_square_root"], "constant"),
        float(
            "weight_decay",
            "The part of each value, times the learning rate, taken away a step.",
            "",
            (0.0, 1.0, 0.0),
        ),
        float("clip", "The longest gradient over all parameters; 0 for any.", "", (0.0, 1e6, 5.0)),
        float(
            "average",
            "How much the running mean of the parameters, which is what writes, keeps of itself at a step; 0 for no mean.",
            "",
            (0.0, 0.999_999, 0.0),
        ),
        int("batch", "Pairs learned from at once.", "pairs", (1, 65_536, 64)),
        int("epochs", "Rounds over the pairs, at most.", "epochs", (1, 100_000, 20)),
        int(
            "patience",
            "Rounds without a better validation loss after which learning ends; 0 for never.",
            "epochs",
            (0, 100_000, 5),
        ),
        int(
            "beam",
            "Unfinished outputs kept side by side when writing; 1 takes the likeliest word each time.",
            "outputs",
            (1, 256, 5),
        ),
        float(
            "length_penalty",
            "The exponent of the length by which an output's log-probability is divided; 0 prefers short ones.",
            "",
            (0.0, 10.0, 1.0),
        ),
        int("no_repeat", "No sequence of so many words occurs twice in an output; 0 allows it.", "words", (0, 100, 0)),
        choice(
            "pick",
            "Which of the beam's outputs is given: the likeliest, or the one that the others agree on.",
            &["likeliest", "consensus"],
            "likeliest",
        ),
        yes_no(
            "said_only",
            "Learn from sources cut to what their targets say, so that all is said that is asked for and nothing else; what a target says is read back with what the other pairs taught.",
            false,
        ),
        float(
            "read_back",
            "What it counts, when outputs are ordered, how well the source can be read back from them.",
            "",
            (0.0, 100.0, 0.0),
        ),
        yes_no(
            "say_all",
            "With read_back above 0: what leaves something out is written again with words for that; surer to say everything, in less likely words.",
            false,
        ),
        int(
            "models",
            "Models that learn with seeds of their own and write together, by the mean of their probabilities.",
            "models",
            (1, 16, 1),
        ),
        choice(
            "precision",
            "How factors are rounded while learning; bf16 where the processor has it.",
            &["f32", "bf16"],
            "f32",
        ),
    ],
    input: "pairs of sequences of word ids, a source and a target each, of any lengths",
    source: "Cho et al. 2014 (GRU encoder-decoder); Bahdanau, Cho, Bengio 2015 (additive attention); Luong, Pham, Manning 2015 (dot, general, concat, input feeding); See, Liu, Manning 2017 (copying, coverage); Vaswani et al. 2017 (transformer); Dušek and Jurčíček 2016 (reading back)",
};

/// The shape of a recurrent encoder-decoder: what its parameters' shapes follow from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    pub n_source_words: usize,
    pub n_target_words: usize,
    /// `gru` or `lstm`.
    pub cell: String,
    /// `additive`, `dot`, `general` or `concat`.
    pub attention: String,
    pub dim_embedding: usize,
    pub dim_hidden: usize,
    pub layers: usize,
    pub bidirectional: bool,
    pub input_feeding: bool,
    pub copy: bool,
    /// The weight of the coverage loss; above 0, scores look at coverage if they can.
    pub coverage: f32,
    pub dropout: f32,
    pub label_smoothing: f32,
}

impl Shape {
    /// The shape that the card's parameters ask for, over vocabularies of these sizes.
    ///
    /// # Errors
    /// As [`Shape::check`].
    pub fn new(settings: &Settings, n_source_words: usize, n_target_words: usize) -> Result<Self, LanguageError> {
        let shape = Shape {
            n_source_words,
            n_target_words,
            cell: settings.text("cell").to_owned(),
            attention: settings.text("attention").to_owned(),
            dim_embedding: settings.usize("dim_embedding"),
            dim_hidden: settings.usize("dim_hidden"),
            layers: settings.usize("layers"),
            bidirectional: settings.bool("bidirectional"),
            input_feeding: settings.bool("input_feeding"),
            copy: settings.bool("copy"),
            coverage: settings.float("coverage") as f32,
            dropout: settings.float("dropout") as f32,
            label_smoothing: settings.float("label_smoothing") as f32,
        };
        shape.check()?;
        Ok(shape)
    }

    /// # Errors
    /// If the vocabularies lack the four reserved words or more than 2^31 are asked for; if source and target vocabulary
    /// differ although words are to be copied; if a size is 0 or above what the card allows, the state of a bidirectional
    /// encoder odd, or a name none of those allowed.
    pub fn check(&self) -> Result<(), LanguageError> {
        limits::check_sizes(&[
            ("source words", self.n_source_words, limits::WORDS),
            ("target words", self.n_target_words, limits::WORDS),
            ("dim_embedding", self.dim_embedding, limits::DIM),
            ("dim_hidden", self.dim_hidden, limits::DIM),
            ("layers", self.layers, limits::LAYERS),
        ])?;
        limits::check_copied(self.copy, self.n_source_words, self.n_target_words)?;
        if self.bidirectional && !self.dim_hidden.is_multiple_of(2) {
            return Err(LanguageError::unfit(
                "dim_hidden of a bidirectional encoder",
                self.dim_hidden,
                "an even number",
            ));
        }
        limits::check_parts(self.dropout, self.label_smoothing, self.coverage)?;
        self.cell()?;
        self.score()?;
        Ok(())
    }

    pub(crate) fn cell(&self) -> Result<Cell, LanguageError> {
        Ok(Cell::from_name(&self.cell)?)
    }

    pub(crate) fn score(&self) -> Result<Score, LanguageError> {
        Ok(Score::from_name(&self.attention)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_that_do_not_fit_are_refused_in_words() {
        let new = |texts: &[&str], n: usize, m: usize| Shape::new(&CARD.settings_from_texts(texts).unwrap(), n, m);
        assert!(new(&[], 10, 20).is_ok());
        for (texts, n, m, said) in [
            (&["copy=true"][..], 10, 20, "found 10 and 20"),
            (&["dim_hidden=5"], 10, 10, "found 5, allowed an even number"),
            (&["cell=transformer"], 10, 10, "found transformer, allowed gru, lstm"),
            (&[], 3, 10, "found 3"),
        ] {
            let error = new(texts, n, m).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
