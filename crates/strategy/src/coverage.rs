//! For tests: how often intervals of 90 % held the truth of what was simulated. Printed, so that all families' figures can be read at once:
//! `cargo test -p tercet-strategy --lib -- --nocapture | grep coverage`.

/// Tells the share and fails outside of 85 to 95 %: with 200 draws or more an interval of 90 % lies within that but in 2 of 100 cases.
#[track_caller]
pub fn assert_covers(what: &str, n_inside: usize, n: usize) {
    let share = n_inside as f64 / n as f64;
    println!("coverage | {what} | {:.1} % | {n}", 100.0 * share);
    assert!((0.85..=0.95).contains(&share), "{what}: {n_inside} of {n} intervals of 90 % hold the truth");
}
