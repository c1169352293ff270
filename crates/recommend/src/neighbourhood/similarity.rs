//! What makes two vectors alike. Over whole vectors, a missing entry being 0 (cosine, asymmetric cosine, Jaccard,
//! Dice), or over the entries that both have (Pearson, adjusted cosine, mean squared difference and, for ratings,
//! cosine). And the weightings that come before: TF-IDF and BM25.
//!
//! "Things" are what is compared (items for `item_knn`, users for `user_knn`); "marks" are the other side.

use math::{Csr, neighbours::PairSimilarity};

/// Which similarity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    Cosine,
    /// |A∩B| weighted, over |A|^2α |B|^2(1−α).
    AsymmetricCosine,
    Jaccard,
    Dice,
    Pearson,
    /// Cosine of what is left after the user's mean is taken off.
    AdjustedCosine,
    /// 1 / (mean squared difference + 1).
    Msd,
    /// Pearson around the baselines instead of the means, shrunk by support.
    PearsonBaseline,
}

impl Measure {
    pub const NAMES: &'static [&'static str] =
        &["cosine", "pearson", "adjusted_cosine", "jaccard", "msd", "dice", "asymmetric_cosine", "pearson_baseline"];

    /// The measure with this name; the card has checked it.
    pub fn from_name(name: &str) -> Measure {
        match name {
            "cosine" => Measure::Cosine,
            "asymmetric_cosine" => Measure::AsymmetricCosine,
            "jaccard" => Measure::Jaccard,
            "dice" => Measure::Dice,
            "pearson" => Measure::Pearson,
            "adjusted_cosine" => Measure::AdjustedCosine,
            "msd" => Measure::Msd,
            "pearson_baseline" => Measure::PearsonBaseline,
            other => panic!("'{other}' is not among {:?}", Measure::NAMES),
        }
    }

    /// Whether a missing entry counts as 0; otherwise only common entries count.
    pub fn is_over_whole_vectors(self) -> bool {
        matches!(self, Measure::Cosine | Measure::AsymmetricCosine | Measure::Jaccard | Measure::Dice)
    }
}

/// How the entries of a vector are weighted before vectors are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weighting {
    None,
    TfIdf,
    Bm25 { k1: f32, b: f32 },
}

/// The weighting fitted to a matrix, ready for vectors it has not seen.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedWeighting {
    pub weighting: Weighting,
    /// Shape: (n_marks). `ln(n_things) − ln(1 + number of things with the mark)`; empty without weighting.
    pub idf: Vec<f32>,
    pub average_length: f32,
}

impl FittedWeighting {
    /// `things` has shape (n_things, n_marks).
    pub fn fit(weighting: Weighting, things: &Csr) -> Self {
        if weighting == Weighting::None {
            return FittedWeighting { weighting, idf: Vec::new(), average_length: 1.0 };
        }
        let mut n_with_mark = vec![0u32; things.n_cols];
        things.indices.iter().for_each(|&mark| n_with_mark[mark as usize] += 1);
        let n_things = (things.n_rows as f64).ln();
        let idf = n_with_mark.iter().map(|&n| (n_things - f64::from(n).ln_1p()) as f32).collect();
        let total: f64 = things.values.iter().map(|&value| f64::from(value)).sum();
        FittedWeighting { weighting, idf, average_length: (total / things.n_rows.max(1) as f64) as f32 }
    }

    /// The part of an entry's weight that depends on the mark alone.
    pub fn of_mark(&self, mark: u32) -> f32 {
        self.idf.get(mark as usize).copied().unwrap_or(1.0)
    }

    /// The part that depends on the entry's value and on the sum of the thing's values, its length.
    pub fn of_value(&self, value: f32, length: f32) -> f32 {
        match self.weighting {
            Weighting::None => value,
            Weighting::TfIdf => value.max(0.0).sqrt(),
            Weighting::Bm25 { k1, b } => {
                let relative = if self.average_length > 0.0 { length / self.average_length } else { 1.0 };
                let denominator = k1 * (1.0 - b + b * relative) + value;
                if denominator > 0.0 { value * (k1 + 1.0) / denominator } else { 0.0 }
            }
        }
    }

    /// The weighted values of one vector.
    pub fn weigh(&self, marks: &[u32], values: &[f32]) -> Vec<f32> {
        let length: f32 = values.iter().sum();
        marks.iter().zip(values).map(|(&mark, &value)| self.of_value(value, length) * self.of_mark(mark)).collect()
    }

    /// Whether vectors are scaled to length one before they are multiplied. BM25 has its own normalisation of length.
    pub fn is_normalised(&self) -> bool {
        !matches!(self.weighting, Weighting::Bm25 { .. })
    }
}

/// Similarity over whole vectors as `sum / (denominator + shrinkage)`, where the denominator comes from one figure per
/// thing and side.
#[derive(Clone, Debug)]
pub struct WholeVectors {
    pub measure: Measure,
    pub shrinkage: f32,
    /// Share of the asked thing's length in asymmetric cosine.
    pub alpha: f32,
}

impl WholeVectors {
    /// The figure of a thing with `n` entries and Euclidean `norm`, on the asked side and on the answering side.
    pub fn sides(&self, n: f32, norm: f32) -> (f32, f32) {
        match self.measure {
            Measure::AsymmetricCosine => (norm.powf(2.0 * self.alpha), norm.powf(2.0 * (1.0 - self.alpha))),
            Measure::Jaccard => (n, n),
            Measure::Dice => (n / 2.0, n / 2.0),
            _ => (norm, norm),
        }
    }

    /// Similarity from the sum over shared marks and both sides' figures.
    #[inline(always)]
    pub fn similarity(&self, sum: f32, asked: f32, other: f32) -> f32 {
        let denominator = match self.measure {
            Measure::Jaccard => asked + other - sum,
            Measure::Dice => asked + other,
            _ => asked * other,
        };
        if sum > 0.0 { sum / (denominator + self.shrinkage) } else { 0.0 }
    }

    /// Whether it matters which of the two is asked.
    pub fn is_symmetric(&self) -> bool {
        self.measure != Measure::AsymmetricCosine
    }
}

/// [`WholeVectors`] for all pairs: `VALUES` when entries differ from 1, `SYMMETRIC` when sides do not matter.
pub struct WholePairs<const VALUES: bool, const SYMMETRIC: bool> {
    pub formula: WholeVectors,
    /// Shape: (n_things), in the order of `Pairs`.
    pub asked: Vec<f32>,
    pub other: Vec<f32>,
}

impl<const VALUES: bool, const SYMMETRIC: bool> PairSimilarity for WholePairs<VALUES, SYMMETRIC> {
    type Sum = f32;
    const USES_VALUES: bool = VALUES;
    const SYMMETRIC: bool = SYMMETRIC;

    #[inline(always)]
    fn add(&self, sum: &mut f32, mark_weight: f32, x: f32, y: f32) {
        *sum += if VALUES { mark_weight * x * y } else { mark_weight };
    }

    #[inline]
    fn similarities(&self, i: usize, first: usize, sums: &[f32], out: &mut [f32]) {
        let asked = self.asked[i];
        let others = &self.other[first..first + sums.len()];
        let jaccard = if self.formula.measure == Measure::Jaccard { 1.0 } else { 0.0 };
        // Two loops without a branch inside, so that the compiler can use vector instructions.
        if matches!(self.formula.measure, Measure::Jaccard | Measure::Dice) {
            for ((out, &sum), &other) in out.iter_mut().zip(sums).zip(others) {
                *out = sum / (asked + other - jaccard * sum + self.formula.shrinkage);
            }
        } else {
            for ((out, &sum), &other) in out.iter_mut().zip(sums).zip(others) {
                *out = sum / (asked * other + self.formula.shrinkage);
            }
        }
    }

    #[inline]
    fn similarities_reversed(&self, i: usize, first: usize, sums: &[f32], out: &mut [f32]) {
        for (lane, (out, &sum)) in out.iter_mut().zip(sums).enumerate() {
            *out = self.formula.similarity(sum, self.asked[first + lane], self.other[i]);
        }
    }
}

/// Sums over the entries that two vectors share.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    pub n: u32,
    x: f64,
    y: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Moments {
    #[inline]
    pub fn add(&mut self, x: f32, y: f32) {
        let (x, y) = (f64::from(x), f64::from(y));
        self.n += 1;
        self.x += x;
        self.y += y;
        self.xx += x * x;
        self.yy += y * y;
        self.xy += x * y;
    }
}

/// Similarity over common entries, as Surprise defines it. 0 when fewer than `min_support` entries are common or when
/// a side does not vary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CommonEntries {
    pub measure: Measure,
    pub min_support: u32,
    /// The similarity is multiplied by (n − 1) / (n − 1 + shrinkage).
    pub shrinkage: f64,
}

impl CommonEntries {
    pub fn similarity(&self, sums: &Moments) -> f32 {
        if sums.n == 0 || sums.n < self.min_support {
            return 0.0;
        }
        let n = f64::from(sums.n);
        let similarity = match self.measure {
            Measure::Msd => 1.0 / ((sums.xx + sums.yy - 2.0 * sums.xy) / n + 1.0),
            Measure::Pearson => {
                let (of_x, of_y) = (n * sums.xx - sums.x * sums.x, n * sums.yy - sums.y * sums.y);
                over_root(n * sums.xy - sums.x * sums.y, of_x, of_y)
            }
            _ => over_root(sums.xy, sums.xx, sums.yy),
        };
        let shrunk = if self.shrinkage > 0.0 { (n - 1.0) / (n - 1.0 + self.shrinkage) } else { 1.0 };
        (similarity * shrunk) as f32
    }
}

fn over_root(numerator: f64, a: f64, b: f64) -> f64 {
    // Differences of large equal sums leave dust where the exact value is 0.
    if a <= 1e-9 || b <= 1e-9 { 0.0 } else { numerator / (a * b).sqrt() }
}

impl PairSimilarity for CommonEntries {
    type Sum = Moments;
    const USES_VALUES: bool = true;

    #[inline]
    fn add(&self, sum: &mut Moments, _: f32, x: f32, y: f32) {
        sum.add(x, y);
    }

    fn similarities(&self, _: usize, _: usize, sums: &[Moments], out: &mut [f32]) {
        out.iter_mut().zip(sums).for_each(|(out, sum)| *out = self.similarity(sum));
    }
}

/// Another similarity, counted as 0 for pairs with fewer than `min_support` shared marks.
pub struct Supported<S> {
    pub inner: S,
    pub min_support: u32,
}

impl<S: PairSimilarity> Supported<S> {
    fn masked(&self, sums: &[(S::Sum, u32)], out: &mut [f32], compute: impl Fn(&[S::Sum], &mut [f32])) {
        let plain: Vec<S::Sum> = sums.iter().map(|sum| sum.0).collect();
        compute(&plain, out);
        for (out, sum) in out.iter_mut().zip(sums) {
            if sum.1 < self.min_support {
                *out = 0.0;
            }
        }
    }
}

impl<S: PairSimilarity> PairSimilarity for Supported<S> {
    type Sum = (S::Sum, u32);
    const USES_VALUES: bool = S::USES_VALUES;
    const SYMMETRIC: bool = S::SYMMETRIC;

    #[inline]
    fn add(&self, sum: &mut Self::Sum, weight: f32, x: f32, y: f32) {
        self.inner.add(&mut sum.0, weight, x, y);
        sum.1 += 1;
    }

    fn similarities(&self, i: usize, first: usize, sums: &[Self::Sum], out: &mut [f32]) {
        self.masked(sums, out, |sums, out| self.inner.similarities(i, first, sums, out));
    }

    fn similarities_reversed(&self, i: usize, first: usize, sums: &[Self::Sum], out: &mut [f32]) {
        self.masked(sums, out, |sums, out| self.inner.similarities_reversed(i, first, sums, out));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(measure: Measure, shared: &[(f32, f32)], expected: f32) {
        let mut sums = Moments::default();
        shared.iter().for_each(|&(x, y)| sums.add(x, y));
        let found = CommonEntries { measure, min_support: 1, shrinkage: 0.0 }.similarity(&sums);
        assert!((found - expected).abs() < 1e-6, "{measure:?} of {shared:?}: {found}, not {expected}");
    }

    #[test]
    fn over_common_entries() {
        check(Measure::Cosine, &[(3.0, 4.0), (4.0, 3.0)], 24.0 / 25.0);
        check(Measure::Msd, &[(1.0, 3.0), (2.0, 2.0)], 1.0 / 3.0);
        check(Measure::Pearson, &[(1.0, 2.0), (2.0, 4.0), (3.0, 6.0)], 1.0);
        check(Measure::Pearson, &[(1.0, 5.0), (2.0, 3.0), (3.0, 1.0)], -1.0);
        check(Measure::Pearson, &[(3.3, 1.0), (3.3, 2.0), (3.3, 5.0)], 0.0);
        for measure in [Measure::Cosine, Measure::Msd, Measure::Pearson, Measure::PearsonBaseline] {
            check(measure, &[], 0.0);
        }
    }

    #[test]
    fn support_and_shrinkage_hold_back_thin_evidence() {
        let mut sums = Moments::default();
        (0..3).for_each(|_| sums.add(2.0, 2.0));
        let similarity = |min_support, shrinkage| {
            CommonEntries { measure: Measure::Cosine, min_support, shrinkage }.similarity(&sums)
        };
        assert_eq!((similarity(3, 0.0), similarity(4, 0.0), similarity(1, 2.0)), (1.0, 0.0, 0.5));
    }

    #[test]
    fn over_whole_vectors() {
        for (measure, alpha, expected) in [
            (Measure::Cosine, 0.5, 2.0 / 12f32.sqrt()),
            (Measure::AsymmetricCosine, 1.0, 2.0 / 3.0),
            (Measure::AsymmetricCosine, 0.0, 2.0 / 4.0),
            (Measure::Jaccard, 0.5, 2.0 / 5.0),
            (Measure::Dice, 0.5, 4.0 / 7.0),
        ] {
            let formula = WholeVectors { measure, shrinkage: 0.0, alpha };
            let (asked, other) = (formula.sides(3.0, 3f32.sqrt()).0, formula.sides(4.0, 2.0).1);
            let found = formula.similarity(2.0, asked, other);
            assert!((found - expected).abs() < 1e-6, "{measure:?} {alpha}: {found}, not {expected}");
        }
    }
}
