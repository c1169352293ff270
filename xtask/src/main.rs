//! Everything around the product that has logic: set-up, demo, checks, golden values, benches.
//!
//! What is not here: anything a shop needs at run time. Only small dependencies, so that it builds in seconds.

mod api_fuzz;
mod bench;
mod demo;
mod golden;
mod run;
mod served;
mod setup;
mod talks;
mod test;
mod tidy;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask COMMAND

  demo [DIR]     install what is missing, build, simulate a shop, train, serve the console and print its address
  test [STEP…]   install what is missing and run every check; or only the named steps
                 (format, tidy, clippy, test, doc, console-unit, api-fuzz, console-browser)
  web            build the console into web/dist
  tidy           check the structure: crate edges, file headers, leftovers
  golden [NAME…] recompute the golden values with their pinned peers; compare them and ours with those kept
  bench [NAME…]  run us and the peers side by side on the same input; writes bench/results/
  bench serve [--seconds N] [--rate N] [--events N] [--algorithm CARD]
                 the server under load: latency, CPU and memory
  bench turns [--seconds N] [--rate N] [--restarts N] [--locks N] [--writer hanging] …
                 customer service under load, and while the server is killed or its store taken away
  bench copies [PART…], bench copies pairs FOLDER [SEED [DRAW]]
                 copies: parts of the bench; or pairs for somebody to judge blind
  bench answers [--wrong] [NAME…]
                 the written questions of tests/service, and a second reader of every answer
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest = args.get(1..).unwrap_or_default();
    let outcome = match args.first().map(String::as_str) {
        Some("demo") => demo::demo(rest),
        Some("test") => test::test(rest),
        Some("web") => setup::web(),
        Some("tidy") => tidy::tidy(),
        Some("golden") => golden::golden(rest),
        Some("bench") => bench::bench(rest),
        Some("help" | "--help" | "-h") | None => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Some(other) => {
            eprintln!("xtask: there is no command '{other}'.\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
