#!/usr/bin/env python3
"""Writes SciPy's merge tables of small generated data, which the tests of `segment::hierarchical` compare with.

    python golden_hierarchical.py > crates/segment/src/hierarchical/golden.txt

Data: a linear congruential generator, the same in the tests. `scattered`: 40 points of 3 columns in [0, 1) × 10 plus 8
times the point's number modulo 4. `grid`: 36 points of 2 columns, whole numbers 0 to 4, so that there are duplicates and
ties. One line a merge: data, linkage, metric, left, right, height, size.
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


if __name__ == "__main__":
    sys.exit(main())
