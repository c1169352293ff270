//! `tercet`: the one program. Arguments in, a flow of `service` called, the result printed; no logic beyond that.
//!
//! Results go to stdout (with `--json`, one JSON document), logs and progress to stderr. Exit codes: 0 done, 1 failed,
//! 2 wrong usage.

mod args;
mod assist;
mod commands;
mod decide;
mod drafts;
mod everyone;
mod groups;
mod import;
mod knowledge;
mod lab;
mod language;
mod mcp;
mod plan;
mod print;
mod question;
mod report;
mod schedule;
mod send;
mod seq2seq;
mod sql;
mod whole_shop;
mod write;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;

use args::Arguments;

/// A server makes and drops many small texts per request. See docs/adr/0004-allocator.md.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            // Help and version are no failures.
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    start_logging(arguments.verbose);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: no threads could be started: {error}");
            return ExitCode::from(1);
        }
    };
    let json = arguments.json;
    match runtime.block_on(commands::run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print::error(&error, json);
            ExitCode::from(error.exit_code())
        }
    }
}

fn start_logging(verbose: u8) {
    let level = match verbose {
        0 => tracing::Level::WARN,
        1 => tracing::Level::INFO,
        _ => tracing::Level::DEBUG,
    };
    // Colours would be noise in a file. See no-color.org for the variable.
    let has_colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
    let logging = tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr);
    logging.with_target(false).with_ansi(has_colours).init();
}
