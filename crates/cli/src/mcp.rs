//! `mcp`: lines of standard input to the protocol's server, its answers to standard output. Nothing else is printed there.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;

use service::mcp::{Api, MESSAGE_BYTES_MAX, McpServer, home};
use service::remote::Remote;
use service::{Result, ServiceError};

use crate::args::Mcp;

pub async fn run(dir: &Path, asked: Mcp) -> Result<()> {
    let of_environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let key = of_environment("TERCET_KEY");
    let server = asked.server.or_else(|| of_environment("TERCET_SERVER"));
    let may_act = key.is_some();
    match server {
        Some(url) => {
            let key = key.ok_or_else(|| {
                ServiceError::usage("key", "a server is named and no key for it")
                    .help("set TERCET_KEY=tk_…; tercet keys create --name mcp --scopes serve,manage makes one")
            })?;
            let remote = Remote::new(&url, &key)?;
            if remote.is_in_the_clear() {
                eprintln!("warning: what is sent to {url}, and the key, can be read on the way; use https");
            }
            blocking(move || converse(remote, may_act)).await
        }
        None => {
            let home = home::open(dir, key).await?;
            blocking(move || converse(&home.api, may_act)).await
        }
    }
}

async fn blocking(run: impl FnOnce() -> Result<()> + Send + 'static) -> Result<()> {
    tokio::task::spawn_blocking(run).await.map_err(|error| ServiceError::failed(error.to_string()))?
}

/// Answers line by line until standard input ends.
fn converse(api: impl Api, may_act: bool) -> Result<()> {
    let server = McpServer::new(api, may_act);
    let mut input = BufReader::new(std::io::stdin());
    let mut line = Vec::new();
    loop {
        line.clear();
        // One byte more than is allowed, so that what is longer is refused and not read in two.
        let n = (&mut input).take(MESSAGE_BYTES_MAX as u64 + 2).read_until(b'\n', &mut line)?;
        if n == 0 {
            return Ok(());
        }
        if line.last() != Some(&b'\n') && line.len() > MESSAGE_BYTES_MAX {
            skip_line(&mut input)?;
        }
        let text = String::from_utf8_lossy(&line);
        if text.trim().is_empty() {
            continue;
        }
        if let Some(answer) = server.answer(text.trim()) {
            let mut out = std::io::stdout().lock();
            if writeln!(out, "{answer}").and_then(|()| out.flush()).is_err() {
                // Whoever asked has gone.
                return Ok(());
            }
        }
    }
}

fn skip_line(input: &mut impl BufRead) -> Result<()> {
    loop {
        let (n, is_end) = {
            let buffer = input.fill_buf()?;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            (end.map_or(buffer.len(), |at| at + 1), end.is_some() || buffer.is_empty())
        };
        input.consume(n);
        if is_end {
            return Ok(());
        }
    }
}
