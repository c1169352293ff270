//! How sales answer to prices: E[units] = exp(product + period + age + β_group · ln price + γ · ln price of its group), by Poisson
//! pseudo-maximum likelihood with the products' effects conditioned out, which needs no product to have sold in every period
//! and takes zeros as they are. Errors by product (clusters).
//!
//! Hausman, Hall and Griliches (1984), Econometrica 52 (conditional Poisson); Santos Silva and Tenreyro (2006), Review of
//! Economics and Statistics 88 (pseudo-likelihood); Wooldridge (1999), Journal of Econometrics 90 (robust errors);
//! DerSimonian and Laird (1986), Controlled Clinical Trials 7 (groups drawn together).
//!
//! Not causes by themselves: prices that were cut because sales were slow, or together with advertising, say so in no column.

use domain::Text;
use math::distributions::normal_quantile;

use crate::forecast::Cholesky;
use crate::{Answer, Caveat, Estimate, StrategyError, Support};

/// Sizes that are accepted, at most.
pub const PERIODS_MAX: usize = 400;
pub const GROUPS_MAX: usize = 200;

/// Fewer changes of price, or units sold, are refused.
const CHANGES_NEEDED: usize = 20;
const UNITS_NEEDED: f64 = 200.0;
/// Fewer changes than this, and the answer is thin.
const CHANGES_ENOUGH: usize = 100;

/// A price that moved by less than this is the same.
const SAME_PRICE: f64 = 1e-3;

/// Standard deviation of the weak priors (around 0) on elasticities and on the logarithms of periods: they only keep what no
/// data tell from running away.
const PRIOR_DEVIATION: f64 = 10.0;

const STEPS_MAX: usize = 100;

/// One row a product and period. Shape of every column: (n_rows).
#[derive(Clone, Copy, Debug)]
pub struct Sales<'a> {
    /// 0, 1, 2 …
    pub product: &'a [u32],
    /// 0, 1, 2 …; the same for all products.
    pub period: &'a [u32],
    /// Above 0.
    pub price: &'a [f64],
    /// 0 or more.
    pub units: &'a [f64],
    /// Periods since its launch, if known: interest fades while prices fall, and without it the one passes for the other.
    pub age: Option<&'a [f64]>,
    /// What products could be bought for one another: a category, a price band of it. Shape: (n_products).
    pub group_of: &'a [u32],
}

/// The elasticity of one group.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct GroupElasticity {
    pub group: u32,
    /// From its own products alone.
    pub alone: Estimate,
    /// Drawn towards that of all groups as far as it is uncertain.
    pub pooled: Estimate,
    pub n_products: usize,
    /// Prices that changed from a period to the next.
    pub n_changes: usize,
}

/// How sales answer to prices.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Elasticities {
    /// Of units to the product's own price, over all groups: −2 is 2 % more for a price 1 % lower.
    pub own: Estimate,
    /// Of units to the mean price of the other products of the group; above 0 where they are bought instead. `None` where no
    /// group has two products.
    pub substitution: Option<Estimate>,
    /// By group number; those whose prices ever moved.
    pub groups: Vec<GroupElasticity>,
    /// How far the groups' true elasticities differ: their standard deviation.
    pub between_groups: f64,
    pub n_products: usize,
    pub n_changes: usize,
}

/// Learns elasticities. `level` is that of the intervals.
///
/// # Errors
/// If columns differ in length, a price or a number of units is not as allowed, a product has no group, or there are too many
/// periods or groups.
pub fn elasticities(sales: &Sales, level: f64) -> Result<Answer<Elasticities>, StrategyError> {
    check(sales, level)?;
    let design = Design::of(sales);
    let support = Support::of(sales.units.len());
    // The sum of nothing is −0.
    let (n_changes, units) = (design.changes.iter().sum::<usize>(), sales.units.iter().sum::<f64>() + 0.0);
    if n_changes < CHANGES_NEEDED || units < UNITS_NEEDED {
        return Ok(Answer::refused(
            support,
            Caveat::new(
                "few_price_changes",
                format!("价格只变动过 {n_changes} 次，共售出 {units:.0} 件，不足以估计价格弹性。"),
                format!("{n_changes} changes of price and {units:.0} units sold are too few to tell what prices do."),
            ),
        ));
    }
    let Some(fitted) = fit(&design) else {
        return Ok(Answer::refused(
            support,
            Caveat::new(
                "no_convergence",
                "没有找到最优解：价格的变动可能和时间完全重合。",
                "No optimum was found: prices may have moved with time alone.",
            ),
        ));
    };
    let told = told(&design, &fitted, level);
    let mut answer = Answer::given(told, support);
    if n_changes < CHANGES_ENOUGH {
        answer = answer.doubted(Caveat::new(
            "few_price_changes",
            format!("价格只变动过 {n_changes} 次。"),
            format!("There were {n_changes} changes of price alone."),
        ));
    }
    if answer.value.as_ref().is_some_and(|found| found.own.high >= 0.0) {
        answer = answer.doubted(Caveat::new(
            "no_effect_shown",
            "价格下降并没有显示出销量增加：可能是在滞销时才降价。",
            "Lower prices are not shown to sell more: they may have been cut when sales were slow already.",
        ));
    }
    let only = design.products.first().map(|(group, _)| *group);
    if !design.has_others && only.is_some_and(|group| design.members[group] > 1) {
        answer = answer.doubted(Caveat::new(
            "one_group",
            "所有商品都在同一组：分不清是自身降价还是同组商品相对变贵，弹性是相对同组价格而言的。",
            "All products are of one group: own prices cannot be told apart from those of the others, so the elasticity is to a price \
             against those of the group.",
        ));
    }
    Ok(answer
        .doubted(Caveat::new(
            "not_causal",
            "价格不是随机变动的：与广告、促销同时发生的降价会被算作价格的作用。",
            "Prices did not move at random: what was advertised while its price was cut counts as the price's doing.",
        ))
        .changed_by(Text::new(
            "在部分门店或顾客中随机试行不同价格。",
            "Prices tried at random in some stores or on some customers.",
        )))
}

fn check(sales: &Sales, level: f64) -> Result<(), StrategyError> {
    let n = sales.units.len();
    for (what, found) in
        [("product", sales.product.len()), ("period", sales.period.len()), ("price", sales.price.len())]
    {
        if found != n {
            return Err(StrategyError::Length { what: what.to_owned(), found, expected: n });
        }
    }
    if !(0.5..1.0).contains(&level) {
        return Err(StrategyError::unfit("level of the intervals", level, "0.5 or more and below 1"));
    }
    if let Some(row) = sales.price.iter().position(|price| !(*price > 0.0 && price.is_finite())) {
        return Err(StrategyError::bad_value("price", row, sales.price[row], "above 0"));
    }
    if let Some(age) = sales.age {
        if age.len() != n {
            return Err(StrategyError::Length { what: "age".to_owned(), found: age.len(), expected: n });
        }
        if let Some(row) = age.iter().position(|age| !(*age >= 0.0 && *age <= 1e5)) {
            return Err(StrategyError::bad_value("age", row, age[row], "0 to 100,000 periods"));
        }
    }
    if let Some(row) = sales.units.iter().position(|units| !(*units >= 0.0 && units.is_finite())) {
        return Err(StrategyError::bad_value("units", row, sales.units[row], "0 or more"));
    }
    let known = sales.group_of.len();
    if let Some(row) = sales.product.iter().position(|product| *product as usize >= known) {
        return Err(StrategyError::bad_value(
            "product",
            row,
            sales.product[row],
            format!("one of {known} with a group"),
        ));
    }
    let mut seen = std::collections::BTreeMap::new();
    for (row, cell) in sales.product.iter().zip(sales.period).enumerate() {
        if let Some(first) = seen.insert(cell, row) {
            let allowed = format!("one row a product and period; row {first} is of the same");
            return Err(StrategyError::bad_value("period", row, sales.period[row], allowed));
        }
    }
    let most = |values: &[u32]| values.iter().max().map_or(0, |last| *last as usize + 1);
    if most(sales.period) > PERIODS_MAX {
        return Err(StrategyError::unfit("periods", most(sales.period), format!("at most {PERIODS_MAX}")));
    }
    if most(sales.group_of) > GROUPS_MAX {
        return Err(StrategyError::unfit("groups", most(sales.group_of), format!("at most {GROUPS_MAX}")));
    }
    Ok(())
}

/// A product's row of one period as the model sees it.
#[derive(Clone, Copy)]
struct Cell {
    period: usize,
    units: f64,
    /// ln price less its mean over the product's periods: effects of products take means out anyway.
    own: f64,
    /// The same of the group's other products.
    others: f64,
    /// What fades with age whatever the price: ln(1 + age) and the square of (age / 52), less their means.
    fading: [f64; 2],
}

struct Design {
    /// Rows of each product that sold anything and has two rows, in the order of periods.
    products: Vec<(usize, Vec<Cell>)>,
    n_groups: usize,
    n_periods: usize,
    has_others: bool,
    /// By group: prices that moved, and products in it.
    changes: Vec<usize>,
    members: Vec<usize>,
}

impl Design {
    fn of(sales: &Sales) -> Design {
        let n_products = sales.group_of.len();
        let n_groups = sales.group_of.iter().max().map_or(0, |last| *last as usize + 1);
        let n_periods = sales.period.iter().max().map_or(0, |last| *last as usize + 1);
        let mut rows: Vec<Vec<usize>> = vec![Vec::new(); n_products];
        let mut sold = vec![0.0; n_products];
        for (row, product) in sales.product.iter().enumerate() {
            rows[*product as usize].push(row);
            sold[*product as usize] += sales.units[row];
        }
        rows.iter_mut().for_each(|rows| rows.sort_by_key(|row| sales.period[*row]));
        let others = others(sales, &sold, n_groups, n_periods);
        let (mut changes, mut members) = (vec![0; n_groups], vec![0; n_groups]);
        let mut products: Vec<(usize, Vec<Cell>)> = Vec::new();
        for (product, rows) in rows.iter().enumerate() {
            if rows.len() < 2 || sold[product] <= 0.0 {
                continue;
            }
            let group = sales.group_of[product] as usize;
            members[group] += 1;
            let moved = |pair: &&[usize]| (sales.price[pair[1]] / sales.price[pair[0]]).ln().abs() > SAME_PRICE;
            changes[group] += rows.windows(2).filter(moved).count();
            let mean = |of: &dyn Fn(usize) -> f64| rows.iter().map(|row| of(*row)).sum::<f64>() / rows.len() as f64;
            let own_mean = mean(&|row| sales.price[row].ln());
            let others_mean = mean(&|row| others[row]);
            let fading =
                |row: usize| sales.age.map_or([0.0; 2], |age| [age[row].max(0.0).ln_1p(), (age[row] / 52.0).powi(2)]);
            let fading_mean = [mean(&|row| fading(row)[0]), mean(&|row| fading(row)[1])];
            let cell = |row: &usize| Cell {
                period: sales.period[*row] as usize,
                units: sales.units[*row],
                own: sales.price[*row].ln() - own_mean,
                others: others[*row] - others_mean,
                fading: std::array::from_fn(|at| fading(*row)[at] - fading_mean[at]),
            };
            products.push((group, rows.iter().map(cell).collect()));
        }
        // Where all products are of one group, what a period's effect and a product's own price leave of the prices of the others is
        // but the difference of the weights: substitution cannot be told, and own prices are told against those of the group.
        let is_one = products.windows(2).all(|pair| pair[0].0 == pair[1].0);
        if is_one {
            products.iter_mut().flat_map(|(_, cells)| cells).for_each(|cell| cell.others = 0.0);
        }
        let has_others = products.iter().flat_map(|(_, cells)| cells).any(|cell| cell.others.abs() > SAME_PRICE);
        Design { products, n_groups, n_periods, has_others, changes, members }
    }

    /// Elasticities of groups, the substitution, two of age, periods after the first.
    fn n_params(&self) -> usize {
        self.n_groups + 3 + self.n_periods.saturating_sub(1)
    }

    /// The places and values of a row that are not 0.
    fn row(&self, group: usize, cell: &Cell) -> [(usize, f64); 5] {
        let n = self.n_groups;
        let of_period = match cell.period {
            // The first is the base; its place is that of the substitution, with nothing in it.
            0 => (n, 0.0),
            period => (n + 2 + period, 1.0),
        };
        [(group, cell.own), (n, cell.others), (n + 1, cell.fading[0]), (n + 2, cell.fading[1]), of_period]
    }
}

/// The mean ln price of the group's other products in each row's period, weighted by what they sold in all, so that a weight
/// does not move with a price. 0 where there is none. Shape: (n_rows).
fn others(sales: &Sales, sold: &[f64], n_groups: usize, n_periods: usize) -> Vec<f64> {
    let place =
        |row: usize| sales.group_of[sales.product[row] as usize] as usize * n_periods + sales.period[row] as usize;
    let mut sums = vec![(0.0, 0.0); n_groups * n_periods];
    for row in 0..sales.units.len() {
        let weight = sold[sales.product[row] as usize];
        let (total, weights) = &mut sums[place(row)];
        (*total, *weights) = (*total + weight * sales.price[row].ln(), *weights + weight);
    }
    let of = |row: usize| {
        let weight = sold[sales.product[row] as usize];
        let (total, weights) = sums[place(row)];
        let left = weights - weight;
        if left > 1e-9 * weights { (total - weight * sales.price[row].ln()) / left } else { 0.0 }
    };
    (0..sales.units.len()).map(of).collect()
}

struct Fitted {
    theta: Vec<f64>,
    /// The robust covariance. Shape: (k, k).
    covariance: Vec<f64>,
}

/// The log-likelihood with its weak prior; with `slopes`, its gradient and the negative of its Hessian too.
fn likelihood(design: &Design, theta: &[f64], mut slopes: Option<(&mut [f64], &mut [f64])>) -> f64 {
    let k = theta.len();
    let precision = PRIOR_DEVIATION.powi(-2);
    let mut value = -0.5 * precision * theta.iter().map(|one| one * one).sum::<f64>();
    if let Some((gradient, hessian)) = &mut slopes {
        hessian.fill(0.0);
        for (at, one) in theta.iter().enumerate() {
            gradient[at] = -precision * one;
            hessian[at * k + at] = precision;
        }
    }
    let mut mean = vec![0.0; k];
    for (group, cells) in &design.products {
        let rows: Vec<[(usize, f64); 5]> = cells.iter().map(|cell| design.row(*group, cell)).collect();
        let scores: Vec<f64> = rows.iter().map(|row| row.iter().map(|(at, x)| theta[*at] * x).sum()).collect();
        let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = scores.iter().map(|score| (score - top).exp()).collect();
        let total: f64 = weights.iter().sum();
        let sold: f64 = cells.iter().map(|cell| cell.units).sum();
        value += cells.iter().zip(&scores).map(|(cell, score)| cell.units * (score - top)).sum::<f64>();
        value -= sold * total.ln();
        let Some((gradient, hessian)) = &mut slopes else { continue };
        mean.fill(0.0);
        for ((row, weight), cell) in rows.iter().zip(&weights).zip(cells) {
            let share = weight / total;
            for (at, x) in row {
                mean[*at] += share * x;
                gradient[*at] += (cell.units - sold * share) * x;
                for (other, y) in row {
                    hessian[at * k + other] += sold * share * x * y;
                }
            }
        }
        let filled: Vec<usize> = (0..k).filter(|at| mean[*at] != 0.0).collect();
        for at in &filled {
            for other in &filled {
                hessian[at * k + other] -= sold * mean[*at] * mean[*other];
            }
        }
    }
    value
}

/// Newton's method with halved steps. `None` if it does not come to rest.
fn fit(design: &Design) -> Option<Fitted> {
    let k = design.n_params();
    let (mut theta, mut gradient, mut hessian) = (vec![0.0; k], vec![0.0; k], vec![0.0; k * k]);
    let mut value = likelihood(design, &theta, Some((&mut gradient, &mut hessian)));
    for _ in 0..STEPS_MAX {
        let factor = Cholesky::new(hessian.clone(), k)?;
        let mut step = gradient.clone();
        factor.solve(&mut step);
        let gain: f64 = step.iter().zip(&gradient).map(|(step, slope)| step * slope).sum();
        if gain < 1e-10 * (1.0 + value.abs()) {
            return Some(Fitted { covariance: robust(design, &theta, &factor), theta });
        }
        let mut share = 1.0;
        loop {
            let tried: Vec<f64> = theta.iter().zip(&step).map(|(one, step)| one + share * step).collect();
            if likelihood(design, &tried, None) > value {
                theta = tried;
                break;
            }
            share *= 0.5;
            if share < 1e-10 {
                return None;
            }
        }
        value = likelihood(design, &theta, Some((&mut gradient, &mut hessian)));
    }
    None
}

/// H⁻¹ (Σ sᵢ sᵢᵀ) H⁻¹ · n / (n − 1), with sᵢ the score of product i.
fn robust(design: &Design, theta: &[f64], factor: &Cholesky) -> Vec<f64> {
    let k = theta.len();
    let n = design.products.len() as f64;
    let mut covariance = vec![0.0; k * k];
    for (group, cells) in &design.products {
        let rows: Vec<[(usize, f64); 5]> = cells.iter().map(|cell| design.row(*group, cell)).collect();
        let weights: Vec<f64> =
            rows.iter().map(|row| row.iter().map(|(at, x)| theta[*at] * x).sum::<f64>().exp()).collect();
        let (total, sold) = (weights.iter().sum::<f64>(), cells.iter().map(|cell| cell.units).sum::<f64>());
        let mut score = vec![0.0; k];
        for ((row, weight), cell) in rows.iter().zip(&weights).zip(cells) {
            row.iter().for_each(|(at, x)| score[*at] += (cell.units - sold * weight / total) * x);
        }
        factor.solve(&mut score);
        for (at, a) in score.iter().enumerate().filter(|(_, a)| **a != 0.0) {
            for (sum, b) in covariance[at * k..(at + 1) * k].iter_mut().zip(&score) {
                *sum += a * b * n / (n - 1.0).max(1.0);
            }
        }
    }
    covariance
}

fn told(design: &Design, fitted: &Fitted, level: f64) -> Elasticities {
    let k = design.n_params();
    let factor = normal_quantile(0.5 + level / 2.0);
    let estimate = |value: f64, variance: f64| {
        let width = factor * variance.max(0.0).sqrt();
        Estimate { value, low: value - width, high: value + width, level }
    };
    let variance = |at: usize| fitted.covariance[at * k + at];
    let moved: Vec<usize> = (0..design.n_groups).filter(|group| design.changes[*group] > 0).collect();
    let alone: Vec<(f64, f64)> = moved.iter().map(|at| (fitted.theta[*at], variance(*at).max(1e-12))).collect();
    let (mean, of_mean, between) = drawn_together(&alone);
    let groups = moved.iter().zip(&alone).map(|(group, (value, noise))| {
        // The posterior of a group whose truth lies around the mean with variance `between`.
        let trust = if between > 0.0 { between / (between + noise) } else { 0.0 };
        let pooled = mean + trust * (value - mean);
        let doubt = trust * noise + (1.0 - trust).powi(2) * of_mean;
        GroupElasticity {
            group: *group as u32,
            alone: estimate(*value, *noise),
            pooled: estimate(pooled, doubt),
            n_products: design.members[*group],
            n_changes: design.changes[*group],
        }
    });
    let at = design.n_groups;
    Elasticities {
        own: estimate(mean, of_mean),
        substitution: design.has_others.then(|| estimate(fitted.theta[at], variance(at))),
        groups: groups.collect(),
        between_groups: between.sqrt(),
        n_products: design.products.len(),
        n_changes: design.changes.iter().sum(),
    }
}

/// The mean of estimates with their variances, its variance, and the variance of the truth between them.
fn drawn_together(alone: &[(f64, f64)]) -> (f64, f64, f64) {
    let weighted = |between: f64| {
        let weights: Vec<f64> = alone.iter().map(|(_, noise)| 1.0 / (noise + between)).collect();
        let total: f64 = weights.iter().sum();
        let mean = alone.iter().zip(&weights).map(|((value, _), weight)| value * weight).sum::<f64>() / total;
        (mean, total, weights)
    };
    let (mean, total, weights) = weighted(0.0);
    let q: f64 = alone.iter().zip(&weights).map(|((value, _), weight)| weight * (value - mean).powi(2)).sum();
    let squares: f64 = weights.iter().map(|weight| weight * weight).sum();
    let scale = total - squares / total;
    let n = alone.len() as f64;
    let between = if scale > 0.0 { ((q - (n - 1.0)) / scale).max(0.0) } else { 0.0 };
    let (mean, total, _) = weighted(between);
    (mean, 1.0 / total, between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use math::Random;

    pub(super) struct Shop {
        pub product: Vec<u32>,
        pub period: Vec<u32>,
        pub price: Vec<f64>,
        pub units: Vec<f64>,
        pub group_of: Vec<u32>,
    }

    impl Shop {
        pub fn sales(&self) -> Sales<'_> {
            Sales {
                product: &self.product,
                period: &self.period,
                price: &self.price,
                units: &self.units,
                age: None,
                group_of: &self.group_of,
            }
        }
    }

    /// Two groups with elasticities −1.5 and −2.5, substitution 0.8, seasons that sell twice as much; prices that move in steps.
    pub(super) fn shop(n_products: usize, n_periods: usize, seed: u64) -> Shop {
        let mut random = Random::new(seed);
        let mut shop = Shop { product: vec![], period: vec![], price: vec![], units: vec![], group_of: vec![] };
        shop.group_of = (0..n_products as u32).map(|product| product % 2).collect();
        let mut prices = vec![vec![0.0; n_periods]; n_products];
        for product in &mut prices {
            let list = 100.0 + 400.0 * random.uniform();
            let mut level: f64 = 1.0;
            for price in product.iter_mut() {
                if random.uniform() < 0.3 {
                    level = 0.7 + 0.3 * random.uniform();
                }
                *price = list * level;
            }
        }
        let base: Vec<f64> = (0..n_products).map(|_| 20.0 + 60.0 * random.uniform()).collect();
        let list_mean: Vec<f64> =
            prices.iter().map(|prices| prices.iter().map(|price| price.ln()).sum::<f64>() / n_periods as f64).collect();
        let weight: f64 = base.iter().sum();
        let moved = |product: usize, period: usize| prices[product][period].ln() - list_mean[product];
        for at in 0..n_products {
            for period in 0..n_periods {
                let group = at % 2;
                let own = moved(at, period);
                let same = (0..n_products).filter(|other| other % 2 == group && *other != at);
                let (sum, weights) = same.fold((0.0, 0.0), |(sum, weights), other| {
                    let share = base[other] / weight;
                    (sum + share * moved(other, period), weights + share)
                });
                let season = if period % 12 == 10 { 0.7 } else { 0.0 };
                let elasticity = [-1.5, -2.5][group];
                let mean = base[at] * (elasticity * own + 0.8 * sum / weights + season).exp();
                shop.product.push(at as u32);
                shop.period.push(period as u32);
                shop.price.push((list_mean[at] + own).exp());
                shop.units.push(poisson(&mut random, mean));
            }
        }
        shop
    }

    /// By inversion in steps: means of hundreds stay away from underflow.
    fn poisson(random: &mut Random, mean: f64) -> f64 {
        let (mut left, mut count) = (mean, 0.0);
        while left > 0.0 {
            left += random.uniform().max(1e-300).ln();
            if left > 0.0 {
                count += 1.0;
            }
        }
        count
    }

    #[test]
    fn the_truth_of_a_simulated_shop_is_found() {
        let mut covered = 0;
        for seed in 0..200 {
            let shop = shop(40, 36, seed);
            let answer = elasticities(&shop.sales(), 0.9).unwrap();
            let found = answer.value.unwrap();
            assert_eq!(found.groups.len(), 2);
            for (group, truth) in found.groups.iter().zip([-1.5, -2.5]) {
                assert!((group.alone.value - truth).abs() < 0.4, "{group:?}");
                covered += usize::from(group.alone.low < truth && truth < group.alone.high);
                assert!((group.pooled.value - found.own.value).abs() <= (group.alone.value - found.own.value).abs());
            }
            let substitution = found.substitution.unwrap();
            assert!((substitution.value - 0.8).abs() < 1.2, "{substitution:?}");
        }
        crate::coverage::assert_covers("price elasticity of a category", covered, 400);
    }

    /// Interest that halves within a year while the price falls by a third: taken for what a price does until age is told.
    #[test]
    fn fading_interest_is_not_taken_for_an_answer_to_prices() {
        let (mut shop, mut ages) = (shop(40, 52, 5), Vec::new());
        let mut random = Random::new(9);
        for row in 0..shop.units.len() {
            let launched = f64::from(shop.product[row] * 7 % 40);
            let age = f64::from(shop.period[row]) + 40.0 - launched;
            ages.push(age);
            let left = (-0.4 * age.ln_1p()).exp();
            shop.price[row] *= left.powf(0.5);
            // The fall of the price is answered to, and interest fades besides.
            let mean = shop.units[row] * left.powf(0.5 * -2.0) * left.powf(2.0);
            shop.units[row] = poisson(&mut random, mean * 4.0);
        }
        let blind = elasticities(&shop.sales(), 0.9).unwrap().value.unwrap().own.value;
        let told = elasticities(&Sales { age: Some(&ages), ..shop.sales() }, 0.9).unwrap().value.unwrap().own.value;
        assert!((told + 2.0).abs() < 0.4 && (told + 2.0).abs() < (blind + 2.0).abs(), "{told} {blind}");
    }

    /// Two products, two periods: the estimate is that of the 2 × 2 tables. With one product's price halved, and the other's
    /// unchanged telling the period's effect, e^(β ln ½) = (30 / 10) / (12 / 12), so β = −ln 3 / ln 2.
    #[test]
    fn two_products_and_two_periods_are_worked_by_hand() {
        let cell = |period: usize, units: f64, own: f64| Cell { period, units, own, others: 0.0, fading: [0.0; 2] };
        let half = 0.5f64.ln();
        let design = Design {
            products: vec![
                (0, vec![cell(0, 10_000.0, -half / 2.0), cell(1, 30_000.0, half / 2.0)]),
                (0, vec![cell(0, 12_000.0, 0.0), cell(1, 12_000.0, 0.0)]),
            ],
            n_groups: 1,
            n_periods: 2,
            has_others: false,
            changes: vec![1],
            members: vec![2],
        };
        let theta = fit(&design).unwrap().theta;
        // The weak prior moves it by less than that.
        assert!((theta[0] + 3f64.ln() / 2f64.ln()).abs() < 1e-4, "{theta:?}");
        assert!(theta[4].abs() < 1e-4, "{theta:?}");
    }

    #[test]
    fn slopes_are_those_of_finite_differences() {
        let shop = shop(6, 8, 3);
        let design = Design::of(&shop.sales());
        let k = design.n_params();
        let theta: Vec<f64> = (0..k).map(|at| 0.1 * (at as f64 * 1.7).sin()).collect();
        let (mut gradient, mut hessian) = (vec![0.0; k], vec![0.0; k * k]);
        likelihood(&design, &theta, Some((&mut gradient, &mut hessian)));
        let moved = |at: usize, by: f64| {
            let mut theta = theta.clone();
            theta[at] += by;
            theta
        };
        for at in 0..k {
            let (up, down) = (moved(at, 1e-5), moved(at, -1e-5));
            let slope = (likelihood(&design, &up, None) - likelihood(&design, &down, None)) / 2e-5;
            assert!((slope - gradient[at]).abs() < 1e-4 * (1.0 + gradient[at].abs()), "{at}: {slope} {}", gradient[at]);
            let (mut above, mut below, mut spare) = (vec![0.0; k], vec![0.0; k], vec![0.0; k * k]);
            likelihood(&design, &up, Some((&mut above, &mut spare)));
            likelihood(&design, &down, Some((&mut below, &mut spare)));
            for other in 0..k {
                let curve = -(above[other] - below[other]) / 2e-5;
                let told = hessian[at * k + other];
                assert!((curve - told).abs() < 1e-3 * (1.0 + told.abs()), "{at} {other}: {curve} {told}");
            }
        }
    }

    /// All products in one group, prices that move alike within periods: the period's effect takes what they have in common.
    #[test]
    fn within_one_group_substitution_is_not_told() {
        let mut shop = shop(40, 36, 5);
        let has = |shop: &Shop| {
            let answer = elasticities(&shop.sales(), 0.9).unwrap();
            let is_one = answer.caveats.iter().any(|one| one.kind == "one_group");
            (answer.value.unwrap().substitution.is_some(), is_one)
        };
        assert_eq!(has(&shop), (true, false));
        shop.group_of.fill(0);
        assert_eq!(has(&shop), (false, true));
    }

    #[test]
    fn what_cannot_be_told_is_refused_and_what_is_wrong_named() {
        let mut still = shop(6, 8, 1);
        still.price.fill(10.0);
        assert_eq!(elasticities(&still.sales(), 0.9).unwrap().caveats[0].kind, "few_price_changes");
        let mut wrong = shop(6, 8, 1);
        wrong.price[3] = 0.0;
        let told = elasticities(&wrong.sales(), 0.9).unwrap_err().to_string();
        assert_eq!(told, "price, row 3 holds 0; allowed: above 0");
        wrong.price[3] = 1.0;
        wrong.units[4] = f64::NAN;
        assert!(elasticities(&wrong.sales(), 0.9).unwrap_err().to_string().contains("units, row 4 holds NaN"));
        wrong.units[4] = 1.0;
        wrong.period[1] = wrong.period[0];
        let told = elasticities(&wrong.sales(), 0.9).unwrap_err().to_string();
        assert_eq!(told, "period, row 1 holds 0; allowed: one row a product and period; row 0 is of the same");
        wrong.period[1] = 1;
        wrong.product[0] = 99;
        assert!(elasticities(&wrong.sales(), 0.9).unwrap_err().to_string().contains("one of 6 with a group"));
    }
}
