#!/bin/sh
# bench.sh : measure the example network and the test networks with bin/demote and print a Markdown page. Each block is one run;
# its ratios compare only within it (R is timed in the same run).
set -eu

fashion="--calib examples/fashion/calib.npz --data examples/fashion/eval.npz"

section() {
    title=$1
    shift
    printf '\n## %s\n\n    $ bin/demote bench %s\n\n' "$title" "$*"
    bin/demote bench "$@" | sed 's/^/    /'
}

cat <<END
# Benchmarks

Made by \`make bench\`; do not edit. **R** is one plain ONNX Runtime pass of the float network over the same samples, with its best of 1 or 2 threads and
batches of 20 to 200, timed in the same run. A trial is the score of one mask, in full, on all samples. Figures are medians with the spread.

| | |
| --- | --- |
| program | $(bin/demote --version) |
| runtime | $(bin/demote devices | sed -n 's/^\(ONNX Runtime [0-9.]*\).*/\1/p') |
| processor | $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(getconf _NPROCESSORS_ONLN) cores |
END

# $fashion is a list of words.
# shellcheck disable=SC2086
{
    section "fashion-dscnn" --model examples/fashion/model.onnx $fashion --target 16bit-0.003 --against naive
    section "fashion-dscnn-uneven, power-of-two grids" --model testdata/fashion-dscnn-uneven/model.onnx $fashion --grid pow2 --target 0.9125 --against naive
    section "fashion-vit" --model testdata/fashion-vit/model.onnx $fashion --target 16bit-0.005
}

printf '\n## What a trial allocates\n\nGo benchmarks of the evaluator and the bridge; the last column is allocations on the Go side per operation.\n\n'
go test -run '^$' -bench 'Run$|FakeQuant|Codes|Candidate|Trial' -benchtime 0.3s -benchmem ./cgo ./backend/... ./search ./run |
    sed -n '/^Benchmark/s/^/    /p'
