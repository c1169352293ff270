//! What this process used: wall and processor seconds, peak memory. Read from `/proc`; zeros where that is absent.

use std::fs;
use std::time::Instant;

/// A reading, or the difference of two.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    at: Instant,
    pub wall_seconds: f64,
    /// User and system seconds of all threads; the kernel counts in hundredths.
    pub cpu_seconds: f64,
    /// Largest resident memory since the process began.
    pub peak_rss_bytes: u64,
}

/// Linux reports processor time to programs in this unit whatever its own tick is.
const TICKS_PER_SECOND: f64 = 100.0;

impl Usage {
    pub fn now() -> Usage {
        Usage {
            at: Instant::now(),
            wall_seconds: 0.0,
            cpu_seconds: cpu_seconds().unwrap_or(0.0),
            peak_rss_bytes: peak_rss_bytes().unwrap_or(0),
        }
    }

    /// What was used since `earlier`; the peak is that of the whole process.
    pub fn since(&self, earlier: &Usage) -> Usage {
        Usage {
            wall_seconds: (self.at - earlier.at).as_secs_f64(),
            cpu_seconds: self.cpu_seconds - earlier.cpu_seconds,
            ..*self
        }
    }
}

fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in brackets and may hold spaces; utime and stime are fields 14 and 15.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

fn peak_rss_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_shows() {
        let before = Usage::now();
        let mut sum = 0u64;
        while Usage::now().since(&before).cpu_seconds < 0.02 {
            sum = (0..100_000u64).fold(sum, |sum, x| std::hint::black_box(sum.wrapping_add(x)));
        }
        assert!(before.peak_rss_bytes > 100_000, "{sum}");
    }
}
