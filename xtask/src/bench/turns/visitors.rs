//! Visitors who talk to service: each connection has a schedule fixed before the first request, and on it a few conversations
//! in turn, each with an open stream as the widget has. A turn that had to wait counts from when it was due. Whoever is cut off
//! sends the same message with the same key again. What is said comes from `talk`.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::serve::client::{Connection, Tally};
use super::talk::{Kind, Script, World};

const MADE: u16 = 201;
/// Between two attempts of one who was cut off, and how long they try.
const AGAIN: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(120);

/// Who talks how much.
pub struct Party<'a> {
    pub address: SocketAddr,
    pub key: &'a str,
    pub world: &'a World,
    pub turns_per_second: f64,
    pub duration: Duration,
    pub n_connections: usize,
    /// Conversations held at once on each connection.
    pub in_hand: usize,
    /// The number of the first conversation: no two parties say the same.
    pub first: u64,
    /// Whether those who are cut off try again.
    pub persists: bool,
    /// When the server was last away: from, until.
    pub outage: &'a Mutex<Option<(Instant, Instant)>>,
}

/// A conversation as its visitor remembers it.
pub struct Visit {
    pub id: String,
    pub secret: String,
    /// Of each accepted message.
    pub said: Vec<u64>,
    /// Of the last message, if its answer was given up: it may have been accepted all the same.
    pub given_up: Option<u64>,
    script: Script,
    stream: Option<TcpStream>,
    /// Cut off at least once: its stream is not held against the server.
    was_cut: bool,
    is_over: bool,
}

/// What a party met.
#[derive(Default)]
pub struct Report {
    pub all: Tally,
    pub by_kind: BTreeMap<Kind, Tally>,
    pub openings: Tally,
    /// Turns that fell into an outage, from when they were due to their answer.
    pub resumed: Tally,
    /// What those met who then tried again: a status, or a broken connection.
    pub told: Tally,
    /// Answers that went to a person.
    pub n_handed_over: u64,
    /// Streams that lacked an event when their conversation was over.
    pub n_short_streams: u64,
    /// Conversations that are over, and those that are still held.
    pub over: Vec<Visit>,
    pub open: Vec<Visit>,
}

impl Report {
    fn merge(&mut self, other: Report) {
        self.all.merge(other.all);
        self.openings.merge(other.openings);
        self.resumed.merge(other.resumed);
        self.told.merge(other.told);
        other.by_kind.into_iter().for_each(|(kind, tally)| self.by_kind.entry(kind).or_default().merge(tally));
        self.n_handed_over += other.n_handed_over;
        self.n_short_streams += other.n_short_streams;
        self.over.extend(other.over);
        self.open.extend(other.open);
    }
}

pub fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

impl Party<'_> {
    /// Holds the party; `watch` is called a few times a second meanwhile.
    pub fn run(&self, mut watch: impl FnMut()) -> Report {
        let start = Instant::now() + Duration::from_millis(50);
        let n_running = AtomicUsize::new(self.n_connections);
        std::thread::scope(|scope| {
            let worker = |at: usize| {
                let n_running = &n_running;
                scope.spawn(move || {
                    let report = Worker::new(self, at).run(start);
                    n_running.fetch_sub(1, Ordering::Relaxed);
                    report
                })
            };
            let workers: Vec<_> = (0..self.n_connections).map(worker).collect();
            while n_running.load(Ordering::Relaxed) > 0 {
                std::thread::sleep(Duration::from_millis(200));
                watch();
            }
            let mut all = Report::default();
            workers.into_iter().for_each(|worker| all.merge(worker.join().expect("a worker does not panic")));
            all
        })
    }
}

struct Worker<'a> {
    party: &'a Party<'a>,
    at: usize,
    n_opened: u64,
    chat: Chat<'a>,
    report: Report,
}

impl<'a> Worker<'a> {
    fn new(party: &'a Party<'a>, at: usize) -> Self {
        Worker { party, at, n_opened: 0, chat: Chat::new(party.address, party.key), report: Report::default() }
    }

    fn run(mut self, start: Instant) -> Report {
        let mut visits: Vec<Option<Visit>> = (0..self.party.in_hand).map(|_| None).collect();
        let every = self.party.n_connections as f64 / self.party.turns_per_second;
        for slot in 0.. {
            let due = self.at as f64 / self.party.turns_per_second + slot as f64 * every;
            if due >= self.party.duration.as_secs_f64() {
                break;
            }
            let place = slot % visits.len();
            if visits[place].as_ref().is_none_or(|visit| visit.is_over) {
                if let Some(over) = visits[place].take() {
                    self.end(over);
                }
                visits[place] = self.open(start + Duration::from_secs_f64((due - every / 2.0).max(0.0)));
            }
            if let Some(visit) = &mut visits[place] {
                self.say(visit, start + Duration::from_secs_f64(due));
            }
        }
        self.report.open.extend(visits.into_iter().flatten());
        self.report
    }

    fn open(&mut self, due: Instant) -> Option<Visit> {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let number = self.party.first + self.n_opened * self.party.n_connections as u64 + self.at as u64;
        self.n_opened += 1;
        let script = self.party.world.script(number);
        let opened = self.persisting(due, |chat| chat.open(&script));
        match opened {
            Ok(mut visit) => {
                self.count(due, None);
                visit.stream = self.chat.stream(&visit.id, &visit.secret);
                Some(visit)
            }
            Err(status) => {
                self.report.openings.fail(status);
                None
            }
        }
    }

    fn say(&mut self, visit: &mut Visit, due: Instant) {
        let Some((kind, text)) = visit.script.turns.pop() else { return visit.is_over = true };
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let key = format!("m{}", visit.said.len());
        let mut n_attempts = 0;
        let answered = self.persisting(due, |chat| {
            n_attempts += 1;
            chat.say(&visit.id, &visit.secret, &key, &text)
        });
        visit.was_cut |= n_attempts > 1;
        match answered {
            Ok(state) => {
                visit.said.push(hash(&text));
                self.count(due, Some(kind));
                self.report.n_handed_over += u64::from(state == "waiting");
                // A person is waited for, or it was closed: nothing more is said.
                visit.is_over = state != "bot" || visit.script.turns.is_empty();
            }
            Err(status) => {
                self.report.all.fail(status);
                self.report.by_kind.entry(kind).or_default().fail(status);
                visit.given_up = Some(hash(&text));
                visit.is_over = true;
            }
        }
    }

    /// Tries until it is answered, if the party persists and the server is away.
    fn persisting<T>(&mut self, due: Instant, mut attempt: impl FnMut(&mut Chat) -> Result<T, u16>) -> Result<T, u16> {
        loop {
            match attempt(&mut self.chat) {
                Err(status @ (0 | 500..)) if self.party.persists && due.elapsed() < PATIENCE => {
                    self.report.told.fail(status);
                    std::thread::sleep(AGAIN);
                }
                other => return other,
            }
        }
    }

    /// Counts what was answered: to its kind (none: an opening), or to those of an outage.
    fn count(&mut self, due: Instant, kind: Option<Kind>) {
        let us = due.elapsed().as_micros() as u64;
        let outage = *self.party.outage.lock().expect("no holder panics");
        // Whatever was due before the server was back had to wait for that.
        if outage.is_some_and(|(from, until)| due <= until && Instant::now() >= from) {
            return self.report.resumed.latency.add(us);
        }
        let Some(kind) = kind else { return self.report.openings.latency.add(us) };
        self.report.all.latency.add(us);
        self.report.by_kind.entry(kind).or_default().latency.add(us);
    }

    /// Closes the stream of a visit that is over, once it has been told everything.
    fn end(&mut self, mut visit: Visit) {
        if let Some(stream) = visit.stream.take().filter(|_| !visit.was_cut) {
            let wanted = 1 + 2 * visit.said.len();
            self.report.n_short_streams += u64::from(n_events(stream) < wanted);
        }
        self.report.over.push(visit);
    }
}

/// Messages that have arrived on a stream.
fn n_events(mut stream: TcpStream) -> usize {
    let mut text = Vec::new();
    let mut buffer = [0; 1 << 14];
    if stream.set_nonblocking(true).is_ok() {
        while let Ok(n @ 1..) = stream.read(&mut buffer) {
            text.extend_from_slice(&buffer[..n]);
        }
    }
    String::from_utf8_lossy(&text).matches("event: message").count()
}

/// One who talks over a kept connection.
pub struct Chat<'a> {
    address: SocketAddr,
    key: &'a str,
    connection: Connection,
}

impl<'a> Chat<'a> {
    pub fn new(address: SocketAddr, key: &'a str) -> Self {
        Chat { address, key, connection: Connection::new(address) }
    }

    fn head(&self, method: &str, path: &str) -> String {
        format!("{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {}\r\n", self.key)
    }

    /// Status, 0 for a broken connection, and what is answered.
    pub fn post(&mut self, path: &str, secret: Option<&str>, body: &[u8]) -> (u16, Value) {
        let mut request = self.head("POST", path).into_bytes();
        secret.iter().for_each(|secret| request.extend(format!("x-conversation: {secret}\r\n").as_bytes()));
        let about = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        request.extend(about.as_bytes());
        request.extend(body);
        match self.connection.exchange(&request) {
            Ok((status, answer)) => (status, serde_json::from_slice(answer).unwrap_or(Value::Null)),
            Err(_) => (0, Value::Null),
        }
    }

    /// # Errors
    /// The status, if it is not opened.
    pub fn open(&mut self, script: &Script) -> Result<Visit, u16> {
        let mut body = json!({"lang": if script.is_zh { "zh" } else { "en" }});
        if let Some(token) = &script.customer_token {
            body["customer_token"] = json!(token);
        }
        let (status, answer) = self.post("/v1/chat", None, body.to_string().as_bytes());
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        match (status, text("conversation_id"), text("secret")) {
            (MADE, Some(id), Some(secret)) => Ok(Visit {
                id,
                secret,
                said: Vec::new(),
                given_up: None,
                script: script.clone(),
                stream: None,
                was_cut: false,
                is_over: false,
            }),
            _ => Err(status),
        }
    }

    /// Says something; the state of the conversation afterwards.
    ///
    /// # Errors
    /// The status, if it is not accepted.
    pub fn say(&mut self, id: &str, secret: &str, key: &str, text: &str) -> Result<String, u16> {
        let body = json!({"text": text, "message_key": key}).to_string();
        let (status, answer) = self.post(&format!("/v1/chat/{id}/messages"), Some(secret), body.as_bytes());
        match answer["state"].as_str() {
            Some(state) if status == MADE => Ok(state.to_owned()),
            _ => Err(status),
        }
    }

    /// What was said, as the server has it.
    ///
    /// # Errors
    /// The status, if it is not told.
    pub fn messages(&mut self, id: &str, secret: &str) -> Result<Value, u16> {
        let head = self.head("GET", &format!("/v1/chat/{id}/messages"));
        let request = format!("{head}x-conversation: {secret}\r\n\r\n");
        let (status, answer) = self.connection.exchange(request.as_bytes()).map_err(|_| 0u16)?;
        let answer = serde_json::from_slice(answer).map_err(|_| status)?;
        if status == 200 { Ok(answer) } else { Err(status) }
    }

    /// The stream of a conversation, begun.
    fn stream(&self, id: &str, secret: &str) -> Option<TcpStream> {
        let head = self.head("GET", &format!("/v1/chat/{id}/stream"));
        let mut stream = TcpStream::connect(self.address).ok()?;
        stream.write_all(format!("{head}x-conversation: {secret}\r\n\r\n").as_bytes()).ok()?;
        Some(stream)
    }
}
