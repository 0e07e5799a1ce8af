"""Give the same job to this program and to its peers, judge all answers in one way, and write docs/peers.md: bench_peers.py [NAME...].
The README quotes some of its columns, which are written along.

The job is in job.py. Each tool runs in a process of its own. What it wrote is scored by `demote eval`, exactly as written and with
ONNX Runtime's defaults, on the samples of the search and on 8,000 others. Work is the processor time of the whole process over that
of one plain pass of the float network over the same samples in one thread (R), measured beside each tool, so that other work on the
machine counts little. With names only these tools run, with --write none; the others keep the answers in .tools/peers, or else
their rows on the pages.
"""

import importlib.metadata
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time

import bops
import job
import onnxruntime

PAGE = os.path.join("docs", "peers.md")
HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 3 * 3600  # seconds for a tool
SEARCH = ["bin/demote", "search", "--model", job.MODEL, "--calib", job.CALIB, "--data", job.EVAL, "--target", "float-%g" % job.DROP]

# The columns of the page.
TOOL, EXACT, DEFAULT, BOPS, WORK = "tool", "score, exact session", "default session", "BOPs left", "work, R"
HEADS = (TOOL, "told", EXACT, DEFAULT, "8,000 others", BOPS, "layers that read int8 / int16 / float", "scores asked for", WORK, "s")

# The tools by name: how the page calls them, their package, and the command that gets a folder at its end.
TOOLS = {
    "demote": ("demote", None, SEARCH + ["--out"]),
    "demote-pow2": ("demote `--grid pow2`", None, SEARCH + ["--grid", "pow2", "--out"]),
    "aimet": ("AIMET `choose_mixed_precision`", "aimet-onnx", [sys.executable, os.path.join(HERE, "aimet_amp.py")]),
    "quark": ("Quark `AutoMixprecision`", "amd-quark", [sys.executable, os.path.join(HERE, "quark_amp.py")]),
    "nncf": ("NNCF `quantize_with_accuracy_control`", "nncf", [sys.executable, os.path.join(HERE, "nncf_control.py")]),
    "mct": ("MCT mixed precision (ILP)", "model-compression-toolkit", [sys.executable, os.path.join(HERE, "mct_ilp.py")]),
}


def seconds_of_a_pass():
    """Return the processor seconds of one pass of the float network over the evaluation samples, in one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(job.MODEL, options, providers=["CPUExecutionProvider"])
    feeds, took = job.batches(job.EVAL), []
    for _ in range(5):
        start = time.process_time()
        for feed in feeds:
            session.run(None, feed)
        took.append(time.process_time() - start)
    return statistics.median(took)


def children():
    """Return the processor seconds of all processes that have ended here."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(name):
    """Run a tool and keep what it cost and told."""
    folder = os.path.join(job.OUT, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    title, package, command = TOOLS[name]
    one, used, start = seconds_of_a_pass(), children(), time.monotonic()
    with open(os.path.join(folder, "log.txt"), "wb") as log:
        done = subprocess.run(command + [os.path.join(folder, "run")], stdout=log, stderr=subprocess.STDOUT, timeout=LIMIT, check=False)
    cost = {"title": title, "version": importlib.metadata.version(package) if package else "", "exit": done.returncode,
            "wall": time.monotonic() - start, "cpu": children() - used, "load": os.getloadavg()[1]}
    cost["pass"] = statistics.median([one, seconds_of_a_pass()])
    with open(os.path.join(folder, "cost.json"), "w", encoding="utf-8") as f:
        json.dump(cost, f, indent=1)
    print("bench-peers: %s: exit code %d, %.0f s of processor time, %.0f s in all" % (name, done.returncode, cost["cpu"], cost["wall"]))


def told_of(name):
    """Return what a tool told, in the form of job.tell, or None."""
    folder = os.path.join(job.OUT, name, "run")
    if name.startswith("demote"):
        with open(os.path.join(folder, "result.json"), encoding="utf-8") as f:
            r = json.load(f)
        saving = next(s for s in r["savings"] if s["cost"] == "bops")
        left = 1 - saving["saved"] / saving["total"]
        if abs(left - widths(os.path.join(folder, "mixed.onnx"))[0]) > 1e-6:
            sys.exit("bench-peers: %s: the search counts %.4f of the BOPs left, bops.py another share" % (folder, left))
        return {"file": os.path.join(folder, "mixed.onnx"), "told": r["score"]["mixed"]["value"], "trials": r["evaluations"], "note": ""}
    try:
        with open(os.path.join(folder, "told.json"), encoding="utf-8") as f:
            return json.load(f)
    except OSError:
        return None


def judge(name, told):
    """Return the accuracy of a tool's file: in an exact and a default session on the samples of the search, in an exact one on
    others. It is kept beside what the tool told."""
    kept = os.path.join(job.OUT, name, "judged.json")
    if os.path.exists(kept):
        with open(kept, encoding="utf-8") as f:
            return json.load(f)

    def score(data, session):
        done = subprocess.run(["bin/demote", "eval", told["file"], "--data", data, "--session", session, "--json"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            sys.exit("bench-peers: %s: %s" % (told["file"], done.stderr))
        return json.loads(done.stdout)["score"]["value"]
    found = [score(job.EVAL, "exact"), score(job.EVAL, "default"), score(job.HOLDOUT, "exact")]
    with open(kept, "w", encoding="utf-8") as f:
        json.dump(found, f)
    return found


def widths(file):
    """Return the bit operations of a file as a share of all int16, and of its layers those that read int8, int16 and float."""
    found = bops.layers(file)
    whole = sum(macs * 16 * 8 for _, macs, _, _ in found)
    return sum(m * a * w for _, m, a, w in found) / whole, [sum(a == bits for _, _, a, _ in found) for bits in (8, 16, bops.FLOAT)]


def row(name):
    """Return the cells of a tool in the columns of HEADS, or None if it has not run."""
    try:
        with open(os.path.join(job.OUT, name, "cost.json"), encoding="utf-8") as f:
            cost = json.load(f)
    except OSError:
        return None
    cells = dict.fromkeys(HEADS, "")
    cells.update({TOOL: ("%s %s" % (cost["title"], cost["version"])).strip(), WORK: "%.0f" % (cost["cpu"] / cost["pass"]), "s": "%.0f" % cost["wall"]})
    told = told_of(name)
    if not told or not told.get("file"):
        return {**cells, EXACT: told["note"] if told else "no answer: exit code %d" % cost["exit"]}
    exact, default, unseen = judge(name, told)
    share, layers = widths(told["file"])
    mark = lambda v: "%.4f" % v if v > job.FLOAT - job.DROP + 1e-9 else "**%.4f**" % v
    return {**cells, "told": "%.4f" % told["told"] if told["told"] is not None else "nothing", EXACT: mark(exact), DEFAULT: mark(default),
            "8,000 others": "%.4f" % unseen, BOPS: "%.1f %%" % (100 * share),
            "layers that read int8 / int16 / float": "%d / %d / %d" % tuple(layers), "scores asked for": "%d" % told["trials"]}


def table(heads, rows):
    """Return the lines of a table with some of the columns."""
    return ["| %s |" % " | ".join(heads), "| --- " * len(heads) + "|"] + ["| %s |" % " | ".join(r[h] for h in heads) for r in rows]


MARKS = re.compile(r"(<!-- begin peers: [^>]*-->\n)(.*?)(<!-- end peers -->)", re.S)


def kept(page):
    """Return what stands between the marks of a page: the cells of its rows in the columns of HEADS, and the lines below the table."""
    with open(page, encoding="utf-8") as f:
        lines = MARKS.search(f.read())[2].splitlines()
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [dict(zip(cells[0], c)) for c in cells[2:]], [line for line in lines if line and not line.startswith("|")]


def row_of(name, rows):
    """Return the row of a tool among others, or None: its first cell has the title, and maybe a version behind it."""
    title = TOOLS[name][0]
    return next((r for r in rows if r[TOOL] == title or re.fullmatch(re.escape(title) + r" [\d.]+", r[TOOL])), None)


def write(page, lines):
    """Put lines between the marks of a page."""
    with open(page, encoding="utf-8") as f:
        text = MARKS.sub(lambda m: m[1] + "\n".join(lines) + "\n" + m[3], f.read())
    with open(page, "w", encoding="utf-8") as f:
        f.write(text)
    print("bench-peers: %s is written" % page)


def machine(names):
    """Return the line about the runs of some tools, empty for none."""
    loads = []
    for name in names:
        with open(os.path.join(job.OUT, name, "cost.json"), encoding="utf-8") as f:
            loads.append(json.load(f)["load"])
    return "ONNX Runtime %s, %d processors, %.0f processes waiting for them on average." % (
        onnxruntime.__version__, os.cpu_count(), statistics.mean(loads)) if loads else ""


def main():
    names = [] if sys.argv[1:] == ["--write"] else sys.argv[1:] or list(TOOLS)
    unknown = [n for n in names if n not in TOOLS]
    if unknown:
        sys.exit("bench-peers: no tool %s; there are %s" % (", ".join(unknown), ", ".join(TOOLS)))
    job.prepare()
    for name in names:
        run(name)
    new, (old, notes) = {n: row(n) for n in TOOLS}, kept(PAGE)
    rows = [r for r in (new[n] or row_of(n, old) for n in TOOLS) if r]
    note = machine([n for n in TOOLS if new[n]])
    if any(not new[n] and row_of(n, old) for n in TOOLS):  # some rows stay, and the lines about their runs with them
        titles = ", ".join(TOOLS[n][0] for n in TOOLS if new[n])
        notes = [line for line in notes if not line.startswith(titles + ": ")]
        notes += ["%s: %s" % (titles, note)] if note else []
    else:
        notes = [note]
    write(PAGE, table(HEADS, rows) + [line for note in notes for line in ("", note)])
    write("README.md", table((TOOL, EXACT, DEFAULT, BOPS, WORK), rows))


if __name__ == "__main__":
    main()
