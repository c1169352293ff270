//! The whole way from a review to opinions: the lexicon finds what is spoken of, the learned judge, if there is one, says
//! whether it is praised.

use super::extract::{Lexicon, Opinion, Polarity};
use super::polarity::{Mention, PolarityModel};
use crate::classify::TextClassifier;

/// Finds opinions.
#[derive(Clone, Debug)]
pub struct Miner<'a> {
    pub lexicon: &'a Lexicon,
    pub model: Option<&'a PolarityModel>,
    /// The classifier of reviews that the model was learned with.
    pub prior: Option<&'a TextClassifier>,
    /// The domain whose own features are used; one that the model does not know uses what all share.
    pub domain: u32,
    /// The model is asked only where the lexicon finds no word that praises or blames.
    pub gaps_only: bool,
    /// Without an opinion word of the lexicon in its clause, a mention is neutral if the model is less sure than this.
    pub confidence_min: f64,
}

impl<'a> Miner<'a> {
    /// By the lexicon alone.
    pub fn of(lexicon: &'a Lexicon) -> Self {
        Miner { lexicon, model: None, prior: None, domain: u32::MAX, gaps_only: false, confidence_min: 0.8 }
    }

    /// What a review says, in its order.
    pub fn opinions(&self, text: &str) -> Vec<Opinion> {
        let mut found = self.lexicon.opinions(text);
        let Some(model) = self.model else { return found };
        for opinion in &mut found {
            // The model learned single clauses; a long review around one tells it little and costs much.
            let (start, end) = opinion.evidence;
            let clause = &text[start..end];
            let mention = Mention { text: clause, start: opinion.term.0 - start, end: opinion.term.1 - start };
            // Words that name and judge at once leave nothing to judge.
            if opinion.word == Some(opinion.term) || (self.gaps_only && opinion.word.is_some()) {
                continue;
            }
            let (class, probability) = model.judge(&mention, self.domain, self.lexicon, self.prior);
            let Some(polarity) = named(&model.classes()[class]) else { continue };
            let unsure = opinion.word.is_none() && probability < self.confidence_min;
            opinion.polarity = if unsure { Polarity::Neutral } else { polarity };
            opinion.confidence = probability;
        }
        found
    }
}

/// The polarity of a class's name, however it is written.
pub(super) fn named(class: &str) -> Option<Polarity> {
    match class.to_ascii_lowercase().as_str() {
        "positive" | "pos" | "1" | "+1" => Some(Polarity::Positive),
        "negative" | "neg" | "-1" => Some(Polarity::Negative),
        "neutral" | "neu" | "0" => Some(Polarity::Neutral),
        _ => None,
    }
}
