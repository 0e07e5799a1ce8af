#!/bin/sh
# need.sh TOOL... : check that the tools are there before a target uses them. The first one missing is one line on standard
# error (what, why, what to do) and exit code 1. Only the shell's own commands are used, so this works on a bare machine.
set -u

say() {
    echo "make: $1" >&2
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# Go must be as new as go.mod asks for; with GOTOOLCHAIN=auto the go command fetches that toolchain by itself, and then
# `go env` speaks for it.
need_go() {
    have go || say "go is missing: install Go $1 or newer and put it on the PATH"
    version=$(go env GOVERSION 2>/dev/null) || version=""
    if [ -z "$version" ]; then
        version=$(cd / && go version 2>/dev/null) || version="a go command that does not run"
        say "Go $1 or newer is needed, but this is ${version}: install a newer Go, or let it fetch one with GOTOOLCHAIN=auto"
    fi
    number=${version#go}
    major=${number%%.*}
    minor=${number#*.}
    minor=${minor%%[!0-9]*}
    case $major in
    '' | *[!0-9]*) return ;; # a development build: let the compiler judge
    esac
    if [ "$major" -lt "${1%%.*}" ] || { [ "$major" -eq "${1%%.*}" ] && [ "${minor:-0}" -lt "${1#*.}" ]; }; then
        say "Go $1 or newer is needed, but this is $version: install a newer Go, or let it fetch one with GOTOOLCHAIN=auto"
    fi
}

# A C compiler that cgo can use, with the C library's headers.
need_cc() {
    [ "$(go env CGO_ENABLED 2>/dev/null)" != 0 ] ||
        say "cgo is switched off: install a C compiler (package gcc) and unset CGO_ENABLED"
    compiler=$(go env CC 2>/dev/null) || compiler=""
    compiler=${CC:-${compiler:-gcc}}
    have "${compiler%% *}" || say "the C compiler ${compiler%% *} is missing: install it (package gcc), or name another with CC="
    echo '#include <stdlib.h>' | $compiler -E - >/dev/null 2>&1 ||
        say "the C compiler $compiler finds no stdlib.h: install the C library's headers (package libc6-dev)"
}

for tool in "$@"; do
    case $tool in
    go) need_go 1.26 ;;
    cc) need_cc ;;
    pip | venv)
        have python3 || say "python3 is missing: install Python 3.8 or newer (package python3)"
        python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null || say "python3 is older than 3.8: install a newer Python 3"
        python3 -m pip --version >/dev/null 2>&1 ||
            say "python3 has no pip: install it (package python3-pip), or let DEMOTE_ORT name a libonnxruntime.so that you have"
        [ "$tool" = pip ] || python3 -c 'import ensurepip' 2>/dev/null ||
            say "python3 cannot make virtual environments: install what it lacks (package python3-venv)"
        ;;
    linux)
        # uname may be missing as well; then the kernel's own file tells.
        [ -e /proc/sys/kernel/ostype ] || [ "$(uname -s 2>/dev/null)" = Linux ] ||
            say "the pinned ONNX Runtime is for Linux only: let DEMOTE_ORT name a library of your system"
        ;;
    *) have "$tool" || say "$tool is missing: install it (package $tool)" ;;
    esac
done
