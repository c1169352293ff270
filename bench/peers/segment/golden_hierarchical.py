#!/usr/bin/env python3
"""Writes SciPy's merge tables of small generated data, which the tests of `segment::hierarchical` compare with.

    python golden_hierarchical.py > crates/segment/src/hierarchical/golden.txt

Data: a linear congruential generator, the same in the tests. `scattered`: 40 points of 3 columns in [0, 1) × 10 plus 8
times the point's number modulo 4. `grid`: 36 points of 2 columns, whole numbers 0 to 4, so that there are duplicates and
ties. One line a merge: data, linkage, metric, left, right, height, size.

Beside them 30 generated cases, one line each and linkage: `case`, number, linkage, FNV-1a over left, right and size of every
merge, and the sum of the heights. Kinds by the number modulo 6: blobs; one box; copies; collinear; constant columns; whole
numbers, with ties. Centroid and median are left out where distances tie: there SciPy's own choice depends on rounding.
"""
import sys

import numpy as np
import scipy
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import pdist


def generator(seed):
    state = seed
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield (state >> 33) / 2**31


def scattered():
    numbers = generator(1)
    return np.array([[next(numbers) * 10 + 8 * (point % 4) for _ in range(3)] for point in range(40)])


def grid():
    numbers = generator(2)
    return np.array([[np.floor(next(numbers) * 5) for _ in range(2)] for _ in range(36)])


def case(number):
    numbers = generator(100 + number)
    kind = number % 6
    n, d = 2 + int(next(numbers) * 60), 1 + int(next(numbers) * 6)
    places = [[next(numbers) * 20 for _ in range(d)] for _ in range(5)]
    x = np.zeros((n, d))
    for point in range(n):
        place = places[int(next(numbers) * 5)]
        along = next(numbers) * 50
        for at in range(d):
            value = next(numbers)
            x[point, at] = [place[at] + 3 * value, 10 * value, place[at] + 3 * value, along * (at + 1), place[at] + value,
                            np.floor(value * 5)][kind]
        if kind == 2 and point % 2 == 1:
            x[point] = x[point - 1]
        if kind == 4:
            x[point, 0] = -3.5
    return x


def hashed(merges):
    """FNV-1a over left, right and size."""
    h = 0xCBF29CE484222325
    for left, right, _, size in merges:
        for value in (left, right, size):
            h = ((h ^ int(value)) * 0x100000001B3) % 2**64
    return h


def write(data, points, kind, metric):
    distances = pdist(points, {"manhattan": "cityblock"}.get(metric, metric))
    for left, right, height, size in linkage(distances, kind):
        print(data, kind, metric, int(left), int(right), repr(float(height)), int(size))


def main():
    print(f"# SciPy {scipy.__version__}, NumPy {np.__version__}, by bench/peers/segment/golden_hierarchical.py")
    for kind in ("ward", "average", "complete", "single", "weighted", "centroid", "median"):
        write("scattered", scattered(), kind, "euclidean")
    for metric in ("manhattan", "cosine"):
        for kind in ("average", "complete", "single", "weighted"):
            write("scattered", scattered(), kind, metric)
    for kind in ("ward", "average", "complete", "single", "weighted"):
        write("grid", grid(), kind, "euclidean")
    for number in range(30):
        ties = number % 6 in (2, 5)
        for kind in ("ward", "average", "complete", "single", "weighted") + (() if ties else ("centroid", "median")):
            merges = linkage(pdist(case(number)), kind)
            print("case", number, kind, f"{hashed(merges):016x}", repr(float(merges[:, 2].sum())))


if __name__ == "__main__":
    sys.exit(main())
