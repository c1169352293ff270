//! One question for all methods: the next values of a series, with intervals, and what speaks against them.

use math::distributions::student_t_quantile;
use serde::Serialize;

use super::intermittent::{self, Intermittent};
use super::theta::{self, Theta};
use super::{baseline, ets, series};
use crate::{Answer, Caveat, StrategyError, Support};

/// How to forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Dynamic optimised Theta; Syntetos and Boylan's where demand is intermittent.
    Auto,
    ThetaDynamic,
    ThetaOptimised,
    Theta,
    Ets,
    /// The mean of dynamic optimised Theta and exponential smoothing.
    ThetaEts,
    SeasonalNaive,
    Naive,
    Drift,
    Croston,
    Sba,
    Tsb,
}

impl Method {
    /// By the names that cards use.
    pub const NAMES: &'static [&'static str] = &[
        "auto",
        "theta_dynamic",
        "theta_optimised",
        "theta",
        "ets",
        "theta_ets",
        "seasonal_naive",
        "naive",
        "drift",
        "croston",
        "sba",
        "tsb",
    ];
    const ALL: [Method; 12] = [
        Method::Auto,
        Method::ThetaDynamic,
        Method::ThetaOptimised,
        Method::Theta,
        Method::Ets,
        Method::ThetaEts,
        Method::SeasonalNaive,
        Method::Naive,
        Method::Drift,
        Method::Croston,
        Method::Sba,
        Method::Tsb,
    ];

    pub fn named(name: &str) -> Option<Method> {
        Method::NAMES.iter().position(|other| *other == name).map(|at| Method::ALL[at])
    }

    pub fn name(self) -> &'static str {
        Method::NAMES[Method::ALL.iter().position(|other| *other == self).expect("every method is in the list")]
    }
}

/// What to forecast and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    pub method: Method,
    /// Periods in a season: 12 for months, 7 for days, 1 for none.
    pub season: usize,
    /// Periods ahead.
    pub horizon: usize,
    /// The share of intervals that hold the truth.
    pub level: f64,
    /// For intervals that are simulated.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options { method: Method::Auto, season: 1, horizon: 1, level: 0.9, seed: 1 }
    }
}

pub const HORIZON_MAX: usize = 1000;
pub const SEASON_MAX: usize = 400;

impl Options {
    fn check(&self) -> Result<(), StrategyError> {
        if !(1..=HORIZON_MAX).contains(&self.horizon) {
            return Err(StrategyError::unfit("horizon", self.horizon, format!("1 to {HORIZON_MAX} periods")));
        }
        if !(1..=SEASON_MAX).contains(&self.season) {
            return Err(StrategyError::unfit("season", self.season, format!("1 to {SEASON_MAX} periods")));
        }
        if !(0.5..=0.999).contains(&self.level) {
            return Err(StrategyError::unfit("level of the intervals", self.level, "0.5 to 0.999"));
        }
        Ok(())
    }
}

/// The next values. All vectors have the shape (horizon).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Forecast {
    /// The method that was used, never [`Method::Auto`].
    pub method: Method,
    pub mean: Vec<f64>,
    pub low: Vec<f64>,
    pub high: Vec<f64>,
    pub level: f64,
}

/// Means with standard deviations, whose errors follow Student's distribution.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub mean: Vec<f64>,
    pub deviations: Vec<f64>,
    pub df: f64,
}

impl Path {
    fn forecast(self, method: Method, level: f64) -> Forecast {
        let factor = student_t_quantile(0.5 + level / 2.0, self.df.max(1.0));
        let ends = |sign: f64| {
            self.mean.iter().zip(&self.deviations).map(|(mean, deviation)| mean + sign * factor * deviation).collect()
        };
        Forecast { method, low: ends(-1.0), high: ends(1.0), mean: self.mean, level }
    }
}

/// Forecasts a series in even steps without holes (see [`series::regular`]). Where no past value is negative, no forecast
/// is. Too few values for the method are no error: a simpler one is used and said, and one value is refused.
///
/// # Errors
/// If there are no values, one is not finite, or an option is out of range.
pub fn forecast(values: &[f64], options: &Options) -> Result<Answer<Forecast>, StrategyError> {
    options.check()?;
    if values.is_empty() {
        return Err(StrategyError::Empty { needed: 1 });
    }
    if let Some(row) = values.iter().position(|value| !value.is_finite()) {
        return Err(StrategyError::bad_value("the series", row, values[row], "a finite number; fill gaps first"));
    }
    let support = Support::of(values.len());
    if values.len() == 1 {
        return Ok(Answer::refused(
            support,
            Caveat::new(
                "one_value",
                "只有一期数据，无法预测；请参考同类商品或前代商品的曲线。",
                "There is one period alone, which nothing can be forecast from; look at like products or predecessors.",
            ),
        ));
    }
    let mut caveats = series::oddities(values, options.season);
    let method = suited(values, options.method, &mut caveats);
    let mut found = by(values, method, options)?;
    if values.iter().all(|value| *value >= 0.0) {
        for value in found.mean.iter_mut().chain(&mut found.low).chain(&mut found.high) {
            *value = value.max(0.0);
        }
    }
    Ok(caveats.into_iter().fold(Answer::given(found, support), Answer::doubted))
}

/// The method that was asked for, or what can be done with so few values.
fn suited(values: &[f64], asked: Method, caveats: &mut Vec<Caveat>) -> Method {
    let n = values.len();
    let asked = match asked {
        Method::Auto if intermittent::is_intermittent(values) => Method::Sba,
        Method::Auto => Method::ThetaDynamic,
        other => other,
    };
    let needed = match asked {
        Method::ThetaDynamic | Method::ThetaOptimised | Method::Theta => theta::N_VALUES_MIN,
        Method::Ets | Method::ThetaEts => ets::N_VALUES_MIN,
        _ => 2,
    };
    if n < 2 * theta::N_VALUES_MIN {
        caveats.push(Caveat::new(
            "few_values",
            format!("只有 {n} 期数据，预测和区间都很粗略。"),
            format!("There are {n} periods only: forecast and interval are rough."),
        ));
    }
    if n >= needed { asked } else { Method::Naive }
}

fn by(values: &[f64], method: Method, options: &Options) -> Result<Forecast, StrategyError> {
    let Options { season, horizon, level, .. } = *options;
    let theta = |kind| -> Result<Path, StrategyError> {
        let fitted = theta::fit(values, season, kind)?;
        Ok(Path { mean: fitted.mean(horizon), deviations: fitted.deviations(horizon), df: fitted.df })
    };
    let demand = |kind| {
        let found = intermittent::fit(values, kind, None);
        let (low, high) = found.interval(level);
        let ends = |end| vec![end; horizon];
        Forecast { method, mean: ends(found.rate), low: ends(low), high: ends(high), level }
    };
    Ok(match method {
        Method::Auto | Method::ThetaDynamic => theta(Theta::DynamicOptimised)?.forecast(Method::ThetaDynamic, level),
        Method::ThetaOptimised => theta(Theta::Optimised)?.forecast(method, level),
        Method::Theta => theta(Theta::Standard)?.forecast(method, level),
        Method::Ets => ets::fit(values, season, None)?.forecast(horizon, level, options.seed),
        Method::ThetaEts => {
            let one = theta(Theta::DynamicOptimised)?.forecast(method, level);
            let other = ets::fit(values, season, None)?.forecast(horizon, level, options.seed);
            let halves = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| 0.5 * (a + b)).collect();
            Forecast {
                method,
                mean: halves(&one.mean, &other.mean),
                low: halves(&one.low, &other.low),
                high: halves(&one.high, &other.high),
                level,
            }
        }
        Method::SeasonalNaive => baseline::seasonal_naive(values, season, horizon).forecast(method, level),
        Method::Naive => baseline::naive(values, horizon).forecast(method, level),
        Method::Drift => baseline::drift(values, horizon).forecast(method, level),
        Method::Croston => demand(Intermittent::Croston),
        Method::Sba => demand(Intermittent::Sba),
        Method::Tsb => demand(Intermittent::Tsb),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    fn kinds(answer: &Answer<Forecast>) -> Vec<&'static str> {
        answer.caveats.iter().map(|caveat| caveat.kind).collect()
    }

    #[test]
    fn bad_input_is_told_and_thin_input_is_refused_or_doubted() {
        let options = Options { season: 12, horizon: 3, ..Options::default() };
        let told = |values: &[f64], options| forecast(values, &options).unwrap_err().to_string();
        assert!(told(&[], options).contains("at least 1"));
        assert!(told(&[1.0, f64::NAN], options).contains("row 1 holds NaN"));
        assert!(told(&[1.0], Options { horizon: 0, ..options }).contains("horizon: found 0"));
        assert!(told(&[1.0], Options { season: 0, ..options }).contains("season: found 0"));
        assert!(told(&[1.0], Options { level: f64::NAN, ..options }).contains("level"));
        let one = forecast(&[5.0], &options).unwrap();
        assert_eq!((one.support.verdict, kinds(&one)), (Verdict::Refused, vec!["one_value"]));
        let three = forecast(&[5.0, 7.0, 6.0], &options).unwrap();
        assert_eq!(three.support.verdict, Verdict::Thin);
        assert_eq!(three.value.unwrap().method, Method::Naive);
    }

    #[test]
    fn every_method_answers_constants_zeros_and_negatives_with_finite_numbers() {
        let waves = |shift: f64| (0..40).map(|t| (t % 4) as f64 * 3.0 + shift).collect::<Vec<f64>>();
        for values in [vec![5.0; 30], vec![0.0; 30], waves(10.0), waves(-6.0), waves(1e9), waves(1e-6)] {
            for name in Method::NAMES {
                let method = Method::named(name).unwrap();
                assert_eq!(method.name(), *name);
                let options = Options { method, season: 4, horizon: 9, ..Options::default() };
                let found = forecast(&values, &options).unwrap().value.unwrap();
                for h in 0..9 {
                    let (low, mean, high) = (found.low[h], found.mean[h], found.high[h]);
                    assert!(low.is_finite() && high.is_finite() && mean.is_finite(), "{name} {values:?} {found:?}");
                    assert!(low <= high + 1e-9, "{name}: {low} {high}");
                }
                if values[0] == values[1] && method != Method::Tsb {
                    assert!((found.mean[8] - values[0]).abs() < 0.5 * values[0] + 1e-9, "{name}: {found:?}");
                }
            }
        }
    }

    #[test]
    fn a_clear_season_goes_on() {
        let values: Vec<f64> = (0..48).map(|t| 100.0 + [0.0, 40.0, 10.0, -30.0][t % 4]).collect();
        let options = Options { season: 4, horizon: 4, ..Options::default() };
        let found = forecast(&values, &options).unwrap().value.unwrap();
        for (h, expected) in [100.0, 140.0, 110.0, 70.0].into_iter().enumerate() {
            assert!((found.mean[h] - expected).abs() < 1.0, "{found:?}");
        }
    }
}
