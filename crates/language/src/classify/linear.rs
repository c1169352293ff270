//! Linear models of several classes over rows: one plane for two classes, one against the rest for more, or all together
//! by the multinomial logistic loss. Which side and how far; not how sure: see [`calibrate`](super::calibrate).

use math::Csr;
use rayon::prelude::*;

use super::points::Rows;
use super::svm::{self, Loss, Walk};
use super::{Run, lanes, maxent};
use crate::LanguageError;

/// How weights are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// One plane a class, against the rest.
    OneVsRest(Loss),
    /// All classes together, by the multinomial logistic loss.
    Maxent,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    pub method: Method,
    /// What errors cost against large weights.
    pub c: f64,
    /// Rows of class k cost n / (classes · rows of class k) times more.
    pub balanced: bool,
    /// How far columns' freedom follows squared log-count ratios: 0 not, 1 as NB-SVM.
    pub nb: f64,
    pub tolerance: f64,
    pub max_iterations: usize,
}

impl Default for Wanted {
    fn default() -> Self {
        Wanted {
            method: Method::OneVsRest(Loss::SquaredHinge),
            c: 1.0,
            balanced: false,
            nb: 0.0,
            tolerance: 0.01,
            max_iterations: 300,
        }
    }
}

/// Weights learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    /// At least 2.
    pub n_classes: usize,
    pub n_columns: usize,
    /// Shape: (n_columns, n_outputs): an output for each class, or for two classes one, positive for the second.
    pub weights: Vec<f32>,
    /// Shape: (n_outputs).
    pub bias: Vec<f32>,
}

impl Linear {
    pub fn n_outputs(&self) -> usize {
        outputs(self.n_classes)
    }

    /// Adds `row · weights + bias` up. Shape of `scores`: (n_outputs).
    pub fn scores(&self, row: impl Iterator<Item = (u32, f32)>, scores: &mut Vec<f64>) {
        let n = self.n_outputs();
        scores.clear();
        scores.extend(self.bias.iter().map(|&bias| f64::from(bias)));
        for (column, value) in row {
            let weights = &self.weights[column as usize * n..(column as usize + 1) * n];
            for (score, &weight) in scores.iter_mut().zip(weights) {
                *score += f64::from(weight) * f64::from(value);
            }
        }
    }
}

/// One output tells two classes apart.
pub(crate) fn outputs(n_classes: usize) -> usize {
    if n_classes == 2 { 1 } else { n_classes }
}

/// The class of the largest score; of the first of equals.
pub fn class_of(scores: &[f64]) -> usize {
    if let [score] = scores {
        return usize::from(*score > 0.0);
    }
    let mut best = 0;
    for (class, score) in scores.iter().enumerate() {
        if *score > scores[best] {
            best = class;
        }
    }
    best
}

/// Learns from rows in `which`. Shape of `labels`: (n_rows), each below `n_classes`; of `weights`, if given: (n_rows),
/// what each row counts.
///
/// # Errors
/// If there are fewer than two classes, numbers are out of range, or `run.progress` says to stop.
pub fn fit<R: Rows>(
    rows: &R,
    labels: &[u32],
    n_classes: usize,
    weights: Option<&[f32]>,
    which: &[u32],
    wanted: &Wanted,
    run: &Run,
) -> Result<Linear, LanguageError> {
    check(rows, labels, n_classes, weights, which, wanted)?;
    let costs = costs(labels, n_classes, weights, which, wanted);
    if wanted.method == Method::Maxent && n_classes > 2 {
        return maxent::fit(rows, labels, n_classes, &costs, which, wanted, run);
    }
    let loss = match wanted.method {
        Method::OneVsRest(loss) => loss,
        // Of two classes there is one plane.
        Method::Maxent => Loss::Logistic,
    };
    let has_lanes = n_classes >= 8 && wanted.nb == 0.0 && wanted.tolerance >= lanes::TOLERANCE_MIN;
    if has_lanes && loss != Loss::Logistic {
        return lanes::fit(rows, labels, n_classes, &costs, which, wanted, run);
    }
    let one = |output: usize| -> Option<(Vec<f32>, f32)> {
        let positive = if n_classes == 2 { 1 } else { output as u32 };
        let is_positive = |row: usize| labels[row] == positive;
        let scale = (wanted.nb > 0.0).then(|| freedom(rows, which, &is_positive, wanted.nb));
        let walk = Walk {
            tolerance: wanted.tolerance,
            max_iterations: wanted.max_iterations,
            seed: run.seed.wrapping_add(output as u64),
        };
        let go_on = || run.goes_on(0.0);
        let sides = svm::Sides { which, is_positive: &is_positive, costs: &|row| costs[row] };
        let plane = svm::plane(rows, &sides, scale.as_deref(), loss, &walk, &go_on)?;
        Some((plane.weights.iter().map(|&weight| weight as f32).collect(), plane.bias as f32))
    };
    let n_outputs = outputs(n_classes);
    let planes: Option<Vec<(Vec<f32>, f32)>> = (0..n_outputs).into_par_iter().map(one).collect();
    let planes = planes.ok_or(LanguageError::Cancelled)?;
    let bias = planes.iter().map(|plane| plane.1).collect();
    let weights = if n_outputs == 1 {
        planes.into_iter().next().expect("one plane").0
    } else {
        let mut weights = vec![0f32; rows.n_cols() * n_outputs];
        for (output, (plane, _)) in planes.iter().enumerate() {
            plane.iter().enumerate().for_each(|(column, &weight)| weights[column * n_outputs + output] = weight);
        }
        weights
    };
    Ok(Linear { n_classes, n_columns: rows.n_cols(), weights, bias })
}

fn check<R: Rows>(
    rows: &R,
    labels: &[u32],
    n_classes: usize,
    weights: Option<&[f32]>,
    which: &[u32],
    wanted: &Wanted,
) -> Result<(), LanguageError> {
    let n = rows.n_rows();
    if n_classes < 2 {
        return Err(LanguageError::unfit("classes", n_classes, "at least 2"));
    }
    if labels.len() != n {
        return Err(LanguageError::unfit("labels", labels.len(), format!("one for each of {n} rows")));
    }
    if let Some(label) = labels.iter().find(|&&label| label as usize >= n_classes) {
        return Err(LanguageError::unfit("label", label, format!("below the number of classes, {n_classes}")));
    }
    if let Some(row) = which.iter().find(|&&row| row as usize >= n) {
        return Err(LanguageError::unfit("row", row, format!("below the number of rows, {n}")));
    }
    if weights.is_some_and(|weights| weights.len() != n || weights.iter().any(|w| !(w.is_finite() && *w > 0.0))) {
        return Err(LanguageError::unfit("row weights", "others", format!("{n} numbers above 0")));
    }
    if !(wanted.c.is_finite() && wanted.c > 0.0) {
        return Err(LanguageError::unfit("c", wanted.c, "a number above 0"));
    }
    if !(0.0..=1.0).contains(&wanted.nb) {
        return Err(LanguageError::unfit("nb", wanted.nb, "0 to 1"));
    }
    if !(wanted.tolerance > 0.0 && wanted.tolerance.is_finite()) {
        return Err(LanguageError::unfit("tolerance", wanted.tolerance, "a number above 0"));
    }
    Ok(())
}

/// What each row's error costs. Shape: (n_rows).
fn costs(labels: &[u32], n_classes: usize, weights: Option<&[f32]>, which: &[u32], wanted: &Wanted) -> Vec<f64> {
    let mut counts = vec![0usize; n_classes];
    which.iter().for_each(|&row| counts[labels[row as usize] as usize] += 1);
    let of_class = |class: u32| {
        let count = counts[class as usize].max(1) as f64;
        if wanted.balanced { which.len() as f64 / (n_classes as f64 * count) } else { 1.0 }
    };
    let weight = |row: usize| weights.map_or(1.0, |weights| f64::from(weights[row]));
    labels.iter().enumerate().map(|(row, &label)| wanted.c * of_class(label) * weight(row)).collect()
}

/// (1 − nb) + nb · r², r the log of how much more a column occurs among positive rows (Wang and Manning 2012, section
/// 2.1, with values instead of indicators). Shape: (n_cols).
fn freedom<R: Rows>(rows: &R, which: &[u32], is_positive: &dyn Fn(usize) -> bool, nb: f64) -> Vec<f32> {
    let mut sums = vec![[1f32; 2]; rows.n_cols()];
    for &row in which {
        let side = usize::from(is_positive(row as usize));
        rows.each(row as usize, |column, value| sums[column][side] += value.abs());
    }
    let totals = sums.iter().fold([0f64; 2], |[x, y], sum| [x + f64::from(sum[0]), y + f64::from(sum[1])]);
    let between = (totals[1] / totals[0]).ln();
    let of = |sum: &[f32; 2]| (1.0 - nb + nb * (f64::from(sum[1] / sum[0]).ln() - between).powi(2)) as f32;
    sums.iter().map(of).collect()
}

/// Scores of all rows. Shape: (n_rows, n_outputs).
pub fn scores_of(rows: &Csr, linear: &Linear) -> Vec<f64> {
    let n = linear.n_outputs();
    let mut scores = vec![0f64; rows.n_rows * n];
    scores.par_chunks_mut(n).enumerate().for_each_init(Vec::new, |own, (row, place)| {
        let (columns, values) = rows.row(row);
        linear.scores(columns.iter().copied().zip(values.iter().copied()), own);
        place.copy_from_slice(own);
    });
    scores
}
