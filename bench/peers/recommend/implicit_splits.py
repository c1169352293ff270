"""usage: implicit_splits.py DIR [N]     implicit at its best on a split written by `published_splits write SPLIT DIR`

Tries N (default 24) settings of ALS, 10 of BM25, 5 each of TF-IDF and cosine on valid_train / valid_test, by ndcg@20 of at
most 4,000 users, as `published_splits choose` does for ours; then fits the best of each kind on train and judges it once
on test. Measures as crates/recommend/src/evaluate/metrics.rs defines them: all items ranked, those of the training row
removed, recall = hits / |test|, ideal of ndcg min(k, |test|). Prints rows of a Markdown table.
"""
import os, sys, time
T = int(os.environ.get("BENCH_THREADS", "2"))
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["OMP_NUM_THREADS"] = str(T)
import numpy as np, scipy.sparse as sp
from common import Timer
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender
folder, n_als = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 24
read = lambda part: np.loadtxt(os.path.join(folder, part + ".tsv"), skiprows=1, usecols=(0, 1), dtype=np.int64, ndmin=2)
pairs = {part: read(part) for part in ("train", "test", "valid_train", "valid_test")}
shape = tuple(max(rows[:, side].max() for rows in pairs.values() if len(rows)) + 1 for side in (0, 1))
matrix = {part: sp.csr_matrix((np.ones(len(rows), np.float32), rows.T), shape=shape) for part, rows in pairs.items()}
DISCOUNT = 1.0 / np.log2(np.arange(2, 22))

def make(kind, s):
    if kind == "als":
        return AlternatingLeastSquares(num_threads=T, random_state=42, **s)
    return {"bm25": BM25Recommender, "tfidf": TFIDFRecommender, "cosine": CosineRecommender}[kind](num_threads=T, **s)

def judge(model, train, test, users):
    top = np.full((len(users), 20), -1, np.int64)
    for a in range(0, len(users), 1000):
        found, scores = model.recommend(users[a:a + 1000], train[users[a:a + 1000]], N=20, filter_already_liked_items=True)
        # What a neighbourhood model cannot reach scores 0, what is filtered out the lowest number: no recommendation.
        empty = (scores <= -1e30) | ((scores == 0) & (not hasattr(model, "user_factors")))
        top[a:a + 1000, :found.shape[1]] = np.where(empty, -1, found)
    held = test[users]
    n = np.diff(held.indptr)
    rows = np.repeat(np.arange(len(users)), 20)
    hit = np.zeros(top.size, bool)
    real = top.ravel() >= 0
    hit[real] = np.asarray(held[rows[real], top.ravel()[real]]).ravel() > 0
    hit = hit.reshape(top.shape)
    ideal = np.cumsum(DISCOUNT)
    at = lambda k: {"p": (hit[:, :k].sum(1) / k).mean(), "r": (hit[:, :k].sum(1) / n).mean(), "h": hit[:, :k].any(1).mean(),
                    "n": ((hit[:, :k] * DISCOUNT[:k]).sum(1) / ideal[np.minimum(k, n) - 1]).mean()}
    ten, twenty = at(10), at(20)
    return [ten["p"], ten["r"], ten["n"], twenty["r"], twenty["n"], ten["h"]]

def choose(kind, settings):
    users = np.flatnonzero(np.diff(matrix["valid_test"].indptr))
    users = users[:: -(-len(users) // 4000)].astype(np.int32)
    tried = []
    for s in settings:
        model = make(kind, s)
        model.fit(matrix["valid_train"], show_progress=False)
        tried.append((judge(model, matrix["valid_train"], matrix["valid_test"], users)[4], s))
        print(f"{kind} {s} {tried[-1][0]:.5f}", file=sys.stderr, flush=True)
    return max(tried, key=lambda one: one[0])

random = np.random.RandomState(7)
log = lambda low, high: float(f"{np.exp(random.uniform(np.log(low), np.log(high))):.3g}")
als = [{"factors": int(random.choice([64, 128, 256])), "iterations": int(random.choice([10, 15, 30])),
        "regularization": log(0.1, 300), "alpha": log(1, 60)} for _ in range(n_als)]
K = (20, 50, 100, 200, 400)
spaces = {"als": als, "bm25": [{"K": k, "K1": k1, "B": b} for k in (100, 400) for k1, b in ((1.2, .75), (100, .8), (1.2, .2), (10, .5), (100, .2))],
          "tfidf": [{"K": k} for k in K], "cosine": [{"K": k} for k in K]}
test_users = np.flatnonzero(np.diff(matrix["test"].indptr)).astype(np.int32)
for kind, space in spaces.items():
    valid, s = choose(kind, space)
    model = make(kind, s)
    with Timer() as t:
        model.fit(matrix["train"], show_progress=False)
    figures = " | ".join(f"{value:.4f}" for value in judge(model, matrix["train"], matrix["test"], test_users))
    name = os.path.basename(folder.rstrip("/"))
    print(f"| {name} | implicit {kind} | {' '.join(f'{k}={v}' for k, v in s.items())} | {figures} | {t.wall:.1f} | {t.cpu:.1f} |", flush=True)
    print(f"{kind}: ndcg@20 on validation {valid:.5f} of {len(space)} settings", file=sys.stderr, flush=True)
