//! API keys: `tk_` and 48 hexadecimal digits (192 bits). Only the SHA-256 of a key is stored; that is enough for a
//! secret nobody can guess, and quick enough to check on every request.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::error::{Result, ServiceError, clipped};
use crate::random;

/// What a key allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Send events.
    Ingest,
    /// Ask for recommendations.
    Serve,
    /// Everything else: catalogue, customers, models, jobs, keys.
    Manage,
    /// Talk to customer service, and nothing else: such a key stands in every page that shows the widget.
    Converse,
    /// Answer customers: the desk.
    Desk,
    /// With manage: say of other people's copies that they may be sent.
    Approve,
}

impl Scope {
    pub const ALL: [Scope; 6] =
        [Scope::Ingest, Scope::Serve, Scope::Manage, Scope::Converse, Scope::Desk, Scope::Approve];

    pub fn name(self) -> &'static str {
        match self {
            Scope::Ingest => "ingest",
            Scope::Serve => "serve",
            Scope::Manage => "manage",
            Scope::Converse => "converse",
            Scope::Desk => "desk",
            Scope::Approve => "approve",
        }
    }

    /// Scopes written `ingest,serve`.
    pub fn parse_list(text: &str) -> Result<Vec<Scope>> {
        let mut scopes = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let scope = Scope::ALL.into_iter().find(|scope| scope.name() == part).ok_or_else(|| {
                ServiceError::usage(
                    "scope",
                    format!("'{}' is no scope; allowed: ingest, serve, manage, converse, desk, approve", clipped(part)),
                )
            })?;
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        if scopes.is_empty() {
            return Err(ServiceError::usage(
                "scope",
                "no scope given; allowed: ingest, serve, manage, converse, desk, approve",
            ));
        }
        if scopes.contains(&Scope::Converse) && scopes.len() > 1 {
            let message = "converse stands alone: a key for the widget is in every page that shows it";
            return Err(ServiceError::usage("scope", message).help("make another key for the other scopes"));
        }
        scopes.sort();
        Ok(scopes)
    }

    pub fn join(scopes: &[Scope]) -> String {
        scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(",")
    }
}

/// A key just made: the only moment its secret is known.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NewKey {
    pub id: String,
    pub name: String,
    pub scopes: Vec<Scope>,
    /// Shown once; store it now.
    pub secret: String,
}

/// What is kept of a key.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct KeyRecord {
    pub id: String,
    pub name: String,
    pub scopes: Vec<Scope>,
    pub created_at: i64,
    #[serde(skip)]
    pub digest: String,
}

/// A new secret and its record.
pub fn generate(name: &str, scopes: &[Scope], created_at: i64) -> Result<(NewKey, KeyRecord)> {
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(ServiceError::usage("key_name", "a key needs a name of 1 to 100 characters on one line"));
    }
    let secret = format!("tk_{}", random::token(24)?);
    let digest = digest(&secret);
    let id = format!("key_{}", &digest[..12]);
    let made = NewKey { id: id.clone(), name: name.to_owned(), scopes: scopes.to_vec(), secret };
    Ok((made, KeyRecord { id, name: name.to_owned(), scopes: scopes.to_vec(), created_at, digest }))
}

/// The stored form of a secret.
pub fn digest(secret: &str) -> String {
    random::hex(&Sha256::digest(secret.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_parsed() {
        for (text, expected) in [("ingest", "ingest"), ("serve, ingest", "ingest,serve"), ("manage,manage", "manage")] {
            assert_eq!(Scope::join(&Scope::parse_list(text).unwrap()), expected, "{text}");
        }
        for text in ["", ",", "root", "ingest root", "converse,serve"] {
            assert_eq!(Scope::parse_list(text).unwrap_err().exit_code(), 2, "{text}");
        }
    }

    #[test]
    fn a_key_is_never_stored_in_clear() {
        let (made, record) = generate("till", &[Scope::Ingest], 0).unwrap();
        assert!(!format!("{record:?}").contains(&made.secret));
        assert_eq!(digest(&made.secret), record.digest);
        assert!(generate("two\nlines", &[Scope::Ingest], 0).is_err());
    }
}
