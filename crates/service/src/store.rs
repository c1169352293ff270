//! The shop's operational state in the words of the service: keys, jobs, evaluations and answers as typed values over
//! [`data::state`]. No SQL, no HTTP and no models here.

use std::path::Path;
use std::sync::Arc;

use data::Shop;
use data::state::drafts::{DraftQuery, StateCounts, StoredDraft};
use data::state::trials::{Tally, Trial};
use data::state::{EventBatch, Record, RecordKind, SqliteState, StateStore};
use domain::Event;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use data::state::{Appended, RowChange};

use crate::auth::keys::KeyRecord;
use crate::decisions::Settled;
use crate::error::{Kind, Result, ServiceError};
use crate::experiments::Experiment;
use crate::flows::audience::Audience;
use crate::random;

/// One shop's state. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    state: Arc<SqliteState>,
}

/// A job as stored.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JobRecord {
    pub id: String,
    pub kind: String,
    pub params: Value,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    pub state: String,
    /// 0 to 1.
    pub progress: f64,
    pub message: String,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
    pub result: Option<Value>,
    pub error: Option<Value>,
}

const KEYS_MAX: usize = 100_000;

impl Store {
    pub fn of(shop: &Shop) -> Result<Store> {
        Ok(Store { state: shop.state()? })
    }

    /// The state of the shop in `folder`.
    pub fn open(folder: &Path) -> Result<Store> {
        Store::of(&Shop::open(folder)?)
    }

    /// Appends events; returns once they are on disk. With `key`, a second call with the same key changes nothing and
    /// answers as the first did.
    pub async fn append(&self, events: Vec<Event>, key: Option<String>, at: i64) -> Result<Appended> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        let batch = EventBatch { idempotency_key: key, events, received_at: at };
        self.state.append_then(batch, Box::new(move |outcome| drop(reply.send(outcome))));
        Ok(answer.await.map_err(|_| closed())??)
    }

    /// Accepted events after `offset`, at most `n`, in order.
    pub fn events_after(&self, offset: i64, n: usize) -> Result<Vec<(i64, Event)>> {
        Ok(self.state.events_since(offset, n)?)
    }

    /// Such events of one customer, oldest first.
    pub fn events_of(&self, customer_id: &str, offset: i64) -> Result<Vec<Event>> {
        let events = self.state.events_of(customer_id)?.into_iter();
        Ok(events.filter(|(at, _)| *at > offset).map(|(_, event)| event).collect())
    }

    /// A new list's id: the time, and 64 bits that nobody can guess.
    pub fn next_list_id(&self, at: i64) -> String {
        format!("{at:011x}-{:016x}", random::quick64())
    }

    /// Keeps an answer, soon; `false` when the disk is too far behind and it was dropped.
    pub fn keep_answer(&self, list_id: String, customer_id: String, at: i64, body: String) -> bool {
        self.state.put_answer_later(data::state::Answer { list_id, customer_id, at, body })
    }

    /// The stored answer with this id.
    pub fn answer(&self, list_id: &str) -> Result<Option<String>> {
        Ok(self.state.answer(list_id)?.map(|answer| answer.body))
    }

    /// Waits until everything handed over so far is on disk.
    pub fn settle(&self) -> Result<()> {
        Ok(self.state.settle()?)
    }

    pub fn setting(&self, name: &str) -> Result<Option<String>> {
        Ok(self.state.setting(name)?)
    }

    pub fn set_setting(&self, name: &str, value: &str) -> Result<()> {
        Ok(self.state.set_setting(name, value)?)
    }

    /// Adds to whole numbers among the settings, in one step.
    pub fn add_to_settings(&self, added: Vec<(String, i64)>) -> Result<()> {
        Ok(self.state.add_to_settings(added)?)
    }

    /// Settings from one name on and before another.
    pub fn settings_between(&self, from: &str, to: &str) -> Result<Vec<(String, String)>> {
        Ok(self.state.settings_between(from, to)?)
    }

    pub fn forget_settings_between(&self, from: &str, to: &str) -> Result<()> {
        Ok(self.state.forget_settings_between(from, to)?)
    }

    /// Oldest first.
    pub fn keys(&self) -> Result<Vec<KeyRecord>> {
        let mut keys = self.parsed::<StoredKey>(RecordKind::Key, KEYS_MAX)?;
        keys.reverse();
        Ok(keys.into_iter().map(|StoredKey { record, digest }| KeyRecord { digest, ..record }).collect())
    }

    pub fn add_key(&self, key: KeyRecord) -> Result<()> {
        let (id, at, digest) = (key.id.clone(), key.created_at, key.digest.clone());
        self.put(RecordKind::Key, id, at, &StoredKey { record: key, digest })
    }

    /// Whether there was such a key.
    pub fn revoke_key(&self, id: &str) -> Result<bool> {
        Ok(self.state.delete_record(RecordKind::Key, id)?)
    }

    pub fn put_overlay(&self, table: &str, key: &str, body: Option<String>, at: i64) -> Result<()> {
        Ok(self.state.put_change(table, RowChange { key: key.to_owned(), body, at })?)
    }

    /// Rows changed through the API and not yet in the tables.
    pub fn overlays(&self, table: &str) -> Result<Vec<RowChange>> {
        Ok(self.state.changes(table)?)
    }

    pub fn overlay(&self, table: &str, key: &str) -> Result<Option<RowChange>> {
        Ok(self.state.change(table, key)?)
    }

    pub fn put_job(&self, job: &JobRecord) -> Result<()> {
        self.put(RecordKind::Job, job.id.clone(), job.created_at, job)
    }

    pub fn job(&self, id: &str) -> Result<Option<JobRecord>> {
        let record = self.state.record(RecordKind::Job, id)?;
        Ok(record.map(|record| serde_json::from_str(&record.body)).transpose()?)
    }

    /// Newest first.
    pub fn jobs(&self, n_max: usize) -> Result<Vec<JobRecord>> {
        self.parsed(RecordKind::Job, n_max)
    }

    pub fn put_evaluation(&self, id: &str, at: i64, body: &impl Serialize) -> Result<()> {
        self.put(RecordKind::Evaluation, id.to_owned(), at, body)
    }

    /// The latest evaluations as JSON, newest first.
    pub fn evaluations(&self, n_max: usize) -> Result<Vec<String>> {
        Ok(self.state.records(RecordKind::Evaluation, n_max)?.into_iter().map(|record| record.body).collect())
    }

    pub fn put_audience(&self, audience: &Audience) -> Result<()> {
        self.put(RecordKind::Audience, audience.id.clone(), audience.created_at, audience)
    }

    pub fn audience(&self, id: &str) -> Result<Option<Audience>> {
        let record = self.state.record(RecordKind::Audience, id)?;
        Ok(record.map(|record| serde_json::from_str(&record.body)).transpose()?)
    }

    /// Newest first.
    pub fn audiences(&self, n_max: usize) -> Result<Vec<Audience>> {
        self.parsed(RecordKind::Audience, n_max)
    }

    /// Whether there was such an audience.
    pub fn delete_audience(&self, id: &str) -> Result<bool> {
        Ok(self.state.delete_record(RecordKind::Audience, id)?)
    }

    /// Adds drafts; one whose id is known stays as it was.
    pub fn add_drafts(&self, drafts: Vec<StoredDraft>) -> Result<u64> {
        Ok(self.state.add_drafts(drafts)?)
    }

    pub fn draft(&self, id: &str) -> Result<Option<StoredDraft>> {
        Ok(self.state.draft(id)?)
    }

    /// Whether the version it was made of was the newest.
    pub fn change_draft(&self, draft: StoredDraft) -> Result<bool> {
        Ok(self.state.change_draft(draft)?)
    }

    /// Whether there was such a draft.
    pub fn delete_draft(&self, id: &str) -> Result<bool> {
        Ok(self.state.delete_draft(id)?)
    }

    /// Numbers by state, and a page without bodies.
    pub fn drafts(&self, query: &DraftQuery, offset: usize, limit: usize) -> Result<(StateCounts, Vec<StoredDraft>)> {
        Ok(self.state.drafts(query, offset, limit)?)
    }

    /// Whole drafts in the order of their ids.
    pub fn drafts_after(&self, query: &DraftQuery, after: &str, limit: usize) -> Result<Vec<StoredDraft>> {
        Ok(self.state.drafts_after(query, after, limit)?)
    }

    /// Drafts of a state and channel about any of these products, the last changed first.
    pub fn drafts_about(
        &self,
        state: &str,
        channel: &str,
        product_ids: &[String],
        limit: usize,
    ) -> Result<Vec<StoredDraft>> {
        Ok(self.state.drafts_about(state, channel, product_ids, limit)?)
    }

    /// Products about which there are drafts of a state and channel.
    pub fn products_with_drafts(&self, state: &str, channel: &str) -> Result<Vec<String>> {
        Ok(self.state.products_with_drafts(state, channel)?)
    }

    pub fn n_drafts(&self) -> Result<u64> {
        Ok(self.state.n_drafts()?)
    }

    /// Products that a job of this name has written about.
    pub fn products_of_batch(&self, batch: &str) -> Result<Vec<String>> {
        Ok(self.state.products_of_batch(batch)?)
    }

    /// Newest first.
    pub fn settled_decisions(&self, n_max: usize) -> Result<Vec<Settled>> {
        self.parsed(RecordKind::Decision, n_max)
    }

    pub fn settled_decision(&self, id: &str) -> Result<Option<Settled>> {
        let record = self.state.record(RecordKind::Decision, id)?;
        Ok(record.map(|record| serde_json::from_str(&record.body)).transpose()?)
    }

    pub fn put_settled_decision(&self, settled: &Settled) -> Result<()> {
        self.put(RecordKind::Decision, settled.decision.id.clone(), settled.at, settled)
    }

    /// Newest first.
    pub fn experiments(&self, n_max: usize) -> Result<Vec<Experiment>> {
        self.parsed(RecordKind::Experiment, n_max)
    }

    pub fn put_experiment(&self, experiment: &Experiment) -> Result<()> {
        self.put(RecordKind::Experiment, experiment.id.clone(), experiment.created_at, experiment)
    }

    /// With all its trials.
    pub fn forget_experiment(&self, id: &str) -> Result<()> {
        self.state.delete_record(RecordKind::Experiment, id)?;
        self.state.forget_trials(id)?;
        Ok(())
    }

    pub fn trial(&self, experiment_id: &str, customer_id: &str) -> Result<Option<Trial>> {
        Ok(self.state.trial(experiment_id, customer_id)?)
    }

    /// The customer's trial once it is on disk: this one, or the one that came before.
    pub async fn put_trial(&self, trial: Trial) -> Result<Trial> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.state.put_trial_then(trial, Box::new(move |outcome| drop(reply.send(outcome))));
        Ok(answer.await.map_err(|_| closed())??)
    }

    /// Whether there was an open trial.
    pub async fn reward_trial(&self, experiment_id: &str, customer_id: &str, reward: f64) -> Result<bool> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        let (of, by) = (experiment_id.to_owned(), customer_id.to_owned());
        self.state.reward_trial_then(of, by, reward, Box::new(move |outcome| drop(reply.send(outcome))));
        Ok(answer.await.map_err(|_| closed())??)
    }

    pub fn tallies(&self, experiment_id: &str) -> Result<Vec<Tally>> {
        Ok(self.state.tallies(experiment_id)?)
    }

    fn put(&self, kind: RecordKind, id: String, at: i64, body: &impl Serialize) -> Result<()> {
        let body = serde_json::to_string(body)?;
        Ok(self.state.put_record(kind, Record { id, at, body })?)
    }

    fn parsed<T: serde::de::DeserializeOwned>(&self, kind: RecordKind, n_max: usize) -> Result<Vec<T>> {
        let records = self.state.records(kind, n_max)?;
        Ok(records.iter().map(|record| serde_json::from_str(&record.body)).collect::<std::result::Result<_, _>>()?)
    }
}

/// A key's record with the digest, which no answer of the API shows.
#[derive(Serialize, Deserialize)]
struct StoredKey {
    #[serde(flatten)]
    record: KeyRecord,
    digest: String,
}

fn closed() -> ServiceError {
    ServiceError::new(Kind::Unavailable, "closing", "the shop is being closed").help("try again in a moment")
}
