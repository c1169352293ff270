//! From scores to probabilities that mean what they say, and how far they are from it. Learned on scores of rows that the
//! model has not learned from.

use serde::{Deserialize, Serialize};

/// How scores become probabilities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Calibration {
    /// Two classes: 1 / (1 + e^−(a s + b)) (Platt 1999, solved as by Lin, Lin, Weng 2007).
    Sigmoid { a: f64, b: f64 },
    /// Softmax of a · s (Guo et al. 2017: a is 1 over the temperature).
    Softmax { a: f64 },
    /// Two classes: steps that never fall (Zadrozny and Elkan 2002): the probability from each score on, between them
    /// straight lines.
    Isotonic { scores: Vec<f64>, probabilities: Vec<f64> },
}

impl Calibration {
    /// What logistic models need: their scores are log-odds already.
    pub fn none(n_classes: usize) -> Self {
        if n_classes == 2 { Calibration::Sigmoid { a: 1.0, b: 0.0 } } else { Calibration::Softmax { a: 1.0 } }
    }

    /// Learns from held-out rows. Shapes: (n, n_outputs) and (n).
    pub fn fit(scores: &[f64], labels: &[u32], n_classes: usize) -> Self {
        if labels.is_empty() {
            Calibration::none(n_classes)
        } else if n_classes == 2 {
            platt(scores, labels)
        } else {
            Calibration::Softmax { a: inverse_temperature(scores, labels, n_classes) }
        }
    }

    /// Two classes by pooling adjacent violators. Shapes: (n) and (n), labels 0 or 1.
    pub fn fit_isotonic(scores: &[f64], labels: &[u32]) -> Self {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&x, &y| scores[x].total_cmp(&scores[y]));
        // Pools: the sum of labels, the number, and the mean score.
        let mut pools: Vec<(f64, f64, f64)> = Vec::new();
        for at in order {
            pools.push((f64::from(labels[at]), 1.0, scores[at]));
            while let [.., before, last] = pools[..] {
                let same_score = before.2 == last.2;
                if before.0 * last.1 < last.0 * before.1 && !same_score {
                    break;
                }
                let n = before.1 + last.1;
                let mean = if same_score { last.2 } else { (before.2 * before.1 + last.2 * last.1) / n };
                pools.truncate(pools.len() - 2);
                pools.push((before.0 + last.0, n, mean));
            }
        }
        Calibration::Isotonic {
            scores: pools.iter().map(|pool| pool.2).collect(),
            // Towards the middle by one row, so that nothing is certain.
            probabilities: pools.iter().map(|pool| (pool.0 + 0.5) / (pool.1 + 1.0)).collect(),
        }
    }

    /// Shapes: (n_outputs) to (n_classes); they sum to 1.
    pub fn probabilities(&self, scores: &[f64]) -> Vec<f64> {
        let two = |p: f64| vec![1.0 - p, p];
        match self {
            Calibration::Sigmoid { a, b } => two(sigmoid(a * scores[0] + b)),
            Calibration::Isotonic { scores: at, probabilities } => two(between(at, probabilities, scores[0])),
            Calibration::Softmax { a } => softmax(scores, *a),
        }
    }

    /// With numbers of twelve digits, which JSON gives back to the last bit; of longer ones its reader may lose that.
    #[must_use]
    pub(super) fn rounded(self) -> Self {
        match self {
            Calibration::Sigmoid { a, b } => Calibration::Sigmoid { a: rounded(a), b: rounded(b) },
            Calibration::Softmax { a } => Calibration::Softmax { a: rounded(a) },
            Calibration::Isotonic { scores, probabilities } => {
                let all = |values: Vec<f64>| values.into_iter().map(rounded).collect();
                Calibration::Isotonic { scores: all(scores), probabilities: all(probabilities) }
            }
        }
    }

    pub(crate) fn is_sound(&self, n_classes: usize) -> bool {
        match self {
            Calibration::Sigmoid { a, b } => n_classes == 2 && a.is_finite() && b.is_finite(),
            Calibration::Softmax { a } => n_classes > 2 && a.is_finite() && *a >= 0.0,
            Calibration::Isotonic { scores, probabilities } => {
                let finite = scores.iter().chain(probabilities).all(|value| value.is_finite());
                n_classes == 2
                    && finite
                    && !scores.is_empty()
                    && scores.len() == probabilities.len()
                    && scores.is_sorted()
                    && probabilities.iter().all(|p| (0.0..=1.0).contains(p))
            }
        }
    }
}

/// To twelve digits; see [`Calibration::rounded`].
pub(super) fn rounded(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}

pub(super) fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 { 1.0 / (1.0 + (-x).exp()) } else { x.exp() / (1.0 + x.exp()) }
}

fn softmax(scores: &[f64], a: f64) -> Vec<f64> {
    let highest = scores.iter().fold(f64::NEG_INFINITY, |high, &score| high.max(score));
    let parts: Vec<f64> = scores.iter().map(|&score| (a * (score - highest)).exp()).collect();
    let sum: f64 = parts.iter().sum();
    parts.into_iter().map(|part| part / sum).collect()
}

fn between(at: &[f64], values: &[f64], x: f64) -> f64 {
    let above = at.partition_point(|&score| score < x);
    match above {
        0 => values.first().copied().unwrap_or(0.5),
        _ if above == at.len() => values[above - 1],
        _ => {
            let share = (x - at[above - 1]) / (at[above] - at[above - 1]);
            values[above - 1] + share * (values[above] - values[above - 1])
        }
    }
}

/// ln(1 + e^x).
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// Newton's steps on the cross-entropy with Platt's targets (N₊ + 1) / (N₊ + 2) and 1 / (N₋ + 2).
fn platt(scores: &[f64], labels: &[u32]) -> Calibration {
    let n_positive = labels.iter().filter(|&&label| label == 1).count() as f64;
    let n_negative = labels.len() as f64 - n_positive;
    let targets = [1.0 / (n_negative + 2.0), (n_positive + 1.0) / (n_positive + 2.0)];
    let target = |label: u32| targets[usize::from(label == 1)];
    let loss = |a: f64, b: f64| -> f64 {
        let one = |(&s, &label): (&f64, &u32)| softplus(a * s + b) - target(label) * (a * s + b);
        scores.iter().zip(labels).map(one).sum()
    };
    let (mut a, mut b) = (0.0, ((n_positive + 1.0) / (n_negative + 1.0)).ln());
    let mut value = loss(a, b);
    for _ in 0..100 {
        let (mut ga, mut gb, mut haa, mut hab, mut hbb) = (0.0, 0.0, 1e-12, 0.0, 1e-12);
        for (&s, &label) in scores.iter().zip(labels) {
            let p = sigmoid(a * s + b);
            let (g, h) = (p - target(label), p * (1.0 - p));
            ga += g * s;
            gb += g;
            haa += h * s * s;
            hab += h * s;
            hbb += h;
        }
        let det = haa * hbb - hab * hab;
        if ga.abs().max(gb.abs()) < 1e-9 * labels.len() as f64 || det <= 0.0 {
            break;
        }
        let (da, db) = (-(hbb * ga - hab * gb) / det, -(haa * gb - hab * ga) / det);
        let mut size = 1.0;
        while size > 1e-10 {
            let next = loss(a + size * da, b + size * db);
            if next < value + 1e-4 * size * (ga * da + gb * db) {
                (a, b, value) = (a + size * da, b + size * db, next);
                break;
            }
            size *= 0.5;
        }
        if size <= 1e-10 {
            break;
        }
    }
    Calibration::Sigmoid { a, b }
}

/// The a that makes the labels likeliest; the loss is convex in a, so its slope is halved in on.
fn inverse_temperature(scores: &[f64], labels: &[u32], k: usize) -> f64 {
    let slope = |a: f64| -> f64 {
        let one = |(scores, &label): (&[f64], &u32)| {
            let p = softmax(scores, a);
            p.iter().zip(scores).map(|(p, s)| p * s).sum::<f64>() - scores[label as usize]
        };
        scores.chunks_exact(k).zip(labels).map(one).sum()
    };
    let (mut low, mut high) = (0.0, 1.0);
    while slope(high) < 0.0 && high < 1e4 {
        (low, high) = (high, high * 2.0);
    }
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if slope(middle) < 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Expected calibration error: how far, on average over rows, the confidence of a bin is from its share of right answers;
/// 15 bins of equal width (Guo et al. 2017, eq. 3). Pairs of confidence and whether the answer was right.
pub fn calibration_error(answers: &[(f64, bool)]) -> f64 {
    const BINS: usize = 15;
    let mut bins = [(0.0, 0.0); BINS];
    for &(confidence, is_right) in answers {
        let bin = &mut bins[((confidence * BINS as f64) as usize).min(BINS - 1)];
        bin.0 += confidence;
        bin.1 += f64::from(u8::from(is_right));
    }
    bins.iter().map(|(sure, right)| (sure - right).abs()).sum::<f64>() / answers.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use math::Random;

    #[test]
    fn sigmoids_that_made_the_labels_are_found_again() {
        let mut random = Random::new(3);
        let scores: Vec<f64> = (0..20_000).map(|_| random.uniform() * 4.0 - 2.0).collect();
        let labels: Vec<u32> = scores.iter().map(|s| u32::from(random.uniform() < sigmoid(2.0 * s - 0.5))).collect();
        let Calibration::Sigmoid { a, b } = Calibration::fit(&scores, &labels, 2) else { panic!("not a sigmoid") };
        assert!((a - 2.0).abs() < 0.1 && (b + 0.5).abs() < 0.06, "{a} {b}");
        let steps = Calibration::fit_isotonic(&scores, &labels);
        for s in [-1.5, -0.5, 0.0, 0.7, 1.8] {
            let p = steps.probabilities(&[s])[1];
            assert!((p - sigmoid(2.0 * s - 0.5)).abs() < 0.06, "{s}: {p}");
        }
    }

    #[test]
    fn temperature_is_found_again() {
        let mut random = Random::new(4);
        let mut scores = Vec::new();
        let mut labels = Vec::new();
        for _ in 0..5000 {
            let own: Vec<f64> = (0..4).map(|_| random.uniform()).collect();
            let p = softmax(&own, 5.0);
            let mut left = random.uniform();
            let label = p.iter().position(|p| {
                left -= p;
                left < 0.0
            });
            labels.push(label.unwrap_or(3) as u32);
            scores.extend(own);
        }
        let Calibration::Softmax { a } = Calibration::fit(&scores, &labels, 4) else { panic!("not a softmax") };
        assert!((a - 5.0).abs() < 0.3, "{a}");
    }

    #[test]
    fn isotonic_pools_what_falls() {
        let steps = Calibration::fit_isotonic(&[1.0, 2.0, 3.0, 4.0, 4.0], &[0, 1, 0, 1, 1]);
        let Calibration::Isotonic { scores, probabilities } = &steps else { panic!("not steps") };
        assert_eq!(scores, &[1.0, 2.5, 4.0]);
        assert_eq!(probabilities, &[0.25, 0.5, 2.5 / 3.0]);
        assert_eq!(steps.probabilities(&[0.0])[1], 0.25);
        assert_eq!(steps.probabilities(&[9.0])[1], 2.5 / 3.0);
        assert!(steps.is_sound(2));
    }

    #[test]
    fn the_error_of_calibration_is_the_mean_gap() {
        assert_eq!(calibration_error(&[]), 0.0);
        let answers = [(0.9, true), (0.9, false), (1.0, true), (1.0, true)];
        assert!((calibration_error(&answers) - 0.2).abs() < 1e-12);
        // A value of each bin alone: two in the same bin, off by 0.4 each; the certain ones are right.
        assert!((calibration_error(&answers[..2]) - 0.4).abs() < 1e-12);
    }
}
