"""usage: bench_implicit.py DATADIR ALGO   (one algorithm per process so that peak RSS is its own)
ALGO: als | als-chol | als-tuned | bpr | cosine | tfidf | bm25 | pop
env: BENCH_THREADS (default 2), BENCH_OUT (jsonl), BENCH_WAIT (s), BENCH_EVAL_USERS (default 20000), BENCH_REC (0 = skip full batch), BENCH_LAT (0 = skip latencies)
"""
import os, sys, time
T = int(os.environ.get("BENCH_THREADS", "2"))
os.environ["OPENBLAS_NUM_THREADS"] = "1"      # what implicit's README advises
os.environ["OMP_NUM_THREADS"] = str(T)
import numpy as np
from common import *
from implicit.als import AlternatingLeastSquares as ALS
from implicit.bpr import BayesianPersonalizedRanking as BPR
from implicit.nearest_neighbours import CosineRecommender, TFIDFRecommender, BM25Recommender

d, algo = sys.argv[1:3]
train, test = load_csr(d, "train"), load_csr(d, "test")
small = train.shape[0] < 10_000
it_bpr = int(os.environ.get("BPR_ITERS", "100" if small else "30"))
P = {
    "als": lambda: ALS(factors=64, iterations=15, regularization=0.01, alpha=1.0, num_threads=T, random_state=42),
    "als-chol": lambda: ALS(factors=64, iterations=15, regularization=0.01, alpha=1.0, use_cg=False, num_threads=T, random_state=42),
    "als-tuned": lambda: ALS(factors=64, iterations=15, regularization=float(os.environ.get("REG", "0.01")),
                             alpha=float(os.environ.get("ALPHA", "1")), num_threads=T, random_state=42),
    "bpr": lambda: BPR(factors=64, iterations=it_bpr, learning_rate=0.05, regularization=0.01, num_threads=T, random_state=42),
    "cosine": lambda: CosineRecommender(K=int(os.environ.get("BENCH_K", "100")), num_threads=T),
    "tfidf": lambda: TFIDFRecommender(K=int(os.environ.get("BENCH_K", "100")), num_threads=T),
    "bm25": lambda: BM25Recommender(K=int(os.environ.get("BENCH_K", "100")), num_threads=T),
}
rec = {"tool": "implicit", "algo": algo, "data": os.path.basename(d.rstrip("/")), "threads": T,
       "versions": versions("implicit", "numpy", "scipy"), "nnz": int(train.nnz), "load_rss_mb": round(rss_now_mb())}
if algo == "als-tuned":
    rec["reg"], rec["alpha"] = os.environ.get("REG"), os.environ.get("ALPHA")
if algo == "bpr":
    rec["iters"] = it_bpr
wait_quiet()
if algo == "pop":
    with Timer() as t:
        order = np.argsort(-np.bincount(train.indices, minlength=train.shape[1]), kind="stable")
else:
    m = P[algo]()
    with Timer() as t:
        m.fit(train, show_progress=False)
rec.update(fit_s=round(t.wall, 3), fit_cpu_s=round(t.cpu, 3), fit_other=round(t.other, 3), fit_peak_rss_mb=round(rss_peak_mb()))

U = train.shape[0]
has = np.diff(test.indptr) > 0
users = np.flatnonzero(has)[: int(os.environ.get("BENCH_EVAL_USERS", "20000"))].astype(np.int32)

def batch(us, step=1000):
    out = np.empty((len(us), 20), np.int32)
    for a in range(0, len(us), step):
        b = us[a:a + step]
        out[a:a + step] = m.recommend(b, train[b], N=20, filter_already_liked_items=True)[0]
    return out

if algo == "pop":
    top = np.empty((len(users), 20), np.int32)
    for r, u in enumerate(users):
        seen = set(train.indices[train.indptr[u]:train.indptr[u + 1]].tolist())
        k = 0
        for i in order:
            if i not in seen:
                top[r, k] = i; k += 1
                if k == 20: break
else:
    top = batch(users)
rec.update(evaluate(top, users, test))
if algo != "pop":
    if os.environ.get("BENCH_REC", "1") == "1":
        allu = np.arange(U, dtype=np.int32)
        wait_quiet()
        with Timer() as t:
            batch(allu)
        rec.update(rec_users=U, rec_s=round(t.wall, 3), rec_cpu_s=round(t.cpu, 3), rec_other=round(t.other, 3), rec_users_per_s=round(U / t.wall))
if algo != "pop" and os.environ.get("BENCH_LAT", "1") == "1":
    rng = np.random.RandomState(1)
    us = rng.randint(0, U, 1000)
    wait_quiet()
    def lat(**kw):
        x = []
        for u in us:
            r = train[u]
            t0 = time.perf_counter(); m.recommend(int(u), r, N=20, filter_already_liked_items=True, **kw); x.append(time.perf_counter() - t0)
        return [round(1e6 * v) for v in np.percentile(x, [50, 99])]
    rec["one_user_us_p50_p99"] = lat()
    if algo.startswith("als"):
        rec["foldin_us_p50_p99"] = lat(recalculate_user=True)
    its = rng.randint(0, train.shape[1], 1000); x = []
    for i in its:
        t0 = time.perf_counter(); m.similar_items(int(i), N=20); x.append(time.perf_counter() - t0)
    rec["similar_us_p50_p99"] = [round(1e6 * v) for v in np.percentile(x, [50, 99])]
rec["peak_rss_mb"] = round(rss_peak_mb())
emit(rec)
