//! A contextual bandit as a tree over attributes: customers are split where different arms work for them, and each leaf samples
//! by Thompson among its arms. It is served by a few comparisons, and says in words why an arm was chosen.

use math::special::ln_beta;
use serde::Serialize;

use super::choose::{Bandit, Context, check_arm, check_arms, check_reward};
use super::thompson::{Belief, chances_best, check_prior};
use crate::StrategyError;

/// At most this many attributes, and values of one.
pub const ATTRIBUTES_MAX: usize = 1000;
pub const VALUES_MAX: usize = 10_000;

/// What is known of customers, with how many values it can take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attribute {
    pub name: String,
    pub n_values: usize,
}

/// One step of the way to a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Condition {
    pub attribute_idx: usize,
    pub value: u32,
    /// Whether the attribute has the value, or any other.
    pub is_value: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Node {
    Split {
        attribute_idx: usize,
        value: u32,
        if_value: usize,
        otherwise: usize,
    },
    /// Successes and failures of each arm, the prior's with them. Shape: (n_arms).
    Leaf {
        arms: Vec<(f64, f64)>,
    },
}

/// How a tree is grown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Growth {
    pub n_leaves_max: usize,
    /// On either side of a split.
    pub n_rows_min: usize,
    /// How many times likelier, as a natural logarithm and beyond what the number of splits looked at makes likely by chance,
    /// different arms must work on the two sides.
    pub evidence_min: f64,
    /// Successes and failures every arm of every leaf begins with.
    pub prior: (f64, f64),
}

impl Default for Growth {
    fn default() -> Self {
        Growth { n_leaves_max: 32, n_rows_min: 100, evidence_min: 3.0, prior: (1.0, 1.0) }
    }
}

/// Logged choices. Rewards are 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct History<'a> {
    /// Shape: (n_rows, n_attributes), row by row; values count from 0.
    pub attributes: &'a [u32],
    /// Shape: (n_rows).
    pub arm: &'a [u32],
    /// Shape: (n_rows).
    pub reward: &'a [f64],
}

/// The grown tree.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttributeTree {
    attributes: Vec<Attribute>,
    n_arms: usize,
    nodes: Vec<Node>,
}

/// A split that could be made, and what speaks for it.
struct Candidate {
    condition: Condition,
    evidence: f64,
}

struct Grower<'a> {
    tree: AttributeTree,
    history: History<'a>,
    growth: Growth,
}

impl AttributeTree {
    /// Grows leaf by leaf, where the evidence is greatest first; without a history worth a split there is one leaf. Evidence is
    /// the logarithm of the Bayes factor of different chances on both sides against the same ones, arm by arm, less that of
    /// all arms as one: what makes customers better altogether is no reason to treat them differently.
    ///
    /// # Errors
    /// If shapes do not fit together, a value or arm is not below its number, or a reward is not in 0 to 1.
    pub fn grow(
        attributes: Vec<Attribute>,
        n_arms: usize,
        history: History,
        growth: Growth,
    ) -> Result<Self, StrategyError> {
        check_arms(n_arms)?;
        check_prior(growth.prior)?;
        check(&attributes, n_arms, &history)?;
        let tree = AttributeTree { attributes, n_arms, nodes: Vec::new() };
        let mut grower = Grower { tree, history, growth };
        grower.grow();
        Ok(grower.tree)
    }

    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    pub fn n_leaves(&self) -> usize {
        self.nodes.iter().filter(|node| matches!(node, Node::Leaf { .. })).count()
    }

    /// The way to the leaf of these attributes: why this customer gets what it gets.
    ///
    /// # Errors
    /// If the attributes are not of the tree's shape.
    pub fn conditions(&self, attributes: &[u32]) -> Result<Vec<Condition>, StrategyError> {
        Ok(self.way(attributes)?.0)
    }

    /// What is believed of each arm for these attributes. Shape: (n_arms).
    ///
    /// # Errors
    /// If the attributes are not of the tree's shape.
    pub fn beliefs(&self, attributes: &[u32]) -> Result<Vec<Belief>, StrategyError> {
        let leaf = self.way(attributes)?.1;
        Ok(self.beliefs_of(leaf))
    }

    /// Every leaf: the way to it, and what is believed of its arms.
    pub fn leaves(&self) -> Vec<(Vec<Condition>, Vec<Belief>)> {
        let mut found = Vec::new();
        let mut open = vec![(0, Vec::new())];
        while let Some((node, way)) = open.pop() {
            match self.nodes[node] {
                Node::Leaf { .. } => found.push((way, self.beliefs_of(node))),
                Node::Split { attribute_idx, value, if_value, otherwise } => {
                    for (child, is_value) in [(otherwise, false), (if_value, true)] {
                        let mut way: Vec<Condition> = way.clone();
                        way.push(Condition { attribute_idx, value, is_value });
                        open.push((child, way));
                    }
                }
            }
        }
        found
    }

    fn beliefs_of(&self, leaf: usize) -> Vec<Belief> {
        let Node::Leaf { arms } = &self.nodes[leaf] else { unreachable!("a way ends at a leaf") };
        arms.iter().map(|(a, b)| Belief::Beta { a: *a, b: *b }).collect()
    }

    /// Values that were unknown when the tree grew go where "any other" goes.
    fn way(&self, attributes: &[u32]) -> Result<(Vec<Condition>, usize), StrategyError> {
        let (found, expected) = (attributes.len(), self.attributes.len());
        if found != expected {
            return Err(StrategyError::Length { what: "the attributes".to_owned(), found, expected });
        }
        let (mut node, mut way) = (0, Vec::new());
        while let Node::Split { attribute_idx, value, if_value, otherwise } = self.nodes[node] {
            let is_value = attributes[attribute_idx] == value;
            way.push(Condition { attribute_idx, value, is_value });
            node = if is_value { if_value } else { otherwise };
        }
        Ok((way, node))
    }
}

impl Bandit for AttributeTree {
    fn n_arms(&self) -> usize {
        self.n_arms
    }

    fn probabilities(&self, context: &Context) -> Result<Vec<f64>, StrategyError> {
        Ok(chances_best(&self.beliefs(context.attributes)?))
    }

    /// Learns within the leaf; the tree itself stays until it is grown anew.
    fn learn(&mut self, context: &Context, arm_idx: usize, reward: f64) -> Result<(), StrategyError> {
        check_arm(arm_idx, self.n_arms)?;
        check_reward(reward, (0.0..=1.0).contains(&reward), "0 to 1")?;
        let leaf = self.way(context.attributes)?.1;
        let Node::Leaf { arms } = &mut self.nodes[leaf] else { unreachable!("a way ends at a leaf") };
        arms[arm_idx].0 += reward;
        arms[arm_idx].1 += 1.0 - reward;
        Ok(())
    }
}

fn check(attributes: &[Attribute], n_arms: usize, history: &History) -> Result<(), StrategyError> {
    if attributes.len() > ATTRIBUTES_MAX {
        return Err(StrategyError::unfit("attributes", attributes.len(), format!("at most {ATTRIBUTES_MAX}")));
    }
    if let Some(row) = attributes.iter().position(|one| one.n_values == 0 || one.n_values > VALUES_MAX) {
        let allowed = format!("1 to {VALUES_MAX}");
        return Err(StrategyError::bad_value("the values of an attribute", row, attributes[row].n_values, allowed));
    }
    let n = history.arm.len();
    let lengths =
        [("the attributes", history.attributes.len(), n * attributes.len()), ("the rewards", history.reward.len(), n)];
    if let Some((what, found, expected)) = lengths.into_iter().find(|(_, found, expected)| found != expected) {
        return Err(StrategyError::Length { what: what.to_owned(), found, expected });
    }
    for row in 0..n {
        check_arm(history.arm[row] as usize, n_arms)?;
        check_reward(history.reward[row], (0.0..=1.0).contains(&history.reward[row]), "0 to 1")?;
        for (attribute, value) in attributes.iter().zip(&history.attributes[row * attributes.len()..]) {
            if *value as usize >= attribute.n_values {
                let what = format!("attribute '{}'", attribute.name);
                return Err(StrategyError::bad_value(what, row, value, format!("below {}", attribute.n_values)));
            }
        }
    }
    Ok(())
}

impl Grower<'_> {
    fn grow(&mut self) {
        let all: Vec<u32> = (0..self.history.arm.len() as u32).collect();
        self.tree.nodes.push(self.leaf(&all));
        let first = self.best_split(&all);
        let mut open = vec![(0, all, first)];
        while open.len() < self.growth.n_leaves_max {
            let evidence = |at: usize| open[at].2.as_ref().map(|split| split.evidence);
            let splittable = (0..open.len()).filter(|at| evidence(*at).is_some());
            let best = splittable.max_by(|a, b| {
                let (a, b) = (evidence(*a).unwrap_or_default(), evidence(*b).unwrap_or_default());
                a.total_cmp(&b)
            });
            let Some(best) = best else { break };
            let (node, rows, split) = open.swap_remove(best);
            let Condition { attribute_idx, value, .. } = split.expect("it was looked for").condition;
            let (inside, outside): (Vec<u32>, Vec<u32>) =
                rows.into_iter().partition(|row| self.value(*row, attribute_idx) == value);
            let if_value = self.tree.nodes.len();
            self.tree.nodes[node] = Node::Split { attribute_idx, value, if_value, otherwise: if_value + 1 };
            for (child, rows) in [(if_value, inside), (if_value + 1, outside)] {
                self.tree.nodes.push(self.leaf(&rows));
                let split = self.best_split(&rows);
                open.push((child, rows, split));
            }
        }
    }

    fn value(&self, row: u32, attribute_idx: usize) -> u32 {
        self.history.attributes[row as usize * self.tree.attributes.len() + attribute_idx]
    }

    fn leaf(&self, rows: &[u32]) -> Node {
        let mut arms = vec![self.growth.prior; self.tree.n_arms];
        for row in rows {
            let (arm, reward) = (self.history.arm[*row as usize] as usize, self.history.reward[*row as usize]);
            arms[arm].0 += reward;
            arms[arm].1 += 1.0 - reward;
        }
        Node::Leaf { arms }
    }

    /// The split with the greatest evidence, if it is enough and different arms are best on its two sides.
    fn best_split(&self, rows: &[u32]) -> Option<Candidate> {
        let n_arms = self.tree.n_arms;
        let whole = self.counts(rows, 0, 1, |_| 0);
        let (mut best, mut n_candidates) = (None::<Candidate>, 0);
        for (attribute_idx, attribute) in self.tree.attributes.iter().enumerate() {
            let n_values = attribute.n_values;
            let counts = self.counts(rows, attribute_idx, n_values, |value| value as usize);
            for value in 0..n_values {
                let inside = &counts[value * n_arms..(value + 1) * n_arms];
                let n_inside: f64 = inside.iter().map(|(yes, no)| yes + no).sum();
                let smaller = n_inside.min(rows.len() as f64 - n_inside);
                if smaller < self.growth.n_rows_min.max(1) as f64 {
                    continue;
                }
                n_candidates += 1;
                let outside: Vec<(f64, f64)> =
                    whole.iter().zip(inside).map(|(all, part)| (all.0 - part.0, (all.1 - part.1).max(0.0))).collect();
                let evidence = self.evidence(&whole, inside, &outside);
                let is_better = best.as_ref().is_none_or(|best| evidence > best.evidence);
                if is_better && self.best_arm(inside) != self.best_arm(&outside) {
                    let condition = Condition { attribute_idx, value: value as u32, is_value: true };
                    best = Some(Candidate { condition, evidence });
                }
            }
        }
        let needed = self.growth.evidence_min + f64::from(n_candidates.max(1)).ln();
        best.filter(|best| best.evidence >= needed)
    }

    /// Successes and failures of each arm for each value, without the prior. Shape: (n_values, n_arms).
    fn counts(
        &self,
        rows: &[u32],
        attribute_idx: usize,
        n_values: usize,
        of: impl Fn(u32) -> usize,
    ) -> Vec<(f64, f64)> {
        let mut counts = vec![(0.0, 0.0); n_values * self.tree.n_arms];
        let has_attributes = !self.tree.attributes.is_empty();
        for row in rows {
            let value = if has_attributes { of(self.value(*row, attribute_idx)) } else { 0 };
            let cell = &mut counts[value * self.tree.n_arms + self.history.arm[*row as usize] as usize];
            let reward = self.history.reward[*row as usize];
            cell.0 += reward;
            cell.1 += 1.0 - reward;
        }
        counts
    }

    fn evidence(&self, whole: &[(f64, f64)], inside: &[(f64, f64)], outside: &[(f64, f64)]) -> f64 {
        let (a, b) = self.growth.prior;
        let likelihood = |(yes, no): (f64, f64)| ln_beta(a + yes, b + no) - ln_beta(a, b);
        let factor = |whole, inside, outside| likelihood(inside) + likelihood(outside) - likelihood(whole);
        let by_arm: f64 = (0..whole.len()).map(|arm| factor(whole[arm], inside[arm], outside[arm])).sum();
        let sum = |counts: &[(f64, f64)]| counts.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        by_arm - factor(sum(whole), sum(inside), sum(outside)).max(0.0)
    }

    fn best_arm(&self, counts: &[(f64, f64)]) -> usize {
        let (a, b) = self.growth.prior;
        let mean = |arm: usize| (a + counts[arm].0) / (a + b + counts[arm].0 + counts[arm].1);
        (0..counts.len()).max_by(|one, two| mean(*one).total_cmp(&mean(*two))).expect("there is an arm")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use math::Random;

    fn attributes() -> Vec<Attribute> {
        [("device", 3), ("noise", 10), ("member", 2)]
            .map(|(name, n_values)| Attribute { name: name.to_owned(), n_values })
            .to_vec()
    }

    /// Rows chosen at random. On device 1 arm 1 is better, else arm 0; members buy more of anything.
    fn history(n: usize, seed: u64) -> (Vec<u32>, Vec<u32>, Vec<f64>) {
        let mut random = Random::new(seed);
        let (mut attributes, mut arms, mut rewards) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..n {
            let row = [random.below(3) as u32, random.below(10) as u32, random.below(2) as u32];
            let arm = random.below(2) as u32;
            let fits = (row[0] == 1) == (arm == 1);
            let chance = 0.05 + 0.05 * f64::from(u8::from(fits)) + 0.1 * f64::from(row[2]);
            attributes.extend(row);
            arms.push(arm);
            rewards.push(f64::from(u8::from(random.uniform() < chance)));
        }
        (attributes, arms, rewards)
    }

    fn grown(n: usize, seed: u64) -> AttributeTree {
        let (attributes_of_rows, arm, reward) = history(n, seed);
        let history = History { attributes: &attributes_of_rows, arm: &arm, reward: &reward };
        AttributeTree::grow(attributes(), 2, history, Growth::default()).unwrap()
    }

    #[test]
    fn the_tree_splits_where_another_arm_is_better_and_nowhere_else() {
        for seed in 0..5 {
            let tree = grown(20_000, seed);
            let devices: Vec<_> = tree.leaves().iter().flat_map(|(way, _)| way.clone()).collect();
            assert!(!devices.is_empty() && devices.iter().all(|step| step.attribute_idx == 0), "{devices:?}");
            let expected = [(0, 0), (1, 1), (2, 0)];
            for (device, best) in expected {
                let context = Context { attributes: &[device, 4, 1], ..Context::default() };
                assert!(tree.probabilities(&context).unwrap()[best] > 0.95, "seed {seed}, device {device}");
            }
            let way = tree.conditions(&[1, 0, 0]).unwrap();
            assert!(way.contains(&Condition { attribute_idx: 0, value: 1, is_value: true }), "{way:?}");
        }
    }

    #[test]
    fn without_a_difference_or_without_rows_there_is_one_leaf() {
        let mut random = Random::new(1);
        for n in [0, 50, 20_000] {
            let attributes_of_rows: Vec<u32> = (0..n)
                .flat_map(|_| [random.below(3) as u32, random.below(10) as u32, random.below(2) as u32])
                .collect();
            let arm: Vec<u32> = (0..n).map(|_| random.below(2) as u32).collect();
            let reward: Vec<f64> = (0..n).map(|_| f64::from(u8::from(random.uniform() < 0.1))).collect();
            let history = History { attributes: &attributes_of_rows, arm: &arm, reward: &reward };
            let tree = AttributeTree::grow(attributes(), 2, history, Growth::default()).unwrap();
            assert_eq!(tree.n_leaves(), 1, "{n} rows");
        }
    }

    #[test]
    fn learning_stays_within_the_leaf() {
        let mut tree = grown(20_000, 1);
        let (here, there) = (tree.beliefs(&[1, 0, 0]).unwrap(), tree.beliefs(&[0, 0, 0]).unwrap());
        tree.learn(&Context { attributes: &[1, 9, 1], ..Context::default() }, 0, 1.0).unwrap();
        assert_ne!(tree.beliefs(&[1, 0, 0]).unwrap(), here);
        assert_eq!(tree.beliefs(&[0, 0, 0]).unwrap(), there);
        assert!(tree.learn(&Context::default(), 0, 1.0).is_err());
    }

    #[test]
    fn rows_that_cannot_be_are_named() {
        let told = |attributes_of_rows: &[u32], arm: u32, reward: f64| {
            let history = History { attributes: attributes_of_rows, arm: &[arm], reward: &[reward] };
            AttributeTree::grow(attributes(), 2, history, Growth::default()).unwrap_err().to_string()
        };
        assert_eq!(told(&[0, 10, 0], 0, 1.0), "attribute 'noise', row 0 holds 10; allowed: below 10");
        assert_eq!(told(&[0, 1, 0], 2, 1.0), "the arm: found 2, allowed below 2");
        assert_eq!(told(&[0, 1, 0], 1, 7.0), "the reward: found 7, allowed 0 to 1");
        assert_eq!(told(&[0, 1], 1, 1.0), "the attributes has 2 rows where 3 were expected");
    }
}
