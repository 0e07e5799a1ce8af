#!/usr/bin/env python3
"""A segmentation network for handwritten digits on photographs: train it, write it as ONNX, and write its samples as
demote reads them.

    python3 examples/segmentation/train.py FOLDER

The digits and the two photographs are those that scikit-learn ships. One to three digits of 16 to 28 pixels lie on a
crop of 40 x 40 pixels. The classes of a pixel: 0 ground, 1 a digit below five, 2 another digit, and 255 at the rim of a
digit, where nobody can say: `--ignore-label 255`. The network is a small U-Net with inputs [n, 40, 40, 3], as cameras
give them (NHWC, uint8 values). About 100 seconds on one core. Needs what scripts/requirements-examples.txt lists.
"""

import os
import sys

import numpy
import torch
from sklearn.datasets import load_digits, load_sample_images
from torch import nn
from torch.nn import functional as F

SIZE, RIM = 40, 255
WIDTHS = 12, 24, 48, 64  # channels at full, half, quarter and eighth size


def draw(rng, digits, kinds, photographs):
    """One image, uint8 [40, 40, 3], and the classes of its pixels, int64 [40, 40]."""
    photograph = photographs[rng.integers(len(photographs))]
    y, x = (rng.integers(n - SIZE) for n in photograph.shape[:2])
    image, classes = photograph[y : y + SIZE, x : x + SIZE].astype(numpy.float32), numpy.zeros((SIZE, SIZE), numpy.int64)
    for _ in range(rng.integers(1, 4)):
        i, size = rng.integers(len(digits)), int(rng.integers(16, 29))
        y, x = rng.integers(0, SIZE - size + 1, 2)
        place = slice(y, y + size), slice(x, x + size)
        if classes[place].any():
            continue  # they do not overlap
        digit = F.interpolate(torch.from_numpy(digits[i])[None, None] / 16, (size, size), mode="bilinear")[0, 0].numpy()
        colour = rng.choice([rng.uniform(0, 60, 3), rng.uniform(195, 255, 3)])
        image[place] += digit[:, :, None] * (colour - image[place])
        classes[place] = numpy.where(digit > 0.6, 1 + (kinds[i] >= 5), numpy.where(digit > 0.3, RIM, 0))
    return (image + rng.normal(0, 5, image.shape)).clip(0, 255).astype(numpy.uint8), classes


def block(inputs, outputs, stride=1):
    """A depthwise and a pointwise convolution, as networks for small devices have them."""
    layers = []
    for conv in nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False), nn.Conv2d(inputs, outputs, 1, bias=False):
        norm = nn.BatchNorm2d(conv.out_channels)
        norm.weight.data = torch.exp(torch.randn(conv.out_channels))  # uneven channels, as long training gives them
        layers += [conv, norm, nn.Hardswish()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList(nn.Sequential(block(i, o, 1 if i == 3 else 2), block(o, o)) for i, o in zip((3, *WIDTHS), WIDTHS))
        self.up = nn.ModuleList(block(i + o, o) for o, i in reversed(list(zip(WIDTHS, WIDTHS[1:]))))
        self.classes = nn.Conv2d(WIDTHS[0], 3, 1)

    def forward(self, x):
        levels = [x.permute(0, 3, 1, 2) / 255]
        for down in self.down:
            levels.append(down(levels[-1]))
        y = levels.pop()
        for up in self.up:
            y = up(torch.cat([F.interpolate(y, scale_factor=2.0), levels.pop()], 1))
        return self.classes(y)


def train(images, classes, epochs):
    net = UNet()
    optimizer = torch.optim.Adam(net.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, epochs=epochs, steps_per_epoch=-(-len(images) // 32))
    weight = torch.tensor([1.0, 2.0, 2.0])
    for epoch in range(epochs):
        for rows in torch.randperm(len(images)).split(32):
            loss = F.cross_entropy(net(images[rows].float()), classes[rows], weight, ignore_index=RIM)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1} of {epochs}: loss {loss.item():.3f}", flush=True)
    return net.eval()


def main(folder):
    torch.manual_seed(1)
    torch.set_num_threads(1)
    os.makedirs(folder, exist_ok=True)
    rng = numpy.random.default_rng(1)
    digits, photographs = load_digits(), load_sample_images().images
    # Digits and photographs of the training are not those of the evaluation: people's data are split like that, too.
    sets = {}
    for name, count, part in ("train", 2000, slice(0, 1000)), ("eval", 500, slice(1000, 1400)), ("holdout", 500, slice(1400, None)):
        drawn = [draw(rng, digits.images[part], digits.target[part], photographs) for _ in range(count)]
        sets[name] = [numpy.stack(s) for s in zip(*drawn)]
    sets["calib"] = [s[:100] for s in sets["train"]]
    net = train(*map(torch.from_numpy, sets["train"]), 12)
    torch.onnx.export(
        net, (torch.zeros(2, SIZE, SIZE, 3),), os.path.join(folder, "model.onnx"), input_names=["images"], output_names=["classes"],
        dynamo=True, dynamic_shapes=[{0: torch.export.Dim("batch")}], opset_version=18, external_data=False, verbose=False,
    )
    for name in "calib", "eval", "holdout":
        numpy.savez(os.path.join(folder, name + ".npz"), images=sets[name][0], y=sets[name][1])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
