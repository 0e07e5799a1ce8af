# Every pinned version of the build, and nothing else. Go modules are pinned in go.mod and tools/go.mod.

# ONNX Runtime: the one that `make setup` brings, and the ones that `make test-runtimes` tests with.
ORT_VERSION := 1.26.0
ORT_RUNTIMES := 1.24.4 1.26.0 1.32.0

# sha256 of the wheel of Python tag cp311 by version and machine; the library inside does not depend on Python.
ORT_SHA256_1.24.4_x86_64 := e54ad52e61d2d4618dcff8fa1480ac66b24ee2eab73331322db1049f11ccf330
ORT_SHA256_1.24.4_aarch64 := 046ff290045a387676941a02a8ae5c3ebec6b4f551ae228711968c4a69d8f6b7
ORT_SHA256_1.26.0_x86_64 := 11a8df4dcfe9ad5ff0bd71a7571dbed019fabc7594676c89fe8b86ea029c246f
ORT_SHA256_1.26.0_aarch64 := 35c7c7b0ac2e02001d28fab6c9fc24e9abc5e6faa35e6e19c63cecf1406ba89f
ORT_SHA256_1.32.0_x86_64 := 5a34fc4dfeb5a7b4a74c95dcba1e773d722abda720b474edf1b0c419dc6d163d
ORT_SHA256_1.32.0_aarch64 := 2303372a85299b6757b0e11e1cbf13e410ddf7e10c37f4b37e99d1c90e7daf7c

# onnx.proto lies in the Python package onnx (the x86_64 wheel serves every machine), protoc in grpcio-tools.
# protoc-gen-go comes from the module google.golang.org/protobuf at the version of go.mod.
ONNX_VERSION := 1.20.0
ONNX_SHA256 := 71177f8fd5c0dd90697bc281f5035f73707bdac83257a5c54d74403a1100ace9
GRPCIO_TOOLS_VERSION := 1.85.1

# The wheel: the next release, the C library that it needs, and what it is built and packed with.
NEXT_VERSION := 0.1.0
WHEEL_GLIBC := 2.28
ZIGLANG_VERSION := 0.17.1
WHEEL_TOOL_VERSION := 0.45.1
# What writes the bill of materials of a release.
CYCLONEDX_VERSION := v1.10.0
# numpy, for the tests of metric servers.
NUMPY_VERSION := 2.2.6
