//go:build cuda

package cuda

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"example.org/demote/mistake"
)

// ErrRuntime: ONNX Runtime or its CUDA provider cannot be used as it is installed.
var ErrRuntime = errors.New("unsuitable ONNX Runtime")

// ErrNoEngine: cuDNN has no engine for a convolution with our options, as it was asked.
var ErrNoEngine = errors.New("no cuDNN engine")

// ErrCapture: a run could not be captured as a CUDA graph, or its capture broke off; a plain run may work.
var ErrCapture = errors.New("no CUDA graph")

// busyGPU says that a GPU serves another process alone, or none.
const busyGPU = "the GPU is in exclusive mode and in use, or takes no work: end the other process, or allow several by nvidia-smi -c DEFAULT"

// ErrPlacement: the network has nodes that cannot run on the GPU.
var ErrPlacement = errors.New("not every node runs on the GPU")

// explanations turn ONNX Runtime's texts about its CUDA provider into what is missing and what to do. The texts were
// collected from versions 1.24 to 1.31, on machines without a GPU. The first that matches speaks; $1 is the pattern's
// group.
var explanations = []struct {
	pattern *regexp.Regexp
	line    string
	kind    error
}{
	{regexp.MustCompile(`CUDA execution provider is not enabled in this build`),
		"this ONNX Runtime has no CUDA provider: run `make setup-cuda`, or let DEMOTE_ORT name the library of onnxruntime-gpu (1.27 for driver 580 and newer, 1.26.0 for older ones)", ErrRuntime},
	{regexp.MustCompile(`(?s)Failed to load library \S*(libonnxruntime_providers_\w+\.so) with error: \S*libonnxruntime_providers_\w+\.so: cannot open shared object file`),
		"$1 does not lie beside the ONNX Runtime library: keep the files of onnxruntime-gpu together, or run `make setup-cuda`", ErrRuntime},
	{regexp.MustCompile(`libcuda\.so\.1: cannot open shared object file`),
		"the NVIDIA driver is missing (libcuda.so.1): install the driver of the GPU", ErrDriver},
	{regexp.MustCompile(`(libcudnn\S*\.so\.\d+): cannot open shared object file`),
		"cuDNN 9 is missing ($1): run `make setup-cuda`, or type pip install nvidia-cudnn-cu13 (for CUDA 13) or nvidia-cudnn-cu12", ErrRuntime},
	{regexp.MustCompile(`(lib\w+\.so\.\d+): cannot open shared object file`),
		"the CUDA library $1 is missing: run `make setup-cuda`", ErrRuntime},
	{regexp.MustCompile(`cuDNN is unavailable or disabled`),
		"cuDNN 9 is missing, which convolutions need: run `make setup-cuda`", ErrRuntime},
	{regexp.MustCompile(`CUDA failure 36\b|API call is not supported in the installed CUDA driver`),
		"the NVIDIA driver is too old for these CUDA libraries: install 580 or newer for CUDA 13, 525 or newer for CUDA 12", ErrDriver},
	{regexp.MustCompile(`CUDA failure 35\b|CUDA driver version is insufficient`),
		"there is no NVIDIA driver, or it is too old for this ONNX Runtime: install 580 or newer for CUDA 13, 525 or newer for CUDA 12, or run `make setup-cuda`, which brings what suits the driver", ErrDriver},
	{regexp.MustCompile(`CUDA failure 100\b|no CUDA-capable device is detected`),
		"the NVIDIA driver finds no GPU: check nvidia-smi -L (a GPU with MIG on needs a slice), and that CUDA_VISIBLE_DEVICES names one of its lines", ErrNoDevice},
	{regexp.MustCompile(`CUDA (?:error|failure) 46\b|cudaErrorDevicesUnavailable|all CUDA-capable devices are busy`),
		busyGPU, ErrNoDevice},
	{regexp.MustCompile(`CUDA (?:error|failure) (90[0-8])\b|cudaErrorStreamCapture(\w+)`),
		"the run could not be captured as a CUDA graph (CUDA error $1$2)", ErrCapture},
	{regexp.MustCompile(`CUDA failure 101\b|invalid device ordinal`),
		"there is no GPU of that number: `demote devices` lists them", ErrNoDevice},
	{regexp.MustCompile(`HEURISTIC_QUERY_FAILED|Failed to initialize CUDNN Frontend|No valid engine configs|CUDNN_FE failure`),
		"cuDNN knows no way to compute a convolution of this network in full float32: search it with --device cpu", ErrNoEngine},
	{regexp.MustCompile(`CUDA (?:error|failure) (201|214|220|700|702|709|71[0-9]|999)\b`),
		"the GPU failed while the network ran (CUDA error $1)", ErrLostContext},
	{regexp.MustCompile(`CUDA error (cudaError(?:DeviceUninitialized|ECCUncorrectable|NvlinkUncorrectable|IllegalAddress|LaunchTimeout|ContextIsDestroyed|` +
		`Assert|HardwareStackError|IllegalInstruction|MisalignedAddress|InvalidAddressSpace|InvalidPc|LaunchFailure|Unknown))\b`),
		"the GPU failed while the network ran ($1)", ErrLostContext},
	{regexp.MustCompile(`CUDA failure 2\b|cudaErrorMemoryAllocation|out of memory|Failed to allocate memory for requested buffer`),
		"the GPU's memory is full: take a smaller batch, or end what else uses the GPU", ErrOutOfMemory},
	{regexp.MustCompile(`assigned to the default CPU EP, but fallback to CPU EP has been explicitly disabled`),
		"some nodes of this network cannot run on the GPU: search it with --device cpu", ErrPlacement},
	{regexp.MustCompile(`cannot use the graph capture feature`),
		"some nodes of this network cannot run on the GPU, so that its runs cannot be captured: search it with --device cpu", ErrPlacement},
}

// explained is an error of ONNX Runtime with what is missing and what to do in front.
type explained struct {
	Line  string // one line for the user
	kind  error
	cause error
}

// Error returns the line alone; the runtime's own words are in Unwrap.
func (e *explained) Error() string { return mistake.Text(e.Line) }

// Unwrap returns the runtime's error.
func (e *explained) Unwrap() error { return e.cause }

// Is reports whether target is the sentinel: ErrRuntime, ErrDriver, ErrNoDevice, ErrOutOfMemory,
// ErrNoEngine, ErrCapture or ErrPlacement.
func (e *explained) Is(target error) bool { return target == e.kind }

// Explain returns an *explained for an error of ONNX Runtime whose text is known, else the error itself. Nil stays nil.
func Explain(err error) error {
	if err == nil {
		return nil
	}
	for _, x := range explanations {
		if m := x.pattern.FindStringSubmatchIndex(err.Error()); m != nil {
			if x.kind == ErrRuntime {
				if line := missingLibrary(err.Error()); line != "" {
					return &explained{Line: line, kind: x.kind, cause: err}
				}
			}
			return &explained{Line: string(x.pattern.ExpandString(nil, x.line, err.Error(), m)), kind: x.kind, cause: err}
		}
	}
	return fmt.Errorf("onnx runtime's CUDA provider: %w", err)
}

// libraryMissing matches what the loader says of a library.
var libraryMissing = regexp.MustCompile(`(lib\w+\.so\.\d+): cannot open shared object file`)

// missingLibrary says which library of which CUDA is missing and which wheel has it; "" if the text is about no library
// that only one CUDA has.
func missingLibrary(text string) string {
	m := libraryMissing.FindStringSubmatch(text)
	if m == nil || cudaOf(m[1]) == 0 {
		return ""
	}
	version := cudaOf(m[1])
	return fmt.Sprintf("the CUDA %d library %s is missing: run `make setup-cuda`, type pip install %q, or let LD_LIBRARY_PATH name its folder", version, m[1], wheel(m[1], version))
}

// Unplaced is an ErrPlacement that says which nodes cannot run on the GPU, each as the user finds it in the network;
// the cause is ONNX Runtime's own error. Without names it is Explain.
func Unplaced(cause error, nodes []string) error {
	const most = 5
	if len(nodes) == 0 {
		return Explain(cause)
	}
	more := ""
	if len(nodes) > most {
		more = fmt.Sprintf(" and %d more", len(nodes)-most)
		nodes = nodes[:most]
	}
	return &explained{Line: fmt.Sprintf("these nodes of the network cannot run on the GPU: %s%s: search it with --device cpu", strings.Join(nodes, ", "), more),
		kind: ErrPlacement, cause: cause}
}
