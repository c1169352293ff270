//! Pareto/NBD: likelihood with its gradient and the probability of being alive.
//!
//! Given λ and μ the likelihood is λ^x (e^(−(λ+μ)T) + ∫_{t_x}^{T} μ e^(−(λ+μ)τ) dτ) (Schmittlein, Morrison and
//! Colombo 1987); over the two gamma distributions, with w(τ) = (α+τ)^(−(r+x)) (β+τ)^(−s), it becomes
//! Γ(r+x)/Γ(r) α^r β^s (w(T) (1 − κ(T)) + w(t_x) κ(t_x)), κ(τ) w(τ) = s ∫_τ^∞ (α+u)^(−(r+x)) (β+u)^(−(s+1)) du.
//! κ is a hypergeometric function of the form ₂F₁(1, ·; r+s+x+1; ·) below 1, whichever of α and β is larger, and nothing
//! overflows.

use math::special::hyp2f1_of_one;

use super::beta_geometric::Tables;

/// κ(τ), with the derivatives of its logarithm by r, α, s, β.
fn kappa(parameters: &[f64; 4], x: f64, tau: f64) -> (f64, [f64; 4]) {
    let [r, alpha, s, beta] = *parameters;
    let p = r + s + x;
    let (alpha_tau, beta_tau) = (alpha + tau, beta + tau);
    if alpha >= beta {
        let (value, [by_b, by_c, by_z]) = hyp2f1_of_one(r + x, p + 1.0, (alpha - beta) / alpha_tau);
        let slopes = [
            (by_b + by_c) / value - 1.0 / p,
            by_z / value * beta_tau / (alpha_tau * alpha_tau),
            by_c / value + 1.0 / s - 1.0 / p,
            -by_z / value / alpha_tau,
        ];
        (s / p * value, slopes)
    } else {
        let (value, [by_b, by_c, by_z]) = hyp2f1_of_one(s + 1.0, p + 1.0, (beta - alpha) / beta_tau);
        let slopes = [
            by_c / value - 1.0 / p,
            1.0 / alpha_tau - by_z / value / beta_tau,
            (by_b + by_c) / value + 1.0 / s - 1.0 / p,
            by_z / value * alpha_tau / (beta_tau * beta_tau) - 1.0 / beta_tau,
        ];
        (s / p * (alpha_tau / beta_tau) * value, slopes)
    }
}

/// One customer's log-likelihood, with its derivatives by r, α, s, β.
pub(super) fn log_likelihood(
    parameters: &[f64; 4],
    tables: &Tables,
    (frequency, recency, age): (u32, f64, f64),
    slopes: &mut [f64; 4],
) -> f64 {
    let [r, alpha, s, beta] = *parameters;
    let x = f64::from(frequency);
    let [rate, rate_by_r] = tables.rate[frequency as usize];
    let (ln_alpha, ln_beta) = (alpha.ln(), beta.ln());
    let (ln_alpha_age, ln_beta_age) = ((alpha + age).ln(), (beta + age).ln());
    let since = [ln_alpha_age - (alpha + recency).ln(), ln_beta_age - (beta + recency).ln()];
    let (now, now_slopes) = kappa(parameters, x, age);
    let (last, last_slopes) = kappa(parameters, x, recency);
    // ln(w(t_x)/w(T)) and its derivatives.
    let ln_ratio = (r + x) * since[0] + s * since[1];
    let ratio_slopes = [
        since[0],
        (r + x) * (1.0 / (alpha + age) - 1.0 / (alpha + recency)),
        since[1],
        s * (1.0 / (beta + age) - 1.0 / (beta + recency)),
    ];
    let one = (-ln_ratio).exp();
    let total = (1.0 - now) * one + last;
    let outside = [
        rate_by_r + ln_alpha - ln_alpha_age,
        r / alpha - (r + x) / (alpha + age),
        ln_beta - ln_beta_age,
        s / beta - s / (beta + age),
    ];
    for (at, slope) in slopes.iter_mut().enumerate() {
        let inside = last * (last_slopes[at] + ratio_slopes[at]) - now * now_slopes[at] * one;
        *slope = outside[at] + inside / total;
    }
    rate + r * ln_alpha + s * ln_beta - (r + x) * ln_alpha_age - s * ln_beta_age + ln_ratio + total.ln()
}

/// The probability of being alive at `age`: w(T) over the bracket.
pub(super) fn alive(parameters: &[f64; 4], (frequency, recency, age): (u32, f64, f64)) -> f64 {
    let [r, alpha, s, beta] = *parameters;
    let x = f64::from(frequency);
    let ln_ratio = (r + x) * ((alpha + age) / (alpha + recency)).ln() + s * ((beta + age) / (beta + recency)).ln();
    let one = (-ln_ratio).exp();
    let (now, last) = (kappa(parameters, x, age).0, kappa(parameters, x, recency).0);
    (one / ((1.0 - now) * one + last)).clamp(0.0, 1.0)
}

/// What a customer who is alive at `age` is expected to buy until `age + horizon` (Fader and Hardie 2005, "A note on
/// deriving the Pareto/NBD model", equation 41, without the probability of being alive).
pub(super) fn purchases_if_alive(parameters: &[f64; 4], frequency: u32, age: f64, horizon: f64) -> f64 {
    let [r, alpha, s, beta] = *parameters;
    let (power, log) = (s - 1.0, ((beta + age) / (beta + age + horizon)).ln());
    let time = if power.abs() < 1e-12 { -log } else { -(power * log).exp_m1() / power };
    (r + f64::from(frequency)) * (beta + age) / (alpha + age) * time
}
