//! BG/NBD and MBG/NBD: likelihood with its gradient, the odds of having left, and what is bought by who is still there.
//!
//! Both in one: with x repeat purchases, m = x (BG) or x + 1 (MBG) is the number of chances there were to leave, and
//! the likelihood of Fader, Hardie and Lee (2005, equation 6) reads
//! Γ(r+x)/Γ(r) · α^r/(α+T)^(r+x) · B(a, b+m)/B(a, b) · (1 + [m > 0] a/(b+m−1) ((α+T)/(α+t_x))^(r+x)).

use math::special::{digamma, ln_gamma};

/// Sums over k < x of what the gamma and beta functions of consecutive arguments differ by.
pub(super) struct Tables {
    /// Σ ln(r + k), Σ 1/(r + k).
    pub rate: Vec<[f64; 2]>,
    /// Σ ln(b + k), Σ 1/(b + k); empty for Pareto/NBD.
    stay: Vec<[f64; 2]>,
    /// The same of a + b.
    both: Vec<[f64; 2]>,
}

impl Tables {
    pub fn of_rate(r: f64, frequency_max: u32) -> Tables {
        Tables { rate: rising(r, frequency_max), stay: Vec::new(), both: Vec::new() }
    }

    pub fn new(parameters: &[f64; 4], frequency_max: u32) -> Tables {
        let [r, _, a, b] = *parameters;
        Tables {
            rate: rising(r, frequency_max),
            stay: rising(b, frequency_max + 1),
            both: rising(a + b, frequency_max + 1),
        }
    }
}

fn rising(from: f64, n: u32) -> Vec<[f64; 2]> {
    let mut sums = [0.0, 0.0];
    let next = |k: u32| {
        let now = sums;
        let value = from + f64::from(k);
        sums = [now[0] + value.ln(), now[1] + 1.0 / value];
        now
    };
    (0..=n).map(next).collect()
}

/// One customer's log-likelihood, with its derivatives by r, α, a, b. `own_leaving` says that a is this customer's own,
/// so that the tables of a + b do not hold for it.
pub(super) fn log_likelihood(
    parameters: &[f64; 4],
    tables: &Tables,
    first_chances: u32,
    own_leaving: bool,
    (frequency, recency, age): (u32, f64, f64),
    slopes: &mut [f64; 4],
) -> f64 {
    let [r, alpha, a, b] = *parameters;
    let x = f64::from(frequency);
    let chances = frequency + first_chances;
    let [rate, rate_by_r] = tables.rate[frequency as usize];
    let [stay, stay_by_b] = tables.stay[chances as usize];
    let [both, both_by] = if own_leaving {
        let (from, to) = (a + b, a + b + f64::from(chances));
        [ln_gamma(to) - ln_gamma(from), digamma(to) - digamma(from)]
    } else {
        tables.both[chances as usize]
    };
    let (ln_alpha, ln_age) = (alpha.ln(), (alpha + age).ln());
    let mut sum = rate + r * ln_alpha + stay - both - (r + x) * ln_age;
    *slopes = [rate_by_r + ln_alpha - ln_age, r / alpha - (r + x) / (alpha + age), -both_by, stay_by_b - both_by];
    if chances > 0 {
        let stayed = b + f64::from(chances) - 1.0;
        let since = ln_age - (alpha + recency).ln();
        let ln_odds = (a / stayed).ln() + (r + x) * since;
        let small = (-ln_odds.abs()).exp();
        sum += ln_odds.max(0.0) + small.ln_1p();
        let gone = if ln_odds > 0.0 { 1.0 } else { small } / (1.0 + small);
        slopes[0] += gone * since;
        slopes[1] += gone * (r + x) * (1.0 / (alpha + age) - 1.0 / (alpha + recency));
        slopes[2] += gone / a;
        slopes[3] -= gone / stayed;
    }
    sum
}

/// The odds of having left: P(left) / P(alive), of the customer with these numbers. `ln_since` is
/// ln((α + T)/(α + t_x)).
pub(super) fn odds_of_having_left(parameters: &[f64; 4], first_chances: u32, frequency: u32, ln_since: f64) -> f64 {
    let [r, _, a, b] = *parameters;
    let chances = frequency + first_chances;
    if chances == 0 {
        return 0.0;
    }
    a / (b + f64::from(chances) - 1.0) * ((r + f64::from(frequency)) * ln_since).exp()
}

/// What a customer who is alive at `age` is expected to buy until `age + horizon`: the numerator of equation 10 of
/// Fader, Hardie and Lee (2005).
///
/// After Euler's transformation it is c/(a − 1) · (1 − (1 − z)^(a−1) ₂F₁(c − r − x, a − 1; c; z)) with
/// c = a + b + m − 1 and z = t/(α + T + t); a − 1 is divided out, so that a = 1 is no exception.
pub(super) fn purchases_if_alive(
    parameters: &[f64; 4],
    first_chances: u32,
    frequency: u32,
    age: f64,
    horizon: f64,
) -> f64 {
    let [r, alpha, a, b] = *parameters;
    let z = horizon / (alpha + age + horizon);
    let c = a + b + f64::from(frequency + first_chances) - 1.0;
    let upper = c - r - f64::from(frequency);
    let log_left = ((alpha + age) / (alpha + age + horizon)).ln();
    if a * -log_left > LOG_LOST || c > SUM_LARGE {
        let leaving = [a, b + f64::from(frequency + first_chances)];
        return by_quadrature(leaving, [r + f64::from(frequency), alpha + age], horizon);
    }
    if upper < -10.0 {
        // Its terms would alternate and cancel: those of the printed form do not.
        return printed_form([r + f64::from(frequency), b + f64::from(frequency + first_chances)], a, c, z);
    }
    // c · Σ_{k ≥ 1} (c − r − x)_k (a)_{k−1} / ((c)_k k!) z^k
    let (mut term, mut sum) = (upper * z, upper * z);
    for k in 1..5_000_000u32 {
        let k = f64::from(k);
        let ratio = (upper + k) * (a + k - 1.0) / ((c + k) * (k + 1.0)) * z;
        term *= ratio;
        sum += term;
        if term.abs() <= 1e-16 * sum.abs() * (1.0 - z) && k + upper > 0.0 {
            break;
        }
    }
    let (power, log) = (a - 1.0, log_left);
    let first = if power.abs() < 1e-12 { -log } else { -(power * log).exp_m1() / power };
    c * first - sum * (power * log).exp()
}

/// Above these the series' terms are too large, or their difference too small, for double precision: customers hardly differ in
/// how they leave then.
const LOG_LOST: f64 = 300.0;
const SUM_LARGE: f64 = 1e6;

/// The mean of (1 − (A / (A + p t))^R) / p over p ~ Beta(`leaving`), with `buying` = [R, A]: what is bought at a rate of
/// Gamma(R, A) until one leaves. Gauss and Legendre's rule of five points on panels around the mean of p, its weights the
/// density, normalised.
fn by_quadrature(leaving: [f64; 2], buying: [f64; 2], horizon: f64) -> f64 {
    const PANELS: usize = 40;
    const DEVIATIONS: f64 = 10.0;
    let ([a, b], [rate, since]) = (leaving, buying);
    let mean = a / (a + b);
    let deviation = (mean * (1.0 - mean) / (a + b + 1.0)).sqrt();
    let (low, high) = ((mean - DEVIATIONS * deviation).max(0.0), (mean + DEVIATIONS * deviation).min(1.0));
    let width = (high - low) / PANELS as f64;
    if width <= mean * 1e-13 {
        return until_leaving(mean, rate, since, horizon);
    }
    let log_density = |p: f64| (a - 1.0) * p.ln() + (b - 1.0) * (-p).ln_1p();
    let top = log_density(mean);
    let (mut sum, mut weights) = (0.0, 0.0);
    for panel in 0..PANELS {
        for (point, weight) in crate::quadrature::FIVE_POINTS {
            let p = low + width * (panel as f64 + point);
            let weight = weight * (log_density(p) - top).exp();
            sum += weight * until_leaving(p, rate, since, horizon);
            weights += weight;
        }
    }
    sum / weights
}

/// (1 − (A / (A + p t))^R) / p, also where p is next to nothing.
fn until_leaving(p: f64, rate: f64, since: f64, horizon: f64) -> f64 {
    let exponent = -rate * (p * horizon / since).ln_1p();
    if p > 1e-290 { -exponent.exp_m1() / p } else { rate * horizon / since }
}

/// c/(a − 1) · (1 − (1 − z)^upper₀ ₂F₁(upper₀, upper₁; c; z)), whose terms are all of one sign; a is kept off its hole at 1.
fn printed_form(upper: [f64; 2], a: f64, c: f64, z: f64) -> f64 {
    const LARGE: f64 = 1e200;
    let off = if (a - 1.0).abs() < 1e-6 { 1e-6 } else { 0.0 };
    let (mut term, mut sum, mut log_scale) = (1.0f64, 1.0f64, 0.0);
    for k in 0..5_000_000u32 {
        let k = f64::from(k);
        let ratio = (upper[0] + k) * (upper[1] + k) / ((c + off + k) * (k + 1.0)) * z;
        term *= ratio;
        sum += term;
        if sum.abs() > LARGE {
            (term, sum, log_scale) = (term / LARGE, sum / LARGE, log_scale + LARGE.ln());
        }
        if ratio.abs() < 1.0 && term.abs() <= 1e-16 * sum.abs() * (1.0 - ratio.abs().max(z)) {
            break;
        }
    }
    let product = sum.signum() * (sum.abs().ln() + log_scale + upper[0] * (1.0 - z).ln()).exp();
    (c + off) / (a - 1.0 + off) * (1.0 - product)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where both ways hold they agree; where the series is lost the answer goes on smoothly to that of a share that is the same
    /// for all.
    #[test]
    fn quadrature_goes_on_where_the_series_is_lost() {
        for (a, b, frequency) in [(20.0, 60.0, 3), (40.0, 900.0, 0), (80.0, 30.0, 5)] {
            let parameters = [0.6, 40.0, a, b];
            let series = purchases_if_alive(&parameters, 1, frequency, 100.0, 60.0);
            let x = f64::from(frequency);
            let other = by_quadrature([a, b + x + 1.0], [0.6 + x, 140.0], 60.0);
            assert!((series / other - 1.0).abs() < 1e-8, "{a} {b}: {series} {other}");
        }
        for scale in [1e3, 1e5, 1e7, 1e9, 1e12] {
            let parameters = [0.6, 40.0, 0.05 * scale, 0.95 * scale];
            let found = purchases_if_alive(&parameters, 1, 4, 100.0, 365.0);
            let limit = until_leaving(0.05, 4.6, 140.0, 365.0);
            assert!((found / limit - 1.0).abs() < 200.0 / scale + 1e-9, "{scale}: {found} {limit}");
        }
    }
}
