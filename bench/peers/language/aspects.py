#!/usr/bin/env python3
"""Polarity of an aspect by six linear and FastText baselines on the public aspect sets: prints one JSON document, the
models with accuracy, macro F1 and CPU seconds of features, fit and prediction, best accuracy first.
Ours is `cargo run -p tercet-language --example opinions -- FOLDER NAME`, on the same files.

usage: aspects.py FOLDER NAME     FOLDER holds absa_NAME/ from prepare_classify.py

Every baseline reads the text with the aspect in its place, and marked characters (Chinese) or words (English) to either
side of it, six of them. Words are jieba's, for English runs of letters and digits.
"""
import json, os, re, resource, sys, tempfile, time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "2")
import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.svm import LinearSVC


def read(path):
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file if line.strip()]
    texts, labels = [], []
    for text, aspect, polarity in zip(lines[::3], lines[1::3], lines[2::3]):
        left, right = (text.split("$T$") + [""])[:2]
        if re.search("[\u4e00-\u9fff]", text):
            before, after = left.replace(" ", "")[-6:], right.replace(" ", "")[:6]
        else:
            before, after = left.split()[-6:], right.split()[:6]
        marked = "".join(f" L{x}" for x in before) + "".join(f" R{x}" for x in after)
        texts.append(f"{left}{aspect}{right} 。{marked}")
        labels.append(polarity)
    return texts, np.array(labels)


def words(texts):
    if not any(re.search("[\u4e00-\u9fff]", text) for text in texts[:100]):
        return texts
    import jieba
    jieba.setLogLevel(60)
    return [" ".join(jieba.cut(text)) for text in texts]


def linear(vectors, model):
    return lambda train, labels, test: model.fit(vectors.fit_transform(train), labels).predict(vectors.transform(test))


def nb_svm(train, labels, test):
    vectors = CountVectorizer(analyzer="char", ngram_range=(1, 4), min_df=2, binary=True)
    x, y = vectors.fit_transform(train).astype(np.float64), labels == sorted(set(labels))[-1]
    p, q = 1 + np.asarray(x[y].sum(0)).ravel(), 1 + np.asarray(x[~y].sum(0)).ravel()
    ratio = sparse.diags(np.log(p / p.sum() / (q / q.sum())))
    return LinearSVC(C=0.1).fit(x @ ratio, labels).predict(vectors.transform(test).astype(np.float64) @ ratio)


def fasttext(longest):
    def run(train, labels, test):
        import fasttext
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
            file.writelines(f"__label__{y} {text}\n" for y, text in zip(labels, train))
            file.flush()
            model = fasttext.train_supervised(file.name, epoch=10, lr=0.5, wordNgrams=2, dim=100, minCount=1, thread=2,
                                              verbose=0, bucket=500000, minn=0, maxn=longest)
        out = model.f.multilinePredict([text + "\n" for text in test], 1, 0.0, "strict")
        found = out[1] if isinstance(out[1][0][0], str) else out[0]
        return np.array([line[0].removeprefix("__label__") for line in found])
    return run


def word_pairs():
    return TfidfVectorizer(token_pattern=r"\S+", ngram_range=(1, 2), min_df=2, sublinear_tf=True)


MODELS = {
    "word TF-IDF(1,2) + LinearSVC": (True, linear(word_pairs(), LinearSVC(C=1))),
    "word TF-IDF(1,2) + logistic": (True, linear(word_pairs(), LogisticRegression(C=10, max_iter=300))),
    "char TF-IDF(1,4) + LinearSVC": (False, linear(TfidfVectorizer(analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True), LinearSVC(C=1))),
    "char NB-SVM(1,4)": (False, nb_svm),
    "FastText": (True, fasttext(0)),
    "FastText, n-grams to 2": (True, fasttext(2)),
}


def main():
    folder, name = sys.argv[1:3]
    train, labels = read(f"{folder}/absa_{name}/train.txt")
    test, expected = read(f"{folder}/absa_{name}/test.txt")
    found = []
    for who, (by_words, model) in MODELS.items():
        if model is nb_svm and len(set(labels)) > 2:
            continue
        wall, cpu = time.perf_counter(), time.process_time()
        got = model(words(train), labels, words(test)) if by_words else model(train, labels, test)
        found.append({
            "who": who, "accuracy": round(float(accuracy_score(expected, got)), 4),
            "macro_f1": round(float(f1_score(expected, got, average="macro")), 4),
            "cpu_seconds": round(time.process_time() - cpu, 2), "wall_seconds": round(time.perf_counter() - wall, 2),
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        })
    found.sort(key=lambda one: -one["accuracy"])
    print(json.dumps({"data": name, "train": len(train), "test": len(test), "models": found}))


main()
