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
    net = getattr(torchvision.models, name)(weights=None)
    settle(net)
    return net.eval()


def settle(net):
    """Give random weights what training gives: batch norms with the statistics of their inputs, and a last layer that tells
    ten classes apart. A trained network needs none of this."""
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # the mean over all batches
    head = [module for module in net.modules() if isinstance(module, torch.nn.Linear)][-1]
    features = []
    with torch.no_grad():
        for seed in range(10, 20):
            net.train()(samples(16, seed))
        hook = head.register_forward_pre_hook(lambda _, inputs: features.append(inputs[0]))
        net.eval()(samples(64, 4))
        hook.remove()
        mean = features[0].mean(0)
        _, size, direction = torch.linalg.svd(features[0] - mean, full_matrices=False)
        head.weight.zero_()
        head.bias.fill_(-100)
        head.weight[:10] = 8 * direction[:10] / size[:10, None]
        head.bias[:10] = -head.weight[:10] @ mean


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
