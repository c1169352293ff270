#!/usr/bin/env python3
"""PyMC-Marketing's mix model with its default sampler on a file of weeks: geometric adstock over 8 weeks, logistic saturation, two
yearly frequencies, its default priors; 2 chains of 1,000 draws after 1,000 of tuning. Prints one JSON line: CPU seconds and wall
time of the fit with its compilation, peak RSS, R-hat, effective sample size, divergences, total contribution by channel.

usage: mix.py FILE.csv DATE TARGET CHANNEL,… [CONTROL,…]"""
import json
import os
import resource
import sys
import time
import warnings

warnings.filterwarnings("ignore")


def cpu_seconds():
    own, below = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + below.ru_utime + below.ru_stime


def main(path, date, target, channels, controls=""):
    import arviz
    import pandas
    from pymc_marketing.mmm import GeometricAdstock, LogisticSaturation
    from pymc_marketing.mmm.multidimensional import MMM

    channels, controls = channels.split(","), [one for one in controls.split(",") if one]
    frame = pandas.read_csv(path, parse_dates=[date])
    # Compilation and sampling are what a user waits for; reading and imports are not.
    wall, cpu = time.perf_counter(), cpu_seconds()
    model = MMM(
        date_column=date, target_column=target, channel_columns=channels, control_columns=controls or None,
        adstock=GeometricAdstock(l_max=8), saturation=LogisticSaturation(), yearly_seasonality=2,
    )
    threads = int(os.environ.get("BENCH_THREADS", "2"))
    found = model.fit(
        frame[[date, *channels, *controls]], frame[target], chains=2, cores=threads, draws=1000, tune=1000,
        target_accept=0.9, random_seed=42, nuts_sampler="nutpie", progressbar=False,
    )
    wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    names = ["adstock_alpha", "saturation_lam", "saturation_beta", "intercept_contribution", "gamma_control", "gamma_fourier", "y_sigma"]
    names = [name for name in names if name in found.posterior]
    summary = arviz.summary(found, var_names=names, kind="diagnostics")
    part = "channel_contribution"
    scale = float(frame[target].max())
    if part + "_original_scale" in found.posterior:
        part, scale = part + "_original_scale", 1.0
    total = found.posterior[part].sum("date") * scale
    print(json.dumps({
        "who": "PyMC-Marketing", "cpu_seconds": cpu, "wall_seconds": wall,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "r_hat": float(summary["r_hat"].max()), "ess_bulk": float(summary["ess_bulk"].min()),
        "n_divergences": int(found.sample_stats["diverging"].sum()),
        "channels": [
            {"name": name, "contribution": float(total.sel(channel=name).mean()), "sd": float(total.sel(channel=name).std())}
            for name in channels
        ],
    }))


main(*sys.argv[1:])
