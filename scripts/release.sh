#!/bin/sh
# release.sh PROGRAM ARCH VERSION FOLDER: pack the program, ONNX Runtime beside it, the module for metrics, the manual page, the licences
# of all that is in it and its bill of materials (CycloneDX) into FOLDER/demote-VERSION-linux-ARCH.tar.gz, and its sum into SHA256SUMS.
set -eu
program=$1 arch=$2 name=demote-$3-linux-$2 to=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
top=$work/$name
mkdir -p "$top/man1" "$to"
cp "$program" "$top/demote"
cp python/demote_metric.py README.md "$top/"
cp -r docs deploy "$top/"
python3 scripts/fetch_wheel.py --package onnxruntime --version "$ORT_VERSION" --arch "$arch" --sha256 "$ORT_SHA256" --to "$top/onnxruntime" \
    "onnxruntime/capi/libonnxruntime.so.$ORT_VERSION" onnxruntime/LICENSE onnxruntime/ThirdPartyNotices.txt
rm "$top/onnxruntime/wheel.sha256"
mv "$top/onnxruntime/libonnxruntime.so.$ORT_VERSION" "$top/libonnxruntime.so"
python3 scripts/licences.py "$top/licences"
mv "$top/onnxruntime" "$top/licences/onnxruntime"
bin/demote man >"$top/man1/demote.1"
go run "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$CYCLONEDX_VERSION" bin -json -output "$top/sbom.cdx.json" "$program" 2>"$work/log" || {
    cat "$work/log" >&2
    exit 1
}
python3 - "$top/sbom.cdx.json" "$ORT_VERSION" "$ORT_SHA256" <<'EOF'
import json, sys
path, version, sha256 = sys.argv[1:]
with open(path, encoding="utf-8") as f:
    bill = json.load(f)
bill["components"].append({"type": "library", "name": "onnxruntime", "version": version, "purl": "pkg:pypi/onnxruntime@" + version,
                           "description": "libonnxruntime.so of this wheel", "hashes": [{"alg": "SHA-256", "content": sha256}], "licenses": [{"license": {"id": "MIT"}}]})
with open(path, "w", encoding="utf-8") as f:
    json.dump(bill, f, indent=1)
EOF
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner -czf "$to/$name.tar.gz" "$name"
(cd "$to" && sha256sum "$name.tar.gz" >SHA256SUMS)
echo "release: $to/$name.tar.gz, $(du -h "$to/$name.tar.gz" | cut -f1)B"
