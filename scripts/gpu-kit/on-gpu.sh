#!/bin/bash
# on-gpu.sh [--emulated] [STEP...] : unpack the kit on a GPU machine and ask the GPU all that only it can answer. Run it from the
# project's top. Results: $OUT (gpu-out), five files: summary.txt, summary.json, gpu-report.txt, gpu-report.json, logs.tar.gz. Exit code 1: a
# step failed.
#
# STEPs (all, in this order): kernels provider demo check bench sanitizer large profile. A step that fails or runs into its time limit does not
# end the others. --emulated runs the same steps on the project's emulated device (bin/emu, made by `make emu`) with few samples:
# `make gpu-kit-emulated`.
# KIT_SECONDS (500) is the time for all of it: a step that does not fit any more is left out, and another call may name it. KIT_HOME (/tmp/gpu-kit) is where the kit is unpacked; a kit of several loads is put together there, a call a load.
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(pwd)
home=${KIT_HOME:-/tmp/gpu-kit}
out=${OUT:-$root/gpu-out}
emulated=
[ "${1:-}" = --emulated ] && { emulated=1; shift; }
steps=${*:-kernels provider demo check bench sanitizer large profile}
began=$(date +%s)
budget=${KIT_SECONDS:-500}
say() { echo "[$(($(date +%s) - began)) s] $*"; }
[ -e examples/fashion/model.onnx ] || { echo "on-gpu: examples/fashion is not here: run it from the project's top" >&2; exit 1; }
mkdir -p "$home" "$out" || exit 1

# ---- unpack
if [ -e "$here/parts" ] && [ "$(cat "$home/unpacked" 2>/dev/null)" != "$(cat "$here/sum")" ]; then
    [ "$(cat "$home/sum" 2>/dev/null)" = "$(cat "$here/sum")" ] || { rm -rf "$home"; mkdir -p "$home"; cp "$here/sum" "$home/"; }
    cp "$here"/part-* "$home/"
    there=$(ls "$home"/part-* | wc -l)
    if [ "$there" -lt "$(cat "$here/parts")" ]; then
        echo "on-gpu: $there of $(cat "$here/parts") loads are here: carry the next one and run its on-gpu.sh" | tee "$out/summary.txt"
        exit 0
    fi
    cat "$home"/part-* >"$home/kit.tar"
    [ "$(sha256sum <"$home/kit.tar" | cut -d' ' -f1)" = "$(cat "$here/sum")" ] ||
        { echo "on-gpu: the kit is damaged: carry all its loads again" >&2; exit 1; }
    # The archive is of xz, or of gzip with NVIDIA's libraries. xz may not be there; python3 brings its own.
    { command -v xz >/dev/null && tar -C "$home" -xf "$home/kit.tar"; } || python3 -c 'import sys, tarfile
with tarfile.open(sys.argv[1]) as t:
    t.extractall(sys.argv[2])' "$home/kit.tar" "$home" || exit 1
    (cd "$home" && sha256sum --quiet -c FILES) || { echo "on-gpu: files of the kit are missing: is there room in $home?" >&2; exit 1; }
    rm -f "$home"/part-* "$home/kit.tar"
    cp "$here/sum" "$home/unpacked"
fi
logs=$home/logs
rm -rf "$logs"
mkdir -p "$logs"
bin=$home/bin
say "unpacked: $(tr '\n' ';' <"$home/VERSION")"

# ---- libraries
export DEMOTE_ORT
capi=$home/onnxruntime/onnxruntime/capi
DEMOTE_ORT=$(ls "$capi"/libonnxruntime.so.* | head -n 1)
cuda=$(sed -n 's/.*CUDA \([0-9]*\),.*/\1/p' "$home/VERSION")
export CUDA_MODULE_LOADING=LAZY PYTHONUNBUFFERED=1
limit= small=
if [ -n "$emulated" ]; then
    export DEMOTE_EMU=shared=1 LD_LIBRARY_PATH=$root/bin/emu
    limit="--limit 40" small="--limit 40"
    [ -e bin/emu/libcuda.so.1 ] || { echo "on-gpu: run make emu" >&2; exit 1; }
else
    # NVIDIA's libraries as the kit, pip or a toolkit has put them; each folder once.
    folders=$(python3 - "$cuda" "$home" <<'END'
import glob, os, site, sys
v = int(sys.argv[1])
wanted = ["libcudart.so.%d" % v, "libcublasLt.so.%d" % v, "libcublas.so.%d" % v, "libcufft.so.%d" % (v - 1), "libcurand.so.10", "libnvrtc.so.%d" % v,
          "libnvJitLink.so.%d" % v, "libcudnn.so.9"]
roots = [p for p in sys.path if p.endswith(("site-packages", "dist-packages"))] + site.getsitepackages()
places = glob.glob(os.path.join(sys.argv[2], "nvidia", "nvidia", "*", "lib")) + [d for r in roots for d in glob.glob(os.path.join(r, "nvidia", "*", "lib"))] + glob.glob("/usr/local/cuda*/lib64") + \
    glob.glob("/usr/local/cuda*/targets/x86_64-linux/lib") + ["/usr/lib/x86_64-linux-gnu"]
found = []
for name in wanted:
    at = next((d for d in places if os.path.exists(os.path.join(d, name))), None)
    print(name, "->", at or "NOT FOUND", file=sys.stderr)
    if at and at not in found and at != "/usr/lib/x86_64-linux-gnu":
        found.append(at)
print(":".join(found))
END
    ) 2>"$logs/libraries.log"
    cat "$logs/libraries.log"
    export LD_LIBRARY_PATH=$folders${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    ldconfig -p 2>/dev/null | grep -q 'libcuda\.so\.1' || LD_LIBRARY_PATH=$LD_LIBRARY_PATH:/usr/local/nvidia/lib64:/usr/local/nvidia/lib
    { nvidia-smi; nvcc --version; uname -a; nproc; } >"$logs/machine.log" 2>&1
    ldd "$capi/libonnxruntime_providers_cuda.so" >"$logs/ldd.log" 2>&1
    nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.sm,clocks.mem,power.limit --format=csv,noheader 2>&1
    grep 'not found' "$logs/ldd.log" && say "the provider misses libraries: the steps after kernels will fail"
fi

# ---- one step after another
# summarize leaves the results as they are by now, so that a machine that goes away leaves what it has told.
summarize() {
    python3 "$home/summary.py" "$logs" "$out" >/dev/null 2>"$logs/summary.err"
    tar -C "$logs" -czf "$out/logs.tar.gz" . 2>/dev/null
}
# part NAME SECONDS COMMAND... : output to NAME.log, exit code and time to steps.tsv
part() {
    local name=$1 most=$2 from code left
    shift 2
    left=$((budget - $(date +%s) + began))
    if [ $left -lt 8 ]; then
        printf '%s\t%d\t%.1f\t%s\n' "$name" 125 0 "$most" >>"$logs/steps.tsv"
        say "$name: left out, the time is up"
        return 125
    fi
    [ "$most" -le $left ] || most=$left
    from=$(date +%s.%N)
    timeout -k 5 "$most" "$@" >"$logs/$name.log" 2>&1
    code=$?
    printf '%s\t%d\t%.1f\t%s\n' "$name" "$code" "$(echo "$(date +%s.%N) $from" | awk '{print $1-$2}')" "$most" >>"$logs/steps.tsv"
    say "$name: exit code $code"
    [ $code -eq 0 ] || tail -n 4 "$logs/$name.log" | cut -c1-400 | sed 's/^/    /'
    summarize
    return $code
}
# A compiled test in its room's folder, and what it prints as go test -json would.
tests_of() { # NAME SECONDS ROOM ARGUMENTS...
    local name=$1 most=$2 room=$3
    shift 3
    part "$name" "$most" sh -c 'cd "$1" && shift && exec "$@"' - "$room" "$bin/$room.test" -test.v=test2json -test.timeout="${most}s" "$@"
    [ ! -e "$logs/$name.log" ] || "$bin/test2json" -p "demote/$room" <"$logs/$name.log" >>"$logs/tests.json" 2>/dev/null
}
example="--model examples/fashion/model.onnx --calib examples/fashion/calib.npz --data examples/fashion/eval.npz"
wanted() { case " $steps " in *" $1 "*) return 0 ;; esac; return 1; }

cpu=
if wanted demo; then # the CPU's answer, meanwhile
    (timeout 200 "$bin/demote-cuda" search --device cpu $example --target 16bit-0.003 --strategy demotion --out "$home/demo-cpu" --force $limit \
        >"$logs/demo-cpu.log" 2>&1; echo $? >"$logs/demo-cpu.code") &
    cpu=$!
fi
if wanted kernels; then
    stride=61
    [ -n "$emulated" ] && stride=400009
    part devices 60 "$bin/demote-cuda" devices --ort "$DEMOTE_ORT"
    cat "$logs/devices.log" 2>/dev/null
    part kernels-bits 90 "$bin/gpucheck" -stride $stride -out "$logs"
    tests_of kernels-tests 90 cuda -test.skip '^(TestEmulated|TestGPU|TestPreload)' # those of the last want a C compiler
fi
if wanted provider && [ -z "$emulated" ]; then
    tests_of provider 120 cuda -test.run '^TestGPU'
fi
if wanted demo; then
    part demo-gpu 150 "$bin/demote-cuda" search --device cuda:0 $example --target 16bit-0.003 --strategy demotion --out "$home/demo-gpu" --force $limit
    grep -h 'device\|graphs\|memory of' "$logs/demo-gpu.log" | head -n 5
    wait $cpu
    part demo-verify 60 "$bin/demote-cuda" verify "$home/demo-gpu"
    cp "$home/demo-gpu/result.json" "$logs/demo-gpu.json" 2>/dev/null
    cp "$home/demo-cpu/result.json" "$logs/demo-cpu.json" 2>/dev/null
    summarize
fi
bench() { # NAME SECONDS PROGRAM ARGUMENTS...
    local name=$1 most=$2 program=$3
    shift 3
    part "bench-$name" "$most" sh -c 'to=$1; shift; exec "$@" >"$to"' - "$logs/bench-$name.json" "$bin/$program" bench --json --device cuda:0 "$@"
}
if wanted check; then
    tests_of run-tests 150 run -test.run '^TestGPU'
    bench example 90 demote-cuda $example --target 16bit-0.003 $limit
    part gpu-report 60 "$bin/gpucheck" -stride ${stride:-400009} -tests "$logs/tests.json" -bench "$logs/bench-example.json" -out "$logs"
    cp "$logs/gpu-report.txt" "$logs/gpu-report.json" "$out/" 2>/dev/null
fi
if wanted bench; then
    bench example-nographs 60 demote-nographs $example $small
    vit="--model testdata/fashion-vit/model.onnx --calib examples/fashion/calib.npz --data examples/fashion/eval.npz"
    bench vit 60 demote-cuda $vit $small
    bench vit-nographs 60 demote-nographs $vit $small
    if [ -z "$emulated" ]; then
        for block in 64 1000 2000; do bench "example-block$block" 40 demote-cuda $example --block $block; done
    fi
fi
if wanted sanitizer && [ -z "$emulated" ]; then
    tool=$(command -v compute-sanitizer || ls /usr/local/cuda*/bin/compute-sanitizer 2>/dev/null | head -n 1)
    if [ -n "$tool" ]; then
        part sanitizer-kernels 60 "$tool" --error-exitcode 9 --print-limit 20 "$bin/gpucheck" -stride 40000003 -out "$home"
        part sanitizer-search 100 "$tool" --error-exitcode 9 --print-limit 20 "$bin/demote-cuda" search --device cuda:0 $example --limit 16 \
            --target 16bit-0.1 --strategy gallop --out "$home/demo-memcheck" --force
    else
        say "there is no compute-sanitizer"
    fi
fi
if wanted large && [ -z "$emulated" ]; then
    part large-export 90 python3 "$home/resnet.py" "$home/resnet50" 1000
    large="--model $home/resnet50/model.onnx --calib $home/resnet50/calib.npz --data $home/resnet50/eval.npz"
    bench resnet50 120 demote-cuda $large
    bench resnet50-nographs 90 demote-nographs $large
fi
if wanted profile && [ -z "$emulated" ]; then
    tool=$(command -v ncu || ls /opt/nvidia/nsight-compute/*/ncu 2>/dev/null | tail -n 1)
    [ -n "$tool" ] && part profile 60 "$tool" --clock-control none -k fake_quant --launch-skip 200 -c 4 --metrics \
        gpu__time_duration.sum,dram__throughput.avg.pct_of_peak_sustained_elapsed,sm__throughput.avg.pct_of_peak_sustained_elapsed,launch__registers_per_thread \
        "$bin/gpucheck" -stride 40000003 -out "$home"
fi
summarize
cat "$out/summary.txt"
failed=$(awk -F'\t' '$2 != 0 && $2 != 125 {n++} END {print n+0}' "$logs/steps.tsv" 2>/dev/null)
say "done, ${failed:-no} step(s) failed"
[ "${failed:-1}" = 0 ]
