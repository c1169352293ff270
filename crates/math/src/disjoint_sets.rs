//! Sets that only ever merge, by many threads at once. The root of a set is its least member, so that the outcome does
//! not depend on the order of the merges.

use std::sync::atomic::{AtomicU32, Ordering};

/// A forest of parents, each no larger than its child (Anderson and Woll 1991, with the least member as root).
pub struct DisjointSets {
    parents: Vec<AtomicU32>,
}

impl DisjointSets {
    /// Each of `0..n` alone.
    ///
    /// # Panics
    /// If `n` exceeds 2³².
    pub fn new(n: usize) -> Self {
        assert!(n as u64 <= 1 << 32, "{n} members exceed u32");
        DisjointSets { parents: (0..n).map(|at| AtomicU32::new(at as u32)).collect() }
    }

    /// The least member of `member`'s set.
    pub fn find(&self, member: u32) -> u32 {
        let mut at = member;
        loop {
            let parent = self.parents[at as usize].load(Ordering::Relaxed);
            if parent == at {
                return at;
            }
            let above = self.parents[parent as usize].load(Ordering::Relaxed);
            if above != parent {
                // Halving: any ancestor is a right parent, so a lost race does no harm.
                let _ = self.parents[at as usize].compare_exchange(parent, above, Ordering::Relaxed, Ordering::Relaxed);
            }
            at = parent;
        }
    }

    /// Merges two sets; whether they were apart.
    pub fn merge(&self, left: u32, right: u32) -> bool {
        let (mut left, mut right) = (self.find(left), self.find(right));
        while left != right {
            let (low, high) = (left.min(right), left.max(right));
            let swap = self.parents[high as usize].compare_exchange(high, low, Ordering::Relaxed, Ordering::Relaxed);
            if swap.is_ok() {
                return true;
            }
            (left, right) = (self.find(low), self.find(high));
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_member_stands_for_its_set() {
        let sets = DisjointSets::new(6);
        assert!(sets.merge(5, 3));
        assert!(sets.merge(3, 4));
        assert!(!sets.merge(4, 5));
        assert!(sets.merge(1, 5));
        assert_eq!((0..6).map(|at| sets.find(at)).collect::<Vec<_>>(), [0, 1, 2, 1, 1, 1]);
    }

    #[test]
    fn threads_agree() {
        let sets = DisjointSets::new(1000);
        std::thread::scope(|scope| {
            for from in 0..4 {
                let sets = &sets;
                scope.spawn(move || (from..993).step_by(4).for_each(|at| _ = sets.merge(at, at + 7)));
            }
        });
        assert!((0..1000).all(|at| sets.find(at) == at % 7));
    }
}
