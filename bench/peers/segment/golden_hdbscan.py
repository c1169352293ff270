#!/usr/bin/env python3
"""Golden values of crates/segment/src/hdbscan/tests.rs, from hdbscan (see requirements-density.txt).

Equal mutual reachability distances are the rule (a point's core distance is the weight of several edges), and the package's
own result then depends on the order of rows. Each case takes the first seed with which six orders of the rows and two
algorithms of the package give the same noise, groups and condensed sizes.

Data: x <- x * 6364136223846793005 + 1442695040888963407 (mod 2^64), value = (x >> 11) / 2^53, from x = seed. A point is the
place of its group plus, per column, the group's spread times the sum of four values less 2; points take the groups in
turn; every tenth point is spread over the whole box instead. usage: golden_hdbscan.py"""
import hdbscan
import numpy as np
from sklearn.metrics import adjusted_rand_score


def points(n, d, n_groups, seed):
    state = seed
    def value():
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (state >> 11) / 2**53
    places = [[value() * 10.0 for _ in range(d)] for _ in range(n_groups)]
    rows = []
    for at in range(n):
        group = at % n_groups
        if at % 10 == 9:
            rows.append([value() * 12.0 - 1.0 for _ in range(d)])
        else:
            spread = 0.3 + 0.2 * group
            rows.append([places[group][c] + spread * (value() + value() + value() + value() - 2.0) for c in range(d)])
    return np.array(rows)


CASES = [
    (200, 2, 4, 10, 5, "eom", 0.0, False),
    (200, 2, 4, 8, 1, "leaf", 0.0, False),
    (200, 2, 4, 8, 1, "leaf", 1.1, False),
    (150, 1, 3, 8, 4, "eom", 0.0, False),
    (300, 5, 6, 10, 10, "eom", 0.0, False),
    (120, 2, 1, 10, 5, "eom", 0.0, True),
    (120, 2, 1, 10, 5, "eom", 0.5, True),
]


def fitted(x, algorithm):
    return hdbscan.HDBSCAN(min_cluster_size=size, min_samples=samples, algorithm=algorithm,
                           approx_min_span_tree=False, cluster_selection_method=selection,
                           cluster_selection_epsilon=epsilon, allow_single_cluster=single).fit(x)


def same(x, fit):
    for turn in range(6):
        order = np.random.default_rng(turn).permutation(len(x))
        for algorithm in ("prims_kdtree", "boruvka_kdtree"):
            other = fitted(x[order], algorithm)
            if (len(other.condensed_tree_._raw_tree) != len(fit.condensed_tree_._raw_tree)
                    or ((other.labels_ < 0) != (fit.labels_[order] < 0)).any()
                    or not np.allclose(other.probabilities_, fit.probabilities_[order], rtol=1e-10, atol=0)
                    or not np.allclose(other.outlier_scores_, fit.outlier_scores_[order], rtol=1e-10, atol=1e-14)
                    or adjusted_rand_score(other.labels_, fit.labels_[order]) != 1.0):
                return False
    return True


for n, d, groups, size, samples, selection, epsilon, single in CASES:
    for seed in range(1, 200):
        x = points(n, d, groups, seed)
        fit = fitted(x, "prims_kdtree")
        if fit.labels_.max() >= 0 and same(x, fit):
            break
    else:
        raise SystemExit(f"no seed for {n, d, groups}")
    condensed = fit.condensed_tree_._raw_tree
    finite = condensed["lambda_val"]
    labels = "".join("." if label < 0 else chr(ord("a") + label) for label in fit.labels_)
    print(f"    Golden {{ n: {n}, d: {d}, n_groups: {groups}, seed: {seed}, min_cluster_size: {size}, min_samples: {samples}, "
          f"selection: Selection::{selection.title()}, epsilon: {epsilon!r}, allow_single_cluster: {str(single).lower()},\n"
          f"        labels: \"{labels}\",\n"
          f"        probabilities: [{fit.probabilities_.sum()!r}, {(fit.probabilities_ ** 2 * np.arange(n)).sum()!r}],\n"
          f"        outlier_scores: [{fit.outlier_scores_.sum()!r}, {(fit.outlier_scores_ ** 2 * np.arange(n)).sum()!r}],\n"
          f"        heights: {fit.single_linkage_tree_._linkage[:, 2].sum()!r},\n"
          f"        condensed: ({len(condensed)}, {finite.sum()!r}) }},".replace("np.float64(", "").replace("),", ",").replace(")]", "]").replace(")) }", ") }"))
