# Writes the NumPy files beside it (numpy 2.4.6). The value of an element is its index in C order modulo 100.
import io, pathlib, zipfile
import numpy as np
here = pathlib.Path(__file__).parent
base = (np.arange(3 * 2 * 5) % 100).reshape(3, 2, 5)
for t in "f2 f4 f8 i1 u1 i2 u2 i4 u4 i8 u8".split():
    np.save(here / f"{t}.npy", base.astype("<" + t))
    if t[1] != "1":
        np.save(here / f"{t}-big.npy", base.astype(">" + t))
np.save(here / "b1.npy", base % 2 == 0)
np.save(here / "fortran.npy", np.asfortranarray(base.astype("<f4")))
for v in (2, 3):
    with open(here / f"version{v}.npy", "wb") as f:
        np.lib.format.write_array(f, base.astype("<f4"), version=(v, 0))
x, y = base.astype("<f4"), np.array([2, 0, 1])
np.savez(here / "stored.npz", x=x, y=y)
np.savez_compressed(here / "deflated.npz", x=np.asfortranarray(x), y=y.astype("u1"))
np.savez(here / "two.npz", ids=base.astype("i8"), mask=base.astype("f8"), y=y)
np.save(here / "objects.npy", np.array([{}, 1], dtype=object), allow_pickle=True)
np.save(here / "structured.npy", np.zeros(3, dtype=[("a", "<f4"), ("b", "<i4", (2,))]))
np.save(here / "text.npy", np.array(["a", "bc"]))
np.save(here / "complex.npy", np.zeros((2, 2), "c8"))

# Two WebP images (Pillow), which Go has no encoder for: pixel (x, y) is (60 x, 100 y, 200 - 10 x).
from PIL import Image
image = Image.new("RGB", (4, 2))
for px in range(4):
    for py in range(2):
        image.putpixel((px, py), (60 * px, 100 * py, 200 - 10 * px))
image.save(here / "lossless.webp", lossless=True)
alpha = image.convert("RGBA")
alpha.putpixel((0, 0), (10, 20, 30, 0))
alpha.save(here / "alpha.webp", lossless=True, exact=True)
