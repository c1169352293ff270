//! The model itself: from a line's parameters to its flows at any time. No fitting.
//!
//! With F the cumulative Bass curve of generation g since its launch and f its density, those who come to g or would have come
//! to it are F·M, where M₁ = m₁ and M_g = m_g + F_{g−1}·M_{g−1} (its own market and all who came to the one before). Of them
//! 1 − F_{g+1} own it, the others own a later one: Norton and Bass (1987), equations 5 to 7. Time's derivative of it parts
//! into who is new, who switches and who leapfrogs: Jiang and Jain (2012), section 3.

use crate::quadrature::FIVE_POINTS;

/// Generations that take over from one another.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Line {
    /// Of Bass: the share of those left who come by themselves, and for every share of owners, a period.
    pub innovation: f64,
    pub imitation: f64,
    /// When each was launched, ascending. Shape: (n_generations).
    pub launches: Vec<f64>,
    /// The market that each adds to the one before. Shape: (n_generations).
    pub markets: Vec<f64>,
}

/// One generation at a time: owners, and rates a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Flow {
    /// Who own it and no later one.
    pub owners: f64,
    /// Who buy it: new to the line, from the generation before, or past it.
    pub sales: f64,
    /// Buyers who own an earlier generation.
    pub switched_in: f64,
    /// Buyers who would have bought the one before, had it not come.
    pub leapfrogged_in: f64,
    /// Buyers of this one's market alone.
    pub new: f64,
}

impl Line {
    /// The share that has come a time `t` after the launch, and the rate at which it grows.
    fn curve(&self, t: f64) -> (f64, f64) {
        if t <= 0.0 {
            return (0.0, 0.0);
        }
        let (p, q) = (self.innovation, self.imitation);
        let left = (-(p + q) * t).exp();
        let below = 1.0 + q / p * left;
        ((1.0 - left) / below, (p + q).powi(2) / p * left / (below * below))
    }

    /// Every generation at a time. Shape: (n_generations).
    pub fn at(&self, time: f64) -> Vec<Flow> {
        let curves: Vec<(f64, f64)> = self.launches.iter().map(|launch| self.curve(time - launch)).collect();
        // Who came to the generation before or would have, and how fast that grows.
        let (mut came, mut coming) = (0.0, 0.0);
        let mut flows = Vec::with_capacity(curves.len());
        for (at, (share, rate)) in curves.iter().enumerate() {
            let (next, _) = curves.get(at + 1).copied().unwrap_or((0.0, 0.0));
            let keep = 1.0 - next;
            let (new, switched, leapfrogged) = (self.markets[at] * rate, came * rate, coming * share);
            let here = share * (self.markets[at] + came);
            let entering = new + switched + leapfrogged;
            flows.push(Flow {
                owners: here * keep,
                sales: entering * keep,
                switched_in: switched * keep,
                leapfrogged_in: leapfrogged * keep,
                new: new * keep,
            });
            (came, coming) = (here, entering);
        }
        flows
    }

    /// What is bought between two times, and who owns what at the end: Gauss and Legendre's rule of five points between launches,
    /// at which rates jump.
    pub fn between(&self, from: f64, until: f64) -> Vec<Flow> {
        let mut ends: Vec<f64> = self.launches.iter().copied().filter(|at| *at > from && *at < until).collect();
        ends.push(until);
        let mut sums = vec![Flow::default(); self.launches.len()];
        let mut begin = from;
        for end in ends {
            for (point, weight) in FIVE_POINTS {
                let (time, weight) = (begin + (end - begin) * point, weight * (end - begin));
                for (sum, flow) in sums.iter_mut().zip(self.at(time)) {
                    sum.sales += weight * flow.sales;
                    sum.switched_in += weight * flow.switched_in;
                    sum.leapfrogged_in += weight * flow.leapfrogged_in;
                    sum.new += weight * flow.new;
                }
            }
            begin = end;
        }
        for (sum, flow) in sums.iter_mut().zip(self.at(until)) {
            sum.owners = flow.owners;
        }
        sums
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn line() -> Line {
        Line {
            innovation: 0.02,
            imitation: 0.25,
            launches: vec![0.0, 10.0, 22.0],
            markets: vec![10_000.0, 4000.0, 6000.0],
        }
    }

    /// What goes in comes out: owners of all generations together are all who ever bought less those who only moved on, and the
    /// change of owners is what came less what left.
    #[test]
    fn nobody_is_lost_and_nobody_counted_twice() {
        let line = line();
        let (mut before, mut sold) = (vec![Flow::default(); 3], 0.0);
        for period in 0..60 {
            let (from, until) = (f64::from(period), f64::from(period + 1));
            let now = line.between(from, until);
            let total: f64 = now.iter().map(|flow| flow.sales).sum();
            sold += total;
            for at in 0..3 {
                let flow = &now[at];
                assert!((flow.sales - flow.new - flow.switched_in - flow.leapfrogged_in).abs() < 1e-9);
                // Who switches away leaves: the next generation's switchers, and those who went past it on the same day.
                let gained = flow.owners - before[at].owners;
                assert!(gained <= flow.sales + 1e-6, "{period} {at}: {gained} {flow:?}");
            }
            before = now;
        }
        let owners: f64 = before.iter().map(|flow| flow.owners).sum();
        // Whoever came stays an owner of something; many bought twice.
        assert!((owners - 20_000.0).abs() < 20.0 && sold > 1.2 * owners, "{sold} {owners}");
    }

    /// A single generation is Bass (1969): m·F.
    #[test]
    fn one_generation_is_that_of_bass() {
        let line = Line { innovation: 0.03, imitation: 0.38, launches: vec![2.0], markets: vec![1000.0] };
        let bass = |t: f64| {
            let left = (-0.41 * t).exp();
            1000.0 * (1.0 - left) / (1.0 + 0.38 / 0.03 * left)
        };
        for (from, until) in [(2.0, 3.0), (7.0, 8.0), (15.0, 16.0)] {
            let sold = line.between(from, until)[0];
            assert!((sold.sales - (bass(until - 2.0) - bass(from - 2.0))).abs() < 1e-4, "{sold:?}");
            assert!((sold.owners - bass(until - 2.0)).abs() < 1e-9);
        }
        assert_eq!(line.between(0.0, 2.0)[0].owners, 0.0);
    }

    /// The flows of two generations in the words of Jiang and Jain (2012): sales of the first m₁ f₁ (1 − F₂), leapfrogging
    /// m₁ f₁ F₂, switching m₁ F₁ f₂.
    #[test]
    fn two_generations_are_those_of_the_paper() {
        let line = Line { innovation: 0.02, imitation: 0.3, launches: vec![0.0, 6.0], markets: vec![1000.0, 200.0] };
        let ((share1, rate1), (share2, rate2)) = (line.curve(9.0), line.curve(3.0));
        let [first, second] = line.at(9.0)[..] else { panic!("two") };
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        near(first.sales, 1000.0 * rate1 * (1.0 - share2));
        near(second.leapfrogged_in, 1000.0 * rate1 * share2);
        near(second.switched_in, 1000.0 * share1 * rate2);
        near(second.new, 200.0 * rate2);
        near(first.owners, 1000.0 * share1 * (1.0 - share2));
    }
}
