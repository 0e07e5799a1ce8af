#!/usr/bin/env python3
"""Write a network of one's own and its samples as demote reads them: model.onnx, calib.npz, eval.npz.

    python3 examples/own/export.py NAME FOLDER

NAME is an architecture of torchvision, which gets random weights here: put your own network into network(), and your own
samples into samples(). Needs torch, torchvision, onnx and numpy.
"""

import os
import sys

import numpy
import torch
import torchvision


def network(name):
    """Return the network, in evaluation mode. Yours comes here, with its trained weights."""
    torch.manual_seed(1)
    net = getattr(torchvision.models, name)(weights=None).eval()
    for module in net.modules():  # random weights alone say the same of every picture; a trained network needs none of this
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
        if isinstance(module, torch.nn.Linear):
            head = module
    with torch.no_grad():
        head.weight.normal_(0, 0.1)
        head.bias -= net(samples(64, 4)).mean(0)
    return net


def samples(count, seed):
    """Return inputs as the network gets them, [count, 3, 224, 224]. Yours come here, scaled and normalized."""
    torch.manual_seed(seed)
    coarse = torch.randn(count, 3, 7, 7) * torch.rand(count, 3, 1, 1) + torch.randn(count, 3, 1, 1)
    return torch.nn.functional.interpolate(coarse, size=(224, 224), mode="bilinear")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    name, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    torch.onnx.export(
        network(name), torch.zeros(1, 3, 224, 224), os.path.join(folder, "model.onnx"), dynamo=False, opset_version=17,
        input_names=["input"], output_names=["logits"], dynamic_axes={"input": {0: "n"}, "logits": {0: "n"}},
    )
    # Samples to calibrate with, and others to judge by; with labels, numpy.savez(..., x=x, y=labels).
    numpy.savez(os.path.join(folder, "calib.npz"), x=samples(64, 2).numpy().astype(numpy.float16))
    numpy.savez(os.path.join(folder, "eval.npz"), x=samples(300, 3).numpy().astype(numpy.float16))


if __name__ == "__main__":
    main()
