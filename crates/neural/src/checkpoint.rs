//! Networks as bytes: a safetensors file whose metadata say what it is. Holds parameters and, to go on learning, Adam's
//! moments and steps. Random numbers need no place in it: layers draw those of step `n` from the seed and `n` alone.
//!
//! Layout: tensors `value/NAME`, `first/NAME`, `second/NAME` in f32, little-endian; one metadata entry `tercet` with
//! JSON `{"format", "kind", "step", "meta"}`. Written the same, byte for byte, from the same values.
//! Reading trusts nothing: see [`Archive`].

use std::borrow::Cow;
use std::collections::HashMap;

use safetensors::{Dtype, SafeTensors, View as Tensor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::adam::{Adam, AdamOptions};
use crate::{Matrix, NeuralError, Params};

/// Raised when older programs could no longer read what is written.
const FORMAT: u32 = 1;
const ENTRY: &str = "tercet";

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    kind: String,
    /// Adam's steps.
    step: u64,
    meta: Value,
}

struct Written<'a> {
    shape: [usize; 2],
    matrix: &'a Matrix,
}

impl Tensor for Written<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.matrix.values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    fn data_len(&self) -> usize {
        self.matrix.values.len() * 4
    }
}

/// The bytes of a network. `kind` is the model's name, asked for again when it is read; `meta` what else it needs.
/// With `adam`, learning can go on from the bytes as if it had not stopped. `more` are further matrices by name.
pub fn to_bytes<'a>(
    kind: &str,
    meta: Value,
    params: &'a Params,
    adam: Option<&'a Adam>,
    more: &[(String, &'a Matrix)],
) -> Vec<u8> {
    let mut tensors: Vec<(String, Written<'a>)> = Vec::new();
    let mut add = |name: String, matrix: &'a Matrix| {
        tensors.push((name, Written { shape: [matrix.n_rows, matrix.n_cols], matrix }));
    };
    for (id, param) in params.iter() {
        add(format!("value/{}", param.name), &param.value);
        if let Some(adam) = adam {
            add(format!("first/{}", param.name), &adam.first[id.0]);
            add(format!("second/{}", param.name), &adam.second[id.0]);
        }
    }
    more.iter().for_each(|(name, matrix)| add(name.clone(), matrix));
    let header = Header { format: FORMAT, kind: kind.to_owned(), step: adam.map_or(0, Adam::step), meta };
    let entry = serde_json::to_string(&header).expect("a header is JSON");
    let entries = HashMap::from([(ENTRY.to_owned(), entry)]);
    safetensors::serialize(tensors, Some(entries)).expect("matrices fit their shapes and names are few")
}

/// A network's bytes, checked: no tensor is outside them, and memory is taken only for tensors that are there, in the
/// shape that was asked for.
pub struct Archive<'a> {
    tensors: SafeTensors<'a>,
    header: Header,
}

impl<'a> Archive<'a> {
    /// # Errors
    /// If the bytes are not such a file, are of another format, or of another kind than `kind`.
    pub fn open(bytes: &'a [u8], kind: &str) -> Result<Self, NeuralError> {
        let corrupt =
            |error: safetensors::SafeTensorError| NeuralError::Corrupt(format!("not a safetensors file: {error}"));
        let tensors = SafeTensors::deserialize(bytes).map_err(corrupt)?;
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(corrupt)?;
        let entry = metadata.metadata().as_ref().and_then(|entries| entries.get(ENTRY));
        let entry = entry.ok_or_else(|| NeuralError::Corrupt(format!("its metadata have no entry '{ENTRY}'")))?;
        let header: Header = serde_json::from_str(entry)
            .map_err(|error| NeuralError::Corrupt(format!("its entry '{ENTRY}' is not what was written: {error}")))?;
        if header.format != FORMAT {
            return Err(NeuralError::Corrupt(format!("found format {}, this program reads {FORMAT}", header.format)));
        }
        if header.kind != kind {
            return Err(NeuralError::Corrupt(format!("found a model of kind '{}', expected '{kind}'", header.kind)));
        }
        Ok(Archive { tensors, header })
    }

    pub fn meta(&self) -> &Value {
        &self.header.meta
    }

    /// Whether there is a tensor of this name, such as `first/NAME` of a checkpoint from which learning can go on.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.tensor(name).is_ok()
    }

    /// # Errors
    /// If there is no tensor of this name, shape and type, or one of its values is not finite.
    pub fn matrix(&self, name: &str, n_rows: usize, n_cols: usize) -> Result<Matrix, NeuralError> {
        let tensor =
            self.tensors.tensor(name).map_err(|_| NeuralError::Corrupt(format!("it has no tensor '{name}'")))?;
        if tensor.dtype() != Dtype::F32 || tensor.shape() != [n_rows, n_cols] {
            let found = format!("{:?} {:?}", tensor.dtype(), tensor.shape());
            return Err(NeuralError::Corrupt(format!("tensor '{name}' is {found}, expected F32 [{n_rows}, {n_cols}]")));
        }
        let values: Vec<f32> =
            tensor.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(NeuralError::Corrupt(format!("tensor '{name}' holds {value}, expected finite numbers")));
        }
        Matrix::new(n_rows, n_cols, values)
    }

    /// The moments of `params`, to go on learning.
    ///
    /// # Errors
    /// If a moment is missing or of another shape than its parameter.
    pub fn adam(&self, params: &Params, options: AdamOptions) -> Result<Adam, NeuralError> {
        let moments = |part: &str| {
            let read = |(_, param): (_, &crate::params::Param)| {
                self.matrix(&format!("{part}/{}", param.name), param.value.n_rows, param.value.n_cols)
            };
            params.iter().map(read).collect::<Result<Vec<_>, _>>()
        };
        let (first, second) = (moments("first")?, moments("second")?);
        if let Some(value) = second.iter().flat_map(|matrix| &matrix.values).find(|value| **value < 0.0) {
            return Err(NeuralError::Corrupt(format!("a mean of squares is {value}, expected 0 or more")));
        }
        Ok(Adam { options, step: self.header.step, first, second })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::{Builder, Gradients, Init};

    fn build(mut builder: Builder) -> Result<Params, NeuralError> {
        builder.param("weight", 3, 4, Init::Glorot)?;
        builder.table("table", 5, 2, Init::Normal(1.0))?;
        Ok(builder.finish())
    }

    /// A gradient made up from the parameters, so that a difference anywhere shows later.
    fn learn(params: &mut Params, adam: &mut Adam, n_steps: u64) {
        let mut gradients = Gradients::zeros(params);
        for _ in 0..n_steps {
            let ids: Vec<_> = params.iter().map(|(id, _)| id).collect();
            for id in ids {
                let row = adam.step() as usize % 3;
                let values = params.value(id).row(row).to_vec();
                gradients.row_mut(id, row).copy_from_slice(&values);
            }
            adam.update(params, &mut gradients).unwrap();
        }
    }

    #[test]
    fn learning_goes_on_bit_for_bit() {
        let mut whole = build(Builder::fresh(1)).unwrap();
        let mut adam = Adam::new(&whole, AdamOptions::default());
        learn(&mut whole, &mut adam, 3);
        let bytes = to_bytes("test", serde_json::json!({"a": 1}), &whole, Some(&adam), &[]);
        assert_eq!(bytes, to_bytes("test", serde_json::json!({"a": 1}), &whole, Some(&adam), &[]));
        let archive = Archive::open(&bytes, "test").unwrap();
        let mut resumed = build(Builder::of_archive(&archive)).unwrap();
        let mut resumed_adam = archive.adam(&resumed, AdamOptions::default()).unwrap();
        assert_eq!((archive.meta()["a"].as_u64(), resumed_adam.step()), (Some(1), 3));
        learn(&mut whole, &mut adam, 4);
        learn(&mut resumed, &mut resumed_adam, 4);
        assert_eq!(whole, resumed);
        assert_eq!(adam, resumed_adam);
    }

    #[test]
    fn foreign_and_broken_files_are_refused_in_words() {
        let params = build(Builder::fresh(1)).unwrap();
        let good = to_bytes("test", Value::Null, &params, None, &[]);
        let error = |bytes: &[u8], kind: &str| match Archive::open(bytes, kind) {
            Err(error) => error.to_string(),
            Ok(archive) => build(Builder::of_archive(&archive)).map(|_| ()).unwrap_err().to_string(),
        };
        assert!(error(&good, "other").contains("found a model of kind 'test', expected 'other'"));
        assert!(error(b"", "test").contains("not a safetensors file"));
        assert!(error(&[0xff; 64], "test").contains("not a safetensors file"));
        assert!(error(&good[..good.len() - 1], "test").contains("not a safetensors file"));
        let text = String::from_utf8_lossy(&good).into_owned();
        assert!(text.contains("[3,4]"), "{text}");
        let replaced = |from: &[u8], to: &[u8]| {
            let at = good.windows(from.len()).position(|part| part == from).unwrap();
            let mut bytes = good.clone();
            bytes[at..at + from.len()].copy_from_slice(to);
            bytes
        };
        assert!(error(&replaced(b"[3,4]", b"[4,3]"), "test").contains("expected F32 [3, 4]"));
        assert!(error(&replaced(b"value/table", b"value/chair"), "test").contains("no tensor 'value/table'"));
        assert!(error(&replaced(b"\"format\\", b"\"farmat\\").clone(), "test").contains("is not what was written"));
        let mut nan = good.clone();
        let end = nan.len();
        nan[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
        assert!(error(&nan, "test").contains("expected finite numbers"));
    }

    #[test]
    fn no_damage_of_one_byte_causes_a_panic() {
        let params = build(Builder::fresh(1)).unwrap();
        let adam = Adam::new(&params, AdamOptions::default());
        let good = to_bytes("test", Value::Null, &params, Some(&adam), &[]);
        for at in 0..good.len() {
            for flip in [1u8, 0x20, 0x80] {
                let mut bytes = good.clone();
                bytes[at] ^= flip;
                if let Ok(archive) = Archive::open(&bytes, "test")
                    && let Ok(params) = build(Builder::of_archive(&archive))
                {
                    let _ = archive.adam(&params, AdamOptions::default());
                }
            }
            assert!(Archive::open(&good[..at], "test").is_err());
        }
    }
}
