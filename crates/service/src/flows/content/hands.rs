//! Who writes a copy: the grammar always can, the trained writer where one is in service, a language model where `[writer]` of
//! tercet.toml says `copy = true`. A writer that cannot write now is told of, and the others go on. What each writes is the business
//! of the crate `content`; that it is checked, of [`super::write`].

use std::sync::{Arc, LazyLock};

use content::brief::Lang;
use content::panel::Seat;
use content::write::asked::Prompted;
use content::write::{Draft, Fluency, Grammarian, Task, WriteError, Writer};

use super::learned::Loaded;
use crate::error::{Result, ServiceError, clipped};
use crate::writer::Quill;

pub const WRITERS: [&str; 4] = ["best", "grammar", "learned", "model"];

/// Drafts of each angle by the grammar, the trained writer and a language model, and rounds over the angles: a model costs.
const BY_GRAMMAR: (usize, u64) = (4, 4);
const BY_LEARNED: (usize, u64) = (2, 2);
const BY_MODEL: (usize, u64) = (1, 1);

/// Who is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Who {
    /// All that can write; the judge takes the best.
    #[default]
    Best,
    Grammar,
    Learned,
    Model,
}

impl Who {
    /// # Errors
    /// If there is no such writer.
    pub fn named(name: Option<&str>) -> Result<Who> {
        Ok(match name {
            None | Some("best") => Who::Best,
            Some("grammar") => Who::Grammar,
            Some("learned") => Who::Learned,
            Some("model") => Who::Model,
            Some(other) => {
                let message = format!("writer is '{}'; allowed: {}", clipped(other), WRITERS.join(", "));
                return Err(ServiceError::usage("writer", message));
            }
        })
    }
}

/// The trained writer of a shop as it stands.
#[derive(Clone, Default)]
pub enum Trained {
    /// Nothing was learned yet.
    #[default]
    Nothing,
    Ready(Arc<Loaded>),
    /// What is wrong with its files.
    Damaged(String),
}

impl Trained {
    /// What was found in the shop.
    pub fn of(found: Result<Option<Arc<Loaded>>>) -> Trained {
        match found {
            Ok(None) => Trained::Nothing,
            Ok(Some(loaded)) => Trained::Ready(loaded),
            Err(error) => {
                tracing::error!(message = %error.message, "the trained writer cannot be read; the grammar writes");
                Trained::Damaged(error.message)
            }
        }
    }

    /// The writer of a language.
    ///
    /// # Errors
    /// If its file is damaged.
    pub fn in_language(&self, lang: Lang) -> std::result::Result<Option<&dyn Writer>, String> {
        match self {
            Trained::Nothing => Ok(None),
            Trained::Damaged(why) => Err(why.clone()),
            Trained::Ready(loaded) => match loaded.writer(lang) {
                None => Ok(None),
                Some(Ok(writer)) => Ok(Some(writer)),
                Some(Err(why)) => Err(why.to_owned()),
            },
        }
    }
}

/// A writer that cannot write now.
struct Absent {
    name: &'static str,
    why: String,
}

impl Writer for Absent {
    fn name(&self) -> &str {
        self.name
    }

    fn write(&self, _: &Task, _: usize) -> std::result::Result<Vec<Draft>, WriteError> {
        Err(WriteError::Unavailable { writer: self.name.to_owned(), why: self.why.clone() })
    }
}

/// Hands `then` the writers asked for.
///
/// # Errors
/// If one that is asked for by name is not there, or `then` fails.
pub fn with_hands<T>(
    who: Who,
    lang: Lang,
    trained: &Trained,
    quill: Option<Quill<'_>>,
    then: impl FnOnce(&[Seat<'_>]) -> Result<T>,
) -> Result<T> {
    let learned = trained.in_language(lang);
    let model = quill.map(|model| Prompted { model });
    let wants = |one: Who| who == one || who == Who::Best;
    if who == Who::Learned && matches!(learned, Ok(None)) {
        let message = format!("no writer has learned '{}' in this shop yet", lang.code());
        return Err(ServiceError::conflict("writer", message)
            .help(format!("learn one (minutes): tercet train writer --language {}", lang.code())));
    }
    if who == Who::Model && model.is_none() {
        return Err(ServiceError::conflict("writer", "this shop asks no language model for copies")
            .help("name an endpoint in [writer] of tercet.toml and say copy = true there; docs/content.md"));
    }
    let damaged = learned.as_ref().err().map(|why| Absent { name: "learned", why: why.clone() });
    let mut seats: Vec<Seat> = Vec::new();
    let mut sit = |writer, (n_drafts, n_rounds)| seats.push(Seat { writer, n_drafts, n_rounds });
    if wants(Who::Grammar) {
        sit(&Grammarian as &dyn Writer, BY_GRAMMAR);
    }
    if wants(Who::Learned) {
        match (&learned, &damaged) {
            (Ok(Some(writer)), _) => sit(*writer, BY_LEARNED),
            (_, Some(absent)) => sit(absent, BY_LEARNED),
            _ => {}
        }
    }
    if let Some(model) = model.as_ref().filter(|_| wants(Who::Model)) {
        sit(model, BY_MODEL);
    }
    then(&seats)
}

static FLUENCY: [LazyLock<Fluency>; 2] =
    [LazyLock::new(|| Fluency::of_grammar(Lang::Zh)), LazyLock::new(|| Fluency::of_grammar(Lang::En))];

/// How texts of a language read, by the grammar's sentences; learned once.
pub fn fluency(lang: Lang) -> &'static Fluency {
    &FLUENCY[usize::from(lang == Lang::En)]
}
