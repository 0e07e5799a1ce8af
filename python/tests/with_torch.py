"""A torch module and its DataLoaders, searched from Python: part of `make test-examples`, which has torch."""
import os
import sys

import torch
from torch.utils.data import DataLoader, TensorDataset

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import demote  # noqa: E402


def main():
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv2d(8, 8, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(8 * 36, 5)
    )
    x = torch.randn(200, 1, 8, 8)
    y = net(x).argmax(1)
    net.train()
    calib, data = DataLoader(TensorDataset(x[:50]), batch_size=16), DataLoader(TensorDataset(x, y), batch_size=32)
    result = demote.search(net, calib, data, "16bit-0.01")
    assert net.training, "the module was left in another mode"
    assert result.scores["float"] == demote.evaluate(net, (x, y)) == 1 and len(result.holders) == 3
    assert result.promotion == demote.search(net, x[:50], (x, y), "16bit-0.01").promotion
    print("with_torch: a torch module and its DataLoaders were searched")


if __name__ == "__main__":
    main()
