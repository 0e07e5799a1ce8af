"""Write a finished search down for replays that need no network: search/searchtest reads it.

    demote search ... --strategy demotion --scan naive --range minmax --out RUN
    python3 scripts/record_search.py RUN search/testdata/uneven-trace.json

The journal of a naive search has the outcome of every sample under every mask that it has scored.
"""

import json
import os
import sqlite3
import sys


def main(run, out):
    with open(os.path.join(run, "result.json"), encoding="utf-8") as f:
        result = json.load(f)
    samples = result["samples"]
    evaluations = []
    correct = {}
    with sqlite3.connect(os.path.join(run, "journal.db")) as db:
        rows = db.execute("SELECT mask, count, outcomes FROM scores WHERE total IS NOT NULL ORDER BY mask")
        for mask, count, outcomes in rows:
            bits = int.from_bytes(bytes(int(f"{b:08b}"[::-1], 2) for b in outcomes), "big")
            evaluations.append({"mask": mask, "correct": count, "bits": f"{bits:0{2 * len(outcomes)}x}"})
            correct[mask] = count
    holders = [h["name"] for h in result["holders"]]
    mask = ["0"] * len(holders)
    chain = []
    for step in result["chain"]:
        name = step["holders"][0] if "holders" in step else step["holder"]
        mask[holders.index(name)] = "1"
        text = "".join(mask)
        chain.append({"index": holders.index(name), "correct_of_mask_after": correct[text], "mask_after": text})
    final = "".join("0" if name in result["promotion"] else "1" for name in holders)
    record = {
        "target": result["target"]["value"],
        "samples": samples,
        "multiplier": result["config"]["multiplier"],
        "shuffle_seed": result["config"]["seed"],
        "evaluations": evaluations,
        "holders_8bit": [{"name": name} for name in holders],
        "chain": chain,
        "promotion_list": result["promotion"],
        "final": {"mask": final, "correct": correct[final]},
    }
    with open(out, "w", encoding="utf-8") as f:
        json.dump(record, f)
        f.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
