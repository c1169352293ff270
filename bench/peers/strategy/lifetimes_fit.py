#!/usr/bin/env python3
"""BG/NBD and Gamma-Gamma by `lifetimes` on a file of customers: prints one JSON line (CPU and wall seconds of the fastest
repeat of the fits and of scoring, peak RSS, log-likelihoods, parameters). Ours is the example `lifetimes` of
crates/strategy, on the same file.

usage: lifetimes_fit.py FILE REPEATS [bg_nbd|mbg_nbd|pareto_nbd]

Scoring is what ours does: the probability of being alive and the purchases expected within 39 weeks.
"""
import json
import resource
import sys
import time
import warnings

import numpy as np
import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter, ModifiedBetaGeoFitter, ParetoNBDFitter

warnings.filterwarnings("ignore")
FITTERS = {"bg_nbd": BetaGeoFitter, "mbg_nbd": ModifiedBetaGeoFitter, "pareto_nbd": ParetoNBDFitter}


def timed(repeats, work):
    cpu = wall = float("inf")
    for _ in range(repeats):
        c, w = time.process_time(), time.perf_counter()
        answer = work()
        wall, cpu = min(wall, time.perf_counter() - w), min(cpu, time.process_time() - c)
    return answer, cpu, wall


def main():
    path, repeats = sys.argv[1], int(sys.argv[2])
    process = sys.argv[3] if len(sys.argv) > 3 else "bg_nbd"
    rows = pd.read_csv(path)
    rows.columns = ["id", "frequency", "recency", "age", "mean_value"]
    x, recency, age = rows["frequency"], rows["recency"], rows["age"]
    model, fit_cpu, fit_s = timed(repeats, lambda: FITTERS[process](penalizer_coef=0.0).fit(x, recency, age))
    back = rows[(x > 0) & (rows["mean_value"] > 0)]
    spend, spend_cpu, spend_s = timed(
        repeats, lambda: GammaGammaFitter(penalizer_coef=0.0).fit(back["frequency"], back["mean_value"])
    )

    def score():
        alive = model.conditional_probability_alive(x, recency, age)
        purchases = model.conditional_expected_number_of_purchases_up_to_time(39, x, recency, age)
        return np.asarray(alive), np.asarray(purchases)

    (alive, purchases), score_cpu, score_s = timed(repeats, score)
    print(json.dumps({
        "n": len(rows), "fit_cpu_s": fit_cpu, "fit_s": fit_s, "spend_cpu_s": spend_cpu, "spend_s": spend_s,
        "score_cpu_s": score_cpu, "score_s": score_s,
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0,
        # It fits with times scaled, and tells the likelihood of those.
        "log_likelihood": float(-model._negative_log_likelihood_ * len(rows) + np.log(model._scale) * x.sum()),
        "parameters": [float(value) for value in model.params_.values],
        "spend_log_likelihood": float(-spend._negative_log_likelihood_ * len(back)),
        "spend_parameters": [float(value) for value in spend.params_.values],
        "purchases": float(purchases.sum()), "alive": float(alive.sum()),
    }))


main()
