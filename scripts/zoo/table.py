"""Write the table of docs/networks.md."""
import re

BEGIN, END = "<!-- begin zoo: made by make zoo, do not edit -->", "<!-- end zoo -->"
HEAD = ["network", "package", "task", "opset", "holders", "float, MACs", "int16 left", "exact session", "default session", "set-up", "whole, R", "memory, MiB", "verdict"]


def number(value):
    """Return a score as text."""
    return "%.5g" % value if isinstance(value, float) else "does not run"


def cells(row):
    """Return the cells of a network's line."""
    head = [row["name"], row["package"], row["task"], "%d" % row["opset"]]
    if "check" not in row:
        return head + [""] * 7 + ["%.0f" % (row["memory"] / 2**20), row["verdict"]]
    r, c = row["result"], row["check"]
    work, plain = r.get("float_work") or {}, c["r"] or float("nan")
    share = work.get("float_macs", 0) / work["macs"] if work.get("macs") else 0
    held = [h for h in r["holders"]]
    return head + ["%d" % len(held), "%.0f %%" % (100 * share), "%d" % sum(h["precision"] == "int16" for h in held),
                   "%s %s" % (c["metric"], number(c["exact_1"])), number(c.get("default_1")), "%.1f s, %.1f R" % (r["setup_seconds"], r["setup_seconds"] / plain),
                   "%.1f" % (row["seconds"] / plain), "%.0f" % (row["memory"] / 2**20), row["verdict"]]


def write(path, rows):
    """Put the table between its marks in a page."""
    with open(path, encoding="utf-8") as f:
        page = f.read()
    lines = ["| " + " | ".join(cells(row)) + " |" for row in rows]
    text = "\n".join([BEGIN, "| " + " | ".join(HEAD) + " |", "|" + " --- |" * len(HEAD)] + lines + [END])
    with open(path, "w", encoding="utf-8") as f:
        f.write(re.sub(re.escape(BEGIN) + ".*" + re.escape(END), lambda _: text, page, flags=re.S))
