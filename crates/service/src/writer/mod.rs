//! The optional language model of customer service, as `[writer]` of tercet.toml asks for it: OpenAI-compatible endpoints tried in
//! order, within one time, a limit of turns that wait, and limits of tokens and cost a day. What is asked, in which words and with
//! what masked, and what may be said of the answer, is `assist::writer`'s; here is how it is asked and what it costs. However it
//! goes, the built-in reply is there.

mod breaker;
mod config;
mod copy;
mod endpoint;
pub mod spent;
#[cfg(test)]
mod tests;

mod stream;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use assist::AssistError;
use assist::writer::{Choice, Prompt, Task, Writer};
use data::Shop;
use domain::Day;
use serde::Serialize;

use self::breaker::Breaker;
use self::endpoint::{Allowed, Called, Endpoint, Failure};
use self::spent::WriterSpent;
use crate::error::Result;
use crate::metrics::Metrics;
use crate::store::Store;
use crate::{clock, outside};

pub use self::config::{EndpointConfig, WriterConfig};
pub use self::copy::Quill;

/// The pause before a second try; twice as long before each further one.
const PAUSE: Duration = Duration::from_millis(200);
/// Characters of an answer to a choice.
const CHOICE_MAX: usize = 200;
/// Characters that a text may have beyond what is said: what stands around it is taken away.
const AROUND: usize = 60;

/// The writers of one shop, shared by all turns.
pub struct Writers {
    pub config: WriterConfig,
    endpoints: Vec<Kept>,
    n_waiting: AtomicUsize,
}

/// An endpoint and how it stands.
struct Kept {
    endpoint: Endpoint,
    breaker: Mutex<Breaker>,
    /// The most that calls under way may use: tokens and cost.
    under_way: Mutex<(u64, u64)>,
}

impl Writers {
    /// Nothing is asked yet: whether an endpoint answers shows when a turn asks it.
    pub fn new(config: WriterConfig) -> Writers {
        let kept = |config: &EndpointConfig| Kept {
            endpoint: Endpoint::new(config),
            breaker: Mutex::default(),
            under_way: Mutex::default(),
        };
        let endpoints: Vec<Kept> = config.endpoints.iter().map(kept).collect();
        for one in &endpoints {
            if let Some(lacks) = one.endpoint.lacks() {
                tracing::warn!(endpoint = %one.endpoint.config.name, message = %lacks, "this writer is not asked");
            }
        }
        Writers { config, endpoints, n_waiting: AtomicUsize::new(0) }
    }

    /// What one turn asks with.
    pub fn pen<'a>(&'a self, store: &'a Store, metrics: &'a Metrics, today: Day) -> Pen<'a> {
        let deadline = Instant::now() + Duration::from_secs_f64(self.config.timeout_seconds);
        Pen { writers: self, store, metrics, today, deadline, of_copies: None, noted: Mutex::default() }
    }

    /// Endpoints that are left alone at the moment, by name.
    pub fn resting(&self) -> Vec<&str> {
        let now = Instant::now();
        let rests = |kept: &&Kept| kept.breaker.lock().expect("no holder panics").is_resting(now);
        self.endpoints.iter().filter(rests).map(|kept| kept.endpoint.config.name.as_str()).collect()
    }
}

/// What happened in one turn.
#[derive(Default)]
struct Noted {
    /// The endpoint whose words the check has not judged yet.
    wrote: Option<String>,
    understood: Option<String>,
}

/// Asks for one turn.
pub struct Pen<'a> {
    writers: &'a Writers,
    store: &'a Store,
    metrics: &'a Metrics,
    today: Day,
    deadline: Instant,
    /// Tokens of one copy, and seconds for all, where copies are asked for.
    of_copies: Option<(u32, f64)>,
    noted: Mutex<Noted>,
}

/// One of the turns that wait, while it lives.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// What a call may use at most, set aside while it lives.
struct SetAside<'a> {
    under_way: &'a Mutex<(u64, u64)>,
    most: (u64, u64),
}

impl Drop for SetAside<'_> {
    fn drop(&mut self) {
        let mut under_way = self.under_way.lock().expect("no holder panics");
        under_way.0 -= self.most.0;
        under_way.1 -= self.most.1;
    }
}

impl Pen<'_> {
    /// How the turn went: whether the words of the model are said, and whether what it understood was taken.
    pub fn judged(&self, is_used: bool, is_understood: bool) {
        let mut noted = self.noted.lock().expect("no holder panics");
        if let Some(name) = noted.wrote.take() {
            let (n_used, n_refused) = (u64::from(is_used), u64::from(!is_used));
            self.write_down(&name, &WriterSpent { n_used, n_refused, ..WriterSpent::default() });
            self.metrics.writer(&name, if is_used { "used" } else { "refused" });
        }
        if let Some(name) = noted.understood.take().filter(|_| is_understood) {
            self.write_down(&name, &WriterSpent { n_understood: 1, ..WriterSpent::default() });
            self.metrics.writer(&name, "understood");
        }
    }

    /// The first answer of the endpoints in order, with the name of the one that gave it; or why none did.
    fn ask(&self, prompt: &Prompt, characters_max: usize) -> std::result::Result<(String, String), AssistError> {
        let all = |why: String| AssistError::Unavailable { what: "the writer", why };
        let _place = self.place().map_err(all)?;
        let mut why = Vec::new();
        for kept in &self.writers.endpoints {
            let name = &kept.endpoint.config.name;
            match self.ask_one(kept, prompt, characters_max) {
                Ok(text) => return Ok((name.clone(), text)),
                Err(said) => why.push(format!("{name}: {said}")),
            }
        }
        Err(all(why.join("; ")))
    }

    fn place(&self) -> std::result::Result<Place<'_>, String> {
        let waiting = &self.writers.n_waiting;
        let place = Place(waiting);
        match waiting.fetch_add(1, SeqCst) < self.writers.config.parallel {
            true => Ok(place),
            false => {
                self.metrics.writer("", "busy");
                Err(format!("{} other turns are waiting for it", self.writers.config.parallel))
            }
        }
    }

    /// The tries that there is time for.
    fn ask_one(&self, kept: &Kept, prompt: &Prompt, characters_max: usize) -> std::result::Result<String, String> {
        let config = &kept.endpoint.config;
        if let Some(lacks) = kept.endpoint.lacks() {
            return Err(lacks.to_owned());
        }
        let reply = kept.endpoint.of_reply(characters_max);
        let allowed = self.of_copies.map_or(reply, |(tokens, seconds)| Allowed { tokens, seconds, ..reply });
        let mut n_tries = 0;
        loop {
            if Instant::now() >= self.deadline {
                return Err("there is no time left".to_owned());
            }
            let _aside = self.within_limits(kept, prompt, allowed)?;
            if !kept.breaker.lock().expect("no holder panics").may(Instant::now()) {
                self.metrics.writer(&config.name, "resting");
                return Err("it failed a moment ago and is left alone".to_owned());
            }
            let started = Instant::now();
            let called = kept.endpoint.call(prompt, allowed, self.deadline);
            self.metrics.writer_call(started.elapsed(), called.tokens_in, called.tokens_out);
            self.note(config, &called);
            let failure = match called.text {
                Ok(text) => {
                    kept.breaker.lock().expect("no holder panics").succeeded();
                    return Ok(text);
                }
                Err(failure) => failure,
            };
            let mut breaker = kept.breaker.lock().expect("no holder panics");
            match failure.rambles {
                true => breaker.succeeded(),
                false => breaker.failed(Instant::now(), failure.is_slow, failure.retry_after),
            }
            drop(breaker);
            // What the other side says may repeat what it was sent: that is for the trace alone.
            let kind = failure.said.split(": ").next().unwrap_or_default();
            tracing::warn!(endpoint = %config.name, message = %kind, "a writer failed");
            let pause = PAUSE * 2u32.pow(n_tries);
            let may_repeat = n_tries < config.retries && self.may_repeat(&failure, pause);
            if !may_repeat {
                return Err(failure.said);
            }
            std::thread::sleep(pause);
            n_tries += 1;
        }
    }

    /// A slow one has had its time, and one that asks to be left alone is.
    fn may_repeat(&self, failure: &Failure, pause: Duration) -> bool {
        failure.is_passing
            && !failure.is_slow
            && failure.retry_after.is_none()
            && Instant::now() + pause < self.deadline
    }

    /// Sets aside what a call may use at most, if the day's limits leave that.
    fn within_limits<'k>(
        &self,
        kept: &'k Kept,
        prompt: &Prompt,
        allowed: Allowed,
    ) -> std::result::Result<SetAside<'k>, String> {
        let config = &kept.endpoint.config;
        let (tokens_in, tokens_out) = kept.endpoint.most(prompt, allowed);
        let most = (tokens_in + tokens_out, config.cost_micros(tokens_in, tokens_out));
        // Held while it is read what calls have used: one that ends meanwhile is in one of both, or in both.
        let mut under_way = kept.under_way.lock().expect("no holder panics");
        let today = spent::between(self.store, self.today, self.today)
            .map_err(|error| format!("what was used today cannot be read: {}", error.message))?;
        let spent = today.get(&config.name).cloned().unwrap_or_default();
        let over = |limit: &str| {
            self.metrics.writer(&config.name, "limit");
            Err(format!("its limit of {limit} for today is reached"))
        };
        if spent.tokens() + under_way.0 + most.0 > config.tokens_per_day {
            return over(&format!("{} tokens", config.tokens_per_day));
        }
        let cost = (spent.cost_micros + under_way.1 + most.1) as f64 / 1e6;
        if let Some(limit) = config.cost_per_day.filter(|limit| cost > *limit) {
            return over(&format!("{limit} in cost"));
        }
        under_way.0 += most.0;
        under_way.1 += most.1;
        Ok(SetAside { under_way: &kept.under_way, most })
    }

    fn note(&self, config: &EndpointConfig, called: &Called) {
        let (n_slow, n_failed) = match &called.text {
            Ok(_) => (0, 0),
            Err(failure) if failure.is_slow => (1, 0),
            Err(_) => (0, 1),
        };
        if n_slow + n_failed > 0 {
            self.metrics.writer(&config.name, if n_slow > 0 { "slow" } else { "failed" });
        }
        let spent = WriterSpent {
            tokens_in: called.tokens_in,
            tokens_out: called.tokens_out,
            cost_micros: config.cost_micros(called.tokens_in, called.tokens_out),
            n_slow,
            n_failed,
            ..WriterSpent::default()
        };
        self.write_down(&config.name, &spent);
    }

    fn write_down(&self, name: &str, spent: &WriterSpent) {
        if let Err(error) = spent::add(self.store, self.today, name, spent) {
            tracing::error!(endpoint = %name, message = %error.message, "what a writer did is not written down");
        }
    }
}

impl Writer for Pen<'_> {
    fn write(&self, task: &Task) -> std::result::Result<String, AssistError> {
        if !self.writers.config.reword {
            return Err(AssistError::Unavailable {
                what: "the writer",
                why: "tercet.toml says reword = false".to_owned(),
            });
        }
        let (name, text) = self.ask(&task.prompt(), task.characters_max + AROUND)?;
        self.noted.lock().expect("no holder panics").wrote = Some(name);
        Ok(text)
    }

    fn choose(&self, choice: &Choice) -> std::result::Result<Option<String>, AssistError> {
        if !self.writers.config.understand {
            return Ok(None);
        }
        let (name, text) = self.ask(&choice.prompt(), CHOICE_MAX)?;
        self.noted.lock().expect("no holder panics").understood = Some(name);
        Ok(Some(text))
    }
}

/// How one endpoint stands today, for those who look after the shop.
#[derive(Clone, Debug, Serialize)]
pub struct WriterStanding {
    pub name: String,
    /// Without what may be secret in it.
    pub url: String,
    pub model: String,
    /// Why it is not asked.
    pub lacks: Option<String>,
    pub today: WriterSpent,
    pub tokens_per_day: u64,
    pub cost_today: f64,
    pub cost_per_day: Option<f64>,
}

/// How the endpoints of a shop stand today, in their order; empty if it has none.
///
/// # Errors
/// If `[writer]` cannot be read, or the store.
pub fn standing(shop: &Shop) -> Result<Vec<WriterStanding>> {
    let Some(config) = WriterConfig::of(shop)? else { return Ok(Vec::new()) };
    let today = clock::today(&shop.config().time_zone);
    let spent = spent::between(&Store::of(shop)?, today, today)?;
    let one = |endpoint: EndpointConfig| {
        let today = spent.get(&endpoint.name).cloned().unwrap_or_default();
        WriterStanding {
            url: outside::told(&endpoint.url).to_owned(),
            lacks: outside::key(endpoint.key_env.as_deref()).err(),
            cost_today: today.cost(),
            today,
            name: endpoint.name,
            model: endpoint.model,
            tokens_per_day: endpoint.tokens_per_day,
            cost_per_day: endpoint.cost_per_day,
        }
    };
    Ok(config.endpoints.into_iter().map(one).collect())
}

/// Forgets what was used on days long gone.
///
/// # Errors
/// If the store cannot be written.
pub fn forget_old(store: &Store, today: Day) -> Result<()> {
    spent::forget_before(store, Day(today.0 - spent::KEPT_DAYS as i32))
}
