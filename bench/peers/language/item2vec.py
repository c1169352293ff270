#!/usr/bin/env python3
"""gensim's Word2Vec on sessions, judged as `sequences` (crates/recommend/examples) judges `item2vec`.

usage: item2vec.py LEARNED JUDGED [name=value]…    names: threads, epochs, dim, window, negatives, power, sample, rate, recent, seed

Both files are those that `sequences --output LEARNED` writes: ids apart by spaces, a session a line; in JUDGED the last one is
what came next. The mean unit vector of the newest `recent` items meets the output vectors of all items but the history's own, as
ours does; skip-gram, min_count 1, the learning rate falls to a 250th. `cpu_s` is of building the vocabulary and training. Prints one line of JSON.
Install requirements-vectors.txt.
"""
import json, resource, sys, time

import numpy as np
from gensim.models import Word2Vec


def main():
    o = dict(threads=2, epochs=20, dim=64, window=3, negatives=10, power=0.75, sample=0.0, rate=0.2, recent=2, seed=1)
    for text in sys.argv[3:]:
        name, value = text.split("=")
        o[name] = type(o[name])(value)
    learned = [line.split() for line in open(sys.argv[1])]
    judged = [line.split() for line in open(sys.argv[2])]
    start, cpu = time.perf_counter(), time.process_time()
    model = Word2Vec(learned, vector_size=o["dim"], window=o["window"], negative=o["negatives"], ns_exponent=o["power"],
                     sample=o["sample"], alpha=o["rate"], min_alpha=o["rate"] / 250, min_count=1, sg=1,
                     workers=o["threads"], epochs=o["epochs"], seed=o["seed"])
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    n_items = 1 + max(int(item) for line in learned + judged for item in line)
    units, expected = np.zeros((2, n_items, o["dim"]), np.float32)
    for word, at in model.wv.key_to_index.items():
        units[int(word)] = model.wv.vectors[at] / max(np.linalg.norm(model.wv.vectors[at]), 1e-9)
        expected[int(word)] = model.syn1neg[at]
    sums = dict.fromkeys(["recall@10", "ndcg@10", "recall@20", "ndcg@20"], 0.0)
    for line in judged:
        *history, target = map(int, line)
        scores = expected @ units[history[-o["recent"]:]].mean(axis=0)
        scores[history] = -np.inf
        # Items of the same score: the smaller number first.
        rank = int((scores > scores[target]).sum() + (scores[:target] == scores[target]).sum())
        for k in (10, 20):
            sums[f"recall@{k}"] += rank < k
            sums[f"ndcg@{k}"] += 1 / np.log2(rank + 2) if rank < k else 0
    found = {name: float(value / len(judged)) for name, value in sums.items()}
    print(json.dumps(dict(tool="gensim", wall_s=wall, cpu_s=cpu, peak_rss_mib=peak, n_judged=len(judged), **found)))


main()
