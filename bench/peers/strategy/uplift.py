"""T-learner of scikit-uplift (`TwoModels`) over LightGBM, and over scikit-learn's HistGradientBoosting, on the files that
`cargo run -p tercet-strategy --example uplift t-learner` reads: CPU and wall seconds of fit and prediction, peak memory, Qini.
Prints one line of JSON. Quality with another seed and four fifths of the rows a tree, five times, for the spread.

    python uplift.py lightgbm|histgb TRAIN TEST [REPEATS]
    python uplift.py golden          values of scikit-uplift's metrics, and of causalml's if its wheel lies here, on small vectors
"""

import json
import os
import resource
import sys
import time

import numpy as np
import pandas as pd

N_THREADS = int(os.environ.get("BENCH_THREADS", "2"))


def read(path):
    table = pd.read_csv(path).rename(columns={"Promotion": "treatment", "purchase": "outcome"})
    treatment = table.pop("treatment").replace({"Yes": 1, "No": 0}).astype(int).to_numpy()
    outcome = table.pop("outcome").to_numpy()
    return table.drop(columns=["ID"], errors="ignore"), treatment, outcome


def model(who, seed, row_fraction):
    if who == "lightgbm":
        from lightgbm import LGBMClassifier

        bagging = {"subsample": row_fraction, "subsample_freq": 1} if row_fraction < 1 else {}
        return LGBMClassifier(n_jobs=N_THREADS, verbose=-1, random_state=seed, **bagging)
    from sklearn.ensemble import HistGradientBoostingClassifier

    # As many trees and leaves as the others; by itself it stops early on a tenth of the rows.
    return HistGradientBoostingClassifier(early_stopping=False, random_state=seed)


def t_learner(who, train, test, repeats):
    from sklift.metrics import qini_auc_score
    from sklift.models import TwoModels

    (x, treatment, outcome), (x_test, treatment_test, outcome_test) = read(train), read(test)
    outcome, treatment = pd.Series(outcome), pd.Series(treatment)

    def fit(seed, row_fraction=1.0):
        learner = TwoModels(model(who, seed, row_fraction), model(who, seed, row_fraction))
        return learner.fit(x, outcome, treatment)

    fit(1)
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(repeats):
        learner = fit(1)
    fit_cpu, fit_wall = (time.process_time() - cpu) / repeats, (time.perf_counter() - wall) / repeats
    cpu = time.process_time()
    for _ in range(repeats):
        effect = learner.predict(x_test)
    predict_cpu = (time.process_time() - cpu) / repeats
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    score = qini_auc_score(outcome_test, effect, treatment_test)
    spread = []
    for seed in range(1, 6 if who == "lightgbm" else 1):
        spread.append(round(qini_auc_score(outcome_test, fit(seed, 0.8).predict(x_test), treatment_test), 4))
    print(json.dumps({
        "who": who, "n_train": len(x), "n_test": len(x_test), "fit_cpu_s": round(fit_cpu, 4), "fit_wall_s": round(fit_wall, 4),
        "predict_cpu_s": round(predict_cpu, 4), "peak_rss_mib": round(peak), "qini_auc_score": round(score, 4),
        "qini_auc_score_by_seed": spread,
    }))


def causalml():
    """Functions of causalml's metrics, from its wheel without what it would import: `pip download --no-deps causalml`."""
    import ast
    import zipfile

    wheels = [name for name in os.listdir(".") if name.startswith("causalml-") and name.endswith(".whl")]
    if not wheels:
        return None
    source = zipfile.ZipFile(wheels[0]).read("causalml/metrics/visualize.py").decode()
    wanted = {"get_cumlift", "get_cumgain", "get_qini", "auuc_score", "qini_score"}
    found = [part for part in ast.parse(source).body if isinstance(part, ast.FunctionDef) and part.name in wanted]
    names = {"np": np, "pd": pd}
    exec(compile(ast.Module(found, []), "visualize.py", "exec"), names)
    return names


def golden():
    from sklift import metrics

    numbers = np.random.RandomState(7)
    n = 40
    tied = np.round(numbers.normal(size=n), 1) + 0.0
    treatment = (numbers.uniform(size=n) < 0.4).astype(int)
    outcome = (numbers.uniform(size=n) < 0.3 + 0.2 * treatment * np.sign(tied)).astype(int)
    distinct = np.round(tied + np.arange(n) / 1000, 3)
    theirs = causalml()
    # The last two: a treatment that harms on average, in a good order, and one that helps, in a bad one.
    for effect, outcome in ((tied, outcome), (distinct, outcome), (-distinct, 1 - outcome), (-distinct, outcome)):
        told = {
            "effect": effect.tolist(), "treatment": treatment.tolist(), "outcome": outcome.tolist(),
            "average": outcome[treatment == 1].mean() - outcome[treatment == 0].mean(),
            "qini_auc_score": metrics.qini_auc_score(outcome, effect, treatment),
            "uplift_auc_score": metrics.uplift_auc_score(outcome, effect, treatment),
            "uplift_at_30": metrics.uplift_at_k(outcome, effect, treatment, strategy="overall", k=0.3),
            "uplift_at_30_by_group": metrics.uplift_at_k(outcome, effect, treatment, strategy="by_group", k=0.3),
        }
        if theirs is not None and effect is not tied:
            frame = pd.DataFrame({"y": outcome, "w": treatment, "effect": effect})
            for name in ("auuc_score", "qini_score"):
                for normalize in (True, False):
                    told[f"causalml {name} {normalize}"] = float(theirs[name](frame, normalize=normalize)["effect"])
        print(json.dumps(told))


if __name__ == "__main__":
    if sys.argv[1] == "golden":
        golden()
    else:
        t_learner(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]) if len(sys.argv) > 4 else 1)
