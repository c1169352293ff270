#!/usr/bin/env python3
"""One K-Means fit by a peer, in a process of its own: prints one JSON line (who, CPU seconds of the fit alone, wall, peak
RSS, inertia, iterations). Ours is `cargo run --release -p tercet-segment --example k_means_on_file`, on the same files.

usage: bench_kmeans.py centres POINTS.f32 K CENTRES.npy      first centres for all (k-means++, seed 7), .npy and .f32
       bench_kmeans.py WHO POINTS.f32 K CENTRES.npy|- MODE   WHO lloyd, elkan or faiss; MODE fixed (20 iterations) or conv
With `-` for the centres each seeds by its own default (scikit-learn k-means++; faiss a random sample).
"""
import json, os, resource, struct, sys, time

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "2")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np


def load(path):
    with open(path, "rb") as f:
        assert f.read(4) == b"F32M"
        n, d = struct.unpack("<QQ", f.read(16))
        return np.fromfile(f, np.float32, n * d).reshape(n, d)


def inertia(x, c):
    total = 0.0
    c = c.astype(np.float64)
    for s in range(0, len(x), 20_000):
        b = x[s:s + 20_000].astype(np.float64)
        total += float(np.maximum((b * b).sum(1) + ((c * c).sum(1) - 2 * b @ c.T).min(1), 0).sum())
    return total


def main():
    who, path, k, start = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    x = load(path)
    if who == "centres":
        from sklearn.cluster import kmeans_plusplus
        c = np.ascontiguousarray(kmeans_plusplus(x, k, random_state=7)[0], np.float32)
        np.save(start, c)
        with open(start.removesuffix(".npy") + ".f32", "wb") as f:
            f.write(b"F32M" + struct.pack("<QQ", *c.shape) + c.tobytes())
        return
    mode = sys.argv[5]
    given = None if start == "-" else np.load(start)
    if who == "faiss":
        import faiss
        faiss.omp_set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        fit = faiss.Kmeans(x.shape[1], k, niter=20, nredo=1, seed=7, max_points_per_centroid=10**9,
                           min_points_per_centroid=1)
        run = (lambda: fit.train(x)) if given is None else (lambda: fit.train(x, init_centroids=given))
    else:
        from sklearn.cluster import KMeans
        KMeans(8, n_init=1, max_iter=2, algorithm=who, random_state=0).fit(x[:2000])
        fit = KMeans(k, init="k-means++" if given is None else given, n_init=1, algorithm=who, random_state=7,
                     max_iter=20 if mode == "fixed" else 300, tol=0.0 if mode == "fixed" else 1e-4)
        run = lambda: fit.fit(x)
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = fit.centroids if who == "faiss" else fit.cluster_centers_
    print(json.dumps(dict(who=who, data=os.path.basename(path), k=k, mode=mode, given=given is not None,
                          cpu_s=round(cpu, 3), wall_s=round(wall, 3), peak_rss_mib=round(peak),
                          inertia=inertia(x, found), n_iterations=20 if who == "faiss" else fit.n_iter_)), flush=True)


if __name__ == "__main__":
    main()
