"""Golden values for the features and the look-alike of crates/segment: gower, PCA and LogisticRegression.

    pip install -r bench/peers/segment/requirements-groups.txt
    python bench/peers/segment/golden_features.py
"""

import gower
import numpy as np
import pandas as pd
import sklearn
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

np.set_printoptions(precision=17)
print("scikit-learn", sklearn.__version__, "numpy", np.__version__)

table = pd.DataFrame(
    {
        "age": [22.0, 35.0, 47.0, 31.0, 60.0],
        "share": [0.1, 0.9, 0.35, 0.5, 0.2],
        "region": ["east", "west", "east", "north", "west"],
        "flag": ["yes", "no", "yes", "yes", "no"],
    }
)
# gower 0.1.2 knows no columns of text of pandas 3, only objects.
table = table.astype({"region": object, "flag": object})
distances = gower.gower_matrix(table)
print("gower", [float(x) for x in distances[np.triu_indices(5, 1)]])

rows = np.array([2.5, 2.4, 0.5, 0.5, 0.7, 1.5, 2.2, 2.9, 0.3, 1.9, 2.2, 0.1, 3.1, 3.0, 0.9, 2.3, 2.7, 1.1]).reshape(6, 3)
pca = PCA(n_components=2, svd_solver="full").fit(rows)
print("components", pca.components_.ravel().tolist())
print("variances", pca.explained_variance_.tolist())
print("shares", pca.explained_variance_ratio_.tolist())
print("projected", pca.transform(rows).ravel().tolist())


def points(n, d):
    """The points of the test: a fixed sequence, the same in both languages."""
    state, values = 12345, []
    for _ in range(n * d):
        state = (state * 1103515245 + 12345) % 2**31
        values.append(state / 2**31 * 4 - 2)
    return np.array(values).reshape(n, d)


x = points(60, 4)
y = (x @ np.array([1.5, -1.0, 0.5, 0.0]) + 0.8 * np.sin(np.arange(60) * 1.7) > 0.6).astype(int)
print("positives", int(y.sum()))
for c, weight in [(1.0, None), (0.1, "balanced"), (100.0, "balanced")]:
    model = LogisticRegression(C=c, class_weight=weight, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(x, y)
    print("logistic", c, weight, model.intercept_.tolist(), model.coef_.ravel().tolist())
