//! From a spanning tree to the single-linkage tree, and from that to the condensed tree of clusters that are large enough.

use math::DisjointSets;

use super::spanning::Edge;
use crate::Matrix;

/// A row of the condensed tree: `child` leaves `parent` at density `lambda` (1 / distance). Children below n are points;
/// clusters are numbered from n, which is the root, in the order of a breadth-first walk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Condensed {
    pub parent: usize,
    pub child: usize,
    pub lambda: f64,
    pub size: usize,
}

/// SciPy's merge table. Equal weights go by rows; of two clusters the one with the lower first row is named first.
/// Shape: (n − 1, 4).
pub fn single_linkage(mut edges: Vec<Edge>, n: usize) -> Matrix {
    edges.sort_by(|x, y| x.weight.total_cmp(&y.weight).then((x.a, x.b).cmp(&(y.a, y.b))));
    let mut merges = Matrix::zeros(n - 1, 4);
    let sets = DisjointSets::new(n);
    // By the least row of each cluster: its name and its size.
    let mut clusters: Vec<(usize, usize)> = (0..n).map(|row| (row, 1)).collect();
    for (at, edge) in edges.iter().enumerate() {
        let (a, b) = (sets.find(edge.a), sets.find(edge.b));
        let (left, right) = (a.min(b) as usize, a.max(b) as usize);
        let size = clusters[left].1 + clusters[right].1;
        let row = [clusters[left].0 as f64, clusters[right].0 as f64, edge.weight, size as f64];
        merges.row_mut(at).copy_from_slice(&row);
        sets.merge(a, b);
        clusters[left] = (n + at, size);
    }
    merges
}

/// The condensed tree (Campello, Moulavi, Sander 2013; McInnes and Healy 2017, section 2.4), in the order of the
/// `hdbscan` package.
pub fn condense(merges: &Matrix, min_cluster_size: usize) -> Vec<Condensed> {
    let n = merges.n + 1;
    if n == 1 {
        return vec![Condensed { parent: 1, child: 0, lambda: f64::INFINITY, size: 1 }];
    }
    let size = |node: usize| if node < n { 1 } else { merges.row(node - n)[3] as usize };
    let children = |node: usize| (merges.row(node - n)[0] as usize, merges.row(node - n)[1] as usize);
    let mut condensed = Vec::with_capacity(2 * n);
    let mut next = n + 1;
    // Nodes with the cluster they belong to, breadth first.
    let mut queue = std::collections::VecDeque::from([(2 * n - 2, n)]);
    while let Some((node, parent)) = queue.pop_front() {
        if node < n {
            // Only where single points count as clusters.
            continue;
        }
        let (left, right) = children(node);
        let distance = merges.row(node - n)[2];
        let lambda = if distance > 0.0 { 1.0 / distance } else { f64::INFINITY };
        let large = [left, right].map(|child| size(child) >= min_cluster_size);
        for (child, is_large) in [left, right].into_iter().zip(large) {
            if !is_large {
                let mut level = vec![child];
                while !level.is_empty() {
                    let points = level.iter().filter(|&&node| node < n);
                    condensed.extend(points.map(|&child| Condensed { parent, child, lambda, size: 1 }));
                    level = level
                        .iter()
                        .filter(|&&node| node >= n)
                        .flat_map(|&node| <[usize; 2]>::from(children(node)))
                        .collect();
                }
            } else if large == [true, true] {
                condensed.push(Condensed { parent, child: next, lambda, size: size(child) });
                queue.push_back((child, next));
                next += 1;
            } else {
                queue.push_back((child, parent));
            }
        }
    }
    condensed
}
