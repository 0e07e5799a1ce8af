"""Writes toolkit.csv beside itself: what the activation quantizers of Sony's mct_quantizers compute in PyTorch.

A line a value: kind, lower end (0 but for uniform), upper end or threshold, signed, bits, and as the bits of a float32 in hex x,
the quantizer's value (PyTorch's fake_quantize), and the value of the exported node's operator, the torch version of it.
Run with mct-quantizers 1.7.0 and torch 2.15 (any processor: the arithmetic is element by element).
"""
import csv
import pathlib

import numpy as np
import torch
from mct_quantizers.pytorch.quantizers import (
    ActivationPOTInferableQuantizer,
    ActivationSymmetricInferableQuantizer,
    ActivationUniformInferableQuantizer,
)
from mct_quantizers.pytorch.quantizers.activation_inferable_quantizers.activation_symmetric_inferable_quantizer import (
    quantize_sym_activations_torch,
)
from mct_quantizers.pytorch.quantizers.activation_inferable_quantizers.activation_uniform_inferable_quantizer import (
    quantize_uniform_activations_torch,
)

rng = np.random.default_rng(5)
GRIDS = [("uniform", low, high, True, bits) for bits in (4, 8, 16) for low, high in
         ((-0.37, 2.91), (-5.3, 1.1), (0.5, 3.0), (-3.0, -0.25), (-0.013, 77.7))]
GRIDS += [("symmetric", 0.0, top, signed, bits) for bits in (4, 8, 16) for top, signed in ((2.91, True), (0.7, False), (33.3, True))]
GRIDS += [("pot", 0.0, top, signed, bits) for bits in (8, 16) for top, signed in ((4.0, True), (0.5, False))]

rows = []
for kind, low, high, signed, bits in GRIDS:
    high = float(np.float32(high))  # attributes of a file are float32
    if kind == "uniform":
        quantizer = ActivationUniformInferableQuantizer(num_bits=bits, min_range=[low], max_range=[high])
        low, high = quantizer.min_range, quantizer.max_range  # moved to the grid in float32, as the exported file has them
    else:
        make = ActivationPOTInferableQuantizer if kind == "pot" else ActivationSymmetricInferableQuantizer
        quantizer = make(num_bits=bits, threshold=[high], signed=signed)
    step = (high - low) / 2**bits
    halves = (np.floor(low / step) + rng.integers(0, 2**bits, 25) + 0.5) * step
    x = np.concatenate([halves, rng.normal(0, abs(high) + abs(low), 25), rng.uniform(low - 1, high + 1, 25), [0.0, -0.0, low, high, 1e30, -1e30]])
    x = torch.from_numpy(x.astype(np.float32))
    y = quantizer(x)
    z = quantize_uniform_activations_torch(x, low, high, bits) if kind == "uniform" else quantize_sym_activations_torch(x, high, signed, bits)
    for values in zip(*(v.numpy().view(np.uint32) for v in (x, y, z))):
        rows.append([kind, low, high, int(signed), bits, *(f"{v:08x}" for v in values)])

with open(pathlib.Path(__file__).with_name("toolkit.csv"), "w", newline="") as f:
    csv.writer(f, lineterminator="\n").writerows(rows)
