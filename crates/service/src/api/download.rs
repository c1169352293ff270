//! Files that are handed out, block by block: the whole is never in memory.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_core::Stream;
use tokio::sync::mpsc::{Receiver, channel};

use crate::error::Result;

const BLOCK_BYTES: usize = 256 << 10;

/// Blocks read on a thread of their own, at most two ahead of whoever takes them.
struct Blocks(Receiver<std::io::Result<Bytes>>);

impl Stream for Blocks {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

/// A file of CSV under the name that the browser proposes.
pub async fn csv_file(path: PathBuf, name: &str) -> Result<Response> {
    let opened = crate::serving::off_thread(move || {
        let file = File::open(path)?;
        let n_bytes = file.metadata()?.len();
        Ok((file, n_bytes))
    });
    let (mut file, n_bytes) = opened.await?;
    let (taken, blocks) = channel(2);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut block = Vec::with_capacity(BLOCK_BYTES);
            let read = Read::by_ref(&mut file).take(BLOCK_BYTES as u64).read_to_end(&mut block);
            let is_last = !matches!(read, Ok(n) if n > 0);
            // An error goes out as the last item, and breaks the answer off.
            if (!is_last || read.is_err()) && taken.blocking_send(read.map(|_| block.into())).is_err() {
                return;
            }
            if is_last {
                return;
            }
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_LENGTH, n_bytes.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(Blocks(blocks))).into_response())
}
