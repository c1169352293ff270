//! `[[schedule]]` of `tercet.toml`: which jobs the server starts by itself and when; what became of each; and whether one is due. A
//! job that was due while the server was away is started once when it is back. Not here: starting them, which `api::schedule` does on
//! the beat of the server's upkeep.

use std::collections::BTreeMap;
use std::fmt;

use data::ShopConfig;
use domain::Millis;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::clock;
use crate::error::{Result, ServiceError, clipped};
use crate::store::{JobRecord, Store};

/// Entries at most.
const ENTRIES_MAX: usize = 50;
const NAME_CHARS_MAX: usize = 40;
const RETRIES_MAX: u32 = 10;
/// Before the first retry; each further one waits twice as long, up to the second.
const PAUSE_MS: i64 = 600_000;
const PAUSE_MS_MAX: i64 = 6 * 3_600_000;
/// Times that lie further ahead than this were noted while the clock was wrong.
const AHEAD_MS_MAX: i64 = 86_400_000;
/// A monthly job is due again within so many days.
const DAYS_MAX: i32 = 63;
/// Settings under which the state of each entry is kept.
const KEPT: &str = "schedule/";
const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The jobs that can be scheduled: the kinds of `POST /v1/jobs`.
pub const KINDS: [&str; 14] = [
    "train",
    "evaluate",
    "segment",
    "language",
    "assist",
    "content",
    "writer",
    "seq2seq",
    "strategy",
    "predict",
    "recommend",
    "decide",
    "report",
    "alerts",
];

/// An entry as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    job: String,
    at: String,
    name: Option<String>,
    #[serde(default)]
    params: toml::Table,
    #[serde(default = "default_retries")]
    retries: u32,
}

fn default_retries() -> u32 {
    2
}

/// A job that the server starts by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The job's kind where none is given.
    pub name: String,
    pub job: String,
    pub when: When,
    pub params: Value,
    /// How often it is tried again after it failed.
    pub retries: u32,
}

/// When an entry is due.
#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// By the shop's clocks.
    Clock(Times),
    /// Whenever the entry of this name ended well.
    After(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Times {
    days: Days,
    hour: i8,
    minute: i8,
}

#[derive(Clone, Debug, PartialEq)]
enum Days {
    Every,
    /// From Monday on.
    Week([bool; 7]),
    /// The last day of months that are shorter.
    Month(i8),
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            When::After(name) => write!(f, "after {name}"),
            When::Clock(Times { days, hour, minute }) => {
                match days {
                    Days::Every => {}
                    Days::Month(day) => write!(f, "{day} ")?,
                    Days::Week(on) => {
                        let named: Vec<&str> =
                            WEEK.iter().zip(on).filter(|(_, on)| **on).map(|(day, _)| *day).collect();
                        write!(f, "{} ", named.join(","))?;
                    }
                }
                write!(f, "{hour:02}:{minute:02}")
            }
        }
    }
}

impl When {
    /// `05:30`, `mon,thu 05:30`, `1 05:30` (of each month) or `after NAME`.
    fn read(text: &str) -> Option<When> {
        if let Some(name) = text.strip_prefix("after ") {
            return Some(When::After(name.trim().to_owned()));
        }
        let (days, time) = text.split_once(' ').unwrap_or(("", text));
        let (hour, minute) = time.trim().split_once(':')?;
        let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        let (hour, minute) = if digits(hour) && digits(minute) {
            (hour.parse().ok().filter(|hour| *hour < 24)?, minute.parse().ok().filter(|minute| *minute < 60)?)
        } else {
            return None;
        };
        Some(When::Clock(Times { days: Days::read(days)?, hour, minute }))
    }
}

impl Days {
    fn read(text: &str) -> Option<Days> {
        if text.is_empty() {
            return Some(Days::Every);
        }
        if let Ok(day) = text.parse() {
            return (1..=31).contains(&day).then_some(Days::Month(day));
        }
        let mut on = [false; 7];
        for day in text.split(',') {
            *on.get_mut(WEEK.iter().position(|name| *name == day)?)? = true;
        }
        Some(Days::Week(on))
    }

    fn has(&self, date: Date) -> bool {
        match self {
            Days::Every => true,
            Days::Week(on) => on[usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0)],
            Days::Month(day) => date.day() == (*day).min(date.days_in_month()),
        }
    }
}

impl Times {
    fn on(&self, date: Date, zone: &TimeZone) -> Option<Millis> {
        // An hour that the clocks leave out is the one after it, one that they show twice the first.
        let time = zone.to_timestamp(date.at(self.hour, self.minute, 0, 0)).ok()?;
        self.days.has(date).then_some(Millis(time.as_millisecond()))
    }

    fn dates(now: Millis, zone: &TimeZone, step: i32) -> impl Iterator<Item = Date> {
        let time = Timestamp::from_millisecond(now.0).unwrap_or(Timestamp::UNIX_EPOCH);
        let today = zone.to_datetime(time).date();
        (0..=DAYS_MAX).filter_map(move |n| today.checked_add((step * n).days()).ok())
    }

    /// The last time up to `now`.
    pub fn last(&self, now: Millis, zone: &TimeZone) -> Option<Millis> {
        Times::dates(now, zone, -1).find_map(|date| self.on(date, zone).filter(|time| *time <= now))
    }

    /// The first time after `now`.
    pub fn next(&self, now: Millis, zone: &TimeZone) -> Option<Millis> {
        Times::dates(now, zone, 1).find_map(|date| self.on(date, zone).filter(|time| *time > now))
    }
}

impl Entry {
    /// The entries in their order.
    ///
    /// # Errors
    /// If one cannot be followed; the message says which and why.
    pub fn all(config: &ShopConfig) -> Result<Vec<Entry>> {
        let wrong = |at: usize, said: String| {
            ServiceError::usage("config", format!("tercet.toml, [[schedule]], entry {}: {said}", at + 1))
                .help("docs/schedule.md describes the section")
        };
        if config.schedule.len() > ENTRIES_MAX {
            return Err(wrong(ENTRIES_MAX, format!("there are {}; allowed: {ENTRIES_MAX}", config.schedule.len())));
        }
        let mut all: Vec<Entry> = Vec::new();
        for (at, table) in config.schedule.iter().enumerate() {
            let written = table.clone().try_into::<Written>();
            let written = written.map_err(|error| wrong(at, error.message().to_owned()))?;
            let entry = Entry::of(written).map_err(|said| wrong(at, said))?;
            if all.iter().any(|other| other.name == entry.name) {
                return Err(wrong(at, format!("the name '{}' is taken; give this one a name of its own", entry.name)));
            }
            // Only earlier ones, so that nothing goes round in circles.
            if let When::After(before) = &entry.when
                && !all.iter().any(|other| other.name == *before)
            {
                let said = format!("at is 'after {}'; no entry before this one has that name", clipped(before));
                return Err(wrong(at, said));
            }
            all.push(entry);
        }
        Ok(all)
    }

    fn of(written: Written) -> std::result::Result<Entry, String> {
        let Written { job, at, name, params, retries } = written;
        if !KINDS.contains(&job.as_str()) {
            return Err(format!("job is '{}'; allowed: {}", clipped(&job), KINDS.join(", ")));
        }
        let name = name.unwrap_or_else(|| job.clone());
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if name.is_empty() || name.len() > NAME_CHARS_MAX || !is_plain(&name) {
            return Err(format!(
                "name is '{}'; allowed: up to {NAME_CHARS_MAX} Latin letters, digits, - and _",
                clipped(&name)
            ));
        }
        if retries > RETRIES_MAX {
            return Err(format!("retries is {retries}; allowed: 0 to {RETRIES_MAX}"));
        }
        let when = When::read(at.trim()).ok_or_else(|| {
            format!(
                "at is '{}'; allowed: a time as 05:30, days before it as mon,thu 05:30, a day of the month as 1 05:30, or after NAME",
                clipped(&at)
            )
        })?;
        let params = serde_json::to_value(params).map_err(|error| format!("params: {error}"))?;
        Ok(Entry { name, job, when, params, retries })
    }
}

/// How a scheduled job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ScheduleEnd)]
pub enum End {
    Done,
    Failed,
    Cancelled,
}

/// What became of an entry. Times are UTC milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// When it was first seen: it was never due before.
    pub since: i64,
    /// The time it was last started for.
    pub planned: Option<i64>,
    pub started: Option<i64>,
    /// The last job, also after it ended.
    pub job: Option<String>,
    /// Failures since it was due.
    pub n_failures: u32,
    pub end: Option<End>,
    pub ended: Option<i64>,
    /// When it is tried again.
    pub again: Option<i64>,
    /// Why it could not even be started.
    pub error: Option<Value>,
}

impl Kept {
    pub fn new(now: Millis) -> Kept {
        Kept { since: now.0, ..Kept::default() }
    }

    /// Whether it was noted by a clock that was far ahead; what it says of times cannot be kept to.
    fn is_of_another_clock(&self, now: Millis) -> bool {
        [Some(self.since), self.planned, self.started, self.ended].iter().flatten().any(|at| *at > now.0 + AHEAD_MS_MAX)
    }

    pub fn is_under_way(&self) -> bool {
        self.job.is_some() && self.end.is_none()
    }

    /// Notes that a job was started.
    pub fn begin(&mut self, planned: Millis, now: Millis, job: &str) {
        if self.planned != Some(planned.0) {
            self.n_failures = 0;
        }
        (self.planned, self.started, self.job) = (Some(planned.0), Some(now.0), Some(job.to_owned()));
        (self.end, self.ended, self.again, self.error) = (None, None, None, None);
    }

    /// Notes that it could not be started.
    pub fn refuse(&mut self, planned: Millis, now: Millis, retries: u32, error: &ServiceError) {
        self.begin(planned, now, "");
        (self.job, self.end, self.ended) = (None, Some(End::Failed), Some(now.0));
        self.error = Some(error.to_json()["error"].take());
        self.fail(retries, now.0);
    }

    /// Takes over how the job ended, if it has; none is a job of which nothing is known any more. A job that was cancelled is not tried
    /// again, one that failed is.
    pub fn settle(&mut self, job: Option<&JobRecord>, retries: u32, now: Millis) {
        let state = job.map_or("failed", |job| job.state.as_str());
        let end = match state {
            "done" => End::Done,
            "failed" => End::Failed,
            "cancelled" => End::Cancelled,
            _ => return,
        };
        let at = job.and_then(|job| job.finished_at).unwrap_or(now.0);
        (self.end, self.ended, self.again) = (Some(end), Some(at), None);
        if end == End::Failed {
            self.fail(retries, at);
        }
    }

    /// Notes a failure, and when it is tried again.
    pub fn fail(&mut self, retries: u32, at: i64) {
        self.n_failures += 1;
        let pause = PAUSE_MS.saturating_mul(1 << (self.n_failures - 1).min(20)).min(PAUSE_MS_MAX);
        self.again = (self.n_failures <= retries).then_some(at + pause);
    }
}

/// The time for which an entry is to be started now, if it is due: the last one that was planned and not met, or that of a failure
/// that is to be tried again.
pub fn due(entry: &Entry, kept: &BTreeMap<String, Kept>, now: Millis, zone: &TimeZone) -> Option<Millis> {
    let own = kept.get(&entry.name)?;
    if own.is_under_way() {
        return None;
    }
    let met = own.planned.unwrap_or(own.since).max(own.since);
    let planned = match &entry.when {
        When::Clock(times) => times.last(now, zone),
        When::After(name) => {
            kept.get(name).filter(|before| before.end == Some(End::Done)).and_then(|before| before.ended).map(Millis)
        }
    };
    let fresh = planned.filter(|planned| planned.0 > met);
    fresh.or_else(|| own.planned.filter(|_| own.again.is_some_and(|again| again <= now.0)).map(Millis))
}

/// The state of every entry; those seen for the first time begin now.
///
/// # Errors
/// If the store cannot be read or written.
pub fn kept(store: &Store, entries: &[Entry], now: Millis) -> Result<BTreeMap<String, Kept>> {
    let mut all = BTreeMap::new();
    for entry in entries {
        let known = store.setting(&format!("{KEPT}{}", entry.name))?;
        let known = known.and_then(|text| serde_json::from_str::<Kept>(&text).ok());
        let state = match known.filter(|kept| !kept.is_of_another_clock(now)) {
            Some(kept) => kept,
            None => {
                let new = Kept::new(now);
                keep(store, &entry.name, &new)?;
                new
            }
        };
        all.insert(entry.name.clone(), state);
    }
    Ok(all)
}

/// # Errors
/// If the store cannot be written.
pub fn keep(store: &Store, name: &str, kept: &Kept) -> Result<()> {
    store.set_setting(&format!("{KEPT}{name}"), &serde_json::to_string(kept)?)
}

/// An entry as people see it. Times are UTC milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = ScheduledJob)]
pub struct Scheduled {
    pub name: String,
    /// The kind of job.
    pub job: String,
    /// As `tercet.toml` has it.
    pub at: String,
    #[schema(value_type = Object)]
    pub params: Value,
    pub retries: u32,
    /// When it is due next, or tried again; absent while it is under way, and where it waits for another.
    pub next_at: Option<i64>,
    /// The time it was last started for.
    pub planned_at: Option<i64>,
    pub job_id: Option<String>,
    /// Absent before the first time and while it is under way.
    pub end: Option<End>,
    pub ended_at: Option<i64>,
    /// Failures since it was due.
    pub n_failures: u32,
    /// What the last failure said.
    #[schema(value_type = Option<Object>)]
    pub error: Option<Value>,
}

/// The schedule with what became of it.
///
/// # Errors
/// If an entry cannot be followed, or the store cannot be read.
pub fn scheduled(config: &ShopConfig, store: &Store, now: Millis) -> Result<Vec<Scheduled>> {
    let (entries, zone) = (Entry::all(config)?, clock::zone(&config.time_zone));
    let mut kept = kept(store, &entries, now)?;
    let mut all = Vec::new();
    for entry in entries {
        let own = kept.remove(&entry.name).unwrap_or_else(|| Kept::new(now));
        let job = own.job.as_deref().map(|id| store.job(id)).transpose()?.flatten();
        let next = match &entry.when {
            _ if own.is_under_way() => None,
            When::Clock(times) => times.next(now, &zone).map(|time| time.0),
            When::After(_) => None,
        };
        all.push(Scheduled {
            at: entry.when.to_string(),
            next_at: [next, own.again].into_iter().flatten().min(),
            planned_at: own.planned,
            job_id: own.job,
            end: own.end,
            ended_at: own.ended,
            n_failures: own.n_failures,
            error: own.error.or(job.and_then(|job| job.error)).filter(|_| own.end == Some(End::Failed)),
            name: entry.name,
            job: entry.job,
            params: entry.params,
            retries: entry.retries,
        });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(text: &str) -> ShopConfig {
        let good = "name = \"A\"\ncurrency = \"CNY\"\ntime_zone = \"Asia/Shanghai\"\nlanguage = \"en\"\n";
        toml::from_str(&format!("{good}{text}")).unwrap()
    }

    fn at(text: &str) -> Millis {
        Millis(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    fn times(text: &str) -> Times {
        match When::read(text) {
            Some(When::Clock(times)) => times,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn entries_say_what_is_wrong_with_them() {
        let all = Entry::all(&config(
            "[[schedule]]\njob = \"train\"\nat = \"mon,thu 03:00\"\nparams = { algorithm = \"ease\" }\n\
             [[schedule]]\njob = \"decide\"\nat = \"after train\"\nretries = 0\n",
        ));
        let all = all.unwrap();
        assert_eq!(all[0].params, json!({"algorithm": "ease"}));
        assert_eq!((all[0].when.to_string(), all[0].retries), ("mon,thu 03:00".to_owned(), 2));
        assert_eq!((all[1].when.clone(), all[1].retries), (When::After("train".to_owned()), 0));
        assert_eq!(Entry::all(&config("")).unwrap(), []);
        for (text, said) in [
            ("job = \"trian\"\nat = \"03:00\"", "job is 'trian'"),
            ("job = \"train\"\nat = \"3:00\"", "at is '3:00'"),
            ("job = \"train\"\nat = \"24:00\"", "at is '24:00'"),
            ("job = \"train\"\nat = \"monday 03:00\"", "at is 'monday 03:00'"),
            ("job = \"train\"\nat = \"32 03:00\"", "at is '32 03:00'"),
            ("job = \"train\"\nat = \"after decide\"", "no entry before"),
            ("job = \"train\"\nat = \"after train\"", "no entry before"),
            ("job = \"train\"\nat = \"03:00\"\nretries = 11", "retries is 11"),
            ("job = \"train\"\nat = \"03:00\"\nname = \"a b\"", "name is 'a b'"),
            ("job = \"train\"\nat = \"03:00\"\nwhen = 1", "when"),
            ("job = \"train\"", "at"),
            ("job = \"train\"\nat = \"03:00\"\n[[schedule]]\njob = \"train\"\nat = \"04:00\"", "is taken"),
        ] {
            let error = Entry::all(&config(&format!("[[schedule]]\n{text}"))).unwrap_err();
            assert!(error.message.contains(said), "{text}: {}", error.message);
        }
    }

    #[test]
    fn times_are_those_of_the_shops_clocks() {
        let (shanghai, new_york) = (clock::zone("Asia/Shanghai"), clock::zone("America/New_York"));
        let now = at("2026-11-30T05:00:00Z");
        for (text, last, next) in [
            ("13:00", "2026-11-30T05:00:00Z", "2026-12-01T05:00:00Z"),
            ("13:01", "2026-11-29T05:01:00Z", "2026-11-30T05:01:00Z"),
            ("mon 09:00", "2026-11-30T01:00:00Z", "2026-12-07T01:00:00Z"),
            ("sun,wed 09:00", "2026-11-29T01:00:00Z", "2026-12-02T01:00:00Z"),
            ("31 09:00", "2026-11-30T01:00:00Z", "2026-12-31T01:00:00Z"),
            ("1 09:00", "2026-11-01T01:00:00Z", "2026-12-01T01:00:00Z"),
        ] {
            assert_eq!(times(text).last(now, &shanghai), Some(at(last)), "{text}");
            assert_eq!(times(text).next(now, &shanghai), Some(at(next)), "{text}");
        }
        // On 8 March 2026 the clocks of New York left out the hour from two on; on 1 November they showed the one from one on twice.
        let gap = times("02:30");
        assert_eq!(gap.last(at("2026-03-08T12:00:00Z"), &new_york), Some(at("2026-03-08T07:30:00Z")));
        assert_eq!(gap.next(at("2026-03-08T07:30:00Z"), &new_york), Some(at("2026-03-09T06:30:00Z")));
        let twice = times("01:30");
        assert_eq!(twice.last(at("2026-11-01T12:00:00Z"), &new_york), Some(at("2026-11-01T05:30:00Z")));
        assert_eq!(twice.next(at("2026-11-01T05:30:00Z"), &new_york), Some(at("2026-11-02T06:30:00Z")));
    }

    fn entry(text: &str, name: &str) -> Entry {
        let when = When::read(text).unwrap();
        Entry { name: name.to_owned(), job: "train".to_owned(), when, params: json!({}), retries: 2 }
    }

    fn job(state: &str, finished: Option<Millis>) -> JobRecord {
        let record = crate::jobs::queued("job_a".to_owned(), "train", json!({}), 0);
        JobRecord { state: state.to_owned(), finished_at: finished.map(|at| at.0), ..record }
    }

    #[test]
    fn what_was_due_while_nobody_was_there_is_started_once() {
        let zone = TimeZone::UTC;
        let daily = entry("03:00", "a");
        let mut kept = BTreeMap::from([("a".to_owned(), Kept::new(at("2026-11-01T04:00:00Z")))]);
        assert_eq!(due(&daily, &kept, at("2026-11-02T02:59:00Z"), &zone), None, "never before it was first seen");
        let now = at("2026-11-10T12:00:00Z");
        let planned = due(&daily, &kept, now, &zone).unwrap();
        assert_eq!(planned, at("2026-11-10T03:00:00Z"));
        kept.get_mut("a").unwrap().begin(planned, now, "job_a");
        assert_eq!(due(&daily, &kept, at("2026-11-11T12:00:00Z"), &zone), None, "it is under way");
        let own = kept.get_mut("a").unwrap();
        own.settle(Some(&job("running", None)), 2, now);
        assert!(own.is_under_way());
        own.settle(Some(&job("done", Some(now))), 2, now);
        assert_eq!(due(&daily, &kept, at("2026-11-11T02:00:00Z"), &zone), None);
        assert_eq!(due(&daily, &kept, at("2026-11-11T03:00:00Z"), &zone), Some(at("2026-11-11T03:00:00Z")));
    }

    #[test]
    fn what_failed_is_tried_again_after_longer_and_longer_pauses() {
        let (zone, daily) = (TimeZone::UTC, entry("03:00", "a"));
        let mut kept = BTreeMap::from([("a".to_owned(), Kept::new(at("2026-11-01T02:00:00Z")))]);
        let planned = at("2026-11-01T03:00:00Z");
        let mut now = planned;
        for pause_minutes in [10, 20] {
            let own = kept.get_mut("a").unwrap();
            own.begin(planned, now, "job_a");
            own.settle(Some(&job("failed", Some(now))), 2, now);
            let again = Millis(now.0 + pause_minutes * 60_000);
            assert_eq!(due(&daily, &kept, Millis(again.0 - 1), &zone), None);
            assert_eq!(due(&daily, &kept, again, &zone), Some(planned));
            now = again;
        }
        let own = kept.get_mut("a").unwrap();
        own.begin(planned, now, "job_a");
        // Of a job that nobody knows any more it is not known that it ended well.
        own.settle(None, 2, now);
        assert_eq!((own.end, own.again, own.n_failures), (Some(End::Failed), None, 3));
        assert_eq!(due(&daily, &kept, at("2026-11-01T23:00:00Z"), &zone), None);
        let next = at("2026-11-02T03:00:00Z");
        assert_eq!(due(&daily, &kept, next, &zone), Some(next));
        kept.get_mut("a").unwrap().begin(next, next, "job_b");
        assert_eq!(kept["a"].n_failures, 0);
        kept.get_mut("a").unwrap().settle(Some(&job("cancelled", Some(next))), 2, next);
        assert_eq!(kept["a"].again, None, "whoever cancels does not want it again");
    }

    #[test]
    fn what_cannot_be_started_failed() {
        let (zone, daily) = (TimeZone::UTC, entry("03:00", "a"));
        let mut kept = BTreeMap::from([("a".to_owned(), Kept::new(at("2026-11-01T02:00:00Z")))]);
        let now = at("2026-11-01T03:00:00Z");
        let error = ServiceError::usage("params", "no such audience");
        for n_failures in 1..=3 {
            assert_eq!(due(&daily, &kept, Millis(now.0 + PAUSE_MS_MAX), &zone), Some(now));
            kept.get_mut("a").unwrap().refuse(now, now, 2, &error);
            assert_eq!((kept["a"].n_failures, kept["a"].is_under_way()), (n_failures, false));
        }
        assert_eq!(kept["a"].error.as_ref().unwrap()["message"], "no such audience");
        assert_eq!(due(&daily, &kept, Millis(now.0 + PAUSE_MS_MAX), &zone), None);
    }

    #[test]
    fn one_waits_until_the_other_has_ended_well() {
        let zone = TimeZone::UTC;
        let (first, second) = (entry("03:00", "a"), entry("after a", "b"));
        let begun = at("2026-11-01T02:00:00Z");
        let mut kept = BTreeMap::from([("a".to_owned(), Kept::new(begun)), ("b".to_owned(), Kept::new(begun))]);
        let now = at("2026-11-01T04:00:00Z");
        assert_eq!(due(&second, &kept, now, &zone), None);
        let planned = due(&first, &kept, now, &zone).unwrap();
        let own = kept.get_mut("a").unwrap();
        own.begin(planned, now, "job_a");
        own.settle(Some(&job("failed", Some(now))), 2, now);
        assert_eq!(due(&second, &kept, now, &zone), None);
        kept.get_mut("a").unwrap().settle(Some(&job("done", Some(now))), 2, now);
        let ended = due(&second, &kept, now, &zone).unwrap();
        assert_eq!(ended, now);
        kept.get_mut("b").unwrap().begin(ended, now, "job_b");
        kept.get_mut("b").unwrap().settle(Some(&job("done", Some(now))), 2, now);
        assert_eq!(due(&second, &kept, at("2026-11-01T23:00:00Z"), &zone), None, "once for each end");
    }

    #[test]
    fn what_a_wrong_clock_noted_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::of(&data::Shop::create(folder.path().join("shop")).unwrap()).unwrap();
        let entries = [entry("03:00", "a")];
        let wrong = at("2036-01-01T00:00:00Z");
        kept(&store, &entries, wrong).unwrap();
        let now = at("2026-11-01T00:00:00Z");
        assert_eq!(kept(&store, &entries, now).unwrap()["a"], Kept::new(now));
        // A clock that was a little ahead is not one that was wrong.
        let before = Millis(now.0 - 3_600_000);
        assert_eq!(kept(&store, &entries, before).unwrap()["a"], Kept::new(now));
    }
}
