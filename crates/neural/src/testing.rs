//! For tests of layers, here and in the crates above: gradients against finite differences. Not for use in models.
//!
//! The tolerance: a loss summed in double precision over single-precision layers carries a relative error of about
//! 1e-6; a difference over ± h divides it by 2 h and adds an error of h² times the third derivative. With h = 1e-2 on
//! parameters of size about 1 both stay below 1e-3 of the gradient's typical size, whereas a wrong term shows at its own
//! size. Each element is therefore allowed 2e-2 of its own size plus 1e-2 of its parameter's root mean square; and the
//! slope along random directions, where errors average out, 1e-2.

use math::Random;

use crate::Matrix;
use crate::params::{Gradients, ParamId, Params};

/// Elements tried for each parameter.
const TRIED: usize = 24;

/// Uniform within ± `size`.
pub fn random_matrix(n_rows: usize, n_cols: usize, size: f32, seed: u64) -> Matrix {
    let mut random = Random::new(seed);
    let values = (0..n_rows * n_cols).map(|_| (random.uniform() * 2.0 - 1.0) as f32 * size).collect();
    Matrix { n_rows, n_cols, values }
}

/// Checks gradients of `loss` by each parameter, element by element and along random directions.
///
/// # Panics
/// If one is wrong, saying which.
pub fn assert_gradients(params: &Params, gradients: &Gradients, loss: impl Fn(&Params) -> f64) {
    let mut random = Random::new(17);
    let ids: Vec<ParamId> = params.iter().map(|(id, _)| id).collect();
    for &id in &ids {
        elements(params, gradients, &loss, id, &mut random);
    }
    for &id in &ids {
        direction(params, gradients, &loss, id, &mut random);
    }
}

const H: f32 = 1e-2;

fn elements(params: &Params, gradients: &Gradients, loss: &impl Fn(&Params) -> f64, id: ParamId, random: &mut Random) {
    let name = &params.iter().nth(id.0).expect("a parameter").1.name;
    let (n_rows, n_cols) = (params.value(id).n_rows, params.value(id).n_cols);
    let n = n_rows * n_cols;
    let typical = root_mean_square(gradients, id, n_rows, n_cols);
    for at in 0..TRIED.min(n) {
        let element = if n <= TRIED { at } else { random.below(n) };
        let (row, col) = (element / n_cols, element % n_cols);
        let moved = |by: f32| {
            let mut params = params.clone();
            params.value_mut(id).values[element] += by;
            loss(&params)
        };
        let found = (moved(H) - moved(-H)) / f64::from(2.0 * H);
        let expected = f64::from(gradients.at(id, row, col));
        let allowed = 2e-2 * expected.abs() + 1e-2 * typical + 1e-5;
        assert!(
            (found - expected).abs() <= allowed,
            "{name}[{row}, {col}]: backward says {expected}, differences say {found} (typical size {typical})"
        );
    }
}

fn direction(params: &Params, gradients: &Gradients, loss: &impl Fn(&Params) -> f64, id: ParamId, random: &mut Random) {
    let (name, n_cols) = (&params.iter().nth(id.0).expect("a parameter").1.name, params.value(id).n_cols);
    let n = params.value(id).values.len();
    // Along the gradient itself and a random part, so that the slope is far from 0 where the gradient is.
    let typical = root_mean_square(gradients, id, params.value(id).n_rows, n_cols).max(1e-12);
    let toward: Vec<f64> = (0..n)
        .map(|at| f64::from(gradients.at(id, at / n_cols, at % n_cols)) / typical + random.uniform() - 0.5)
        .collect();
    let length = toward.iter().map(|value| value * value).sum::<f64>().sqrt().max(1e-12);
    let moved = |by: f64| {
        let mut params = params.clone();
        for (value, toward) in params.value_mut(id).values.iter_mut().zip(&toward) {
            *value += (by * toward / length) as f32;
        }
        loss(&params)
    };
    let found = (moved(1e-2) - moved(-1e-2)) / 2e-2;
    let slope = |(at, toward): (usize, &f64)| toward / length * f64::from(gradients.at(id, at / n_cols, at % n_cols));
    let expected: f64 = toward.iter().enumerate().map(slope).sum();
    assert!(
        (found - expected).abs() <= 1e-2 * expected.abs() + 1e-4,
        "{name} along its gradient: backward says {expected}, differences say {found}"
    );
}

fn root_mean_square(gradients: &Gradients, id: ParamId, n_rows: usize, n_cols: usize) -> f64 {
    let square = |at: usize| f64::from(gradients.at(id, at / n_cols, at % n_cols)).powi(2);
    ((0..n_rows * n_cols).map(square).sum::<f64>() / (n_rows * n_cols).max(1) as f64).sqrt()
}
