#!/usr/bin/env python3
"""A detector of drawn shapes, in the manner of a YOLOv8: train it, write it as ONNX, and write its samples as demote
reads them.

    python3 examples/detector/train.py FOLDER

Images of 64 x 64 pixels have one to four squares, discs and triangles on a noisy ground. The network has one stage and
two scales (strides 8 and 16, 80 cells). Its head decodes the boxes in the graph, and its one output [n, 4 + 3, 80] holds
middle x, middle y, width and height in pixels and a score per class: `--decode yolov8`. About 80 seconds on one core.
Needs what scripts/requirements-examples.txt lists.
"""

import os
import sys

import numpy
import torch
from torch import nn
from torch.nn import functional as F

SIZE, CLASSES, STRIDES = 64, 3, (8, 16)


def draw(rng):
    """One image, uint8 [3, 64, 64], and its boxes, float32 [m, 5]: x1, y1, x2, y2 and the class."""
    ys, xs = numpy.mgrid[:SIZE, :SIZE] + 0.5
    image = rng.uniform(40, 160, (3, 1, 1)) + rng.normal(0, 12, (3, SIZE, SIZE))
    boxes = []
    for _ in range(rng.integers(1, 5)):
        kind, r = rng.integers(CLASSES), rng.uniform(5, 14)
        x, y = rng.uniform(r, SIZE - r, 2)
        box = [x - r, y - r, x + r, y + r]
        if any(min(box[2], b[2]) > max(box[0], b[0]) and min(box[3], b[3]) > max(box[1], b[1]) for b in boxes):
            continue  # they do not overlap
        inside = [
            (abs(xs - x) < r) & (abs(ys - y) < r),
            (xs - x) ** 2 + (ys - y) ** 2 < r * r,
            (ys - y < r) & (ys - y > -r) & (abs(xs - x) < (ys - y + r) / 2),
        ][kind]
        image[:, inside] = rng.uniform(0, 255, (3, 1)) + rng.normal(0, 12, (3, inside.sum()))
        boxes.append(box + [kind])
    return image.clip(0, 255).astype(numpy.uint8), numpy.array(boxes, numpy.float32)


def conv(inputs, outputs, stride=1):
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.SiLU())


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(conv(3, 12, 2), conv(12, 24, 2), conv(24, 32, 2), conv(32, 32))
        self.deep = nn.Sequential(conv(32, 48, 2), conv(48, 48))
        self.wide = conv(48 + 32, 32)  # what the deep scale knows, beside the shallow one
        self.heads = nn.ModuleList(nn.Sequential(conv(c, 32), nn.Conv2d(32, 4 + CLASSES, 1)) for c in (32, 48))
        for head in self.heads:
            head[-1].bias.data[4:] = -4  # few cells have an object
        cells = [numpy.mgrid[: SIZE // s, : SIZE // s].reshape(2, -1)[::-1] + 0.5 for s in STRIDES]
        self.register_buffer("cells", torch.tensor(numpy.concatenate(cells, 1), dtype=torch.float32))
        self.register_buffer("strides", torch.tensor([float(s) for s in STRIDES for _ in range((SIZE // s) ** 2)]))

    def raw(self, x):
        """Distances to the four sides in strides [n, 4, 80], and logits of the classes [n, 3, 80]."""
        shallow = self.stem(x / 255)
        deep = self.deep(shallow)
        shallow = self.wide(torch.cat([shallow, F.interpolate(deep, scale_factor=2.0)], 1))
        y = torch.cat([head(f).flatten(2) for head, f in zip(self.heads, (shallow, deep))], 2)
        return F.softplus(y[:, :4]), y[:, 4:]

    def forward(self, x):
        sides, logits = self.raw(x)
        low, high = self.cells - sides[:, :2], self.cells + sides[:, 2:]
        boxes = torch.cat([(low + high) / 2, high - low], 1) * self.strides
        return torch.cat([boxes, logits.sigmoid()], 1)  # 0 to 64 pixels beside 0 to 1


def targets(boxes):
    """For every image and cell the class of its object (-1: none) and its box in pixels. A cell belongs to a box whose
    middle is within 1.5 cells of its own; boxes below 18 pixels are of the shallow scale."""
    kinds = numpy.full((len(boxes), 80), -1)
    wanted = numpy.zeros((len(boxes), 4, 80), numpy.float32)
    net = Detector()
    cells, strides = (net.cells * net.strides).numpy(), net.strides.numpy()
    for i, image in enumerate(boxes):
        for b in image:
            middle = (b[:2] + b[2:4]) / 2
            near = (abs(cells - middle[:, None]).max(0) < 0.75 * strides) & ((b[2] - b[0] < 18) == (strides == STRIDES[0]))
            kinds[i, near] = b[4]
            wanted[i, :, near] = b[:4]
    return torch.from_numpy(kinds), torch.from_numpy(wanted)


def overlap(a, b):
    """Intersection over union of boxes [4, n], and the distance of their middles over that of the outer corners."""
    sides = (torch.minimum(a[2:], b[2:]) - torch.maximum(a[:2], b[:2])).clamp(0)
    inner, areas = sides.prod(0), (a[2:] - a[:2]).prod(0) + (b[2:] - b[:2]).prod(0)
    outer = ((torch.maximum(a[2:], b[2:]) - torch.minimum(a[:2], b[:2])) ** 2).sum(0)
    return inner / (areas - inner), ((a[:2] + a[2:] - b[:2] - b[2:]) ** 2).sum(0) / 4 / outer


def train(images, boxes, epochs):
    net, (kinds, wanted) = Detector(), targets(boxes)
    optimizer = torch.optim.AdamW(net.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, epochs=epochs, steps_per_epoch=-(-len(images) // 64))
    for epoch in range(epochs):
        for rows in torch.randperm(len(images)).split(64):
            sides, logits = net.raw(images[rows].float())
            kind, box = kinds[rows], wanted[rows]
            found = kind >= 0
            corners = torch.cat([net.cells - sides[:, :2], net.cells + sides[:, 2:]], 1) * net.strides
            iou, apart = overlap(corners.transpose(0, 1)[:, found], box.transpose(0, 1)[:, found])
            score = torch.zeros_like(logits)
            score.transpose(1, 2)[found] = F.one_hot(kind[found], CLASSES) * iou.detach()[:, None].clamp(0)
            loss = 2 * (1 - iou + apart).mean() + F.binary_cross_entropy_with_logits(logits, score, reduction="sum") / found.sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1} of {epochs}: loss {loss.item():.3f}, overlap {iou.mean().item():.3f}")
    return net.eval()


def main(folder):
    torch.manual_seed(1)
    torch.set_num_threads(1)
    os.makedirs(folder, exist_ok=True)
    rng = numpy.random.default_rng(1)
    images, boxes = zip(*(draw(rng) for _ in range(5000)))
    images = numpy.stack(images)
    net = train(torch.from_numpy(images[:4000]), boxes[:4000], 12)
    torch.onnx.export(
        net, (torch.zeros(2, 3, SIZE, SIZE),), os.path.join(folder, "model.onnx"), input_names=["images"], output_names=["output0"],
        dynamo=False, dynamic_axes={"images": {0: "batch"}, "output0": {0: "batch"}}, opset_version=17,
    )
    for name, part in ("calib", slice(0, 100)), ("eval", slice(4000, 4500)), ("holdout", slice(4500, 5000)):
        offsets = numpy.cumsum([0] + [len(b) for b in boxes[part]])
        numpy.savez(os.path.join(folder, name + ".npz"), images=images[part], boxes=numpy.concatenate(boxes[part]), offsets=offsets)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
