//! Moves accepted events from the state store into the `events` table, and trials of experiments into `exposures`, each exactly once. The table's manifest says
//! up to which offset it holds them; it changes in the same atomic step as the rows. The store forgets afterwards, and
//! a crash in between only means that it forgets later. Changed rows of keyed tables move the same way; written twice
//! they are the same row.

use std::collections::BTreeSet;

use domain::{CuratedAnswer, Customer, Event, Exposure, Millis, Product, TableSpec};
use serde::de::DeserializeOwned;

use crate::files::Step;
use crate::state::StateStore;
use crate::state::trials::Trial;
use crate::tables::Row;
use crate::{DataError, Shop, SourceTag};

/// Events read and encoded at a time.
const BATCH_EVENTS: usize = 16 << 10;
/// Events in one flush; more are left for the next.
const FLUSH_EVENTS_MAX: usize = 4 << 20;
/// Small files of live events are joined once there are this many.
const COMPACT_FILES: usize = 32;

impl Shop {
    /// Moves what the state store holds into the tables; how many events.
    pub fn flush_events(&self) -> Result<u64, DataError> {
        let _one_at_a_time = self.flush_guard();
        self.lock_for_writing()?;
        let spec = Event::spec();
        let state = self.state()?;
        let before = self.tables().manifest(spec)?.log_offset;
        let (n_events, after) = self.copy_events(&*state, spec, before)?;
        (self.tables().hook())(Step::AckEvents).map_err(DataError::io(self.root(), "forget flushed events"))?;
        state.forget_through(after)?;
        if self.tables().manifest(spec)?.files.len() >= COMPACT_FILES {
            self.tables().compact(spec)?;
        }
        Ok(n_events)
    }

    fn copy_events(
        &self,
        state: &dyn StateStore,
        spec: &'static TableSpec,
        before: i64,
    ) -> Result<(u64, i64), DataError> {
        let mut n_events = 0;
        let mut after = before;
        let mut writer = None;
        while n_events < FLUSH_EVENTS_MAX {
            let (offsets, events): (Vec<i64>, Vec<Event>) =
                state.events_since(after, BATCH_EVENTS)?.into_iter().unzip();
            let Some(last) = offsets.last() else { break };
            let writer = match &mut writer {
                Some(writer) => writer,
                None => writer.insert(self.tables().writer(spec, SourceTag::live("api"))?),
            };
            writer.write(Event::to_batch(&events)?)?;
            n_events += events.len();
            after = *last;
        }
        if let Some(mut writer) = writer {
            writer.set_log_offset(before, after);
            writer.finish()?;
        }
        Ok((n_events as u64, after))
    }

    /// Moves trials of experiments that have had their time into the exposures; how many. `due` names experiments and until when
    /// their trials began.
    pub fn flush_trials(&self, due: &[(String, i64)]) -> Result<u64, DataError> {
        let _one_at_a_time = self.flush_guard();
        self.lock_for_writing()?;
        let (spec, state) = (Exposure::spec(), self.state()?);
        let before = self.tables().manifest(spec)?.log_offset;
        for (experiment_id, up_to) in due {
            while state.seal_trials(experiment_id, *up_to, before, BATCH_EVENTS)? == BATCH_EVENTS as u64 {}
        }
        let (mut n_moved, mut after) = (0, before);
        let mut writer = None;
        while n_moved < FLUSH_EVENTS_MAX {
            let (numbers, trials): (Vec<i64>, Vec<Trial>) =
                state.sealed_after(after, BATCH_EVENTS)?.into_iter().unzip();
            let Some(last) = numbers.last() else { break };
            let writer = match &mut writer {
                Some(writer) => writer,
                None => writer.insert(self.tables().writer(spec, SourceTag::live("api"))?),
            };
            let exposures: Vec<Exposure> = trials.into_iter().map(exposure_of).collect();
            writer.write(Exposure::to_batch(&exposures)?)?;
            n_moved += exposures.len();
            after = *last;
        }
        if let Some(mut writer) = writer {
            writer.set_log_offset(before, after);
            writer.finish()?;
        }
        if self.tables().manifest(spec)?.files.len() >= COMPACT_FILES {
            self.tables().compact(spec)?;
        }
        Ok(n_moved as u64)
    }

    /// Moves changed products, customers and curated answers into the tables, deleted ones out of them; how many rows.
    pub fn flush_changes(&self) -> Result<u64, DataError> {
        let _one_at_a_time = self.flush_guard();
        Ok(self.move_changes::<Product>()? + self.move_changes::<Customer>()? + self.move_changes::<CuratedAnswer>()?)
    }

    fn move_changes<R: Row + DeserializeOwned>(&self) -> Result<u64, DataError> {
        let (spec, state) = (R::spec(), self.state()?);
        let done = state.changes(spec.name)?;
        if done.is_empty() {
            return Ok(0);
        }
        let deleted: BTreeSet<String> =
            done.iter().filter(|change| change.body.is_none()).map(|change| change.key.clone()).collect();
        if !deleted.is_empty() {
            self.tables().delete_where(spec, spec.key[0], &deleted)?;
        }
        let wrong = |error| DataError::State { message: format!("a changed row of {}: {error}", spec.name) };
        let bodies = done.iter().filter_map(|change| change.body.as_deref());
        let rows: Vec<R> = bodies.map(serde_json::from_str).collect::<Result<_, _>>().map_err(wrong)?;
        if !rows.is_empty() {
            let mut writer = self.tables().writer(spec, SourceTag::live("api"))?;
            writer.write(R::to_batch(&rows)?)?;
            writer.finish()?;
        }
        let n_rows = done.len() as u64;
        state.forget_changes(spec.name, done)?;
        Ok(n_rows)
    }

    /// Removes every trace of a customer: rows in all tables, accepted events, given answers. Returns how many rows
    /// there were.
    pub fn erase_customer(&self, customer_id: &str) -> Result<u64, DataError> {
        // No flush may carry an event from the store to the tables between the two.
        let _no_flush = self.flush_guard();
        let n_state = self.state()?.erase_customer(customer_id)?;
        self.remove_exports_with(customer_id)?;
        Ok(n_state + self.tables().delete_where_customer(customer_id)?)
    }
}

fn exposure_of(trial: Trial) -> Exposure {
    Exposure {
        at: Millis(trial.at),
        customer_id: trial.customer_id,
        campaign_id: trial.experiment_id,
        arm: trial.arm,
        propensity: Some(trial.propensity),
        responded: Some(trial.reward.is_some_and(|reward| reward > 0.0)),
        ..Exposure::default()
    }
}
