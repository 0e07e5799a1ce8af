#!/bin/sh
# The demo: search the example network and say what to look at. The folder DEMO_OUT is the demo's own and starts empty.
set -eu

out=${DEMO_OUT:-demo-out}
rm -rf "$out"
set -- bin/demote search --model examples/fashion/model.onnx --calib examples/fashion/calib.npz \
    --data examples/fashion/eval.npz --target 16bit-0.003 --strategy demotion --out "$out"
echo "\$ $*"
"$@"
cat <<END

The report is $out/report.html: open it in a browser. Beside it in $out/:
  mixed.onnx      the network that was searched, to run anywhere ONNX Runtime runs
  promotion.txt   the tensors that stay at int16, one a line
  result.json     everything: holders, scores, chain, versions, checksums
  curve.csv       the score after every step
To score the exported file again: bin/demote eval $out/mixed.onnx --data examples/fashion/eval.npz
END
