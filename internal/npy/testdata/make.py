"""Writes the files that TestHeaderIsNumPys compares with: python3 make.py, with NumPy."""

import numpy as np

FILES = {
    "scalar": np.float64(3),
    "one": np.arange(7, dtype="f4"),
    "none": np.zeros((0, 3), "f4"),
    "bool": np.ones((2, 3), bool),
    "bytes": np.arange(30, dtype="u1").reshape(3, 2, 5),
    "text": np.array(["a", "bcd"]),
    "codes": np.array([[b"ab"], [b"cdefg"]]),
    "long": np.zeros([1] * 15 + [2], "i8"),
}

for name, array in FILES.items():
    np.save(name + ".npy", array)
