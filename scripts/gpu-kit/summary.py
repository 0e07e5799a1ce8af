#!/usr/bin/env python3
"""summary.py LOGS OUT: put what the steps of on-gpu.sh have left into OUT/summary.txt and OUT/summary.json.

What gpucheck reports is in the summary under the names of gpu-report.json, so that a run of the kit and one of make gpu-check can be
compared; what only the kit asks lies under "kit"."""
import json
import os
import re
import sys

logs, out = sys.argv[1:3]


def read(name):
    try:
        with open(os.path.join(logs, name), encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def data(name):
    try:
        return json.loads(read(name))
    except ValueError:
        return None


def tests():
    """Return {test: (action, what it logged)} of the tests at the top."""
    said, ended = {}, {}
    for line in read("tests.json").splitlines():
        try:
            e = json.loads(line)
        except ValueError:
            continue
        name = e.get("Test", "")
        top = name.split("/")[0]
        if e.get("Action") == "output" and ".go:" in e.get("Output", ""):
            said[top] = said.get(top, "") + e["Output"].strip() + " | "
        if name and name == top and e.get("Action") in ("pass", "fail", "skip"):
            ended[top] = e["Action"]
        elif name and top not in ended and e.get("Action") == "run":
            ended[top] = "did not end"
    return {n: {"outcome": a, "said": said.get(n, "")[:1500]} for n, a in ended.items()}


def bench():
    rows = {}
    for name in sorted(os.listdir(logs)):
        m = re.match(r"bench-(.*)\.json$", name)
        b = m and data(name)
        if not b:
            continue
        rows[m[1]] = {
            "device": b.get("device"), "samples": b["samples"], "block": b["block"], "holders": b["holders"],
            "float_pass_ms": 1000 * b["r_seconds"]["median"], "evaluation_r": b["evaluation_r"]["median"],
            "evaluation_ms": 1000 * b["r_seconds"]["median"] * b["evaluation_r"]["median"], "evaluations_per_s": b["evaluations_per_s"],
            "samples_per_s": b["samples_per_s"], "fakequant_share": b["fakequant_share"], "outside_runtime": b["outside_runtime"],
            "switch_us": 1e6 * b["switch_seconds"]["median"], "rebuild_ms": 1000 * b["rebuild_seconds"]["median"], "moved": b["moved_per_evaluation"],
            "parts": b.get("parts"), "graphs": b.get("graphs"), "why": b.get("why"),
            "search_seconds": (b.get("search") or {}).get("seconds"), "search_evaluations_per_s": (b.get("search") or {}).get("evaluations_per_s"),
        }
    return rows


def demo():
    gpu, cpu = data("demo-gpu.json"), data("demo-cpu.json")
    if not gpu:
        return None
    d = {"gpu_int16": sorted(gpu["promotion"]), "gpu_scores": gpu["score"], "gpu_seconds": gpu.get("seconds"), "evaluations": gpu.get("evaluations")}
    if cpu:
        d.update(cpu_int16=sorted(cpu["promotion"]), cpu_scores=cpu["score"], cpu_seconds=cpu.get("seconds"),
                 same_mix=sorted(gpu["promotion"]) == sorted(cpu["promotion"]))
    return d


steps = [line.split("\t") for line in read("steps.tsv").splitlines()]
report = data("gpu-report.json") or {}
summary = {
    "machine": read("machine.log")[:6000], "steps": [{"name": s[0], "code": int(s[1]), "seconds": float(s[2]), "limit": int(s[3])} for s in steps],
    "tests": tests(), "bench": bench(), "demo": demo(),
}
named = dict(report, kit=summary)
checks = report.get("Checks") or []
lines = ["EMULATED device: nothing below is a GPU result.", ""] if report.get("Emulated") else []
lines += ["steps (exit code 124: ran into its limit; 125: left out, the time was up)"]
lines += ["  %-22s code %3d  %6.1f s of %d" % (s["name"], s["code"], s["seconds"], s["limit"]) for s in summary["steps"]]
if summary["tests"]:
    bad = {n: t for n, t in summary["tests"].items() if t["outcome"] != "pass"}
    lines += ["", "tests: %d, not passed: %d" % (len(summary["tests"]), len(bad))]
    lines += ["  %s: %s: %s" % (n, t["outcome"], t["said"][:600]) for n, t in bad.items()]
    lines += ["  %s: %s" % (n, t["said"][:900]) for n, t in summary["tests"].items() if n.startswith("TestGPU") and t["said"] and n not in bad]
if checks:
    lines += ["", "the device asked"] + ["  %s %s: %s" % ("ok    " if c["Passed"] else "FAILED", c["Question"], c["Answer"][:160]) for c in checks]
if summary["demo"]:
    d = summary["demo"]
    lines += ["", "example: GPU leaves %d at int16 in %s s, CPU %s in %s s, the same mix: %s" % (
        len(d["gpu_int16"]), d["gpu_seconds"], len(d["cpu_int16"]) if "cpu_int16" in d else "?", d.get("cpu_seconds"), d.get("same_mix"))]
    lines += ["  " + line.strip()[:300] for line in read("demo-gpu.log").splitlines() if "graphs" in line or "memory of" in line]
    lines += ["  scores GPU %s" % json.dumps(d["gpu_scores"])[:300], "  scores CPU %s" % json.dumps(d.get("cpu_scores"))[:300]]
if summary["bench"]:
    lines += ["", "bench                     block  float pass ms   eval ms  in passes   evals/s  FakeQuant  outside ORT  switch us  graphs"]
    lines += ["  %-22s %6d  %13.2f  %8.2f  %9.2f  %8.1f  %8.0f%%  %10.1f%%  %9.1f  %s" % (
        n, b["block"], b["float_pass_ms"], b["evaluation_ms"], b["evaluation_r"], b["evaluations_per_s"], 100 * b["fakequant_share"],
        100 * b["outside_runtime"], b["switch_us"], b["graphs"]) for n, b in summary["bench"].items()]
for name in ("sanitizer-kernels", "sanitizer-search", "profile"):
    text = read(name + ".log")
    found = [line for line in text.splitlines() if "ERROR SUMMARY" in line or "Invalid" in line or "gpu__time" in line or "dram__" in line or "sm__thr" in line]
    if text:
        lines += ["", name] + ["  " + line.strip()[:160] for line in found[:16]]
with open(os.path.join(out, "summary.json"), "w", encoding="utf-8") as f:
    json.dump(named, f, indent=1)
with open(os.path.join(out, "summary.txt"), "w", encoding="utf-8") as f:
    f.write("\n".join(lines) + "\n")
