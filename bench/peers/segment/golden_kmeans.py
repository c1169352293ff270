#!/usr/bin/env python3
"""What scikit-learn's KMeans finds on generated cases from given centres: prints the rows of `GOLDEN` in
crates/segment/src/k_means/tests/golden.rs, which generates the same data. Also prints silhouettes for its other table.

usage: golden_kmeans.py            (scikit-learn 1.9, pinned in requirements-kmeans.txt)
"""
import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score


class Numbers:
    """Knuth's MMIX generator; the upper 53 bits as a number in [0, 1)."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 11) / 2.0**53

    def below(self, n):
        return int(self.next() * n)


def case(number):
    """Points around some places, first centres among the points; every third case weighted, every fifth with copies."""
    r = Numbers(1000 + number)
    n = 50 + r.below(400)
    d = 1 + r.below(9)
    k = 2 + r.below(12)
    places = [[r.next() * 20 for _ in range(d)] for _ in range(2 + r.below(10))]
    spread = 1 + r.next() * 6
    x = []
    for _ in range(n):
        place = places[r.below(len(places))]
        x.append([p + spread * (r.next() + r.next() + r.next() - 1.5) for p in place])
    if number % 5 == 4:
        for at in range(1, n, 2):
            x[at] = list(x[at - 1])
    weights = [r.next() * 3 for _ in range(n)] if number % 3 == 2 else None
    centres = [list(x[r.below(n)]) for _ in range(k)]
    if number % 7 == 6:
        centres[0] = [1000.0] * d      # nobody is near: an empty cluster
    return np.array(x), weights, np.array(centres), k


def hashed(labels):
    """FNV-1a over the labels."""
    h = 0xCBF29CE484222325
    for label in labels:
        h = ((h ^ int(label)) * 0x100000001B3) % 2**64
    return h


def main():
    for number in range(36):
        x, weights, centres, k = case(number)
        kind = np.float32 if number % 4 == 3 else np.float64
        tol = 1e-4 if number % 2 else 0.0
        m = KMeans(k, init=centres.astype(kind), n_init=1, max_iter=100, tol=tol, algorithm="lloyd")
        m.fit(x.astype(kind), sample_weight=None if weights is None else np.array(weights, kind))
        print(f"    (0x{hashed(m.labels_):016x}, {float(m.inertia_)!r}, {m.n_iter_}),")
    for number in (0, 1, 3, 6):
        x, _, centres, k = case(number)
        labels = KMeans(k, init=centres, n_init=1, max_iter=100, tol=0).fit(x).labels_
        print(f"    ({number}, {silhouette_score(x, labels)!r}),")


if __name__ == "__main__":
    main()
