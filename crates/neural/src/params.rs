//! What a network learns: an ordered, named list of matrices, and beside it their gradients. [`Builder`] makes the list
//! from random numbers or from a checkpoint by the same calls, so a model is described once.
//!
//! Gradients of tables of which a batch touches few rows (embeddings) are kept by row. What is not here: moments; see
//! [`crate::adam`].

use math::Random;
use rayon::prelude::*;

use crate::checkpoint::Archive;
use crate::math_functions::widest;
use crate::{Matrix, NeuralError};

/// Which parameter: an index into [`Params`] and into all that stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ParamId(pub(crate) usize);

impl ParamId {
    pub fn index(self) -> usize {
        self.0
    }
}

/// One parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    pub name: String,
    pub value: Matrix,
    /// Whether a batch gives gradients to few of its rows, which are then kept by row.
    pub by_row: bool,
}

/// Values that a task works on.
const CHUNK: usize = 1 << 14;

/// All that a network learns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params {
    list: Vec<Param>,
}

impl Params {
    pub fn push(&mut self, name: &str, value: Matrix, by_row: bool) -> ParamId {
        self.list.push(Param { name: name.to_owned(), value, by_row });
        ParamId(self.list.len() - 1)
    }

    pub fn value(&self, id: ParamId) -> &Matrix {
        &self.list[id.0].value
    }

    pub fn value_mut(&mut self, id: ParamId) -> &mut Matrix {
        &mut self.list[id.0].value
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ParamId, &Param)> {
        self.list.iter().enumerate().map(|(at, param)| (ParamId(at), param))
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn n_values(&self) -> usize {
        self.list.iter().map(|param| param.value.values.len()).sum()
    }

    /// Every value moves by the part `weight` of its way to that of `other`: called after each step with the parameters
    /// being learned, this keeps a running mean of them (Polyak and Juditsky 1992).
    ///
    /// # Panics
    /// If `other` has other parameters.
    pub fn move_towards(&mut self, other: &Params, weight: f32) {
        assert_eq!(self.list.len(), other.list.len(), "parameters");
        for (to, from) in self.list.iter_mut().zip(&other.list) {
            assert_eq!(to.value.values.len(), from.value.values.len(), "values of '{}'", to.name);
            let chunks = to.value.values.par_chunks_mut(CHUNK).zip(from.value.values.par_chunks(CHUNK));
            chunks.for_each(|(to, from)| move_towards(to, from, weight));
        }
    }
}

fn move_towards(to: &mut [f32], from: &[f32], weight: f32) {
    widest!(move_towards_pass(to: &mut [f32], from: &[f32], weight: f32) -> ())
}

#[inline(always)]
fn move_towards_pass(to: &mut [f32], from: &[f32], weight: f32) {
    to.iter_mut().zip(from).for_each(|(to, &from)| *to = (from - *to).mul_add(weight, *to));
}

/// A gradient: of the loss by each value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Gradient {
    Dense(Matrix),
    Rows(RowGradient),
}

/// A gradient that is 0 outside some rows.
#[derive(Clone, Debug, PartialEq)]
pub struct RowGradient {
    n_cols: usize,
    /// The rows, in the order in which they were first touched.
    touched: Vec<u32>,
    /// For each row where it stands in `values`, plus one; 0 if nowhere.
    place: Vec<u32>,
    /// Shape: (number touched, n_cols).
    values: Vec<f32>,
}

impl RowGradient {
    pub fn new(n_rows: usize, n_cols: usize) -> Self {
        RowGradient { n_cols, touched: Vec::new(), place: vec![0; n_rows], values: Vec::new() }
    }

    /// The gradient of a row, 0 so far if it was not touched.
    pub fn row_mut(&mut self, row: usize) -> &mut [f32] {
        if self.place[row] == 0 {
            self.touched.push(row as u32);
            self.place[row] = self.touched.len() as u32;
            self.values.resize(self.touched.len() * self.n_cols, 0.0);
        }
        let at = self.place[row] as usize - 1;
        &mut self.values[at * self.n_cols..(at + 1) * self.n_cols]
    }

    /// The gradient of a row, if it was touched.
    pub fn row(&self, row: usize) -> Option<&[f32]> {
        let at = (self.place[row] as usize).checked_sub(1)?;
        Some(&self.values[at * self.n_cols..(at + 1) * self.n_cols])
    }

    /// The rows touched, in the order in which they were first touched.
    pub fn touched(&self) -> &[u32] {
        &self.touched
    }

    /// The gradients of the touched rows. Shape: (number touched, n_cols).
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    fn clear(&mut self) {
        for &row in &self.touched {
            self.place[row as usize] = 0;
        }
        self.touched.clear();
        self.values.clear();
    }
}

/// The gradients of all parameters, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients {
    list: Vec<Gradient>,
}

impl Gradients {
    pub fn zeros(params: &Params) -> Self {
        let zero = |param: &Param| {
            let (n_rows, n_cols) = (param.value.n_rows, param.value.n_cols);
            if param.by_row {
                Gradient::Rows(RowGradient::new(n_rows, n_cols))
            } else {
                Gradient::Dense(Matrix::zeros(n_rows, n_cols))
            }
        };
        Gradients { list: params.list.iter().map(zero).collect() }
    }

    pub fn get(&self, id: ParamId) -> &Gradient {
        &self.list[id.0]
    }

    /// The gradient of a parameter that is not kept by row.
    ///
    /// # Panics
    /// If it is kept by row.
    pub fn dense_mut(&mut self, id: ParamId) -> &mut Matrix {
        match &mut self.list[id.0] {
            Gradient::Dense(matrix) => matrix,
            Gradient::Rows(_) => panic!("the gradient of parameter {} is kept by row", id.0),
        }
    }

    /// A row of the gradient, however it is kept.
    pub fn row_mut(&mut self, id: ParamId, row: usize) -> &mut [f32] {
        match &mut self.list[id.0] {
            Gradient::Dense(matrix) => matrix.row_mut(row),
            Gradient::Rows(rows) => rows.row_mut(row),
        }
    }

    /// The gradient by one value.
    pub fn at(&self, id: ParamId, row: usize, col: usize) -> f32 {
        match &self.list[id.0] {
            Gradient::Dense(matrix) => matrix.row(row)[col],
            Gradient::Rows(rows) => rows.row(row).map_or(0.0, |row| row[col]),
        }
    }

    /// All become 0.
    pub fn clear(&mut self) {
        self.list.iter_mut().for_each(|gradient| match gradient {
            Gradient::Dense(matrix) => matrix.values.fill(0.0),
            Gradient::Rows(rows) => rows.clear(),
        });
    }

    /// Each list of values, in order: what is not there is 0.
    pub fn slices(&self) -> impl Iterator<Item = &[f32]> {
        self.list.iter().map(|gradient| match gradient {
            Gradient::Dense(matrix) => &matrix.values[..],
            Gradient::Rows(rows) => &rows.values[..],
        })
    }
}

/// How a parameter begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    Constant(f32),
    /// Uniform within ± the bound.
    Uniform(f32),
    /// Uniform within ± √(6 / (rows + columns)) (Glorot and Bengio 2010, eq. 16).
    Glorot,
    /// Normal with this standard deviation.
    Normal(f32),
}

impl Init {
    fn fill(self, matrix: &mut Matrix, random: &mut Random) {
        let bound = match self {
            Init::Constant(value) => return matrix.values.fill(value),
            Init::Normal(deviation) => {
                return matrix.values.fill_with(|| (normal(random) * f64::from(deviation)) as f32);
            }
            Init::Uniform(bound) => f64::from(bound),
            Init::Glorot => (6.0 / (matrix.n_rows + matrix.n_cols) as f64).sqrt(),
        };
        matrix.values.fill_with(|| ((random.uniform() * 2.0 - 1.0) * bound) as f32);
    }
}

/// Box and Muller 1958.
fn normal(random: &mut Random) -> f64 {
    let radius = (-2.0 * (1.0 - random.uniform()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.uniform()).cos()
}

/// Makes parameters, either new or those of a checkpoint.
pub struct Builder<'a> {
    params: Params,
    source: Source<'a>,
}

enum Source<'a> {
    Seed(u64),
    Archive(&'a Archive<'a>),
}

impl<'a> Builder<'a> {
    /// New parameters. Each draws from its own sequence, so that one more does not change the others.
    pub fn fresh(seed: u64) -> Self {
        Builder { params: Params::default(), source: Source::Seed(seed) }
    }

    /// The parameters of a checkpoint: each must be there with the shape asked for.
    pub fn of_archive(archive: &'a Archive<'a>) -> Self {
        Builder { params: Params::default(), source: Source::Archive(archive) }
    }

    /// A parameter whose gradient is kept whole.
    ///
    /// # Errors
    /// If the checkpoint has no such parameter of this shape; if the shape is too large for memory's addresses.
    pub fn param(&mut self, name: &str, n_rows: usize, n_cols: usize, init: Init) -> Result<ParamId, NeuralError> {
        self.make(name, n_rows, n_cols, init, false)
    }

    /// A parameter whose gradient is kept whole, and which begins at 0 but for what `fill` sets.
    ///
    /// # Errors
    /// As for [`Builder::param`].
    pub fn param_with(
        &mut self,
        name: &str,
        n_rows: usize,
        n_cols: usize,
        fill: impl FnOnce(&mut [f32]),
    ) -> Result<ParamId, NeuralError> {
        let id = self.make(name, n_rows, n_cols, Init::Constant(0.0), false)?;
        if matches!(self.source, Source::Seed(_)) {
            fill(&mut self.params.value_mut(id).values);
        }
        Ok(id)
    }

    /// A parameter whose gradient is kept by row.
    ///
    /// # Errors
    /// As for [`Builder::param`].
    pub fn table(&mut self, name: &str, n_rows: usize, n_cols: usize, init: Init) -> Result<ParamId, NeuralError> {
        self.make(name, n_rows, n_cols, init, true)
    }

    fn make(
        &mut self,
        name: &str,
        n_rows: usize,
        n_cols: usize,
        init: Init,
        by_row: bool,
    ) -> Result<ParamId, NeuralError> {
        if self.params.list.iter().any(|param| param.name == name) {
            return Err(NeuralError::unfit("parameter's name", name, "each name once"));
        }
        let value = match self.source {
            Source::Archive(archive) => archive.matrix(&format!("value/{name}"), n_rows, n_cols)?,
            Source::Seed(seed) => {
                if n_rows.checked_mul(n_cols).is_none_or(|n| n > 1 << 40) {
                    return Err(NeuralError::unfit("parameter's shape", format!("{n_rows} x {n_cols}"), "2^40 values"));
                }
                let mut value = Matrix::zeros(n_rows, n_cols);
                init.fill(&mut value, &mut Random::stream(seed, self.params.list.len() as u64));
                value
            }
        };
        Ok(self.params.push(name, value, by_row))
    }

    pub fn finish(self) -> Params {
        self.params
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_kept_in_the_order_of_their_touch_and_forgotten() {
        let mut rows = RowGradient::new(5, 2);
        rows.row_mut(3)[0] += 1.0;
        rows.row_mut(1)[1] += 2.0;
        rows.row_mut(3)[1] += 3.0;
        assert_eq!((rows.touched(), rows.values()), (&[3u32, 1][..], &[1.0, 3.0, 0.0, 2.0][..]));
        assert_eq!((rows.row(3), rows.row(0)), (Some(&[1.0f32, 3.0][..]), None));
        rows.clear();
        assert_eq!(rows, RowGradient::new(5, 2));
    }

    #[test]
    fn a_running_mean_moves_by_its_part_of_the_way() {
        let make = |value: f32| {
            let mut params = Params::default();
            params.push("a", Matrix::new(1, 3, vec![value, 2.0 * value, 0.0]).unwrap(), false);
            params.push("b", Matrix::new(1, 1, vec![-value]).unwrap(), true);
            params
        };
        let mut mean = make(1.0);
        mean.move_towards(&make(5.0), 0.25);
        assert_eq!(mean, make(2.0));
        mean.move_towards(&make(7.0), 1.0);
        assert_eq!(mean, make(7.0));
    }

    #[test]
    fn new_parameters_are_as_asked_for_and_repeatable() {
        let make = |seed| {
            let mut builder = Builder::fresh(seed);
            let ids = [Init::Constant(2.0), Init::Uniform(0.5), Init::Glorot, Init::Normal(3.0)]
                .map(|init| builder.param(&format!("{init:?}"), 100, 50, init).unwrap());
            (builder.finish(), ids)
        };
        let (params, ids) = make(1);
        assert_eq!(params, make(1).0);
        assert_ne!(params, make(2).0);
        let moment = |id: ParamId| {
            let values = &params.value(id).values;
            values.iter().map(|value| value * value).sum::<f32>() / values.len() as f32
        };
        // A uniform number within ±b has mean square b²/3. Within five standard deviations of 5,000 draws.
        for (id, expected) in ids.into_iter().zip([4.0, 0.25 / 3.0, 6.0 / 150.0 / 3.0, 9.0]) {
            assert!((moment(id) / expected - 1.0).abs() < 0.1, "{} {expected}", moment(id));
        }
        let largest = params.value(ids[1]).values.iter().fold(0f32, |a, b| a.max(b.abs()));
        assert!(largest <= 0.5 && largest > 0.49);
        let mut builder = Builder::fresh(1);
        builder.param("a", 1, 1, Init::Glorot).unwrap();
        assert!(builder.param("a", 1, 1, Init::Glorot).is_err());
        assert!(builder.param("b", usize::MAX, 2, Init::Glorot).is_err());
    }
}
