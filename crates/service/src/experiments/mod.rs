//! Experiments that run: who gets which arm is decided here, one customer at a time, on disk before the shop's page hears of it.
//! The arm is drawn by a salted hash (`split`), or by what the arms have brought so far (`thompson`, `tree`). Whoever had an arm
//! keeps it. Trials that have had their time become exposures, and are read as every campaign is.
//!
//! What is not here: reading results (`flows::plan::experiment`), and who may be reached at all.

mod learnt;
mod rules;

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use data::state::trials::{Tally, Trial};
use math::Random;
use serde::{Deserialize, Serialize};
use strategy::bandit::{Context, choose};
use strategy::experiment::{Assignment, Place};
use utoipa::ToSchema;

use self::learnt::Learnt;
pub use self::learnt::{ArmStanding, Reason, Standing};
pub use self::rules::{Chooser, Experiment, ExperimentArm, Wanted};
use crate::clock;
use crate::error::{Kind, Result, ServiceError, clipped};
use crate::serving::{ServedShop, off_thread};
use crate::store::Store;

/// Experiments of one shop, running and stopped.
pub const EXPERIMENTS_MAX: usize = 200;
const MINUTE_MS: i64 = 60_000;

/// What became of the wish to know a customer's arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ArmDecided)]
pub struct Decided {
    pub experiment_id: String,
    /// `arm`; `holdout` for those who get nothing of any experiment; `outside` for those beyond the traffic. The last two are
    /// treated as if there were no experiment.
    pub place: String,
    pub arm: Option<String>,
    /// The probability with which this arm was chosen.
    pub propensity: Option<f64>,
    /// Decided before, and so kept.
    pub is_kept: bool,
    /// Why, where arms are chosen by what is known of customers; empty if the customer's kind makes no difference.
    pub because: Vec<Reason>,
}

/// One experiment, ready to decide.
struct Running {
    rules: Experiment,
    split: Assignment,
    learnt: RwLock<Arc<Learnt>>,
}

impl Running {
    fn new(rules: Experiment, tallies: &[Tally]) -> Result<Running> {
        let split = rules.split()?;
        let learnt = RwLock::new(Arc::new(Learnt::of(&rules, tallies)?));
        Ok(Running { rules, split, learnt })
    }

    fn learnt(&self) -> Arc<Learnt> {
        self.learnt.read().expect("no holder panics").clone()
    }

    fn decided(&self, place: &str) -> Decided {
        Decided {
            experiment_id: self.rules.id.clone(),
            place: place.to_owned(),
            arm: None,
            propensity: None,
            is_kept: false,
            because: Vec::new(),
        }
    }

    fn kept(&self, trial: &Trial, is_kept: bool) -> Decided {
        Decided { arm: Some(trial.arm.clone()), propensity: Some(trial.propensity), is_kept, ..self.decided("arm") }
    }

    /// The arm for somebody new, or the place of somebody who gets none.
    fn choose(&self, customer_id: &str, attributes: &BTreeMap<String, String>) -> Result<(Decided, Option<Trial>)> {
        let (arm_idx, propensity) = match self.split.place(customer_id, None) {
            Place::Holdout => return Ok((self.decided("holdout"), None)),
            Place::Outside => return Ok((self.decided("outside"), None)),
            Place::Arm { arm_idx, propensity, .. } => (arm_idx, propensity),
        };
        let known = self.rules.known(attributes);
        let learnt = self.learnt();
        let (arm_idx, propensity, because) = match learnt.bandit() {
            None => (arm_idx, propensity, Vec::new()),
            Some(bandit) => {
                let values = learnt.values(&known);
                let context = Context { features: &[], attributes: &values };
                let allowed: Vec<bool> = self.rules.arms.iter().map(|arm| arm.weight > 0.0).collect();
                // By the customer, so that two questions at once draw the same.
                let position = strategy::experiment::position(&self.rules.salt, "draw", customer_id);
                let mut random = Random::new((position * (1_u64 << 53) as f64) as u64);
                let choice = choose(bandit, &context, Some(&allowed), self.rules.floor, &mut random)?;
                (choice.arm_idx, choice.propensity, learnt.reasons(&values)?)
            }
        };
        let trial = Trial {
            experiment_id: self.rules.id.clone(),
            customer_id: customer_id.to_owned(),
            arm: self.rules.arms[arm_idx].name.clone(),
            propensity,
            attributes: serde_json::to_string(&known)?,
            at: clock::now().0,
            reward: None,
        };
        Ok((Decided { because, ..self.kept(&trial, false) }, Some(trial)))
    }
}

/// All experiments of a shop.
pub struct Experiments {
    running: RwLock<BTreeMap<String, Arc<Running>>>,
}

impl Experiments {
    pub fn open(store: &Store) -> Result<Experiments> {
        let mut running = BTreeMap::new();
        for rules in store.experiments(EXPERIMENTS_MAX)? {
            let tallies = store.tallies(&rules.id)?;
            running.insert(rules.id.clone(), Arc::new(Running::new(rules, &tallies)?));
        }
        Ok(Experiments { running: RwLock::new(running) })
    }

    fn find(&self, id: &str) -> Result<Arc<Running>> {
        let found = self.running.read().expect("no holder panics").get(id).cloned();
        found.ok_or_else(|| ServiceError::not_found("experiment", id))
    }

    fn all(&self) -> Vec<Arc<Running>> {
        self.running.read().expect("no holder panics").values().cloned().collect()
    }

    fn put(&self, rules: Experiment, tallies: &[Tally]) -> Result<()> {
        let running = Arc::new(Running::new(rules, tallies)?);
        self.running.write().expect("no holder panics").insert(running.rules.id.clone(), running);
        Ok(())
    }

    /// Newest first.
    pub fn rules(&self) -> Vec<Experiment> {
        let mut all: Vec<Experiment> = self.all().iter().map(|running| running.rules.clone()).collect();
        all.sort_by(|a, b| b.created_at.cmp(&a.created_at).then(a.id.cmp(&b.id)));
        all
    }
}

impl ServedShop {
    /// Begins an experiment.
    ///
    /// # Errors
    /// If its rules do not hold, its id is taken by another one or by a campaign, or there are too many.
    pub async fn start_experiment(&self, wanted: Wanted) -> Result<Experiment> {
        let rules = wanted.checked(clock::now().0, crate::random::token(8)?)?;
        let _alone = self.maintenance.lock().await;
        if self.experiments.find(&rules.id).is_ok() {
            return Err(ServiceError::conflict("exists", format!("there is an experiment '{}' already", rules.id)));
        }
        if self.experiments.all().len() >= EXPERIMENTS_MAX {
            let message = format!("there are {EXPERIMENTS_MAX} experiments already; allowed: {EXPERIMENTS_MAX}");
            return Err(ServiceError::conflict("too_many", message).help("forget one that has ended"));
        }
        let campaigns = crate::flows::plan::experiment::campaigns(&self.shop).await?;
        if campaigns.iter().any(|campaign| campaign.campaign_id == rules.id) {
            let message = format!("'{}' is a campaign of the exposures already", rules.id);
            return Err(ServiceError::conflict("exists", message).help("choose another id: results are read by it"));
        }
        let (store, kept) = (self.store.clone(), rules.clone());
        off_thread(move || store.put_experiment(&kept)).await?;
        self.experiments.put(rules.clone(), &[])?;
        Ok(rules)
    }

    /// The arm of a customer.
    ///
    /// # Errors
    /// If there is no such experiment or it has ended.
    pub async fn decide(&self, id: &str, customer_id: &str, attributes: &BTreeMap<String, String>) -> Result<Decided> {
        let running = self.experiments.find(id)?;
        if let Some(at) = running.rules.stopped_at {
            return Err(ServiceError::conflict("ended", format!("the experiment '{}' has ended", clipped(id)))
                .detail(serde_json::json!({"stopped_at": at}))
                .help("show what its verdict says"));
        }
        // No one is erased between the question and the disk.
        let _present = self.erasing.read().await;
        if let Some(trial) = self.store.trial(id, customer_id)? {
            let is_held = matches!(running.split.place(customer_id, None), Place::Holdout);
            return Ok(if is_held { running.decided("holdout") } else { running.kept(&trial, true) });
        }
        let (decided, trial) = running.choose(customer_id, attributes)?;
        let Some(trial) = trial else { return Ok(decided) };
        let arm = trial.arm.clone();
        let stored = self.store.put_trial(trial).await?;
        Ok(if stored.arm == arm { decided } else { running.kept(&stored, true) })
    }

    /// Notes what a customer's arm brought, 0 to 1.
    ///
    /// # Errors
    /// If there is no such experiment, or the customer has no arm of it or had it too long ago.
    pub async fn outcome(&self, id: &str, customer_id: &str, reward: f64) -> Result<()> {
        self.experiments.find(id)?;
        if !(0.0..=1.0).contains(&reward) {
            return Err(ServiceError::usage("reward", format!("reward is {reward}; allowed: 0 to 1")));
        }
        if self.store.reward_trial(id, customer_id, reward).await? {
            return Ok(());
        }
        let message = "the customer has no arm of this experiment whose outcome is still open";
        Err(ServiceError::new(Kind::Conflict, "no_open_arm", message)
            .help("ask for the arm first; what comes after the experiment's wait_minutes is not counted"))
    }

    /// How an experiment stands.
    pub async fn standing(&self, id: &str) -> Result<Standing> {
        let running = self.experiments.find(id)?;
        let (store, id) = (self.store.clone(), id.to_owned());
        let tallies = off_thread(move || store.tallies(&id)).await?;
        learnt::standing(&running.rules, &running.learnt(), &tallies)
    }

    /// Ends an experiment: nobody gets an arm of it any more, and every trial becomes an exposure.
    pub async fn stop_experiment(&self, id: &str) -> Result<Experiment> {
        let running = self.experiments.find(id)?;
        if running.rules.stopped_at.is_none() {
            let rules = Experiment { stopped_at: Some(clock::now().0), ..running.rules.clone() };
            let (store, kept) = (self.store.clone(), rules.clone());
            off_thread(move || store.put_experiment(&kept)).await?;
            let store = self.store.clone();
            let of = rules.id.clone();
            let tallies = off_thread(move || store.tallies(&of)).await?;
            self.experiments.put(rules, &tallies)?;
        }
        self.move_trials().await?;
        Ok(self.experiments.find(id)?.rules.clone())
    }

    /// Forgets an ended experiment and who had which arm; its exposures stay.
    ///
    /// # Errors
    /// If it still runs.
    pub async fn forget_experiment(&self, id: &str) -> Result<()> {
        let running = self.experiments.find(id)?;
        if running.rules.stopped_at.is_none() {
            return Err(ServiceError::conflict("runs", format!("the experiment '{}' still runs", clipped(id)))
                .help("stop it first"));
        }
        self.move_trials().await?;
        let (store, of) = (self.store.clone(), id.to_owned());
        off_thread(move || store.forget_experiment(&of)).await?;
        self.experiments.running.write().expect("no holder panics").remove(id);
        Ok(())
    }

    /// Moves trials that have had their time into the exposures, and learns from them; how many.
    pub async fn move_trials(&self) -> Result<u64> {
        let all = self.experiments.all();
        if all.is_empty() {
            return Ok(0);
        }
        let now = clock::now().0;
        let until = |rules: &Experiment| match rules.stopped_at {
            Some(_) => i64::MAX,
            None => now - i64::from(rules.wait_minutes) * MINUTE_MS,
        };
        let due: Vec<(String, i64)> =
            all.iter().map(|running| (running.rules.id.clone(), until(&running.rules))).collect();
        let _alone = self.maintenance.lock().await;
        let shop = self.shop.clone();
        let n = off_thread(move || Ok(shop.flush_trials(&due)?)).await?;
        for running in all.iter().filter(|running| n > 0 && running.rules.stopped_at.is_none()) {
            let (store, own) = (self.store.clone(), running.clone());
            let learnt = off_thread(move || Learnt::of(&own.rules, &store.tallies(&own.rules.id)?)).await?;
            *running.learnt.write().expect("no holder panics") = Arc::new(learnt);
        }
        Ok(n)
    }
}
