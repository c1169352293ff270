//! The function that fitting minimises: the mean negative log-likelihood of grouped customers plus a penalty, over the
//! logarithms of the four parameters and the effects of the covariates, with its gradient.

use rayon::prelude::*;

use super::Process;
use super::beta_geometric::{self, Tables};
use super::histories::Groups;
use super::pareto;

/// Groups that one thread sums before the sums are put together, in order: the result does not depend on the threads.
const CHUNK: usize = 4096;

pub(super) struct Objective<'a> {
    pub process: Process,
    pub groups: &'a Groups,
    pub on_leaving: bool,
    /// Times the sum of squares of parameters and effects, per customer; as `lifetimes` has it.
    pub penalty: f64,
    frequency_max: u32,
    n_customers: f64,
}

impl<'a> Objective<'a> {
    pub fn new(process: Process, groups: &'a Groups, on_leaving: bool, penalty: f64) -> Self {
        let frequency_max = groups.frequency.iter().copied().max().unwrap_or(0);
        let n_customers = groups.n.iter().sum();
        Objective { process, groups, on_leaving, penalty, frequency_max, n_customers }
    }

    /// Four parameters, the effects on buying, the effects on leaving.
    pub fn n_variables(&self) -> usize {
        4 + self.groups.n_columns * (1 + usize::from(self.on_leaving))
    }

    /// At `point`, shape (n_variables), of which the first four are logarithms; the gradient is written.
    pub fn value(&self, point: &[f64], gradient: &mut [f64]) -> f64 {
        let natural: [f64; 4] = std::array::from_fn(|at| point[at].exp());
        let tables = match self.process {
            Process::ParetoNbd => Tables::of_rate(natural[0], self.frequency_max),
            Process::BgNbd | Process::MbgNbd => Tables::new(&natural, self.frequency_max),
        };
        let part = |from: usize| self.sum(from, (from + CHUNK).min(self.groups.len()), point, &natural, &tables);
        let starts: Vec<usize> = (0..self.groups.len()).step_by(CHUNK).collect();
        let parts: Vec<Vec<f64>> = if starts.len() < 4 {
            starts.into_iter().map(part).collect()
        } else {
            starts.into_par_iter().map(part).collect()
        };
        let mut total = vec![0.0; point.len() + 1];
        for part in parts {
            total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
        }
        let (sum, slopes) = total.split_last().expect("one more than the variables");
        let mut value = -sum / self.n_customers;
        for (at, entry) in gradient.iter_mut().enumerate() {
            let (by_natural, kept) = if at < 4 { (natural[at], natural[at]) } else { (1.0, point[at]) };
            *entry = by_natural * (2.0 * self.penalty * kept - slopes[at] / self.n_customers);
            value += self.penalty * kept * kept;
        }
        value
    }

    /// Over groups `from..to`: the derivatives by the natural parameters and the effects, then the log-likelihood.
    fn sum(&self, from: usize, to: usize, point: &[f64], natural: &[f64; 4], tables: &Tables) -> Vec<f64> {
        let k = self.groups.n_columns;
        let (leaving, sign) = self.process.leaving();
        let mut sums = vec![0.0; point.len() + 1];
        let mut slopes = [0.0; 4];
        for at in from..to {
            let mut own = *natural;
            let (mut buying_factor, mut leaving_factor) = (1.0, 1.0);
            let row = self.groups.row(at);
            if k > 0 {
                buying_factor = (-dot(row, &point[4..4 + k])).exp();
                own[1] *= buying_factor;
                if self.on_leaving {
                    leaving_factor = (sign * dot(row, &point[4 + k..])).exp();
                    own[leaving] *= leaving_factor;
                }
            }
            let history = (self.groups.frequency[at], self.groups.recency[at], self.groups.age[at]);
            let value = match self.process {
                Process::ParetoNbd => pareto::log_likelihood(&own, tables, history, &mut slopes),
                process => beta_geometric::log_likelihood(
                    &own,
                    tables,
                    process.first_chances(),
                    self.on_leaving,
                    history,
                    &mut slopes,
                ),
            };
            let n = self.groups.n[at];
            sums[point.len()] += n * value;
            if k > 0 {
                for (column, z) in row.iter().enumerate() {
                    sums[4 + column] -= n * z * own[1] * slopes[1];
                    if self.on_leaving {
                        sums[4 + k + column] += n * z * sign * own[leaving] * slopes[leaving];
                    }
                }
                slopes[1] *= buying_factor;
                slopes[leaving] *= leaving_factor;
            }
            for (sum, slope) in sums.iter_mut().zip(slopes) {
                *sum += n * slope;
            }
        }
        sums
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
