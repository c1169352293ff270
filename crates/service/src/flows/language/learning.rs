//! Learning vectors of words so that a stop, a crash or a kill costs little: what was reached is kept beside the versions
//! every so often, and the next training of the same texts goes on from it, to the same vectors bit for bit.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use data::Shop;
use domain::Settings;
use language::LanguageError;
use language::vectors::{Corpus, Learning, Resume, Trained, Vocabulary, train_resumed};

use super::{KIND, LanguageRequest};
use crate::error::Result;
use crate::flows::Progress;

/// What stands beside the versions while vectors are learned.
const KEPT: &str = "vectors.learning";

/// What of a run is known only while it runs.
struct Run {
    begun: Instant,
    /// The share done when this run began.
    first: f64,
    kept_at: Instant,
    /// How long keeping took last.
    cost: Duration,
    n_since: u64,
}

/// The vectors, and how many words a second this run went through.
///
/// # Errors
/// If there is nothing to learn from, or `progress` says stop: what was learned is then kept.
pub(super) fn learn(
    shop: &Shop,
    (vocabulary, corpus): (Vocabulary, &Corpus),
    settings: &Settings,
    request: &LanguageRequest,
    progress: Progress<'_>,
) -> Result<(Trained, f64)> {
    let kept = shop.models().kept(KIND, KEPT)?;
    let now = Instant::now();
    let run = Mutex::new(Run { begun: now, first: -1.0, kept_at: now, cost: Duration::ZERO, n_since: 0 });
    let n_words = corpus.n_words as f64 * settings.int("epochs") as f64;
    let watch = |learning: &Learning| {
        let mut run = run.lock().expect("no holder panics");
        if run.first < 0.0 {
            run.first = learning.share;
        }
        let goes_on = progress(learning.share, &message(&run, learning, n_words, settings.int("epochs")));
        run.n_since += 1;
        if !goes_on || request.keep_every.is_due(run.kept_at.elapsed(), run.cost, run.n_since) {
            let keeping = Instant::now();
            // Learning is worth more than being able to go on with it: a full disk does not end it.
            if let Err(error) = shop.models().keep(KIND, KEPT, &learning.to_bytes()) {
                tracing::warn!(message = %error, "what was learned of words so far cannot be kept");
            }
            (run.kept_at, run.cost, run.n_since) = (Instant::now(), keeping.elapsed(), 0);
        }
        goes_on
    };
    let (seed, n_threads) = (request.seed, request.n_threads);
    let from = |kept: Option<&[u8]>| {
        let options = Resume { seed, n_threads, kept, watch: &watch };
        train_resumed(vocabulary.clone(), corpus, settings, &options)
    };
    let trained = match from(kept.as_deref()) {
        Err(LanguageError::Corrupt(said)) if kept.is_some() => {
            tracing::warn!(message = %said, "models/{KIND}/{KEPT} is damaged; words are learned from the beginning");
            from(None)?
        }
        other => other?,
    };
    let run = run.into_inner().expect("no holder panics");
    let share = 1.0 - run.first.max(0.0);
    Ok((trained, share * n_words / run.begun.elapsed().as_secs_f64().max(1e-9)))
}

/// Once the models are in service.
pub(super) fn forget(shop: &Shop) -> Result<()> {
    Ok(shop.models().forget(KIND, KEPT)?)
}

fn message(run: &Run, learning: &Learning, n_words: f64, n_epochs: i64) -> String {
    let (seconds, done) = (run.begun.elapsed().as_secs_f64(), learning.share - run.first);
    let epoch = (learning.losses.len() as i64 + 1).min(n_epochs);
    let mut message = format!("learning vectors of words: round {epoch} of {n_epochs}");
    if let Some(loss) = learning.losses.last() {
        message.push_str(&format!(", loss {loss:.3}"));
    }
    if done > 0.0 {
        let left = (seconds * (1.0 - learning.share) / done).round() as u64;
        let speed = done * n_words / seconds.max(1e-9);
        let left = format!("{}:{:02}:{:02}", left / 3600, left / 60 % 60, left % 60);
        message.push_str(&format!(", {speed:.0} words a second, about {left} left"));
    }
    message
}
