//! What is looked at when the talking is over: whether everything that was accepted stands in the store, once, and answered;
//! and what becomes of messages that are too large, broken, or too many.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Instant;

use serde_json::json;

use super::talk::World;
use super::visitors::{Chat, Visit, hash};

/// What the store has of the conversations that were held.
#[derive(Default)]
pub struct Kept {
    pub n_conversations: usize,
    pub n_turns: usize,
    /// Messages that were accepted and are not there, or not in this order.
    pub n_lost: usize,
    /// Messages that are there twice.
    pub n_doubled: usize,
    /// Messages whose visitor had given up, and which are there once.
    pub n_late: usize,
    /// Messages after which nobody said anything.
    pub n_unanswered: usize,
    /// Conversations that could not be read.
    pub n_unread: usize,
}

impl Kept {
    fn add(&mut self, other: Kept) {
        self.n_conversations += other.n_conversations;
        self.n_turns += other.n_turns;
        self.n_lost += other.n_lost;
        self.n_doubled += other.n_doubled;
        self.n_late += other.n_late;
        self.n_unanswered += other.n_unanswered;
        self.n_unread += other.n_unread;
    }
}

/// Reads every conversation again, over so many connections.
pub fn kept(address: SocketAddr, key: &str, visits: &[Visit], n_connections: usize) -> Kept {
    let mut all = Kept::default();
    std::thread::scope(|scope| {
        let part = visits.len().div_ceil(n_connections).max(1);
        let read = |visits: &'_ [Visit]| {
            let (mut chat, mut found) = (Chat::new(address, key), Kept::default());
            visits.iter().for_each(|visit| found.add(of_visit(&mut chat, visit)));
            found
        };
        let workers: Vec<_> = visits.chunks(part).map(|visits| scope.spawn(move || read(visits))).collect();
        workers.into_iter().for_each(|worker| all.add(worker.join().expect("a reader does not panic")));
    });
    all
}

fn of_visit(chat: &mut Chat, visit: &Visit) -> Kept {
    let mut kept = Kept { n_conversations: 1, n_turns: visit.said.len(), ..Kept::default() };
    let Ok(answer) = chat.messages(&visit.id, &visit.secret) else { return Kept { n_unread: 1, ..kept } };
    let messages: Vec<(&str, u64)> = answer["messages"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|message| (message["from"].as_str().unwrap_or(""), hash(message["text"].as_str().unwrap_or(""))))
        .collect();
    let own: Vec<u64> = messages.iter().filter(|(from, _)| *from == "customer").map(|(_, text)| *text).collect();
    let n_same = own.iter().zip(&visit.said).take_while(|(own, said)| own == said).count();
    kept.n_lost = visit.said.len() - n_same;
    kept.n_late = usize::from(own.len() > visit.said.len() && own.get(visit.said.len()).copied() == visit.given_up);
    kept.n_doubled = own.len().saturating_sub(visit.said.len() + kept.n_late);
    let is_customer = |at: usize| messages.get(at).is_none_or(|(from, _)| *from == "customer");
    kept.n_unanswered = (0..messages.len()).filter(|&at| is_customer(at) && is_customer(at + 1)).count();
    kept
}

/// A row of the table on what is refused: what was sent, how often, statuses, the longest wait in milliseconds.
pub struct Refusal {
    pub what: &'static str,
    pub n_sent: usize,
    pub statuses: BTreeMap<u16, usize>,
    pub longest_ms: f64,
}

/// Sends what no visitor should.
///
/// # Errors
/// If no conversation can be opened, before or after.
pub fn refusals(address: SocketAddr, key: &str, world: &World) -> Result<Vec<Refusal>, String> {
    let mut rows = Vec::new();
    let text = |text: String| json!({ "text": text }).to_string().into_bytes();
    let cases: [(&'static str, usize, Vec<u8>); 9] = [
        ("a message of 1 MB", 20, text("多少钱".repeat((1 << 20) / 9))),
        ("a message of 4,001 characters", 5, text("价".repeat(4001))),
        ("4,000 characters outside the basic plane", 5, text("😀".repeat(4000))),
        ("one word 4,000 letters long", 5, text("a".repeat(4000))),
        ("bytes that are no UTF-8", 5, b"{\"text\":\"\xff\xfe\x80 \xc3\x28\"}".to_vec()),
        ("half a surrogate pair", 5, b"{\"text\":\"\\ud83d\"}".to_vec()),
        ("JSON cut short", 5, b"{\"text\":\"hello".to_vec()),
        ("zeros and directions of writing", 5, text("\0\u{202e}多少钱\u{200b}\0\u{feff}".to_owned())),
        ("40 messages at once", 40, text("你好".to_owned())),
    ];
    for (what, n_sent, body) in cases {
        let mut chat = Chat::new(address, key);
        let visit = chat.open(&world.script(1)).map_err(|status| format!("a conversation is refused with {status}"))?;
        let mut row = Refusal { what, n_sent, statuses: BTreeMap::new(), longest_ms: 0.0 };
        for _ in 0..n_sent {
            // What is too large closes its connection.
            let (mut chat, started) = (Chat::new(address, key), Instant::now());
            let (status, _) = chat.post(&format!("/v1/chat/{}/messages", visit.id), Some(&visit.secret), &body);
            row.longest_ms = row.longest_ms.max(started.elapsed().as_secs_f64() * 1000.0);
            *row.statuses.entry(status).or_default() += 1;
        }
        rows.push(row);
    }
    let mut chat = Chat::new(address, key);
    let visit = chat.open(&world.script(2)).map_err(|status| format!("afterwards nobody is let in: {status}"))?;
    chat.say(&visit.id, &visit.secret, "after", "你好")
        .map_err(|status| format!("afterwards nobody is answered: {status}"))?;
    Ok(rows)
}
