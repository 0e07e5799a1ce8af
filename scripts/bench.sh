#!/bin/sh
# bench.sh : measure the example network and the test networks with bin/demote and print a Markdown page. Each block is one run;
# its ratios compare only within it (R is timed between its trials).
set -eu

fashion="--calib examples/fashion/calib.npz --data examples/fashion/eval.npz"

section() {
    title=$1
    shift
    printf '\n## %s\n\n    $ bin/demote bench --range minmax %s\n\n' "$title" "$*"
    bin/demote bench --range minmax "$@" | sed 's/^/    /'
}

cat <<END
# Benchmarks

Made by \`make bench\`; do not edit. **R** is one plain ONNX Runtime pass of the float network over the same samples by as many sessions of one thread as a
trial has workers, or by any other even split of the same cores that is faster, in batches of 20 to 200 of which the best counts; it is timed again and again
between the trials of the same run. **CPU-R** is the processor time of such a pass by one session of one thread, which other work on the machine troubles less.
A full evaluation is the score of one mask on all samples. "From the first score to the last" is the search alone; the whole command is what a user types, a
process of its own with set-up, search, checks, files and report. Figures are medians with the spread.

| | |
| --- | --- |
| program | $(bin/demote --version) |
| runtime | $(bin/demote devices | sed -n 's/^\(ONNX Runtime [0-9.]*\).*/\1/p') |
| processor | $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(bin/demote devices | sed -n 's/.*[^0-9]\([0-9][0-9]* cores\).*/\1/p' | head -n 1) |
END

# $fashion is a list of words.
# shellcheck disable=SC2086
{
    section "fashion-dscnn" --model examples/fashion/model.onnx $fashion --target 16bit-0.003 --against naive
    section "fashion-dscnn-uneven, power-of-two grids" --model testdata/fashion-dscnn-uneven/model.onnx $fashion --grid pow2 --target 0.9125 --against naive
    section "fashion-vit" --model testdata/fashion-vit/model.onnx $fashion --target 16bit-0.005
}

printf '\n## What a trial allocates\n\nGo benchmarks of the evaluator and the bridge; the last column is allocations on the Go side per operation.\n\n'
go test -run '^$' -bench 'Run$|FakeQuant|Codes|Candidate|Trial' -benchtime 0.3s -benchmem ./cgo ./backend/... ./search ./internal/trial |
    sed -n '/^Benchmark/s/^/    /p'
