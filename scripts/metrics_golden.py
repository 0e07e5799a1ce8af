"""Random outputs and labels, and what scikit-learn, SciPy, scikit-image and jiwer say of them:
backend/metric/testdata/golden.json.

    pip install numpy scikit-learn scipy scikit-image jiwer && python scripts/metrics_golden.py > FILE
"""
import json, sys
import numpy as np
import jiwer
from scipy.special import log_softmax
from scipy.stats import pearsonr, spearmanr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn import metrics as sk
from sklearn.metrics.pairwise import cosine_similarity

cases = []


def case(metric, rows, want, **more):
    cases.append({"metric": metric, "dims": list(rows.shape), "rows": numbers(rows), "want": float(want), **more})


def numbers(a):
    return [float(str(v)) for v in a.astype("f").ravel()]  # the shortest text of each float32


def labels(a):
    return [int(v) for v in np.asarray(a).ravel()]


def classes(seed, n, k, noise):
    r = np.random.default_rng(seed)
    y = r.integers(0, k, n)
    return y, (r.normal(0, 1, (n, k)) * noise + np.eye(k)[y]).astype("f")


for seed, n, k, noise in [(1, 60, 4, 0.6), (2, 40, 2, 1.2), (3, 90, 7, 1), (4, 30, 3, 3)]:
    y, p = classes(seed, n, k, noise)
    if seed == 3:
        y[y == 5] = 1  # a class that nobody has
    if seed == 4:
        p = np.round(p * 2) / 2  # equal scores
    best = p.argmax(1)
    for name, want in [("accuracy", sk.accuracy_score(y, best)), ("macro-f1", sk.f1_score(y, best, average="macro")), ("micro-f1", sk.f1_score(y, best, average="micro")),
                       ("weighted-f1", sk.f1_score(y, best, average="weighted")), ("mcc", sk.matthews_corrcoef(y, best))]:
        case(name, p, want, labels=labels(y))
    hot = [(y == c, p[:, c]) for c in range(k) if (y == c).any()] if k > 2 else [(y == 1, p[:, 1].astype("d") - p[:, 0].astype("d"))]
    case("auroc", p, np.mean([sk.roc_auc_score(t, s) for t, s in hot]), labels=labels(y))
    case("average-precision", p, np.mean([sk.average_precision_score(t, s) for t, s in hot]), labels=labels(y))
    if k == 2:
        one = p[:, 1:]
        case("auroc", one, sk.roc_auc_score(y, one[:, 0]), labels=labels(y))
        case("average-precision", one, sk.average_precision_score(y, one[:, 0]), labels=labels(y))

for seed, shape in [(11, (2, 3, 5, 6)), (12, (3, 4, 4, 4))]:
    r = np.random.default_rng(seed)
    p = r.normal(0, 1, shape).astype("f")
    y = r.integers(0, shape[1], (shape[0],) + shape[2:])
    p += 1.5 * np.moveaxis(np.eye(shape[1])[y], -1, 1).astype("f")
    y[r.random(y.shape) < 0.1] = 255
    keep, best = y != 255, p.argmax(1)
    for name, want in [("pixel-accuracy", sk.accuracy_score(y[keep], best[keep])), ("miou", sk.jaccard_score(y[keep], best[keep], average="macro")),
                       ("dice", sk.f1_score(y[keep], best[keep], average="macro"))]:
        case(name, p, want, pixels=labels(y), ignore=255)

for seed, n, k in [(21, 50, 1), (22, 40, 3)]:
    r = np.random.default_rng(seed)
    y = r.normal(0, 2, (n, k)).astype("f")
    p = (y + r.normal(0, 1, (n, k))).astype("f")
    if seed == 22:
        y, p = np.round(y), np.round(p)  # equal ranks
    y, p = y.astype("d"), p.astype("d")
    for name, want in [("rmse", sk.root_mean_squared_error(y.ravel(), p.ravel())), ("mae", sk.mean_absolute_error(y, p)), ("r2", sk.r2_score(y, p)),
                       ("pearson", np.mean([pearsonr(p[:, i], y[:, i])[0] for i in range(k)])), ("spearman", np.mean([spearmanr(p[:, i], y[:, i])[0] for i in range(k)]))]:
        case(name, p, want, values=numbers(y))

for seed, shape in [(31, (3, 1, 16, 20)), (32, (2, 3, 14, 13))]:
    r = np.random.default_rng(seed)
    y = r.random(shape).astype("f")
    p = (y + r.normal(0, 0.1, shape)).astype("f")
    span = float(y.max()) - float(y.min())
    more = {"values": numbers(y), "label_dims": list(shape[1:])}
    case("psnr", p, peak_signal_noise_ratio(y.astype("d"), p.astype("d"), data_range=span), **more)
    case("ssim", p, np.mean([structural_similarity(a, b, data_range=span, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, channel_axis=0)
                             for a, b in zip(y.astype("d"), p.astype("d"))]), **more)

for seed, n, steps, k in [(41, 12, 20, 6), (42, 8, 30, 4)]:
    r = np.random.default_rng(seed)
    p = r.normal(0, 1, (n, steps, k)).astype("f")
    y = r.integers(0, k, (n, steps))
    p += 1.5 * np.eye(k)[y].astype("f")
    y[r.random(y.shape) < 0.2] = -100
    keep = y != -100
    case("token-accuracy", p, sk.accuracy_score(y[keep], p.argmax(2)[keep]), pixels=labels(y), ignore=-100)
    logs = log_softmax(p.astype("d"), -1)
    case("perplexity", p, np.exp(-np.mean(logs[keep, y[keep]])), pixels=labels(y), ignore=-100)
    alphabet = "_ abcdefgh"[:k]  # class 0 is the blank, 1 the space
    paths = ["".join(alphabet[t] for i, t in enumerate(row) if t != 0 and (i == 0 or row[i - 1] != t)) for row in p.argmax(2)]
    truth = ["".join(alphabet[t] for t in r.integers(1, k, r.integers(3, 12))).strip() or "a" for _ in range(n)]
    truth = [" ".join(t.split()) for t in truth]
    spelt = -np.ones((n, 12), int)
    for i, t in enumerate(truth):
        spelt[i, : len(t)] = [alphabet.index(c) for c in t]
    words = jiwer.Compose([jiwer.RemoveMultipleSpaces(), jiwer.Strip(), jiwer.ReduceToListOfListOfWords()])
    chars = jiwer.Compose([jiwer.ReduceToListOfListOfChars()])
    case("wer", p, jiwer.wer(truth, paths, reference_transform=words, hypothesis_transform=words), pixels=labels(spelt), ignore=-1, space=1)
    case("cer", p, jiwer.cer(truth, paths, reference_transform=chars, hypothesis_transform=chars), pixels=labels(spelt), ignore=-1)

for seed, n, d in [(51, 60, 5), (52, 40, 3)]:
    r = np.random.default_rng(seed)
    y = r.integers(0, 9, n)
    y[0] = 50  # alone in its class
    p = (r.normal(0, 1, (60, d))[y] + r.normal(0, 0.8, (n, d))).astype("f")
    near = cosine_similarity(p.astype("d"))
    np.fill_diagonal(near, -2)
    for k in (1, 5, 10):
        first = np.argsort(-near, axis=1)[:, :k]
        counts = [i for i in range(n) if (y == y[i]).sum() > 1]
        case(f"recall-at-{k}", p, np.mean([(y[first[i]] == y[i]).any() for i in counts]), labels=labels(y))

json.dump(cases, sys.stdout)
print()
