//! How well one state and one word fit, and the gradients of that: the kernels of attention, on the widest vectors there are.
//! Knows neither batches nor parameters.

use crate::math_functions::{tanh, widest};

/// What a row's backward pass writes to.
pub(super) struct Task<'a> {
    pub by_query: &'a mut [f32],
    pub by_words: &'a mut [f32],
    /// None if words meet states as they are: their gradients are the words'.
    pub by_keys: Option<&'a mut [f32]>,
    pub by_vector: &'a mut [f32],
    pub by_cover: &'a mut [f32],
    pub by_coverage: Option<&'a mut [f32]>,
}

/// The vectors of additive scores; none for products.
pub(super) struct Vectors<'a> {
    pub vector: Option<&'a [f32]>,
    pub coverage: Option<&'a [f32]>,
}

impl Vectors<'_> {
    #[inline]
    pub fn score(&self, query: &[f32], key: &[f32], covered: f32) -> f32 {
        match (self.vector, self.coverage) {
            (None, _) => dot(query, key),
            (Some(vector), None) => additive(query, key, vector),
            (Some(vector), Some(cover)) => covering(query, key, vector, cover, covered),
        }
    }

    /// Gives the gradient by the coverage.
    #[inline]
    pub fn back(&self, task: &mut Task, at: usize, query: &[f32], key: &[f32], covered: f32, by_score: f32) -> f32 {
        let n = key.len();
        let by_key = match &mut task.by_keys {
            Some(by_keys) => &mut by_keys[at * n..(at + 1) * n],
            None => &mut task.by_words[at * n..(at + 1) * n],
        };
        let Some(vector) = self.vector else {
            add_times(task.by_query, key, by_score);
            add_times(by_key, query, by_score);
            return 0.0;
        };
        match self.coverage {
            None => additive_back(query, key, vector, by_score, task.by_query, by_key, task.by_vector),
            Some(cover) => {
                let by = (&mut *task.by_query, by_key, &mut *task.by_vector, &mut *task.by_cover);
                return covering_back(query, key, vector, cover, covered, by_score, by);
            }
        }
        0.0
    }
}

/// Σ a b, in sixteen parts.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    widest!(dot_pass(a: &[f32], b: &[f32]) -> f32)
}

#[inline(always)]
fn dot_pass(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; 16];
    let (a_whole, a_rest) = a.as_chunks::<16>();
    let (b_whole, b_rest) = b.as_chunks::<16>();
    for (a, b) in a_whole.iter().zip(b_whole) {
        for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
            *sum = a.mul_add(b, *sum);
        }
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}

/// `to += from × by`.
pub(crate) fn add_times(to: &mut [f32], from: &[f32], by: f32) {
    widest!(add_times_pass(to: &mut [f32], from: &[f32], by: f32) -> ())
}

#[inline(always)]
fn add_times_pass(to: &mut [f32], from: &[f32], by: f32) {
    to.iter_mut().zip(from).for_each(|(to, &from)| *to = from.mul_add(by, *to));
}

fn additive(query: &[f32], key: &[f32], vector: &[f32]) -> f32 {
    widest!(additive_pass(query: &[f32], key: &[f32], vector: &[f32]) -> f32)
}

#[inline(always)]
fn additive_pass(query: &[f32], key: &[f32], vector: &[f32]) -> f32 {
    covering_pass(query, key, vector, None, 0.0)
}

fn covering(query: &[f32], key: &[f32], vector: &[f32], cover: &[f32], covered: f32) -> f32 {
    let cover = Some(cover);
    widest!(covering_pass(query: &[f32], key: &[f32], vector: &[f32], cover: Option<&[f32]>, covered: f32) -> f32)
}

#[inline(always)]
fn covering_pass(query: &[f32], key: &[f32], vector: &[f32], cover: Option<&[f32]>, covered: f32) -> f32 {
    let mut sums = [0f32; 16];
    let n = vector.len();
    let (query, key) = (&query[..n], &key[..n]);
    let mut at = 0;
    while at < n {
        let width = 16.min(n - at);
        for lane in 0..width {
            let mut x = query[at + lane] + key[at + lane];
            if let Some(cover) = cover {
                x = cover[at + lane].mul_add(covered, x);
            }
            sums[lane] = vector[at + lane].mul_add(tanh(x), sums[lane]);
        }
        at += width;
    }
    sums.iter().sum()
}

fn additive_back(
    query: &[f32],
    key: &[f32],
    vector: &[f32],
    by_score: f32,
    by_query: &mut [f32],
    by_key: &mut [f32],
    by_vector: &mut [f32],
) {
    widest!(additive_back_pass(
        query: &[f32],
        key: &[f32],
        vector: &[f32],
        by_score: f32,
        by_query: &mut [f32],
        by_key: &mut [f32],
        by_vector: &mut [f32]
    ) -> ())
}

#[inline(always)]
fn additive_back_pass(
    query: &[f32],
    key: &[f32],
    vector: &[f32],
    by_score: f32,
    by_query: &mut [f32],
    by_key: &mut [f32],
    by_vector: &mut [f32],
) {
    let n = vector.len();
    let (query, key) = (&query[..n], &key[..n]);
    let (by_query, by_key, by_vector) = (&mut by_query[..n], &mut by_key[..n], &mut by_vector[..n]);
    for at in 0..n {
        let y = tanh(query[at] + key[at]);
        let by = by_score * vector[at] * (1.0 - y * y);
        by_vector[at] = by_score.mul_add(y, by_vector[at]);
        by_query[at] += by;
        by_key[at] += by;
    }
}

/// Rarely used: not for the widest vectors.
fn covering_back(
    query: &[f32],
    key: &[f32],
    vector: &[f32],
    cover: &[f32],
    covered: f32,
    by_score: f32,
    (by_query, by_key, by_vector, by_cover): (&mut [f32], &mut [f32], &mut [f32], &mut [f32]),
) -> f32 {
    let mut by_covered = 0.0;
    for at in 0..vector.len() {
        let y = tanh(cover[at].mul_add(covered, query[at] + key[at]));
        let by = by_score * vector[at] * (1.0 - y * y);
        by_vector[at] = by_score.mul_add(y, by_vector[at]);
        by_query[at] += by;
        by_key[at] += by;
        by_cover[at] += by * covered;
        by_covered += by * cover[at];
    }
    by_covered
}
