//! One measure of two groups, judged: the effect on both scales with its interval, and everything that speaks against it.
//! Whether to act on several measures together is decided in `several`.

use std::cmp::Ordering;

use domain::Text;
use math::distributions::normal_quantile;
use serde::Serialize;

use super::effect::fieller;
use super::{Adjusted, Effect, Posterior, Prior, Sample, Scale, bayesian, sample_ratio, sequential};
use crate::experiment::sequential::Mixture;
use crate::{Answer, Caveat, Estimate, StrategyError, Support};

/// Fewer units in a group than this are not compared.
pub const N_MIN: usize = 20;
/// Fewer yeses (or noes) than this in both groups together are not compared: the normal approximation would mislead.
pub const N_RARER_MIN: usize = 10;
/// With fewer in a group the answer is given with a doubt.
const N_RARER_ENOUGH: usize = 25;

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Method {
    /// Read once, when the planned number of units is reached.
    Fixed,
    /// May be read and stopped at any time.
    Sequential(Mixture),
    /// The prior is one of the relative effect.
    Bayesian(Option<Prior>),
}

/// How a comparison is to be judged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Question {
    pub method: Method,
    /// Of the intervals, 0.95 for 95 %.
    pub level: f64,
    /// In what proportion control and treatment were to be assigned.
    pub weights: [f64; 2],
}

impl Default for Question {
    fn default() -> Self {
        Question { method: Method::Fixed, level: 0.95, weights: [1.0, 1.0] }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Comparison {
    pub control: Sample,
    pub treated: Sample,
    pub absolute: Estimate,
    /// Of the same sign as `absolute` at both ends. `None` where the control's mean is not shown to be above 0.
    pub relative: Option<Estimate>,
    /// Of no effect at all; not for the Bayesian method.
    pub p_value: Option<f64>,
    /// On the relative scale where there is one; for the Bayesian method alone.
    pub posterior: Option<Posterior>,
    /// The variance of the difference over that without adjustment.
    pub variance_kept: f64,
}

impl Comparison {
    /// Whether the treated group's mean is shown to be greater or less than the control's; `Equal` if neither is shown.
    pub fn shows(&self) -> Ordering {
        if self.absolute.low > 0.0 {
            Ordering::Greater
        } else if self.absolute.high < 0.0 {
            Ordering::Less
        } else {
            Ordering::Equal
        }
    }
}

/// Compares, or refuses: when there are too few units, nothing varies, or the split shows that units went missing.
///
/// # Errors
/// If the level or a weight is outside its range.
pub fn compare(groups: &Adjusted, question: &Question) -> Result<Answer<Comparison>, StrategyError> {
    if !(0.5..1.0).contains(&question.level) {
        return Err(StrategyError::unfit("the level of an interval", question.level, "0.5 or more and below 1"));
    }
    let (control, treated) = (&groups.control, &groups.treated);
    let ratio_p = sample_ratio::p_value(&[control.n, treated.n], &question.weights)?;
    let support = Support { sample_ratio_p: Some(ratio_p), ..Support::of(control.n + treated.n) };
    if let Some(why) = refusal(control, treated, ratio_p) {
        return Ok(Answer::refused(support, why));
    }
    let comparison = judged(groups, question);
    let mut answer = Answer::given(comparison, support);
    for caveat in doubts(control, treated, comparison.relative.is_some()) {
        answer = answer.doubted(caveat);
    }
    if let Some(more) = more_units(&comparison) {
        answer = answer.changed_by(more);
    }
    Ok(answer)
}

fn judged(groups: &Adjusted, question: &Question) -> Comparison {
    let (control, treated, level) = (groups.control, groups.treated, question.level);
    let effect = Effect::between(&control, &treated, Scale::Absolute).expect("both groups have units");
    let share = |lead, kept, reach| fieller(&control, &treated, lead, kept, reach, level);
    let found = |absolute: Estimate, p_value: Option<f64>| {
        let reach = (absolute.high - absolute.value) / effect.standard_error;
        let relative = share(absolute.value, 1.0, if reach.is_finite() { reach } else { 0.0 });
        let variance_kept = groups.variance_kept;
        Comparison { control, treated, absolute, relative, p_value, posterior: None, variance_kept }
    };
    match question.method {
        Method::Fixed => found(effect.interval(level), Some(effect.p_value())),
        Method::Sequential(mixture) => {
            let p_value = sequential::p_value(&effect, mixture, level);
            found(sequential::interval(&effect, mixture, level), Some(p_value))
        }
        Method::Bayesian(prior) => {
            let base = control.base;
            let in_units = prior.map(|prior| Prior { mean: prior.mean * base, deviation: prior.deviation * base });
            let of_absolute = bayesian::posterior(&effect, in_units.filter(|_| base > 0.0), level);
            let relative = of_share(&of_absolute, &effect, base, &share);
            let absolute = of_absolute.effect;
            let posterior = Some(relative.unwrap_or(of_absolute));
            let relative = relative.map(|posterior| posterior.effect);
            Comparison { absolute, relative, posterior, ..found(absolute, None) }
        }
    }
}

/// The posterior as shares of the control's mean: chances are the same on both scales.
fn of_share(
    found: &Posterior,
    effect: &Effect,
    base: f64,
    share: &impl Fn(f64, f64, f64) -> Option<Estimate>,
) -> Option<Posterior> {
    let level = found.effect.level;
    let reach = normal_quantile(0.5 + 0.5 * level);
    let deviation = (found.effect.high - found.effect.value) / reach;
    let kept = if effect.standard_error > 0.0 { (deviation / effect.standard_error).powi(2) } else { 0.0 };
    let effect = share(found.effect.value, kept, reach)?;
    let (loss_if_kept, loss_if_shipped) = (found.loss_if_kept / base, found.loss_if_shipped / base);
    Some(Posterior { effect, chance_better: found.chance_better, loss_if_kept, loss_if_shipped })
}

fn refusal(control: &Sample, treated: &Sample, ratio_p: f64) -> Option<Caveat> {
    let (a, b) = (control.n, treated.n);
    if a.min(b) < N_MIN {
        return Some(Caveat::new(
            "few_units",
            format!("对照组 {a} 个、实验组 {b} 个，每组至少要有 {N_MIN} 个才能比较。"),
            format!("The control group has {a} units and the treated group {b}; each needs at least {N_MIN}."),
        ));
    }
    if ratio_p < sample_ratio::P_MIN {
        return Some(Caveat::new(
            "sample_ratio_mismatch",
            format!(
                "两组人数（{a} 与 {b}）和设定的比例不符，偶然出现的概率只有 {ratio_p:.1e}。有一组的记录丢失或被误删，先查分流和埋点，结果不可用。"
            ),
            format!(
                "The groups' sizes ({a} and {b}) do not fit the planned split; chance does this with probability {ratio_p:.1e}. \
                 Units went missing on one side: check assignment and logging first, the result cannot be used."
            ),
        ));
    }
    // Sums of a value that binary fractions do not hold leave a variance of rounding.
    let is_still = |sample: &Sample| sample.variance <= 1e-24 * sample.base * sample.base;
    if is_still(control) && is_still(treated) {
        return Some(Caveat::new(
            "no_variation",
            "两组里每个人的数值都一样，没有可以比较的差异。",
            "All units of a group have the same value; there is nothing to compare.",
        ));
    }
    let rarer = control.n_rarer.zip(treated.n_rarer).map(|(a, b)| a + b)?;
    (rarer < N_RARER_MIN).then(|| {
        Caveat::new(
            "rare_outcome",
            format!("两组合计只有 {rarer} 次，至少要 {N_RARER_MIN} 次才能比较。"),
            format!("The rarer outcome occurred {rarer} times in both groups; at least {N_RARER_MIN} are needed."),
        )
    })
}

fn doubts(control: &Sample, treated: &Sample, is_relative: bool) -> Vec<Caveat> {
    let mut found = Vec::new();
    if let Some(rarer) = control.n_rarer.zip(treated.n_rarer).map(|(a, b)| a.min(b))
        && rarer < N_RARER_ENOUGH
    {
        found.push(Caveat::new(
            "few_outcomes",
            format!("其中一组只有 {rarer} 次，区间是近似值，可能偏窄。"),
            format!(
                "One group has only {rarer} of the rarer outcome: the interval is approximate and may be too narrow."
            ),
        ));
    }
    let base_error = (control.variance / control.n as f64).sqrt();
    if control.base <= 0.0 {
        found.push(Caveat::new(
            "no_base",
            "对照组的均值不大于零，无法说提升了百分之几，只给出绝对差。",
            "The control group's mean is not above 0: there is no relative effect, only the absolute one.",
        ));
    } else if !is_relative || control.base < 4.0 * base_error {
        found.push(Caveat::new(
            "uncertain_base",
            "对照组的均值本身很不确定，请看绝对差，不要看百分比（若有）。",
            "The control group's own mean is very uncertain: read the absolute effect, not the relative one, if there is one.",
        ));
    }
    found
}

/// How many more units would settle it, if the effect is as large as it looks.
fn more_units(found: &Comparison) -> Option<Text> {
    let half = 0.5 * (found.absolute.high - found.absolute.low);
    let distance = found.absolute.value.abs();
    if found.shows() != Ordering::Equal || distance < 0.05 * half {
        return None;
    }
    let n = found.control.n + found.treated.n;
    let more = (n as f64 * ((half / distance).powi(2) - 1.0)).ceil();
    Some(Text::new(
        format!("如果真实差异和现在看到的一样大，大约再来 {more:.0} 个样本就能下结论。"),
        format!("If the effect is as large as it looks, about {more:.0} more units would settle it."),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;
    use crate::experiment::{Joint, Moments};

    fn plain(control: Sample, treated: Sample) -> Adjusted {
        Adjusted { control, treated, theta: 0.0, variance_kept: 1.0 }
    }

    fn shares(a: (usize, usize), b: (usize, usize)) -> Adjusted {
        plain(Sample::share(a.0, a.1).unwrap(), Sample::share(b.0, b.1).unwrap())
    }

    fn close(what: &str, found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-6 * expected.abs() + 1e-300, "{what}: {found:e}, expected {expected:e}");
    }

    fn golden() -> Option<serde_json::Value> {
        let data = std::env::var_os("TERCET_DATA").map(std::path::PathBuf::from);
        let data = data.unwrap_or(std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
        let file = data.join("../golden/strategy/ab_gbstats.json");
        let Ok(text) = std::fs::read_to_string(&file) else {
            println!("skipped: {} is not there", file.display());
            return None;
        };
        Some(serde_json::from_str(&text).unwrap())
    }

    /// GrowthBook's gbstats 0.8.0 on the sums given in its name, all three methods on both scales. Its CUPED case is not here:
    /// it needs rows of the Hillstrom data, of which only the counts of visits are known.
    #[test]
    fn all_three_methods_are_those_of_growthbook() {
        let Some(golden) = golden() else { return };
        let mean = |n, sum, squares| Sample::mean(Moments::from_sums(n, sum, squares));
        let ratio = |first: f64, modulus: u32| {
            let x: Vec<f64> = (0..200).map(|i| first + f64::from(i % modulus)).collect();
            let y: Vec<f64> = (0..200).map(|i| 1.0 + f64::from(i % 3)).collect();
            Sample::ratio(Joint::of(&x, &y)).unwrap()
        };
        for (name, groups) in [
            ("proportion 500/10000 vs 560/10000", shares((10_000, 500), (10_000, 560))),
            (
                "mean n=1000 sum=25000 ss=725000 vs n=1100 sum=28600 ss=858000",
                plain(mean(1000, 25_000.0, 725_000.0), mean(1100, 28_600.0, 858_000.0)),
            ),
            ("ratio m=10+i%7,d=1+i%3 vs m=10.5+i%8,d=1+i%3 (i<200)", plain(ratio(10.0, 7), ratio(10.5, 8))),
            ("Hillstrom visit, No E-Mail vs Mens E-Mail", shares((21_306, 2262), (21_307, 3894))),
        ] {
            for (scale, word) in [(Scale::Absolute, "absolute"), (Scale::Relative, "relative")] {
                let of = |method: &str| &golden[name][format!("{method}_{word}")];
                let effect = Effect::between(&groups.control, &groups.treated, scale).unwrap();
                against(&format!("{name}, t, {word}"), of("ttest"), effect.interval(0.95), Some(effect.p_value()));
                let mixture = Mixture::Units(5000.0);
                let p = sequential::p_value(&effect, mixture, 0.95);
                let interval = sequential::interval(&effect, mixture, 0.95);
                against(&format!("{name}, sequential, {word}"), of("sequential_rho5000"), interval, Some(p));
                let posterior = bayesian::posterior(&effect, None, 0.95);
                let expected = of("bayes_flat");
                against(&format!("{name}, Bayesian, {word}"), expected, posterior.effect, None);
                close(name, posterior.chance_better, expected["chance_to_win"].as_f64().unwrap());
                close(name, posterior.loss_if_kept, expected["risk"][0].as_f64().unwrap());
                // Beyond 22 standard errors the loss is a difference of equal numbers, in both.
                if posterior.effect.value < 10.0 * effect.standard_error {
                    close(name, posterior.loss_if_shipped, expected["risk"][1].as_f64().unwrap());
                }
            }
        }
    }

    fn against(what: &str, golden: &serde_json::Value, interval: Estimate, p: Option<f64>) {
        let number = |value: &serde_json::Value| value.as_f64().unwrap();
        close(what, interval.value, number(&golden["expected"]));
        close(what, interval.low, number(&golden["ci"][0]));
        close(what, interval.high, number(&golden["ci"][1]));
        // gbstats computes 1 − cdf and finds 0 where the tail still has digits.
        if let Some(p) = p.filter(|p| *p > 1e-9 || number(&golden["p_value"]) > 0.0) {
            close(what, p, number(&golden["p_value"]));
        }
    }

    #[test]
    fn too_little_is_refused_and_a_broken_split_too() {
        let kind = |groups: Adjusted| {
            let answer = compare(&groups, &Question::default()).unwrap();
            assert_eq!(answer.value.is_none(), answer.support.verdict == Verdict::Refused);
            answer.caveats.first().map(|caveat| caveat.kind)
        };
        assert_eq!(kind(shares((1, 1), (1, 0))), Some("few_units"));
        assert_eq!(kind(shares((5000, 500), (5600, 560))), Some("sample_ratio_mismatch"));
        assert_eq!(kind(shares((500, 0), (500, 0))), Some("no_variation"));
        assert_eq!(kind(shares((500, 1), (500, 3))), Some("rare_outcome"));
        assert_eq!(kind(shares((500, 12), (500, 30))), Some("few_outcomes"));
        assert_eq!(kind(shares((500, 50), (500, 60))), None);
        let loss = |mean| Sample::mean(Moments { n: 100, mean, squares: 1e4 });
        assert_eq!(kind(plain(loss(-1.0), loss(2.0))), Some("no_base"));
        assert_eq!(kind(plain(loss(1.0), loss(2.0))), Some("uncertain_base"));
    }

    /// Whatever is compared and however it is read, both scales tell the same sign, as does the p-value.
    #[test]
    fn both_scales_agree_on_the_sign() {
        let methods = [
            Method::Fixed,
            Method::Sequential(Mixture::Units(5000.0)),
            Method::Sequential(Mixture::Effects(3.0)),
            Method::Bayesian(None),
            Method::Bayesian(Some(Prior { mean: 0.0, deviation: 0.3 })),
        ];
        let spend = |mean: f64, variance: f64| Sample::mean(Moments { n: 400, mean, squares: 399.0 * variance });
        for method in methods {
            let question = Question { method, ..Question::default() };
            let mut n_shown = 0;
            for step in 0..400 {
                let groups = plain(spend(10.0, 900.0), spend(4.0 + 0.05 * f64::from(step), 2000.0));
                let found = compare(&groups, &question).unwrap().value.unwrap();
                let relative = found.relative.unwrap();
                let signs = |one: Estimate| (one.low > 0.0, one.high < 0.0);
                assert_eq!(signs(found.absolute), signs(relative), "{found:?}");
                assert!(relative.low <= relative.value && relative.value <= relative.high, "{found:?}");
                if let Some(p) = found.p_value.filter(|p| (p - 0.05).abs() > 1e-9) {
                    assert_eq!(p < 0.05, found.shows() != Ordering::Equal, "{found:?}");
                }
                n_shown += usize::from(found.shows() != Ordering::Equal);
            }
            assert!((50..350).contains(&n_shown), "{method:?}: {n_shown}");
        }
    }

    /// Sums that binary fractions do not hold leave a variance of rounding; values whose squares overflow are said.
    #[test]
    fn values_that_are_all_the_same_or_too_large_are_refused() {
        let column = |value: f64| vec![value; 101];
        let told = |a: f64, b: f64| {
            crate::experiment::samples(&super::super::Units::of(&column(a)), &super::super::Units::of(&column(b)))
        };
        let answer = compare(&told(0.1, 0.3).unwrap(), &Question::default()).unwrap();
        assert_eq!(answer.caveats[0].kind, "no_variation");
        let error = told(1e300, 1.0).unwrap_err().to_string();
        assert!(error.contains("holds 1e300") || error.contains("holds 1000"), "{error}");
        assert!(error.ends_with("allowed: a number between -1e100 and 1e100"), "{error}");
    }

    #[test]
    fn all_the_same_spend_is_refused_and_a_wrong_level_is_an_error() {
        let zero = Sample::mean(Moments::of(&[0.0; 50]));
        let answer = compare(&plain(zero, zero), &Question::default()).unwrap();
        assert_eq!(answer.caveats[0].kind, "no_variation");
        let error = compare(&plain(zero, zero), &Question { level: 1.0, ..Question::default() }).unwrap_err();
        assert_eq!(error.to_string(), "the level of an interval: found 1, allowed 0.5 or more and below 1");
    }

    #[test]
    fn an_open_question_says_what_would_settle_it() {
        let answer = compare(&shares((10_000, 500), (10_000, 560)), &Question::default()).unwrap();
        assert_eq!(answer.value.unwrap().shows(), Ordering::Equal);
        // (1.960 × 0.003168 / 0.006)² − 1 of 20,000.
        assert!(answer.would_change[0].en.contains("about 1422 more units"), "{}", answer.would_change[0].en);
    }
}
