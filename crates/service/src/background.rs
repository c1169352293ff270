//! Where long work of the server runs: a runtime of its own, whose threads stand back for those that answer requests. What is not
//! here: which work is long, and its turn (`jobs`).
//!
//! A query or a training takes a processor for a second and more. On the threads that answer, it would hold up everybody who
//! asks meanwhile.

use std::future::Future;
use std::sync::LazyLock;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinError, JoinHandle};

/// A tenth of the share of a thread that answers, when both want the processor; all of it when nobody asks.
#[cfg(target_os = "linux")]
const NICENESS: libc::c_int = 10;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| runtime("tercet-background", stand_back));
static IDLE: LazyLock<Runtime> = LazyLock::new(|| runtime("tercet-idle", when_idle));

fn runtime(name: &str, on_start: fn()) -> Runtime {
    let made = Builder::new_multi_thread().enable_all().thread_name(name).on_thread_start(on_start).build();
    made.expect("the system gives threads at the start")
}

/// Runs `work` there. It goes on when nobody waits for it any more.
pub fn spawn<F>(work: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    RUNTIME.spawn(work)
}

/// Runs `work` while no processor is wanted by anybody else: however busy the machine is, nobody waits for it. On a machine that is
/// never idle it would never end; what is not done after `patience` begins anew where work of the background runs.
///
/// # Errors
/// If the work panics.
pub async fn when_possible<F, W>(patience: Duration, work: W) -> Result<F::Output, JoinError>
where
    W: Fn() -> F,
    F: Future<Output: Send> + Send + 'static,
{
    let idle = IDLE.spawn(work());
    let given_up = idle.abort_handle();
    match tokio::time::timeout(patience, idle).await {
        Ok(done) => done,
        Err(_) => {
            given_up.abort();
            spawn(work()).await
        }
    }
}

/// Threads of this class run when no other wants the processor, and are put aside at once when one does; a nice thread keeps
/// it to the end of its slice, some milliseconds each time.
fn when_idle() {
    stand_back();
    #[cfg(target_os = "linux")]
    // SAFETY: the structure is plain numbers and lives through the call; where it is refused, the thread is a nice one.
    unsafe {
        let none: libc::sched_param = std::mem::zeroed();
        libc::sched_setscheduler(0, libc::SCHED_IDLE, &none);
    }
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

    #[tokio::test]
    async fn what_finds_no_time_is_done_all_the_same() {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
        use std::time::Duration;
        let n_begun = Arc::new(AtomicUsize::new(0));
        let work = |hangs: bool| {
            let n_begun = n_begun.clone();
            move || {
                let n = n_begun.fetch_add(1, SeqCst) + 1;
                async move {
                    if hangs && n == 1 {
                        std::future::pending::<()>().await;
                    }
                    n
                }
            }
        };
        assert_eq!(super::when_possible(Duration::from_secs(60), work(false)).await.unwrap(), 1);
        n_begun.store(0, SeqCst);
        assert_eq!(super::when_possible(Duration::from_millis(10), work(true)).await.unwrap(), 2);
    }
}
