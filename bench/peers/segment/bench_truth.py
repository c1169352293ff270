"""Groups of the simulated shop's customers beside the kinds that they truly are of.

    bench_truth.py TRUTH.parquet GROUPS.csv               the adjusted Rand index of groups (customer_id, segment) with kinds
    bench_truth.py TRUTH.parquet TOUCHED.csv GROUPS.csv   that of a classifier which is shown the kinds: how much can be told

The classifier sees what customers touched (customer_id, product_id, n) as 48 directions of a truncated SVD of the rows'
logarithms, of length one, and says of each fifth of the customers what it learned from the others; it is asked of the
customers of GROUPS.csv.
"""
import json
import resource
import sys
import time

import numpy as np
import pandas as pd
from sklearn.metrics import adjusted_rand_score


def told(kinds, touched):
    from scipy.sparse import csr_matrix
    from sklearn.decomposition import TruncatedSVD
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    from sklearn.preprocessing import normalize

    row = {customer: at for at, customer in enumerate(kinds.index)}
    touched = touched[touched["customer_id"].isin(row)]
    products, columns = np.unique(touched["product_id"], return_inverse=True)
    rows = touched["customer_id"].map(row).to_numpy()
    matrix = csr_matrix((np.log1p(touched["n"].to_numpy(float)), (rows, columns)), (len(kinds), len(products)))
    points = normalize(TruncatedSVD(48, random_state=1).fit_transform(normalize(matrix)))
    return cross_val_predict(LogisticRegression(max_iter=1000), points, kinds.to_numpy(), cv=5)


truth = pd.read_parquet(sys.argv[1]).set_index("customer_id")
kinds = truth["segment"]
groups = pd.read_csv(sys.argv[-1], dtype=str).dropna(subset=["customer_id"]).set_index("customer_id")
kinds = kinds[kinds.index.isin(groups.index)].sort_index()
wall, cpu = time.perf_counter(), time.process_time()
if len(sys.argv) == 3:
    labels = groups.loc[kinds.index, "segment"].astype(str)
else:
    labels = told(kinds, pd.read_csv(sys.argv[2], dtype={"customer_id": str, "product_id": str}))
print(json.dumps({
    "ari": float(adjusted_rand_score(kinds, labels)), "n": len(kinds), "n_kinds": int(kinds.nunique()),
    "cpu_s": round(time.process_time() - cpu, 2), "wall_s": round(time.perf_counter() - wall, 2),
    "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
