#!/bin/sh
# generate.sh TOOLS OUT : put onnx.proto and the Go code made from it into the folder OUT. `make protoc` filled TOOLS before.
set -eu

tools=$(cd "$1" && pwd)
out=$2
mkdir -p "$out"
cp "$tools/onnx/onnx.proto" "$out/onnx.proto"
# The path in the generated file is relative to the proto's folder, so that it is the same on every machine.
PATH="$tools:$PATH" PYTHONPATH="$tools/grpcio-tools" python3 -m grpc_tools.protoc \
    --proto_path="$out" --go_out="$out" --go_opt=paths=source_relative \
    --go_opt=Monnx.proto=example.org/demote/onnx/onnxpb onnx.proto
