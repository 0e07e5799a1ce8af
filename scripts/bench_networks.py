#!/usr/bin/env python3
"""Make the large networks of `make bench-networks`, with random weights, and the samples to run them on.

    python scripts/bench_networks.py FOLDER

efficientnet-lite0: EfficientNet-Lite0 (224 x 224, 4.7 million weights; Tan and Le, EfficientNet, 2019, without squeeze-and-excitation
and with ReLU6, as the Lite variants have it). transformer-384: six pre-norm encoder layers of width 384 with 6 heads over 64
tokens. Each folder gets model.onnx, calib.npz and eval.npz. What is there already is kept. Needs scripts/requirements-toolkits.txt.
"""

import os
import sys

import numpy
import torch
from torch import nn


def unit(inputs, outputs, kernel, stride=1, groups=1, act=True):
    """Return convolution, batch norm and, if wanted, ReLU6."""
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([nn.ReLU6()] if act else []))


class MBConv(nn.Module):
    """The mobile inverted bottleneck: expand, depthwise, project, and a way around it where the shapes allow."""

    def __init__(self, inputs, outputs, kernel, stride, expand):
        super().__init__()
        wide = inputs * expand
        parts = [unit(inputs, wide, 1)] if expand > 1 else []
        self.body = nn.Sequential(*parts, unit(wide, wide, kernel, stride, groups=wide), unit(wide, outputs, 1, act=False))
        self.around = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.body(x) if self.around else self.body(x)


def efficientnet_lite0():
    """Return the network and the shape of a sample."""
    stages = [(1, 16, 1, 3, 1), (6, 24, 2, 3, 2), (6, 40, 2, 5, 2), (6, 80, 3, 3, 2), (6, 112, 3, 5, 1), (6, 192, 4, 5, 2), (6, 320, 1, 3, 1)]
    layers, width = [unit(3, 32, 3, 2)], 32
    for expand, outputs, count, kernel, stride in stages:
        for i in range(count):
            layers.append(MBConv(width, outputs, kernel, stride if i == 0 else 1, expand))
            width = outputs
    net = nn.Sequential(*layers, unit(width, 1280, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, 1000))
    return net, (3, 224, 224)


class Layer(nn.Module):
    """A pre-norm encoder layer, written out so that its products are MatMul nodes."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.one, self.two = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def split(self, x):
        return x.reshape(-1, 64, self.heads, self.size).permute(0, 2, 1, 3)

    def forward(self, x):
        y = self.one(x)
        q, k, v = self.split(self.query(y)), self.split(self.key(y)), self.split(self.value(y))
        a = torch.softmax(q @ k.transpose(2, 3) * self.size**-0.5, -1) @ v
        x = x + self.out(a.permute(0, 2, 1, 3).reshape(-1, 64, self.heads * self.size))
        return x + self.down(nn.functional.gelu(self.up(self.two(x))))


class Transformer(nn.Module):
    """Six layers over 64 tokens of width 384, and a classifier on their mean."""

    def __init__(self, width=384, depth=6, heads=6):
        super().__init__()
        self.embed = nn.Linear(48, width)
        self.layers = nn.Sequential(*(Layer(width, heads) for _ in range(depth)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 100)

    def forward(self, x):
        return self.head(self.norm(self.layers(self.embed(x))).mean(1))


def transformer_384():
    """Return the network and the shape of a sample."""
    return Transformer(), (64, 48)


def settle(net, samples):
    """Give the batch norms the statistics of the samples, so that values stay in range through all layers."""
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    for m in norms:
        m.momentum = None  # a plain mean
    if norms:
        net.train()
        with torch.no_grad():
            net(samples)
    return net.eval()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name, make, count in (("efficientnet-lite0", efficientnet_lite0, 100), ("transformer-384", transformer_384, 60)):
        folder = os.path.join(sys.argv[1], name)
        if os.path.exists(os.path.join(folder, "eval.npz")):
            continue
        os.makedirs(folder, exist_ok=True)
        torch.manual_seed(1)
        numbers = numpy.random.default_rng(1)
        net, shape = make()
        calib, samples = (numbers.standard_normal((n, *shape), dtype=numpy.float32) for n in (32, count))
        settle(net, torch.from_numpy(calib))
        torch.onnx.export(
            net, torch.zeros(1, *shape), os.path.join(folder, "model.onnx"), opset_version=17, dynamo=False,
            input_names=["input"], output_names=["logits"], dynamic_axes={"input": {0: "n"}, "logits": {0: "n"}},
        )
        numpy.savez(os.path.join(folder, "calib.npz"), x=calib)
        numpy.savez(os.path.join(folder, "eval.npz"), x=samples)  # last: the sign that the folder is whole


main()
