"""usage: tune_irspack.py DATADIR [USERS]     looks for alpha0 and reg of irspack's iALS++ on a validation part of train

One training pair in ten is held out by a fixed hash; the test part is not read. Every setting is fitted with 15 epochs and
64 factors, as in the bench, and judged by ndcg@10 of USERS (5000) users. Prints one line per setting, the best last.
nu = 0 is the ridge of implicit and of ours: confidence 1 + 8 and ridge 60 there are alpha0 1/8 and reg 60/8 here.
"""
import os, sys
T = int(os.environ.get("BENCH_THREADS", "2"))
os.environ["OPENBLAS_NUM_THREADS"] = str(T)
import numpy as np
from common import *
from hold_out import split
import irspack as ir
d = sys.argv[1]
n_users = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
train, valid = split(d, np.float64)
users = np.flatnonzero(np.diff(valid.indptr) > 0)
users = users[:: max(1, len(users) // n_users)][:n_users]

def judge(alpha0, reg, nu):
    model = ir.IALSRecommender(train, n_components=64, alpha0=alpha0, reg=reg, nu=nu, train_epochs=15, solver_type="IALSPP", n_threads=T)
    model.learn()
    top = np.empty((len(users), 20), np.int32)
    for a in range(0, len(users), 512):
        s = model.get_score_remove_seen(users[a:a + 512])
        p = np.argpartition(-s, 20, axis=1)[:, :20]; q = np.take_along_axis(s, p, 1)
        top[a:a + 512] = np.take_along_axis(p, np.argsort(-q, axis=1, kind="stable"), 1)
    found = {"alpha0": alpha0, "reg": reg, "nu": nu, **evaluate(top, users, valid)}
    print(json.dumps(found), flush=True)
    return found

tried = [judge(0.125, reg, 0.0) for reg in (4.0, 7.5, 15.0)]
tried += [judge(alpha0, 0.003, 1.0) for alpha0 in (0.02, 0.05, 0.125, 0.3)]
alpha0 = max(tried[3:], key=lambda one: one["ndcg@10"])["alpha0"]
tried += [judge(alpha0, reg, 1.0) for reg in (0.001, 0.006, 0.012, 0.024)]
# The ridge scaled half-way, at the best alpha0: as strong for a typical vector as the two above.
tried += [judge(alpha0, reg, 0.5) for reg in (0.08, 0.16)]
print(json.dumps({"best": max(tried, key=lambda one: one["ndcg@10"]), "versions": versions("irspack")}), flush=True)
