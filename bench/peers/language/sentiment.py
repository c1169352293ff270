#!/usr/bin/env python3
"""Two-class sentiment by peers, each in a process of its own: prints one JSON line (CPU seconds of features, fit and
prediction, accuracy, macro F1, peak memory; where test.groups is present, accuracy on its electronics rows).
Ours is `cargo run --release -p tercet-language --example classify -- sentiment FOLDER`, on the same files.

usage: sentiment.py WHO FOLDER     FOLDER holds train.tsv and test.tsv from prepare_classify.py
WHO: char_svm   TF-IDF of character 1- to 4-grams, LinearSVC
     word_svm   TF-IDF of jieba words and pairs, LinearSVC (segmentation is part of the CPU time)
     char_nbsvm binary character 1- to 4-grams times log-count ratios, LinearSVC C=0.1
     fasttext   supervised on jieba words, wordNgrams 2, 10 epochs
"""
import json, os, resource, sys, tempfile, time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "2")
import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.metrics import accuracy_score, f1_score
from sklearn.svm import LinearSVC

ELECTRONICS = ("平板", "手机", "计算机")


def read(path):
    with open(path, encoding="utf-8", newline="\n") as f:
        rows = [line.rstrip("\n").split("\t", 1) for line in f if line.strip("\n")]
    return [r[0] for r in rows], [r[1] for r in rows]


def char_svm(train, labels, test):
    vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True)
    return LinearSVC(C=1).fit(vectors.fit_transform(train), labels).predict(vectors.transform(test))


def word_svm(train, labels, test):
    import jieba
    jieba.setLogLevel(60)
    cut = lambda texts: [" ".join(jieba.cut(t)) for t in texts]
    vectors = TfidfVectorizer(token_pattern=r"\S+", ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    return LinearSVC(C=1).fit(vectors.fit_transform(cut(train)), labels).predict(vectors.transform(cut(test)))


def char_nbsvm(train, labels, test):
    vectors = CountVectorizer(analyzer="char", ngram_range=(1, 4), min_df=2, binary=True)
    x, y = vectors.fit_transform(train).astype(np.float64), np.array(labels) == "1"
    p, q = 1 + np.asarray(x[y].sum(0)).ravel(), 1 + np.asarray(x[~y].sum(0)).ravel()
    ratio = sparse.diags(np.log(p / p.sum() / (q / q.sum())))
    return LinearSVC(C=0.1).fit(x @ ratio, labels).predict(vectors.transform(test).astype(np.float64) @ ratio)


def fasttext(train, labels, test):
    import fasttext, jieba
    jieba.setLogLevel(60)
    cut = lambda text: " ".join(jieba.cut(text))
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as f:
        f.writelines(f"__label__{y} {cut(t)}\n" for y, t in zip(labels, train))
        f.flush()
        model = fasttext.train_supervised(f.name, epoch=10, lr=0.5, wordNgrams=2, dim=100, minCount=1, thread=2, verbose=0, bucket=500000)
    out = model.f.multilinePredict([cut(t) + "\n" for t in test], 1, 0.0, "strict")
    found = out[1] if isinstance(out[1][0][0], str) else out[0]
    return np.array([line[0].removeprefix("__label__") for line in found])


who, folder = sys.argv[1], sys.argv[2]
labels, train = read(f"{folder}/train.tsv")
expected, test = read(f"{folder}/test.tsv")
wall, cpu = time.perf_counter(), time.process_time()
got = {"char_svm": char_svm, "word_svm": word_svm, "char_nbsvm": char_nbsvm, "fasttext": fasttext}[who](train, labels, test)
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
expected = np.array(expected)
answer = {"who": who, "folder": os.path.basename(folder.rstrip("/")), "train": len(train), "test": len(test),
          "accuracy": round(float(accuracy_score(expected, got)), 4), "macro_f1": round(float(f1_score(expected, got, average="macro")), 4)}
if os.path.exists(f"{folder}/test.groups"):
    groups = np.array(open(f"{folder}/test.groups", encoding="utf-8").read().split("\n")[:len(test)])
    part = np.isin(groups, ELECTRONICS)
    answer["accuracy_electronics"] = round(float(accuracy_score(expected[part], np.asarray(got)[part])), 4)
print(json.dumps({**answer, "cpu_seconds": round(cpu, 2), "wall_seconds": round(wall, 2),
                  "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}, ensure_ascii=False))
