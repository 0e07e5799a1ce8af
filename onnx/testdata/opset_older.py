"""Prints testdata/opset_older.txt: every operator of the standard domain that opsets 8 to 13 brought, changed or took away, with
those opsets; "-10" is the opset from which on it is gone. Run with the Python package onnx 1.20.0."""
import collections

import onnx

print("# made by opset_older.py from onnx", onnx.__version__)
versions = collections.defaultdict(set)
for schema in onnx.defs.get_all_schemas_with_history():
    if schema.domain == "":
        versions[schema.name].add((schema.since_version, schema.deprecated))
for name in sorted(versions):
    line = [("-" if gone else "") + str(version) for version, gone in sorted(versions[name]) if 8 <= version <= 13]
    if line:
        print(name, *line)
