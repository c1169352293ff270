"""usage: tune_ials.py DATADIR TERCET|implicit [USERS]     looks for settings of our ials, or of implicit's ALS, on a validation part

DATADIR is the whole data set; the validation part is hold_out.py's, the same that tune_irspack.py uses, and the test part is
not read. Every setting runs 15 epochs of 64 factors, as in the bench, and is judged by ndcg@10 of USERS (5000) users. Prints one
line per setting, the best last. TERCET is the path of our program.
"""
import json, os, subprocess, sys, tempfile
T = os.environ.get("BENCH_THREADS", "2")
os.environ["OPENBLAS_NUM_THREADS"], os.environ["OMP_NUM_THREADS"] = "1", T
import numpy as np
from common import evaluate, save_csr
from hold_out import split

d, who = sys.argv[1:3]
n_users = int(sys.argv[3]) if len(sys.argv) > 3 else 5000
train, valid = split(d)


def note(setting, ndcg, recall):
    found = {**setting, "ndcg@10": round(ndcg, 5), "recall@20": round(recall, 5)}
    print(json.dumps(found), flush=True)
    return found


def ours(folder):
    def judge(**setting):
        sets = [text for name, value in setting.items() for text in ("--set", f"{name}={value}")]
        fixed = ["--set", "n_factors=64", "--set", "n_epochs=15"]
        answer = subprocess.run([who, "lab", "evaluate", "ials", "--json", "--k", "10,20", "--users", str(n_users), "--threads", T,
                                 "--train", folder, "--test", folder, *fixed, *sets], check=True, capture_output=True, text=True)
        answer = json.loads(answer.stdout)
        return note({**setting, "fit_cpu_s": round(answer["fit_cpu_seconds"], 1)}, answer["result"]["ndcg@10"], answer["result"]["recall@20"])

    # The ridge as everybody has it, then scaled by how often a vector is used (nu = 1), then half-way; near the best of each.
    tried = [judge(alpha=a, reg=r, cg_steps=1) for a in (8, 15) for r in (30, 60, 120)]
    for nu, regs in ((1, (0.001, 0.003, 0.006)), (0.5, (0.08, 0.16))):
        tried += [judge(alpha=1, unobserved_weight=u, nu=nu, reg=r, cg_steps=1) for u in (0.03, 0.05, 0.08) for r in regs]
    best = max(tried, key=lambda one: one["ndcg@10"])
    best = {name: value for name, value in best.items() if name not in ("fit_cpu_s", "ndcg@10", "recall@20", "cg_steps")}
    tried += [judge(**best, cg_steps=steps) for steps in (2, 3)]
    near = [("reg", 1.5), ("reg", 1 / 1.5), ("unobserved_weight", 1.3), ("unobserved_weight", 1 / 1.3)]
    tried += [judge(**{**best, name: round(best[name] * by, 5)}, cg_steps=1) for name, by in near if name in best]
    return tried


def implicit(_):
    from implicit.als import AlternatingLeastSquares
    users = np.flatnonzero(np.diff(valid.indptr) > 0)[:n_users].astype(np.int32)

    def judge(alpha, reg):
        model = AlternatingLeastSquares(factors=64, iterations=15, regularization=reg, alpha=alpha, num_threads=int(T), random_state=42)
        model.fit(train, show_progress=False)
        found = evaluate(model.recommend(users, train[users], N=20, filter_already_liked_items=True)[0], users, valid)
        return note({"alpha": alpha, "reg": reg}, found["ndcg@10"], found["recall@20"])

    return [judge(a, r) for a in (5, 9, 16) for r in (60, 120)]


with tempfile.TemporaryDirectory() as folder:
    if who != "implicit":
        save_csr(folder, "train", train)
        save_csr(folder, "test", valid)
        json.dump({"users": train.shape[0], "items": train.shape[1]}, open(os.path.join(folder, "meta.json"), "w"))
    tried = (implicit if who == "implicit" else ours)(folder)
print(json.dumps({"best": max(tried, key=lambda one: one["ndcg@10"])}), flush=True)
