//! An endpoint that fails is left alone for a while, so that customers do not wait for it turn after turn; then one turn tries it.
//! The clock is an argument.

use std::time::{Duration, Instant};

/// Failures in a row after which it is left alone; one that cost the whole time-out is enough.
const FAILURES_MAX: u32 = 3;
/// How long it is left alone the first time; twice as long each time after, up to the longest.
const REST: Duration = Duration::from_secs(15);
const REST_MAX: Duration = Duration::from_secs(300);

/// How long the turn that tries it has, before another does.
const TRIAL: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Breaker {
    n_failures: u32,
    n_rests: u32,
    rests_until: Option<Instant>,
    /// A turn tries whether it is back.
    is_tried: bool,
}

impl Breaker {
    /// Whether it may be asked now; who is told so must say how it went.
    pub fn may(&mut self, now: Instant) -> bool {
        match self.rests_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                self.is_tried = true;
                self.rests_until = Some(now + TRIAL);
                true
            }
        }
    }

    pub fn succeeded(&mut self) {
        *self = Breaker::default();
    }

    /// `cost_all`: the whole time-out was waited for. `asked`: how long it wants to be left alone.
    pub fn failed(&mut self, now: Instant, cost_all: bool, asked: Option<Duration>) {
        self.n_failures += if cost_all { FAILURES_MAX } else { 1 };
        let was_tried = std::mem::take(&mut self.is_tried);
        if self.n_failures < FAILURES_MAX && asked.is_none() && !was_tried {
            return;
        }
        let rest = (REST * 2u32.pow(self.n_rests.min(5))).min(REST_MAX);
        self.n_rests += 1;
        self.rests_until = Some(now + asked.map_or(rest, |asked| asked.clamp(Duration::from_secs(1), 2 * REST_MAX)));
    }

    pub fn is_resting(&self, now: Instant) -> bool {
        self.rests_until.is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_failures_it_rests_and_one_turn_tries_it() {
        let (mut breaker, start) = (Breaker::default(), Instant::now());
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        for _ in 0..FAILURES_MAX {
            assert!(breaker.may(start));
            breaker.failed(start, false, None);
        }
        assert!(!breaker.may(at(14)) && breaker.is_resting(at(14)));
        assert!(breaker.may(at(15)) && !breaker.may(at(15)), "one tries it, others do not");
        breaker.failed(at(15), false, None);
        assert!(!breaker.may(at(44)) && breaker.may(at(45)), "twice as long");
        breaker.succeeded();
        assert!(breaker.may(at(45)) && breaker.may(at(45)));
    }

    #[test]
    fn one_that_hangs_or_asks_for_rest_gets_it_at_once() {
        let (mut breaker, start) = (Breaker::default(), Instant::now());
        breaker.failed(start, true, None);
        assert!(!breaker.may(start));
        let mut breaker = Breaker::default();
        breaker.failed(start, false, Some(Duration::from_secs(40)));
        assert!(!breaker.may(start + Duration::from_secs(39)) && breaker.may(start + Duration::from_secs(40)));
        for _ in 0..100 {
            breaker.failed(start, true, Some(Duration::from_secs(1 << 40)));
        }
        assert!(breaker.may(start + 2 * REST_MAX), "however long it asks for, it is tried again");
    }
}
