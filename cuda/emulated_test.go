//go:build cuda

package cuda_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"gorgonia.org/cu"

	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
)

// These tests hold the emulated device to being stricter than a GPU: each makes a mistake that hardware forgives now
// and then.

// code returns the number of a driver error.
func code(err error) int {
	var e *cuda.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return -1
}

func TestEmulatedContextsBelongToThreads(t *testing.T) {
	emutest.Set(t)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		elsewhere := make(chan error)
		go func() {
			runtime.LockOSThread()
			_, err := cu.MemAlloc(16)
			elsewhere <- err
		}()
		if err := <-elsewhere; err != cu.InvalidContext {
			t.Errorf("an allocation on another thread gave %v, want %v", err, cu.InvalidContext)
		}
		if !strings.Contains(emutest.Report(), "no context is current") {
			t.Errorf("the device said %q", emutest.Report())
		}
	})
}

func TestEmulatedMemoryIsNotHostMemoryAndNotZero(t *testing.T) {
	emutest.Set(t)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		b := newBuffer[float32](t, d, "b", 1000)
		for i, v := range download(t, s, b) {
			if v == v {
				t.Fatalf("element %d of new memory is %g, not NaN", i, v)
			}
		}
		if b.Address()%256 != 0 {
			t.Errorf("address %#x is not a multiple of 256", b.Address())
		}
		closeAll(t, b)
	})
}

func TestEmulatedFreeingIsChecked(t *testing.T) {
	emutest.Set(t)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		b := newBuffer[float32](t, d, "b", 1000)
		at := cu.DevicePtr(b.Address())
		if err := cu.MemFree(at + 256); err != cu.InvalidValue {
			t.Errorf("freeing inside an allocation gave %v", err)
		}
		closeAll(t, b)
		if err := cu.MemFree(at); err != cu.InvalidValue {
			t.Errorf("freeing twice gave %v", err)
		}
		if _, err := cu.MemAlloc(0); err != cu.InvalidValue {
			t.Errorf("allocating 0 bytes gave %v", err)
		}
	})
}

func TestEmulatedCopiesAreChecked(t *testing.T) {
	emutest.Set(t)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		b := newBuffer[uint8](t, d, "b", 100)
		host := make([]byte, 200)
		at := cu.DevicePtr(b.Address())
		if err := cu.MemcpyHtoD(at, unsafe.Pointer(&host[0]), 101); err != cu.InvalidValue {
			t.Errorf("a copy of one byte too much gave %v", err)
		}
		if err := cu.MemcpyDtoH(unsafe.Pointer(&host[0]), at+50, 51); err != cu.InvalidValue {
			t.Errorf("a copy beyond the end gave %v", err)
		}
		if err := cu.MemcpyDtoD(at, at+4096, 1); err != cu.InvalidValue {
			t.Errorf("a copy from nowhere gave %v", err)
		}
		closeAll(t, b)
	})
}

// With seed 0 nothing runs before somebody waits.
func TestEmulatedStreamsAreQueues(t *testing.T) {
	emutest.Set(t, "seed=0")
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		other, err := d.NewStream()
		do(t, err)
		before, err := d.NewEvent()
		do(t, err)
		after, err := d.NewEvent()
		do(t, err)
		a := upload(t, d, s, "a", []float32{1, 2, 3})
		b := upload(t, d, s, "b", []float32{0, 0, 0})

		do(t, before.Record(s))
		do(t, a.Clear(s))
		do(t, after.Record(s))
		do(t, b.CopyFrom(other, a)) // does not wait for the other stream: sees the old values
		if done, err := s.Done(); done || err != nil {
			t.Errorf("a stream with work in it says done %v, %v", done, err)
		}
		if done, err := after.Done(); done || err != nil {
			t.Errorf("an event that was not reached says done %v, %v", done, err)
		}
		do(t, other.Synchronize())
		if done, _ := s.Done(); done {
			t.Error("waiting for one stream ran the other")
		}
		if got := download(t, other, b); got[2] != 3 {
			t.Errorf("a copy that did not wait saw %v", got)
		}
		do(t, other.Wait(after))
		do(t, b.CopyFrom(other, a))
		if got := download(t, other, b); got[2] != 0 {
			t.Errorf("a copy that waited for the event saw %v", got)
		}
		if done, err := after.Done(); !done || err != nil {
			t.Errorf("an event that was reached says done %v, %v", done, err)
		}
		if _, err := before.Milliseconds(after); err != nil {
			t.Error(err)
		}
		closeAll(t, a, b, before, after, other)
	})
}

// A pageable copy makes the call wait, which is counted: a trial must not have one.
func TestEmulatedPageableCopiesAreCounted(t *testing.T) {
	emutest.Set(t)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		b := upload(t, d, s, "b", make([]uint8, 64))
		if n := emutest.Counter("pageable"); n != 1 {
			t.Errorf("%d pageable copies were counted, want 1", n)
		}
		if got := emutest.Counter("up_bytes"); got != 64 {
			t.Errorf("%d bytes went up, want 64", got)
		}
		traffic := d.Traffic()
		if traffic.UpBytes != 64 || traffic.UpCopies != 1 || traffic.Allocations != 1 {
			t.Errorf("the device counts %+v", traffic)
		}
		closeAll(t, b)
	})
}

func TestEmulatedLaunchLimits(t *testing.T) {
	emutest.Set(t)
	onDevice(t, func(t *testing.T, d *cuda.Device, s *cuda.Stream) {
		m, err := cu.LoadData(cuda.PTX)
		do(t, err)
		f, err := m.Function("fake_quant")
		do(t, err)
		slots := make([]uint64, 8)
		params := make([]unsafe.Pointer, len(slots))
		for i := range slots {
			params[i] = unsafe.Pointer(&slots[i])
		}
		for _, c := range []struct {
			name               string
			gx, gy, gz, bx, by int
			shared             int
			want               error
		}{
			{"no blocks", 0, 1, 1, 256, 1, 0, cu.InvalidValue},
			{"no threads", 1, 1, 1, 0, 1, 0, cu.InvalidValue},
			{"grid too high", 1, 65536, 1, 256, 1, 0, cu.InvalidValue},
			{"block too wide", 1, 1, 1, 1025, 1, 0, cu.LaunchOutOfResources},
			{"block too large", 1, 1, 1, 1024, 2, 0, cu.LaunchOutOfResources},
			{"shared memory", 1, 1, 1, 256, 1, 49153, cu.LaunchOutOfResources},
		} {
			if err := f.Launch(c.gx, c.gy, c.gz, c.bx, c.by, 1, c.shared, cu.NoStream, params); err != c.want {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		if _, err := m.Function("no_such_kernel"); err != cu.NotFound {
			t.Errorf("an unknown kernel gave %v", err)
		}
		do(t, m.Unload())
	})
}

// A kernel that is given a wrong address stops the context, as it does on a GPU, and not the process.
func TestEmulatedIllegalAddress(t *testing.T) {
	emutest.Set(t)
	w, err := cuda.Open(0)
	do(t, err)
	err = w.Do(func(d *cuda.Device) error {
		s, err := d.NewStream()
		do(t, err)
		x := upload(t, d, s, "x", make([]float32, 4096))
		table, mask := newBuffer[uint8](t, d, "records", 4096), upload(t, d, s, "mask", []uint8{0})
		closeAll(t, x) // and used nevertheless
		bits := newBuffer[uint8](t, d, "bits", 1)
		labels := upload(t, d, s, "labels", make([]int64, 8))
		do(t, d.TopK(bits, x, labels, 8, 10, 1).Run(s))
		err = s.Synchronize()
		if code(err) != 700 || !errors.Is(err, cuda.ErrLostContext) {
			t.Errorf("a kernel on freed memory gave %v, want code 700", err)
		}
		if !strings.Contains(emutest.Report(), "outside every allocation") {
			t.Errorf("the device said %q", emutest.Report())
		}
		for name, err := range map[string]error{"allocating": func() error { _, err := cuda.NewBuffer[uint8](d, "more", 1); return err }(),
			"freeing": table.Close(), "waiting": s.Synchronize()} {
			if code(err) != 700 {
				t.Errorf("%s after it gave %v, want code 700 again", name, err)
			}
		}
		if !errors.Is(d.Lost(), cuda.ErrLostContext) {
			t.Errorf("the device does not know that its context is lost: %v", d.Lost())
		}
		_ = mask
		return nil
	})
	do(t, err)
	do(t, w.Close())
	if left := emutest.Live(); left != "" {
		t.Errorf("left on the device: %s", left)
	}
}
