#!/usr/bin/env python3
"""What scikit-learn's DBSCAN finds on 36 generated cases, which `dbscan::tests` generates too.

    python golden_dbscan.py > crates/segment/src/dbscan/golden.txt      (pinned in requirements-density.txt)

Kinds by the case's number modulo 6: blobs with noise; copies, so that piles are cores; collinear; whole numbers with an eps
that many distances equal exactly; columns that are constant; tenths, whose squares round. Every fourth case is weighted.
Of each case's seeds the first is taken with which there is a cluster, and a second one or noise.
One line a case: its number, its seed, then a word a point: the cluster, with * if the point is a core, or a dot for noise.
"""
import math

import numpy as np
import sklearn
from sklearn.cluster import DBSCAN


class Numbers:
    """Knuth's MMIX generator; the upper 53 bits as a number in [0, 1)."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 11) / 2.0**53

    def below(self, n):
        return int(self.next() * n)


def case(number, seed):
    r = Numbers(seed)
    kind = number % 6
    n, d = 20 + r.below(100), 1 + r.below(4)
    places = [[r.next() * 10 for _ in range(d)] for _ in range(2 + r.below(4))]
    directions = [r.next() - 0.5 for _ in range(d)]
    x = []
    for at in range(n):
        if kind in (3, 5):
            x.append([r.below(7) * (1.0 if kind == 3 else 0.1) for _ in range(d)])
        elif kind == 2:
            along = r.next() * 40
            x.append([along * direction for direction in directions])
        else:
            place = places[r.below(len(places))]
            spread = 12 if at % 9 == 8 else 2
            x.append([p + spread * (r.next() + r.next() - 1) for p in place])
        if kind == 1 and at % 3 != 0:
            x[at] = list(x[at - 1])
        if kind == 4:
            x[at][0] = 7.25
    if kind == 3:
        eps = [1.0, math.sqrt(2.0), 2.0][r.below(3)]
    elif kind == 5:
        eps = [0.1, 0.2, 0.30000000000000004][r.below(3)]
    else:
        eps = (0.3 + r.next()) * math.sqrt(d)
    min_points = 2 + r.below(8)
    weights = [0.5 * r.below(5) for _ in range(n)] if number % 4 == 3 else None
    return np.array(x), eps, min_points, weights


def main():
    print(f"# scikit-learn {sklearn.__version__}, NumPy {np.__version__}, by bench/peers/segment/golden_dbscan.py")
    for number in range(36):
        for seed in range(5000 + number, 9000, 36):
            x, eps, min_points, weights = case(number, seed)
            found = DBSCAN(eps=eps, min_samples=min_points, algorithm="kd_tree").fit(x, sample_weight=weights)
            if found.labels_.max() >= 0 and len(set(found.labels_)) > 1:
                break
        cores = set(found.core_sample_indices_.tolist())
        words = ["." if label < 0 else f"{label}{'*' if at in cores else ''}" for at, label in enumerate(found.labels_)]
        print(number, seed, *words)


if __name__ == "__main__":
    main()
