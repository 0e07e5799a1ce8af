//go:build cuda

package cuda_test

import (
	"errors"
	"strings"
	"testing"

	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
)

// TestEmulatedQuestionsThatAreRefused holds that a device that does not tell its UUID or its multiprocessors, as slices
// of MIG and sandboxes do, is listed and can be used, and that one that does not tell its capability cannot.
func TestEmulatedQuestionsThatAreRefused(t *testing.T) {
	const notSupported = ":801"
	emutest.Set(t, "fail=cuDeviceGetUuid:0"+notSupported)
	list, err := cuda.Devices()
	if err != nil || len(list) != 1 || list[0].UUID != "" || list[0].Capability != 80 || list[0].Memory == 0 {
		t.Fatalf("got %+v, %v", list, err)
	}
	do(t, scenario(0))
	emutest.Reset()
	list, err = cuda.Devices()
	if err != nil || list[0].UUID == "" || list[0].Multiprocessors == 0 {
		t.Errorf("unrefused: %+v, %v", list, err)
	}
	emutest.Set(t, "fail=cuDeviceTotalMem_v2:1"+notSupported)
	if _, err = cuda.Devices(); code(err) != 801 || !strings.Contains(err.Error(), "asking GPU 0 for its memory") {
		t.Errorf("without its memory: %v", err)
	}
}

// TestEmulatedExclusiveMode holds that a GPU that another process has for itself is one line with what to do.
func TestEmulatedExclusiveMode(t *testing.T) {
	emutest.Set(t, "fail=cuDevicePrimaryCtxRetain:1:46")
	_, err := cuda.Open(0)
	if !errors.Is(err, cuda.ErrNoDevice) || !strings.Contains(err.Error(), "nvidia-smi -c DEFAULT") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}
