//! From sales by generation and period to a line, and on to the periods to come. Markets enter the sales linearly, so for every
//! pair of Bass's two rates they are a weighted least squares problem; the rates are searched. Intervals by the parametric
//! bootstrap: sales drawn anew around the curve as widely as they scattered, fitted again.

use domain::Text;
use math::Random;

use super::line::{Flow, Line};
use crate::forecast::{Cholesky, Stop, nelder_mead};
use crate::{Answer, Caveat, Estimate, StrategyError, Support};

pub const GENERATIONS_MAX: usize = 12;
pub const PERIODS_MAX: usize = 600;
/// Fewer periods with sales are refused.
const PERIODS_NEEDED: usize = 8;
/// Fewer than this and a fit is thin.
const PERIODS_ENOUGH: usize = 20;
const N_RESAMPLES: usize = 60;
/// A period's rates that are searched: by themselves, and for every share of owners.
const RATES: [(f64, f64); 2] = [(1e-5, 0.3), (1e-3, 1.5)];

/// One generation as it sold. Periods are whole numbers that count on; the first one is the launch.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    pub name: String,
    pub launch: i64,
    /// Pieces by period from the launch on; a generation that is planned has none. Shape: (n_periods).
    pub sales: Vec<f64>,
    /// For a planned one: its market in parts of the mean market of those that sold.
    pub market_share: Option<f64>,
}

/// The fitted line.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Fitted {
    pub line: Line,
    /// The variance of sales over their mean.
    pub dispersion: f64,
    /// The share of the ups and downs of sales that the line explains.
    pub r_squared: f64,
    pub outlook: Outlook,
}

/// One generation in the periods to come.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Generation {
    pub name: String,
    /// At the end of what was seen.
    pub owners_now: Estimate,
    /// Shape of each: (horizon).
    pub sales: Vec<Estimate>,
    pub owners: Vec<Estimate>,
    pub switched_in: Vec<Estimate>,
    pub leapfrogged_in: Vec<Estimate>,
    /// Sales of all the periods to come that are planned: what stock is worth keeping.
    pub sales_ahead: Estimate,
}

/// Periods to come, from the first after the last one seen.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Outlook {
    pub first_period: i64,
    pub generations: Vec<Generation>,
}

/// Fits a line and looks `horizon` periods ahead. `level` is that of the intervals.
///
/// # Errors
/// If generations are not in the order of their launches, one sells less than nothing, a planned one stands before one that
/// sold or says no market, or there are too many generations or periods.
pub fn fit(generations: &[Observed], horizon: usize, level: f64, seed: u64) -> Result<Answer<Fitted>, StrategyError> {
    let seen = Seen::of(generations)?;
    if !(1..=PERIODS_MAX).contains(&horizon) {
        return Err(StrategyError::unfit("periods ahead", horizon, format!("1 to {PERIODS_MAX}")));
    }
    if !(0.5..1.0).contains(&level) {
        return Err(StrategyError::unfit("level of the intervals", level, "0.5 or more and below 1"));
    }
    let n_periods = seen.generations.iter().map(|sales| sales.len()).max().unwrap_or(0);
    let support = Support::of(seen.generations.iter().map(Vec::len).sum());
    let sold: f64 = seen.generations.iter().flatten().sum();
    if n_periods < PERIODS_NEEDED || sold <= 0.0 {
        return Ok(Answer::refused(
            support,
            Caveat::new(
                "few_periods",
                format!("最长的一代只有 {n_periods} 期销售，看不出扩散的形状。"),
                format!("{n_periods} periods of the oldest generation are too few to see the shape of its spread."),
            ),
        ));
    }
    let line = seen.fit();
    let (dispersion, r_squared) = seen.scatter(&line);
    let draws = seen.resampled(&line, dispersion, seed);
    let outlook = seen.outlook(generations, &line, &draws, (horizon, level));
    let is_young = line.curve_seen(&seen) < 0.3;
    let mut answer = Answer::given(Fitted { line, dispersion, r_squared, outlook }, support);
    if n_periods < PERIODS_ENOUGH {
        answer = answer.doubted(Caveat::new(
            "few_periods",
            format!("最长的一代只有 {n_periods} 期销售。"),
            format!("The oldest generation sold in {n_periods} periods alone."),
        ));
    }
    if is_young {
        answer = answer.doubted(Caveat::new(
            "no_peak_seen",
            "最近一代还没有见顶：它的市场大小主要来自形状的假设。",
            "The last generation has not peaked yet: the size of its market is mostly the curve's assumption.",
        ));
    }
    Ok(answer.changed_by(Text::new(
        "再多几期的销售，尤其是过了高峰之后的。",
        "More periods of sales, above all those past the peak.",
    )))
}

struct Seen {
    first: i64,
    launches: Vec<f64>,
    /// Of those that sold. Shape: (n_sold) of (n_periods).
    generations: Vec<Vec<f64>>,
    /// Of planned ones, in parts of the mean market.
    planned: Vec<f64>,
    /// The first period after everything seen.
    end: i64,
}

impl Seen {
    fn of(generations: &[Observed]) -> Result<Seen, StrategyError> {
        if generations.is_empty() {
            return Err(StrategyError::Empty { needed: 1 });
        }
        if generations.len() > GENERATIONS_MAX {
            return Err(StrategyError::unfit("generations", generations.len(), format!("at most {GENERATIONS_MAX}")));
        }
        let first = generations[0].launch;
        if let Some(pair) = generations.windows(2).find(|pair| pair[1].launch <= pair[0].launch) {
            let found = format!("{} at {} after {} at {}", pair[1].name, pair[1].launch, pair[0].name, pair[0].launch);
            return Err(StrategyError::unfit("launches", found, "each later than the one before"));
        }
        let n_sold = generations.iter().take_while(|one| !one.sales.is_empty()).count();
        let mut planned = Vec::new();
        for one in &generations[n_sold..] {
            match one.market_share.filter(|share| *share > 0.0 && *share <= 100.0) {
                Some(share) if one.sales.is_empty() => planned.push(share),
                _ => {
                    return Err(StrategyError::unfit(
                        "a planned generation",
                        format!("{} without a market, or before one that sold", one.name),
                        "after all that sold, its market in parts of theirs above 0 and up to 100",
                    ));
                }
            }
        }
        let end = generations[..n_sold].iter().map(|one| one.launch + one.sales.len() as i64).max().unwrap_or(first);
        let span = generations[generations.len() - 1].launch.max(end) - first;
        if span > PERIODS_MAX as i64 {
            return Err(StrategyError::unfit("periods", span, format!("at most {PERIODS_MAX}")));
        }
        for one in &generations[..n_sold] {
            if let Some(row) = one.sales.iter().position(|units| !(*units >= 0.0 && units.is_finite())) {
                return Err(StrategyError::bad_value(
                    format!("sales of {}", one.name),
                    row,
                    one.sales[row],
                    "0 or more",
                ));
            }
        }
        Ok(Seen {
            first,
            launches: generations.iter().map(|one| (one.launch - first) as f64).collect(),
            generations: generations[..n_sold].iter().map(|one| one.sales.clone()).collect(),
            planned,
            end,
        })
    }

    /// What each market of one piece would sell, generation by generation and period by period: (n_sold) of (n_rows).
    fn columns(&self, rates: &[f64; 2]) -> Vec<Vec<f64>> {
        let n = self.generations.len();
        let unit = |market: usize| {
            let mut markets = vec![0.0; n];
            markets[market] = 1.0;
            let line = self.line(rates, markets);
            self.told(&line)
        };
        (0..n).map(unit).collect()
    }

    fn line(&self, rates: &[f64; 2], markets: Vec<f64>) -> Line {
        let launches = self.launches[..markets.len()].to_vec();
        Line { innovation: rates[0], imitation: rates[1], launches, markets }
    }

    /// Sales as a line has them, in the order in which they were seen: (n_rows).
    fn told(&self, line: &Line) -> Vec<f64> {
        let n_periods = (self.end - self.first) as usize;
        let flows: Vec<Vec<Flow>> = (0..n_periods).map(|at| line.between(at as f64, at as f64 + 1.0)).collect();
        let mut told = Vec::new();
        for (at, sales) in self.generations.iter().enumerate() {
            let launch = self.launches[at] as usize;
            told.extend((launch..launch + sales.len()).map(|period| flows[period][at].sales));
        }
        told
    }

    fn seen(&self) -> Vec<f64> {
        self.generations.iter().flatten().copied().collect()
    }

    /// Markets for given rates, none below 0, and the weighted squares that are left.
    fn markets(&self, rates: &[f64; 2], sales: &[f64], weights: &[f64]) -> (Vec<f64>, f64) {
        let columns = self.columns(rates);
        let n = columns.len();
        let product = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).zip(weights).map(|((a, b), w)| a * b * w).sum() };
        let mut active: Vec<usize> = (0..n).collect();
        let mut markets = vec![0.0; n];
        // Markets that come out negative are none: the others are fitted without them (at most n rounds).
        while !active.is_empty() {
            let k = active.len();
            let mut gram = vec![0.0; k * k];
            let mut right = vec![0.0; k];
            for (i, a) in active.iter().enumerate() {
                for (j, b) in active.iter().enumerate() {
                    gram[i * k + j] = product(&columns[*a], &columns[*b]);
                }
                gram[i * k + i] *= 1.0 + 1e-9;
                right[i] = product(&columns[*a], sales);
            }
            markets.fill(0.0);
            let Some(factor) = Cholesky::new(gram, k) else { return (markets, f64::INFINITY) };
            factor.solve(&mut right);
            active.iter().zip(&right).for_each(|(at, market)| markets[*at] = *market);
            let before = active.len();
            active.retain(|at| markets[*at] > 0.0);
            if active.len() == before {
                break;
            }
        }
        let told = |row: usize| (0..n).map(|at| markets[at] * columns[at][row]).sum::<f64>();
        let left: Vec<f64> = sales.iter().enumerate().map(|(row, sold)| sold - told(row)).collect();
        let squares = product(&left, &left);
        (markets, squares)
    }

    /// Sales scatter as counts do, by the square root of their mean: one over that of `means`, lifted a little so that periods of
    /// next to nothing do not rule. Shape: (n_rows).
    fn weights(means: &[f64]) -> Vec<f64> {
        let mean = means.iter().sum::<f64>() / means.len().max(1) as f64;
        means.iter().map(|one| 1.0 / (one.max(0.0) + 0.02 * mean)).collect()
    }

    /// All periods alike first, then twice by the means that were found: weights by what was observed would favour low chance.
    fn fit(&self) -> Line {
        let sales = self.seen();
        let mut line = self.fit_to(&sales, &vec![1.0; sales.len()], None);
        for _ in 0..2 {
            let weights = Seen::weights(&self.told(&line));
            line = self.fit_to(&sales, &weights, Some([line.innovation, line.imitation]));
        }
        line
    }

    /// From a coarse grid of rates, or from `near`, to the nearest minimum.
    fn fit_to(&self, sales: &[f64], weights: &[f64], near: Option<[f64; 2]>) -> Line {
        let loss = |logs: &[f64; 2]| self.markets(&logs.map(f64::exp), sales, weights).1;
        let bounds = RATES.map(|(low, high)| (low.ln(), high.ln()));
        let start = near.map(|rates| rates.map(f64::ln)).unwrap_or_else(|| {
            let grid = |(low, high): (f64, f64), at: usize| low + (high - low) * (at as f64 + 0.5) / 7.0;
            let places = (0..7).flat_map(|p| (0..7).map(move |q| [grid(bounds[0], p), grid(bounds[1], q)]));
            places.min_by(|a, b| loss(a).total_cmp(&loss(b))).unwrap_or([bounds[0].0, bounds[1].0])
        });
        let stop = Stop { spread: 1e-9, n_iterations_max: 200 };
        let rates = nelder_mead(loss, start, bounds, stop).at.map(f64::exp);
        self.line(&rates, self.markets(&rates, sales, weights).0)
    }

    fn scatter(&self, line: &Line) -> (f64, f64) {
        let (seen, told) = (self.seen(), self.told(line));
        let n = seen.len() as f64;
        let chi: f64 = seen.iter().zip(&told).map(|(seen, told)| (seen - told).powi(2) / told.max(0.5)).sum();
        let n_params = (2 + self.generations.len()) as f64;
        let mean = seen.iter().sum::<f64>() / n;
        let left: f64 = seen.iter().zip(&told).map(|(seen, told)| (seen - told).powi(2)).sum();
        let all: f64 = seen.iter().map(|one| (one - mean).powi(2)).sum();
        (chi / (n - n_params).max(1.0), if all > 0.0 { 1.0 - left / all } else { 0.0 })
    }

    fn resampled(&self, line: &Line, dispersion: f64, seed: u64) -> Vec<Line> {
        let told = self.told(line);
        let (rates, weights) = ([line.innovation, line.imitation], Seen::weights(&told));
        let draw = |at: usize| {
            let mut random = Random::stream(seed, at as u64);
            let sales: Vec<f64> = told
                .iter()
                .map(|mean| (mean + (dispersion * mean.max(0.0)).sqrt() * random.normal()).max(0.0))
                .collect();
            self.fit_to(&sales, &weights, Some(rates))
        };
        (0..N_RESAMPLES).map(draw).collect()
    }

    /// The line with the generations that are planned.
    fn whole(&self, line: &Line) -> Line {
        let mean = line.markets.iter().sum::<f64>() / line.markets.len().max(1) as f64;
        let markets = line.markets.iter().copied().chain(self.planned.iter().map(|share| share * mean)).collect();
        Line { launches: self.launches.clone(), markets, ..line.clone() }
    }

    fn outlook(
        &self,
        generations: &[Observed],
        line: &Line,
        draws: &[Line],
        (horizon, level): (usize, f64),
    ) -> Outlook {
        let begin = (self.end - self.first) as f64;
        let ahead = |line: &Line| -> Vec<Vec<Flow>> {
            let whole = self.whole(line);
            (0..horizon).map(|at| whole.between(begin + at as f64, begin + at as f64 + 1.0)).collect()
        };
        let (usual, drawn): (_, Vec<_>) = (ahead(line), draws.iter().map(ahead).collect());
        let now = |line: &Line| self.whole(line).at(begin);
        let (usual_now, drawn_now): (_, Vec<_>) = (now(line), draws.iter().map(now).collect());
        let estimate = |value: f64, mut draws: Vec<f64>| {
            draws.sort_by(f64::total_cmp);
            let at = |share: f64| crate::budget::quantile(&draws, share);
            let (low, high) = (at((1.0 - level) / 2.0), at((1.0 + level) / 2.0));
            Estimate { value, low: low.min(value), high: high.max(value), level }
        };
        let one = |(at, observed): (usize, &Observed)| {
            let by_period = |of: fn(&Flow) -> f64| -> Vec<Estimate> {
                let period = |t: usize| estimate(of(&usual[t][at]), drawn.iter().map(|one| of(&one[t][at])).collect());
                (0..horizon).map(period).collect()
            };
            let sum = |flows: &[Vec<Flow>]| flows.iter().map(|flows| flows[at].sales).sum::<f64>();
            Generation {
                name: observed.name.clone(),
                owners_now: estimate(usual_now[at].owners, drawn_now.iter().map(|now| now[at].owners).collect()),
                sales: by_period(|flow| flow.sales),
                owners: by_period(|flow| flow.owners),
                switched_in: by_period(|flow| flow.switched_in),
                leapfrogged_in: by_period(|flow| flow.leapfrogged_in),
                sales_ahead: estimate(sum(&usual), drawn.iter().map(|flows| sum(flows)).collect()),
            }
        };
        Outlook { first_period: self.end, generations: generations.iter().enumerate().map(one).collect() }
    }
}

impl Line {
    /// How much of the last generation's own curve was seen.
    fn curve_seen(&self, seen: &Seen) -> f64 {
        let age = (seen.end - seen.first) as f64 - self.launches[self.launches.len() - 1];
        let single = Line { launches: vec![0.0], markets: vec![1.0], ..self.clone() };
        single.at(age)[0].owners
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::tests::line;
    use super::*;

    /// Sales of the simulated line up to `end`, scattered as counts with this dispersion.
    pub fn observed(end: usize, dispersion: f64, seed: u64) -> Vec<Observed> {
        let line = line();
        let mut random = Random::new(seed);
        let mut generations: Vec<Observed> = line
            .launches
            .iter()
            .enumerate()
            .map(|(at, launch)| Observed {
                name: format!("gen {}", at + 1),
                launch: *launch as i64,
                sales: Vec::new(),
                market_share: None,
            })
            .collect();
        for period in 0..end {
            for (at, flow) in line.between(period as f64, period as f64 + 1.0).iter().enumerate() {
                if period >= line.launches[at] as usize {
                    let noise = (dispersion * flow.sales).sqrt() * random.normal();
                    generations[at].sales.push((flow.sales + noise).max(0.0));
                }
            }
        }
        generations
    }

    #[test]
    fn the_line_behind_sales_is_found() {
        let exact = fit(&observed(36, 0.0, 1), 12, 0.9, 1).unwrap().value.unwrap();
        let truth = line();
        assert!((exact.line.innovation / truth.innovation - 1.0).abs() < 1e-3, "{:?}", exact.line);
        assert!((exact.line.imitation / truth.imitation - 1.0).abs() < 1e-3);
        for (found, truth) in exact.line.markets.iter().zip(&truth.markets) {
            assert!((found / truth - 1.0).abs() < 1e-3, "{:?}", exact.line);
        }
        assert!(exact.r_squared > 0.999_999);
        for (at, generation) in exact.outlook.generations.iter().enumerate() {
            let sales: f64 = (36..48).map(|t| truth.between(f64::from(t), f64::from(t + 1))[at].sales).sum();
            assert!((generation.sales_ahead.value - sales).abs() < 1e-2 * sales.max(1.0), "{at}");
        }
    }

    #[test]
    fn intervals_hold_the_truth_of_scattered_sales() {
        let truth = line();
        let (mut held, mut all) = (0, 0);
        for seed in 0..25 {
            let found = fit(&observed(36, 3.0, seed), 12, 0.9, 1).unwrap().value.unwrap();
            for (at, generation) in found.outlook.generations.iter().enumerate() {
                let sales: f64 = (36..48).map(|t| truth.between(f64::from(t), f64::from(t + 1))[at].sales).sum();
                let Estimate { low, high, .. } = generation.sales_ahead;
                held += usize::from(low <= sales && sales <= high);
                all += 1;
            }
        }
        // 90 % of 75 is 67; the three of a line are not independent.
        assert!(held * 100 >= all * 78, "{held} of {all}");
    }

    #[test]
    fn a_planned_generation_takes_from_the_last() {
        let mut generations = observed(36, 0.0, 1);
        let without = fit(&generations, 24, 0.9, 1).unwrap().value.unwrap();
        generations.push(Observed { name: "next".into(), launch: 40, sales: Vec::new(), market_share: Some(0.5) });
        let with = fit(&generations, 24, 0.9, 1).unwrap().value.unwrap();
        let ahead = |found: &Fitted, at: usize| found.outlook.generations[at].sales_ahead.value;
        assert!(ahead(&with, 2) < ahead(&without, 2) && ahead(&with, 3) > 0.0);
        let next = &with.outlook.generations[3];
        assert_eq!(next.sales[3].value, 0.0);
        assert!(next.sales[4].value > 0.0 && next.switched_in[8].value > 0.0 && next.leapfrogged_in[8].value > 0.0);
    }

    #[test]
    fn thin_and_wrong_sales_are_told() {
        let answer = fit(&observed(5, 0.0, 1)[..1], 3, 0.9, 1).unwrap();
        assert_eq!((answer.value, answer.caveats[0].kind), (None, "few_periods"));
        let told = |generations: &[Observed]| fit(generations, 3, 0.9, 1).unwrap_err().to_string();
        let mut turned = observed(36, 0.0, 1);
        turned.swap(0, 1);
        assert!(told(&turned).contains("each later than the one before"));
        let mut negative = observed(36, 0.0, 1);
        negative[1].sales[2] = -1.0;
        assert_eq!(told(&negative), "sales of gen 2, row 2 holds -1; allowed: 0 or more");
        let mut unplanned = observed(36, 0.0, 1);
        unplanned[2].sales.clear();
        assert!(told(&unplanned).contains("a planned generation"));
        assert!(told(&[]).contains("no rows"));
        let young = fit(&observed(25, 0.0, 1), 3, 0.9, 1).unwrap();
        assert!(young.caveats.iter().any(|caveat| caveat.kind == "no_peak_seen"), "{:?}", young.caveats);
    }
}
