"""The validation part of a data set's training pairs: one in ten, by a fixed hash. The test part is never read."""
import numpy as np, scipy.sparse as sp
from common import hash_u64, load_csr


def split(d, dtype=np.float32):
    all_ = load_csr(d, "train", dtype)
    rows = np.repeat(np.arange(all_.shape[0]), np.diff(all_.indptr))
    held = hash_u64(20260101, 16, rows.astype(np.uint64) * np.uint64(all_.shape[1]) + all_.indices.astype(np.uint64)) % np.uint64(10) == 0
    part = lambda keep: sp.csr_matrix((all_.data[keep], (rows[keep], all_.indices[keep])), shape=all_.shape)
    return part(~held), part(held)

