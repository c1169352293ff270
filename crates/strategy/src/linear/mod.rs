//! Ridge and logistic regression on the same columns as boosted trees: numbers are standardised, missing ones become the
//! mean and a column that says so, categories a column each. Not here: lasso, interactions, standard errors.
//!
//! Source: Hoerl and Kennard (1970); logistic regression by Newton's method with halved steps (Hastie, Tibshirani and
//! Friedman 2009, section 4.4.1) on the penalised likelihood, the intercept free.

mod solve;

use crate::StrategyError;
use crate::boost::{Feature, Features, Loss, MISSING, check_rows};

/// Columns of the design matrix at most; its Gram matrix has the square of this.
const COLUMNS_MAX: usize = 1000;
/// Levels of a category that have a column each, the most frequent ones.
const LEVELS_MAX: usize = 50;

/// What a model is learned with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearSettings {
    pub loss: Loss,
    /// Ridge on the coefficients of standardised columns, against the sum of the rows' losses.
    pub l2: f64,
    pub max_iterations: usize,
    /// Ends when no coefficient moves by more than this.
    pub tolerance: f64,
}

impl Default for LinearSettings {
    fn default() -> Self {
        LinearSettings { loss: Loss::Logistic, l2: 1.0, max_iterations: 50, tolerance: 1e-8 }
    }
}

/// How one feature becomes columns.
#[derive(Clone, Debug, PartialEq)]
enum Code {
    /// (x − mean) / scale, and, if any was missing, a column of 1 where it is.
    Number { mean: f64, scale: f64, has_missing: bool },
    /// A column a level, sorted.
    Category { levels: Vec<u32> },
}

impl Code {
    fn of(feature: &Feature) -> Self {
        match feature {
            Feature::Number(values) => {
                let known = || values.iter().copied().filter(|value| !value.is_nan());
                let n = known().count().max(1) as f64;
                let mean = known().sum::<f64>() / n;
                let variance = known().map(|value| (value - mean) * (value - mean)).sum::<f64>() / n;
                let scale = if variance > 0.0 { variance.sqrt() } else { 1.0 };
                Code::Number { mean, scale, has_missing: values.iter().any(|value| value.is_nan()) }
            }
            Feature::Category(codes) => {
                let mut sorted: Vec<u32> = codes.iter().copied().filter(|&code| code != MISSING).collect();
                sorted.sort_unstable();
                let mut counts: Vec<(usize, u32)> =
                    sorted.chunk_by(|a, b| a == b).map(|same| (same.len(), same[0])).collect();
                counts.sort_by_key(|&(count, code)| (std::cmp::Reverse(count), code));
                let mut levels: Vec<u32> = counts.into_iter().take(LEVELS_MAX).map(|(_, code)| code).collect();
                levels.sort_unstable();
                Code::Category { levels }
            }
        }
    }

    fn n_columns(&self) -> usize {
        match self {
            Code::Number { has_missing, .. } => 1 + usize::from(*has_missing),
            Code::Category { levels } => levels.len(),
        }
    }

    fn write(&self, feature: &Feature, row: usize, out: &mut [f64]) -> Option<()> {
        match (self, feature) {
            (Code::Number { mean, scale, .. }, Feature::Number(values)) => {
                let value = values[row];
                out[0] = if value.is_nan() { 0.0 } else { (value - mean) / scale };
                if let Some(is_missing) = out.get_mut(1) {
                    *is_missing = f64::from(value.is_nan());
                }
                Some(())
            }
            (Code::Category { levels }, Feature::Category(codes)) => {
                out.fill(0.0);
                if let Ok(at) = levels.binary_search(&codes[row]) {
                    out[at] = 1.0;
                }
                Some(())
            }
            _ => None,
        }
    }
}

/// A learned linear model.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    loss: Loss,
    names: Vec<String>,
    codes: Vec<Code>,
    /// Intercept first. Shape: (n_columns + 1).
    coefficients: Vec<f64>,
    /// Whether the last step was small enough; otherwise the model is the best found.
    pub has_converged: bool,
    pub n_iterations: usize,
    /// Whether the scores put every row of outcome 1 above every row of outcome 0: then the likelihood has no maximum, and
    /// only the ridge keeps the coefficients finite.
    pub is_separated: bool,
}

impl Linear {
    /// Learns from `features`, `target` and `weights` (1 each if none). Shapes: (n_rows).
    ///
    /// # Errors
    /// If lengths or values do not fit, as for boosted trees, or there are more than 1,000 columns with the categories'.
    pub fn fit(
        features: &Features,
        target: &[f64],
        weights: Option<&[f64]>,
        settings: &LinearSettings,
    ) -> Result<Self, StrategyError> {
        check_rows(features.n_rows(), target, weights, settings.loss)?;
        if !(settings.l2 >= 0.0 && settings.l2.is_finite()) {
            return Err(StrategyError::unfit("l2", settings.l2, "a finite number, 0 or more"));
        }
        let codes: Vec<Code> = features.columns().iter().map(Code::of).collect();
        let n_columns = 1 + codes.iter().map(Code::n_columns).sum::<usize>();
        if n_columns > COLUMNS_MAX {
            let allowed = format!("at most {COLUMNS_MAX}, a category counting as many as it has levels");
            return Err(StrategyError::unfit("columns of a linear model", n_columns, allowed));
        }
        let mut model = Linear {
            loss: settings.loss,
            names: features.names().to_vec(),
            codes,
            coefficients: vec![0.0; n_columns],
            has_converged: false,
            n_iterations: 0,
            is_separated: false,
        };
        let design = model.design(features)?;
        let problem = solve::Problem { design: &design, target, weights, settings, n_columns };
        let found = problem.solve();
        model.coefficients = found.coefficients;
        model.has_converged = found.has_converged;
        model.n_iterations = found.n_iterations;
        model.is_separated = settings.loss == Loss::Logistic && is_separated(&model.score(&design), target, weights);
        Ok(model)
    }

    /// What the target is expected to be: a probability or a value. Shape: (n_rows).
    ///
    /// # Errors
    /// If these are not the features that the model was learned from.
    pub fn predict(&self, features: &Features) -> Result<Vec<f64>, StrategyError> {
        let mut scores = self.score(&self.design(features)?);
        scores.iter_mut().for_each(|score| *score = self.loss.mean(*score));
        Ok(scores)
    }

    /// Intercept, then a coefficient a column, each by a standard deviation of its feature.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    fn score(&self, design: &[f64]) -> Vec<f64> {
        design.chunks_exact(self.coefficients.len()).map(|row| solve::dot(row, &self.coefficients)).collect()
    }

    /// Shape: (n_rows, n_columns + 1), a column of ones first.
    fn design(&self, features: &Features) -> Result<Vec<f64>, StrategyError> {
        if features.names() != self.names.as_slice() {
            let (found, allowed) = (features.names().join(", "), self.names.join(", "));
            return Err(StrategyError::unfit("features", found, allowed));
        }
        let width = self.coefficients.len();
        let mut design = vec![0.0; features.n_rows() * width];
        for (row, out) in design.chunks_exact_mut(width).enumerate() {
            out[0] = 1.0;
            let mut from = 1;
            for ((code, column), name) in self.codes.iter().zip(features.columns()).zip(&self.names) {
                let n = code.n_columns();
                code.write(column, row, &mut out[from..from + n]).ok_or_else(|| StrategyError::ColumnKind {
                    name: name.clone(),
                    found: if matches!(column, Feature::Number(_)) { "numbers" } else { "codes of categories" },
                    allowed: "the kind of column that the model was learned from",
                })?;
                from += n;
            }
        }
        Ok(design)
    }
}

fn is_separated(scores: &[f64], target: &[f64], weights: Option<&[f64]>) -> bool {
    let (mut least_yes, mut most_no) = (f64::INFINITY, f64::NEG_INFINITY);
    for (row, (&score, &y)) in scores.iter().zip(target).enumerate() {
        if weights.is_some_and(|weights| weights[row] == 0.0) {
            continue;
        }
        // A share between has both outcomes at one score.
        if y > 0.0 {
            least_yes = least_yes.min(score);
        }
        if y < 1.0 {
            most_no = most_no.max(score);
        }
    }
    least_yes.is_finite() && most_no.is_finite() && least_yes > most_no
}

#[cfg(test)]
mod tests {
    use super::*;
    use math::Random;

    fn features(columns: Vec<Feature>) -> Features {
        Features::new(columns.into_iter().enumerate().map(|(at, column)| (format!("x{at}"), column)).collect()).unwrap()
    }

    #[test]
    fn a_line_is_found_exactly() {
        let x: Vec<f64> = (0..50).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| 3.0 - 2.0 * x).collect();
        let settings = LinearSettings { loss: Loss::Squared, l2: 0.0, ..LinearSettings::default() };
        let model = Linear::fit(&features(vec![Feature::Number(x)]), &y, None, &settings).unwrap();
        let asked = model.predict(&features(vec![Feature::Number(vec![100.0, -7.0])])).unwrap();
        assert!((asked[0] + 197.0).abs() < 1e-8 && (asked[1] - 17.0).abs() < 1e-8, "{asked:?}");
        assert!(model.has_converged);
    }

    /// The maximum of the likelihood of a 2 × 2 table has a closed form: the groups' shares.
    #[test]
    fn shares_of_groups_are_the_maximum_of_the_likelihood() {
        let group: Vec<u32> = (0..100).map(|row| u32::from(row >= 40)).collect();
        let y: Vec<f64> = (0..100).map(|row| f64::from(!(10..70).contains(&row))).collect();
        let settings = LinearSettings { l2: 1e-9, ..LinearSettings::default() };
        let x = features(vec![Feature::Category(group)]);
        let found = Linear::fit(&x, &y, None, &settings).unwrap().predict(&x).unwrap();
        assert!((found[0] - 0.25).abs() < 1e-6 && (found[99] - 0.5).abs() < 1e-6, "{} {}", found[0], found[99]);
    }

    #[test]
    fn coefficients_are_recovered_with_missing_values() {
        let mut random = Random::new(1);
        let (mut a, mut b, mut y) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..40_000 {
            let (x, z) = (random.uniform(), random.uniform());
            let is_missing = random.uniform() < 0.2;
            let margin = 2.0 * x - 1.0 + if is_missing { 0.7 } else { 0.0 };
            y.push(f64::from(random.uniform() < Loss::Logistic.mean(margin)));
            a.push(x);
            b.push(if is_missing { f64::NAN } else { z });
        }
        let x = features(vec![Feature::Number(a.clone()), Feature::Number(b)]);
        let model = Linear::fit(&x, &y, None, &LinearSettings::default()).unwrap();
        // In units of the feature: its coefficient over its standard deviation, 12^(−1/2).
        let slope = model.coefficients()[1] * 12f64.sqrt();
        assert!(
            (slope - 2.0).abs() < 0.15 && (model.coefficients()[3] - 0.7).abs() < 0.1,
            "{:?}",
            model.coefficients()
        );
        assert!(model.has_converged && !model.is_separated);
    }

    #[test]
    fn weights_are_repeated_rows() {
        let x = features(vec![Feature::Number(vec![1.0, 2.0, 3.0, 4.0])]);
        let twice = features(vec![Feature::Number(vec![1.0, 2.0, 2.0, 3.0, 4.0, 4.0])]);
        let settings = LinearSettings { l2: 0.0, loss: Loss::Squared, ..LinearSettings::default() };
        let weighted = Linear::fit(&x, &[1.0, 5.0, 2.0, 7.0], Some(&[1.0, 2.0, 1.0, 2.0]), &settings).unwrap();
        let repeated = Linear::fit(&twice, &[1.0, 5.0, 5.0, 2.0, 7.0, 7.0], None, &settings).unwrap();
        for (a, b) in weighted.predict(&x).unwrap().iter().zip(repeated.predict(&x).unwrap()) {
            assert!((a - b).abs() < 1e-9);
        }
    }

    #[test]
    fn separation_and_collinear_columns_are_survived_and_told() {
        let x: Vec<f64> = (0..40).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|&x| f64::from(x >= 20.0)).collect();
        let both = features(vec![Feature::Number(x.clone()), Feature::Number(x)]);
        let model = Linear::fit(&both, &y, None, &LinearSettings::default()).unwrap();
        assert!(model.is_separated && model.has_converged);
        assert!(model.coefficients().iter().all(|c| c.abs() < 10.0), "{:?}", model.coefficients());
        // Without any ridge there is no answer but a finite one still comes back.
        let free = LinearSettings { l2: 0.0, ..LinearSettings::default() };
        let model = Linear::fit(&both, &y, None, &free).unwrap();
        assert!(model.is_separated && model.coefficients().iter().all(|c| c.is_finite()));
    }
}
