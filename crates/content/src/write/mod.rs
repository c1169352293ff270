//! From a plan to a draft: the fields of a channel with their text, and for every figure, spec, name and comparison in it the
//! bytes it stands at and what it rests on. The realiser here needs nothing but the plan; a trained model or a language model is
//! another [`Writer`] over the same task. Not here: whether a text is true or lawful (a check of its own, over any writer).

pub mod asked;
mod fluency;
mod form;
pub mod grammar;
mod html;
mod judge;
pub mod learned;
mod line;
mod page;
mod parts;
mod phrases;
mod rank;
mod realise;
mod statements;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use fluency::Fluency;
pub(crate) use form::topics;
pub use html::escape;
pub use judge::{Judge, Judgement, Merit};
pub use learned::Learned;
pub use line::{Line, Span};
pub(crate) use phrases::MONTHS;
pub use phrases::money;
pub use rank::{Score, rank};
pub(crate) use rank::{hashed, pairs};
pub use statements::{Said, Statement, statements};

use crate::brief::{Brief, BriefError};
use crate::channel::{Channel, Format};
use crate::plan::{Claim, Evidence, Plan};

/// From where a product is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Angle {
    /// What the goal asks for.
    #[default]
    Goal,
    /// What it is good for.
    Use,
    /// What sets it apart.
    Standout,
    /// What it has over the product that it replaces.
    Upgrade,
    /// What customers say.
    Opinion,
    /// What it costs.
    Value,
    /// What its data sheet says.
    Detail,
}

impl Angle {
    pub const ALL: [Angle; 7] =
        [Angle::Goal, Angle::Use, Angle::Standout, Angle::Upgrade, Angle::Opinion, Angle::Value, Angle::Detail];

    /// The name in requests.
    pub fn name(self) -> &'static str {
        self.symbol().unwrap_or("goal")
    }

    /// The end of the grammar's symbols of this angle; the goal's, if none.
    pub fn symbol(self) -> Option<&'static str> {
        match self {
            Angle::Goal => None,
            Angle::Use => Some("use"),
            Angle::Standout => Some("standout"),
            Angle::Upgrade => Some("upgrade"),
            Angle::Opinion => Some("opinion"),
            Angle::Value => Some("value"),
            Angle::Detail => Some("detail"),
        }
    }

    /// Whether a plan has what the angle looks at.
    pub fn is_open(self, plan: &Plan, brief: &Brief) -> bool {
        let any = |test: fn(&Claim) -> bool| plan.points.iter().any(|point| test(&point.claim));
        match self {
            Angle::Goal => true,
            Angle::Use => any(|claim| matches!(claim, Claim::Spec { use_of: Some(_), .. })),
            Angle::Standout => {
                any(|claim| matches!(claim, Claim::Spec { standing: Some(_), .. })) || plan.points.len() >= 2
            }
            Angle::Upgrade => any(|claim| matches!(claim, Claim::Spec { change: Some(_), .. })),
            Angle::Opinion => any(|claim| matches!(claim, Claim::Opinion { .. })),
            Angle::Value => {
                plan.price_cents.is_some() || brief.offer.as_ref().is_some_and(|offer| offer.price_cents.is_some())
            }
            Angle::Detail => plan.points.len() >= 2,
        }
    }

    /// The points in the order in which this angle tells them.
    fn order(self, plan: &Plan) -> Vec<usize> {
        let mut order: Vec<usize> = (0..plan.points.len()).collect();
        let first = |claim: &Claim| match self {
            Angle::Use => matches!(claim, Claim::Spec { use_of: Some(_), .. }),
            Angle::Standout => matches!(claim, Claim::Spec { standing: Some(_), .. }),
            Angle::Upgrade => matches!(claim, Claim::Spec { change: Some(_), .. }),
            Angle::Opinion => matches!(claim, Claim::Opinion { .. }),
            _ => true,
        };
        order.sort_by_key(|at| !first(&plan.points[*at].claim));
        if self == Angle::Detail && order.len() > 3 {
            // The data sheet begins otherwise than the other angles do.
            order[..3].rotate_left(1);
        }
        order
    }
}

/// What a writer is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// Checked ([`Brief::check`]).
    pub brief: &'a Brief,
    pub plan: &'a Plan,
    pub channel: &'static Channel,
    pub angle: Angle,
    pub seed: u64,
    /// Ways by which the last drafts opened ([`Draft::openings`]); none of them opens this one.
    pub last_openings: &'a [String],
}

/// One field of a draft.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    pub name: String,
    pub is_html: bool,
    pub text: String,
    /// Bytes of `text` and what they rest on; in HTML, of the escaped text.
    pub spans: Vec<Span>,
}

/// A sentence of a draft, and what its writer looked at while it was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sentence {
    /// The field it stands in.
    pub field: String,
    /// Bytes of the field's text.
    pub start: usize,
    pub end: usize,
    /// Which writer found its words.
    pub writer: String,
    /// The sentence with its figures and names taken out.
    pub form: String,
    /// How much each piece of the draft's evidence counted; parts of one. Empty where the writer does not tell.
    pub attention: Vec<Attended>,
}

/// A piece of evidence and how much it counted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attended {
    /// The place in the draft's evidence.
    pub evidence: usize,
    pub weight: f64,
}

/// A copy for a channel, with what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    pub channel: String,
    pub angle: Angle,
    /// Which writer wrote it.
    pub writer: String,
    pub seed: u64,
    pub fields: Vec<Field>,
    pub evidence: Vec<Evidence>,
    /// By which ways it opened.
    pub openings: Vec<String>,
    /// Keys of the plan's points that it tells.
    pub told: Vec<String>,
    /// The sentences of its plain text, where the writer keeps them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sentences: Vec<Sentence>,
}

impl Draft {
    /// The text of a field.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name == name).map(|field| field.text.as_str())
    }

    /// All plain text, one field a line; HTML is left out where the same stands in plain text.
    pub fn plain(&self) -> String {
        let texts: Vec<&str> =
            self.fields.iter().filter(|field| !field.is_html).map(|field| field.text.as_str()).collect();
        texts.join("\n")
    }
}

/// Something that writes drafts. What a writer gives is checked like any other text before it is sent.
pub trait Writer {
    /// The name under which its drafts are kept.
    fn name(&self) -> &str;

    /// Up to `n` drafts of a task, none better than another yet; see [`rank`].
    ///
    /// # Errors
    /// If it cannot write now, with what to do.
    fn write(&self, task: &Task, n: usize) -> Result<Vec<Draft>, WriteError>;
}

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WriteError {
    #[error(transparent)]
    Brief(#[from] BriefError),
    #[error("the writer '{writer}' cannot write now: {why}")]
    Unavailable { writer: String, why: String },
}

/// The writer of the grammar: always there, always the same for the same seed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Grammarian;

/// Drafts from which the best is taken.
const CANDIDATES: usize = 4;

impl Writer for Grammarian {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn write(&self, task: &Task, n: usize) -> Result<Vec<Draft>, WriteError> {
        Ok((0..n as u64).map(|nth| self.draft(task, nth)).collect())
    }
}

impl Grammarian {
    const NAME: &'static str = "grammar";

    fn draft(&self, task: &Task, nth: u64) -> Draft {
        let seed = math::random::Random::stream(task.seed, nth).next_u64();
        drafted(realise::Realiser::new(task, seed), self.name())
    }
}

/// The draft that a realiser makes, under its writer's name.
fn drafted(mut realiser: realise::Realiser, writer: &str) -> Draft {
    let task = realiser.task;
    let fields = form::fields(&mut realiser);
    let told = realiser.told_points();
    let keys = task.plan.points.iter().zip(&told).filter(|(_, is_told)| **is_told).map(|(point, _)| point.key.clone());
    let spoken = realiser.spoken();
    let mut sentences = Vec::new();
    for (card, line) in fields.iter().filter(|(card, _)| card.format != Format::Html) {
        sentences.extend(line.said.iter().map(|span| sentence(card.name, line, span, &spoken[span.evidence], writer)));
    }
    Draft {
        channel: task.channel.name.to_owned(),
        angle: task.angle,
        writer: writer.to_owned(),
        seed: task.seed,
        told: keys.collect(),
        sentences,
        fields: fields
            .into_iter()
            .map(|(card, line)| Field {
                name: card.name.to_owned(),
                is_html: card.format == Format::Html,
                text: line.text,
                spans: line.spans,
            })
            .collect(),
        evidence: realiser.evidence,
        openings: realiser.openings,
    }
}

/// A sentence that was kept, where it stands in its field.
fn sentence(field: &str, line: &Line, span: &Span, spoken: &parts::Spoken, writer: &str) -> Sentence {
    let attended = |(evidence, weight): &(usize, f64)| Attended { evidence: *evidence, weight: *weight };
    Sentence {
        field: field.to_owned(),
        start: span.start,
        // The last sign of a sentence may have been taken away.
        end: span.end.min(line.text.len()),
        writer: if spoken.is_worded { writer } else { Grammarian::NAME }.to_owned(),
        form: parts::shown(&spoken.pair.target),
        attention: spoken.attention.iter().map(attended).collect(),
    }
}

/// The best draft of a task by the grammar.
pub fn write(task: &Task) -> Draft {
    let mut drafts: Vec<Draft> = (0..CANDIDATES as u64).map(|nth| Grammarian.draft(task, nth)).collect();
    let best = rank(&drafts, task).first().map_or(0, |(at, _)| *at);
    drafts.swap_remove(best)
}
