"""Measure what docs/strategies.md and docs/promise.md show, and write it between the marks in them:
tables.py strategies|breaks|ranges|repairs|proofs|all [--keep|--finished].

strategies: every strategy on three networks at three targets, a search each. breaks: how often the plain answer of a search
breaks its budget on images that it has not seen. ranges: what the choice of ranges and
the last tries save; repairs: what repairs save; proofs: what --prove proves. Run folders are left under TABLES_OUT (.tools/tables); with --keep a search
that is finished there is not run again. With TABLES_SECONDS no search begins after so many seconds: the exit code is 75, and
the same command with --keep goes on. With --finished nothing is run, and what is missing is left out of the tables."""
import json
import os
import re
import shutil
import subprocess
import sys
import time

OUT = os.environ.get("TABLES_OUT", os.path.join(".tools", "tables"))
SECONDS = float(os.environ.get("TABLES_SECONDS", "inf"))
FASHION = os.path.join("examples", "fashion")
CALIB, EVAL, HELD = (os.path.join(FASHION, n + ".npz") for n in ("calib", "eval", "holdout"))
NETWORKS = [("fashion-dscnn", os.path.join(FASHION, "model.onnx"))] + [
    (n, os.path.join("testdata", n, "model.onnx")) for n in ("fashion-dscnn-uneven", "fashion-vit")]
TARGETS = ["16bit-0.003", "16bit-0.010", "16bit-0.020"]
STRATEGIES = ["demotion", "greedy", "rank", "prefix", "bisect", "gallop", "improve", "auto"]
BREAKS = ["16bit-0.003", "16bit-0.005", "16bit-0.010"]
SEEDS = range(1, 6)
FINISHED = "--finished" in sys.argv
KEEP = FINISHED or "--keep" in sys.argv
STARTED = time.monotonic()


def search(name, model, data, target, *more):
    """Run a search, or take the one that is there, and return its result and folder; None where nothing is to be run."""
    folder = os.path.join(OUT, name)
    result = os.path.join(folder, "result.json")
    if not KEEP or not finished(result):
        if FINISHED:
            return None, folder
        if time.monotonic() - STARTED > SECONDS:
            sys.exit(75)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(OUT, exist_ok=True)
        command = [os.path.join("bin", "demote"), "search", "--model", model, "--calib", CALIB, "--data", data,
                   "--target", target, "--out", folder, "--json"] + (["--grid", "pow2"] if "--grid" not in more else []) + list(more)
        run(command)
        print("tables: %s" % name, file=sys.stderr)
    if not os.path.exists(result):  # of a list of targets, which has a folder for each
        return None, folder
    with open(result, encoding="utf-8") as f:
        return json.load(f), folder


def searches(name, model, data, targets, *more):
    """Run a search for a list of targets, and return the result of each; None where nothing is to be run."""
    folder = os.path.join(OUT, name)
    files = [os.path.join(folder, t, "result.json") for t in targets]
    if not all(finished(f) for f in files):
        search(name, model, data, ",".join(targets), *more)
    if not all(finished(f) for f in files):
        return None
    results = []
    for name in files:
        with open(name, encoding="utf-8") as f:
            results.append(json.load(f))
    return results


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 3):
        sys.exit("tables: %s: exit code %d: %s" % (" ".join(command), done.returncode, done.stderr))
    return done.stdout


def finished(result):
    try:
        with open(result, encoding="utf-8") as f:
            return json.load(f).get("finished", False)
    except (OSError, ValueError):
        return False


def correct(file):
    """Return how many of the held-out images a written file gets right; they are scored once."""
    memo = file + ".correct"
    if not os.path.exists(memo):
        text = run([os.path.join("bin", "demote"), "eval", file, "--data", HELD, "--session", "exact", "--json"])
        with open(memo, "w", encoding="utf-8") as f:
            f.write(str(json.loads(text)["score"]["correct"]))
    with open(memo, encoding="utf-8") as f:
        return int(f.read())


def high(network, model):
    """Return the scores of the all-int16 network on the evaluation and on the held-out images, and how many holders it has."""
    r, _ = search("%s-16bit" % network, model, EVAL, "16bit-0.003", "--range", "minmax", "--holdout", HELD, "--evaluations", "3")
    return (r["score"]["high"], r["holdout"]["score"]["high"], len(r["holders"])) if r else (None, None, 0)


def judged(r):
    """Return what the masks were judged on, in passes over the samples, whatever cuts saved of them: the same on every run."""
    return sum(r["trial_costs"]["judged"])


def saving(r, name):
    return next(s for s in r["savings"] if s["cost"] == name)


def strategies():
    """Return the lines of the table of all strategies."""
    lines = ["| network | target | strategy | int16 | score | hold-out | loss there | evaluations | passes judged | seconds | BOPs |", "| --- " * 11 + "|"]
    broken, mixes = {}, {}
    for network, model in NETWORKS:
        own, held, holders = high(network, model)
        if not own:
            continue
        lines.append("| %s | | all int16 | %d | %.4f | %.4f | | | | | 100 %% |" % (network, holders, own["value"], held["value"]))
        for target in TARGETS:
            first = target
            for strategy in STRATEGIES:
                r, folder = search("-".join((network, target, strategy)), model, EVAL, target, "--range", "minmax", "--strategy", strategy)
                if not r:
                    continue
                right = correct(os.path.join(folder, "mixed.onnx"))
                bops = saving(r, "bops")
                part = 100 * (1 - bops["saved"] / bops["total"])
                lines.append("| | %s | `%s` | %d | %.4f | %.4f | %+.4f | %d | %.1f | %.1f | %.1f %% |" % (
                    first, strategy, len(r["promotion"]), r["score"]["mixed"]["value"], right / held["total"],
                    (held["correct"] - right) / held["total"], r["evaluations"], judged(r), r["seconds"], part))
                first = ""
                mixes[strategy] = mixes.get(strategy, 0) + 1
                lost = held["correct"] - right >= float(target.split("-")[1]) * held["total"]
                broken[strategy] = broken.get(strategy, 0) + lost
    told = ["`%s` %d of %d" % (s, broken[s], mixes[s]) for s in STRATEGIES if s in mixes]
    return lines + ["", "Mixes that lose their budget or more on the hold-out: " + ", ".join(told) + "."]


def work():
    """Return the lines of the table of int16 and work, from the searches of the table of all strategies and three more."""
    shown = ("demotion", "gallop", "auto")
    lines = ["| network, holders | target | %s | `auto` over `demotion` |" % " | ".join("`%s`: int16, passes" % s for s in shown), "| --- " * 6 + "|"]
    for network, model in NETWORKS:
        for target in TARGETS + (["0.9125"] if network == "fashion-dscnn-uneven" else []):
            runs = [search("-".join((network, target, s)), model, EVAL, target, "--range", "minmax", "--strategy", s)[0] for s in shown]
            if not all(runs):
                continue
            name = "%s, %d" % (network, len(runs[0]["holders"])) if target == TARGETS[0] else ""
            ratio = "%.2f" % (judged(runs[2]) / judged(runs[0])) if any(r["promotion"] for r in runs) else ""
            lines.append("| %s | %s | %s | %s |" % (name, target, " | ".join("%d, %.1f" % (len(r["promotion"]), judged(r)) for r in runs), ratio))
    return lines


def breaks():
    """Return the lines of the table of broken budgets."""
    lines = ["| network | target | broken | int16 | loss on its own 2,000 images | loss on the 6,000 others | one can be sure |", "| --- " * 7 + "|"]
    broken, runs = 0, 0
    all_rows = {}
    for seed in SEEDS:
        for network, model in NETWORKS:
            found = searches("%s-seed%d" % (network, seed), model, HELD, BREAKS, "--repair", "auto", "--holdout", "75%", "--seed", str(seed))
            for target, r in zip(BREAKS, found or []):
                if not r.get("holdout"):  # no mix meets the target
                    continue
                score, h = r["score"], r["holdout"]
                high = (r.get("given") or score)["high"]
                all_rows.setdefault((network, target), []).append(
                    (len(r["promotion"]), high["value"] - score["mixed"]["value"], h["against_high"]["loss"], h["sure"]))
    for network, _ in NETWORKS:
        for target in BREAKS:
            budget = float(target.split("-")[1])
            rows = all_rows.get((network, target))
            if not rows:
                continue
            count = sum(row[2] >= budget for row in rows)
            broken, runs = broken + count, runs + len(rows)
            span = ["%s to %s" % (form % min(v), form % max(v)) for v, form in zip(zip(*rows), ("%d", "%.4f", "%.4f", "%.2f"))]
            lines.append("| %s | %s | %d of %d | %s |" % (network, target, count, len(rows), " | ".join(span)))
    return lines + ["", "In all %d of %d answers break their budget." % (broken, runs)]


RANGES = [("minmax", "minmax", ["--range", "minmax", "--repair", "none"]), ("auto", "auto", ["--range", "auto", "--repair", "none"])]
REPAIRS = [("none", "auto", ["--range", "auto", "--repair", "none"]), ("auto", "repair", ["--range", "auto", "--repair", "auto"])]


def compared(ways, *more):
    """Return the lines of a table of two ways to search, each with the name of its folders and its flags. The loss on the
    hold-out is counted from all int16 of the first way, which is the network as given. more are further columns: a head,
    and what a result of the second way has there."""
    rows = {}
    for network, model in NETWORKS:
        for grid in ("pow2", "asymmetric"):
            for target in BREAKS:
                both = [search("-".join((network, grid, target, folder)), model, EVAL, target, "--grid", grid, *flags, "--holdout", HELD)[0]
                        for _, folder, flags in ways]
                if not all(both):
                    continue
                high = both[0]["holdout"]["score"]["high"]["value"]
                rows[network, grid, target] = [(len(r["promotion"]), high - r["holdout"]["score"]["mixed"]["value"], judged(r))
                                               for r in both] + [[f(both[1]) for _, f in more]]
    return compared_lines([w[0] for w in ways], [m[0] for m in more], rows)


def tries():
    """Return the lines of the table of the last tries behind the searches with `--range auto`: what stayed at int16 in
    front of them and behind."""
    lines = ["| network | grids | target | int16 before | and after | tries | of which hold |", "| --- " * 7 + "|"]
    sums = [0, 0]
    for network, model in NETWORKS:
        for grid in ("pow2", "asymmetric"):
            for target in BREAKS:
                r = search("-".join((network, grid, target, "auto")), model, EVAL, target, "--grid", grid, *RANGES[1][2], "--holdout", HELD)[0]
                if not r:
                    continue
                all_tries = r.get("last_tries") or []
                held = [t for t in all_tries if t["held"]]
                after = len(r["promotion"])
                before = after + sum(len(t["holders"]) for t in held)
                sums = [sums[0] + before, sums[1] + after]
                if all_tries:
                    lines.append("| %s | %s | %s | %d | %d | %d | %d |" % (network, grid, target, before, after, len(all_tries), len(held)))
    return lines + ["", "In all %d become %d; where no row is, nothing stays at int16." % tuple(sums)]


# Searches whose answers are proven: all sizes below where three activations or fewer stay at int16, else two at most.
PROOFS = [(n, g, r, t, p) for n in ("fashion-dscnn", "fashion-dscnn-uneven") for g, r, t, p in (
    ("asymmetric", "minmax", "16bit-0.003", "all"), ("asymmetric", "minmax", "16bit-0.005", "all"), ("asymmetric", "auto", "16bit-0.003", "all"),
    ("pow2", "minmax", "16bit-0.003", "2"), ("pow2", "minmax", "16bit-0.005", "2"), ("pow2", "minmax", "16bit-0.020", "2"),
    ("pow2", "auto", "16bit-0.005", "2" if n == "fashion-dscnn" else "all"))]
PROOFS += [("fashion-vit", g, r, t, "all") for g, r, t in (
    ("asymmetric", "minmax", "16bit-0.003"), ("asymmetric", "auto", "16bit-0.003"),
    ("pow2", "minmax", "16bit-0.003"), ("pow2", "minmax", "16bit-0.005"), ("pow2", "auto", "16bit-0.003"))]


def proofs():
    """Return the lines of the table of what was proven."""
    lines = ["| network | grids | `--range` | target | int16 of `auto` | after the proof | proven | refuted | drawn | passes | seconds |", "| --- " * 11 + "|"]
    for network, grid, ranges, target, size in PROOFS:
        r, _ = search("-".join((network, grid, target, ranges, "prove")), dict(NETWORKS)[network], EVAL, target,
                      "--grid", grid, "--range", ranges, "--repair", "none", "--prove", size)
        if not r:
            continue
        p, after = r["proof"], len(r["promotion"])
        drawn = sum(level["drawn"] for level in p["levels"])
        lines.append("| %s | %s | `%s` | %s | %s | %s | %s | %s | %d | %.1f | %d |" % (
            network, grid, ranges, target, after if p["from_int16"] is None else p["from_int16"], "**%d**" % after if p["minimal"] else after,
            "minimal" if p["minimal"] else "at least %d" % p["least_int16"], "{:,}".format(p["refuted"]), drawn, p["sample_evaluations"] / r["samples"], p["seconds"]))
    return lines


def compared_lines(names, heads, rows):
    """Return the table of pairs of searches: by network, grids and target the int16 left, the loss on the hold-out and the passes."""
    columns = ["%s`%s`" % (head, name) for head in ("int16, ", "loss on the hold-out, ", "passes judged, ") for name in names]
    columns = [c if i % 2 == 0 else c.split(", ")[-1] for i, c in enumerate(columns)]
    lines = ["| network | grids | target | %s |" % " | ".join(columns + heads), "| --- " * (3 + len(columns) + len(heads)) + "|"]
    for k, (one, other, last) in rows.items():
        cells = [form % v for form, pair in zip(("%d", "%+.4f", "%.1f"), zip(one, other)) for v in pair]
        lines.append("| %s | %s | %s | %s |" % (*k, " | ".join(cells + last)))
    if not rows:
        return lines + ["", ""]
    sums = [[sum(row[way][i] for row in rows.values()) for i in range(3)] for way in range(2)]
    return lines + ["", "In all, `%s` leaves %d at int16 and `%s` %d; the mean loss on the hold-out is %.4f and %.4f." % (
        names[0], sums[0][0], names[1], sums[1][0], sums[0][1] / len(rows), sums[1][1] / len(rows))]


def taken(r):
    """Return the repairs that a network has taken."""
    return ", ".join("`%s`" % one["name"] for one in r["repairs"] if one["taken"]) or "none"


def write(document, mark, lines):
    """Put lines between the two marks of a document."""
    with open(document, encoding="utf-8") as f:
        text = f.read()
    found = re.search("<!-- begin %s: made by [^>]* -->\n" % mark, text)
    end = "<!-- end %s -->\n" % mark
    if not found or end not in text:
        sys.exit("%s lacks the marks of %s" % (document, mark))
    with open(document, "w", encoding="utf-8") as f:
        f.write(text[:found.end()] + "\n".join(lines) + "\n" + end + text[found.end():].split(end, 1)[1])
    print("%s in %s is written" % (mark, document))


def main():
    which = sys.argv[1] if len(sys.argv) > 1 else "all"
    if which in ("strategies", "all"):
        write(os.path.join("docs", "strategies.md"), "strategies", strategies())
        write(os.path.join("docs", "strategies.md"), "work", work())
    if which in ("ranges", "all"):
        write(os.path.join("docs", "strategies.md"), "ranges", compared(RANGES))
        write(os.path.join("docs", "strategies.md"), "tries", tries())
    if which in ("repairs", "all"):
        write(os.path.join("docs", "strategies.md"), "repairs", compared(REPAIRS, ("repairs taken", taken)))
    if which in ("proofs", "all"):
        write(os.path.join("docs", "strategies.md"), "proofs", proofs())
    if which in ("breaks", "all"):
        write(os.path.join("docs", "promise.md"), "breaks", breaks())


if __name__ == "__main__":
    main()
