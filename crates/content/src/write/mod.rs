//! From a plan to a draft: the fields of a channel with their text, and for every figure, spec, name and comparison in it the
//! bytes it stands at and what it rests on. The realiser here needs nothing but the plan; a trained model or a language model is
//! another [`Writer`] over the same task. Not here: whether a text is true or lawful (a check of its own, over any writer).

mod form;
pub mod grammar;
mod html;
mod line;
mod page;
mod phrases;
mod rank;
mod realise;
mod statements;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub(crate) use form::topics;
pub use html::escape;
pub use line::{Line, Span};
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
        "grammar"
    }

    fn write(&self, task: &Task, n: usize) -> Result<Vec<Draft>, WriteError> {
        Ok((0..n as u64).map(|nth| self.draft(task, nth)).collect())
    }
}

impl Grammarian {
    fn draft(&self, task: &Task, nth: u64) -> Draft {
        let mut realiser = realise::Realiser::new(task, math::random::Random::stream(task.seed, nth).next_u64());
        let fields = form::fields(&mut realiser);
        let told = realiser.told_points();
        let keys =
            task.plan.points.iter().zip(&told).filter(|(_, is_told)| **is_told).map(|(point, _)| point.key.clone());
        Draft {
            channel: task.channel.name.to_owned(),
            angle: task.angle,
            writer: self.name().to_owned(),
            seed: task.seed,
            fields: fields
                .into_iter()
                .map(|(card, line)| Field {
                    name: card.name.to_owned(),
                    is_html: card.format == Format::Html,
                    text: line.text,
                    spans: line.spans,
                })
                .collect(),
            told: keys.collect(),
            evidence: realiser.evidence,
            openings: realiser.openings,
        }
    }
}

/// The best draft of a task by the grammar.
pub fn write(task: &Task) -> Draft {
    let mut drafts: Vec<Draft> = (0..CANDIDATES as u64).map(|nth| Grammarian.draft(task, nth)).collect();
    let best = rank(&drafts, task).first().map_or(0, |(at, _)| *at);
    drafts.swap_remove(best)
}
