//! A table with a vector for each id. Gradients are kept by row, or whole if the table is also used elsewhere.

use crate::layers::linear::add;
use crate::params::{Builder, Gradients, Init, ParamId, Params};
use crate::{Matrix, NeuralError, View};

#[derive(Clone, Debug)]
pub struct Embedding {
    pub table: ParamId,
    pub n: usize,
    pub dim: usize,
}

impl Embedding {
    /// Parameter `NAME.table`, gradients by row.
    ///
    /// # Errors
    /// As [`Builder::param`].
    pub fn new(builder: &mut Builder, name: &str, n: usize, dim: usize, init: Init) -> Result<Self, NeuralError> {
        Ok(Embedding { table: builder.table(&format!("{name}.table"), n, dim, init)?, n, dim })
    }

    /// Parameter `NAME.table`, gradients kept whole: for a table that is also the weight of a readout.
    ///
    /// # Errors
    /// As [`Builder::param`].
    pub fn shared(builder: &mut Builder, name: &str, n: usize, dim: usize, init: Init) -> Result<Self, NeuralError> {
        Ok(Embedding { table: builder.param(&format!("{name}.table"), n, dim, init)?, n, dim })
    }

    /// A row for each id. Shape: (n_ids, dim).
    ///
    /// # Panics
    /// If an id is not below `n`.
    pub fn forward(&self, params: &Params, ids: &[u32]) -> Matrix {
        let table = params.value(self.table);
        let mut out = Matrix::zeros(ids.len(), self.dim);
        for (at, &id) in ids.iter().enumerate() {
            out.row_mut(at).copy_from_slice(table.row(id as usize));
        }
        out
    }

    /// Adds the gradient by the rows, in the order of the ids.
    pub fn backward(&self, gradients: &mut Gradients, ids: &[u32], by_out: View) {
        for (at, &id) in ids.iter().enumerate() {
            add(gradients.row_mut(self.table, id as usize), by_out.row(at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_gradients, random_matrix};

    #[test]
    fn gradients_are_those_of_differences() {
        for shared in [false, true] {
            let mut builder = Builder::fresh(1);
            let make = if shared { Embedding::shared } else { Embedding::new };
            let embedding = make(&mut builder, "words", 6, 3, Init::Normal(1.0)).unwrap();
            let params = builder.finish();
            let ids = [4, 0, 4, 5];
            let weights = random_matrix(4, 3, 1.0, 2);
            let loss = |params: &Params| {
                let out = embedding.forward(params, &ids);
                out.values.iter().zip(&weights.values).map(|(y, w)| f64::from(y * w)).sum()
            };
            let mut gradients = Gradients::zeros(&params);
            embedding.backward(&mut gradients, &ids, weights.view());
            assert_gradients(&params, &gradients, loss);
        }
    }
}
