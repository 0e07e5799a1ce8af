//go:build cuda

package cuda_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
	"example.org/demote/quant"
)

// scenario is a small life of a device: open, allocate, copy, run, time, close. It returns the first error.
func scenario(ordinal int) (err error) {
	w, err := cuda.Open(ordinal)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	return w.Do(work)
}

// work is what the scenario does on the worker's thread; whatever happens, it closes what it opened.
func work(d *cuda.Device) (err error) {
	closing := func(c interface{ Close() error }) { err = errors.Join(err, c.Close()) }
	s, err := d.NewStream()
	if err != nil {
		return err
	}
	defer closing(s)
	e, err := d.NewEvent()
	if err != nil {
		return err
	}
	defer closing(e)
	grid, err := quant.GridOf(quant.QDQ, quant.Symmetric, 8, quant.Range{Min: -1, Max: 1})
	if err != nil {
		return err
	}
	x, err := cuda.NewBuffer[float32](d, "x", 5000)
	if err != nil {
		return err
	}
	defer closing(x)
	table, err := cuda.NewBuffer[quant.Params](d, "records", 2)
	if err != nil {
		return err
	}
	defer closing(table)
	mask, err := cuda.NewBuffer[uint8](d, "mask", 1)
	if err != nil {
		return err
	}
	defer closing(mask)
	grids, err := cuda.NewBuffer[quant.Params](d, "grids", 1)
	if err != nil {
		return err
	}
	defer closing(grids)
	in := make([]float32, x.Len())
	for i := range in {
		in[i] = float32(i) / 4000
	}
	for _, step := range []func() error{
		func() error { return x.Upload(s, in) },
		func() error { return table.Upload(s, cuda.RecordTable([]quant.Record{{Low: grid, High: grid}})) },
		func() error { return mask.Clear(s) },
		func() error { return d.ChooseGrids(grids, table, mask).Run(s) },
		func() error { return d.FakeQuant(x, x, grids, 0, cuda.NoClip).Run(s) },
		func() error { return e.Record(s) },
		func() error { return e.Synchronize() },
		func() error { return x.Download(s, in) },
		func() error { return d.Synchronize() },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if want := grid.Value(4321. / 4000); in[4321] != want {
		return fmt.Errorf("element 4321 is %g, want %g", in[4321], want)
	}
	return nil
}

// nothingLeft demands that a failed scenario left no handle, here and on the device.
func nothingLeft(t *testing.T, what string) {
	t.Helper()
	if left := emutest.Live(); left != "" {
		t.Errorf("%s: left on the device: %s", what, left)
	}
	if live := cuda.Live(); live != (cuda.Counts{}) {
		t.Errorf("%s: left open: %s", what, live)
	}
}

func TestEmulatedFaults(t *testing.T) {
	for _, c := range []struct {
		name, settings string
		ordinal        int
		want           error
		text           string
	}{
		{"none", "", 0, nil, ""},
		{"second GPU", "devices=2", 1, nil, ""},
		{"second GPU missing", "", 1, cuda.ErrNoDevice, "there is no GPU 1: the driver finds 1"},
		{"driver too old", "driver=11080", 0, cuda.ErrDriver, "serves CUDA 11.8, but 12.0 is needed: update the driver"},
		{"capability too low", "capability=70", 0, cuda.ErrNoDevice, "compute capability 7.0, but 7.5 is needed"},
		{"kernels refused", "fail=cuModuleLoadData:1:218", 0, cuda.ErrDriver, "loading the kernels: InvalidPtx (CUDA error 218): the driver (CUDA 12.2) refuses them"},
		{"kernel missing", "fail=cuModuleGetFunction:6:500", 0, nil, "looking for the kernel pack16: NotFound (CUDA error 500)"},
		{"not initialized", "fail=cuDevicePrimaryCtxRetain:1:3", 0, cuda.ErrNoDevice, "opening GPU 0"},
		{"GPU taken exclusively", "fail=cuDevicePrimaryCtxRetain:1:46", 0, cuda.ErrNoDevice, "opening GPU 0"},
		{"too little memory", "memory=20000", 0, cuda.ErrOutOfMemory, ""},
		{"far too little memory", "memory=19999", 0, cuda.ErrOutOfMemory, "allocating x: OutOfMemory (CUDA error 2), 20000 bytes asked for, 19999 free"},
		{"out of memory at the third allocation", "fail=cuMemAlloc_v2:3:2", 0, cuda.ErrOutOfMemory, "allocating mask"},
		{"launch refused", "fail=cuLaunchKernel:2:701", 0, nil, "launching fake_quant: LaunchOutOfResources (CUDA error 701)"},
		{"launch fails while it runs", "launch=1:719", 0, cuda.ErrLostContext, "CUDA error 719"},
		{"memory error while it runs", "launch=1:214", 0, cuda.ErrLostContext, "CUDA error 214"},
		{"context lost at an allocation", "lose=cuMemAlloc_v2:2", 0, cuda.ErrLostContext, "CUDA error 709"},
		{"context lost at a wait", "lose=cuEventSynchronize:1", 0, cuda.ErrLostContext, "CUDA error 709"},
		{"context lost at a free", "lose=cuMemFree_v2:1", 0, cuda.ErrLostContext, "freeing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			emutest.Set(t, c.settings)
			err := scenario(c.ordinal)
			if c.want == nil && c.text == "" && err != nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if c.text != "" && (err == nil || !strings.Contains(err.Error(), c.text)) {
				t.Errorf("got %v, want the text %q", err, c.text)
			}
			nothingLeft(t, c.name)
		})
	}
}

// Every driver call of the scenario fails once, at each of its calls in turn; the error arrives and nothing stays.
func TestEmulatedFaultAtEveryCall(t *testing.T) {
	total := 0
	for _, f := range []string{
		"cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName", "cuDeviceTotalMem_v2", "cuDeviceGetAttribute",
		"cuDevicePrimaryCtxRetain", "cuCtxSetCurrent", "cuModuleLoadData", "cuModuleGetFunction", "cuStreamCreate", "cuEventCreate",
		"cuMemAlloc_v2", "cuMemcpyHtoDAsync_v2", "cuMemsetD8Async", "cuLaunchKernel", "cuEventRecord", "cuEventSynchronize",
		"cuMemcpyDtoHAsync_v2", "cuStreamSynchronize", "cuCtxSynchronize", "cuMemFree_v2", "cuEventDestroy_v2", "cuStreamDestroy_v2",
		"cuModuleUnload",
	} {
		for k := 1; ; k++ {
			what := fmt.Sprintf("%s, call %d", f, k)
			emutest.Set(t, fmt.Sprintf("fail=%s:%d:1", f, k))
			err := scenario(0)
			emutest.Reset()
			if t.Failed() {
				return
			}
			nothingLeft(t, what)
			if err == nil {
				if k == 1 {
					t.Errorf("%s: the scenario does not call it", f)
				}
				break
			}
			if code(err) != 1 {
				t.Errorf("%s: got %v, want an error of code 1", what, err)
			}
			total++
		}
	}
	t.Logf("%d calls failed once", total)
}

// The same with errors that stick: after a failed launch nothing on the context works, and closing still ends with
// nothing left.
func TestEmulatedLossAtEveryCall(t *testing.T) {
	for _, f := range []string{
		"cuModuleLoadData", "cuModuleGetFunction", "cuStreamCreate", "cuEventCreate", "cuMemAlloc_v2", "cuMemcpyHtoDAsync_v2",
		"cuLaunchKernel", "cuEventRecord", "cuEventSynchronize", "cuMemcpyDtoHAsync_v2", "cuStreamSynchronize", "cuMemFree_v2",
		"cuEventDestroy_v2", "cuStreamDestroy_v2",
	} {
		for k := 1; ; k++ {
			emutest.Set(t, fmt.Sprintf("lose=%s:%d", f, k))
			err := scenario(0)
			emutest.Reset()
			nothingLeft(t, fmt.Sprintf("%s, call %d", f, k))
			if err == nil {
				break
			}
			if !errors.Is(err, cuda.ErrLostContext) {
				t.Fatalf("%s, call %d: got %v, want a lost context", f, k, err)
			}
		}
	}
}
