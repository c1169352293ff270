//! What the readers of queries and bodies say, in our words: what was found, what is allowed. The readers have no types for
//! it, so it is told from their texts; a text that is not known stands as it is.

use crate::error::{ServiceError, clipped};

/// Of a query that could not be read. `query` is what was sent.
pub fn of_query(said: &str, query: &str) -> ServiceError {
    let said = said.strip_prefix("Failed to deserialize query string: ").unwrap_or(said);
    let reworded = structure(said, "parameter").or_else(|| {
        let (name, problem) = said.split_once(": ")?;
        if let Some(reworded) = structure(problem, "parameter") {
            return Some(reworded);
        }
        let found = sent(query, name);
        let allowed = match problem {
            "provided string was not `true` or `false`" => "true, false",
            "invalid float literal" => "a number",
            _ if problem.starts_with("number too") => "a whole number within 64 bits",
            "invalid digit found in string" if found.strip_prefix('-').is_some_and(is_digits) => {
                "a whole number, not below 0"
            }
            "invalid digit found in string" | "cannot parse integer from empty string" => "a whole number",
            _ => return None,
        };
        Some(format!("{name} is '{}'; allowed: {allowed}", clipped(&found)))
    });
    let message = reworded.unwrap_or_else(|| format!("the query was not understood: {}", one_line(said)));
    ServiceError::usage("query", message).help("see /openapi.json for the parameters of every address")
}

/// Of a body that could not be read.
pub fn of_body(said: &str) -> ServiceError {
    let (what, place) = match said.rsplit_once(" at line ") {
        Some((what, place)) => (what, format!(" (line {})", place.replacen(" column", ", column", 1))),
        None => (said, String::new()),
    };
    let reworded = structure(what, "field").or_else(|| {
        let problem = what.strip_prefix("invalid type: ").or_else(|| what.strip_prefix("invalid value: "))?;
        let (found, allowed) = problem.rsplit_once(", expected ")?;
        Some(format!("found {}; allowed: {}", plain(found), plain(allowed)))
    });
    let reworded = reworded.unwrap_or_else(|| plain(what));
    ServiceError::usage("body", one_line(&format!("the body was not understood: {reworded}{place}")))
        .help("see /openapi.json for the shape of every body")
}

/// What queries and bodies have in common: names that lack, are unknown or come twice.
fn structure(said: &str, what: &str) -> Option<String> {
    if let Some(name) = said.strip_prefix("missing field ") {
        return Some(format!("the {what} {} is missing", plain(name)));
    }
    if let Some(name) = said.strip_prefix("duplicate field ") {
        return Some(format!("the {what} {} was given more than once; allowed: once", plain(name)));
    }
    let (kind, rest) = [("field", "unknown field "), ("variant", "unknown variant ")]
        .into_iter()
        .find_map(|(kind, start)| Some((kind, said.strip_prefix(start)?)))?;
    let (name, allowed) = rest.split_once(", expected ").unwrap_or((rest, ""));
    let found = clipped(name.trim_matches('`'));
    let allowed = plain(allowed.strip_prefix("one of ").unwrap_or(allowed)).replace("' or '", "', '").replace('\'', "");
    let allowed = if allowed.is_empty() { String::new() } else { format!("; allowed: {allowed}") };
    Some(match kind {
        "field" => format!("there is no {what} '{found}'{allowed}"),
        _ => format!("found '{found}'{allowed}"),
    })
}

/// The value sent under a name, or nothing.
fn sent(query: &str, name: &str) -> String {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let value = pairs.into_iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value).replace('+', " ");
    percent_encoding::percent_decode_str(&value).decode_utf8_lossy().into_owned()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// With our quotation marks.
fn plain(text: &str) -> String {
    text.replace('`', "'")
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only read")]
    struct Asked {
        customer: String,
        n: Option<usize>,
        price: Option<i64>,
        explain: Option<bool>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Train,
        Evaluate,
    }

    /// As the reader says it: its words may change with its version.
    #[test]
    fn queries_are_answered_in_our_words() {
        for (query, message) in [
            ("customer=c&n=abc", "n is 'abc'; allowed: a whole number"),
            ("customer=c&n=", "n is ''; allowed: a whole number"),
            ("customer=c&n=-1", "n is '-1'; allowed: a whole number, not below 0"),
            ("customer=c&n=%E5%BA%97+1", "n is '店 1'; allowed: a whole number"),
            (
                "customer=c&price=99999999999999999999",
                "price is '99999999999999999999'; allowed: a whole number within 64 bits",
            ),
            ("customer=c&explain=maybe", "explain is 'maybe'; allowed: true, false"),
            ("n=3", "the parameter 'customer' is missing"),
            ("customer=c&colour=red", "there is no parameter 'colour'; allowed: customer, n, price, explain"),
            ("customer=c&n=1&n=2", "the parameter 'n' was given more than once; allowed: once"),
        ] {
            let uri: axum::http::Uri = format!("http://x/y?{query}").parse().unwrap();
            let said = axum::extract::Query::<Asked>::try_from_uri(&uri).unwrap_err().body_text();
            let error = of_query(&said, query);
            assert_eq!(error.message, message, "{query}: {said}");
            assert!(error.help.is_some());
        }
    }

    #[test]
    fn bodies_are_answered_in_our_words() {
        let asked = |body: &str| serde_json::from_str::<Asked>(body).map(drop).unwrap_err().to_string();
        for (body, message) in [
            ("{\"customer\": 5}", "found integer '5'; allowed: a string (line 1, column 14)"),
            ("{}", "the field 'customer' is missing (line 1, column 2)"),
            ("{\"colour\": 5}", "there is no field 'colour'; allowed: customer, n, price, explain (line 1, column 9)"),
            ("{", "EOF while parsing an object (line 1, column 1)"),
        ] {
            let said = asked(body);
            assert_eq!(of_body(&said).message, format!("the body was not understood: {message}"), "{body}: {said}");
        }
        let said = serde_json::from_str::<Kind>("\"dance\"").unwrap_err().to_string();
        let message = of_body(&said).message;
        assert!(message.contains("found 'dance'; allowed: train, evaluate"), "{message}");
    }
}
