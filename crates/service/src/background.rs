//! Where long work of the server runs: a runtime of its own, whose threads stand back for those that answer requests. What is not
//! here: which work is long, and its turn (`jobs`).
//!
//! A query or a training takes a processor for a second and more. On the threads that answer, it would hold up everybody who
//! asks meanwhile.

use std::future::Future;
use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// A tenth of the share of a thread that answers, when both want the processor; all of it when nobody asks.
#[cfg(target_os = "linux")]
const NICENESS: libc::c_int = 10;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let runtime =
        Builder::new_multi_thread().enable_all().thread_name("tercet-background").on_thread_start(stand_back).build();
    runtime.expect("the system gives threads at the start")
});

/// Runs `work` there. It goes on when nobody waits for it any more.
pub fn spawn<F>(work: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    RUNTIME.spawn(work)
}

/// Of this thread alone, and of those it starts. Elsewhere than on Linux it would be the whole process.
fn stand_back() {
    #[cfg(target_os = "linux")]
    // SAFETY: the call takes numbers alone; where it is refused, the thread keeps its priority.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, NICENESS);
    }
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn threads_there_and_those_they_start_stand_back() {
        // SAFETY: the call takes numbers alone.
        let niceness = || unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
        let here = niceness();
        // A process that stands further back already cannot come forward.
        let back = here.max(super::NICENESS);
        assert_eq!(super::spawn(async move { niceness() }).await.unwrap(), back);
        let started = super::spawn(async move { tokio::task::spawn_blocking(niceness).await.unwrap() });
        assert_eq!(started.await.unwrap(), back);
        assert_eq!(niceness(), here);
    }
}
