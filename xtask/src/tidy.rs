//! Tidiness as an ordinary check: which crate may use which, files that say what they are, nothing left unfinished.

use std::fs;

use crate::run::{Outcome, command, output, root};

/// What each crate may use of ours; and outside crates that only one of ours may name.
const EDGES: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("math", &[]),
    ("neural", &["domain", "math"]),
    ("recommend", &["domain", "math", "neural"]),
    ("segment", &["domain", "math"]),
    ("language", &["domain", "math", "neural"]),
    ("assist", &["domain", "math", "language"]),
    ("content", &["domain", "math", "language"]),
    ("strategy", &["domain", "math"]),
    ("data", &["domain"]),
    (
        "service",
        &["domain", "math", "data", "recommend", "segment", "language", "assist", "content", "neural", "strategy"],
    ),
    ("cli", &["service", "domain", "data", "recommend"]),
];

/// Crates that keep the algorithms pure: no files, network, clocks or environment in their sources.
const PURE: &[&str] =
    &["domain", "math", "neural", "recommend", "segment", "language", "assist", "content", "strategy"];
const IMPURE: &[&str] = &["std::fs", "std::net", "std::env", "SystemTime", "Instant::now", "tokio::", "async fn"];

/// Only this crate may name the SQL engine, so that one crate alone pays for compiling it.
const ENGINE_OWNER: &str = "data";

const LINES_MAX: usize = 1200;
const FILE_KIB_MAX: u64 = 1024;

/// Checks the tree and reports everything that is wrong, not just the first.
pub fn tidy() -> Outcome {
    let mut found = Vec::new();
    edges(&mut found);
    let tracked = tracked()?;
    for path in &tracked {
        file(path, &mut found);
    }
    phrases(&tracked, &mut found);
    schemas(&tracked, &mut found);
    if found.is_empty() {
        return Ok(());
    }
    Err(format!("{} untidy places:\n  {}", found.len(), found.join("\n  ")))
}

fn tracked() -> Result<Vec<String>, String> {
    let listed = output(&mut command("git", &["ls-files", "--cached", "--others", "--exclude-standard"]))?;
    Ok(listed.lines().map(str::to_owned).filter(|path| root().join(path).is_file()).collect())
}

/// Sentences of the service that the console says in Chinese, by their English: each must still be one the service says.
fn phrases(tracked: &[String], found: &mut Vec<String>) {
    const DICTIONARY: &str = "web/src/i18n/zh.ts";
    let is_said = |path: &&String| path.starts_with("crates/") && path.contains("/src/") && path.ends_with(".rs");
    let read = |path: &String| fs::read_to_string(root().join(path)).unwrap_or_default();
    let said: String = tracked.iter().filter(is_said).map(read).collect();
    // As the compiler reads texts that go on in the next line.
    let said = said.split("\\\n").map(str::trim_start).collect::<String>().replace("\\\"", "\"");
    let Ok(dictionary) = fs::read_to_string(root().join(DICTIONARY)) else { return };
    let begins = dictionary.lines().skip_while(|line| line.trim() != "phrase: {").skip(1);
    let keys = begins.take_while(|line| line.trim() != "},").filter_map(key_of_phrase);
    for key in keys {
        if let Some(part) = literal_parts(&key).find(|part| !said.contains(part)) {
            found.push(format!("{DICTIONARY}: no crate says '{part}' of the phrase '{key}'"));
        }
    }
}

/// Types of the API: the OpenAPI document keeps one schema for each name, whichever comes last.
fn schemas(tracked: &[String], found: &mut Vec<String>) {
    let mut first = std::collections::BTreeMap::<String, &String>::new();
    for path in tracked.iter().filter(|path| path.starts_with("crates/") && path.ends_with(".rs")) {
        let text = fs::read_to_string(root().join(path)).unwrap_or_default();
        for name in names_of_schemas(&text) {
            if let Some(other) = first.insert(name.clone(), path) {
                found.push(format!("{path}: {other} has a schema named {name} too; say #[schema(as = Name)]"));
            }
        }
    }
}

/// The names that derived schemas have in the document.
fn names_of_schemas(text: &str) -> Vec<String> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let word = |text: &str| text.chars().take_while(|letter| is_name(*letter)).collect::<String>();
    let mut names = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if !(line.starts_with("#[derive(") && line.contains("ToSchema")) {
            continue;
        }
        let mut given = None;
        for line in lines.by_ref() {
            given = line.strip_prefix("#[schema(as = ").map(word).or(given);
            let declared = line.trim_start_matches("pub").trim_start_matches("(crate)").trim_start();
            let name = declared.strip_prefix("struct ").or_else(|| declared.strip_prefix("enum "));
            if let Some(name) = name {
                names.push(given.unwrap_or_else(|| word(name)));
                break;
            }
        }
    }
    names
}

/// The English of a line `"English": "Chinese",`.
fn key_of_phrase(line: &str) -> Option<String> {
    let rest = line.trim().strip_prefix('"')?;
    let end = rest.find("\": \"")?;
    Some(rest[..end].replace("\\\"", "\""))
}

/// What stands between places that are filled in; sentences may be put together at commas.
fn literal_parts(key: &str) -> impl Iterator<Item = &str> {
    let literals = key.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest));
    // "there is no product 'x'" is put together from the kind of thing.
    let parts =
        literals.flat_map(|part| part.split(", ")).map(|part| part.strip_prefix("there is no ").unwrap_or(part));
    parts.map(|part| part.trim().trim_end_matches(" '")).filter(|part| part.len() > 3)
}

fn edges(found: &mut Vec<String>) {
    for (name, allowed) in EDGES {
        let path = format!("crates/{name}/Cargo.toml");
        let Ok(text) = fs::read_to_string(root().join(&path)) else { continue };
        let Ok(manifest) = text.parse::<toml::Table>() else {
            found.push(format!("{path}: not valid TOML"));
            continue;
        };
        let Some(dependencies) = manifest.get("dependencies").and_then(toml::Value::as_table) else { continue };
        for used in dependencies.keys() {
            let ours = EDGES.iter().any(|(other, _)| other == used);
            if ours && !allowed.contains(&used.as_str()) {
                found.push(format!("{path}: '{name}' may not use '{used}' (allowed: {})", allowed.join(", ")));
            }
            if used == "datafusion" && *name != ENGINE_OWNER {
                found.push(format!("{path}: only '{ENGINE_OWNER}' may name DataFusion"));
            }
        }
    }
}

fn file(path: &str, found: &mut Vec<String>) {
    let full = root().join(path);
    if fs::metadata(&full).is_ok_and(|data| data.len() > FILE_KIB_MAX * 1024) {
        found.push(format!("{path}: larger than {FILE_KIB_MAX} KiB"));
    }
    let Ok(text) = fs::read_to_string(&full) else { return };
    if let Some(line) = line_with(&text, &unfinished()) {
        found.push(format!("{path}:{line}: unfinished or skipped work"));
    }
    if !path.ends_with(".rs") {
        return;
    }
    let opens = text.lines().find(|line| !line.starts_with("#!") && !line.trim().is_empty()).unwrap_or_default();
    if !opens.starts_with("//!") {
        found.push(format!("{path}: does not open with what it is and is not (`//!`)"));
    }
    if text.lines().count() > LINES_MAX {
        found.push(format!("{path}: {} lines; split it (at most {LINES_MAX})", text.lines().count()));
    }
    let pure = PURE.iter().any(|name| path.starts_with(&format!("crates/{name}/src/")));
    if pure && let Some(line) = line_with(code_of(&text), IMPURE) {
        found.push(format!("{path}:{line}: a pure crate touches files, network, clocks or environment"));
    }
}

/// Spelt in parts so that this file does not find itself.
fn unfinished() -> [&'static str; 5] {
    [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[ign", "ore"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
    ]
}

/// The part of a source before its unit tests, which may read files.
fn code_of(text: &str) -> &str {
    text.find("#[cfg(test)]").map_or(text, |at| &text[..at])
}

fn line_with<T: AsRef<str>>(text: &str, wanted: &[T]) -> Option<usize> {
    let is_code = |line: &str| !line.trim_start().starts_with("//");
    text.lines()
        .position(|line| is_code(line) && wanted.iter().any(|word| line.contains(word.as_ref())))
        .map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_read_as_they_are_said() {
        let key = super::key_of_phrase(r#"      "in all {1} of \"{2}\", which may be": "甲","#).unwrap();
        assert_eq!(key, "in all {1} of \"{2}\", which may be");
        assert_eq!(super::literal_parts(&key).collect::<Vec<_>>(), ["in all", "of \"", "which may be"]);
    }

    #[test]
    fn finds_what_it_looks_for() {
        assert_eq!(line_with(concat!("a\n  todo", "!()\n"), &unfinished()), Some(2));
        assert_eq!(line_with(concat!("a\n  // todo", "!()\n"), &unfinished()), None);
        assert_eq!(line_with(code_of("use std::fs;\n#[cfg(test)]\nstd::net"), IMPURE), Some(1));
        assert_eq!(line_with(code_of("a\n#[cfg(test)]\nstd::net"), IMPURE), None);
    }

    #[test]
    fn schemas_are_known_by_their_names() {
        let text = "#[derive(Clone, ToSchema)]\npub struct Page<T> {\n}\n#[derive(ToSchema)]\n#[schema(as = RowB)]\n/// A row.\n\
            pub(crate) enum Row {\n}\n#[derive(Clone)]\nstruct Other;\n";
        assert_eq!(names_of_schemas(text), ["Page", "RowB"]);
    }

    #[test]
    fn the_tree_is_tidy() {
        if let Err(message) = tidy() {
            panic!("{message}");
        }
    }
}
