#!/bin/sh
# Give the Go module another path, everywhere it is named: scripts/module.sh example.com/you/demote
set -eu
cd "$(dirname "$0")/.."
new=${1:?usage: scripts/module.sh PATH}
old=$(sed -n 's/^module //p' go.mod)
case $new in
*[!A-Za-z0-9._~/-]*|/*|*/|'') echo "$new: not a module path: give one such as example.com/you/demote" >&2; exit 2 ;;
esac
case ${new%%/*} in
*.*) ;;
*) echo "$new: the first part of a module path has a dot, or no other module can import it" >&2; exit 2 ;;
esac
sed -i "s#^module .*#module $new#" go.mod
git ls-files -z '*.go' | xargs -0 sed -i "s#\"$old/#\"$new/#g"
sed -i "s#=$old/onnx/onnxpb#=$new/onnx/onnxpb#" scripts/generate.sh
sed -i "s#go doc $old/#go doc $new/#g" README.md docs/*.md
git ls-files '*.go' | xargs gofmt -w # imports are in order of their paths
go build ./...
echo "the module is $new now"
