//! The estimators of a policy's value from another's log, all in two passes over the rounds, and the judgement whether to
//! believe them. Estimators differ in what they trust: the propensities (IPS), the predictions (DM), or either (DR).

use domain::Text;
use math::Random;
use math::distributions::student_t_quantile;
use rayon::prelude::*;
use serde::Serialize;

use super::{Rounds, Weights};
use crate::{Answer, Caveat, Estimate, StrategyError, Support};

/// Rounds that go into one partial sum; fixed, so that the sum does not depend on the number of threads.
const CHUNK: usize = 16_384;
const N: usize = 7;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Estimator {
    /// Inverse propensity scoring: unbiased, noisy where weights are large (Horvitz, Thompson 1952).
    Ips,
    /// Self-normalised: divided by the mean weight (Swaminathan, Joachims 2015).
    Snips,
    /// The direct method: what the predictions say, as biased as they are.
    Dm,
    /// Doubly robust: right if propensities or predictions are (Dudík, Langford, Li 2011).
    Dr,
    /// Doubly robust, its correction self-normalised.
    Sndr,
    /// Doubly robust where weights are small, predictions alone elsewhere (Wang, Agarwal, Dudík 2017).
    SwitchDr,
    /// Doubly robust with weights shrunk where they are large (Su, Dimakopoulou, Krishnamurthy, Dudík 2020).
    DrOs,
}

impl Estimator {
    pub const ALL: [Estimator; N] = [
        Estimator::Ips,
        Estimator::Snips,
        Estimator::Dm,
        Estimator::Dr,
        Estimator::Sndr,
        Estimator::SwitchDr,
        Estimator::DrOs,
    ];

    pub fn name(self) -> &'static str {
        ["ips", "snips", "dm", "dr", "sndr", "switch_dr", "dr_os"][self as usize]
    }

    fn needs_predictions(self) -> bool {
        !matches!(self, Estimator::Ips | Estimator::Snips)
    }
}

/// How estimates are made.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// Of the intervals, 0.95 for 95 %.
    pub level: f64,
    /// [`Estimator::SwitchDr`] trusts weights up to this.
    pub switch_above: f64,
    /// [`Estimator::DrOs`] takes a weight w as λw / (w² + λ).
    pub shrink_lambda: f64,
}

impl Default for Interval {
    fn default() -> Self {
        Interval { level: 0.95, switch_above: 10.0, shrink_lambda: 100.0 }
    }
}

impl Interval {
    fn check(&self) -> Result<(), StrategyError> {
        if !(0.5..1.0).contains(&self.level) {
            return Err(StrategyError::unfit("the level of an interval", self.level, "0.5 or more and below 1"));
        }
        for (what, value) in [("switch_above", self.switch_above), ("shrink_lambda", self.shrink_lambda)] {
            if value.is_nan() || value <= 0.0 {
                return Err(StrategyError::unfit(what, value, "above 0"));
            }
        }
        Ok(())
    }
}

/// What a round adds to the sums of which all estimators are made: w, wr, q̄, w(r − q), and the last with weights switched and
/// shrunk. Without predictions q and q̄ are 0.
fn terms(rounds: &Rounds, row: usize, how: &Interval) -> [f64; 6] {
    let (weight, reward) = (rounds.weight(row), rounds.reward[row]);
    let (chosen, target) =
        rounds.predicted.map_or((0.0, 0.0), |predicted| (predicted.chosen[row], predicted.target[row]));
    let surprise = reward - chosen;
    let switched = if weight <= how.switch_above { weight } else { 0.0 };
    let shrunk = if how.shrink_lambda.is_finite() {
        how.shrink_lambda * weight / (weight * weight + how.shrink_lambda)
    } else {
        weight
    };
    [weight, weight * reward, target, weight * surprise, switched * surprise, shrunk * surprise]
}

fn summed<const K: usize>(n: usize, of: impl Fn(usize) -> [f64; K] + Sync) -> [f64; K] {
    let add = |mut sums: [f64; K], part: [f64; K]| {
        sums.iter_mut().zip(part).for_each(|(sum, value)| *sum += value);
        sums
    };
    let part = |part: usize| (part * CHUNK..n.min((part + 1) * CHUNK)).map(&of).fold([0.0; K], add);
    let parts: Vec<[f64; K]> = (0..n.div_ceil(CHUNK)).into_par_iter().map(part).collect();
    parts.into_iter().fold([0.0; K], add)
}

/// The means of all estimators from the means of the terms; where no weight is above 0, self-normalised parts are 0.
fn values([weight, ips, target, surprise, switched, shrunk]: [f64; 6]) -> [f64; N] {
    let normalised = |value: f64| if weight > 0.0 { value / weight } else { 0.0 };
    let sndr = target + normalised(surprise);
    [ips, normalised(ips), target, target + surprise, sndr, target + switched, target + shrunk]
}

/// Each round's influence on each estimator, which sums to n times its value; for self-normalised ones to first order (the
/// delta method).
fn influences(terms: [f64; 6], means: [f64; 6]) -> [f64; N] {
    let [weight, ips, target, surprise, switched, shrunk] = terms;
    let normalised = |value: f64, mean: f64| {
        if means[0] > 0.0 { mean / means[0] + (value - mean / means[0] * weight) / means[0] } else { 0.0 }
    };
    [
        ips,
        normalised(ips, means[1]),
        target,
        target + surprise,
        target + normalised(surprise, means[3]),
        target + switched,
        target + shrunk,
    ]
}

fn means(rounds: &Rounds, how: &Interval) -> [f64; 6] {
    summed(rounds.n(), |row| terms(rounds, row, how)).map(|sum| sum / rounds.n() as f64)
}

/// Every estimator's value, whether or not the log supports it: [`evaluate`] judges. Intervals are normal, with as many degrees
/// of freedom as the effective sample size leaves. Those that need predictions come only where there are some.
///
/// # Errors
/// If a setting is outside its range.
pub fn estimates(rounds: &Rounds, how: &Interval) -> Result<Vec<(Estimator, Estimate)>, StrategyError> {
    how.check()?;
    let n = rounds.n() as f64;
    let means = means(rounds, how);
    let values = values(means);
    let squares = summed(rounds.n(), |row| {
        let mut influence = influences(terms(rounds, row, how), means);
        influence.iter_mut().zip(values).for_each(|(one, value)| *one = (*one - value) * (*one - value));
        influence
    });
    let reach = |df: f64| student_t_quantile(0.5 + 0.5 * how.level, df.max(1.0));
    let (of_weights, of_rounds) = (reach(rounds.weights().effective_n - 1.0), reach(n - 1.0));
    let estimate = |estimator: Estimator| {
        let at = estimator as usize;
        let reach = if estimator == Estimator::Dm { of_rounds } else { of_weights };
        let half = reach * (squares[at] / (n - 1.0) / n).sqrt();
        Estimate { value: values[at], low: values[at] - half, high: values[at] + half, level: how.level }
    };
    Ok(offered(rounds).map(|estimator| (estimator, estimate(estimator))).collect())
}

fn offered(rounds: &Rounds) -> impl Iterator<Item = Estimator> {
    let has_predictions = rounds.predicted.is_some();
    Estimator::ALL.into_iter().filter(move |estimator| has_predictions || !estimator.needs_predictions())
}

/// The values with percentile intervals over `n_samples` samples of the rounds with replacement: for rewards so rare that a
/// normal interval would reach below 0. Costs `n_samples` times a pass.
///
/// # Errors
/// If a setting is outside its range, or there are fewer than 100 or more than 100,000 samples.
pub fn bootstrap(
    rounds: &Rounds,
    how: &Interval,
    n_samples: usize,
    seed: u64,
) -> Result<Vec<(Estimator, Estimate)>, StrategyError> {
    how.check()?;
    if !(100..=100_000).contains(&n_samples) {
        return Err(StrategyError::unfit("bootstrap samples", n_samples, "100 to 100000"));
    }
    let n = rounds.n();
    let all: Vec<[f64; 6]> = (0..n).map(|row| terms(rounds, row, how)).collect();
    let sample = |sample: usize| {
        let mut random = Random::stream(seed, sample as u64);
        let mut sums = [0.0; 6];
        for _ in 0..n {
            sums.iter_mut().zip(&all[random.below(n)]).for_each(|(sum, term)| *sum += term);
        }
        values(sums.map(|sum| sum / n as f64))
    };
    let sampled: Vec<[f64; N]> = (0..n_samples).into_par_iter().map(sample).collect();
    let found = values(means(rounds, how));
    let estimate = |estimator: Estimator| {
        let at = estimator as usize;
        let mut values: Vec<f64> = sampled.iter().map(|values| values[at]).collect();
        values.sort_by(f64::total_cmp);
        let quantile = |p: f64| values[(p * (n_samples - 1) as f64).round() as usize];
        let (low, high) = (quantile(0.5 - 0.5 * how.level), quantile(0.5 + 0.5 * how.level));
        Estimate { value: found[at], low: low.min(found[at]), high: high.max(found[at]), level: how.level }
    };
    Ok(offered(rounds).map(|estimator| (estimator, estimate(estimator))).collect())
}

/// What the target policy would bring a round.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Doubly robust where there are predictions, self-normalised otherwise.
    pub value: Estimate,
    /// What the logging policy brought: the free baseline.
    pub logged: Estimate,
    /// The difference of the two, on the same rounds.
    pub gain: Estimate,
    pub estimates: Vec<(Estimator, Estimate)>,
    pub weights: Weights,
}

/// With an effective sample size below this there is no answer.
pub const EFFECTIVE_N_MIN: f64 = 100.0;
/// With fewer rewarded rounds of any weight there is no answer.
pub const N_REWARDED_MIN: usize = 10;
const SHARE_ENOUGH: f64 = 0.1;
const N_REWARDED_ENOUGH: usize = 50;

/// Evaluates, or refuses where the log says too little of the target's choices.
///
/// # Errors
/// If a setting is outside its range.
pub fn evaluate(rounds: &Rounds, how: &Interval) -> Result<Answer<Evaluation>, StrategyError> {
    let estimates = estimates(rounds, how)?;
    let weights = rounds.weights();
    let support =
        Support { effective_n: weights.effective_n, overlap: Some(weights.mean.min(1.0)), ..Support::of(rounds.n()) };
    if let Some(why) = refusal(rounds.n(), &weights) {
        return Ok(Answer::refused(support, why).changed_by(needs_exploration()));
    }
    let lead = if rounds.predicted.is_some() { Estimator::Dr } else { Estimator::Snips };
    let value = estimates.iter().find(|(estimator, _)| *estimator == lead).expect("it is offered").1;
    let (logged, gain) = against_logged(rounds, how, lead, value, weights.effective_n);
    let mut answer = Answer::given(Evaluation { value, logged, gain, estimates, weights }, support);
    for caveat in doubts(rounds.n(), &weights) {
        answer = answer.doubted(caveat);
    }
    if gain.low <= 0.0 && gain.high >= 0.0 {
        answer = answer.changed_by(needs_exploration());
    }
    Ok(answer)
}

fn against_logged(rounds: &Rounds, how: &Interval, lead: Estimator, value: Estimate, df: f64) -> (Estimate, Estimate) {
    let n = rounds.n() as f64;
    let means = means(rounds, how);
    let [mean] = summed(rounds.n(), |row| [rounds.reward[row]]).map(|sum| sum / n);
    let difference = value.value - mean;
    let squares = summed(rounds.n(), |row| {
        let reward = rounds.reward[row];
        let influence = influences(terms(rounds, row, how), means)[lead as usize];
        [(reward - mean).powi(2), (influence - reward - difference).powi(2)]
    });
    let [of_logged, of_gain] = squares.map(|sum| (sum / (n - 1.0) / n).sqrt());
    let around = |value: f64, error: f64, df: f64| {
        let half = student_t_quantile(0.5 + 0.5 * how.level, df.max(1.0)) * error;
        Estimate { value, low: value - half, high: value + half, level: how.level }
    };
    (around(mean, of_logged, n - 1.0), around(difference, of_gain, df - 1.0))
}

fn refusal(n: usize, weights: &Weights) -> Option<Caveat> {
    let effective = weights.effective_n;
    if effective < EFFECTIVE_N_MIN {
        return Some(Caveat::new(
            "thin_support",
            format!(
                "{n} 轮记录对这个新策略只相当于 {effective:.0} 轮：新策略想选的，原策略几乎没选过。至少要相当于 {EFFECTIVE_N_MIN:.0} 轮。"
            ),
            format!(
                "{n} rounds say as much of this policy as {effective:.0} would: what it wants to choose was hardly ever chosen. \
                 At least {EFFECTIVE_N_MIN:.0} are needed."
            ),
        ));
    }
    (weights.n_rewarded < N_REWARDED_MIN).then(|| {
        Caveat::new(
            "few_rewards",
            format!("和新策略有关的记录里只有 {} 次有回报，至少要 {N_REWARDED_MIN} 次。", weights.n_rewarded),
            format!(
                "Only {} rounds that matter to this policy had a reward; at least {N_REWARDED_MIN} are needed.",
                weights.n_rewarded
            ),
        )
    })
}

fn doubts(n: usize, weights: &Weights) -> Vec<Caveat> {
    let mut found = Vec::new();
    let share = weights.effective_n / n as f64;
    if share < SHARE_ENOUGH {
        found.push(Caveat::new(
            "uneven_weights",
            format!(
                "{n} 轮记录只相当于 {:.0} 轮，最大的一轮权重是 {:.0}，少数几轮左右了结果。",
                weights.effective_n, weights.largest
            ),
            format!(
                "{n} rounds count as {:.0}; the largest weight is {:.0}: a few rounds carry the answer.",
                weights.effective_n, weights.largest
            ),
        ));
    }
    if (weights.mean - 1.0).abs() > 4.0 * weights.standard_error.max(1e-9) {
        found.push(Caveat::new(
            "weights_not_one",
            format!(
                "权重的均值是 {:.3}，应该接近 1：记录的概率不对，或者新策略会选原策略从不选的东西。",
                weights.mean
            ),
            format!(
                "Weights average {:.3} and should average 1: propensities are wrong, or the policy chooses what was never chosen.",
                weights.mean
            ),
        ));
    }
    if weights.n_rewarded < N_REWARDED_ENOUGH {
        found.push(Caveat::new(
            "few_rewards",
            format!("只有 {} 次有回报，区间是近似值。", weights.n_rewarded),
            format!("Only {} rounds had a reward: the interval is approximate.", weights.n_rewarded),
        ));
    }
    found
}

fn needs_exploration() -> Text {
    Text::new(
        "让原策略多试一些新策略想选的东西（例如留 5 % 的流量随机选），并记下每次选择的概率。",
        "Let the running policy try more of what the new one would choose, such as at random for 5 % of traffic, and log the \
         probability of every choice.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;
    use crate::policy::{CellPolicy, Choices, Predicted, RewardTable};
    use std::io::Read;
    use std::path::PathBuf;

    #[test]
    fn estimators_agree_with_a_calculation_by_hand() {
        let (reward, propensity, target) = ([1.0, 0.0, 2.0], [0.5, 0.25, 0.1], [0.5, 0.5, 0.4]);
        let (chosen, predicted) = ([0.5, 0.5, 1.0], [0.4, 0.6, 0.8]);
        let predicted = Some(Predicted { chosen: &chosen, target: &predicted });
        let rounds = Rounds::new(&reward, &propensity, &target, predicted).unwrap();
        // Weights 1, 2, 4; surprises 0.5, −0.5, 1.
        let how = Interval { switch_above: 2.0, shrink_lambda: 4.0, ..Interval::default() };
        let expected =
            [3.0, 9.0 / 7.0, 0.6, 0.6 + 3.5 / 3.0, 0.6 + 0.5, 0.6 - 0.5 / 3.0, 0.6 + (0.4 - 0.5 + 0.8) / 3.0];
        for ((estimator, found), expected) in estimates(&rounds, &how).unwrap().into_iter().zip(expected) {
            assert!((found.value - expected).abs() < 1e-12, "{estimator:?}: {found:?}, expected {expected}");
        }
        let alone = Rounds::new(&reward, &propensity, &target, None).unwrap();
        let names: Vec<_> = estimates(&alone, &how).unwrap().iter().map(|(estimator, _)| estimator.name()).collect();
        assert_eq!(names, ["ips", "snips"]);
        assert!(estimates(&alone, &Interval { shrink_lambda: 0.0, ..how }).is_err());
        assert!(bootstrap(&alone, &how, 3, 1).is_err());
    }

    #[test]
    fn a_policy_that_was_never_tried_is_refused() {
        let (reward, propensity) = ([1.0; 500], [0.5; 500]);
        let rounds = Rounds::new(&reward, &propensity, &[0.0; 500], None).unwrap();
        let answer = evaluate(&rounds, &Interval::default()).unwrap();
        assert_eq!((answer.support.verdict, answer.caveats[0].kind), (Verdict::Refused, "thin_support"));
        let rounds = Rounds::new(&[0.0; 500], &propensity, &propensity, None).unwrap();
        assert_eq!(evaluate(&rounds, &Interval::default()).unwrap().caveats[0].kind, "few_rewards");
    }

    #[test]
    fn the_logging_policy_itself_gains_nothing() {
        let reward: Vec<f64> = (0..1000).map(|row| f64::from(row % 3)).collect();
        let rounds = Rounds::new(&reward, &[0.2; 1000], &[0.2; 1000], None).unwrap();
        let found = evaluate(&rounds, &Interval::default()).unwrap().value.unwrap();
        assert!(found.gain.value.abs() < 1e-12 && found.gain.high < 1e-9, "{found:?}");
        assert!((found.value.value - 0.999).abs() < 1e-12);
    }

    fn shared(path: &str) -> Option<PathBuf> {
        let data = std::env::var_os("TERCET_DATA").map(PathBuf::from);
        let data = data.unwrap_or(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data")).join(path);
        if !data.exists() {
            println!("skipped: {} is not there", data.display());
            return None;
        }
        Some(data)
    }

    /// Actions, positions, clicks and propensities of one log.
    type Log = (Vec<u32>, Vec<u32>, Vec<f64>, Vec<f64>);

    fn open_bandit(policy: &str) -> Option<Log> {
        let packed = std::fs::read(shared(&format!("retail/open_bandit_small/{policy}_all.csv.gz"))?).unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
        let mut log = Log::default();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.splitn(7, ',').collect();
            log.0.push(fields[2].parse().unwrap());
            log.1.push(fields[3].parse::<u32>().unwrap() - 1);
            log.2.push(fields[4].parse().unwrap());
            log.3.push(fields[5].parse().unwrap());
        }
        Some(log)
    }

    fn thompson() -> Option<CellPolicy> {
        let text = std::fs::read_to_string(shared("../golden/strategy/obd_bts_all_action_dist.csv")?).unwrap();
        let cells = text.lines().skip(1).flat_map(|line| line.split(',').skip(1).map(|cell| cell.parse().unwrap()));
        Some(CellPolicy::new(80, 3, cells.collect()).unwrap())
    }

    /// obp 0.5.7 on the Open Bandit data (small, campaign "all"), with a table of rewards as the model: every estimator, the
    /// weights, and the bootstrap interval within its Monte-Carlo error.
    #[test]
    fn every_estimator_is_that_of_obp() {
        let (Some(random), Some(learnt), Some(policy)) = (open_bandit("random"), open_bandit("bts"), thompson()) else {
            return;
        };
        let golden = std::fs::read_to_string(shared("../golden/strategy/ope_obd.json").unwrap()).unwrap();
        let golden: serde_json::Value = serde_json::from_str(&golden).unwrap();
        let uniform = CellPolicy::uniform(80, 3).unwrap();
        for (name, log, policy) in [("random->bts/all", &random, &policy), ("bts->random/all", &learnt, &uniform)] {
            let (action, position, reward, propensity) = log;
            let expected = &golden["exact"][name];
            let choices = RewardTable::predict(action, position, reward, policy, 1.0).unwrap();
            let rounds = Rounds::new(reward, propensity, &choices.target, choices.predicted()).unwrap();
            let close = |what: &str, found: f64, expected: &serde_json::Value| {
                let expected = expected.as_f64().unwrap();
                assert!((found - expected).abs() <= 1e-6 * expected, "{name} {what}: {found}, expected {expected}");
            };
            let theirs = ["ipw", "snipw", "dm", "dr", "sndr", "switch-dr(10)", "dr-os(100)"];
            let ours = estimates(&rounds, &Interval::default()).unwrap();
            for ((_, found), theirs) in ours.iter().zip(theirs) {
                close(theirs, found.value, &expected["values"][theirs]);
            }
            let weights = rounds.weights();
            close("weight_mean", weights.mean, &expected["weight_mean"]);
            close("weight_max", weights.largest, &expected["weight_max"]);
            close("effective_sample_size", weights.effective_n, &expected["effective_sample_size"]);
        }
        let (action, position, reward, propensity) = &random;
        let choices = RewardTable::predict(action, position, reward, &policy, 1.0).unwrap();
        let rounds = Rounds::new(reward, propensity, &choices.target, None).unwrap();
        let expected = &golden["quickstart_random_to_bts_all"]["ci95"];
        for ((_, found), theirs) in
            bootstrap(&rounds, &Interval::default(), 1000, 1).unwrap().iter().zip(["ipw", "snipw"])
        {
            for (found, end) in [(found.low, "95.0% CI (lower)"), (found.high, "95.0% CI (upper)")] {
                let expected = expected[theirs][end].as_f64().unwrap();
                assert!((found - expected).abs() < 0.1 * expected, "{theirs} {end}: {found}, expected {expected}");
            }
        }
    }

    /// The log of the learnt policy says little of a uniform one: 340 of 10,000 rounds, and that is told.
    #[test]
    fn the_open_bandit_log_of_a_learnt_policy_is_thin() {
        let Some((action, position, reward, propensity)) = open_bandit("bts") else { return };
        let uniform = CellPolicy::uniform(80, 3).unwrap();
        let choices = RewardTable::predict(&action, &position, &reward, &uniform, 1.0).unwrap();
        let rounds = Rounds::new(&reward, &propensity, &choices.target, choices.predicted()).unwrap();
        let answer = evaluate(&rounds, &Interval::default()).unwrap();
        let kinds: Vec<_> = answer.caveats.iter().map(|caveat| caveat.kind).collect();
        assert_eq!((answer.support.verdict, &kinds[..]), (Verdict::Thin, &["uneven_weights", "few_rewards"][..]));
    }

    /// One round in which the logging policy did what it does once in a million, as in the "women" campaign of the Open Bandit
    /// data, whose effective sample size is 2 of 10,000.
    #[test]
    fn one_round_that_carries_everything_is_refused() {
        let mut propensity = vec![0.5; 10_000];
        propensity[77] = 1e-6;
        let reward: Vec<f64> = (0..10_000).map(|row| f64::from(row % 200 == 0)).collect();
        let rounds = Rounds::new(&reward, &propensity, &[0.02; 10_000], None).unwrap();
        let answer = evaluate(&rounds, &Interval::default()).unwrap();
        assert!(answer.value.is_none() && answer.support.effective_n < 3.0, "{:?}", answer.support);
        assert!(answer.caveats[0].text.en.contains("10000 rounds say as much"), "{}", answer.caveats[0].text.en);
    }

    #[test]
    fn what_was_picked_out_is_what_is_evaluated() {
        let choices = Choices { target: vec![0.5; 4], ..Choices::default() };
        let rounds = Rounds::new(&[1.0, 0.0, 1.0, 0.0], &[0.5; 4], &choices.target, choices.predicted()).unwrap();
        assert_eq!(estimates(&rounds, &Interval::default()).unwrap()[0].1.value, 0.5);
    }
}
