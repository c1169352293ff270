//! Nelder and Mead's simplex search inside a box, with the coefficients of Gao and Han (2012) that depend on the number of
//! parameters. For functions of a few parameters without gradients; it finds a local minimum.

/// What a search ends with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<const N: usize> {
    pub at: [f64; N],
    pub value: f64,
}

/// When a search stops.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stop {
    /// The standard deviation of the function over the simplex.
    pub spread: f64,
    pub n_iterations_max: usize,
}

/// Points outside the box are moved to its nearest side.
pub(crate) fn nelder_mead<const N: usize>(
    mut function: impl FnMut(&[f64; N]) -> f64,
    start: [f64; N],
    bounds: [(f64, f64); N],
    stop: Stop,
) -> Found<N> {
    let clamp = |x: [f64; N]| std::array::from_fn(|i| x[i].clamp(bounds[i].0, bounds[i].1));
    let n = N as f64;
    let (expand, contract, shrink) = (1.0 + 2.0 / n, 0.75 - 1.0 / (2.0 * n), 1.0 - 1.0 / n);
    let start: [f64; N] = clamp(start);
    let mut simplex: Vec<[f64; N]> = vec![start; N + 1];
    for (i, vertex) in simplex.iter_mut().take(N).enumerate() {
        vertex[i] = if vertex[i] == 0.0 { 1e-4 } else { vertex[i] * 1.05 };
        *vertex = clamp(*vertex);
    }
    let mut values: Vec<f64> = simplex.iter().map(&mut function).collect();
    let mut best = ranks(&values).0;
    for _ in 0..stop.n_iterations_max {
        if spread(&values) < stop.spread {
            break;
        }
        let (second, worst);
        (best, second, worst) = ranks(&values);
        let centre: [f64; N] =
            std::array::from_fn(|k| (simplex.iter().map(|x| x[k]).sum::<f64>() - simplex[worst][k]) / n);
        let towards = |x: &[f64; N], by: f64| clamp(std::array::from_fn(|k| centre[k] + by * (x[k] - centre[k])));
        let reflected: [f64; N] = clamp(std::array::from_fn(|k| centre[k] + (centre[k] - simplex[worst][k])));
        let value = function(&reflected);
        let mut better = None;
        if values[best] <= value && value < values[second] {
            better = Some((reflected, value));
        } else if value < values[best] {
            let further = towards(&reflected, expand);
            let value_further = function(&further);
            better = Some(if value_further < value { (further, value_further) } else { (reflected, value) });
        } else if values[second] <= value && value < values[worst] {
            let nearer = towards(&reflected, contract);
            let value_nearer = function(&nearer);
            better = (value_nearer <= value).then_some((nearer, value_nearer));
        } else {
            let inside = towards(&reflected, -contract);
            let value_inside = function(&inside);
            better = (value_inside < values[worst]).then_some((inside, value_inside)).or(better);
        }
        if let Some((x, value)) = better {
            (simplex[worst], values[worst]) = (x, value);
            continue;
        }
        let around = simplex[best];
        for j in (0..=N).filter(|j| *j != best) {
            simplex[j] = clamp(std::array::from_fn(|k| around[k] + shrink * (simplex[j][k] - around[k])));
            values[j] = function(&simplex[j]);
        }
    }
    if values.iter().any(|value| *value < values[best]) {
        best = ranks(&values).0;
    }
    Found { at: simplex[best], value: values[best] }
}

/// The best, the second worst and the worst.
fn ranks(values: &[f64]) -> (usize, usize, usize) {
    let (mut best, mut worst) = (0, 0);
    for (at, value) in values.iter().enumerate() {
        if *value < values[best] {
            best = at;
        }
        // Of equals the last is the worst, as in a stable sort.
        if *value >= values[worst] {
            worst = at;
        }
    }
    let mut second = if worst == 0 { 1 } else { 0 };
    for (at, value) in values.iter().enumerate() {
        if at != worst && *value >= values[second] {
            second = at;
        }
    }
    (best, second, worst)
}

fn spread(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rosenbrock_is_minimised_inside_and_at_the_side_of_a_box() {
        let valley = |x: &[f64; 2]| 100.0 * (x[1] - x[0] * x[0]).powi(2) + (1.0 - x[0]).powi(2);
        let stop = Stop { spread: 1e-12, n_iterations_max: 2000 };
        let free = nelder_mead(valley, [-1.2, 1.0], [(-5.0, 5.0); 2], stop);
        assert!((free.at[0] - 1.0).abs() < 1e-4 && (free.at[1] - 1.0).abs() < 1e-4, "{free:?}");
        let held = nelder_mead(valley, [-1.2, 1.0], [(-5.0, 0.5), (-5.0, 5.0)], stop);
        assert!((held.at[0] - 0.5).abs() < 1e-4 && (held.at[1] - 0.25).abs() < 1e-3, "{held:?}");
    }

    #[test]
    fn ranks_are_those_of_a_sort() {
        assert_eq!(ranks(&[3.0, 1.0, 2.0]), (1, 2, 0));
        assert_eq!(ranks(&[1.0, 2.0, 3.0, 0.0]), (3, 1, 2));
    }
}
