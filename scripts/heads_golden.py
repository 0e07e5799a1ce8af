"""Raw heads of detectors, and the boxes that the packages which train them read out of them: backend/detect/testdata/heads.json.

YOLOv8 by ultralytics, SSD by torchvision, YOLOv5 by the formula of its Detect layer.

    pip install torch torchvision ultralytics && python scripts/heads_golden.py FILE
"""
import json
import sys
import torch
from torchvision.models.detection._utils import BoxCoder
from ultralytics.nn.modules.block import DFL
from ultralytics.utils.tal import dist2bbox, make_anchors

SIZE, STRIDES, CLASSES, ABOVE = 32, (8, 16, 32), 2, 0.3
COCO = [[10, 13, 16, 30, 33, 23], [30, 61, 62, 45, 59, 119], [116, 90, 156, 198, 373, 326]]


def listed(xyxy, scores):
    """Boxes [n, 4] and scores [n, classes] as [x, y, w, h, class, score] of what is above the bound."""
    found = []
    for (x1, y1, x2, y2), row in zip(xyxy.tolist(), scores.tolist()):
        found += [[x1, y1, x2 - x1, y2 - y1, c, s] for c, s in enumerate(row) if s > ABOVE]
    return found


def yolov8(bins=16):
    maps = [torch.randn(1, 4 * bins + CLASSES, SIZE // s, SIZE // s) * 2 for s in STRIDES]
    middles, strides = make_anchors(maps, torch.tensor(STRIDES, dtype=torch.float32), 0.5)
    joined = torch.cat([m.flatten(2) for m in maps], 2)
    boxes = dist2bbox(DFL(bins)(joined[:, :4 * bins]), middles.T[None], xywh=False, dim=1) * strides.T
    return maps, listed(boxes[0].T, joined[0, 4 * bins:].sigmoid().T), []


def yolov5():
    maps, found = [], []
    for stride, sides in zip(STRIDES, COCO):
        n = SIZE // stride
        m = torch.randn(1, 3 * (5 + CLASSES), n, n)
        maps.append(m)
        y = m.view(3, 5 + CLASSES, n, n).permute(0, 2, 3, 1).sigmoid()
        rows, columns = torch.meshgrid(torch.arange(n), torch.arange(n), indexing="ij")
        middle = (y[..., :2] * 2 - 0.5 + torch.stack((columns, rows), 2)) * stride
        side = (y[..., 2:4] * 2) ** 2 * torch.tensor(sides, dtype=torch.float32).view(3, 1, 1, 2)
        boxes = torch.cat((middle - side / 2, middle + side / 2), 3).view(-1, 4)
        found += listed(boxes, (y[..., 4:5] * y[..., 5:]).reshape(-1, CLASSES))
    return maps, found, []


def ssd(logits):
    n = 30
    anchors = torch.rand(n, 4) * SIZE
    anchors[:, 2:] += 4
    offsets, numbers = torch.randn(1, n, 4) * 2, torch.randn(1, n, 1 + CLASSES) * 2
    middle, side = anchors[:, :2], anchors[:, 2:]
    corners = torch.cat((middle - side / 2, middle + side / 2), 1)
    boxes = BoxCoder((10.0, 10.0, 5.0, 5.0)).decode_single(offsets[0], corners)
    scores = numbers[0].softmax(1)
    return [offsets, numbers if logits else scores[None]], listed(boxes, scores[:, 1:]), anchors.flatten().tolist()


def main():
    torch.manual_seed(4)
    out = []
    for layout, (maps, want, anchors) in (("yolov8-heads", yolov8()), ("yolov5-heads", yolov5()), ("ssd", ssd(True)), ("ssd-scores", ssd(False))):
        out.append({"layout": layout, "size": SIZE, "above": ABOVE, "anchors": anchors, "dims": [list(m.shape[1:]) for m in maps],
                    "row": torch.cat([m.flatten() for m in maps]).tolist(), "want": want})
    with open(sys.argv[1], "w", encoding="utf-8") as f:  # packages print things of their own
        json.dump(out, f, separators=(",", ":"))


if __name__ == "__main__":
    main()
