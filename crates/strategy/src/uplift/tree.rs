//! Trees and forests that split where the arms' outcomes part, not where outcomes differ: for outcomes of 0 and 1.
//!
//! Source: Rzepakowski and Jaroszewicz (2012), "Decision trees for uplift modeling with single and multiple treatments",
//! equations 3 to 10 (divergences, gain, normalisation) and, for forests, Sołtys, Jaroszewicz and Rzepakowski (2015). Differs from
//! them: features are cut into at most 255 bins, missing values are the lowest of them, categories are asked for in the order
//! of their effect at the root, and shares in a node are drawn towards its parent's by `n_prior` rows.
//!
//! Not here: learners made of ordinary models ([`super::meta`]).

use math::Random;
use rayon::prelude::*;

use super::trial::Trial;
use crate::StrategyError;
use crate::boost::{Binned, Features};

/// How far apart two shares are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Criterion {
    /// Σ p ln(p / q).
    #[default]
    Kl,
    /// Σ (p − q)².
    Euclid,
    /// Σ (p − q)² / q.
    Chi,
}

/// Shares of responses are kept this far from 0 and 1.
const SHARE_MIN: f64 = 1e-6;

impl Criterion {
    /// Between the responses of treated (p) and controls (q), over both outcomes.
    pub fn divergence(self, p: f64, q: f64) -> f64 {
        let (p, q) = (p.clamp(SHARE_MIN, 1.0 - SHARE_MIN), q.clamp(SHARE_MIN, 1.0 - SHARE_MIN));
        match self {
            Criterion::Kl => p * (p / q).ln() + (1.0 - p) * ((1.0 - p) / (1.0 - q)).ln(),
            Criterion::Euclid => 2.0 * (p - q) * (p - q),
            Criterion::Chi => (p - q) * (p - q) / (q * (1.0 - q)),
        }
    }

    /// Entropy for KL, Gini for the others.
    fn impurity(self, p: f64) -> f64 {
        match self {
            Criterion::Kl if p <= 0.0 || p >= 1.0 => 0.0,
            Criterion::Kl => -p * p.ln() - (1.0 - p) * (1.0 - p).ln(),
            Criterion::Euclid | Criterion::Chi => 2.0 * p * (1.0 - p),
        }
    }
}

/// What a tree or forest is grown with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TreeSettings {
    pub criterion: Criterion,
    pub max_depth: usize,
    /// Fewest rows of each arm in a leaf.
    pub min_rows_in_arm: usize,
    /// Rows by which a node's shares are drawn towards its parent's.
    pub n_prior: f64,
    /// Whether a split is worth less if it parts the arms unevenly or is cut fine (equations 8 to 10).
    pub is_normalised: bool,
    /// 1 is a single tree on all rows and features.
    pub n_trees: usize,
    /// Of a forest: the share of rows, drawn without replacement, and of features that each tree has.
    pub row_fraction: f64,
    pub feature_fraction: f64,
    pub seed: u64,
}

impl Default for TreeSettings {
    fn default() -> Self {
        TreeSettings {
            criterion: Criterion::Kl,
            max_depth: 5,
            min_rows_in_arm: 200,
            n_prior: 100.0,
            is_normalised: true,
            n_trees: 1,
            row_fraction: 0.5,
            feature_fraction: 0.7,
            seed: 1,
        }
    }
}

/// Rows and responses, controls first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Counts {
    n: [f64; 2],
    y: [f64; 2],
}

impl Counts {
    fn plus(self, other: Counts) -> Counts {
        let add = |a: [f64; 2], b: [f64; 2]| [a[0] + b[0], a[1] + b[1]];
        Counts { n: add(self.n, other.n), y: add(self.y, other.y) }
    }

    fn minus(self, other: Counts) -> Counts {
        let take = |a: [f64; 2], b: [f64; 2]| [a[0] - b[0], a[1] - b[1]];
        Counts { n: take(self.n, other.n), y: take(self.y, other.y) }
    }

    fn total(self) -> f64 {
        self.n[0] + self.n[1]
    }

    fn shares(self, parent: [f64; 2], n_prior: f64) -> [f64; 2] {
        std::array::from_fn(|arm| (self.y[arm] + n_prior * parent[arm]) / (self.n[arm] + n_prior))
    }
}

#[derive(Clone, Debug)]
enum Node {
    Leaf { effect: f64 },
    Split { feature: usize, is_left: Box<[bool; 256]>, left: usize, right: usize },
}

#[derive(Clone, Debug)]
struct Tree {
    nodes: Vec<Node>,
}

/// Grown trees; the effect of a row is the mean of theirs.
#[derive(Clone, Debug)]
pub struct Forest {
    bins: Binned,
    /// For each treatment its trees.
    trees: Vec<Vec<Tree>>,
}

impl Forest {
    /// Grows trees for each treatment against the control.
    ///
    /// # Errors
    /// If an outcome is not 0 or 1, or settings are out of range.
    pub fn fit(trial: &Trial, settings: &TreeSettings) -> Result<Self, StrategyError> {
        if let Some(row) = trial.outcome.iter().position(|&y| y != 0.0 && y != 1.0) {
            return Err(StrategyError::bad_value("outcome", row, trial.outcome[row], "0 or 1 for a tree of effects"));
        }
        let within = |share: f64| share > 0.0 && share <= 1.0;
        if !(within(settings.row_fraction) && within(settings.feature_fraction)) {
            let found = format!("{} and {}", settings.row_fraction, settings.feature_fraction);
            return Err(StrategyError::unfit("shares of rows and features", found, "more than 0, up to 1"));
        }
        if !(settings.n_prior >= 0.0 && settings.n_prior.is_finite()) || settings.max_depth > 30 {
            let found = format!("{} and {}", settings.n_prior, settings.max_depth);
            return Err(StrategyError::unfit("n_prior and max_depth", found, "0 or more; 0 to 30"));
        }
        let bins = Binned::new(trial.features, 255)?;
        let of = |arm: u32| {
            (0..settings.n_trees.max(1))
                .into_par_iter()
                .map(|at| Grower::grow(trial, &bins, arm, settings, at))
                .collect()
        };
        let trees = (1..trial.n_arms() as u32).map(of).collect();
        Ok(Forest { bins, trees })
    }

    /// Shape: (n_arms − 1)(n_rows).
    ///
    /// # Errors
    /// If these are not the features that it learned from.
    pub fn effects(&self, features: &Features) -> Result<Vec<Vec<f64>>, StrategyError> {
        let rows = self.bins.same_bins(features)?;
        let of = |trees: &Vec<Tree>| {
            let row =
                |row: usize| trees.iter().map(|tree| tree.effect(rows.row(row))).sum::<f64>() / trees.len() as f64;
            (0..rows.n_rows()).into_par_iter().map(row).collect()
        };
        Ok(self.trees.iter().map(of).collect())
    }

    /// Leaves of the first tree of the first treatment.
    pub fn n_leaves(&self) -> usize {
        self.trees[0][0].nodes.iter().filter(|node| matches!(node, Node::Leaf { .. })).count()
    }
}

impl Tree {
    fn effect(&self, row: &[u8]) -> f64 {
        let mut at = 0;
        loop {
            match &self.nodes[at] {
                Node::Leaf { effect } => return *effect,
                Node::Split { feature, is_left, left, right } => {
                    at = if is_left[usize::from(row[*feature])] { *left } else { *right };
                }
            }
        }
    }
}

struct Grower<'a> {
    bins: &'a Binned,
    settings: &'a TreeSettings,
    /// 0 control without response, 1 with, 2 treated without, 3 with. Shape: (n_rows).
    kinds: Vec<u8>,
    /// For each feature its bins, in the order in which they are cut: numbers by value, categories by their effect.
    orders: Vec<Vec<u8>>,
    features: Vec<usize>,
    nodes: Vec<Node>,
}

impl<'a> Grower<'a> {
    fn grow(trial: &Trial, bins: &'a Binned, arm: u32, settings: &'a TreeSettings, at: usize) -> Tree {
        let mut random = Random::stream(settings.seed, 10_000 * u64::from(arm) + at as u64);
        let is_forest = settings.n_trees > 1;
        let rows: Vec<u32> = (0..trial.n_rows() as u32)
            .filter(|&row| [0, arm].contains(&trial.arms[row as usize]))
            .filter(|_| !is_forest || random.uniform() < settings.row_fraction)
            .collect();
        let kind = |row: usize| 2 * u8::from(trial.arms[row] == arm) + u8::from(trial.outcome[row] == 1.0);
        let mut features: Vec<usize> = (0..bins.n_features()).collect();
        if is_forest {
            random.shuffle(&mut features);
            features.truncate(((features.len() as f64 * settings.feature_fraction).ceil() as usize).max(1));
            features.sort_unstable();
        }
        let mut grower = Grower {
            bins,
            settings,
            kinds: (0..trial.n_rows()).map(kind).collect(),
            orders: Vec::new(),
            features,
            nodes: Vec::new(),
        };
        let sums = grower.sums(&rows);
        let total = sums[0].iter().fold(Counts::default(), |sum, &more| sum.plus(more));
        let shares = total.shares([0.0; 2], 0.0).map(|share| if share.is_nan() { 0.0 } else { share });
        grower.orders = (0..bins.n_features()).map(|feature| grower.order(feature, &sums[feature], shares)).collect();
        grower.node(rows, sums, total, shares, 0);
        Tree { nodes: grower.nodes }
    }

    fn sums(&self, rows: &[u32]) -> Vec<[Counts; 256]> {
        let mut counts = vec![[[0u32; 4]; 256]; self.bins.n_features()];
        for &row in rows {
            let kind = usize::from(self.kinds[row as usize]);
            for (counts, &bin) in counts.iter_mut().zip(self.bins.row(row as usize)) {
                counts[usize::from(bin)][kind] += 1;
            }
        }
        let of = |kinds: [u32; 4]| {
            let [idle_control, control, idle_treated, treated] = kinds.map(f64::from);
            Counts { n: [idle_control + control, idle_treated + treated], y: [control, treated] }
        };
        counts.into_iter().map(|counts| counts.map(of)).collect()
    }

    fn order(&self, feature: usize, sums: &[Counts; 256], shares: [f64; 2]) -> Vec<u8> {
        let mut order: Vec<u8> = (0..self.bins.n_cells(feature)).map(|bin| bin as u8).collect();
        if self.bins.is_category(feature) {
            let effect = |bin: &u8| {
                let [control, treated] = sums[usize::from(*bin)].shares(shares, self.settings.n_prior.max(1.0));
                treated - control
            };
            order.sort_by(|a, b| effect(a).total_cmp(&effect(b)).then(a.cmp(b)));
        }
        order
    }

    /// Adds the node of these rows and all below it; returns its number.
    fn node(
        &mut self,
        rows: Vec<u32>,
        sums: Vec<[Counts; 256]>,
        total: Counts,
        shares: [f64; 2],
        depth: usize,
    ) -> usize {
        let at = self.nodes.len();
        self.nodes.push(Node::Leaf { effect: shares[1] - shares[0] });
        if depth >= self.settings.max_depth {
            return at;
        }
        let Some((feature, is_left, left_total)) = self.best(&sums, total, shares) else { return at };
        let (left, right): (Vec<u32>, Vec<u32>) =
            rows.into_iter().partition(|&row| is_left[usize::from(self.bins.row(row as usize)[feature])]);
        let right_total = total.minus(left_total);
        let (left_sums, right_sums) = self.part(sums, &left, &right);
        let prior = self.settings.n_prior;
        let left = self.node(left, left_sums, left_total, left_total.shares(shares, prior), depth + 1);
        let right = self.node(right, right_sums, right_total, right_total.shares(shares, prior), depth + 1);
        self.nodes[at] = Node::Split { feature, is_left, left, right };
        at
    }

    /// The sums of both sides: the smaller one is counted, the other is what is left.
    fn part(
        &self,
        mut sums: Vec<[Counts; 256]>,
        left: &[u32],
        right: &[u32],
    ) -> (Vec<[Counts; 256]>, Vec<[Counts; 256]>) {
        let is_left_smaller = left.len() <= right.len();
        let small = self.sums(if is_left_smaller { left } else { right });
        for (sums, small) in sums.iter_mut().zip(&small) {
            sums.iter_mut().zip(small).for_each(|(sum, small)| *sum = sum.minus(*small));
        }
        if is_left_smaller { (small, sums) } else { (sums, small) }
    }

    fn best(
        &self,
        sums: &[[Counts; 256]],
        total: Counts,
        shares: [f64; 2],
    ) -> Option<(usize, Box<[bool; 256]>, Counts)> {
        let mut best: Option<(f64, usize, usize, Counts)> = None;
        let before = self.settings.criterion.divergence(shares[1], shares[0]);
        let least = self.settings.min_rows_in_arm.max(1) as f64;
        for &feature in &self.features {
            let order = &self.orders[feature];
            let mut left = Counts::default();
            for (at, &bin) in order.iter().enumerate().take(order.len() - 1) {
                let more = sums[feature][usize::from(bin)];
                if more.total() == 0.0 {
                    continue;
                }
                left = left.plus(more);
                let right = total.minus(left);
                if left.n.iter().chain(&right.n).any(|&n| n < least) {
                    continue;
                }
                let gain = self.gain(left, right, shares, before);
                if gain > best.map_or(1e-12, |best| best.0) {
                    best = Some((gain, feature, at, left));
                }
            }
        }
        let (_, feature, at, left) = best?;
        let mut is_left = Box::new([false; 256]);
        for &bin in &self.orders[feature][..=at] {
            is_left[usize::from(bin)] = true;
        }
        Some((feature, is_left, left))
    }

    /// Divergence of both sides less that before (equation 4), over the normalisation (equations 8 to 10).
    fn gain(&self, left: Counts, right: Counts, shares: [f64; 2], before: f64) -> f64 {
        let criterion = self.settings.criterion;
        let total = left.plus(right);
        let of = |side: Counts| {
            let [control, treated] = side.shares(shares, self.settings.n_prior);
            side.total() / total.total() * criterion.divergence(treated, control)
        };
        let gain = of(left) + of(right) - before;
        if !self.settings.is_normalised || gain <= 0.0 {
            return gain;
        }
        let [control, treated] = [0, 1].map(|arm| left.n[arm] / total.n[arm]);
        let [share_control, share_treated] = [0, 1].map(|arm| total.n[arm] / total.total());
        let normal = criterion.impurity(share_treated) * criterion.divergence(treated, control)
            + share_treated * criterion.impurity(treated)
            + share_control * criterion.impurity(control)
            + 0.5;
        gain / normal
    }
}
