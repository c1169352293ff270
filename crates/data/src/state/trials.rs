//! Who got what in an experiment that runs: one row a customer and experiment, written once, on disk before anybody is answered.
//! A trial that has had its time is sealed: it gets a number, its outcome no longer changes, and it moves into the table of
//! exposures. What an arm is and how it is chosen is the business of `service`.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Reply, SqliteState};
use crate::DataError;

/// One customer in one experiment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trial {
    pub experiment_id: String,
    pub customer_id: String,
    pub arm: String,
    /// The probability with which this arm was chosen.
    pub propensity: f64,
    /// What was known of the customer when it was chosen: JSON, an object of texts in the order of their names.
    pub attributes: String,
    /// UTC milliseconds.
    pub at: i64,
    /// What it brought, 0 to 1; `None` as long as nothing was heard.
    pub reward: Option<f64>,
}

/// Trials that are alike, put together.
#[derive(Clone, Debug, PartialEq)]
pub struct Tally {
    pub attributes: String,
    pub arm: String,
    /// Whether they have had their time.
    pub is_sealed: bool,
    pub n: u64,
    /// Σ of rewards, nothing heard counting 0.
    pub reward: f64,
}

/// The setting that holds the last number given to a sealed trial: a number is never given twice, also after customers were
/// forgotten.
const LAST_SEALED: &str = "trials_sealed";

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS trial (
        experiment_id TEXT NOT NULL, customer_id TEXT NOT NULL, arm TEXT NOT NULL, propensity REAL NOT NULL,
        attributes TEXT NOT NULL, at INTEGER NOT NULL, reward REAL, sealed INTEGER,
        PRIMARY KEY (experiment_id, customer_id)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS trial_by_customer ON trial (customer_id);
    CREATE INDEX IF NOT EXISTS trial_open ON trial (experiment_id, at) WHERE sealed IS NULL;
    CREATE INDEX IF NOT EXISTS trial_sealed ON trial (sealed) WHERE sealed IS NOT NULL;
";

const COLUMNS: &str = "experiment_id, customer_id, arm, propensity, attributes, at, reward";

fn trial_of(row: &Row<'_>) -> rusqlite::Result<Trial> {
    Ok(Trial {
        experiment_id: row.get(0)?,
        customer_id: row.get(1)?,
        arm: row.get(2)?,
        propensity: row.get(3)?,
        attributes: row.get(4)?,
        at: row.get(5)?,
        reward: row.get(6)?,
    })
}

fn find(connection: &Connection, experiment_id: &str, customer_id: &str) -> rusqlite::Result<Option<Trial>> {
    let select = format!("SELECT {COLUMNS} FROM trial WHERE experiment_id = ?1 AND customer_id = ?2");
    connection.prepare_cached(&select)?.query_row([experiment_id, customer_id], trial_of).optional()
}

pub(super) fn erase(writer: &Connection, customer_id: &str) -> rusqlite::Result<usize> {
    writer.execute("DELETE FROM trial WHERE customer_id = ?1", [customer_id])
}

impl SqliteState {
    pub fn trial(&self, experiment_id: &str, customer_id: &str) -> Result<Option<Trial>, DataError> {
        self.read(|reader| find(reader, experiment_id, customer_id))
    }

    /// Writes a customer's trial unless there is one; replies with the one that is on disk then, which is another's if two came
    /// at once.
    pub fn put_trial_then(&self, trial: Trial, reply: Reply<Trial>) {
        let work = move |writer: &Connection| {
            let insert = format!("INSERT OR IGNORE INTO trial ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
            let Trial { experiment_id, customer_id, arm, propensity, attributes, at, reward } = &trial;
            let row = params![experiment_id, customer_id, arm, propensity, attributes, at, reward];
            if writer.prepare_cached(&insert)?.execute(row)? == 1 {
                return Ok(trial);
            }
            Ok(find(writer, experiment_id, customer_id)?.unwrap_or(trial))
        };
        self.write_then(work, reply);
    }

    /// Notes what a trial brought: the most that was heard of it, until it is sealed. Replies whether there is an open trial.
    pub fn reward_trial_then(&self, experiment_id: String, customer_id: String, reward: f64, reply: Reply<bool>) {
        let update = "UPDATE trial SET reward = max(coalesce(reward, 0.0), ?3)
            WHERE experiment_id = ?1 AND customer_id = ?2 AND sealed IS NULL";
        let work = move |writer: &Connection| {
            writer.prepare_cached(update)?.execute(params![experiment_id, customer_id, reward]).map(|n| n == 1)
        };
        self.write_then(work, reply);
    }

    /// An experiment's trials, those with the same attributes and arm as one.
    pub fn tallies(&self, experiment_id: &str) -> Result<Vec<Tally>, DataError> {
        let select = "SELECT attributes, arm, sealed IS NOT NULL, count(*), sum(coalesce(reward, 0.0)) FROM trial
            WHERE experiment_id = ?1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";
        let tally = |row: &Row<'_>| {
            Ok(Tally {
                attributes: row.get(0)?,
                arm: row.get(1)?,
                is_sealed: row.get(2)?,
                n: row.get::<_, i64>(3)? as u64,
                reward: row.get(4)?,
            })
        };
        self.read_apart(|reader| reader.prepare(select)?.query_map([experiment_id], tally)?.collect())
    }

    /// Seals the trials of an experiment that began by a time, at most `n_max`; how many. Numbers are larger than `floor`.
    pub fn seal_trials(&self, experiment_id: &str, up_to: i64, floor: i64, n_max: usize) -> Result<u64, DataError> {
        let id = experiment_id.to_owned();
        self.write(move |writer| {
            let last = "SELECT CAST(value AS INTEGER) FROM setting WHERE name = ?1";
            let last: Option<i64> =
                writer.prepare_cached(last)?.query_row([LAST_SEALED], |row| row.get(0)).optional()?;
            let mut next = last.unwrap_or(0).max(floor);
            let due: Vec<String> = writer
                .prepare_cached(
                    "SELECT customer_id FROM trial WHERE experiment_id = ?1 AND at <= ?2 AND sealed IS NULL
                     ORDER BY at, customer_id LIMIT ?3",
                )?
                .query_map(params![id, up_to, n_max as i64], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            let mut seal =
                writer.prepare_cached("UPDATE trial SET sealed = ?3 WHERE experiment_id = ?1 AND customer_id = ?2")?;
            for customer_id in &due {
                next += 1;
                seal.execute(params![id, customer_id, next])?;
            }
            writer
                .prepare_cached("INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)")?
                .execute(params![LAST_SEALED, next.to_string()])?;
            Ok(due.len() as u64)
        })
    }

    /// Sealed trials after a number, with theirs, in their order.
    pub fn sealed_after(&self, number: i64, n_max: usize) -> Result<Vec<(i64, Trial)>, DataError> {
        let select = format!("SELECT {COLUMNS}, sealed FROM trial WHERE sealed > ?1 ORDER BY sealed LIMIT ?2");
        let numbered = |row: &Row<'_>| Ok((row.get(7)?, trial_of(row)?));
        self.read_apart(|reader| reader.prepare(&select)?.query_map(params![number, n_max as i64], numbered)?.collect())
    }

    /// Forgets an experiment's trials; how many there were.
    pub fn forget_trials(&self, experiment_id: &str) -> Result<u64, DataError> {
        let id = experiment_id.to_owned();
        self.write(move |writer| writer.execute("DELETE FROM trial WHERE experiment_id = ?1", [id])).map(|n| n as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::Shop;
    use crate::state::StateStore;

    fn trial(customer: &str, arm: &str, at: i64) -> Trial {
        Trial {
            experiment_id: "x".into(),
            customer_id: customer.into(),
            arm: arm.into(),
            propensity: 0.5,
            attributes: "{}".into(),
            at,
            reward: None,
        }
    }

    fn put(state: &SqliteState, trial: Trial) -> Trial {
        let (sender, receiver) = mpsc::channel();
        state.put_trial_then(trial, Box::new(move |outcome| sender.send(outcome).unwrap()));
        receiver.recv().unwrap().unwrap()
    }

    fn reward(state: &SqliteState, customer: &str, reward: f64) -> bool {
        let (sender, receiver) = mpsc::channel();
        let reply = Box::new(move |outcome| sender.send(outcome).unwrap());
        state.reward_trial_then("x".into(), customer.into(), reward, reply);
        receiver.recv().unwrap().unwrap()
    }

    #[test]
    fn the_first_arm_stays_the_largest_reward_counts_and_customers_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop");
        let shop = Shop::create(&path).unwrap();
        let state = shop.state().unwrap();
        assert_eq!(put(&state, trial("a", "red", 1)).arm, "red");
        assert_eq!(put(&state, trial("a", "blue", 2)).arm, "red");
        put(&state, trial("b", "blue", 3));
        put(&state, trial("c", "blue", 9));
        assert!(reward(&state, "b", 1.0) && reward(&state, "b", 0.25) && !reward(&state, "nobody", 1.0));
        let tally =
            |arm: &str, n, reward| Tally { attributes: "{}".into(), arm: arm.into(), is_sealed: false, n, reward };
        assert_eq!(state.tallies("x").unwrap(), [tally("blue", 2, 1.0), tally("red", 1, 0.0)]);
        assert_eq!(state.seal_trials("x", 8, 100, 10).unwrap(), 2);
        assert!(!reward(&state, "a", 1.0) && reward(&state, "c", 0.5));
        state.erase_customer("b").unwrap();
        drop((state, shop));
        let shop = Shop::open(&path).unwrap();
        let state = shop.state().unwrap();
        let sealed = || -> Vec<(i64, String)> {
            state.sealed_after(100, 9).unwrap().into_iter().map(|(at, trial)| (at, trial.customer_id)).collect()
        };
        assert_eq!(sealed(), [(101, "a".to_owned())]);
        assert_eq!((state.seal_trials("x", 9, 0, 10).unwrap(), sealed().last().unwrap().0), (1, 103));
        assert_eq!((state.trial("x", "b").unwrap(), state.trial("x", "c").unwrap().unwrap().reward), (None, Some(0.5)));
        assert_eq!((state.forget_trials("x").unwrap(), sealed().len()), (2, 0));
    }
}
