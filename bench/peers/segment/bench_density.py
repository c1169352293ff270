#!/usr/bin/env python3
"""DBSCAN and HDBSCAN beside their peers on the sets of gen.py. Each cell is a process of its own and prints a JSON line:
who, data, CPU seconds and wall time of the fit alone, peak RSS, clusters, noise; labels go to OUT/<data>.<who>.npy.
A last line per cell compares its labels with the reference's: equal, and the adjusted Rand index.

usage: bench_density.py DATA OUT [--ours PATH_OF_EXAMPLE_density] [cell…]      cell: db_100k_d2, hd_50k_d8 …"""
import json
import os
import struct
import subprocess
import sys
import time

SETTINGS = {
    "db_100k_d2": ("dbscan", {"eps": 0.12, "min_points": 10}),
    "db_100k_d8": ("dbscan", {"eps": 1.2, "min_points": 10}),
    "hd_50k_d2": ("hdbscan", {"min_cluster_size": 50, "min_samples": 10}),
    "hd_50k_d8": ("hdbscan", {"min_cluster_size": 50, "min_samples": 10}),
    "hd_50k_d16": ("hdbscan", {"min_cluster_size": 50, "min_samples": 10}),
}
# The first is the reference.
PEERS = {"dbscan": ["scikit-learn"], "hdbscan": ["hdbscan_exact", "hdbscan", "fast_hdbscan", "scikit-learn"]}


def cpu_seconds():
    """Of this process and of living workers below it (joblib keeps its own), to the clock's tick."""
    ticks, below = 0, [str(os.getpid())]
    parents = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rsplit(") ", 1)[1].split()
        except OSError:
            continue
        parents.setdefault(fields[1], []).append(pid)
        if pid == below[0]:
            ticks += sum(map(int, fields[11:15]))
    while below:
        for pid in parents.get(below.pop(), []):
            try:
                with open(f"/proc/{pid}/stat") as file:
                    ticks += sum(map(int, file.read().rsplit(") ", 1)[1].split()[11:15]))
            except OSError:
                continue
            below.append(pid)
    return ticks / os.sysconf("SC_CLK_TCK")


def peer(data, out, name, who):
    import resource

    import numpy as np

    with open(f"{data}/{name}.f32", "rb") as file:
        assert file.read(4) == b"F32M"
        n, d = struct.unpack("<QQ", file.read(16))
        x = np.fromfile(file, np.float32, n * d).reshape(n, d)
    card, settings = SETTINGS[name]
    size, samples = settings.get("min_cluster_size"), settings.get("min_samples")
    if card == "dbscan":
        from sklearn.cluster import DBSCAN
        model = DBSCAN(eps=settings["eps"], min_samples=settings["min_points"], algorithm="kd_tree", n_jobs=2)
    else:
        x = x.astype(np.float64)
        if who.startswith("hdbscan"):
            import hdbscan
            # Its default spanning tree is approximate: heavier, and on hd_50k_d2 one cluster more.
            model = hdbscan.HDBSCAN(min_cluster_size=size, min_samples=samples, core_dist_n_jobs=2,
                                    approx_min_span_tree=who != "hdbscan_exact")
        elif who == "fast_hdbscan":
            import fast_hdbscan
            model = fast_hdbscan.HDBSCAN(min_cluster_size=size, min_samples=samples)
            model.fit(x[:1000])  # compiles
        else:
            from sklearn.cluster import HDBSCAN
            # Counts the point itself.
            model = HDBSCAN(min_cluster_size=size, min_samples=samples + 1, n_jobs=2, copy=True)

    wall, cpu = time.perf_counter(), cpu_seconds()
    labels = np.asarray(model.fit_predict(x))
    wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    np.save(f"{out}/{name}.{who}.npy", labels.astype(np.int32))
    print(json.dumps({
        "who": who, "data": name, "cpu_s": round(cpu, 3), "wall_s": round(wall, 3),
        "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "n_clusters": int(labels.max()) + 1, "n_noise": int((labels == -1).sum()),
    }), flush=True)


def ours(data, out, name, program):
    import numpy as np

    card, settings = SETTINGS[name]
    arguments = [f"{key}={value}" for key, value in settings.items()]
    command = [program, card, f"{data}/{name}.f32", f"{out}/{name}.i32", *arguments]
    line = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    np.save(f"{out}/{name}.tercet.npy", np.fromfile(f"{out}/{name}.i32", np.int32))
    print(json.dumps({"who": line.pop("who"), "data": name, **line}), flush=True)


def compare(out, name, who, reference):
    import numpy as np
    from sklearn.metrics import adjusted_rand_score

    ours_, theirs = np.load(f"{out}/{name}.{who}.npy"), np.load(f"{out}/{name}.{reference}.npy")
    print(json.dumps({"data": name, "of": who, "with": reference, "equal": bool((ours_ == theirs).all()),
                      "ari": round(float(adjusted_rand_score(ours_, theirs)), 6)}), flush=True)


def compare_files(left, right):
    import numpy as np
    from sklearn.metrics import adjusted_rand_score

    left, right = np.load(left), np.load(right)
    print(json.dumps({"equal": bool((left == right).all()), "ari": round(float(adjusted_rand_score(left, right)), 6)}))


def main():
    arguments = sys.argv[1:]
    if arguments[0] == "--peer":
        return peer(*arguments[1:])
    if arguments[0] == "--compare":
        return compare_files(*arguments[1:])
    data, out, *rest = arguments
    program = rest[rest.index("--ours") + 1] if "--ours" in rest else None
    names = [name for name in rest if name in SETTINGS] or list(SETTINGS)
    os.makedirs(out, exist_ok=True)
    env = {key: value for key, value in os.environ.items() if key not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    env.update({key: "2" for key in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")})
    env["OMP_WAIT_POLICY"] = "passive"
    for name in names:
        peers = PEERS[SETTINGS[name][0]]
        for who in peers:
            subprocess.run([sys.executable, __file__, "--peer", data, out, name, who], env=env, check=True)
        if program:
            ours(data, out, name, program)
        for who in peers[1:] + (["tercet"] if program else []):
            compare(out, name, who, peers[0])


if __name__ == "__main__":
    main()
