"""Prints testdata/opset_history.txt: every operator of the standard domain up to opset 26, with the opsets after 13 that
changed it; "+18" is the opset that brought it. Run with the Python package onnx 1.23.2."""
import collections

import onnx

print("# made by opset_history.py from onnx", onnx.__version__)
versions = collections.defaultdict(set)
for schema in onnx.defs.get_all_schemas_with_history():
    if schema.domain == "":
        versions[schema.name].add((schema.since_version, schema.deprecated))
for name in sorted(versions):
    all_versions = sorted(versions[name])
    old = [v for v in all_versions if v[0] <= 13]
    if all_versions[0][0] > 26 or old and old[-1][1]:  # newer, or gone before 13
        continue
    line = [name]
    for version, _ in all_versions:
        if 13 < version <= 26:
            line.append(("+" if not old and version == all_versions[0][0] else "") + str(version))
    print(*line)
