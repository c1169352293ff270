//! Forecasts that add up: single products, their brands and categories, and the whole shop, each forecast for itself and
//! then brought into agreement. Wickramasuriya, Athanasopoulos and Hyndman (2019), "Optimal forecast reconciliation through
//! trace minimization", Journal of the American Statistical Association 114, in the form with constraints (their equation
//! 9 with C): only a system as large as the number of sums is solved.
//!
//! Not here: any forecast; the base forecasts come in.

use super::small::Cholesky;
use crate::StrategyError;

/// Which series are sums of which: first the sums, then the single series.
#[derive(Clone, Debug, PartialEq)]
pub struct Hierarchy {
    names: Vec<String>,
    /// For each sum, the single series in it, by their place among the single ones.
    members: Vec<Vec<usize>>,
    n_single: usize,
}

/// As many sums are allowed: their system is dense.
pub const N_SUMS_MAX: usize = 2000;
/// As many series are allowed where errors' correlations are estimated.
pub const N_CORRELATED_MAX: usize = 2000;

/// Which base forecasts to trust how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighting {
    /// Take the single series and add up.
    BottomUp,
    /// All alike.
    Ols,
    /// By how many single series are in each.
    WlsStructural,
    /// By the variance of each one's past errors.
    WlsVariance,
    /// By the covariances of past errors, shrunk towards none (Schäfer and Strimmer 2005).
    MintShrink,
}

impl Weighting {
    pub const NAMES: &'static [&'static str] = &["bottom_up", "ols", "wls_structural", "wls_variance", "mint_shrink"];

    pub fn named(name: &str) -> Option<Weighting> {
        let all = [
            Weighting::BottomUp,
            Weighting::Ols,
            Weighting::WlsStructural,
            Weighting::WlsVariance,
            Weighting::MintShrink,
        ];
        Weighting::NAMES.iter().position(|other| *other == name).map(|at| all[at])
    }
}

impl Hierarchy {
    /// The whole, and one sum for each different label of each grouping (category, brand, channel …), in the order of
    /// labels. A label that holds a single series, or all of them, is no sum of its own. `groupings`: name, and the label
    /// of each single series.
    ///
    /// # Errors
    /// If there are no series, a grouping is not as long as `singles`, or there are more than [`N_SUMS_MAX`] sums.
    pub fn new(singles: &[String], groupings: &[(String, Vec<String>)]) -> Result<Hierarchy, StrategyError> {
        let n_single = singles.len();
        if n_single == 0 {
            return Err(StrategyError::Empty { needed: 1 });
        }
        let mut names = vec!["total".to_owned()];
        let mut members: Vec<Vec<usize>> = vec![(0..n_single).collect()];
        for (grouping, labels) in groupings {
            if labels.len() != n_single {
                let what = format!("grouping '{grouping}'");
                return Err(StrategyError::Length { what, found: labels.len(), expected: n_single });
            }
            let mut groups = std::collections::BTreeMap::<&str, Vec<usize>>::new();
            for (single, label) in labels.iter().enumerate() {
                groups.entry(label).or_default().push(single);
            }
            for (label, group) in groups {
                if group.len() > 1 && !members.contains(&group) {
                    names.push(format!("{grouping}={label}"));
                    members.push(group);
                }
            }
        }
        if members.len() > N_SUMS_MAX {
            return Err(StrategyError::unfit("sums of series", members.len(), format!("at most {N_SUMS_MAX}")));
        }
        names.extend_from_slice(singles);
        Ok(Hierarchy { names, members, n_single })
    }

    /// Sums first, then single series.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub fn n_sums(&self) -> usize {
        self.members.len()
    }

    pub fn n(&self) -> usize {
        self.n_sums() + self.n_single
    }

    /// All series from the single ones: `singles` of shape (n_single), the answer of shape (n).
    pub fn add_up(&self, singles: &[f64]) -> Vec<f64> {
        let sums = self.members.iter().map(|members| members.iter().map(|at| singles[*at]).sum());
        sums.chain(singles.iter().copied()).collect()
    }
}

/// Forecasts that add up, and how sure they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconciled {
    /// Shape: (horizon) of (n), sums first.
    pub mean: Vec<Vec<f64>>,
    /// Standard deviations one period ahead after reconciliation, from those before; `None` where no errors were given.
    /// Shape: (n).
    pub deviations: Option<Vec<f64>>,
    /// How far correlations were shrunk, 0 to 1, for [`Weighting::MintShrink`].
    pub shrinkage: Option<f64>,
}

/// Changes `base` as little as the weighting allows, so that sums are sums. `base`: (horizon) of (n), sums first; `errors`:
/// one-step errors of the past, (n) of (n_errors), needed for weightings by variance.
///
/// # Errors
/// If a shape is wrong, a value is not finite, errors are needed and missing, or too many series are to be correlated.
pub fn reconcile(
    hierarchy: &Hierarchy,
    base: &[Vec<f64>],
    errors: Option<&[Vec<f64>]>,
    weighting: Weighting,
) -> Result<Reconciled, StrategyError> {
    check(hierarchy, base, errors)?;
    let (n, n_sums) = (hierarchy.n(), hierarchy.n_sums());
    if weighting == Weighting::BottomUp {
        let mean = base.iter().map(|row| hierarchy.add_up(&row[n_sums..])).collect();
        return Ok(Reconciled { mean, deviations: None, shrinkage: None });
    }
    let needed = || {
        errors.ok_or_else(|| StrategyError::unfit("errors of the past for this weighting", "none", "one row a series"))
    };
    let (spread, shrinkage) = match weighting {
        Weighting::BottomUp | Weighting::Ols => (Spread::Diagonal(vec![1.0; n]), None),
        Weighting::WlsStructural => {
            let sizes = hierarchy.members.iter().map(|members| members.len() as f64);
            (Spread::Diagonal(sizes.chain(std::iter::repeat_n(1.0, hierarchy.n_single)).collect()), None)
        }
        Weighting::WlsVariance => (Spread::Diagonal(variances(needed()?)), None),
        Weighting::MintShrink => {
            if n > N_CORRELATED_MAX {
                return Err(StrategyError::unfit(
                    "series to correlate",
                    n,
                    format!("at most {N_CORRELATED_MAX}; take wls_variance"),
                ));
            }
            let (spread, shrinkage) = shrunk_covariance(needed()?);
            (Spread::Full(spread), Some(shrinkage))
        }
    };
    let projection = Projection::new(hierarchy, &spread)?;
    let mean = base.iter().map(|row| projection.apply(hierarchy, row)).collect();
    let is_scaled = matches!(weighting, Weighting::WlsVariance | Weighting::MintShrink);
    let deviations = is_scaled.then(|| projection.deviations(&spread, n));
    Ok(Reconciled { mean, deviations, shrinkage })
}

fn check(hierarchy: &Hierarchy, base: &[Vec<f64>], errors: Option<&[Vec<f64>]>) -> Result<(), StrategyError> {
    let n = hierarchy.n();
    for row in base {
        if row.len() != n {
            let what = "a row of base forecasts".to_owned();
            return Err(StrategyError::Length { what, found: row.len(), expected: n });
        }
        if let Some(at) = row.iter().position(|value| !value.is_finite()) {
            let name = &hierarchy.names[at];
            return Err(StrategyError::bad_value(
                format!("base forecasts of '{name}'"),
                at,
                row[at],
                "a finite number",
            ));
        }
    }
    let Some(errors) = errors else { return Ok(()) };
    if errors.len() != n {
        return Err(StrategyError::Length {
            what: "the errors of the past".to_owned(),
            found: errors.len(),
            expected: n,
        });
    }
    let n_errors = errors[0].len();
    if n_errors < 2 {
        return Err(StrategyError::unfit("errors of the past", n_errors, "at least 2 a series"));
    }
    for (series, row) in errors.iter().enumerate() {
        if row.len() != n_errors {
            let what = format!("errors of '{}'", hierarchy.names[series]);
            return Err(StrategyError::Length { what, found: row.len(), expected: n_errors });
        }
        if let Some(at) = row.iter().position(|value| !value.is_finite()) {
            let what = format!("errors of '{}'", hierarchy.names[series]);
            return Err(StrategyError::bad_value(what, at, row[at], "a finite number"));
        }
    }
    Ok(())
}

/// Around zero: base forecasts are taken as unbiased. A series without any error gets the least of the others, so that it
/// is trusted most and still gives way.
fn variances(errors: &[Vec<f64>]) -> Vec<f64> {
    let mean_square = |row: &Vec<f64>| row.iter().map(|error| error * error).sum::<f64>() / row.len() as f64;
    let mut all: Vec<f64> = errors.iter().map(mean_square).collect();
    let least = all.iter().copied().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
    let least = if least.is_finite() { least * 1e-3 } else { 1.0 };
    all.iter_mut().for_each(|value| *value = value.max(least));
    all
}

/// λ diag(W) + (1 − λ) W with the λ of Schäfer and Strimmer (2005) for correlations. Shape: (n, n).
fn shrunk_covariance(errors: &[Vec<f64>]) -> (Vec<f64>, f64) {
    let (n, n_errors) = (errors.len(), errors[0].len() as f64);
    let variances = variances(errors);
    let standard: Vec<Vec<f64>> = errors
        .iter()
        .zip(&variances)
        .map(|(row, variance)| row.iter().map(|error| error / variance.sqrt()).collect())
        .collect();
    let mut correlations = vec![0.0; n * n];
    let (mut doubt, mut strength) = (0.0, 0.0);
    for i in 0..n {
        correlations[i * n + i] = 1.0;
        for j in 0..i {
            let products = standard[i].iter().zip(&standard[j]).map(|(a, b)| a * b);
            let (sum, square) = products.fold((0.0, 0.0), |(sum, square), one| (sum + one, square + one * one));
            let mean = sum / n_errors;
            doubt += (square / n_errors - mean * mean).max(0.0) / (n_errors - 1.0);
            strength += mean * mean;
            (correlations[i * n + j], correlations[j * n + i]) = (mean, mean);
        }
    }
    let shrinkage = if strength > 0.0 { (doubt / strength).clamp(0.0, 1.0) } else { 1.0 };
    for i in 0..n {
        for j in 0..n {
            let kept = if i == j { 1.0 } else { 1.0 - shrinkage };
            correlations[i * n + j] *= kept * (variances[i] * variances[j]).sqrt();
        }
    }
    (correlations, shrinkage)
}

/// The covariance of base forecasts' errors.
enum Spread {
    Diagonal(Vec<f64>),
    Full(Vec<f64>),
}

/// ỹ = ŷ − W Cᵀ (C W Cᵀ)⁻¹ C ŷ, where C ŷ is what each sum differs from its members.
struct Projection {
    /// W Cᵀ. Shape: (n, n_sums).
    spread_constraints: Vec<f64>,
    system: Cholesky,
    n_sums: usize,
}

impl Projection {
    fn new(hierarchy: &Hierarchy, spread: &Spread) -> Result<Projection, StrategyError> {
        let (n, n_sums) = (hierarchy.n(), hierarchy.n_sums());
        let mut spread_constraints = vec![0.0; n * n_sums];
        for (sum, members) in hierarchy.members.iter().enumerate() {
            match spread {
                Spread::Diagonal(variances) => {
                    spread_constraints[sum * n_sums + sum] = variances[sum];
                    for single in members {
                        let at = n_sums + single;
                        spread_constraints[at * n_sums + sum] = -variances[at];
                    }
                }
                Spread::Full(matrix) => {
                    for i in 0..n {
                        let row = &matrix[i * n..(i + 1) * n];
                        let inside: f64 = members.iter().map(|single| row[n_sums + single]).sum();
                        spread_constraints[i * n_sums + sum] = row[sum] - inside;
                    }
                }
            }
        }
        let mut system = vec![0.0; n_sums * n_sums];
        for (sum, members) in hierarchy.members.iter().enumerate() {
            for other in 0..n_sums {
                let inside: f64 =
                    members.iter().map(|single| spread_constraints[(n_sums + single) * n_sums + other]).sum();
                system[sum * n_sums + other] = spread_constraints[sum * n_sums + other] - inside;
            }
        }
        let system = Cholesky::new(system, n_sums).ok_or_else(|| {
            StrategyError::unfit(
                "covariance of past errors",
                "one that cannot be inverted",
                "more errors, or wls_variance",
            )
        })?;
        Ok(Projection { spread_constraints, system, n_sums })
    }

    fn apply(&self, hierarchy: &Hierarchy, base: &[f64]) -> Vec<f64> {
        let (n_sums, singles) = (self.n_sums, &base[self.n_sums..]);
        let differs =
            |(sum, members): (usize, &Vec<usize>)| base[sum] - members.iter().map(|at| singles[*at]).sum::<f64>();
        let mut residual: Vec<f64> = hierarchy.members.iter().enumerate().map(differs).collect();
        self.system.solve(&mut residual);
        let changed: Vec<f64> = (n_sums..base.len())
            .map(|i| {
                let row = &self.spread_constraints[i * n_sums..(i + 1) * n_sums];
                base[i] - row.iter().zip(&residual).map(|(a, b)| a * b).sum::<f64>()
            })
            .collect();
        // Adding up what the projection gave anyway keeps rounding out of the sums.
        hierarchy.add_up(&changed)
    }

    /// Square roots of the diagonal of W − W Cᵀ (C W Cᵀ)⁻¹ C W.
    fn deviations(&self, spread: &Spread, n: usize) -> Vec<f64> {
        let of = |i: usize| {
            let before = match spread {
                Spread::Diagonal(variances) => variances[i],
                Spread::Full(matrix) => matrix[i * n + i],
            };
            let mut row = self.spread_constraints[i * self.n_sums..(i + 1) * self.n_sums].to_vec();
            self.system.forward(&mut row);
            (before - row.iter().map(|value| value * value).sum::<f64>()).max(0.0).sqrt()
        };
        (0..n).map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use math::Random;

    use super::*;

    fn texts(labels: &[&str]) -> Vec<String> {
        labels.iter().map(|label| (*label).to_owned()).collect()
    }

    fn shop() -> Hierarchy {
        let singles = texts(&["a", "b", "c", "d"]);
        let groupings = [
            ("category".to_owned(), texts(&["phone", "phone", "laptop", "laptop"])),
            ("brand".to_owned(), texts(&["x", "y", "x", "y"])),
        ];
        Hierarchy::new(&singles, &groupings).unwrap()
    }

    #[test]
    fn sums_are_named_and_a_group_of_one_is_none() {
        let names = ["total", "category=laptop", "category=phone", "brand=x", "brand=y", "a", "b", "c", "d"];
        assert_eq!(shop().names(), names);
        let alone = Hierarchy::new(&texts(&["a", "b"]), &[("brand".to_owned(), texts(&["x", "y"]))]).unwrap();
        assert_eq!(alone.n_sums(), 1);
    }

    /// Total 10, parts 4 and 4: by least squares each of the three gives way by 2/3.
    #[test]
    fn the_smallest_case_is_that_of_the_books() {
        let pair = Hierarchy::new(&texts(&["a", "b"]), &[]).unwrap();
        let told = |weighting, errors: Option<&[Vec<f64>]>| {
            reconcile(&pair, &[vec![10.0, 4.0, 4.0]], errors, weighting).unwrap().mean.remove(0)
        };
        let near = |found: Vec<f64>, expected: [f64; 3]| {
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?} {expected:?}");
        };
        near(told(Weighting::BottomUp, None), [8.0, 4.0, 4.0]);
        near(told(Weighting::Ols, None), [28.0 / 3.0, 14.0 / 3.0, 14.0 / 3.0]);
        near(told(Weighting::WlsStructural, None), [9.0, 4.5, 4.5]);
        // Variances 1, 1, 2: the total bears a quarter of the two that are missing, b half.
        let errors = [vec![1.0, -1.0], vec![1.0, 1.0], vec![2.0_f64.sqrt(), 2.0_f64.sqrt()]];
        near(told(Weighting::WlsVariance, Some(&errors)), [9.5, 4.5, 5.0]);
    }

    #[test]
    fn what_adds_up_is_left_alone_and_everything_adds_up_after() {
        let hierarchy = shop();
        let mut random = Random::new(3);
        let errors: Vec<Vec<f64>> = (0..hierarchy.n()).map(|_| (0..30).map(|_| random.normal()).collect()).collect();
        let agreed = hierarchy.add_up(&[3.0, 1.0, 4.0, 1.5]);
        let free: Vec<f64> = (0..hierarchy.n()).map(|_| 10.0 * random.uniform()).collect();
        for name in Weighting::NAMES {
            let weighting = Weighting::named(name).unwrap();
            let found = reconcile(&hierarchy, &[agreed.clone(), free.clone()], Some(&errors), weighting).unwrap();
            assert!(found.mean[0].iter().zip(&agreed).all(|(a, b)| (a - b).abs() < 1e-9), "{name}");
            let summed = hierarchy.add_up(&found.mean[1][hierarchy.n_sums()..]);
            assert!(found.mean[1].iter().zip(&summed).all(|(a, b)| (a - b).abs() < 1e-9), "{name}");
            assert!(found.shrinkage.is_none_or(|share| (0.0..=1.0).contains(&share)));
        }
    }

    /// Base forecasts with independent errors of known size: the reconciled ones are better at every level, by what their
    /// deviations say, and minimum trace beats adding up where sums are forecast well.
    #[test]
    fn reconciled_forecasts_are_better_by_as_much_as_they_say() {
        let hierarchy = shop();
        let (n, truth) = (hierarchy.n(), hierarchy.add_up(&[20.0, 30.0, 40.0, 10.0]));
        let sizes: Vec<f64> = (0..n).map(|i| if i < hierarchy.n_sums() { 2.0 } else { 3.0 }).collect();
        let mut random = Random::new(11);
        let mut draw = |count: usize| -> Vec<Vec<f64>> {
            sizes.iter().map(|size| (0..count).map(|_| size * random.normal()).collect()).collect()
        };
        let (errors, fresh) = (draw(400), draw(2000));
        let base: Vec<Vec<f64>> = (0..2000).map(|t| (0..n).map(|i| truth[i] + fresh[i][t]).collect()).collect();
        let square = |rows: &[Vec<f64>], i: usize| {
            rows.iter().map(|row| (row[i] - truth[i]).powi(2)).sum::<f64>() / rows.len() as f64
        };
        let mint = reconcile(&hierarchy, &base, Some(&errors), Weighting::MintShrink).unwrap();
        let bottom = reconcile(&hierarchy, &base, None, Weighting::BottomUp).unwrap();
        let deviations = mint.deviations.as_ref().unwrap();
        for (i, told) in deviations.iter().enumerate() {
            let found = square(&mint.mean, i);
            assert!(found < square(&base, i) && found < square(&bottom.mean, i), "{i}");
            assert!((found.sqrt() / told - 1.0).abs() < 0.12, "{i}: {} {told}", found.sqrt());
        }
    }

    #[test]
    fn wrong_shapes_are_told() {
        let hierarchy = shop();
        let told = |base: &[Vec<f64>], errors: Option<&[Vec<f64>]>, weighting| {
            reconcile(&hierarchy, base, errors, weighting).unwrap_err().to_string()
        };
        assert!(told(&[vec![1.0]], None, Weighting::Ols).contains("1 rows where 9"));
        assert!(told(&[vec![f64::NAN; 9]], None, Weighting::Ols).contains("'total'"));
        assert!(told(&[vec![1.0; 9]], None, Weighting::MintShrink).contains("found none"));
        assert!(told(&[vec![1.0; 9]], Some(&vec![vec![1.0]; 9]), Weighting::MintShrink).contains("at least 2"));
        let short = Hierarchy::new(&texts(&["a", "b"]), &[("brand".to_owned(), texts(&["x"]))]);
        assert!(short.unwrap_err().to_string().contains("grouping 'brand'"));
        assert!(Hierarchy::new(&[], &[]).is_err());
        // Series that never erred are no trouble.
        let still =
            reconcile(&hierarchy, &[vec![1.0; 9]], Some(&vec![vec![0.0; 5]; 9]), Weighting::MintShrink).unwrap();
        assert!(still.mean[0].iter().all(|value| value.is_finite()));
    }
}
