"""usage: to_npy.py FILE.f32 N float32|float64 OUT.npy     the first N rows of a file of gen.py (0: all), as our program reads them"""
import struct, sys
import numpy as np

path, n, kind, out = sys.argv[1:5]
with open(path, "rb") as file:
    assert file.read(4) == b"F32M", "not a matrix file"
    rows, d = struct.unpack("<QQ", file.read(16))
    n = int(n) or rows
    np.save(out, np.fromfile(file, np.float32, n * d).reshape(n, d).astype(kind))
