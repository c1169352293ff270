#!/usr/bin/env python3
"""Intents by peers, each in a process of its own: prints one JSON line (CPU seconds of features, fit and prediction,
accuracy, macro F1, peak memory; with test_oos.tsv, the share of out-of-scope queries that were told to be so).
Ours is `cargo run --release -p tercet-language --example classify -- intent FOLDER`, on the same files.

usage: intents.py WHO FOLDER     FOLDER holds train.tsv and test.tsv from prepare_classify.py
WHO: char_svm   TF-IDF of character 1- to 3-grams, LinearSVC
     word_svm   TF-IDF of words and pairs (runs of letters and digits; Chinese by jieba), LinearSVC
     logistic   TF-IDF of words and pairs, multinomial LogisticRegression C=10
     fasttext   supervised, wordNgrams 2, 25 epochs, lr 1
"""
import json, os, re, resource, sys, tempfile, time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "2")
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.svm import LinearSVC


def read(path):
    with open(path, encoding="utf-8", newline="\n") as f:
        rows = [line.rstrip("\n").split("\t", 1) for line in f if line.strip("\n")]
    return [r[0] for r in rows], [r[1] for r in rows]


def words(texts):
    if not any(re.search("[\u4e00-\u9fff]", t) for t in texts[:100]):
        return texts
    import jieba
    jieba.setLogLevel(60)
    return [" ".join(jieba.cut(t)) for t in texts]


def linear(train, labels, test, vectors, model, cut=lambda x: x):
    train, test = cut(train), cut(test)
    return model.fit(vectors.fit_transform(train), labels).predict(vectors.transform(test))


def fasttext(train, labels, test):
    import fasttext
    train, test = words(train), words(test)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as f:
        f.writelines(f"__label__{y} {t}\n" for y, t in zip(labels, train))
        f.flush()
        model = fasttext.train_supervised(f.name, epoch=25, lr=1.0, wordNgrams=2, dim=100, minCount=1, thread=2, verbose=0, bucket=500000)
    out = model.f.multilinePredict([t + "\n" for t in test], 1, 0.0, "strict")
    found = out[1] if isinstance(out[1][0][0], str) else out[0]
    return np.array([line[0].removeprefix("__label__") for line in found])


char = lambda: TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
word = lambda: TfidfVectorizer(token_pattern=r"(?u)\b\w+\b", ngram_range=(1, 2), sublinear_tf=True)
WHO = {
    "char_svm": lambda *a: linear(*a, char(), LinearSVC(C=1)),
    "word_svm": lambda *a: linear(*a, word(), LinearSVC(C=1), words),
    "logistic": lambda *a: linear(*a, word(), LogisticRegression(C=10, max_iter=300), words),
    "fasttext": fasttext,
}
who, folder = sys.argv[1], sys.argv[2]
labels, train = read(f"{folder}/train.tsv")
expected, test = read(f"{folder}/test.tsv")
oos = read(f"{folder}/test_oos.tsv")[1] if os.path.exists(f"{folder}/test_oos.tsv") else []
wall, cpu = time.perf_counter(), time.process_time()
got = WHO[who](train, labels, test + oos)
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
answer = {"who": who, "folder": os.path.basename(folder.rstrip("/")), "train": len(train), "test": len(test),
          "accuracy": round(float(accuracy_score(expected, got[:len(test)])), 4),
          "macro_f1": round(float(f1_score(expected, got[:len(test)], average="macro", labels=sorted(set(expected)))), 4)}
if oos:
    answer["oos_recall"] = round(float(np.mean(np.asarray(got[len(test):]) == "oos")), 4)
print(json.dumps({**answer, "cpu_seconds": round(cpu, 2), "wall_seconds": round(wall, 2),
                  "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}, ensure_ascii=False))
