#!/bin/sh
# The first screen of the report of the example's search, 1440 pixels wide and light, as docs/report.png. The run folder
# PICTURE_RUN is searched for if it is not there yet.
set -eu

run=${PICTURE_RUN:-.tools/picture-run}
browser=
for b in chromium chromium-browser google-chrome headless-shell chrome; do
    browser=${browser:-$(command -v $b || true)}
done
if [ -z "$browser" ]; then
    echo "report_picture.sh: no Chromium: install the package chromium" >&2
    exit 1
fi
if [ ! -e "$run/result.json" ]; then
    bin/demote search --model examples/fashion/model.onnx --calib examples/fashion/calib.npz \
        --data examples/fashion/eval.npz --target 16bit-0.003 --strategy demotion --out "$run"
fi
page=$(bin/demote report "$run")
"$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --blink-settings=preferredColorScheme=1 \
    --window-size=1440,900 --screenshot=docs/report.png "file://$(realpath "$page")" 2>/dev/null
size=$(wc -c < docs/report.png)
if [ "$size" -ge 200000 ]; then
    echo "report_picture.sh: docs/report.png has $size bytes, and 200,000 are the most" >&2
    exit 1
fi
echo "report_picture.sh: docs/report.png is written, $size bytes"
