//! Raw HTTP/1.1 over kept connections, one thread each, on a schedule that does not wait for answers that are late.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::super::random::Random;
use super::histogram::Histogram;

/// Whom to ask about what.
pub struct Load {
    pub address: SocketAddr,
    pub key: String,
    pub customers: Vec<String>,
    pub products: Vec<String>,
    /// Reads ask for arms of experiments.
    pub decides: bool,
}

/// What came back.
#[derive(Default)]
pub struct Tally {
    pub latency: Histogram,
    /// Status, or 0 for a broken connection -> count.
    errors: BTreeMap<u16, u64>,
}

impl Tally {
    pub fn n_answered(&self) -> u64 {
        self.latency.count()
    }

    /// `0`, or `503: 12, broken: 1`.
    pub fn said(&self) -> String {
        let name = |status: u16| if status == 0 { "broken".to_owned() } else { status.to_string() };
        let said: Vec<String> = self.errors.iter().map(|(status, n)| format!("{}: {n}", name(*status))).collect();
        if said.is_empty() { "0".to_owned() } else { said.join(", ") }
    }

    pub fn fail(&mut self, status: u16) {
        *self.errors.entry(status).or_default() += 1;
    }

    pub fn n_failed(&self) -> u64 {
        self.errors.values().sum()
    }

    pub fn merge(&mut self, other: Tally) {
        self.latency.merge(&other.latency);
        other.errors.into_iter().for_each(|(status, n)| *self.errors.entry(status).or_default() += n);
    }
}

const READ: u16 = 200;
const WRITE: u16 = 202;
/// What an outcome is answered with.
const TOLD: u16 = 204;

/// The experiments whose arms are asked for.
const EXPERIMENTS: [(&str, &str); 2] = [
    ("split", r#"{"id":"split","arms":[{"name":"control"},{"name":"a"},{"name":"b"}]}"#),
    (
        "tree",
        r#"{"id":"tree","arms":[{"name":"control"},{"name":"a"},{"name":"b"}],"chooser":"tree","attributes":["city","member"],"wait_minutes":0}"#,
    ),
];
const N_DECIDED: usize = 1_000_000;
const N_CITIES: usize = 30;

impl Load {
    /// Begins the experiments that reads ask for.
    ///
    /// # Errors
    /// If the server refuses one.
    pub fn start_experiments(&self) -> Result<(), String> {
        let mut connection = Connection::new(self.address);
        for (_, body) in EXPERIMENTS {
            let request = self.post("/v1/experiments", body);
            let (status, answer) = connection.exchange(request.as_bytes()).map_err(|error| error.to_string())?;
            if status != 201 {
                return Err(format!("an experiment is answered {status}: {}", String::from_utf8_lossy(answer)));
            }
        }
        Ok(())
    }

    fn post(&self, path: &str, body: &str) -> String {
        format!(
            "POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.key,
            body.len()
        )
    }

    /// Reads and events at these rates over so many connections; `watch` is called a few times a second meanwhile.
    pub fn run(
        &self,
        reads_per_second: f64,
        events_per_second: f64,
        duration: Duration,
        (n_readers, n_writers): (usize, usize),
        mut watch: impl FnMut(),
    ) -> (Tally, Tally) {
        let start = Instant::now() + Duration::from_millis(50);
        let n_running = AtomicUsize::new(n_readers + n_writers);
        std::thread::scope(|scope| {
            let worker = |at: usize, of: usize, rate: f64, wanted: u16| {
                let n_running = &n_running;
                scope.spawn(move || {
                    let tally = Worker::new(self, at as u64, wanted).run(start, duration, at, of, rate);
                    n_running.fetch_sub(1, Ordering::Relaxed);
                    tally
                })
            };
            let readers: Vec<_> = (0..n_readers).map(|at| worker(at, n_readers, reads_per_second, READ)).collect();
            let writers: Vec<_> = (0..n_writers).map(|at| worker(at, n_writers, events_per_second, WRITE)).collect();
            while n_running.load(Ordering::Relaxed) > 0 {
                std::thread::sleep(Duration::from_millis(200));
                watch();
            }
            let gather = |workers: Vec<std::thread::ScopedJoinHandle<'_, Tally>>| {
                let mut all = Tally::default();
                workers.into_iter().for_each(|worker| all.merge(worker.join().expect("a worker does not panic")));
                all
            };
            (gather(readers), gather(writers))
        })
    }
}

/// A kept connection, made when first needed and anew after it broke.
pub struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

impl Connection {
    pub fn new(address: SocketAddr) -> Self {
        Connection { address, stream: None, buffer: vec![0; 1 << 16] }
    }

    /// Sends a whole request; status and body of the answer. Broken off, the next exchange begins with a new connection.
    pub fn exchange(&mut self, request: &[u8]) -> std::io::Result<(u16, &[u8])> {
        match self.answered(request) {
            Ok((status, body)) => Ok((status, &self.buffer[body])),
            Err(error) => {
                self.stream = None;
                Err(error)
            }
        }
    }

    fn answered(&mut self, request: &[u8]) -> std::io::Result<(u16, Range<usize>)> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(Duration::from_secs(60)))?;
            self.stream = Some(stream);
        }
        let stream = self.stream.as_mut().expect("connected above");
        stream.write_all(request)?;
        let mut n_read = 0;
        loop {
            if n_read == self.buffer.len() {
                self.buffer.resize(2 * n_read, 0);
            }
            let n = stream.read(&mut self.buffer[n_read..])?;
            if n == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            n_read += n;
            if let Some((status, body)) = whole(&self.buffer[..n_read])
                && n_read >= body.end
            {
                return Ok((status, body));
            }
        }
    }
}

struct Worker<'a> {
    load: &'a Load,
    random: Random,
    wanted: u16,
    connection: Connection,
    request: String,
    /// The experiment, customer and whether they are a member, of the arm asked for last.
    decided: Option<(usize, usize, bool)>,
}

impl<'a> Worker<'a> {
    fn new(load: &'a Load, at: u64, wanted: u16) -> Self {
        let random = Random((at + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(wanted));
        Worker {
            load,
            random,
            wanted,
            connection: Connection::new(load.address),
            request: String::new(),
            decided: None,
        }
    }

    /// Every `of`-th request of the schedule, starting with the `at`-th.
    fn run(mut self, start: Instant, duration: Duration, at: usize, of: usize, rate: f64) -> Tally {
        let mut tally = Tally::default();
        for turn in 0.. {
            let due = Duration::from_secs_f64((at as f64 + turn as f64 * of as f64) / rate.max(1e-9));
            if due >= duration {
                break;
            }
            let wanted = self.compose();
            let due = start + due;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let status = self.connection.exchange(self.request.as_bytes()).map_or(0, |(status, _)| status);
            // Of somebody whose time was over the outcome is refused, as it should be.
            if status == wanted || (wanted, status) == (TOLD, 409) {
                tally.latency.add(due.elapsed().as_micros() as u64);
            } else {
                tally.fail(status);
            }
        }
        tally
    }

    /// The next request; the status that it is to be answered with.
    fn compose(&mut self) -> u16 {
        if self.load.decides && self.wanted == READ {
            return self.compose_arm();
        }
        let (customers, products, random) = (&self.load.customers, &self.load.products, &mut self.random);
        let (kind, customer, product) =
            (random.below(100), random.below(customers.len()), random.below(products.len()));
        let (customer, product) = (&customers[customer], &products[product]);
        let head = format!("Host: bench\r\nAuthorization: Bearer {}\r\n", self.load.key);
        self.request = if self.wanted == WRITE {
            let body = format!(r#"{{"customer_id":"{customer}","kind":"view","product_id":"{product}"}}"#);
            let length = body.len();
            format!(
                "POST /v1/events HTTP/1.1\r\n{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
            )
        } else {
            let path = match kind {
                0..90 => format!("/v1/recommendations?customer={customer}&n=10"),
                90..96 => format!("/v1/similar?product={product}&n=10"),
                _ => "/v1/popular?n=20".to_owned(),
            };
            format!("GET {path} HTTP/1.1\r\n{head}\r\n")
        };
        self.wanted
    }

    /// The arm of somebody, or, one time in ten, what the last arm asked for brought: more by `a` to members, by `b` to others.
    fn compose_arm(&mut self) -> u16 {
        if let Some((experiment, customer, is_member)) = self.decided.filter(|_| self.random.below(10) == 0) {
            let reward = usize::from(self.random.below(100) < if is_member { 30 } else { 10 });
            let path = format!("/v1/experiments/{}/outcome", EXPERIMENTS[experiment].0);
            self.request = self.load.post(&path, &format!(r#"{{"customer_id":"v{customer}","reward":{reward}}}"#));
            self.decided = None;
            return TOLD;
        }
        let (experiment, customer) = (self.random.below(2), self.random.below(N_DECIDED));
        let (city, is_member) = (customer % N_CITIES, customer % 3 == 0);
        self.decided = Some((experiment, customer, is_member));
        let body =
            format!(r#"{{"customer_id":"v{customer}","attributes":{{"city":"city {city}","member":"{is_member}"}}}}"#);
        self.request = self.load.post(&format!("/v1/experiments/{}/decide", EXPERIMENTS[experiment].0), &body);
        READ
    }
}

/// Status of an answer whose head has arrived, and where its body stands.
fn whole(bytes: &[u8]) -> Option<(u16, Range<usize>)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let status = head.get(9..12)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    Some((status, end..end + length.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        let text = b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(whole(text), Some((202, text.len() - 2..text.len())));
        assert_eq!(whole(&text[..30]), None);
    }
}
