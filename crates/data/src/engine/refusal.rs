//! The engine's errors in our words: what was found and what is allowed, without the names of the engine's own parts.

use datafusion::error::DataFusionError;

use crate::DataError;

/// What the engine says before its own messages.
const PREFIXES: [&str; 4] =
    ["Error during planning: ", "Schema error: ", "sql parser error: ", "This feature is not implemented: "];

/// An error of planning or running a statement.
pub(crate) fn reworded(error: DataFusionError) -> DataError {
    let error = match error.find_root() {
        DataFusionError::SQL(error, _) => error.to_string(),
        root => root.strip_backtrace(),
    };
    let said = PREFIXES.iter().find_map(|prefix| error.strip_prefix(prefix)).unwrap_or(&error);
    if let Some(found) = refused(said) {
        return DataError::ReadOnly { found };
    }
    if let Some(found) = between(said, "table '", "' not found") {
        let found = found.strip_prefix("datafusion.").unwrap_or(found);
        let allowed = domain::table::ALL.iter().map(|spec| spec.name).collect::<Vec<_>>().join(", ");
        return DataError::UnknownTable { found: found.strip_prefix("public.").unwrap_or(found).to_owned(), allowed };
    }
    DataError::Sql { message: said.to_owned() }
}

/// What a statement was found to be, if it is one that is never run here.
fn refused(said: &str) -> Option<String> {
    if said.contains("a single SQL statement") {
        return Some("several statements, of which one at a time can be run".to_owned());
    }
    if said.contains("No SQL statements were provided") {
        return Some("no statement".to_owned());
    }
    let kinds =
        ["DDL not supported: ", "DML not supported: ", "Statement not supported: ", "Unsupported SQL statement: "];
    let kind = kinds.iter().find_map(|kind| said.split_once(kind))?.1;
    let kind: String = kind.chars().take(60).collect();
    Some(format!("a statement that does not only read ({})", kind.trim()))
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    Some(text.split_once(before)?.1.split_once(after)?.0)
}
