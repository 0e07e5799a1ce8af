"""Random detections and objects, and what pycocotools says of them: backend/detect/testdata/coco.json.

    python scripts/metrics_coco.py [FIRST_SEED CASES] > FILE
"""
import contextlib, io, json, sys
import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

NAMES = ["map", "map50", "map75", "map-small", "map-medium", "map-large"]


def case(seed):
    r = np.random.default_rng(seed)
    images, classes = int(r.integers(1, 12)), int(r.integers(1, 5))
    coarse = bool(r.integers(0, 2))  # many equal scores and overlaps
    out = {"images": [], "want": {}}
    gts, dts = [], []
    for i in range(images):
        size = float(r.choice([40, 200, 600]))
        wanted, found = [], []
        for _ in range(int(r.integers(0, 8))):
            x, y, w, h = r.uniform(0, size), r.uniform(0, size), r.uniform(2, size), r.uniform(2, size)
            if coarse:
                x, y, w, h = (float(round(v / 8) * 8) for v in (x, y, w + 8, h + 8))
            crowd, area = int(r.random() < 0.15), w * h * float(r.uniform(0.4, 1))
            wanted.append([x, y, w, h, int(r.integers(classes)), crowd, area])
        for x, y, w, h, c, _, _ in wanted:
            for _ in range(int(r.integers(0, 4))):
                j = r.normal(0, 0.12, 4) * (w, h, w, h)
                if coarse:
                    j = np.round(j / 8) * 8
                box = [x + j[0], y + j[1], max(1.0, w + j[2]), max(1.0, h + j[3])]
                found.append(box + [c if r.random() < 0.8 else int(r.integers(classes)), float(np.float32(r.integers(1, 8) / 8 if coarse else r.random()))])
        for _ in range(int(r.integers(0, 140 if seed % 5 == 0 else 6))):
            found.append([r.uniform(0, size), r.uniform(0, size), r.uniform(1, size), r.uniform(1, size), int(r.integers(classes)), float(np.float32(r.random()))])
        order = r.permutation(len(found))
        found = [[float(v) for v in found[k][:4]] + found[k][4:] for k in order]
        out["images"].append({"wanted": wanted, "found": found})
        for x, y, w, h, c, crowd, area in wanted:
            gts.append({"id": len(gts) + 1, "image_id": i, "category_id": c, "bbox": [x, y, w, h], "iscrowd": crowd, "area": area})
        for x, y, w, h, c, s in found:
            dts.append({"image_id": i, "category_id": c, "bbox": [x, y, w, h], "score": s})
    with contextlib.redirect_stdout(io.StringIO()):
        gt = COCO()
        gt.dataset = {"info": {}, "images": [{"id": i} for i in range(images)], "categories": [{"id": c} for c in range(classes)], "annotations": gts}
        gt.createIndex()
        e = COCOeval(gt, gt.loadRes(dts) if dts else COCO(), "bbox")
        if not dts or not gts:
            return case(seed + 1000)
        e.evaluate(), e.accumulate(), e.summarize()
    out["want"] = {n: float(e.stats[i]) for i, n in enumerate(NAMES)}
    return out


first, n = (int(a) for a in sys.argv[1:3]) if len(sys.argv) > 2 else (1, 20)
json.dump([case(s) for s in range(first, first + n)], sys.stdout)
print()
