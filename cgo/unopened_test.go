package cgo_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"example.org/demote/cgo"
)

// unopenedEnv makes the test binary a program that makes tensors before ONNX Runtime is open.
const unopenedEnv = "DEMOTE_TEST_UNOPENED"

// TestNothingIsKeptBeforeInit makes what needs ONNX Runtime in a process that has not opened it, and tensors of a type
// that it refuses in one that has: errors, and no memory is kept.
func TestNothingIsKeptBeforeInit(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), unopenedEnv+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("before Init: %v: %s", err, out)
	}
	if text := leaks(cgo.DType(9999)); text != "" {
		t.Errorf("of no type: %s", text)
	}
}

func leakUnopened() int {
	text := leaks(cgo.Float32)
	if _, err := cgo.NewSession([]byte("no model"), cgo.Options{}); err == nil {
		text += " a session is made;"
	}
	if _, err := cgo.NewBinding(nil); err == nil {
		text += " a binding is made;"
	}
	if text != "" {
		fmt.Println(text)
		return 1
	}
	return 0
}

// leaks makes 8 tensors of 64 MiB that cannot be made, and says what is left of them.
func leaks(dtype cgo.DType) (text string) {
	before := resident()
	for range 8 {
		if v, err := cgo.NewTensor(dtype, 16<<20); err == nil {
			v.Close()
			text += " a tensor is made;"
		}
	}
	if grown := resident() - before; grown > 64<<20 {
		text += fmt.Sprintf(" %d MiB are kept;", grown>>20)
	}
	if n := cgo.Live(); n != 0 {
		text += fmt.Sprintf(" %d handles are open;", n)
	}
	return text
}

// resident is the memory of this process in bytes, 0 where the system does not say.
func resident() int64 {
	status, _ := os.ReadFile("/proc/self/status")
	var kib int64
	if _, rest, found := strings.Cut(string(status), "VmRSS:"); found {
		_, _ = fmt.Sscan(rest, &kib)
	}
	return kib << 10
}
