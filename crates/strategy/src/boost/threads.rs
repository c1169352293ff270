//! Runs work on a given number of threads. Not here: what is worth sharing out.

/// Runs `work` where rayon uses `n_threads` threads.
pub(crate) fn on_threads<R: Send>(n_threads: usize, work: impl FnOnce() -> R + Send) -> R {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads.max(1)).build();
    match pool {
        Ok(pool) => pool.install(work),
        // No more threads to be had: the result is the same.
        Err(_) => work(),
    }
}
