//! From the shop's examples to a model in service.

use std::collections::BTreeMap;
use std::time::Instant;

use assist::small_talk::SmallTalk;
use assist::understand::{INTENTS, Intent, IntentModel};
use data::Shop;

use super::{AssistInfo, INFO, KIND, MODEL, RejectedExample, SMALL_TALK};
use crate::clock;
use crate::error::{Result, ServiceError, clipped};
use crate::flows::Progress;

/// The shop's own examples: a line each, intent and text with a tab between; `#` begins a comment.
const EXAMPLES: &str = "assist/intents.tsv";
/// Bytes of that file that are read, lines that are learned from, and characters of one.
const EXAMPLES_BYTES_MAX: u64 = 16 << 20;
const EXAMPLES_MAX: usize = 100_000;
const TEXT_CHARS_MAX: usize = 500;
const REJECTED_SHOWN: usize = 20;
const VERSIONS_KEPT: usize = 5;

/// How to learn.
#[derive(Clone, Copy, Debug)]
pub struct AssistRequest {
    pub seed: u64,
    pub n_threads: usize,
}

impl Default for AssistRequest {
    fn default() -> Self {
        AssistRequest { seed: 1, n_threads: 2 }
    }
}

/// The shop's examples, and the lines that are none.
struct Examples {
    rows: Vec<(String, String)>,
    rejected: Vec<RejectedExample>,
}

/// Learns intents and puts the model into service.
///
/// # Errors
/// If the file of examples cannot be read, the shop is locked, or the work was cancelled.
pub async fn train(shop: &Shop, request: AssistRequest, progress: Progress<'_>) -> Result<AssistInfo> {
    shop.lock_for_writing()?;
    let started = Instant::now();
    go_on(progress, 0.0, "reading examples")?;
    let examples = read(shop)?;
    go_on(progress, 0.1, "learning intents")?;
    let own: Vec<(&str, &str)> = examples.rows.iter().map(|(intent, text)| (intent.as_str(), text.as_str())).collect();
    let learn = || neural::on_threads(request.n_threads, || IntentModel::learn(&own, request.seed));
    let model = tokio::task::block_in_place(learn)?;
    go_on(progress, 0.6, "learning small talk")?;
    let small_talk = tokio::task::block_in_place(|| SmallTalk::learn(request.seed, request.n_threads))?;
    go_on(progress, 0.9, "putting it into service")?;
    let mut info = AssistInfo {
        version: String::new(),
        trained_at: clock::now().0,
        seconds: started.elapsed().as_secs_f64(),
        seed: request.seed,
        n_intents: INTENTS.len(),
        n_own: examples.rows.len(),
        n_rejected: examples.rejected.len(),
        rejected: examples.rejected.into_iter().take(REJECTED_SHOWN).collect(),
    };
    let files = BTreeMap::from([
        (MODEL.to_owned(), model.to_bytes()),
        (SMALL_TALK.to_owned(), small_talk.to_bytes()),
        (INFO.to_owned(), serde_json::to_vec(&info)?),
    ]);
    info.version = shop.models().publish(KIND, &files)?;
    shop.models().activate(KIND, &info.version)?;
    shop.models().prune(KIND, VERSIONS_KEPT)?;
    progress(1.0, "in service");
    Ok(info)
}

fn go_on(progress: Progress<'_>, share: f64, message: &str) -> Result<()> {
    match progress(share, message) {
        true => Ok(()),
        false => Err(ServiceError::conflict("cancelled", "cancelled")),
    }
}

fn read(shop: &Shop) -> Result<Examples> {
    let path = shop.root().join(EXAMPLES);
    let wrong = |said: String| ServiceError::usage("examples", format!("{}: {said}", path.display()));
    let size = match std::fs::metadata(&path) {
        Ok(found) => found.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Examples { rows: Vec::new(), rejected: Vec::new() });
        }
        Err(error) => return Err(wrong(error.to_string())),
    };
    if size > EXAMPLES_BYTES_MAX {
        return Err(wrong(format!("{size} bytes; allowed: {EXAMPLES_BYTES_MAX}")));
    }
    let bytes = std::fs::read(&path).map_err(|error| wrong(error.to_string()))?;
    Ok(parse(&String::from_utf8_lossy(&bytes)))
}

fn parse(text: &str) -> Examples {
    let mut examples = Examples { rows: Vec::new(), rejected: Vec::new() };
    for (line, number) in text.trim_start_matches('\u{feff}').lines().zip(1..) {
        let line = line.trim_end();
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        match example(line) {
            Ok(_) if examples.rows.len() >= EXAMPLES_MAX => {
                let reason = format!("more than {EXAMPLES_MAX} examples");
                examples.rejected.push(RejectedExample { line: number, reason });
            }
            Ok(row) => examples.rows.push(row),
            Err(reason) => examples.rejected.push(RejectedExample { line: number, reason }),
        }
    }
    examples
}

fn example(line: &str) -> std::result::Result<(String, String), String> {
    let (intent, text) = line.split_once('\t').ok_or("no tab between intent and text")?;
    let (intent, text) = (intent.trim(), text.trim());
    if Intent::named(intent).is_none() {
        return Err(format!("'{}' is no intent; allowed: {}", clipped(intent), names()));
    }
    let n_chars = text.chars().count();
    if n_chars == 0 || n_chars > TEXT_CHARS_MAX || text.contains(['\0', '\u{fffd}']) {
        return Err(format!("a text of {n_chars} characters; allowed: 1 to {TEXT_CHARS_MAX} of UTF-8"));
    }
    Ok((intent.to_owned(), text.to_owned()))
}

fn names() -> String {
    INTENTS.iter().map(|intent| intent.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_lines_are_set_aside_and_named() {
        let text =
            "\u{feff}# own words\nprice\t啥价位\n\nprice 没有制表符\nnothing\tx\nstock\t \nstock\t还有现货不\r\n";
        let examples = parse(text);
        let rows: Vec<(&str, &str)> =
            examples.rows.iter().map(|(intent, text)| (intent.as_str(), text.as_str())).collect();
        assert_eq!(rows, [("price", "啥价位"), ("stock", "还有现货不")]);
        let lines: Vec<usize> = examples.rejected.iter().map(|bad| bad.line).collect();
        assert_eq!(lines, [4, 5, 6]);
        assert!(examples.rejected[1].reason.contains("'nothing' is no intent; allowed: product_fact"));
    }
}
