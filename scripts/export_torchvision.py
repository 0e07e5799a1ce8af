#!/usr/bin/env python3
"""Export torchvision architectures with random weights as ONNX files, on which the search for holders is checked.

    python scripts/export_torchvision.py FOLDER [ARCHITECTURE ...]

Weights are random (seeded), the pictures 224 x 224, the batch axis is dynamic, the operator set 17 or what follows an @ (14
has no LayerNormalization yet), nothing is folded, and the exporter is torch's older one (dynamo=False), whose graphs are
what most users have. A file that is there already is
kept: remove the folder after a change of versions. Needs scripts/requirements-toolkits.txt; the test is

    DEMOTE_TORCHVISION=FOLDER go test -tags toolkits -run Torchvision ./internal/sites
"""

import os
import sys

import torch
import torchvision

ARCHITECTURES = [
    "mobilenet_v2", "mobilenet_v3_small", "resnet18", "efficientnet_b0", "efficientnet_v2_s", "vit_b_16", "densenet121",
    "shufflenet_v2_x1_0", "convnext_tiny", "googlenet", "squeezenet1_1", "regnet_y_400mf", "mnasnet1_0", "swin_t", "vit_b_16@14", "swin_t@14",
]


def build(name):
    """Return the network in evaluation mode; batch norms get statistics other than 0 and 1, no last layer is all zeros."""
    torch.manual_seed(1)
    options = {"weights": None}
    if name == "googlenet":
        options.update(aux_logits=False, init_weights=False)
    net = getattr(torchvision.models, name)(**options).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
        if isinstance(module, torch.nn.Linear) and not module.weight.any():
            torch.nn.init.normal_(module.weight, std=0.02)
    return net


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder, names = sys.argv[1], sys.argv[2:] or ARCHITECTURES
    os.makedirs(folder, exist_ok=True)
    for name in names:
        path = os.path.join(folder, name + ".onnx")
        if os.path.exists(path):
            continue
        architecture, _, opset = name.partition("@")
        torch.onnx.export(
            build(architecture), torch.zeros(1, 3, 224, 224), path + ".part", opset_version=int(opset or 17), dynamo=False,
            training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,  # keeps BatchNormalization
            input_names=["input"], output_names=["logits"], dynamic_axes={"input": {0: "n"}, "logits": {0: "n"}},
        )
        os.rename(path + ".part", path)
        print(name, os.path.getsize(path), flush=True)


if __name__ == "__main__":
    main()
