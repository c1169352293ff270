#!/usr/bin/env python3
"""Agglomerative clustering by the peers, on the first rows of a file of `gen.py` (`hc_50k_d16`).

    python bench_hierarchical.py FILE.f32 [N ...]          every cell, each in a process of its own
    python bench_hierarchical.py cell FILE.f32 N WHO KIND [MERGES.npy]

One JSON line a cell: who, CPU seconds of the call alone (all threads), wall seconds, peak RSS in MiB of the process, sum of
heights. Ours: `cargo run --release -p tercet-segment --example hierarchical`. genieclust's Genie is a linkage of its own
(its sum of heights is not comparable); scikit-learn runs SciPy's code for these and is left out.
Threads: OMP_NUM_THREADS, 2 unless set. Cells whose distances exceed 2 GiB (n > 23,000) are left out.
"""
import json
import os
import resource
import struct
import subprocess
import sys
import time

CELLS = [("fastcluster_vector", "ward"), ("fastcluster", "ward"), ("scipy", "ward"), ("genieclust", "genie"),
         ("fastcluster", "average"), ("scipy", "average"), ("fastcluster_vector", "single"), ("fastcluster", "complete")]
CONDENSED = ("fastcluster", "scipy")


def load(path, n):
    import numpy as np
    with open(path, "rb") as file:
        assert file.read(4) == b"F32M", "not a matrix file"
        _, d = struct.unpack("<QQ", file.read(16))
        return np.fromfile(file, np.float32, n * d).reshape(n, d).astype(np.float64)


def call(who, kind, x):
    """The call, ready to be timed; modules are imported before."""
    if who == "fastcluster_vector":
        import fastcluster
        return lambda: fastcluster.linkage_vector(x, kind)
    if who == "fastcluster":
        import fastcluster
        from scipy.spatial.distance import pdist
        return lambda: fastcluster.linkage(pdist(x), kind, preserve_input=False)
    if who == "scipy":
        from scipy.cluster.hierarchy import linkage
        return lambda: linkage(x, kind)
    import genieclust
    return lambda: genieclust.Genie(20).fit(x)


def cell(path, n, who, kind, out=None):
    import numpy as np
    x = load(path, int(n))
    run = call(who, kind, x)
    wall, cpu = time.perf_counter(), time.process_time()
    merges = run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    heights = float(merges[:, 2].sum()) if isinstance(merges, np.ndarray) else None
    if out and isinstance(merges, np.ndarray):
        np.save(out, merges)
    print(json.dumps(dict(who=who, linkage=kind, n=int(n), cpu_s=round(cpu, 3), wall_s=round(wall, 3),
                          peak_rss_mib=round(peak, 1), height_sum=heights)), flush=True)


def main():
    if sys.argv[1] == "cell":
        return cell(*sys.argv[2:])
    env = dict(os.environ, OMP_WAIT_POLICY="passive")
    env.pop("OPENBLAS_CORETYPE", None)
    env.pop("OPENBLAS_L2_SIZE", None)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        env.setdefault(name, "2")
    for n in map(int, sys.argv[2:] or (5000, 20000, 50000)):
        for who, kind in CELLS:
            if who in CONDENSED and n > 23_000:
                continue
            subprocess.run([sys.executable, __file__, "cell", sys.argv[1], str(n), who, kind], env=env, check=False)


if __name__ == "__main__":
    main()
