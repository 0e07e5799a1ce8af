#!/usr/bin/env python3
"""Run the worked examples of docs/examples/: train each, run the commands of its page, and check what the page promises.

    python scripts/examples.py [--write] [--trained] [NAME ...]

Runs in the top folder, with a Python that has scripts/requirements-examples.txt. Everything lands in examples-out/NAME.
With --write the outputs and the picture go into the page, with --trained networks of an earlier run are not trained
again. Promised of every example: all int16 scores as the float
network does, within 0.01; the mix is above its target, and its file scores so again, by demote verify and demote eval;
fewer activations stay at int16 than there are; samples that the search has not seen are scored; no sample is in two
files; and the activations of KEEPS are among those that stay. A promise that is not kept is a line, and exit code 1.
"""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time

import numpy

# What the text of a page explains: patterns of activations, each of which has to match one that stays at int16.
KEEPS = {
    "detector": [r"^output0$"],
    "transformer": [r"LayerNormalization_output_0$|/Add(_\d+)?_output_0$"],
    "keywords": [r"^frame$", r"^level(_out)?$"],
    "segmentation": [r"^cat(_\d+)?$"],
    "regressor": [r"^columns$"],
}
# The flags of a search that an evaluation of its file needs as well.
SHARED = "--metric", "--decode", "--state", "--pad", "--ignore-label"
COMMAND = re.compile(r"(?m)^    (\.venv-examples/bin/python|bin/demote) ((?:.*\\\n)*.*)$")
OUTPUT = "<!-- begin output {0}: made by make examples-pages, do not edit -->\n", "<!-- end output {0} -->"


def commands(page):
    """Return the commands of a page, in its order, each as a list of words."""
    return [[m[1], *m[2].replace("\\\n", " ").split("   #")[0].split()] for m in COMMAND.finditer(page)]


def call(words):
    """Run a command and return what it prints; its messages go to ours."""
    print("$", " ".join(words), flush=True)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    work = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(done.stdout + f"exit code {done.returncode}, {time.time() - start:.0f} s, {work:.0f} s of processor time\n", flush=True)
    if done.returncode:
        raise RuntimeError(f"exit code {done.returncode} of {' '.join(words)}")
    return done.stdout


def rows(path):
    """Return the samples of an npz, each as bytes, whether it is a row of arrays or an array of its own."""
    arrays = {name: a for name, a in numpy.load(path).items() if name not in ("y", "boxes", "offsets")}
    own = {}
    for name, a in arrays.items():
        stem, _, number = name.rpartition("_")
        for i, row in [(int(number), a)] if stem and number.isdigit() else enumerate(a):
            own[i] = own.get(i, b"") + row.tobytes()
    return set(own.values())


def check(name, search):
    """Yield the promises that are not kept."""
    folder = f"examples-out/{name}"
    with open(f"{folder}/result/result.json") as f:
        r = json.load(f)
    flags = [w for at, flag in enumerate(search) if flag in SHARED for w in search[at : at + 2]]
    value = {k: v["value"] for k, v in r["score"].items()}
    if abs(value["high"] - value["float"]) > 0.01:
        yield f"all int16 scores {value['high']}, the float network {value['float']}"
    if not r["met"] or not value["mixed"] > r["target"]["value"]:
        yield f"the mix scores {value['mixed']}, the target is {r['target']}"
    if not len(r["promotion"]) < len(r["holders"]):
        yield "every activation stays at int16"
    if value["low"] > r["target"]["value"]:
        yield f"all int8 scores {value['low']}, above the target: there is nothing to search"
    for pattern in KEEPS[name]:
        if not any(re.search(pattern, holder) for holder in r["promotion"]):
            yield f"no activation like {pattern} stays at int16: {r['promotion']}"
    if not r["verified"]["identical"]:
        yield "the outputs of the written file are not those of the search"
    call(["bin/demote", "verify", f"{folder}/result"])
    again = json.loads(call(["bin/demote", "eval", f"{folder}/result/mixed.onnx", "--data", f"{folder}/eval.npz", *flags, "--json"]))
    if again["score"]["value"] != value["mixed"]:
        yield f"mixed.onnx scores {again['score']['value']}, the search said {value['mixed']}"
    if "--holdout" in search:
        unseen = {k: v["value"] for k, v in r["holdout"]["score"].items()}
    else:  # the search of a network with a state has no hold-out
        unseen = {}
        for kind, file in ("float", "model.onnx"), ("mixed", "result/mixed.onnx"):
            words = ["bin/demote", "eval", f"{folder}/{file}", "--data", f"{folder}/holdout.npz", *flags, "--json"]
            unseen[kind] = json.loads(call(words))["score"]["value"]
    print(f"{name}: on samples that the search has not seen: {unseen}")
    if abs(unseen["mixed"] - unseen["float"]) > 0.03:
        yield f"on samples that the search has not seen: {unseen}"
    files = [rows(f"{folder}/{part}.npz") for part in ("calib", "eval", "holdout")]
    if len(set.union(*files)) != sum(map(len, files)):
        yield "calib.npz, eval.npz and holdout.npz share samples"


def picture(name):
    """Draw the scores of the search over the share of int8, as SVG."""
    with open(f"examples-out/{name}/result/result.json") as f:
        r = json.load(f)
    count, score = len(r["holders"]), {k: v["value"] for k, v in r["score"].items()}
    points = [(0, score["high"])] + [(s["int8"] / count, s["true_value"]) for s in r["chain"]] + [(1, score["low"])]
    points = sorted(set(points + [(1 - len(r["promotion"]) / count, score["mixed"])]))
    low, high = min(y for _, y in points), max(*(y for _, y in points), score["float"])
    at = lambda p: (60 + 500 * p[0], 30 + 200 * (high - p[1]) / (high - low or 1))
    line = lambda y, text, colour, up: (
        f'<path d="M60 {at((0, y))[1]:.1f}h500" stroke="{colour}" stroke-dasharray="4 4"/>'
        f'<text x="64" y="{at((0, y))[1] + (-4 if up else 12):.1f}" fill="{colour}">{text} {y:.4g}</text>')
    x, y = at((1 - len(r["promotion"]) / count, score["mixed"]))
    dots = "".join('<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="#36c"/>'.format(*at(p)) for p in points)
    svg = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 280" font-family="sans-serif" font-size="12">
<rect width="600" height="280" fill="#fff"/><path d="M60 30v200h500" fill="none" stroke="#888"/>
{line(score["float"], "float", "#666", True)}
{line(r["target"]["value"], "target: above", "#b40", False)}
{dots}
<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="none" stroke="#080" stroke-width="2"/>
<circle cx="440" cy="14" r="6" fill="none" stroke="#080" stroke-width="2"/>
<text x="556" y="18" text-anchor="end" fill="#080">the mix {score["mixed"]:.4g}</text>
<text x="556" y="{at((1, score["low"]))[1] - 8:.1f}" text-anchor="end">all int8 {score["low"]:.4g}</text>
<text x="310" y="262" text-anchor="middle">share of the {count} activations in int8, 0 to 100 %</text>
<text x="16" y="130" transform="rotate(-90 16 130)" text-anchor="middle">{r["metric"]}</text>
</svg>
"""
    with open(f"docs/examples/{name}.svg", "w") as f:
        f.write(svg)


def one(name, write, trained):
    """Run one example, and return the promises that it breaks."""
    path = f"docs/examples/{name}.md"
    with open(path) as f:
        page = f.read()
    listed = commands(page)
    trained = trained and os.path.exists(f"examples-out/{name}/model.onnx")
    shutil.rmtree(f"examples-out/{name}" + ("/result" if trained else ""), ignore_errors=True)
    outputs = ["" if trained and words[0].endswith("python") else call(words) for words in listed]
    broken = list(check(name, next(words for words in listed if words[1] == "search")))
    if write:
        for i, output in enumerate(outputs):
            begin, end = (mark.format(i) for mark in OUTPUT)
            if begin in page:
                block = "".join(f"    {row}\n" if row else "\n" for row in output.strip().split("\n"))
                page = page[: page.index(begin) + len(begin)] + "\n" + block + "\n" + page[page.index(end) :]
        with open(path, "w") as f:
            f.write(page)
        picture(name)
    return broken


def main(words):
    write, trained, failed = "--write" in words, "--trained" in words, 0
    for name in [w for w in words if not w.startswith("--")] or list(KEEPS):
        print(f"=== {name}", flush=True)
        try:
            broken = one(name, write, trained)
        except RuntimeError as e:
            broken = [str(e)]
        for promise in broken:
            print(f"{name}: {promise}", file=sys.stderr)
        failed += bool(broken)
    print(f"examples: {failed} failed" if failed else "examples: all promises are kept")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
