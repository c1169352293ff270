//! The service's one error type: a stable code, what was found, what was allowed, what to do. The command line turns it
//! into an exit code, the API into a status and a body; neither adds words of its own.

use std::fmt;

use serde_json::Value;

/// What kind of failure this is; decides the HTTP status and the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request or the command is wrong: 400, exit 2.
    Usage,
    /// Nobody is logged in: 401.
    Unauthorised,
    /// Known, but not allowed: 403.
    Forbidden,
    /// There is no such thing: 404.
    NotFound,
    /// It cannot be done in the present state: 409.
    Conflict,
    /// The body is too large: 413.
    TooLarge,
    /// The body is not JSON: 415.
    UnsupportedMedia,
    /// Too many requests: 429.
    TooMany,
    /// Not now: 503.
    Unavailable,
    /// We failed: 500.
    Failed,
}

/// A failure, said to a person.
#[derive(Debug)]
pub struct ServiceError {
    pub kind: Kind,
    /// Stable; scripts rely on it.
    pub code: &'static str,
    pub message: String,
    /// What was found and allowed, for programs.
    pub detail: Option<Value>,
    /// What to do.
    pub help: Option<String>,
}

pub type Result<T> = std::result::Result<T, ServiceError>;

impl ServiceError {
    pub fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        ServiceError { kind, code, message: message.into(), detail: None, help: None }
    }

    pub fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, code, message)
    }

    pub fn not_found(what: &'static str, id: &str) -> Self {
        Self::new(Kind::NotFound, "not_found", format!("there is no {what} '{}'", clipped(id)))
    }

    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, code, message)
    }

    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, "failed", message)
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub fn detail(mut self, detail: Value) -> Self {
        self.detail = Some(detail);
        self
    }

    /// 2 for a wrong command, 1 for a failed one.
    pub fn exit_code(&self) -> u8 {
        if self.kind == Kind::Usage { 2 } else { 1 }
    }

    /// The JSON shape shared by the API and `--json`.
    pub fn to_json(&self) -> Value {
        serde_json::json!({"error": {
            "code": self.code,
            "message": self.message,
            "detail": self.detail,
            "help": self.help,
        }})
    }
}

/// User input repeated in a message: one line, at most 80 characters.
pub fn clipped(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(80).collect();
    if text.chars().count() > 80 { format!("{line}…") } else { line }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ServiceError {}

impl From<std::io::Error> for ServiceError {
    fn from(error: std::io::Error) -> Self {
        let failed = ServiceError::new(Kind::Failed, "io", error.to_string());
        match error.kind() {
            std::io::ErrorKind::StorageFull => failed.help("free some disk space, then try again; nothing was lost"),
            std::io::ErrorKind::PermissionDenied => failed.help("run as the user who owns the shop folder"),
            _ => failed,
        }
    }
}

impl From<recommend::FitError> for ServiceError {
    fn from(error: recommend::FitError) -> Self {
        let kind = match error {
            recommend::FitError::Unfit { .. } => Kind::Usage,
            recommend::FitError::Empty { .. } => Kind::Conflict,
            _ => Kind::Failed,
        };
        let empty = matches!(error, recommend::FitError::Empty { .. });
        let made = ServiceError::new(kind, "fit", error.to_string());
        if empty { made.help("import events or orders first: tercet import FILE --as orders") } else { made }
    }
}

impl From<strategy::StrategyError> for ServiceError {
    fn from(error: strategy::StrategyError) -> Self {
        match error {
            strategy::StrategyError::Settings(error) => error.into(),
            strategy::StrategyError::Cancelled => ServiceError::conflict("cancelled", "cancelled"),
            other => ServiceError::usage("plan", other.to_string()),
        }
    }
}

impl From<segment::SegmentError> for ServiceError {
    fn from(error: segment::SegmentError) -> Self {
        use segment::SegmentError::{Cancelled, Empty, Settings, Unfit};
        match error {
            Settings(error) => error.into(),
            Unfit { .. } => ServiceError::usage("segment", error.to_string()),
            Empty { .. } | Cancelled => ServiceError::conflict("segment", error.to_string()),
            _ => ServiceError::failed(error.to_string()),
        }
    }
}

impl From<domain::SettingsError> for ServiceError {
    fn from(error: domain::SettingsError) -> Self {
        ServiceError::usage("settings", error.to_string()).help("tercet lab show CARD prints every parameter")
    }
}

impl From<serde_json::Error> for ServiceError {
    fn from(error: serde_json::Error) -> Self {
        ServiceError::failed(format!("JSON: {error}"))
    }
}
