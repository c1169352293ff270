//! Which offer for whom, under one budget: coupons, and what others turn into offers. A multiple-choice knapsack: each group of
//! customers gets one of its offers, each with an expected gain and an expected cost. Halving the price of money finds the best
//! choice for some budget just below the given one (Lagrange; Sinha and Zoltners 1979); what is left over is then spent on the best
//! upgrades and exchanges, and among few groups costs on a fine grid are tried as well. The answer carries the bound of the dual,
//! so that the loss against the exact choice is known. Not here: what an offer is expected to bring.

use crate::StrategyError;

/// Offers over all groups that are accepted, at most.
pub const OFFERS_MAX: usize = 20_000_000;

/// Passes over all offers that spend what is left over.
const PASSES_MAX: usize = 200;

/// Groups up to which pairs are tried for an exchange.
const PAIRS_GROUPS_MAX: usize = 2000;

/// One offer to one group: what it is expected to bring, and to cost.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Offer {
    pub gain: f64,
    /// 0 or more; a group whose offers all cost something still needs one of them.
    pub cost: f64,
}

/// One offer for each group.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Choice {
    /// The chosen offer of each group. Shape: (n_groups).
    pub chosen: Vec<usize>,
    pub gain: f64,
    pub cost: f64,
    /// The gain that one more coin would bring: the price of money at the budget.
    pub shadow_price: f64,
    /// No choice within the budget gains more than this.
    pub bound: f64,
}

/// Chooses one offer for each group so that costs stay within `budget` and gains are as large as possible.
///
/// # Errors
/// If there is no group, a group has no offer, a number is not finite, a cost is negative, or even the cheapest offers cost more.
pub fn choose(groups: &[Vec<Offer>], budget: f64) -> Result<Choice, StrategyError> {
    check(groups, budget)?;
    let (mut low, mut high) = (0.0, 1.0);
    let cost_at = |price: f64| groups.iter().map(|offers| offers[best_at(offers, price)].cost).sum::<f64>();
    let mut price = 0.0;
    if cost_at(0.0) > budget {
        while cost_at(high) > budget {
            high *= 4.0;
            if high > 1e200 {
                break;
            }
        }
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            if cost_at(middle) > budget { low = middle } else { high = middle }
        }
        price = high;
    }
    let mut chosen: Vec<usize> = groups.iter().map(|offers| best_at(offers, price)).collect();
    if cost_of(groups, &chosen) > budget {
        // No price is high enough for offers that gain without bound: begin with the cheapest.
        chosen = groups.iter().map(|offers| cheapest(offers)).collect();
    }
    let net = |offers: &Vec<Offer>| {
        offers.iter().map(|offer| offer.gain - price * offer.cost).fold(f64::NEG_INFINITY, f64::max)
    };
    let bound = price * budget + groups.iter().map(net).sum::<f64>();
    fill(groups, &mut chosen, low, budget);
    let polish = |chosen: &mut Vec<usize>| {
        upgrade(groups, chosen, budget);
        exchange(groups, chosen, budget);
    };
    polish(&mut chosen);
    if let Some(mut other) = on_a_grid(groups, budget) {
        polish(&mut other);
        // Among few groups one offer more or less is more than a hundredth.
        if gain_of(groups, &other) > gain_of(groups, &chosen) {
            chosen = other;
        }
    }
    let gain = gain_of(groups, &chosen);
    Ok(Choice { gain, cost: cost_of(groups, &chosen), chosen, shadow_price: price, bound: bound.max(gain) })
}

fn check(groups: &[Vec<Offer>], budget: f64) -> Result<(), StrategyError> {
    if groups.is_empty() {
        return Err(StrategyError::Empty { needed: 1 });
    }
    let n_offers: usize = groups.iter().map(Vec::len).sum();
    if n_offers > OFFERS_MAX {
        return Err(StrategyError::unfit("offers", n_offers, OFFERS_MAX));
    }
    for (at, offers) in groups.iter().enumerate() {
        if offers.is_empty() {
            return Err(StrategyError::bad_value("groups", at, "no offer", "at least one, such as none for nothing"));
        }
        if let Some(wrong) =
            offers.iter().find(|one| !(one.gain.is_finite() && one.cost.is_finite() && one.cost >= 0.0))
        {
            let found = format!("gain {} at cost {}", wrong.gain, wrong.cost);
            return Err(StrategyError::bad_value("groups", at, found, "finite numbers, costs of 0 or more"));
        }
    }
    let least: f64 = groups.iter().map(|offers| offers[cheapest(offers)].cost).sum();
    if !(budget.is_finite() && budget >= least) {
        return Err(StrategyError::unfit("budget", budget, format!("{least} or more, what the cheapest offers cost")));
    }
    Ok(())
}

/// The offer with the largest gain less its cost at `price`; the cheaper of equals.
fn best_at(offers: &[Offer], price: f64) -> usize {
    let net = |offer: &Offer| offer.gain - price * offer.cost;
    let better = |best: usize, at: usize| {
        let order = net(&offers[at]).total_cmp(&net(&offers[best])).then(offers[best].cost.total_cmp(&offers[at].cost));
        if order.is_gt() { at } else { best }
    };
    (1..offers.len()).fold(0, better)
}

fn cheapest(offers: &[Offer]) -> usize {
    let cheaper = |best: usize, at: usize| if offers[at].cost < offers[best].cost { at } else { best };
    (1..offers.len()).fold(0, cheaper)
}

fn cost_of(groups: &[Vec<Offer>], chosen: &[usize]) -> f64 {
    groups.iter().zip(chosen).map(|(offers, at)| offers[*at].cost).sum()
}

fn gain_of(groups: &[Vec<Offer>], chosen: &[usize]) -> f64 {
    groups.iter().zip(chosen).map(|(offers, at)| offers[*at].gain).sum()
}

/// Steps of the grid of costs, and the work that is spent on it at most.
const STEPS: usize = 20_000;
const WORK_MAX: usize = 40_000_000;

/// The best choice with costs rounded to a grid, by dynamic programming; `None` where the grid would be too coarse or too large.
/// Rounding moves the budget by half a step a group at most: every place within that is looked at, with the true costs.
fn on_a_grid(groups: &[Vec<Offer>], budget: f64) -> Option<Vec<usize>> {
    let n_offers: usize = groups.iter().map(Vec::len).sum();
    let is_fine = groups.len() * 50 <= STEPS && n_offers * STEPS <= WORK_MAX && budget > 0.0;
    if !is_fine || groups.iter().any(|offers| offers.len() > usize::from(u8::MAX)) {
        return None;
    }
    let end = STEPS + groups.len();
    let steps = |offer: &Offer| (offer.cost / budget * STEPS as f64).round().min(2.0 * end as f64) as usize;
    let mut best = vec![0.0f64; end + 1];
    let mut taken: Vec<Vec<u8>> = Vec::with_capacity(groups.len());
    for offers in groups {
        let (mut next, mut by) = (vec![f64::NEG_INFINITY; end + 1], vec![0u8; end + 1]);
        for (at, offer) in offers.iter().enumerate() {
            let steps = steps(offer);
            for (rest, value) in best.iter().enumerate().take((end + 1).saturating_sub(steps)) {
                if value + offer.gain > next[rest + steps] {
                    (next[rest + steps], by[rest + steps]) = (value + offer.gain, at as u8);
                }
            }
        }
        best = next;
        taken.push(by);
    }
    let trace = |mut left: usize| {
        let mut chosen = vec![0; groups.len()];
        for group in (0..groups.len()).rev() {
            chosen[group] = usize::from(taken[group][left]);
            left -= steps(&groups[group][chosen[group]]);
        }
        chosen
    };
    let places = (STEPS - groups.len()..=end).filter(|left| best[*left].is_finite());
    let fitting = places.map(trace).filter(|chosen| cost_of(groups, chosen) <= budget);
    fitting.max_by(|a, b| gain_of(groups, a).total_cmp(&gain_of(groups, b)))
}

/// Groups alike change their offer at one and the same price, all or none; just below it as many change as the budget holds.
fn fill(groups: &[Vec<Offer>], chosen: &mut [usize], below: f64, budget: f64) {
    let mut rest = budget - cost_of(groups, chosen);
    for (offers, at) in groups.iter().zip(chosen) {
        let to = best_at(offers, below);
        let more = offers[to].cost - offers[*at].cost;
        if more <= rest && offers[to].gain > offers[*at].gain {
            rest -= more;
            *at = to;
        }
    }
}

/// Spends what is left over on whichever single change gains most and still fits, again and again.
fn upgrade(groups: &[Vec<Offer>], chosen: &mut [usize], budget: f64) {
    for _ in 0..PASSES_MAX {
        let rest = budget - cost_of(groups, chosen);
        let mut best: Option<(f64, usize, usize)> = None;
        for (group, (offers, at)) in groups.iter().zip(chosen.iter()).enumerate() {
            for (to, offer) in offers.iter().enumerate() {
                let more = offer.gain - offers[*at].gain;
                if more > best.map_or(0.0, |(most, _, _)| most) && offer.cost - offers[*at].cost <= rest {
                    best = Some((more, group, to));
                }
            }
        }
        let Some((_, group, to)) = best else { return };
        chosen[group] = to;
    }
}

/// Two groups change at once where the sum gains and fits: a step back here pays for a larger one there.
fn exchange(groups: &[Vec<Offer>], chosen: &mut [usize], budget: f64) {
    if groups.len() > PAIRS_GROUPS_MAX {
        return;
    }
    for _ in 0..PASSES_MAX {
        let rest = budget - cost_of(groups, chosen);
        let moves: Vec<(usize, usize, f64, f64)> = changes(groups, chosen);
        let mut best = (1e-12, None);
        // By cost, with the best gain so far: for each change, the best partner that still fits is found by halving.
        let (order, best_before) = by_cost(&moves);
        for &(group, to, gain, cost) in &moves {
            let fitting = order.partition_point(|at| moves[*at].3 <= rest - cost);
            if fitting == 0 {
                continue;
            }
            let partner = best_before[fitting - 1].into_iter().flatten().find(|at| moves[*at].0 != group);
            if let Some(partner) = partner.filter(|at| gain + moves[*at].2 > best.0) {
                best = (gain + moves[partner].2, Some(((group, to), (moves[partner].0, moves[partner].1))));
            }
        }
        let Some(((group, to), (other, other_to))) = best.1 else { return };
        chosen[group] = to;
        chosen[other] = other_to;
    }
}

/// Every change of one group: (group, offer, more gain, more cost).
fn changes(groups: &[Vec<Offer>], chosen: &[usize]) -> Vec<(usize, usize, f64, f64)> {
    let of_group = |(group, (offers, at)): (usize, (&Vec<Offer>, &usize))| {
        let now = offers[*at];
        let each = offers.iter().enumerate().filter(|(to, _)| to != at);
        each.map(|(to, offer)| (group, to, offer.gain - now.gain, offer.cost - now.cost)).collect::<Vec<_>>()
    };
    groups.iter().zip(chosen).enumerate().flat_map(of_group).collect()
}

/// Changes in the order of their cost, and for each place the best two of different groups up to it.
fn by_cost(moves: &[(usize, usize, f64, f64)]) -> (Vec<usize>, Vec<[Option<usize>; 2]>) {
    let mut order: Vec<usize> = (0..moves.len()).collect();
    order.sort_by(|a, b| moves[*a].3.total_cmp(&moves[*b].3));
    let mut best: [Option<usize>; 2] = [None, None];
    let is_better = |at: usize, than: Option<usize>| than.is_none_or(|than| moves[at].2 > moves[than].2);
    let up_to = order.iter().map(|at| {
        let is_of_first = best[0].is_some_and(|first| moves[first].0 == moves[*at].0);
        if is_better(*at, best[0]) {
            best = [Some(*at), if is_of_first { best[1] } else { best[0] }];
        } else if !is_of_first && is_better(*at, best[1]) {
            best[1] = Some(*at);
        }
        best
    });
    let best_before = up_to.collect();
    (order, best_before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::golden;
    use math::Random;

    /// The 200 customers of `allocation.py`: values, like the costs, are a formula.
    fn coupons() -> Vec<Vec<Offer>> {
        let customer = |i: usize| {
            let base = 0.05 + 0.25 * ((i * 37) % 101) as f64 / 100.0;
            let sensitivity = 0.002 + 0.006 * ((i * 53) % 97) as f64 / 96.0;
            let basket = 80.0 + 4.0 * ((i * 29) % 83) as f64;
            let buys = |face: f64| f64::min(0.95, base + sensitivity * face * (1.0 - face / 160.0));
            let offer = |face: f64| Offer { gain: (buys(face) - buys(0.0)) * basket * 0.25, cost: buys(face) * face };
            [0.0, 10.0, 30.0, 50.0].map(offer).to_vec()
        };
        (0..200).map(customer).collect()
    }

    /// SciPy 1.17.1, `milp` with a gap of 1e-9: `allocation.json`, `coupon_mckp`.
    #[test]
    fn coupons_are_within_a_hundredth_of_the_exact_choice() {
        let Some(file) = golden::json("allocation.json") else { return };
        for (budget, solution) in file["coupon_mckp"]["budgets"].as_object().unwrap() {
            let exact = solution["ilp_gain"].as_f64().unwrap();
            let budget: f64 = budget.parse().unwrap();
            let found = choose(&coupons(), budget).unwrap();
            assert!(found.cost <= budget && found.gain >= 0.99 * exact, "{budget}: {} of {exact}", found.gain);
            assert!(found.gain <= exact * (1.0 + 1e-9) && found.bound >= exact, "{budget}: {found:?}");
            let price = solution["lambda"].as_f64().unwrap();
            assert!((found.shadow_price - price).abs() < 1e-6 * price);
        }
        let free = choose(&coupons(), 1e9).unwrap();
        let most = file["coupon_mckp"]["unconstrained"]["gain"].as_f64().unwrap();
        assert!((free.gain - most).abs() < 1e-6 && free.shadow_price == 0.0);
    }

    /// Exact by dynamic programming over whole costs.
    fn exact(groups: &[Vec<Offer>], budget: usize) -> f64 {
        let mut best = vec![0.0; budget + 1];
        for offers in groups {
            let at = |cost: usize| {
                let fitting = offers.iter().filter(|offer| offer.cost as usize <= cost);
                fitting.map(|offer| best[cost - offer.cost as usize] + offer.gain).fold(f64::NEG_INFINITY, f64::max)
            };
            best = (0..=budget).map(at).collect();
        }
        best[budget]
    }

    #[test]
    fn random_choices_are_near_the_exact_one_and_never_above_the_bound() {
        let mut random = Random::new(11);
        let (mut sum, mut sum_exact) = (0.0, 0.0);
        for _ in 0..30 {
            let groups: Vec<Vec<Offer>> = (0..40)
                .map(|_| {
                    let mut offers = vec![Offer { gain: 0.0, cost: 0.0 }];
                    for _ in 0..3 {
                        offers.push(Offer { gain: 50.0 * random.uniform(), cost: random.below(60) as f64 });
                    }
                    offers
                })
                .collect();
            let budget = 50 + random.below(500);
            let found = choose(&groups, budget as f64).unwrap();
            let best = exact(&groups, budget);
            assert!(found.cost <= budget as f64 && found.gain <= best + 1e-9 && found.bound >= best - 1e-9);
            assert!(found.gain >= 0.99 * best, "{} of {best}", found.gain);
            sum += found.gain;
            sum_exact += best;
        }
        assert!(sum > 0.998 * sum_exact, "{}", sum / sum_exact);
    }

    #[test]
    fn groups_alike_share_the_budget_as_far_as_it_goes() {
        let alike = vec![Offer { gain: 0.0, cost: 0.0 }, Offer { gain: 7.0, cost: 3.0 }];
        let found = choose(&vec![alike; 10_000], 15_000.0).unwrap();
        assert_eq!((found.gain, found.cost), (35_000.0, 15_000.0));
    }

    #[test]
    fn what_cannot_be_chosen_is_named() {
        let offer = |gain, cost| Offer { gain, cost };
        let told = |groups: &[Vec<Offer>], budget| choose(groups, budget).unwrap_err().to_string();
        assert!(told(&[], 1.0).contains("at least 1"));
        assert!(told(&[vec![offer(1.0, 1.0)], vec![]], 1.0).contains("row 1 holds no offer"));
        assert!(told(&[vec![offer(1.0, -1.0)]], 1.0).contains("cost -1"));
        assert!(told(&[vec![offer(1.0, 2.0)]], 1.0).contains("2 or more"));
        // One offer each, and all of the budget: nothing to choose.
        assert_eq!(choose(&[vec![offer(1.0, 2.0)]], 2.0).unwrap().chosen, [0]);
    }
}
