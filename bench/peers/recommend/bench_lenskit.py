"""usage: bench_lenskit.py DATADIR cosine     LensKit's item kNN for implicit feedback (Rust kernels); env BENCH_K (50)

Its peculiarities: the similarity is the plain cosine, there is no TF-IDF or BM25; `save_nbrs` bounds what is kept per item
and is unlimited by default; similarities below `min_sim` (1e-6) are dropped; a score is the sum over at most `max_nbrs`
neighbours. The data set is made before the clock starts, as the matrices of the other peers are.
"""
import os, sys
T = int(os.environ.get("BENCH_THREADS", "2"))
for name in ("RAYON_NUM_THREADS", "LK_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = str(T)
import numpy as np
import pandas as pd
from common import *
from lenskit.data import ItemList, RecQuery, from_interactions_df
from lenskit.knn import ItemKNNScorer
d = sys.argv[1]
train, test = load_csr(d, "train"), load_csr(d, "test")
K = int(os.environ.get("BENCH_K", "50"))
rows = np.repeat(np.arange(train.shape[0], dtype=np.int32), np.diff(train.indptr))
data = from_interactions_df(pd.DataFrame({"user_id": rows, "item_id": train.indices}))
del rows
rec = {"tool": "lenskit", "algo": "cosine", "data": os.path.basename(d.rstrip("/")), "threads": T, "k": K,
       "versions": versions("lenskit", "numpy", "scipy"), "nnz": int(train.nnz), "load_rss_mb": round(rss_now_mb()),
       "load_peak_rss_mb": round(rss_peak_mb())}
model = ItemKNNScorer(feedback="implicit", max_nbrs=K, save_nbrs=K)
wait_quiet()
with Timer() as t:
    model.train(data)
rec.update(fit_s=round(t.wall, 3), fit_cpu_s=round(t.cpu, 3), fit_other=round(t.other, 3), fit_peak_rss_mb=round(rss_peak_mb()))
users = np.flatnonzero(np.diff(test.indptr) > 0)[: int(os.environ.get("BENCH_EVAL_USERS", "20000"))]
known = ItemList(item_nums=np.arange(len(data.items), dtype=np.int32), vocabulary=data.items)
ids = np.asarray(data.items.ids())
top = np.full((len(users), 20), -1, np.int32)
with Timer() as t:
    for row, user in enumerate(users):
        seen = train.indices[train.indptr[user]:train.indptr[user + 1]]
        scores = np.nan_to_num(model(RecQuery(user_items=ItemList(item_ids=seen)), known).scores("numpy"), nan=-np.inf)
        scores[np.searchsorted(ids, seen)] = -np.inf
        best = np.argpartition(-scores, 20)[:20]
        top[row] = ids[best[np.argsort(-scores[best], kind="stable")]]
rec.update(rec_users=len(users), rec_s=round(t.wall, 3), rec_cpu_s=round(t.cpu, 3), rec_other=round(t.other, 3))
rec.update(evaluate(top, users, test)); rec["peak_rss_mb"] = round(rss_peak_mb())
emit(rec)
