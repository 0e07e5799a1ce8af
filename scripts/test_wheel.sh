#!/bin/sh
# test_wheel.sh FOLDER: install the wheel of FOLDER with pip into a new virtual environment, as somebody would who has neither Go nor a C
# compiler, search the example network with it, and verify what it wrote.
set -eu
dist=$(cd "$1" && pwd)
examples=$(cd "$(dirname "$0")/../examples/fashion" && pwd)
folder=$(mktemp -d)
before=$PATH
trap 'PATH=$before; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
cd "$folder"
unset DEMOTE_ORT
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --find-links "$dist" --no-index --no-deps demote
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --find-links "$dist" demote
mkdir "$folder/shell" && ln -s /bin/sh "$folder/shell/sh" # which starts metric servers
PATH=$folder/venv/bin:$folder/shell
for tool in go gcc cc make; do
    if command -v $tool; then echo "test_wheel: $tool is on the path" >&2; exit 1; fi
done
demote version
demote devices
demote search --model "$examples/model.onnx" --calib "$examples/calib.npz" --data "$examples/eval.npz" --limit 300 --target 16bit-0.01 --out out
demote verify out
python - "$examples" <<'EOF'
import sys

import demote
import numpy

folder = sys.argv[1] + "/"
right = demote.hits(lambda outputs, labels: outputs.argmax(1) == labels)
samples = numpy.load(folder + "eval.npz")
found = demote.search(folder + "model.onnx", numpy.load(folder + "calib.npz")["x"], (samples["x"][:300], samples["y"][:300]), "16bit-0.01",
                      metric=right)
assert demote.verify(found, metric=right)["identical"]
print(found.summary())
EOF
echo "test_wheel: installed by pip, searched and verified"
