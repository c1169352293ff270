//! Sends what waits in the outbox: one sender a channel, each conversation in its order, again after growing pauses until the
//! other side has taken it or it is given up. How a channel sends is its own business; what waits is on disk.

use std::sync::Arc;
use std::time::Duration;

use data::state::outbox::{Due, Tried};
use tokio::runtime::Handle;

use super::http::Failure;
use crate::clock;
use crate::error::Result;
use crate::serving::ServedShop;

/// Tries of one delivery: with the pauses below, for some four hours.
pub const TRIES_MAX: u32 = 18;
const PAUSE_MS: i64 = 1_000;
const PAUSE_MS_MAX: i64 = 30 * 60_000;
/// Deliveries of one pass.
const N_MAX: usize = 64;
/// What was sent is known by its key for so long; what was given up may be tried again for so long.
const SENT_KEPT_MS: i64 = 7 * 86_400_000;
const FAILED_KEPT_MS: i64 = 30 * 86_400_000;
/// A pass at least so often, also if nobody says that there is something.
const REST: Duration = Duration::from_secs(5);

/// What became of a try.
pub fn tried(outcome: std::result::Result<(), Failure>, n_tries: u32, now: i64) -> Tried {
    match outcome {
        Ok(()) => Tried::Sent,
        Err(Failure { said, until: Some(due_at), .. }) => Tried::Later { due_at, said },
        Err(Failure { said, is_passing, .. }) if !is_passing || n_tries + 1 >= TRIES_MAX => Tried::Failed { said },
        Err(Failure { said, .. }) => Tried::Later { due_at: now + pause_ms(n_tries), said },
    }
}

/// After so many failed tries before this one.
fn pause_ms(n_tries: u32) -> i64 {
    PAUSE_MS.saturating_mul(1 << n_tries.min(20)).min(PAUSE_MS_MAX)
}

/// One pass over a channel: sends what is due at `now`, and says when the next is due.
///
/// # Errors
/// If the store cannot be read or written.
pub fn send_due(
    shop: &Arc<ServedShop>,
    channel: &str,
    now: i64,
    send: impl Fn(&Due) -> std::result::Result<(), Failure>,
) -> Result<Option<i64>> {
    let state = shop.shop.state()?;
    for due in state.due_outgoing(channel, now, N_MAX)? {
        let tried = tried(send(&due), due.n_tries, now);
        match &tried {
            Tried::Sent => {}
            Tried::Later { said, .. } => tracing::warn!(channel, message = %said, "a delivery is tried again later"),
            Tried::Failed { said } => tracing::error!(channel, message = %said, "a delivery is given up"),
        }
        state.note_tried(due.number, now, tried)?;
    }
    Ok(state.next_due(channel)?)
}

/// Sends for a channel until the server stops.
pub(super) async fn run(shop: Arc<ServedShop>, channel: String) {
    let mut news = shop.channels.news.subscribe();
    loop {
        news.mark_unchanged();
        let (own, name, runtime) = (shop.clone(), channel.clone(), Handle::current());
        let pass = crate::serving::off_thread(move || {
            let Some(channel) = own.channels.get(&name) else { return Ok(None) };
            send_due(&own, &name, clock::now().0, |due| channel.send(&own, &runtime, due))
        });
        let rest = match pass.await {
            Ok(Some(due_at)) => Duration::from_millis((due_at - clock::now().0).max(0).unsigned_abs()).min(REST),
            Ok(None) => REST,
            Err(error) => {
                tracing::error!(channel, message = %error.message, "the outbox cannot be read");
                REST
            }
        };
        tokio::select! {
            _ = news.changed() => {}
            () = tokio::time::sleep(rest) => {}
        }
    }
}

/// Forgets what was done with long ago.
///
/// # Errors
/// If nothing can be written.
pub fn forget_old(shop: &ServedShop, now: i64) -> Result<()> {
    let state = shop.shop.state()?;
    state.forget_outgoing(now - SENT_KEPT_MS, now - FAILED_KEPT_MS)?;
    state.forget_heard(now - SENT_KEPT_MS)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let (mut now, mut pauses, mut n_tries) = (0, Vec::new(), 0);
        let last = loop {
            match tried(Err(Failure::passing("it answers 503")), n_tries, now) {
                Tried::Later { due_at, .. } => {
                    pauses.push(due_at - now);
                    (now, n_tries) = (due_at, n_tries + 1);
                }
                other => break other,
            }
        };
        assert_eq!(last, Tried::Failed { said: "it answers 503".into() });
        assert_eq!((n_tries, &pauses[..4]), (TRIES_MAX - 1, &[1_000, 2_000, 4_000, 8_000][..]));
        assert!(pauses.is_sorted() && pauses.iter().all(|pause| *pause <= PAUSE_MS_MAX));
        assert!((3 * 3_600_000..5 * 3_600_000).contains(&now), "{now}");
        assert_eq!(tried(Ok(()), 5, 0), Tried::Sent);
        let lasting = tried(Err(Failure::lasting("it answers 400")), 0, 0);
        assert_eq!(lasting, Tried::Failed { said: "it answers 400".into() }, "no try would help");
        assert_eq!(pause_ms(u32::MAX), PAUSE_MS_MAX);
    }
}
