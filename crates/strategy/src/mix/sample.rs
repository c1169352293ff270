//! Draws from the mix model's density by the No-U-Turn sampler of `nuts-rs` (Hoffman and Gelman 2014), one chain a thread. The
//! walk is in the coordinates in which the normal distribution at the mode is the standard one, so that strong correlations
//! between a curve's height and its bend cost no small steps. Not here: whether the chains agree (`diagnose`).

use std::collections::HashMap;

use math::Random;
use nuts_rs::rand::{SeedableRng, rngs::ChaCha8Rng};
use nuts_rs::{Chain, CpuLogpFunc, CpuMath, CpuMathError, DiagNutsSettings, HasDims, LogpError, Settings};

use super::laplace::Laplace;
use super::posterior::Posterior;

/// How the walk is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleSettings {
    pub n_chains: usize,
    /// Steps in which the sampler tunes itself; not kept.
    pub n_tune: usize,
    /// Draws that are kept, of each chain.
    pub n_draws: usize,
    /// The share of steps to accept; more means smaller steps.
    pub target_accept: f64,
}

impl Default for SampleSettings {
    fn default() -> Self {
        SampleSettings { n_chains: 4, n_tune: 500, n_draws: 2000, target_accept: 0.9 }
    }
}

/// One chain's points on the scale of sampling.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    /// Shape: (n_draws, dim).
    pub points: Vec<Vec<f64>>,
    pub n_divergences: usize,
    pub n_gradients: u64,
    /// Why the walk broke off, if it did.
    pub broken: Option<String>,
}

/// The density in the coordinates of the normal distribution at the mode.
struct Whitened<'a> {
    posterior: Posterior<'a>,
    laplace: &'a Laplace,
    point: Vec<f64>,
    gradient: Vec<f64>,
}

/// The density is no number: the step is a divergence.
#[derive(Debug, thiserror::Error)]
#[error("the density is not a finite number")]
struct NotFinite;

impl LogpError for NotFinite {
    fn is_recoverable(&self) -> bool {
        true
    }
}

impl HasDims for Whitened<'_> {
    fn dim_sizes(&self) -> HashMap<String, u64> {
        HashMap::from([("unconstrained_parameter".to_owned(), self.dim() as u64)])
    }
}

impl CpuLogpFunc for Whitened<'_> {
    type LogpError = NotFinite;
    type FlowParameters = ();
    type ExpandedVector = Vec<f64>;

    fn dim(&self) -> usize {
        self.point.len()
    }

    fn logp(&mut self, position: &[f64], gradient: &mut [f64]) -> Result<f64, NotFinite> {
        self.laplace.point(position, &mut self.point);
        let value = self.posterior.at(&self.point, &mut self.gradient);
        self.laplace.pull_back(&self.gradient, gradient);
        let is_finite = value.is_finite() && gradient.iter().all(|one| one.is_finite());
        if is_finite { Ok(value) } else { Err(NotFinite) }
    }

    fn expand_vector<R: nuts_rs::rand::Rng + ?Sized>(
        &mut self,
        _: &mut R,
        array: &[f64],
    ) -> Result<Vec<f64>, CpuMathError> {
        Ok(array.to_vec())
    }
}

/// Walks one chain. The same seed and chain give the same draws. `go_on` is asked now and then.
pub(super) fn walk(
    posterior: &Posterior,
    laplace: &Laplace,
    settings: &SampleSettings,
    seed: u64,
    chain: u64,
    go_on: &(dyn Fn(usize) -> bool + Sync),
) -> Walk {
    let mut walk = Walk::default();
    if let Err(error) = try_walk(posterior, laplace, settings, seed, chain, go_on, &mut walk) {
        walk.broken = Some(error);
    }
    walk
}

fn try_walk(
    posterior: &Posterior,
    laplace: &Laplace,
    settings: &SampleSettings,
    seed: u64,
    chain: u64,
    go_on: &(dyn Fn(usize) -> bool + Sync),
    walk: &mut Walk,
) -> Result<(), String> {
    let dim = laplace.mode.len();
    let mut options = DiagNutsSettings {
        num_tune: settings.n_tune as u64,
        num_draws: settings.n_draws as u64,
        ..DiagNutsSettings::default()
    };
    options.adapt_options.step_size_settings.target_accept = settings.target_accept;
    let density = Whitened { posterior: posterior.clone(), laplace, point: vec![0.0; dim], gradient: vec![0.0; dim] };
    let mut random = Random::stream(seed, chain);
    let mut seeds = ChaCha8Rng::seed_from_u64(random.next_u64());
    let mut sampler = options.new_chain(chain, CpuMath::new(density), &mut seeds).map_err(|error| error.to_string())?;
    // Chains begin apart from each other, so that they can be seen to come together.
    let first: Vec<f64> = (0..dim).map(|_| 1.5 * random.normal()).collect();
    if sampler.set_position(&first).is_err() {
        sampler.set_position(&vec![0.0; dim]).map_err(|error| error.to_string())?;
    }
    for step in 0..settings.n_tune + settings.n_draws {
        if step % 50 == 0 && !go_on(step) {
            return Err("cancelled".to_owned());
        }
        let (draw, info) = sampler.draw().map_err(|error| error.to_string())?;
        walk.n_gradients += info.num_gradients;
        if step >= settings.n_tune {
            walk.n_divergences += usize::from(info.diverging);
            let mut point = vec![0.0; dim];
            laplace.point(&draw, &mut point);
            walk.points.push(point);
        }
    }
    Ok(())
}
