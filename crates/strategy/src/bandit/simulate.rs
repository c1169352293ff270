//! Worlds for bandits, whose best arm is known, and the regret of a policy in them: what always choosing the best would have
//! brought more, round by round, in expectation.

use math::Random;

use super::{Bandit, Context, choose};
use crate::StrategyError;

/// Where the chances of a reward come from.
#[derive(Clone, Debug, PartialEq)]
pub enum World {
    /// The same for everyone. Shape: (n_arms).
    Plain(Vec<f64>),
    /// By the value of the first of three attributes; the second and third say nothing. Shape: (n_values)(n_arms).
    Kinds(Vec<Vec<f64>>),
    /// The logistic function of coefficients times features, the first of which is 1 and the rest normal. Shape:
    /// (n_arms)(n_features).
    Logistic(Vec<Vec<f64>>),
}

/// What one round of a run was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Round {
    pub arm_idx: usize,
    pub propensity: f64,
    pub reward: f64,
    /// The best arm's chance less the chosen one's.
    pub regret: f64,
}

impl World {
    /// Features, attributes, and the chance of each arm.
    fn round(&self, random: &mut Random) -> (Vec<f64>, [u32; 3], Vec<f64>) {
        match self {
            World::Plain(chances) => (Vec::new(), [0; 3], chances.clone()),
            World::Kinds(kinds) => {
                let kind = random.below(kinds.len());
                (Vec::new(), [kind as u32, random.below(5) as u32, random.below(2) as u32], kinds[kind].clone())
            }
            World::Logistic(arms) => {
                let mut features = vec![1.0];
                features.extend((1..arms[0].len()).map(|_| random.normal()));
                let score = |arm: &Vec<f64>| -> f64 { arm.iter().zip(&features).map(|(a, x)| a * x).sum() };
                let chances = arms.iter().map(|arm| 1.0 / (1.0 + (-score(arm)).exp())).collect();
                (features, [0; 3], chances)
            }
        }
    }
}

/// Lets a policy choose and learn for `n_rounds`.
///
/// # Errors
/// If the policy does not fit the world's shape.
pub fn run<B: Bandit + ?Sized>(
    bandit: &mut B,
    world: &World,
    n_rounds: usize,
    floor: f64,
    seed: u64,
) -> Result<Vec<Round>, StrategyError> {
    let mut random = Random::new(seed);
    let mut rounds = Vec::with_capacity(n_rounds);
    for _ in 0..n_rounds {
        let (features, attributes, chances) = world.round(&mut random);
        let context = Context { features: &features, attributes: &attributes };
        let choice = choose(bandit, &context, None, floor, &mut random)?;
        let reward = f64::from(u8::from(random.uniform() < chances[choice.arm_idx]));
        bandit.learn(&context, choice.arm_idx, reward)?;
        let best = chances.iter().copied().fold(0.0, f64::max);
        let regret = best - chances[choice.arm_idx];
        rounds.push(Round { arm_idx: choice.arm_idx, propensity: choice.propensity, reward, regret });
    }
    Ok(rounds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bandit::{Attribute, AttributeTree, BetaThompson, EpsilonGreedy, GaussianThompson, Growth, History};
    use crate::bandit::{LinUcb, LogisticThompson, Ucb1};
    use crate::policy::{Estimator, Interval, Rounds, estimates};

    const CHANCES: [f64; 3] = [0.3, 0.5, 0.7];

    fn world() -> World {
        World::Plain(CHANCES.to_vec())
    }

    fn regret(rounds: &[Round]) -> f64 {
        rounds.iter().map(|round| round.regret).sum()
    }

    /// The mean over eight runs of the regret in the first and in the second half.
    fn halves(make: impl Fn() -> Box<dyn Bandit>, world: &World, n_rounds: usize) -> (f64, f64) {
        let (mut first, mut second) = (0.0, 0.0);
        for seed in 0..8 {
            let rounds = run(&mut *make(), world, n_rounds, 0.0, seed).unwrap();
            first += regret(&rounds[..n_rounds / 2]) / 8.0;
            second += regret(&rounds[n_rounds / 2..]) / 8.0;
        }
        (first, second)
    }

    /// Σ Δ ln n / kl(μ, μ*), the least any good policy can come to as n grows (Lai, Robbins 1985).
    fn lai_robbins(n: f64) -> f64 {
        let kl = |p: f64, q: f64| p * (p / q).ln() + (1.0 - p) * ((1.0 - p) / (1.0 - q)).ln();
        CHANCES[..2].iter().map(|chance| (CHANCES[2] - chance) * n.ln() / kl(*chance, CHANCES[2])).sum()
    }

    #[test]
    fn thompson_sampling_comes_near_the_least_regret_possible() {
        let n = 4000;
        let (first, second) = halves(|| Box::new(BetaThompson::new(3, (1.0, 1.0)).unwrap()), &world(), n);
        let least = lai_robbins(n as f64);
        assert!((0.4 * least..1.8 * least).contains(&(first + second)), "{first} + {second}, least {least}");
        // Logarithmic growth: the second half adds ln 2 / ln n of the whole, not half.
        assert!(second < 0.35 * first, "{first} {second}");
    }

    #[test]
    fn ucb_stays_below_its_bound_and_above_thompson() {
        let n = 4000;
        let (first, second) = halves(|| Box::new(Ucb1::new(3).unwrap()), &world(), n);
        // Auer, Cesa-Bianchi, Fischer 2002, theorem 1.
        let gaps = CHANCES[..2].iter().map(|chance| CHANCES[2] - chance);
        let bound: f64 =
            gaps.map(|gap| 8.0 * (n as f64).ln() / gap + (1.0 + std::f64::consts::PI.powi(2) / 3.0) * gap).sum();
        assert!(first + second < bound, "{first} + {second}, bound {bound}");
        assert!(second < 0.6 * first, "{first} {second}");
        let (one, two) = halves(|| Box::new(BetaThompson::new(3, (1.0, 1.0)).unwrap()), &world(), n);
        assert!(one + two < first + second, "{one} + {two} against {first} + {second}");
    }

    /// A fixed part tried at random costs the same for ever: ε times the mean gap a round.
    #[test]
    fn epsilon_greedy_pays_for_ever() {
        let n = 10_000;
        let (_, second) = halves(|| Box::new(EpsilonGreedy::new(3, 0.1).unwrap()), &world(), n);
        let expected = 0.1 * (0.4 + 0.2) / 3.0 * n as f64 / 2.0;
        assert!((0.9 * expected..1.2 * expected).contains(&second), "{second}, expected {expected}");
    }

    #[test]
    fn gaussian_thompson_learns_too() {
        let (first, second) = halves(|| Box::new(GaussianThompson::new(3, 0.5, 0.5).unwrap()), &world(), 2000);
        assert!(second < 0.4 * first && first < 60.0, "{first} {second}");
    }

    #[test]
    fn policies_that_look_beat_one_that_does_not() {
        let world = World::Logistic(vec![vec![-0.5, 1.5, 0.0], vec![-0.5, -1.5, 0.0], vec![-0.5, 0.0, 1.5]]);
        let n = 3000;
        let (one, two) = halves(|| Box::new(BetaThompson::new(3, (1.0, 1.0)).unwrap()), &world, n);
        for (name, (first, second)) in [
            ("LinUCB", halves(|| Box::new(LinUcb::new(3, 3, 0.7, 1.0).unwrap()), &world, n)),
            ("logistic", halves(|| Box::new(LogisticThompson::new(3, 3, 1.0).unwrap()), &world, n)),
        ] {
            assert!(first + second < 0.4 * (one + two), "{name}: {first} {second} against {one} {two}");
            assert!(second < 0.75 * first, "{name}: {first} {second}");
        }
    }

    #[test]
    fn a_tree_grown_from_its_own_log_beats_one_leaf() {
        let world = World::Kinds(vec![vec![0.3, 0.1, 0.1], vec![0.1, 0.3, 0.1], vec![0.1, 0.1, 0.3]]);
        let attributes = || {
            let named = |(name, n_values): (&str, usize)| Attribute { name: name.to_owned(), n_values };
            [("device", 3), ("noise", 5), ("member", 2)].map(named).to_vec()
        };
        // The same seed gives the same customers; what was known of them is asked of the world again.
        let mut first = EpsilonGreedy::new(3, 1.0).unwrap();
        let (mut known, mut arm, mut reward) = (Vec::new(), Vec::new(), Vec::new());
        let mut random = Random::new(9);
        for _ in 0..6000 {
            let (_, attributes, chances) = world.round(&mut random);
            let choice = choose(&first, &Context::default(), None, 0.0, &mut random).unwrap();
            let brought = f64::from(u8::from(random.uniform() < chances[choice.arm_idx]));
            first.learn(&Context::default(), choice.arm_idx, brought).unwrap();
            known.extend(attributes);
            arm.push(choice.arm_idx as u32);
            reward.push(brought);
        }
        let history = History { attributes: &known, arm: &arm, reward: &reward };
        let tree = AttributeTree::grow(attributes(), 3, history, Growth::default()).unwrap();
        assert_eq!(tree.n_leaves(), 3);
        let (one, two) = halves(|| Box::new(tree.clone()), &world, 2000);
        let (plain, plainer) = halves(|| Box::new(BetaThompson::new(3, (1.0, 1.0)).unwrap()), &world, 2000);
        assert!(one + two < 0.1 * (plain + plainer), "{one} {two} against {plain} {plainer}");
    }

    /// What a learning policy logged is enough to say what choosing evenly would have brought.
    #[test]
    fn logged_propensities_evaluate_another_policy() {
        let mut covered = 0;
        for seed in 0..200 {
            let mut bandit = BetaThompson::new(3, (1.0, 1.0)).unwrap();
            let rounds = run(&mut bandit, &world(), 1500, 0.2, seed).unwrap();
            let column = |of: fn(&Round) -> f64| rounds.iter().map(of).collect::<Vec<f64>>();
            let (reward, propensity) = (column(|round| round.reward), column(|round| round.propensity));
            let target = vec![1.0 / 3.0; rounds.len()];
            let log = Rounds::new(&reward, &propensity, &target, None).unwrap();
            let how = Interval { level: 0.9, ..Interval::default() };
            let (estimator, found) = estimates(&log, &how).unwrap()[0];
            assert_eq!(estimator, Estimator::Ips);
            covered += usize::from((found.low..found.high).contains(&0.5));
        }
        crate::coverage::assert_covers("bandit: another policy by its log", covered, 200);
    }
}
