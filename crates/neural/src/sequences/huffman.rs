//! The Huffman tree of all ids: frequent ids have short ways. The turns of an id's way are what hierarchical softmax
//! learns to predict (Morin and Bengio 2005; Mikolov et al. 2013, section 2.1).

/// The way to each id from the root.
pub struct Tree {
    starts: Vec<usize>,
    nodes: Vec<u32>,
    turns: Vec<f32>,
}

impl Tree {
    /// Ids of count 0 take part as if they occurred never: their ways are long.
    pub fn new(counts: &[u64]) -> Self {
        let n = counts.len();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|&id| (counts[id], id));
        // Leaves in ascending order, and inner nodes, which come into being in ascending order: two queues.
        let n_inner = n.saturating_sub(1);
        let mut parents = vec![(0usize, 0f32); n + n_inner];
        let mut inner: Vec<u64> = Vec::with_capacity(n_inner);
        let (mut leaf, mut node) = (0, 0);
        for made in 0..n_inner {
            let mut next = || {
                let takes_leaf = leaf < n && (node >= inner.len() || counts[order[leaf]] <= inner[node]);
                if takes_leaf {
                    leaf += 1;
                    (order[leaf - 1], counts[order[leaf - 1]])
                } else {
                    node += 1;
                    (n + node - 1, inner[node - 1])
                }
            };
            let (less, more) = (next(), next());
            parents[less.0] = (made, 0.0);
            parents[more.0] = (made, 1.0);
            inner.push(less.1 + more.1);
        }
        let mut tree = Tree { starts: vec![0], nodes: Vec::new(), turns: Vec::new() };
        for id in 0..n {
            let mut at = id;
            while n_inner > 0 && at != n + n_inner - 1 {
                let (parent, turn) = parents[at];
                tree.nodes.push(parent as u32);
                tree.turns.push(turn);
                at = n + parent;
            }
            tree.starts.push(tree.nodes.len());
        }
        tree
    }

    /// The inner nodes on the way to `id` and the turn at each (0 or 1), from the leaf upwards.
    pub fn way(&self, id: u32) -> (&[u32], &[f32]) {
        let range = self.starts[id as usize]..self.starts[id as usize + 1];
        (&self.nodes[range.clone()], &self.turns[range])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts 1, 1, 2, 4: ways of 3, 3, 2 and 1 turns.
    #[test]
    fn frequent_ids_have_short_ways() {
        let tree = Tree::new(&[4, 1, 2, 1]);
        assert_eq!([0, 1, 2, 3].map(|id| tree.way(id).0.len()), [1, 3, 2, 3]);
        assert_eq!((tree.way(0).0, tree.way(2).0), (&[2u32][..], &[1u32, 2][..]));
        let cost: u64 = (0..4).map(|id| [4, 1, 2, 1][id as usize] * tree.way(id).0.len() as u64).sum();
        assert_eq!(cost, 14);
    }

    #[test]
    fn no_way_begins_another() {
        let counts: Vec<u64> = (0..300u64).map(|at| at * at % 97).collect();
        let tree = Tree::new(&counts);
        let ways: Vec<Vec<(u32, u32)>> = (0..300)
            .map(|id| {
                let (nodes, turns) = tree.way(id);
                nodes.iter().zip(turns).rev().map(|(&node, &turn)| (node, turn as u32)).collect()
            })
            .collect();
        let turns: std::collections::BTreeSet<Vec<u32>> =
            ways.iter().map(|way| way.iter().map(|turn| turn.1).collect()).collect();
        assert_eq!(turns.len(), 300);
        let kraft: f64 = ways.iter().map(|way| 0.5f64.powi(way.len() as i32)).sum();
        assert!((kraft - 1.0).abs() < 1e-12);
        assert!(ways.iter().all(|way| way[0].0 == 298), "all ways begin at the root");
        assert_eq!(Tree::new(&[5]).way(0).0.len(), 0);
    }
}
