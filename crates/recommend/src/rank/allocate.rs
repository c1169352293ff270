//! Lists for all customers at once when stock is limited: each product goes to at most so many customers. Maximises the
//! sum of scores. Prices on scarce products (Lagrange multipliers) are raised until demand meets supply; what is
//! assigned at each price is completed greedily; the best assignment is kept together with the dual bound, so the
//! distance to the optimum is known.

use math::Random;
use serde::Serialize;

/// The lists, and how good they surely are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Allocation {
    /// One list per customer, best score first.
    pub lists: Vec<Vec<u32>>,
    pub total: f64,
    /// No assignment can reach more.
    pub bound: f64,
    /// (bound − total) / bound; 0 means optimal.
    pub gap: f64,
}

/// Gives each customer at most `n` of their `candidates` (item, score), each item to at most `capacity[item]` customers
/// (`None`: unlimited). Items with a score of 0 or less are not given.
///
/// # Panics
/// If a candidate lies beyond `capacity`.
pub fn allocate(candidates: &[Vec<(u32, f64)>], n: usize, capacity: &[Option<u32>], seed: u64) -> Allocation {
    let mut prices = vec![0f64; capacity.len()];
    let (mut bound, mut best) = (f64::INFINITY, (f64::NEG_INFINITY, Vec::new()));
    for round in 0..N_ROUNDS {
        let (value, demand) = demand(candidates, n, &prices, capacity);
        bound = bound.min(value);
        let lists = complete(candidates, n, capacity, &prices, seed ^ round);
        let total = total(candidates, &lists);
        if total > best.0 {
            best = (total, lists);
        }
        if bound - best.0 <= 1e-9 * bound.abs().max(1.0) {
            break;
        }
        raise(&mut prices, &demand, capacity, value - best.0);
    }
    let (total, mut lists) = best;
    let total = total.max(0.0);
    lists.iter_mut().zip(candidates).for_each(|(list, own)| sort_by_score(list, own));
    let gap = if bound > 0.0 { ((bound - total) / bound).max(0.0) } else { 0.0 };
    Allocation { lists, total, bound, gap }
}

const N_ROUNDS: u64 = 150;

/// The dual value at these prices, and how many customers want each item.
fn demand(candidates: &[Vec<(u32, f64)>], n: usize, prices: &[f64], capacity: &[Option<u32>]) -> (f64, Vec<u32>) {
    let mut wanted = vec![0u32; prices.len()];
    let mut value = 0.0;
    for own in candidates {
        let mut gains: Vec<(f64, u32)> =
            own.iter().map(|&(item, score)| (score - prices[item as usize], item)).collect();
        gains.retain(|gain| gain.0 > 0.0);
        gains.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (gain, item) in gains.into_iter().take(n) {
            value += gain;
            wanted[item as usize] += 1;
        }
    }
    let paid =
        prices.iter().zip(capacity).filter_map(|(price, capacity)| capacity.map(|units| price * f64::from(units)));
    (value + paid.sum::<f64>(), wanted)
}

/// Polyak's step towards the best assignment known; prices stay at 0 or above, unlimited items are free.
fn raise(prices: &mut [f64], demand: &[u32], capacity: &[Option<u32>], distance: f64) {
    let step_of = |at: usize, price: f64| {
        let excess = capacity[at].map(|units| f64::from(demand[at]) - f64::from(units));
        excess.filter(|excess| *excess > 0.0 || price > 0.0)
    };
    let steps: Vec<f64> = prices.iter().enumerate().map(|(at, price)| step_of(at, *price).unwrap_or(0.0)).collect();
    let norm: f64 = steps.iter().map(|step| step * step).sum();
    if norm > 0.0 {
        for (price, step) in prices.iter_mut().zip(steps) {
            *price = (*price + distance / norm * step).max(0.0);
        }
    }
}

/// A valid assignment: pairs in the order of their gain at these prices, ties in random order, as far as places and
/// units last; then what is left in the order of plain scores.
fn complete(
    candidates: &[Vec<(u32, f64)>],
    n: usize,
    capacity: &[Option<u32>],
    prices: &[f64],
    seed: u64,
) -> Vec<Vec<u32>> {
    let mut random = Random::new(seed);
    let mut pairs: Vec<(f64, u64, usize, u32)> = Vec::new();
    for (customer, own) in candidates.iter().enumerate() {
        let worth = own.iter().filter(|pair| pair.1 > 0.0);
        pairs.extend(worth.map(|&(item, score)| (score - prices[item as usize], random.next_u64(), customer, item)));
    }
    pairs.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut left = capacity.to_vec();
    let mut lists = vec![Vec::new(); candidates.len()];
    for (_, _, customer, item) in pairs {
        let list: &mut Vec<u32> = &mut lists[customer];
        let units = &mut left[item as usize];
        if list.len() < n && *units != Some(0) && !list.contains(&item) {
            list.push(item);
            *units = units.map(|units| units - 1);
        }
    }
    lists
}

fn score_of(own: &[(u32, f64)], item: u32) -> f64 {
    own.iter().find(|pair| pair.0 == item).map_or(0.0, |pair| pair.1)
}

fn total(candidates: &[Vec<(u32, f64)>], lists: &[Vec<u32>]) -> f64 {
    let lists = lists.iter().zip(candidates);
    lists.map(|(list, own)| list.iter().map(|&item| score_of(own, item)).sum::<f64>()).sum()
}

fn sort_by_score(list: &mut [u32], own: &[(u32, f64)]) {
    list.sort_by(|a, b| score_of(own, *b).total_cmp(&score_of(own, *a)).then(a.cmp(b)));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One unit of item 0: customer 0 gains 10 over the alternative 9, customer 1 gains 8 over 1. Whoever is served
    /// first matters: the optimum gives item 0 to customer 1 for 9 + 8.
    #[test]
    fn scarce_items_go_where_they_matter() {
        let candidates = vec![vec![(0, 10.0), (1, 9.0)], vec![(0, 8.0), (2, 1.0)]];
        let found = allocate(&candidates, 1, &[Some(1), None, None], 1);
        assert_eq!(found.lists, [vec![1], vec![0]]);
        assert_eq!(found.total, 17.0);
        assert!(found.gap < 1e-3, "{found:?}");
    }

    #[test]
    fn without_limits_everyone_gets_the_best() {
        let candidates = vec![vec![(0, 1.0), (1, 3.0), (2, 2.0)], vec![(2, 1.0), (0, -1.0)], vec![]];
        let found = allocate(&candidates, 2, &[None, None, None], 1);
        assert_eq!(found.lists, [vec![1, 2], vec![2], vec![]]);
        assert_eq!((found.total, found.gap), (6.0, 0.0));
    }

    #[test]
    fn random_instances_are_valid_and_near_their_bound() {
        for seed in 0..20 {
            let mut random = Random::new(seed);
            let candidates: Vec<Vec<(u32, f64)>> =
                (0..60).map(|_| (0..15).map(|item| (item, random.uniform())).collect()).collect();
            let capacity: Vec<Option<u32>> = (0..15).map(|item| (item % 3 > 0).then_some(item)).collect();
            let found = allocate(&candidates, 4, &capacity, seed);
            let mut used = [0u32; 15];
            found.lists.iter().flatten().for_each(|&item| used[item as usize] += 1);
            assert!(used.iter().zip(&capacity).all(|(used, units)| units.is_none_or(|units| *used <= units)));
            assert!(found.lists.iter().all(|list| list.len() <= 4));
            assert!(found.total <= found.bound + 1e-9 && found.gap < 0.05, "{seed}: {}", found.gap);
        }
    }
}
