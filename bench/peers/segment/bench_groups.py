"""scikit-learn and gower on what `cargo run -p tercet-segment --example groups` times.

    pip install -r bench/peers/segment/requirements-groups.txt
    OMP_NUM_THREADS=2 OPENBLAS_NUM_THREADS=2 python bench/peers/segment/bench_groups.py pca|logistic FILE.f32
    … bench_groups.py gower FILE.f32 N
"""

import json
import struct
import sys
import time

import numpy as np


def load(path):
    with open(path, "rb") as file:
        assert file.read(4) == b"F32M"
        n, d = struct.unpack("<QQ", file.read(16))
        return np.fromfile(file, np.float32, n * d).reshape(n, d)


def pca(x):
    from sklearn.decomposition import PCA

    model = PCA(n_components=2, svd_solver="covariance_eigh")
    projected = model.fit(x).transform(x)
    return {"variances": model.explained_variance_.tolist(), "first": projected[0].tolist()}


def logistic(x, solver):
    from sklearn.linear_model import LogisticRegression

    y = (x[:, 0] + x[:, 1]).astype(np.float64) + 8 * np.sin(np.arange(len(x)) * 1.7) > 14
    # In double precision, as the other side computes.
    model = LogisticRegression(class_weight="balanced", solver=solver, tol=1e-6, max_iter=1000).fit(x.astype(np.float64), y)
    return {"positives": int(y.sum()), "intercept": float(model.intercept_[0]), "first": model.coef_[0, :2].tolist()}


def gower_of(x):
    import gower

    columns = np.empty(x.shape, dtype=object)
    columns[:, ::2] = x[:, ::2]
    columns[:, 1::2] = np.floor(x[:, 1::2] / 4).astype(int).astype(str)
    flags = [at % 2 == 1 for at in range(x.shape[1])]
    distances = gower.gower_matrix(columns, cat_features=flags)
    return {"mean": float(distances[np.triu_indices(len(x), 1)].mean(dtype=np.float64))}


def timed(who, case, n, run):
    wall, cpu = time.perf_counter(), time.process_time()
    result = run()
    figures = {"cpu_s": round(time.process_time() - cpu, 2), "wall_s": round(time.perf_counter() - wall, 2)}
    print(json.dumps({"who": who, "case": case, "n": n, **figures, **result}), flush=True)


case, x = sys.argv[1], load(sys.argv[2])
if case == "pca":
    timed("scikit-learn", case, len(x), lambda: pca(x))
elif case == "logistic":
    for solver in ["newton-cholesky", "lbfgs"]:
        timed(f"scikit-learn {solver}", case, len(x), lambda: logistic(x, solver))
else:
    x = x[: int(sys.argv[3])]
    timed("gower", case, len(x), lambda: gower_of(x))
