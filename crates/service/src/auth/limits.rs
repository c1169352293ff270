//! Token buckets: so many requests a second per key, so few logins a minute per shop. Time is an argument.

use std::collections::BTreeMap;
use std::sync::Mutex;

/// One limit, for many callers.
pub struct Limits {
    /// Tokens a bucket holds at most.
    burst: f64,
    per_ms: f64,
    buckets: Mutex<BTreeMap<String, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: i64,
}

/// Callers remembered at once; full buckets are forgotten first, which changes nothing for their owners.
const BUCKETS_MAX: usize = 10_000;

impl Limits {
    pub fn new(burst: f64, per_second: f64) -> Self {
        Limits { burst, per_ms: per_second / 1000.0, buckets: Mutex::default() }
    }

    /// Takes `cost` tokens of `caller`, or says in how many seconds to come back.
    pub fn take(&self, caller: &str, cost: f64, now: i64) -> Result<(), u64> {
        let mut buckets = self.buckets.lock().expect("no holder panics");
        if !buckets.contains_key(caller) {
            if buckets.len() >= BUCKETS_MAX {
                buckets.retain(|_, bucket| self.refilled(bucket, now) < self.burst);
            }
            buckets.insert(caller.to_owned(), Bucket { tokens: self.burst, at: now });
        }
        let bucket = buckets.get_mut(caller).expect("inserted above");
        let tokens = self.refilled(bucket, now);
        let cost = cost.min(self.burst);
        if tokens >= cost {
            *bucket = Bucket { tokens: tokens - cost, at: now };
            return Ok(());
        }
        *bucket = Bucket { tokens, at: now };
        Err((((cost - tokens) / self.per_ms / 1000.0).ceil() as u64).max(1))
    }

    /// Gives back everything: after a good login.
    pub fn forgive(&self, caller: &str) {
        self.buckets.lock().expect("no holder panics").remove(caller);
    }

    fn refilled(&self, bucket: &Bucket, now: i64) -> f64 {
        (bucket.tokens + (now - bucket.at).max(0) as f64 * self.per_ms).min(self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_refills() {
        let limits = Limits::new(2.0, 1.0);
        for (now, expected) in [(0, Ok(())), (0, Ok(())), (0, Err(1)), (500, Err(1)), (1000, Ok(())), (1000, Err(1))] {
            assert_eq!(limits.take("a", 1.0, now), expected, "at {now}");
        }
        assert_eq!(limits.take("b", 1.0, 1000), Ok(()));
        limits.forgive("a");
        assert_eq!(limits.take("a", 2.0, 1000), Ok(()));
    }
}
