#!/bin/sh
# pack.sh [--emulated] [FOLDER] : pack into FOLDER (bin/gpu-kit) all that a GPU machine without a network, Go or a compiler needs to try
# the CUDA path. Run it from the top of the project, by `make gpu-kit`. README.md beside it says more.
#
# --emulated packs the CPU's ONNX Runtime in place of the one for CUDA: no download, for on-gpu.sh --emulated only.
# Settings: KIT_LIMIT (MiB of a load with the project's own files, 60), KIT_SM (compute capability, 90), KIT_CUDA (13 or 12), KIT_NVIDIA=1
# (pack NVIDIA's libraries, too; one load then, of any size), KIT_DROP (kernels to leave out, a pattern; empty: none; unset: none, or $drop
# where the kit would not fit into one load).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
emulated=
[ "${1:-}" = --emulated ] && { emulated=1; shift; }
kit=${1:-bin/gpu-kit}
limit=${KIT_LIMIT:-60}
sm=${KIT_SM:-90}
cuda=${KIT_CUDA:-13}
# Attention in half precision, mixtures of experts and their products: contrib operators, three quarters of the machine code.
drop='^(?!.*AttentionKernel).*(5flash|9fused_moe|MoeFC|7cutlass|3llm7kernels|_moe_|Moe)|EmptyKernel'
say() { echo "gpu-kit: $*"; }
end() { echo "gpu-kit: $*" >&2; exit 1; }

[ -e go.mod ] && [ -e cuda.mk ] || end "go.mod is not here: run it from the top of the project, or type make gpu-kit"
[ "$(uname -sm)" = "Linux x86_64" ] || end "the CUDA path is for Linux on x86-64: pack on such a machine"
[ -e "cuda/setup/onnxruntime$cuda.txt" ] || end "KIT_CUDA=$cuda is not known: take 13 or 12"
case $limit in '' | *[!0-9]*) end "KIT_LIMIT=$limit is not a number of MiB: take 60" ;; esac
case $sm in '' | *[!0-9]*) end "KIT_SM=$sm is not a compute capability without its point: take 90 for 9.0" ;; esac
sh scripts/need.sh go cc pip xz
build=$kit/build
capi=$build/onnxruntime/onnxruntime/capi # as setup-cuda lays it out, so that nvidia/ beside it is found
rm -rf "$kit"
mkdir -p "$build/bin" "$capi"

# ---- the programs and the tests, compiled
module=$(sed -n 's/^module //p' go.mod)
version=$(git describe --tags --always --dirty 2>/dev/null || echo unversioned)
make --no-print-directory kit-programs KIT_BIN="$build/bin"
CGO_CFLAGS='' CGO_LDFLAGS='' go build -ldflags "-s -w" -o "$build/bin/test2json" cmd/test2json

# ---- ONNX Runtime, its CUDA provider with the GPU code of one architecture
if [ -n "$emulated" ]; then
    ort="onnxruntime of the CPU"
    cp -L .ort/libonnxruntime.so "$capi/$(basename "$(readlink -f .ort/libonnxruntime.so)")"
else
    ort=$(sed -n 's/^\(onnxruntime-gpu\)==\([0-9.]*\) .*/\1 \2/p' "cuda/setup/onnxruntime$cuda.txt")
    store=.ort-gpu
    [ "$cuda" = 12 ] || store=.ort-gpu$cuda
    python3 cuda/setup/wheels.py "cuda/setup/onnxruntime$cuda.txt" "$store/onnxruntime"
    from=$store/onnxruntime/onnxruntime/capi
    cp "$from"/libonnxruntime.so.* "$from/libonnxruntime_providers_shared.so" "$capi/"
    if [ -n "${KIT_NVIDIA:-}" ]; then
        python3 cuda/setup/wheels.py "cuda/setup/nvidia$cuda.txt" "$store/nvidia"
        cp -rl "$store/nvidia" "$build/" 2>/dev/null || { rm -rf "$build/nvidia" && cp -r "$store/nvidia" "$build/"; }
    fi
fi

# strip_provider DROP: the provider with the machine code of one architecture, without the kernels that DROP matches.
strip_provider() {
    if [ -n "$emulated" ]; then
        :
    elif [ -n "$1" ]; then # the names of kernels are compressed
        tools=python3
        python3 -c 'import zstandard, lz4.block' 2>/dev/null || {
            tools=.venv-gpu-kit/bin/python
            [ -e $tools ] || python3 -m venv .venv-gpu-kit
            $tools -m pip install --quiet --disable-pip-version-check zstandard lz4
        }
        $tools "$here/fatbin.py" strip --sm "$sm" --drop "$1" --names "$kit/kernels.txt" "$from/libonnxruntime_providers_cuda.so" "$capi/libonnxruntime_providers_cuda.so"
    else
        python3 "$here/fatbin.py" strip --sm "$sm" "$from/libonnxruntime_providers_cuda.so" "$capi/libonnxruntime_providers_cuda.so"
    fi
    { echo "$module $version"; echo "$ort, CUDA $cuda, sm_$sm"; echo "dropped ${1:-nothing}"; date -u +"packed %Y-%m-%dT%H:%M:%SZ"; } >"$build/VERSION"
}

# ---- one archive, cut into loads
tree=$(git ls-files -co --exclude-standard -z | xargs -0 -r du -cb --apparent-size 2>/dev/null | awk '$2=="total"{n+=$1} END{print n+0}')
room=$((limit * 1048576 - tree - 1048576)) # one MiB for what the transfer adds
[ -z "${KIT_NVIDIA:-}" ] || room=$((1 << 40))
[ "$room" -gt 4194304 ] || end "the project alone nearly fills a load of $limit MiB: raise KIT_LIMIT"
cp "$here/summary.py" "$here/resnet.py" "$build/"

# pack_stream: how the archive is compressed. Programs that share code lie side by side; a window of 96 MiB sees across them, for which
# packing takes 1.1 GB of memory and unpacking 0.1. With NVIDIA's libraries, 2 GB whose megabytes nobody counts, the fast gzip that every
# machine can unpack: under a minute of a core, where xz takes most of an hour.
pack_stream() {
    if [ -n "${KIT_NVIDIA:-}" ]; then
        gzip -1
    else
        xz -T1 --lzma2="preset=${KIT_PRESET:-6},dict=96MiB"
    fi
}

# compress: the archive, its size and into how many loads it goes.
compress() {
    say "compressing"
    (cd "$build" && find . -type f ! -name FILES | LC_ALL=C sort | sed 's|^\./||' | xargs -d '\n' sha256sum >FILES)
    (cd "$build" && tar --sort=name --owner=0 --group=0 -cf - *) | pack_stream >"$kit/kit.tar"
    size=$(wc -c <"$kit/kit.tar")
    parts=$(((size + room - 1) / room))
}
strip_provider "${KIT_DROP-}"
compress
if [ $parts -gt 1 ] && [ -z "${KIT_DROP+set}" ]; then
    say "$size bytes are more than one load: once more, without kernels that no network here needs"
    strip_provider "$drop"
    compress
fi
split -d -a 1 -b "$(((size + parts - 1) / parts))" "$kit/kit.tar" "$kit/part-"
sum=$(sha256sum "$kit/kit.tar" | cut -d' ' -f1)
i=0
for f in "$kit"/part-?; do
    i=$((i + 1))
    mkdir -p "$kit/load-$i"
    mv "$f" "$kit/load-$i/"
    echo "$parts" >"$kit/load-$i/parts"
    echo "$sum" >"$kit/load-$i/sum"
    cp "$here/on-gpu.sh" "$kit/load-$i/"
done
(cd "$build" && du -b bin/* onnxruntime/onnxruntime/capi/* | sed 's/^/gpu-kit:   /')
rm -rf "$kit/kit.tar" "$build"
bound="of at most $limit MiB"
[ -z "${KIT_NVIDIA:-}" ] || bound="of any size"
say "the project has $((tree / 1048576)) MiB, the kit $((size / 1048576)) MiB ($size bytes): $parts load(s) $bound"
say "carry the project and $kit/load-1, and type on the GPU machine, at the project's top:  bash $kit/load-1/on-gpu.sh"
