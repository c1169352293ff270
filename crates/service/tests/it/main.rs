//! The service from outside: a real server, real HTTP over loopback, real files. One binary, so that it links once.

// The package is called `tercet-service`; the workspace calls it `service`.
extern crate tercet_service as service;

mod api;
mod channels;
mod content;
mod conversations;
mod copies;
mod decisions;
#[path = "../../../data/tests/common/mod.rs"]
mod disk;
mod durability;
mod encoders;
mod experiments;
mod golden;
mod groups;
mod hostile;
mod http;
mod imports;
mod knowledge;
mod language;
mod mcp;
mod odd_shops;
mod office_files;
mod openapi;
mod plans;
mod questions;
mod ranking;
mod reports;
mod schedule;
mod sendings;
mod seq2seq;
mod shop;
mod strategy;
mod writer;
