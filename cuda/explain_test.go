//go:build cuda

package cuda_test

import (
	"errors"
	"strings"
	"testing"

	"example.org/demote/cuda"
)

// The texts are ONNX Runtime's own, with the folders shortened.
func TestExplain(t *testing.T) {
	const open = "cannot open shared object file: No such file or directory"
	for _, c := range []struct {
		name, text, want string
		kind             error
	}{
		{"CPU wheel", "CUDA execution provider is not enabled in this build. ", "has no CUDA provider: run `make setup-cuda`", cuda.ErrRuntime},
		{"core library alone", "Failed to load library ./libonnxruntime_providers_shared.so with error: ./libonnxruntime_providers_shared.so: " + open,
			"libonnxruntime_providers_shared.so does not lie beside", cuda.ErrRuntime},
		{"no CUDA", "Failed to load library ./libonnxruntime_providers_cuda.so with error: libcublasLt.so.12: " + open,
			"the CUDA 12 library libcublasLt.so.12 is missing: run `make setup-cuda`, type pip install \"nvidia-cublas-cu12\"", cuda.ErrRuntime},
		{"CUDA 13 build", "Failed to load library ./libonnxruntime_providers_cuda.so with error: libcublasLt.so.13: " + open,
			"the CUDA 13 library libcublasLt.so.13 is missing: run `make setup-cuda`, type pip install \"nvidia-cublas==13.*\", or let LD_LIBRARY_PATH name its folder", cuda.ErrRuntime},
		{"cuFFT of CUDA 13", "libcufft.so.12: " + open, "the CUDA 13 library libcufft.so.12 is missing", cuda.ErrRuntime},
		{"a library of both", "libcurand.so.10: " + open, "the CUDA library libcurand.so.10 is missing: run `make setup-cuda`", cuda.ErrRuntime},
		{"no cuDNN", "Failed to load library ./libonnxruntime_providers_cuda.so with error: libcudnn.so.9: " + open, "cuDNN 9 is missing (libcudnn.so.9)", cuda.ErrRuntime},
		{"no driver", "Failed to load library ./libonnxruntime_providers_cuda.so with error: libcuda.so.1: " + open, "the NVIDIA driver is missing", cuda.ErrDriver},
		{"cuDNN at run time", "Non-zero status code returned while running Conv node. cuDNN is unavailable or disabled for CUDA Execution Provider: " +
			"dlopen failed for libcudnn.so", "cuDNN 9 is missing, which convolutions need", cuda.ErrRuntime},
		{"old driver", `Failed to parse provider option "device_id": CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=-1`,
			"no NVIDIA driver, or it is too old", cuda.ErrDriver},
		{"a driver that lacks a call", `Failed to parse provider option "device_id": CUDA failure 36: API call is not supported in the installed CUDA driver ; GPU=-1`,
			"the NVIDIA driver is too old for these CUDA libraries: install 580", cuda.ErrDriver},
		{"no GPU", "CUDA failure 100: no CUDA-capable device is detected ; GPU=-1", "finds no GPU", cuda.ErrNoDevice},
		{"MIG without a slice", "CUDA failure 100: no CUDA-capable device is detected ; GPU=-1", "a GPU with MIG on needs a slice", cuda.ErrNoDevice},
		{"exclusive mode", "CUDA failure 46: all CUDA-capable devices are busy or unavailable ; GPU=0", "nvidia-smi -c DEFAULT", cuda.ErrNoDevice},
		{"second GPU missing", "CUDA failure 101: invalid device ordinal ; GPU=0", "no GPU of that number", cuda.ErrNoDevice},
		{"memory", "CUDA failure 2: out of memory ; GPU=0", "memory is full", cuda.ErrOutOfMemory},
		{"arena", "Failed to allocate memory for requested buffer of size 123", "memory is full", cuda.ErrOutOfMemory},
		{"nodes on the CPU", "This session contains graph nodes that are assigned to the default CPU EP, but fallback to CPU EP has been explicitly disabled " +
			"by the user.", "search it with --device cpu", cuda.ErrPlacement},
		{"graph", "This session cannot use the graph capture feature as requested by the user as all compute graph nodes have not been partitioned to " +
			"the CUDAExecutionProvider", "cannot be captured", cuda.ErrPlacement},
		{"context lost in FakeQuant", "Non-zero status code returned while running FakeQuant node. Name:'a' Status Message: FakeQuant: launching fake_quant: " +
			"CUDA_ERROR_CONTEXT_IS_DESTROYED (CUDA error 709)", "the GPU failed while the network ran (CUDA error 709)", cuda.ErrLostContext},
		{"context lost in a kernel", "CUDA failure 700: an illegal memory access was encountered ; GPU=0", "(CUDA error 700)", cuda.ErrLostContext},
		{"context lost behind a node", "Non-zero status code returned while running Mul node. Name:'mul' Status Message: CUDA error cudaErrorIllegalAddress:an illegal " +
			"memory access was encountered", "the GPU failed while the network ran (cudaErrorIllegalAddress)", cuda.ErrLostContext},
		{"a broken capture", "CUDA failure 901: operation failed due to a previous error during capture ; GPU=0 ; hostname=a ; file=b ; line=1 ; expr=c;\nmore",
			"the run could not be captured as a CUDA graph (CUDA error 901)", cuda.ErrCapture},
		{"a call that no capture takes", "CUDA failure 900: operation not permitted when stream is capturing ; GPU=0", "(CUDA error 900)", cuda.ErrCapture},
		{"no engine", "Non-zero status code returned while running Conv node. Name:'c' Status Message: Failed to initialize CUDNN Frontend: [cudnn_frontend] Error: " +
			"HEURISTIC_QUERY_FAILED", "search it with --device cpu", cuda.ErrNoEngine},
		{"unknown", "something new", "onnx runtime's CUDA provider: something new", nil},
	} {
		cause := errors.New(c.text)
		err := cuda.Explain(cause)
		if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q, want %q in it", c.name, err, c.want)
		}
		if !errors.Is(err, cause) || c.kind != nil && !errors.Is(err, c.kind) {
			t.Errorf("%s: %v is not %v, or lost its cause", c.name, err, c.kind)
		}
	}
	if cuda.Explain(nil) != nil {
		t.Error("nil is explained")
	}
}
