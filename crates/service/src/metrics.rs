//! What the server counts about itself: requests and latency per route, the last hour by the minute, events accepted.
//! Written as Prometheus text for `/metrics` and read by the console's overview. Nothing personal: routes are
//! templates, never addresses.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;
use utoipa::ToSchema;

/// Upper bounds of the latency buckets, in microseconds.
const BOUNDS_US: [u64; 16] = [
    100, 250, 500, 1_000, 2_000, 3_000, 5_000, 7_500, 10_000, 20_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000,
    30_000_000,
];

#[derive(Clone, Default)]
struct Latency {
    buckets: [u64; BOUNDS_US.len() + 1],
    sum_us: u64,
    count: u64,
}

impl Latency {
    fn add(&mut self, us: u64) {
        let at = BOUNDS_US.partition_point(|bound| *bound < us);
        self.buckets[at] += 1;
        self.sum_us += us;
        self.count += 1;
    }

    /// The latency below which a share `q` lies, linear inside a bucket, in milliseconds.
    fn quantile_ms(&self, q: f64) -> f64 {
        let wanted = q * self.count as f64;
        let mut below = 0.0;
        for (at, n) in self.buckets.iter().enumerate() {
            let n = *n as f64;
            if n > 0.0 && below + n >= wanted {
                let low = if at == 0 { 0 } else { BOUNDS_US[at - 1] } as f64;
                let high = BOUNDS_US.get(at).copied().unwrap_or(60_000_000) as f64;
                return (low + (high - low) * ((wanted - below) / n).clamp(0.0, 1.0)) / 1000.0;
            }
            below += n;
        }
        0.0
    }
}

#[derive(Default)]
struct Counted {
    routes: BTreeMap<(String, String, u16), u64>,
    latency: BTreeMap<String, Latency>,
    /// Minute since 1970 -> requests, errors, latency; the last sixty.
    minutes: BTreeMap<i64, Minute>,
}

#[derive(Default)]
struct Minute {
    n_requests: u64,
    n_errors: u64,
    latency: Latency,
}

/// The counters of one server.
#[derive(Default)]
pub struct Metrics {
    counted: Mutex<Counted>,
    pub events_accepted: AtomicU64,
    pub events_rejected: AtomicU64,
    pub answers_dropped: AtomicU64,
    pub model_swaps: AtomicU64,
    turns: Mutex<Latency>,
    writer: Mutex<WriterCounted>,
}

/// What language models were asked.
#[derive(Default)]
struct WriterCounted {
    /// By endpoint and how it went.
    outcomes: BTreeMap<(String, &'static str), u64>,
    calls: Latency,
    tokens_in: u64,
    tokens_out: u64,
}

/// The last hour in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RequestSummary {
    /// Requests in each of the last 60 minutes, the present one last.
    pub per_minute: Vec<u64>,
    pub p50_ms: f64,
    pub p99_ms: f64,
    /// Answers with a 5xx status in the last hour.
    pub errors: u64,
}

impl Metrics {
    /// Counts one answered request.
    pub fn request(&self, method: &str, route: &str, status: u16, us: u64, now_ms: i64) {
        let mut counted = self.counted.lock().expect("no holder panics");
        let minute = now_ms.div_euclid(60_000);
        *counted.routes.entry((route.to_owned(), method.to_owned(), status)).or_default() += 1;
        match counted.latency.get_mut(route) {
            Some(latency) => latency.add(us),
            None => counted.latency.entry(route.to_owned()).or_default().add(us),
        }
        if !counted.minutes.contains_key(&minute) {
            counted.minutes.retain(|at, _| minute - *at < 60);
        }
        let this = counted.minutes.entry(minute).or_default();
        this.n_requests += 1;
        this.n_errors += u64::from(status >= 500);
        this.latency.add(us);
    }

    /// Counts one answer of customer service.
    pub fn turn(&self, took: std::time::Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.turns.lock().expect("no holder panics").add(us);
    }

    /// Counts how asking a language model went: `used`, `refused`, `understood`, `slow`, `failed`, `resting`, `limit` or `busy`.
    pub fn writer(&self, endpoint: &str, outcome: &'static str) {
        let mut counted = self.writer.lock().expect("no holder panics");
        *counted.outcomes.entry((endpoint.to_owned(), outcome)).or_default() += 1;
    }

    /// Counts one call of a language model.
    pub fn writer_call(&self, took: std::time::Duration, tokens_in: u64, tokens_out: u64) {
        let mut counted = self.writer.lock().expect("no holder panics");
        counted.calls.add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        counted.tokens_in += tokens_in;
        counted.tokens_out += tokens_out;
    }

    pub fn summary(&self, now_ms: i64) -> RequestSummary {
        let counted = self.counted.lock().expect("no holder panics");
        let now = now_ms.div_euclid(60_000);
        let mut all = Latency::default();
        let mut errors = 0;
        for (_, minute) in counted.minutes.range(now - 59..=now) {
            errors += minute.n_errors;
            all.sum_us += minute.latency.sum_us;
            all.count += minute.latency.count;
            for (sum, n) in all.buckets.iter_mut().zip(minute.latency.buckets) {
                *sum += n;
            }
        }
        let per_minute = (now - 59..=now).map(|at| counted.minutes.get(&at).map_or(0, |m| m.n_requests)).collect();
        RequestSummary { per_minute, p50_ms: all.quantile_ms(0.5), p99_ms: all.quantile_ms(0.99), errors }
    }

    /// Prometheus text exposition; `gauges` are (name, help, value) known elsewhere.
    pub fn prometheus(&self, gauges: &[(&str, &str, f64)]) -> String {
        let mut text = String::new();
        let counted = self.counted.lock().expect("no holder panics");
        text.push_str("# HELP tercet_requests_total Requests answered.\n# TYPE tercet_requests_total counter\n");
        for ((route, method, status), n) in &counted.routes {
            let _ = writeln!(
                text,
                "tercet_requests_total{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}} {n}"
            );
        }
        text.push_str("# HELP tercet_request_seconds Time to answer.\n# TYPE tercet_request_seconds histogram\n");
        for (route, latency) in &counted.latency {
            histogram(&mut text, "tercet_request_seconds", &format!("route=\"{route}\""), latency);
        }
        text.push_str(
            "# HELP tercet_turn_seconds Time to answer a customer's message.\n# TYPE tercet_turn_seconds histogram\n",
        );
        histogram(&mut text, "tercet_turn_seconds", "", &self.turns.lock().expect("no holder panics"));
        writer_text(&mut text, &self.writer.lock().expect("no holder panics"));
        for (name, help, n) in [
            ("tercet_events_accepted_total", "Events accepted, each on disk.", &self.events_accepted),
            ("tercet_events_rejected_total", "Events refused.", &self.events_rejected),
            (
                "tercet_answers_dropped_total",
                "Answers not stored because the writer was behind.",
                &self.answers_dropped,
            ),
            ("tercet_model_swaps_total", "Models put into service.", &self.model_swaps),
        ] {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {}", n.load(Relaxed));
        }
        for (name, help, value) in gauges {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        }
        text
    }
}

/// Nothing where no language model was ever asked.
fn writer_text(text: &mut String, counted: &WriterCounted) {
    if counted.outcomes.is_empty() && counted.calls.count == 0 {
        return;
    }
    text.push_str(
        "# HELP tercet_writer_total What asking the language model came to.\n# TYPE tercet_writer_total counter\n",
    );
    for ((endpoint, outcome), n) in &counted.outcomes {
        let _ = writeln!(text, "tercet_writer_total{{endpoint=\"{endpoint}\",outcome=\"{outcome}\"}} {n}");
    }
    text.push_str(
        "# HELP tercet_writer_tokens_total Tokens sent and written.\n# TYPE tercet_writer_tokens_total counter\n",
    );
    for (direction, n) in [("in", counted.tokens_in), ("out", counted.tokens_out)] {
        let _ = writeln!(text, "tercet_writer_tokens_total{{direction=\"{direction}\"}} {n}");
    }
    text.push_str(
        "# HELP tercet_writer_call_seconds Time of one call of a language model.\n# TYPE tercet_writer_call_seconds histogram\n",
    );
    histogram(text, "tercet_writer_call_seconds", "", &counted.calls);
}

fn histogram(text: &mut String, name: &str, labels: &str, latency: &Latency) {
    let comma = if labels.is_empty() { "" } else { "," };
    let mut below = 0;
    for (bound, n) in BOUNDS_US.iter().zip(latency.buckets) {
        below += n;
        let seconds = *bound as f64 / 1e6;
        let _ = writeln!(text, "{name}_bucket{{{labels}{comma}le=\"{seconds}\"}} {below}");
    }
    let _ = writeln!(text, "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {}", latency.count);
    let braced = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
    let _ = writeln!(text, "{name}_sum{braced} {}", latency.sum_us as f64 / 1e6);
    let _ = writeln!(text, "{name}_count{braced} {}", latency.count);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_and_minutes() {
        let metrics = Metrics::default();
        for us in 1..=1000 {
            metrics.request("GET", "/v1/popular", 200, us, 60_000 * 100);
        }
        metrics.request("GET", "/v1/popular", 500, 50, 60_000 * 101);
        let summary = metrics.summary(60_000 * 101);
        assert_eq!((summary.per_minute[58], summary.per_minute[59], summary.errors), (1000, 1, 1));
        assert!((summary.p50_ms - 0.5).abs() < 0.01, "{summary:?}");
        assert!((summary.p99_ms - 0.99).abs() < 0.02, "{summary:?}");
        assert!(!metrics.prometheus(&[]).contains("tercet_writer"));
        metrics.writer("local", "used");
        metrics.writer_call(std::time::Duration::from_millis(3), 70, 9);
        let text = metrics.prometheus(&[("tercet_model_age_seconds", "Age.", 3.0)]);
        assert!(text.contains("tercet_writer_total{endpoint=\"local\",outcome=\"used\"} 1\n"));
        assert!(text.contains("tercet_writer_tokens_total{direction=\"out\"} 9\n"));
        assert!(text.contains("tercet_requests_total{route=\"/v1/popular\",method=\"GET\",status=\"200\"} 1000"));
        assert!(text.contains("tercet_request_seconds_bucket{route=\"/v1/popular\",le=\"0.001\"} 1001"));
        assert!(text.ends_with("tercet_model_age_seconds 3\n"));
    }
}
