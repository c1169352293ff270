//! Golden values of `lifetimes` on CDNOW, truth recovered from simulated customers, laws, and input that is bad.

mod golden;
mod laws;
mod recovery;

use super::*;

fn histories(of: &Simulated) -> Histories<'_> {
    Histories { frequency: &of.frequency, recency: &of.recency, age: &of.age }
}

/// Parameters near CDNOW's, ages 27 to 39 weeks.
fn cdnow_like(process: Process, n_customers: usize) -> Simulation {
    let parameters = match process {
        Process::BgNbd => [0.2426, 4.4135, 0.7929, 2.4258],
        Process::MbgNbd => [0.5248, 6.183, 0.8914, 1.614],
        Process::ParetoNbd => [0.5533, 10.578, 0.6062, 11.669],
    };
    Simulation {
        process,
        parameters,
        buying_effects: Vec::new(),
        leaving_effects: Vec::new(),
        n_customers,
        age: (27.0, 39.0),
        grain: 0.0,
        horizon: 39.0,
    }
}

const PROCESSES: [Process; 3] = [Process::BgNbd, Process::MbgNbd, Process::ParetoNbd];
