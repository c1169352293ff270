//! The conditional logit: of the products in a set, one is taken with a chance of exp(u) over the sum of all exp(u), with
//! u = β · ln price + Σ γ · attribute. Errors by chooser (clusters), as one person's choices are alike.
//!
//! A step of an attribute is worth the rise of the price that leaves the chance as it was: β · ln(1 + w) + γ = 0, so the share of
//! the price is w = exp(−γ / β) − 1. Its interval is that of γ / β by Fieller's theorem, which knows that β is uncertain too and has no
//! end where β may be 0.
//!
//! McFadden (1974), "Conditional logit analysis of qualitative choice behavior"; McFadden (1978), "Modelling the choice of
//! residential location" (alternatives may be drawn at random from all); Fieller (1954), Journal of the Royal Statistical Society
//! B 16; White (1982), Econometrica 50 (robust errors).
//!
//! Not causes by themselves: what is dear for a reason that no column tells seems to be liked for its price.

use domain::Text;
use math::distributions::normal_quantile;

use crate::forecast::Cholesky;
use crate::{Answer, Caveat, Estimate, StrategyError, Support};

pub const ATTRIBUTES_MAX: usize = 60;
pub const ROWS_MAX: usize = 5_000_000;

/// Fewer sets are refused; fewer than enough are thin.
const SETS_NEEDED: usize = 100;
const SETS_ENOUGH: usize = 500;
/// Standard deviation of the weak prior (around 0) of a coefficient per standard deviation of its attribute: it keeps what no set tells from
/// running away.
const PRIOR_DEVIATION: f64 = 10.0;
const STEPS_MAX: usize = 60;
/// An attribute of which others explain so much cannot be told from them.
const EXPLAINED_MAX: f64 = 0.95;

/// One attribute of all rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    pub name: String,
    /// In steps that are worth telling: doublings, one for yes. Shape: (n_rows).
    pub values: Vec<f64>,
}

/// Sets of alternatives, one of each chosen. Rows of a set stand together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choices {
    /// Set of each row, ascending. Shape: (n_rows).
    pub set: Vec<u32>,
    /// Exactly one row of each set.
    pub is_chosen: Vec<bool>,
    /// Above 0.
    pub price: Vec<f64>,
    /// Who chose, by set. Shape: (n_sets).
    pub chooser: Vec<u32>,
    pub attributes: Vec<Attribute>,
}

/// A fitted logit.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Fitted {
    /// Of ln price, then of attributes a step.
    pub coefficients: Vec<f64>,
    /// Robust. Shape: (k, k).
    pub covariance: Vec<f64>,
    pub log_likelihood: f64,
    /// Of choosing at random.
    pub log_likelihood_at_random: f64,
    pub n_sets: usize,
    /// Attributes that others tell but for a twentieth.
    pub entangled: Vec<String>,
}

/// What a step of an attribute is worth.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Worth {
    pub name: String,
    /// Of a step, in utility.
    pub coefficient: Estimate,
    /// In parts of the price; `None` where prices do not tell what money is worth, or the interval has no end.
    pub share: Option<Estimate>,
}

fn check(choices: &Choices) -> Result<usize, StrategyError> {
    let n = choices.set.len();
    if n == 0 {
        return Err(StrategyError::Empty { needed: 2 });
    }
    if n > ROWS_MAX {
        return Err(StrategyError::unfit("rows", n, format!("at most {ROWS_MAX}")));
    }
    if choices.attributes.len() > ATTRIBUTES_MAX {
        return Err(StrategyError::unfit("attributes", choices.attributes.len(), format!("at most {ATTRIBUTES_MAX}")));
    }
    let lengths = [("chosen", choices.is_chosen.len()), ("price", choices.price.len())];
    let of_attributes = choices.attributes.iter().map(|one| (one.name.as_str(), one.values.len()));
    if let Some((what, found)) = lengths.into_iter().chain(of_attributes).find(|(_, found)| *found != n) {
        return Err(StrategyError::Length { what: what.to_owned(), found, expected: n });
    }
    if let Some(row) = choices.price.iter().position(|price| !(*price > 0.0 && price.is_finite())) {
        return Err(StrategyError::bad_value("price", row, choices.price[row], "above 0"));
    }
    for one in &choices.attributes {
        if let Some(row) = one.values.iter().position(|value| !value.is_finite()) {
            return Err(StrategyError::bad_value(one.name.clone(), row, one.values[row], "a finite number"));
        }
    }
    let mut n_sets = 0;
    for (at, rows) in sets(&choices.set).enumerate() {
        if choices.set[rows.start] as usize != at {
            let allowed = "0, 1, 2 … with the rows of a set together";
            return Err(StrategyError::bad_value("set", rows.start, choices.set[rows.start], allowed));
        }
        let n_chosen = choices.is_chosen[rows.clone()].iter().filter(|is| **is).count();
        if n_chosen != 1 || rows.len() < 2 {
            let found = format!("{n_chosen} chosen of {}", rows.len());
            return Err(StrategyError::bad_value("set", rows.start, found, "one chosen of two or more"));
        }
        n_sets += 1;
    }
    if choices.chooser.len() != n_sets {
        let what = "choosers".to_owned();
        return Err(StrategyError::Length { what, found: choices.chooser.len(), expected: n_sets });
    }
    Ok(n_sets)
}

/// Rows of each set.
fn sets(set: &[u32]) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
    let mut from = 0;
    std::iter::from_fn(move || {
        let number = *set.get(from)?;
        let len = set[from..].iter().take_while(|other| **other == number).count();
        from += len;
        Some(from - len..from)
    })
}

/// Differences within sets, scaled: what a set's own mean is says nothing.
struct Design {
    k: usize,
    /// Shape: (n_rows, k).
    rows: Vec<f64>,
    /// By column: what a unit of the scaled column is in the column's own.
    scales: Vec<f64>,
    sets: Vec<(std::ops::Range<usize>, usize)>,
}

impl Design {
    fn new(choices: &Choices) -> Design {
        let (n, k) = (choices.set.len(), 1 + choices.attributes.len());
        let mut rows = vec![0.0; n * k];
        for at in 0..n {
            rows[at * k] = choices.price[at].ln();
            choices.attributes.iter().enumerate().for_each(|(j, one)| rows[at * k + 1 + j] = one.values[at]);
        }
        let mut found = Vec::new();
        for range in sets(&choices.set) {
            let chosen = range.clone().position(|row| choices.is_chosen[row]).unwrap_or(0);
            for j in 0..k {
                let mean = range.clone().map(|row| rows[row * k + j]).sum::<f64>() / range.len() as f64;
                range.clone().for_each(|row| rows[row * k + j] -= mean);
            }
            found.push((range, chosen));
        }
        let scales: Vec<f64> = (0..k)
            .map(|j| {
                let square = (0..n).map(|row| rows[row * k + j].powi(2)).sum::<f64>() / n as f64;
                if square > 1e-18 { square.sqrt() } else { 1.0 }
            })
            .collect();
        for row in rows.chunks_exact_mut(k) {
            row.iter_mut().zip(&scales).for_each(|(value, scale)| *value /= scale);
        }
        Design { k, rows, scales, sets: found }
    }

    /// Columns that others of the design explain all but a twentieth of, by the inverse of their correlations.
    fn entangled(&self) -> Vec<usize> {
        let (k, n) = (self.k, self.rows.len() / self.k);
        let mut gram = vec![0.0; k * k];
        for row in self.rows.chunks_exact(k) {
            for i in 0..k {
                for j in 0..k {
                    gram[i * k + j] += row[i] * row[j] / n as f64;
                }
            }
        }
        let lively: Vec<bool> = (0..k).map(|j| gram[j * k + j] > 1e-9).collect();
        (0..k).for_each(|j| gram[j * k + j] += 1e-9);
        let Some(factor) = Cholesky::new(gram, k) else { return (1..k).collect() };
        let inflation = |j: usize| {
            let mut unit = vec![0.0; k];
            unit[j] = 1.0;
            factor.solve(&mut unit);
            unit[j]
        };
        (0..k).filter(|j| lively[*j] && inflation(*j) > 1.0 / (1.0 - EXPLAINED_MAX)).collect()
    }

    /// The log-likelihood with its weak prior; with `slopes`, its gradient and the negative of its Hessian.
    fn likelihood(&self, theta: &[f64], mut slopes: Option<(&mut [f64], &mut [f64])>) -> f64 {
        let k = self.k;
        let precision = PRIOR_DEVIATION.powi(-2);
        let mut value = -0.5 * precision * theta.iter().map(|one| one * one).sum::<f64>();
        if let Some((gradient, hessian)) = &mut slopes {
            hessian.fill(0.0);
            for j in 0..k {
                gradient[j] = -precision * theta[j];
                hessian[j * k + j] = precision;
            }
        }
        let mut chances = Vec::new();
        for (range, chosen) in &self.sets {
            value += self.chances(range, theta, &mut chances)[*chosen].ln();
            let Some((gradient, hessian)) = &mut slopes else { continue };
            let mut mean = vec![0.0; k];
            for (row, chance) in range.clone().zip(&chances) {
                let x = &self.rows[row * k..(row + 1) * k];
                for i in 0..k {
                    mean[i] += chance * x[i];
                    for j in 0..=i {
                        hessian[i * k + j] += chance * x[i] * x[j];
                    }
                }
            }
            let x = &self.rows[(range.start + chosen) * k..(range.start + chosen + 1) * k];
            for i in 0..k {
                gradient[i] += x[i] - mean[i];
                for j in 0..=i {
                    hessian[i * k + j] -= mean[i] * mean[j];
                }
            }
        }
        value
    }

    fn chances<'a>(&self, range: &std::ops::Range<usize>, theta: &[f64], out: &'a mut Vec<f64>) -> &'a [f64] {
        let k = self.k;
        out.clear();
        out.extend(
            range
                .clone()
                .map(|row| self.rows[row * k..(row + 1) * k].iter().zip(theta).map(|(x, b)| x * b).sum::<f64>()),
        );
        let top = out.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        out.iter_mut().for_each(|score| *score = (*score - top).exp());
        let total: f64 = out.iter().sum();
        out.iter_mut().for_each(|share| *share = (*share / total).max(1e-300));
        out
    }

    /// H⁻¹ (Σ s sᵀ) H⁻¹ · c / (c − 1), with s the score of a chooser. Shape: (k, k).
    fn robust(&self, theta: &[f64], factor: &Cholesky, chooser: &[u32]) -> Vec<f64> {
        let k = self.k;
        let n_choosers = chooser.iter().max().map_or(0, |last| *last as usize + 1);
        let mut scores = vec![0.0; n_choosers * k];
        let mut chances = Vec::new();
        for ((range, chosen), who) in self.sets.iter().zip(chooser) {
            self.chances(range, theta, &mut chances);
            let score = &mut scores[*who as usize * k..(*who as usize + 1) * k];
            for (place, (row, chance)) in range.clone().zip(&chances).enumerate() {
                let weight = f64::from(u8::from(place == *chosen)) - chance;
                score.iter_mut().zip(&self.rows[row * k..]).for_each(|(sum, x)| *sum += weight * x);
            }
        }
        let mut covariance = vec![0.0; k * k];
        for score in scores.chunks_exact_mut(k) {
            factor.solve(score);
            for i in 0..k {
                for j in 0..k {
                    covariance[i * k + j] += score[i] * score[j];
                }
            }
        }
        let n = n_choosers as f64;
        covariance.iter_mut().for_each(|value| *value *= n / (n - 1.0).max(1.0));
        covariance
    }
}

/// Fits the logit.
///
/// Refuses with fewer than 100 sets, or where no optimum is found.
///
/// # Errors
/// If columns differ in length, a set has not exactly one chosen row, a price is not above 0, or there is too much of it.
pub fn fit(choices: &Choices) -> Result<Answer<Fitted>, StrategyError> {
    let n_sets = check(choices)?;
    let support = Support::of(n_sets);
    if n_sets < SETS_NEEDED {
        let caveat = Caveat::new(
            "few_choices",
            format!("只有 {n_sets} 次选购，至少需要 {SETS_NEEDED} 次。"),
            format!("There are {n_sets} choices; at least {SETS_NEEDED} are needed."),
        );
        return Ok(Answer::refused(support, caveat));
    }
    let design = Design::new(choices);
    let k = design.k;
    let (mut theta, mut gradient, mut hessian) = (vec![0.0; k], vec![0.0; k], vec![0.0; k * k]);
    let mut value = design.likelihood(&theta, Some((&mut gradient, &mut hessian)));
    let mut optimum = None;
    for _ in 0..STEPS_MAX {
        let Some(factor) = Cholesky::new(hessian.clone(), k) else { break };
        let mut step = gradient.clone();
        factor.solve(&mut step);
        let gain: f64 = step.iter().zip(&gradient).map(|(step, slope)| step * slope).sum();
        if gain < 1e-10 * (1.0 + value.abs()) {
            optimum = Some(factor);
            break;
        }
        let mut share = 1.0;
        let mut tried: Vec<f64>;
        loop {
            tried = theta.iter().zip(&step).map(|(one, step)| one + share * step).collect();
            if design.likelihood(&tried, None) > value || share < 1e-10 {
                break;
            }
            share *= 0.5;
        }
        theta = tried;
        value = design.likelihood(&theta, Some((&mut gradient, &mut hessian)));
    }
    let Some(factor) = optimum else {
        let caveat = Caveat::new("no_convergence", "没有找到最优解。", "No optimum was found.");
        return Ok(Answer::refused(support, caveat));
    };
    let mut covariance = design.robust(&theta, &factor, &choices.chooser);
    for i in 0..k {
        for j in 0..k {
            covariance[i * k + j] /= design.scales[i] * design.scales[j];
        }
    }
    let at_random = design.sets.iter().map(|(range, _)| -(range.len() as f64).ln()).sum();
    let entangled: Vec<String> = design
        .entangled()
        .into_iter()
        .map(|j| if j == 0 { "price".to_owned() } else { choices.attributes[j - 1].name.clone() })
        .collect();
    let found = Fitted {
        coefficients: theta.iter().zip(&design.scales).map(|(one, scale)| one / scale).collect(),
        covariance,
        log_likelihood: design.likelihood(&theta, None),
        log_likelihood_at_random: at_random,
        n_sets,
        entangled,
    };
    Ok(doubted(found, support))
}

fn doubted(found: Fitted, support: Support) -> Answer<Fitted> {
    let (is_cheaper_better, entangled) = (price_tells(&found), found.entangled.join(", "));
    let n_sets = found.n_sets;
    let mut answer = Answer::given(found, support);
    if n_sets < SETS_ENOUGH {
        answer = answer.doubted(Caveat::new(
            "few_choices",
            format!("只有 {n_sets} 次选购。"),
            format!("There are {n_sets} choices alone."),
        ));
    }
    if !is_cheaper_better {
        answer = answer.doubted(Caveat::new(
            "price_not_identified",
            "看不出更便宜会让人更愿意买：贵的商品有这些列没说的好处，所以不能换算成钱。",
            "Cheaper is not shown to be taken more: what is dear is better in ways that no column tells, so nothing can be put into money.",
        ));
    }
    if !entangled.is_empty() {
        answer = answer.doubted(Caveat::new(
            "entangled_attributes",
            format!("这些属性总是一起变化，分不开：{entangled}。"),
            format!("These rise and fall together and cannot be told apart: {entangled}."),
        ));
    }
    answer
        .doubted(Caveat::new(
            "not_causal",
            "这是从已有的选购看出来的：没有写进规格的好处会算到规格和价格头上。",
            "This is read off what was bought: merits that no spec tells are put down to specs and price.",
        ))
        .changed_by(Text::new(
            "让同一批顾客在只差一项规格的商品之间选择，或随机试行价格。",
            "Customers who choose between products that differ by one spec alone, or prices tried at random.",
        ))
}

/// Whether a lower price is shown to be liked.
fn price_tells(found: &Fitted) -> bool {
    found.coefficients[0] + normal_quantile(0.95) * found.covariance[0].sqrt() < 0.0
}

/// What a step of each attribute is worth, by name of the attributes that were fitted.
///
/// # Errors
/// If the level is out of range or names are not those of the fit.
pub fn worths(found: &Fitted, names: &[&str], level: f64) -> Result<Vec<Worth>, StrategyError> {
    let k = found.coefficients.len();
    if names.len() + 1 != k {
        let what = "names of attributes".to_owned();
        return Err(StrategyError::Length { what, found: names.len(), expected: k - 1 });
    }
    if !(0.5..1.0).contains(&level) {
        return Err(StrategyError::unfit("level of the intervals", level, "0.5 or more and below 1"));
    }
    let z = normal_quantile(0.5 + level / 2.0);
    let one = |(at, name): (usize, &&str)| {
        let j = at + 1;
        let (value, variance) = (found.coefficients[j], found.covariance[j * k + j]);
        let half = z * variance.max(0.0).sqrt();
        let ratio =
            fieller([value, found.coefficients[0]], [variance, found.covariance[j * k], found.covariance[0]], z);
        let share = ratio.filter(|_| price_tells(found)).map(|[middle, low, high]| {
            // −γ / β rises as γ does, for β is below 0.
            let of = |ratio: f64| (-ratio).exp() - 1.0;
            let (a, b) = (of(low), of(high));
            Estimate { value: of(middle), low: a.min(b), high: a.max(b), level }
        });
        let coefficient = Estimate { value, low: value - half, high: value + half, level };
        Worth { name: (*name).to_owned(), coefficient, share }
    };
    Ok(names.iter().enumerate().map(one).collect())
}

/// The ratio a / b and the ends of its interval, from [a, b] and [var a, cov, var b]; `None` if the interval has no end.
fn fieller([a, b]: [f64; 2], [of_a, of_both, of_b]: [f64; 3], z: f64) -> Option<[f64; 3]> {
    let z2 = z * z;
    let lead = b * b - z2 * of_b;
    if lead <= 0.0 {
        return None;
    }
    let middle = a * b - z2 * of_both;
    let under = middle * middle - lead * (a * a - z2 * of_a);
    let half = under.max(0.0).sqrt();
    Some([a / b, (middle - half) / lead, (middle + half) / lead])
}

#[cfg(test)]
mod tests {
    use super::super::simulate::{SimulateSettings, simulate};
    use super::*;

    /// Two alternatives are an ordinary logit of differences: here the share that takes the one that has it, ln(3) at three of four.
    #[test]
    fn two_alternatives_are_a_logit_of_differences() {
        let mut choices =
            Choices { attributes: vec![Attribute { name: "has".into(), values: vec![] }], ..Choices::default() };
        for set in 0..400u32 {
            let takes_it = set % 4 != 0;
            // Prices that differ alike both ways say nothing.
            let dear = if set % 8 < 4 { 2.0 } else { 1.0 };
            choices.set.extend([set, set]);
            choices.is_chosen.extend([takes_it, !takes_it]);
            choices.price.extend([dear, 3.0 - dear]);
            choices.attributes[0].values.extend([1.0, 0.0]);
            choices.chooser.push(set);
        }
        let answer = fit(&choices).unwrap();
        let found = answer.value.unwrap();
        assert!(found.coefficients[0].abs() < 1e-6, "{found:?}");
        // The weak prior holds it back by a thousandth.
        assert!((found.coefficients[1] - 3f64.ln()).abs() < 2e-3, "{found:?}");
        assert!((found.log_likelihood_at_random + 400.0 * 2f64.ln()).abs() < 1e-9);
        assert!(answer.caveats.iter().any(|caveat| caveat.kind == "price_not_identified"));
        let worth = worths(&found, &["has"], 0.9).unwrap();
        assert_eq!(worth[0].share, None);
        assert!(worths(&found, &[], 0.9).unwrap_err().to_string().contains("names of attributes"));
    }

    #[test]
    fn worth_in_money_is_found_and_its_interval_holds_it_as_often_as_it_says() {
        let settings = SimulateSettings { n_sets: 400, ..SimulateSettings::default() };
        let (mut inside, mut all) = (0, 0);
        for seed in 0..200 {
            let shop = simulate(&settings, seed).unwrap();
            let answer = fit(&shop.choices).unwrap();
            let names: Vec<&str> = shop.choices.attributes.iter().map(|one| one.name.as_str()).collect();
            let told = worths(&answer.value.unwrap(), &names, 0.9).unwrap();
            for (worth, truth) in told.iter().zip(&shop.worth) {
                let share = worth.share.unwrap();
                all += 1;
                inside += usize::from((share.low..=share.high).contains(truth));
            }
        }
        crate::coverage::assert_covers("choice: worth of a spec", inside, all);
    }

    #[test]
    fn bad_sets_are_told_and_few_refused() {
        let shop = simulate(&SimulateSettings { n_sets: 60, ..SimulateSettings::default() }, 1).unwrap();
        let answer = fit(&shop.choices).unwrap();
        assert_eq!((answer.value, answer.caveats[0].kind), (None, "few_choices"));
        let told = |change: &dyn Fn(&mut Choices)| {
            let mut choices = shop.choices.clone();
            change(&mut choices);
            fit(&choices).unwrap_err().to_string()
        };
        assert!(told(&|one| one.is_chosen.fill(false)).contains("0 chosen of 6"));
        assert!(told(&|one| one.price[3] = 0.0).contains("price, row 3 holds 0"));
        assert!(told(&|one| one.attributes[0].values[2] = f64::NAN).contains("allowed: a finite number"));
        assert!(told(&|one| one.set[0] = 7).contains("set, row 0 holds 7"));
        assert!(told(&|one| one.chooser.truncate(59)).contains("choosers has 59 rows where 60 were expected"));
    }

    #[test]
    fn what_rises_together_is_named() {
        let mut shop = simulate(&SimulateSettings::default(), 3).unwrap();
        let again = Attribute { name: "again".into(), ..shop.choices.attributes[0].clone() };
        shop.choices.attributes.push(again);
        let answer = fit(&shop.choices).unwrap();
        let caveat = answer.caveats.iter().find(|caveat| caveat.kind == "entangled_attributes").unwrap();
        assert!(caveat.text.en.contains("again") && caveat.text.en.contains(&shop.choices.attributes[0].name));
    }
}
