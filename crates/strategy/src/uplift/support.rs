//! Whether a trial can be concluded from at all: shares of the arms as planned, arms that do not show in the features, rows that
//! could have got either, outcomes that are not given away. Not here: the effect.

use super::base::{Base, Fitted, Prepared};
use super::meta::CLIP;
use super::trial::{Trial, folds, others};
use crate::answer::{Support, Verdict, effective_n};
use crate::boost::auc::auc;
use crate::boost::{BoostSettings, Loss};
use crate::{Answer, Caveat, StrategyError};

/// Fewest rows of an arm, and fewest responses in it, to say anything.
const ROWS_MIN: usize = 100;
const RESPONSES_MIN: usize = 20;
/// Below this an answer is thin.
const RESPONSES_FEW: usize = 100;
/// Split ratios less likely than this are no chance (Fabijan et al. 2019 use 0.0005).
const RATIO_P_MIN: f64 = 0.0005;
/// Above this area the features tell who was treated: it is a rule, or known only after treatment.
const LEAK_AUC: f64 = 0.98;
/// Above this the outcome is given away by a feature.
const SEPARATION_AUC: f64 = 0.995;
const OVERLAP_MIN: f64 = 0.5;
const OVERLAP_FEW: f64 = 0.9;
/// Rows that these checks look at, at most.
const SAMPLE: usize = 50_000;

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    pub support: Support,
    pub caveats: Vec<Caveat>,
    /// Area under the curve of who got treated, by models of other rows; 0.5 where arms were drawn by lot.
    pub assignment_auc: f64,
    /// The same for the outcome.
    pub outcome_auc: f64,
}

impl Check {
    pub fn is_refused(&self) -> bool {
        self.support.verdict == Verdict::Refused
    }

    /// An answer with these doubts, or the refusal.
    pub fn answer<T>(self, value: T) -> Answer<T> {
        let is_refused = self.is_refused();
        Answer {
            value: (!is_refused).then_some(value),
            support: self.support,
            caveats: self.caveats,
            would_change: Vec::new(),
        }
    }

    fn doubt(&mut self, verdict: Verdict, caveat: Caveat) {
        let is_worse = self.support.verdict == Verdict::Enough || verdict == Verdict::Refused;
        if is_worse {
            self.support.verdict = verdict;
        }
        // What refuses stands first.
        if verdict == Verdict::Refused {
            self.caveats.insert(0, caveat);
        } else {
            self.caveats.push(caveat);
        }
    }
}

/// Looks at a trial; `planned` are the shares that the arms should have had, if that is known. Shape: (n_arms).
///
/// # Errors
/// If `planned` does not fit the arms.
pub fn check(trial: &Trial, planned: Option<&[f64]>, seed: u64) -> Result<Check, StrategyError> {
    let counts = trial.counts();
    let mut found = Check {
        support: Support::of(trial.n_rows()),
        caveats: Vec::new(),
        assignment_auc: f64::NAN,
        outcome_auc: f64::NAN,
    };
    enough_rows(trial, &counts, &mut found);
    if let Some(planned) = planned {
        sample_ratio(&counts, planned, &mut found)?;
    }
    if found.is_refused() {
        return Ok(found);
    }
    assignment(trial, seed, &mut found)?;
    separation(trial, seed, &mut found)?;
    Ok(found)
}

fn enough_rows(trial: &Trial, counts: &[usize], found: &mut Check) {
    let fewest = counts.iter().copied().min().unwrap_or(0);
    if fewest < ROWS_MIN {
        let zh = format!("最小的一组只有 {fewest} 人；少于 {ROWS_MIN} 人时，算出来的增量只是猜测。");
        let en = format!("The smallest arm has {fewest} rows; with fewer than {ROWS_MIN} an effect would be a guess.");
        found.doubt(Verdict::Refused, Caveat::new("few_rows", zh, en));
    }
    if !trial.is_binary() {
        return;
    }
    let mut responses = vec![0usize; counts.len()];
    for (&arm, &y) in trial.arms.iter().zip(trial.outcome) {
        responses[arm as usize] += usize::from(y == 1.0);
    }
    // As many who did not respond are needed as who did.
    let rarer = responses.iter().zip(counts).map(|(&yes, &n)| yes.min(n - yes)).min().unwrap_or(0);
    if rarer < RESPONSES_MIN {
        let zh = format!("有一组里两种结果中较少的一种只出现 {rarer} 次，至少要 {RESPONSES_MIN} 次才能比较。");
        let en =
            format!("In one arm the rarer outcome came {rarer} times; at least {RESPONSES_MIN} are needed to compare.");
        found.doubt(Verdict::Refused, Caveat::new("few_responses", zh, en));
    } else if rarer < RESPONSES_FEW {
        let zh = format!("有一组里较少的结果只有 {rarer} 次：总体效果可以看，谁更受影响还说不准。");
        let en =
            format!("In one arm the rarer outcome came only {rarer} times: enough for an average, hardly for whom.");
        found.doubt(Verdict::Thin, Caveat::new("few_responses", zh, en));
    }
}

/// Pearson's χ² of the arms' counts against the plan.
fn sample_ratio(counts: &[usize], planned: &[f64], found: &mut Check) -> Result<(), StrategyError> {
    if planned.len() != counts.len() {
        let what = "planned shares".to_owned();
        return Err(StrategyError::Length { what, found: planned.len(), expected: counts.len() });
    }
    let sum: f64 = planned.iter().sum();
    if planned.iter().any(|share| !(*share > 0.0 && share.is_finite())) {
        return Err(StrategyError::unfit("planned shares", format!("{planned:?}"), "numbers above 0"));
    }
    let n: usize = counts.iter().sum();
    let term = |(&count, &share): (&usize, &f64)| {
        let expected = n as f64 * share / sum;
        (count as f64 - expected).powi(2) / expected
    };
    let chi = counts.iter().zip(planned).map(term).sum::<f64>();
    let p = chi_square_tail(chi, counts.len() - 1);
    found.support.sample_ratio_p = Some(p);
    if p < RATIO_P_MIN {
        let zh = format!("各组人数与计划不符（纯属偶然的概率约 {p:.1e}）：分流或记录有问题，先查清再看效果。");
        let en = format!(
            "The arms are not split as planned (chance would do this with probability {p:.1e}): assignment or logging is \
             broken; mend it before believing any effect."
        );
        found.doubt(Verdict::Refused, Caveat::new("sample_ratio", zh, en));
    }
    Ok(())
}

/// P(χ² > x) with `df` degrees of freedom: the finite sums for whole degrees (Abramowitz and Stegun 26.4.4 and 26.4.5).
fn chi_square_tail(x: f64, df: usize) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let half = x / 2.0;
    if df.is_multiple_of(2) {
        let (mut term, mut sum) = (1.0, 1.0);
        for k in 1..df / 2 {
            term *= half / k as f64;
            sum += term;
        }
        return (sum * (-half).exp()).min(1.0);
    }
    let root = x.sqrt();
    let (mut term, mut sum) = (root, 0.0);
    for k in 0..df / 2 {
        sum += term;
        term *= x / (2 * k + 3) as f64;
    }
    (2.0 * (1.0 - math::special::normal_cdf(root)) + 2.0 * math::special::normal_density(root) * sum).min(1.0)
}

fn sample(trial: &Trial, arms: impl Fn(u32) -> bool, seed: u64) -> Vec<u32> {
    let mut rows: Vec<u32> = (0..trial.n_rows() as u32).filter(|&row| arms(trial.arms[row as usize])).collect();
    if rows.len() > SAMPLE {
        math::Random::stream(seed, 7).shuffle(&mut rows);
        rows.truncate(SAMPLE);
        rows.sort_unstable();
    }
    rows
}

/// Scores of rows by a small model of the other half. Shape: (n_rows).
fn cross_scores(prepared: &Prepared, base: &Base, labels: &[bool], seed: u64) -> Result<Vec<f64>, StrategyError> {
    let codes: Vec<u32> = labels.iter().map(|&label| u32::from(label)).collect();
    let mut scores = vec![0.0; labels.len()];
    for fold in folds(&codes, 2, seed) {
        let rows = others(labels.len(), &fold);
        let target: Vec<f64> = rows.iter().map(|&row| f64::from(labels[row as usize])).collect();
        let model = Fitted::fit(base, &prepared.take(&rows), &target, None, Loss::Logistic, false)?;
        fold.iter().zip(model.predict(&prepared.take(&fold))?).for_each(|(&row, score)| scores[row as usize] = score);
    }
    Ok(scores)
}

fn small_trees() -> Base {
    let outcome = BoostSettings { n_trees: 30, n_leaves: 8, min_rows_in_leaf: 30, ..BoostSettings::default() };
    let outcome = Box::new(outcome);
    Base::Boost { effect: outcome.clone(), outcome }
}

/// Whether the features tell who was treated: overlap, effective rows, leaks.
fn assignment(trial: &Trial, seed: u64, found: &mut Check) -> Result<(), StrategyError> {
    let base = small_trees();
    let (mut overlap, mut largest) = (1.0f64, 0.5f64);
    let mut weights = Vec::new();
    for arm in 1..trial.n_arms() as u32 {
        let rows = sample(trial, |other| [0, arm].contains(&other), seed);
        let labels: Vec<bool> = rows.iter().map(|&row| trial.arms[row as usize] == arm).collect();
        let prepared = Prepared::new(&trial.features.take(&rows), &base)?;
        let scores = cross_scores(&prepared, &base, &labels, seed)?;
        let n_inside = scores.iter().filter(|score| (CLIP..=1.0 - CLIP).contains(*score)).count();
        overlap = overlap.min(n_inside as f64 / rows.len() as f64);
        largest = largest.max(auc(&scores, &labels));
        let share = labels.iter().filter(|&&label| label).count() as f64 / labels.len() as f64;
        // Against the arms' shares, so that equal chances weigh 1 in arms of any size.
        weights.extend(scores.iter().zip(&labels).map(|(score, &label)| {
            let score = score.clamp(CLIP, 1.0 - CLIP);
            if label { share / score } else { (1.0 - share) / (1.0 - score) }
        }));
    }
    found.assignment_auc = largest;
    found.support.overlap = Some(overlap);
    let n = weights.len() as f64;
    found.support.effective_n = effective_n(weights) / n * trial.n_rows() as f64;
    if largest > LEAK_AUC {
        // Scores of small trees stay inside the clip where the order is perfect; rows that differ in nothing but the arm are none.
        overlap = overlap.min(2.0 * (1.0 - largest));
        found.support.overlap = Some(overlap);
    }
    if largest > LEAK_AUC || overlap < OVERLAP_MIN {
        let zh = format!(
            "从特征几乎就能看出谁被触达（AUC {largest:.3}，只有 {:.0}% 的人两种都有可能）：要么按规则分组，要么特征里混进了触达之后才有的信息。没有可比的人，无法得出增量。",
            100.0 * overlap
        );
        let en = format!(
            "The features nearly tell who was treated (AUC {largest:.3}; for {:.0} % of rows both arms were possible): a rule assigned \
             them, or a feature is known only after treatment. Nobody is left to compare with.",
            100.0 * overlap
        );
        found.doubt(Verdict::Refused, Caveat::new("no_overlap", zh, en));
    } else if overlap < OVERLAP_FEW {
        let zh = format!("只有 {:.0}% 的人两种安排都有可能，对其余的人只是外推。", 100.0 * overlap);
        let en = format!("Both arms were possible for {:.0} % of rows; the rest is extrapolated.", 100.0 * overlap);
        found.doubt(Verdict::Thin, Caveat::new("little_overlap", zh, en));
    }
    // By lot, the area has a standard deviation of about (12 · smaller arm)^(−1/2); four of them are no chance.
    let smallest = trial.counts().into_iter().min().unwrap_or(1).min(SAMPLE) as f64;
    let is_lot = matches!(trial.assignment, super::trial::Assignment::Randomised);
    if is_lot && !found.is_refused() && largest > 0.5 + 4.0 / (6.0 * smallest).sqrt() {
        let zh = format!("说是随机分组，但特征能猜出分组（AUC {largest:.3}）。请核实分流，或改用估计的倾向分。");
        let en = format!(
            "The arms are said to be drawn by lot, yet features tell them (AUC {largest:.3}). Check the assignment, or let chances \
             be estimated."
        );
        found.doubt(Verdict::Thin, Caveat::new("not_by_lot", zh, en));
    }
    Ok(())
}

/// Whether features give the outcome away.
fn separation(trial: &Trial, seed: u64, found: &mut Check) -> Result<(), StrategyError> {
    if !trial.is_binary() {
        return Ok(());
    }
    let base = small_trees();
    let rows = sample(trial, |_| true, seed);
    let labels: Vec<bool> = rows.iter().map(|&row| trial.outcome[row as usize] == 1.0).collect();
    let prepared = Prepared::new(&trial.features.take(&rows), &base)?;
    found.outcome_auc = auc(&cross_scores(&prepared, &base, &labels, seed)?, &labels);
    if found.outcome_auc > SEPARATION_AUC {
        let zh =
            format!("特征几乎完全决定了结果（AUC {:.4}），多半是结果之后才有的信息。去掉它再算。", found.outcome_auc);
        let en = format!(
            "The features all but give the outcome away (AUC {:.4}): one of them is probably known only afterwards. Leave it out.",
            found.outcome_auc
        );
        found.doubt(Verdict::Refused, Caveat::new("separation", zh, en));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boost::{Feature, Features};
    use crate::uplift::{Assignment, SimulateSettings, simulate};

    /// R 4.3, pchisq(x, df, lower.tail = FALSE).
    #[test]
    fn tails_of_chi_square() {
        for (x, df, expected) in [
            (3.841_458_820_694_124, 1, 0.05),
            (5.991_464_547_107_979, 2, 0.05),
            (7.814_727_903_251_179, 3, 0.05),
            (9.487_729_036_781_154, 4, 0.05),
            (20.0, 5, 0.001_249_730_563_031_381),
        ] {
            assert!((chi_square_tail(x, df) - expected).abs() < 1e-9, "{x} {df}: {}", chi_square_tail(x, df));
        }
    }

    fn kinds(check: &Check) -> Vec<&'static str> {
        check.caveats.iter().map(|caveat| caveat.kind).collect()
    }

    #[test]
    fn a_sound_trial_passes() {
        let shop = simulate(&SimulateSettings { n_rows: 6000, ..SimulateSettings::default() }, 1).unwrap();
        let check = check(&shop.trial(), Some(&[0.5, 0.5]), 1).unwrap();
        assert!(check.support.verdict == Verdict::Enough && check.caveats.is_empty(), "{check:?}");
        assert!(check.support.overlap == Some(1.0) && check.support.effective_n > 5000.0, "{:?}", check.support);
    }

    #[test]
    fn an_uneven_split_is_refused() {
        let shop = simulate(&SimulateSettings { n_rows: 6000, ..SimulateSettings::default() }, 1).unwrap();
        let found = check(&shop.trial(), Some(&[0.4, 0.6]), 1).unwrap();
        assert_eq!((found.support.verdict, kinds(&found)), (Verdict::Refused, vec!["sample_ratio"]));
        assert!(found.answer(1).value.is_none());
    }

    #[test]
    fn what_is_known_only_afterwards_is_refused() {
        let shop = simulate(&SimulateSettings { n_rows: 6000, ..SimulateSettings::default() }, 2).unwrap();
        let trial = shop.trial();
        let opened = trial.arms.iter().map(|&arm| f64::from(arm)).collect();
        let features = trial.features.with("opened", Feature::Number(opened)).unwrap();
        let leak = Trial { features: &features, ..trial };
        let found = check(&leak, None, 1).unwrap();
        assert!(kinds(&found).contains(&"no_overlap"));
        // Where the feature is the arm, nobody could have been in the other; the sentence may not say otherwise.
        assert!(found.support.overlap.unwrap() < 0.05, "{:?}", found.support);
        let paid = trial.outcome.iter().map(|&y| 10.0 * y).collect();
        let features: Features = trial.features.with("paid", Feature::Number(paid)).unwrap();
        let leak = Trial { features: &features, ..trial };
        let found = check(&leak, None, 1).unwrap();
        assert_eq!((found.support.verdict, found.caveats[0].kind), (Verdict::Refused, "separation"));
    }

    #[test]
    fn a_lot_that_was_none_is_doubted() {
        let settings = SimulateSettings { n_rows: 8000, is_confounded: true, ..SimulateSettings::default() };
        let shop = simulate(&settings, 3).unwrap();
        let trial = Trial { assignment: Assignment::Randomised, ..shop.trial() };
        assert!(kinds(&check(&trial, None, 1).unwrap()).contains(&"not_by_lot"));
    }

    #[test]
    fn too_few_are_refused() {
        let settings = SimulateSettings { n_rows: 150, ..SimulateSettings::default() };
        let shop = simulate(&settings, 4).unwrap();
        assert!(kinds(&check(&shop.trial(), None, 1).unwrap()).contains(&"few_rows"));
        let outcome: Vec<f64> = (0..6000).map(|row| f64::from(row < 30)).collect();
        let shop = simulate(&SimulateSettings { n_rows: 6000, ..settings }, 5).unwrap();
        let trial = Trial { outcome: &outcome, ..shop.trial() };
        let found = check(&trial, None, 1).unwrap();
        assert_eq!((found.support.verdict, kinds(&found)), (Verdict::Refused, vec!["few_responses"]));
    }
}
