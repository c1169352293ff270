//! The regression and the effects read off it.

use domain::{Day, Text};
use math::distributions::student_t_quantile;

use crate::forecast::Cholesky;
use crate::{Answer, Caveat, Estimate, StrategyError, Support};

/// Fewer days are refused, and fewer ordinary ones; fewer than a year and a half tell no season.
const DAYS_NEEDED: usize = 180;
const ORDINARY_NEEDED: usize = 90;
const SEASON_DAYS: usize = 540;
const SEASON_DAYS_ENOUGH: usize = 1095;
pub const DAYS_MAX: usize = 20_000;
pub const OCCASIONS_MAX: usize = 200;
/// Days after which neighbours are taken to be independent.
const LAGS: usize = 7;
/// The free forecast: the mean of so many days before.
const NAIVE_DAYS: usize = 28;
const YEAR_DAYS: f64 = 365.2425;

/// A time in which something was on offer.
#[derive(Clone, Debug, PartialEq)]
pub struct Occasion {
    pub name: String,
    /// Both included.
    pub first: Day,
    pub last: Day,
    /// Days before and after in which customers may hold back or have bought ahead of time. Where two occasions' meet, each gets the
    /// half that is nearer to it.
    pub around: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LedgerSettings {
    /// Of the intervals.
    pub level: f64,
}

impl Default for LedgerSettings {
    fn default() -> Self {
        LedgerSettings { level: 0.9 }
    }
}

/// What one promotion did to one series, in the series' unit.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Effect {
    /// What its days sold.
    pub sold: f64,
    /// What they would have sold.
    pub usual: Estimate,
    pub lift: Estimate,
    /// Of the days before, below 0 where customers waited; of the days after, below 0 where they had bought ahead of time.
    pub before: Estimate,
    pub after: Estimate,
    /// All three together.
    pub net: Estimate,
    /// The lift that the mean of the four weeks before tells.
    pub naive_lift: f64,
}

/// Effects of all promotions on all series.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Ledger {
    /// Shape: (n_series, n_occasions).
    pub effects: Vec<Vec<Effect>>,
    /// Days of no occasion and none around one.
    pub n_ordinary: usize,
    /// The share of the ups and downs of ordinary days that level, season and weekday explain, by series. Shape: (n_series).
    pub r_squared: Vec<f64>,
    /// Days before and after that each occasion was given. Shape: (n_occasions).
    pub around: Vec<(u32, u32)>,
}

/// What each occasion did to each series of daily values, the first of which is of `first`. Shape of `series`: (n_series) of
/// (n_days). Occasions must lie within the days, in order, and none may begin before the last is over.
///
/// Refuses with fewer than 180 days, or fewer than 90 ordinary ones.
///
/// # Errors
/// If series differ in length or hold what is not finite, an occasion lies outside or in the wrong order, there are too many of
/// them, or the level is out of range.
pub fn ledger(
    series: &[&[f64]],
    first: Day,
    occasions: &[Occasion],
    settings: LedgerSettings,
) -> Result<Answer<Ledger>, StrategyError> {
    let n = check(series, first, occasions, settings)?;
    let support = Support::of(n);
    if n < DAYS_NEEDED {
        let caveat = Caveat::new(
            "few_days",
            format!("只有 {n} 天的数据，至少需要 {DAYS_NEEDED} 天。"),
            format!("There are {n} days; at least {DAYS_NEEDED} are needed."),
        );
        return Ok(Answer::refused(support, caveat));
    }
    let design = Design::new(n, first, occasions);
    let n_ordinary = design.ordinary.iter().filter(|is| **is).count();
    let factor = (n_ordinary >= ORDINARY_NEEDED.max(design.n_base + 30)).then(|| design.factor()).flatten();
    let Some(factor) = factor else {
        let caveat = Caveat::new(
            "few_ordinary_days",
            format!("没有促销、也不在促销前后的日子只有 {n_ordinary} 天，看不出平常会卖多少。"),
            format!("{n_ordinary} days are neither of a promotion nor around one: too few to tell what is usual."),
        );
        return Ok(Answer::refused(support, caveat));
    };
    let (mut effects, mut r_squared) = (Vec::new(), Vec::new());
    for values in series {
        let (told, share) = design.effects(values, &factor, settings.level, n_ordinary);
        effects.push(told);
        r_squared.push(share);
    }
    let found = Ledger { effects, n_ordinary, r_squared, around: design.around.clone() };
    let support = Support { effective_n: n_ordinary as f64, ..support };
    let mut answer = Answer::given(found, support).changed_by(Text::new(
        "给一部分顾客或地区不做促销：只有对照组能分清促销和节日本身。",
        "Regions or customers without the promotion: only they tell it from the season it falls into.",
    ));
    if n < SEASON_DAYS {
        answer = answer.doubted(Caveat::new(
            "no_season",
            "不到一年半的数据，分不清季节和促销。",
            "Less than a year and a half of days: season and promotions cannot be told apart.",
        ));
    }
    Ok(answer)
}

fn check(
    series: &[&[f64]],
    first: Day,
    occasions: &[Occasion],
    settings: LedgerSettings,
) -> Result<usize, StrategyError> {
    let n = series.first().map_or(0, |values| values.len());
    if n == 0 {
        return Err(StrategyError::Empty { needed: 1 });
    }
    if n > DAYS_MAX {
        return Err(StrategyError::unfit("days", n, format!("at most {DAYS_MAX}")));
    }
    for (at, values) in series.iter().enumerate() {
        let what = || format!("series {at}");
        if values.len() != n {
            return Err(StrategyError::Length { what: what(), found: values.len(), expected: n });
        }
        if let Some(row) = values.iter().position(|value| !value.is_finite()) {
            return Err(StrategyError::bad_value(what(), row, values[row], "a finite number"));
        }
    }
    if occasions.is_empty() || occasions.len() > OCCASIONS_MAX {
        return Err(StrategyError::unfit("promotions", occasions.len(), format!("1 to {OCCASIONS_MAX}")));
    }
    if !(0.5..1.0).contains(&settings.level) {
        return Err(StrategyError::unfit("level of the intervals", settings.level, "0.5 or more and below 1"));
    }
    let last = first.0 + n as i32 - 1;
    for (at, one) in occasions.iter().enumerate() {
        let after = at.checked_sub(1).map_or(first.0 - 1, |before| occasions[before].last.0);
        if one.first.0 <= after || one.last < one.first || one.last.0 > last {
            let found = format!("{} from {} to {}", one.name, one.first, one.last);
            let allowed = format!("{first} to {}, each after the one before", Day(last));
            return Err(StrategyError::unfit("a promotion", found, allowed));
        }
    }
    Ok(n)
}

/// Columns of the regression.
struct Design {
    n: usize,
    p: usize,
    /// Columns that are not of a promotion; they come first.
    n_base: usize,
    /// Shape: (n, p).
    rows: Vec<f64>,
    /// Of each occasion: days before, of it, and after, as ranges of rows.
    blocks: Vec<[std::ops::Range<usize>; 3]>,
    /// Where each block's column is; `None` for a block without days.
    columns: Vec<[Option<usize>; 3]>,
    around: Vec<(u32, u32)>,
    ordinary: Vec<bool>,
}

impl Design {
    fn new(n: usize, first: Day, occasions: &[Occasion]) -> Design {
        let blocks = blocks(n, first, occasions);
        let around = blocks.iter().map(|of| (of[0].len() as u32, of[2].len() as u32)).collect();
        let n_waves = match n {
            n if n >= SEASON_DAYS_ENOUGH => 2,
            n if n >= SEASON_DAYS => 1,
            _ => 0,
        };
        let n_base = 3 + 6 + 2 * n_waves;
        let mut p = n_base;
        let columns: Vec<[Option<usize>; 3]> = blocks
            .iter()
            .map(|of| {
                of.each_ref().map(|days| {
                    (!days.is_empty()).then(|| {
                        p += 1;
                        p - 1
                    })
                })
            })
            .collect();
        let mut rows = vec![0.0; n * p];
        let mut ordinary = vec![true; n];
        for at in 0..n {
            let row = &mut rows[at * p..(at + 1) * p];
            let (day, time) = (first.0 + at as i32, 2.0 * at as f64 / n as f64 - 1.0);
            (row[0], row[1], row[2]) = (1.0, time, time * time);
            // Sums to nothing over a week, so that the level is that of a mean day.
            let weekday = (day + 3).rem_euclid(7) as usize;
            if weekday == 6 {
                row[3..9].fill(-1.0);
            } else {
                row[3 + weekday] = 1.0;
            }
            for wave in 0..n_waves {
                let angle = std::f64::consts::TAU * (wave + 1) as f64 * f64::from(day) / YEAR_DAYS;
                (row[9 + 2 * wave], row[10 + 2 * wave]) = (angle.sin(), angle.cos());
            }
        }
        for (days, column) in blocks.iter().flatten().zip(columns.iter().flatten()) {
            for at in days.clone() {
                ordinary[at] = false;
                column.iter().for_each(|column| rows[at * p + column] = 1.0);
            }
        }
        Design { n, p, n_base, rows, blocks, columns, around, ordinary }
    }

    fn factor(&self) -> Option<Cholesky> {
        let p = self.p;
        let mut gram = vec![0.0; p * p];
        for row in self.rows.chunks_exact(p) {
            for i in (0..p).filter(|i| row[*i] != 0.0) {
                for j in 0..p {
                    gram[i * p + j] += row[i] * row[j];
                }
            }
        }
        // Columns that are all but the same stay solvable; their figures' spread says that they are.
        (0..p).for_each(|i| gram[i * p + i] += 1e-9 * self.n as f64);
        Cholesky::new(gram, p)
    }

    /// The effects of every occasion, and the share of ordinary days' ups and downs that is explained.
    fn effects(&self, values: &[f64], factor: &Cholesky, level: f64, n_ordinary: usize) -> (Vec<Effect>, f64) {
        let p = self.p;
        let mut found = vec![0.0; p];
        for (row, value) in self.rows.chunks_exact(p).zip(values) {
            (0..p).for_each(|i| found[i] += row[i] * value);
        }
        factor.solve(&mut found);
        let product = |row: &[f64]| -> f64 { row.iter().zip(&found).map(|(x, b)| x * b).sum() };
        let means: Vec<f64> = self.rows.chunks_exact(p).map(product).collect();
        let noise = Noise::of(values, &means, &self.ordinary, self.n_base);
        let z = student_t_quantile(0.5 + level / 2.0, (n_ordinary - self.n_base).max(1) as f64);
        // A sum of columns over days as a figure: what it is of the coefficients, and its spread by the noise.
        let figure = |a: &[f64]| {
            let value: f64 = a.iter().zip(&found).map(|(a, b)| a * b).sum();
            let mut solved = a.to_vec();
            factor.solve(&mut solved);
            let weights: Vec<f64> =
                self.rows.chunks_exact(p).map(|row| row.iter().zip(&solved).map(|(x, s)| x * s).sum()).collect();
            let half = z * noise.spread(&weights);
            Estimate { value, low: value - half, high: value + half, level }
        };
        let occasion = |(days, columns): (&[std::ops::Range<usize>; 3], &[Option<usize>; 3])| {
            let mut usual = vec![0.0; p];
            for at in days[1].clone() {
                (0..self.n_base).for_each(|i| usual[i] += self.rows[at * p + i]);
            }
            let shift = |chosen: &[usize]| {
                let mut a = vec![0.0; p];
                for part in chosen {
                    columns[*part].iter().for_each(|column| a[*column] = days[*part].len() as f64);
                }
                figure(&a)
            };
            let sold: f64 = values[days[1].clone()].iter().sum();
            let start = days[1].start;
            let past = &values[start.saturating_sub(NAIVE_DAYS)..start];
            let mean = past.iter().sum::<f64>() / past.len().max(1) as f64;
            Effect {
                sold,
                usual: figure(&usual),
                lift: shift(&[1]),
                before: shift(&[0]),
                after: shift(&[2]),
                net: shift(&[0, 1, 2]),
                naive_lift: sold - mean * days[1].len() as f64,
            }
        };
        let effects = self.blocks.iter().zip(&self.columns).map(occasion).collect();
        (effects, noise.r_squared)
    }
}

/// Days before, of, and after each occasion. Around two that are near, each has the half that is nearer.
fn blocks(n: usize, first: Day, occasions: &[Occasion]) -> Vec<[std::ops::Range<usize>; 3]> {
    let row = |day: Day| (day.0 - first.0) as usize;
    let of = |(at, one): (usize, &Occasion)| {
        let (begin, end, around) = (row(one.first), row(one.last) + 1, one.around as usize);
        let before = match at.checked_sub(1).map(|before| &occasions[before]) {
            Some(last) => split(begin - row(last.last) - 1, last.around as usize, around).1,
            None => around.min(begin),
        };
        let after = match occasions.get(at + 1) {
            Some(next) => split(row(next.first) - end, around, next.around as usize).0,
            None => around.min(n - end),
        };
        [begin - before..begin, begin..end, end..end + after]
    };
    occasions.iter().enumerate().map(of).collect()
}

/// How many of the days between two the earlier one gets that wants `left`, and the later one that wants `right`: the half that is nearer, or
/// none where the other wants more and reaches across: days in which customers wait for a deep promotion are not the small one's doing.
fn split(gap: usize, left: usize, right: usize) -> (usize, usize) {
    if left != right && left.max(right) >= gap {
        return if left > right { (gap, 0) } else { (0, gap) };
    }
    let earlier = left.min((gap / 2).max(gap.saturating_sub(right)));
    (earlier, right.min(gap - earlier))
}

/// How ordinary days scatter.
struct Noise {
    /// The mean of each day, none below a floor. Shape: (n).
    means: Vec<f64>,
    /// Variance over mean, and correlations of neighbours with Newey and West's weights. Shape: (LAGS).
    dispersion: f64,
    correlations: Vec<f64>,
    r_squared: f64,
}

impl Noise {
    fn of(values: &[f64], means: &[f64], ordinary: &[bool], n_base: usize) -> Noise {
        let usual: Vec<usize> = (0..values.len()).filter(|at| ordinary[*at]).collect();
        let mean = usual.iter().map(|at| values[*at]).sum::<f64>() / usual.len().max(1) as f64;
        // Variance grows with the size of values; a day of nothing still has a little.
        let size = usual.iter().map(|at| values[*at].abs()).sum::<f64>() / usual.len().max(1) as f64;
        let lifted: Vec<f64> = means.iter().map(|one| one.abs().max(0.1 * size).max(f64::MIN_POSITIVE)).collect();
        let pearson = |at: usize| (values[at] - means[at]) / lifted[at].sqrt();
        let squares: f64 = usual.iter().map(|at| pearson(*at).powi(2)).sum();
        let dispersion = squares / (usual.len().saturating_sub(n_base)).max(1) as f64;
        let correlations = (1..=LAGS)
            .map(|lag| {
                let pairs = usual.iter().filter(|at| **at >= lag && ordinary[**at - lag]);
                let sum: f64 = pairs.map(|at| pearson(*at) * pearson(*at - lag)).sum();
                if squares > 0.0 { (1.0 - lag as f64 / (LAGS + 1) as f64) * sum / squares } else { 0.0 }
            })
            .collect();
        let left: f64 = usual.iter().map(|at| (values[*at] - means[*at]).powi(2)).sum();
        let all: f64 = usual.iter().map(|at| (values[*at] - mean).powi(2)).sum();
        let r_squared = if all > 0.0 { 1.0 - left / all } else { 0.0 };
        Noise { means: lifted, dispersion, correlations, r_squared }
    }

    /// The standard deviation of a weighted sum of all days.
    fn spread(&self, weights: &[f64]) -> f64 {
        let scaled: Vec<f64> = weights.iter().zip(&self.means).map(|(w, mean)| w * mean.sqrt()).collect();
        let own: f64 = scaled.iter().map(|one| one * one).sum();
        let mut variance = own;
        for (lag, correlation) in (1..).zip(&self.correlations) {
            let pairs: f64 = scaled.iter().skip(lag).zip(&scaled).map(|(a, b)| a * b).sum();
            variance += 2.0 * correlation * pairs;
        }
        // Correlations that were estimated may take away more than there is.
        (self.dispersion * variance.max(0.2 * own)).sqrt()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use math::Random;

    pub const FIRST: Day = Day(19_905);

    /// Two promotions of twelve days in two years, before each of which people wait and after which some have enough.
    pub fn occasions() -> Vec<Occasion> {
        let at = |name: &str, day: i32| Occasion {
            name: name.to_owned(),
            first: Day(FIRST.0 + day),
            last: Day(FIRST.0 + day + 11),
            around: 28,
        };
        vec![at("spring", 200), at("autumn", 480)]
    }

    /// Pieces a day of a growing shop with a week and a season; days are alike to their neighbours by `likeness`.
    pub fn sales(seed: u64, effects: [f64; 3], likeness: f64) -> Vec<f64> {
        let mut random = Random::new(seed);
        let mut drift = 0.0;
        (0..730)
            .map(|at| {
                let angle = std::f64::consts::TAU * f64::from(at) / YEAR_DAYS;
                let base = (60.0 + 0.05 * f64::from(at) + 8.0 * angle.sin())
                    * [0.95, 0.9, 0.92, 0.95, 1.0, 1.2, 1.08][(at % 7) as usize];
                let shift = |day: i32| match at - day {
                    -28..=-1 => effects[0] / 28.0,
                    0..=11 => effects[1] / 12.0,
                    12..=39 => effects[2] / 28.0,
                    _ => 0.0,
                };
                let mean = (base + shift(200) + shift(480)).max(1.0);
                drift = likeness * drift + (1.0f64 - likeness * likeness).sqrt() * random.normal();
                mean + (2.0 * mean).sqrt() * drift
            })
            .collect()
    }

    #[test]
    fn without_noise_every_part_is_found() {
        let exact: Vec<f64> = {
            // The same shop, drawn without noise: means over many draws would tell the same.
            let n = 400;
            let mut sums = vec![0.0; 730];
            for seed in 0..n {
                sums.iter_mut().zip(sales(seed, [-150.0, 700.0, -90.0], 0.0)).for_each(|(sum, one)| *sum += one);
            }
            sums.into_iter().map(|sum| sum / n as f64).collect()
        };
        let found = ledger(&[&exact], FIRST, &occasions(), LedgerSettings::default()).unwrap().value.unwrap();
        assert_eq!((found.effects.len(), found.effects[0].len(), found.around[0]), (1, 2, (28, 28)));
        for effect in &found.effects[0] {
            let near = |estimate: Estimate, truth: f64| assert!((estimate.value - truth).abs() < 40.0, "{effect:?}");
            near(effect.before, -150.0);
            near(effect.lift, 700.0);
            near(effect.after, -90.0);
            near(effect.net, 460.0);
            assert!((effect.sold - effect.usual.value - effect.lift.value).abs() < 0.01);
            // Four weeks of waiting make the usual look small.
            assert!(effect.naive_lift > effect.lift.value + 30.0, "{effect:?}");
        }
        assert!(found.r_squared[0] > 0.95);
    }

    /// 90 % intervals of the net effect over 200 shops of two promotions, with days that are alike to their neighbours and not.
    #[test]
    fn intervals_hold_the_truth() {
        for likeness in [0.0, 0.4] {
            let mut held = [0; 2];
            for seed in 0..200 {
                let values = sales(50 + seed, [-150.0, 700.0, -90.0], likeness);
                let found = ledger(&[&values], FIRST, &occasions(), LedgerSettings::default()).unwrap().value.unwrap();
                for effect in &found.effects[0] {
                    let holds = |estimate: Estimate, truth: f64| estimate.low <= truth && truth <= estimate.high;
                    held[0] += i32::from(holds(effect.lift, 700.0));
                    held[1] += i32::from(holds(effect.net, 460.0));
                }
            }
            for (held, what) in held.into_iter().zip(["lift", "net"]) {
                crate::coverage::assert_covers(
                    &format!("promotions: {what}, days alike by {likeness}"),
                    held as usize,
                    400,
                );
            }
        }
    }

    #[test]
    fn days_between_two_promotions_belong_to_the_nearer() {
        let at = |name: &str, from: i32, to: i32, around| Occasion {
            name: name.into(),
            first: Day(from),
            last: Day(to),
            around,
        };
        let found = blocks(400, Day(0), &[at("a", 10, 19, 28), at("b", 40, 49, 28), at("c", 100, 100, 7)]);
        assert_eq!(found[0], [0..10, 10..20, 20..30]);
        assert_eq!(found[1], [30..40, 40..50, 50..78]);
        assert_eq!(found[2], [93..100, 100..101, 101..108]);
        // Days in which customers wait for a deep one are not the small one's.
        let found = blocks(100, Day(0), &[at("small", 10, 16, 7), at("deep", 30, 39, 28)]);
        assert_eq!((found[0][2].len(), found[1][0].clone()), (0, 17..30));
        // Next to one another there is nothing between.
        let found = blocks(100, Day(0), &[at("a", 10, 19, 28), at("b", 20, 29, 28)]);
        assert_eq!((found[0][2].len(), found[1][0].len()), (0, 0));
    }

    #[test]
    fn thin_and_wrong_input_is_told() {
        let values = sales(1, [0.0; 3], 0.0);
        let told =
            |values: &[f64], occasions: &[Occasion]| ledger(&[values], FIRST, occasions, LedgerSettings::default());
        let short = [Occasion { last: Day(FIRST.0 + 30), first: Day(FIRST.0 + 20), ..occasions()[0].clone() }];
        assert_eq!(told(&values[..100], &short).unwrap().caveats[0].kind, "few_days");
        assert!(told(&values[..300], &short).unwrap().caveats.iter().any(|one| one.kind == "no_season"));
        // Promotions all year round leave nothing to compare with.
        let always: Vec<Occasion> = (0..14)
            .map(|at| Occasion {
                name: at.to_string(),
                first: Day(FIRST.0 + 50 * at),
                last: Day(FIRST.0 + 50 * at + 20),
                around: 28,
            })
            .collect();
        assert_eq!(told(&values, &always).unwrap().caveats[0].kind, "few_ordinary_days");
        let mut turned = occasions();
        turned.swap(0, 1);
        for (values, occasions, said) in [
            (&values[..], turned, "each after the one before"),
            (&values[..300], occasions(), "a promotion"),
            (&values[..], Vec::new(), "promotions: found 0"),
            (&[f64::NAN; 400][..], occasions(), "a finite number"),
        ] {
            assert!(told(values, &occasions).unwrap_err().to_string().contains(said), "{said}");
        }
        assert!(ledger(&[&values, &values[..3]], FIRST, &occasions(), LedgerSettings::default()).is_err());
    }
}
