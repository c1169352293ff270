//! Meaning beside words: a vector an entry in 8 bits a number, and an exact search for the largest cosines. Where vectors
//! come from is not known here.

use math::top_k::TopK;

use super::entry::Entry;

/// Bytes of an entry's text that are encoded.
const TEXT_MAX: usize = 4096;

/// The text of an entry that stands for its meaning.
pub(super) fn text_of(entry: &Entry) -> String {
    let mut text = entry.name.clone();
    for part in entry.sections.iter().chain(&entry.category).chain([&entry.body]) {
        if text.len() < TEXT_MAX {
            text.push('\n');
            text.push_str(super::units::cut(part, TEXT_MAX));
        }
    }
    text
}

/// The direction in 8 bits a number, with no number at −128; nothing for a vector without one.
pub(super) fn in_bytes(vector: &[f32]) -> Option<Vec<i8>> {
    let largest = vector.iter().fold(0f32, |largest, value| largest.max(value.abs()));
    if !(largest.is_finite() && largest > 0.0) || vector.iter().any(|value| !value.is_finite()) {
        return None;
    }
    Some(vector.iter().map(|value| (value / largest * 127.0).round() as i8).collect())
}

/// The same, eight numbers in one: the length first, then the bytes.
pub(super) fn packed(vector: &[f32]) -> Option<Vec<u64>> {
    let bytes = in_bytes(vector)?;
    let words = bytes.chunks(8).map(|chunk| {
        let mut word = [0u8; 8];
        word.iter_mut().zip(chunk).for_each(|(to, &from)| *to = from as u8);
        u64::from_le_bytes(word)
    });
    Some([bytes.len() as u64].into_iter().chain(words).collect())
}

/// The bytes of [`packed`], if they are sound.
pub(super) fn unpacked(words: &[u64]) -> Option<Vec<i8>> {
    let (&n, words) = words.split_first()?;
    let n = usize::try_from(n).ok().filter(|n| n.div_ceil(8) == words.len())?;
    let bytes = words.iter().flat_map(|word| word.to_le_bytes()).map(|byte| byte as i8);
    Some(bytes.take(n).collect())
}

/// The vectors of all entries.
#[derive(Debug, Default)]
pub(super) struct Vectors {
    pub dim: usize,
    /// Shape: (n, dim). Rows of entries without a vector are 0.
    bytes: Vec<i8>,
    /// 1 / length of each row, 0 for rows of 0. Shape: (n).
    scales: Vec<f32>,
}

impl Vectors {
    pub fn new(dim: usize) -> Self {
        Vectors { dim, ..Vectors::default() }
    }

    /// Adds a row; one of another length counts as none.
    pub fn push(&mut self, row: Option<Vec<i8>>) {
        let row = row.filter(|row| row.len() == self.dim).unwrap_or_else(|| vec![0; self.dim]);
        let squares: i64 = row.iter().map(|&value| i64::from(value) * i64::from(value)).sum();
        self.scales.push(if squares == 0 { 0.0 } else { 1.0 / (squares as f32).sqrt() });
        self.bytes.extend(row);
    }

    pub fn is_empty(&self) -> bool {
        self.dim == 0 || self.scales.is_empty()
    }

    /// The `k` rows with the largest cosine above 0 to `query` among those that `allowed` lets through, best first, ties by
    /// `rank`.
    pub fn nearest(&self, query: &[f32], k: usize, rank: &[u32], allowed: impl Fn(usize) -> bool) -> Vec<(u32, f32)> {
        let Some(query) = in_bytes(query).filter(|query| query.len() == self.dim && self.dim > 0) else {
            return Vec::new();
        };
        let length = query.iter().map(|&value| (i64::from(value) * i64::from(value)) as f32).sum::<f32>().sqrt();
        let mut best = TopK::with_floor(k, f32::MIN_POSITIVE);
        let mut row_of_rank = rustc_hash::FxHashMap::default();
        let visit = |row: usize, product: i32| {
            let cosine = product as f32 * self.scales[row] / length;
            if cosine >= best.threshold() && cosine > 0.0 {
                row_of_rank.insert(rank[row], row as u32);
                best.offer(rank[row], cosine);
            }
        };
        products(&query, &self.bytes, self.dim, allowed, visit);
        best.into_sorted().into_iter().map(|(rank, cosine)| (row_of_rank[&rank], cosine)).collect()
    }

    /// The cosine of one row to `query`.
    pub fn cosine(&self, row: usize, query: &[f32]) -> f32 {
        let Some(query) = in_bytes(query).filter(|query| query.len() == self.dim && self.dim > 0) else { return 0.0 };
        let length = query.iter().map(|&value| (i64::from(value) * i64::from(value)) as f32).sum::<f32>().sqrt();
        let row_bytes = &self.bytes[row * self.dim..][..self.dim];
        dot(&query, row_bytes) as f32 * self.scales[row] / length
    }
}

#[inline(always)]
fn dot(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
}

/// The product of `query` with every row that is allowed. Whole numbers, so the widest instructions give what the plainest do.
fn products(query: &[i8], rows: &[i8], dim: usize, allowed: impl Fn(usize) -> bool, visit: impl FnMut(usize, i32)) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn with_avx2(
            query: &[i8],
            rows: &[i8],
            dim: usize,
            allowed: impl Fn(usize) -> bool,
            visit: impl FnMut(usize, i32),
        ) {
            plainly(query, rows, dim, allowed, visit);
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the machine has the instructions.
            return unsafe { with_avx2(query, rows, dim, allowed, visit) };
        }
    }
    plainly(query, rows, dim, allowed, visit);
}

#[inline(always)]
fn plainly(query: &[i8], rows: &[i8], dim: usize, allowed: impl Fn(usize) -> bool, mut visit: impl FnMut(usize, i32)) {
    for (at, row) in rows.chunks_exact(dim).enumerate() {
        if allowed(at) {
            visit(at, dot(query, row));
        }
    }
}

#[cfg(test)]
mod tests {
    use math::Random;

    use super::*;

    #[test]
    fn what_was_packed_is_unpacked() {
        let mut random = Random::new(1);
        for n in [1, 7, 8, 9, 100] {
            let vector: Vec<f32> = (0..n).map(|_| random.uniform() as f32 - 0.5).collect();
            assert_eq!(unpacked(&packed(&vector).unwrap()), in_bytes(&vector));
        }
        assert_eq!(
            (packed(&[0.0; 4]), packed(&[f32::NAN]), unpacked(&[]), unpacked(&[9, 1])),
            (None, None, None, None)
        );
    }

    #[test]
    fn the_nearest_are_those_of_every_cosine() {
        let (n, dim) = (300, 24);
        let mut random = Random::new(2);
        let mut vectors = Vectors::new(dim);
        for row in 0..n {
            let vector: Vec<f32> = (0..dim).map(|_| random.uniform() as f32 - 0.5).collect();
            vectors.push((row % 7 != 0).then(|| in_bytes(&vector).unwrap()));
        }
        let query: Vec<f32> = (0..dim).map(|_| random.uniform() as f32 - 0.5).collect();
        let rank: Vec<u32> = (0..n as u32).rev().collect();
        let found = vectors.nearest(&query, 10, &rank, |row| row % 2 == 0);
        let mut wanted: Vec<(u32, f32)> = (0..n)
            .filter(|row| row % 2 == 0)
            .map(|row| (row as u32, vectors.cosine(row, &query)))
            .filter(|(_, cosine)| *cosine > 0.0)
            .collect();
        wanted.sort_by(|a, b| b.1.total_cmp(&a.1).then(rank[a.0 as usize].cmp(&rank[b.0 as usize])));
        wanted.truncate(10);
        assert_eq!(found, wanted);
    }
}
