#!/usr/bin/env python3
"""Prints values of scikit-learn that tests of language::classify compare with: TF-IDF weights of three sorts of n-grams,
planes of both support vector machines, of logistic regression of two classes (the bias held, as ours) and of three."""
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

TEXTS = ["屏幕很好 很好", "屏幕不好,退货", "Battery life is GOOD good", "battery  is bad", "电池 好"]
for name, options in (
    ("char", dict(analyzer="char", ngram_range=(1, 3))),
    ("char_wb", dict(analyzer="char_wb", ngram_range=(2, 4))),
    ("word", dict(token_pattern=r"(?u)\b\w+\b", ngram_range=(1, 2))),
):
    v = TfidfVectorizer(min_df=2, sublinear_tf=True, **options)
    x = v.fit_transform(TEXTS if name != "word" else [t for t in TEXTS if t.isascii()]).toarray()
    print(name, "features", len(v.vocabulary_))
    for row in x:
        print("  ", " ".join(f"{w:.8f}" for w in sorted(row[row > 0], reverse=True)))

rng = np.random.RandomState(0)
x = np.round(rng.randn(12, 3), 2)
y2, y3 = np.array([0, 1] * 6), np.array([0, 1, 2] * 4)
print("x", x.tolist())
one = np.hstack([x, np.ones((12, 1))])
show = lambda m: [np.round(c, 7).tolist() for c in (m.coef_, m.intercept_)]
print("hinge", show(LinearSVC(C=0.7, loss="hinge", tol=1e-12, max_iter=10**7).fit(x, y2)))
print("squared", show(LinearSVC(C=0.7, tol=1e-12, max_iter=10**7).fit(x, y2)))
print("squared ovr", show(LinearSVC(C=0.7, tol=1e-12, max_iter=10**7).fit(x, y3)))
print("logistic", show(LogisticRegression(C=0.7, fit_intercept=False, tol=1e-12, max_iter=10**5).fit(one, y2)))
print("multinomial", show(LogisticRegression(C=0.7, tol=1e-12, max_iter=10**5).fit(x, y3)))
