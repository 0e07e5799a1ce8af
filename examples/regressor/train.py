#!/usr/bin/env python3
"""A regressor of four columns of a table: train it, write it as ONNX, and write its samples as demote reads them.

    python3 examples/regressor/train.py FOLDER

The table is drawn (scikit-learn's make_friedman2): resistance, angular frequency, inductance and capacitance of a
circuit, and the impedance that they give. The columns have their own units and so their own ranges: 0 to 1 beside 126
to 1,759. The network gets them as they are and standardizes them itself, as the exported pipeline of a table does.
About 10 seconds on one core. Needs what scripts/requirements-examples.txt lists.
"""

import os
import sys

import numpy
import torch
from sklearn.datasets import make_friedman2


class Standardize(torch.nn.Module):
    """Columns to mean 0 and deviation 1, inside the network, where a user cannot forget it."""

    def __init__(self, x):
        super().__init__()
        self.register_buffer("mean", x.mean(0))
        self.register_buffer("deviation", x.std(0))

    def forward(self, x):
        return (x - self.mean) / self.deviation


def network(x):
    return torch.nn.Sequential(
        Standardize(x),
        torch.nn.Linear(4, 64), torch.nn.ReLU(),
        torch.nn.Linear(64, 64), torch.nn.ReLU(),
        torch.nn.Linear(64, 1),
    )


def train(x, y):
    net, scale = network(x), y.std()
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 60)
    for _ in range(60):
        for rows in torch.randperm(len(x)).split(128):
            loss = torch.nn.functional.mse_loss(net(x[rows]) / scale, y[rows] / scale)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    return net.eval()


def main(folder):
    torch.manual_seed(1)
    torch.set_num_threads(1)
    os.makedirs(folder, exist_ok=True)
    x, y = make_friedman2(n_samples=9000, noise=30, random_state=1)  # noise in ohms
    x, y = x.astype(numpy.float32), y.astype(numpy.float32)[:, None]
    net = train(torch.from_numpy(x[:5000]), torch.from_numpy(y[:5000]))
    torch.onnx.export(
        net, (torch.from_numpy(x[:2]),), os.path.join(folder, "model.onnx"), input_names=["columns"], output_names=["ohms"],
        dynamo=True, dynamic_shapes=[{0: torch.export.Dim("rows")}], opset_version=18, external_data=False, verbose=False,
    )
    for name, part in ("calib", slice(0, 500)), ("eval", slice(5000, 7000)), ("holdout", slice(7000, 9000)):
        numpy.savez(os.path.join(folder, name + ".npz"), columns=x[part], y=y[part])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
