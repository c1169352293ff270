//! The service: flows over a shop's data, jobs, and the HTTP server with its API and console. Wire types, keys, sessions
//! and clocks live here and nowhere below; algorithms and SQL engines live below and not here.

pub mod alerts;
pub mod api;
pub mod auth;
mod background;
pub mod channels;
pub mod clock;
pub mod conversations;
pub mod decisions;
pub mod doctor;
pub mod encoders;
pub mod error;
pub mod experiments;
pub mod flows;
pub mod jobs;
pub mod lab;
pub mod mcp;
pub mod metrics;
mod near;
mod outside;
pub mod questions;
mod random;
pub mod remote;
pub mod report;
pub mod schedule;
pub mod sendings;
pub mod serving;
pub mod store;
mod usage;
pub mod writer;

/// What a command line needs to talk to customer service.
pub mod talk {
    pub use assist::Dialogue;
    pub use assist::golden;
    pub use assist::turn::Lang;
}

/// What a command line needs to tell what was found in a text.
pub mod copy {
    pub use content::check::markup::Words;
    pub use content::check::{Check, Finding, Report, Risk, Said, Span, Verdict};
    pub use content::poster;
    pub use content::write::Draft;
}

pub use error::{Result, ServiceError};
pub use random::password as generated_password;

impl From<data::DataError> for ServiceError {
    fn from(error: data::DataError) -> Self {
        use data::DataError as Data;
        use error::Kind;
        let (kind, code) = match &error {
            Data::DiskFull { .. } => (Kind::Unavailable, "disk_full"),
            Data::NotAShop { .. } | Data::NotEmpty { .. } | Data::Config { .. } => (Kind::Usage, "shop"),
            Data::BackupExists { .. } | Data::NoFolder { .. } => (Kind::Usage, "file"),
            Data::UnknownTable { .. } | Data::Unknown { .. } | Data::Sql { .. } | Data::ReadOnly { .. } => {
                (Kind::Usage, "sql")
            }
            Data::NewerFormat { .. } => (Kind::Conflict, "newer_format"),
            Data::Locked { .. } => (Kind::Conflict, "locked"),
            Data::AlreadyImported { .. } => (Kind::Conflict, "already_imported"),
            Data::Source { .. } => (Kind::Usage, "source"),
            _ => (Kind::Failed, "data"),
        };
        ServiceError::new(kind, code, error.to_string())
    }
}
