//! A judge of polarity learned from a shop's own stars, where nobody has marked aspects: what a review that praises says of an
//! aspect is mostly praise. A clause in which the lexicon finds the opposite is left out: in such a review it may well be
//! right. Whether the judge is better than the lexicon alone is seen on reviews held out.

use serde::{Deserialize, Serialize};

use super::extract::{Lexicon, Opinion, Polarity};
use super::learn::Rated;
use super::polarity::{Judged, Mention, PolarityModel, Wanted};
use crate::LanguageError;
use crate::classify::Run;

/// Mentions learned from at most: more cost time and teach little.
const MENTIONS_MAX: usize = 60_000;
/// One review in so many is held out.
const HELD_OUT: usize = 10;
/// Fewer mentions of either kind teach no judge.
pub const MENTIONS_MIN: usize = 100;

/// What was reached on mentions in reviews held out, by the stars of their reviews.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reached {
    pub n_train: usize,
    pub n_test: usize,
    /// The judge's share of mentions that agree with the stars.
    pub accuracy: f64,
    /// Of these mentions, the share of which the lexicon says anything.
    pub decided: f64,
    /// The lexicon's share of those that agree with the stars, and the judge's of the same.
    pub accuracy_of_lexicon: f64,
    pub accuracy_where_decided: f64,
    /// The judge's share of the others.
    pub accuracy_elsewhere: f64,
}

/// A mention in its clause.
struct Found<'a> {
    clause: &'a str,
    start: usize,
    end: usize,
    is_praise: bool,
    said: Polarity,
}

/// Learns from rated reviews, in their order; `None` if too few mentions of either kind are found.
///
/// # Errors
/// If `run.progress` says to stop.
pub fn fit(
    reviews: &[Rated],
    lexicon: &Lexicon,
    wanted: &Wanted,
    run: &Run,
) -> Result<Option<(PolarityModel, Reached)>, LanguageError> {
    let rated: Vec<(&str, bool)> = reviews.iter().filter_map(|review| Some((review.text, review.is_praise?))).collect();
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for (at, &(text, is_praise)) in rated.iter().enumerate() {
        let part = if at % HELD_OUT == 0 { &mut test } else { &mut train };
        let cap = if at % HELD_OUT == 0 { MENTIONS_MAX / 4 } else { MENTIONS_MAX };
        if part.len() < cap {
            part.extend(lexicon.opinions(text).iter().filter_map(|opinion| found(text, is_praise, opinion)));
        }
    }
    train.retain(|found| !found.is_contrary());
    let n_praise = train.iter().filter(|found| found.is_praise).count();
    if n_praise.min(train.len() - n_praise) < MENTIONS_MIN || test.is_empty() {
        return Ok(None);
    }
    let judged: Vec<Judged> = train.iter().map(Found::judged).collect();
    let model = PolarityModel::fit(&judged, lexicon, None, wanted, run)?;
    let reached = reached(&model, &test, lexicon, train.len());
    Ok(Some((model, reached)))
}

/// Words that name and judge at once leave nothing to judge.
fn found<'a>(text: &'a str, is_praise: bool, opinion: &Opinion) -> Option<Found<'a>> {
    if opinion.word == Some(opinion.term) {
        return None;
    }
    let (from, to) = opinion.evidence;
    Some(Found {
        clause: &text[from..to],
        start: opinion.term.0 - from,
        end: opinion.term.1 - from,
        is_praise,
        said: opinion.polarity,
    })
}

impl Found<'_> {
    fn mention(&self) -> Mention<'_> {
        Mention { text: self.clause, start: self.start, end: self.end }
    }

    fn judged(&self) -> Judged<'_> {
        let polarity = if self.is_praise { "positive" } else { "negative" };
        Judged { mention: self.mention(), polarity, domain: 0 }
    }

    fn is_contrary(&self) -> bool {
        match self.said {
            Polarity::Positive => !self.is_praise,
            Polarity::Negative => self.is_praise,
            Polarity::Neutral => false,
        }
    }
}

fn reached(model: &PolarityModel, test: &[Found], lexicon: &Lexicon, n_train: usize) -> Reached {
    let praise = model.classes().iter().position(|class| class == "positive").unwrap_or(0);
    let [mut n, mut right] = [[0usize; 2]; 2];
    let mut right_lexicon = 0;
    for found in test {
        let is_decided = found.said != Polarity::Neutral;
        let (class, _) = model.judge(&found.mention(), 0, lexicon, None);
        n[usize::from(is_decided)] += 1;
        right[usize::from(is_decided)] += usize::from((class == praise) == found.is_praise);
        right_lexicon += usize::from(is_decided && !found.is_contrary());
    }
    let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    Reached {
        n_train,
        n_test: test.len(),
        accuracy: share(right[0] + right[1], test.len()),
        decided: share(n[1], test.len()),
        accuracy_of_lexicon: share(right_lexicon, n[1]),
        accuracy_where_decided: share(right[1], n[1]),
        accuracy_elsewhere: share(right[0], n[0]),
    }
}
