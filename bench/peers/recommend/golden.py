"""usage: golden.py TERCET GOLDEN_FOLDER [VARIANT...]

Recomputes with Surprise the rating errors of ml100k.json (five given folds of MovieLens-100k), and asks `TERCET lab
evaluate` for the same. Prints both beside the committed value; fails if either is too far from it, or if nothing was
compared. It writes nothing, and does not recompute the ranking figures of that file.
"""
import gzip
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from math import sqrt
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
N_FOLDS = 5
# The committed values are rounded to five digits; Surprise's neighbourhoods have no randomness.
PEER_TOLERANCE = 0.00002
# Ours shares among neighbours that tie, Surprise takes the first (docs/adr/0003-ties-share.md).
OUR_TOLERANCE = 0.001
CENTERS = {"knn": "none", "means": "mean"}


def folds(path):
    """For each fold, the rows to learn from and those to predict: user, item, rating, time."""
    with gzip.open(path, "rt") as file:
        rows = [line.split() for line in file]
    for fold in map(str, range(N_FOLDS)):
        yield [row[:4] for row in rows if row[4] != fold], [row[:4] for row in rows if row[4] == fold]


def peer_errors(variant, path):
    import pandas
    from surprise import Dataset, KNNBasic, KNNWithMeans, Reader

    family, measure, side = variant.split("-")
    make = {"knn": KNNBasic, "means": KNNWithMeans}[family]
    errors = []
    for train, test in folds(path):
        frame = pandas.DataFrame([(user, item, float(rating)) for user, item, rating, _ in train])
        data = Dataset.load_from_df(frame, Reader(rating_scale=(1, 5)))
        model = make(sim_options={"name": measure, "user_based": side == "user"}, verbose=False)
        model.fit(data.build_full_trainset())
        misses = [model.predict(user, item).est - float(rating) for user, item, rating, _ in test]
        errors.append((sqrt(sum(miss * miss for miss in misses) / len(misses)), sum(map(abs, misses)) / len(misses)))
    return tuple(sum(column) / N_FOLDS for column in zip(*errors))


def our_errors(tercet, variant, path):
    family, measure, side = variant.split("-")
    errors = []
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("train.tsv", "test.tsv")]
        for parts in folds(path):
            for file, rows in zip(files, parts):
                file.write_text("".join("\t".join(row) + "\n" for row in rows))
            command = [tercet, "lab", "evaluate", f"{side}_knn", "--json", "--threads", "1"]
            command += ["--train", files[0], "--test", files[1]]
            for setting in ("task=rating", f"similarity={measure}", f"center={CENTERS[family]}", "n_neighbors=40"):
                command += ["--set", setting]
            result = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["result"]
            errors.append((result["rmse"], result["mae"]))
    return tuple(sum(column) / N_FOLDS for column in zip(*errors))


def main(tercet, golden, *chosen):
    path = Path(golden, "ml100k-folds.tsv.gz")
    committed = json.loads(Path(golden, "ml100k.json").read_text())["ratings_5_folds"]
    unknown = sorted(set(chosen) - set(committed))
    if unknown:
        sys.exit(f"no such variant: {', '.join(unknown)}; there are {', '.join(committed)}")
    variants = list(chosen or committed)
    n_compared = n_far = 0
    with ProcessPoolExecutor(2) as pool:
        peers = [pool.submit(peer_errors, variant, path) for variant in variants]
        for variant, peer in zip(variants, peers):
            ours = our_errors(tercet, variant, path)
            for at, measure in enumerate(("rmse", "mae")):
                expected = committed[variant][measure]
                for who, found, allowed in (
                    ("Surprise", peer.result()[at], PEER_TOLERANCE),
                    ("Tercet", ours[at], OUR_TOLERANCE),
                ):
                    far = not abs(found - expected) <= allowed
                    n_compared, n_far = n_compared + 1, n_far + far
                    print(f"{variant} {measure}: {who} {found:.5f}, committed {expected:.5f}, "
                          f"allowed ±{allowed:.5f}{'  TOO FAR' if far else ''}", flush=True)
    if n_compared == 0:
        sys.exit(f"nothing was compared: ml100k.json in {golden} names no variant")
    print(f"{n_compared} values compared, {n_far} too far")
    sys.exit(1 if n_far else 0)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
