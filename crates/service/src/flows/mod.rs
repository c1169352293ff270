//! What the command line and the jobs of the server do, each from tables to result: train, evaluate, recommend, write.
//! The same functions serve both; nothing here knows HTTP or a terminal.

pub mod assist;
pub mod audience;
pub mod content;
pub mod dataset;
pub mod evaluate;
pub mod hold_out;
pub mod in_service;
pub mod knowledge;
pub mod language;
pub mod learned;
pub mod models;
pub mod plan;
pub mod plot;
pub mod policy;
pub mod rows;
pub mod segment;
pub mod seq2seq;
pub mod train;

/// How a long flow reports and hears about cancellation: (share done, what is being done) -> go on?
pub type Progress<'a> = &'a (dyn Fn(f64, &str) -> bool + Sync);
