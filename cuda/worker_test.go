//go:build cuda

package cuda_test

import (
	"runtime"
	"strings"
	"sync"
	"testing"

	"gorgonia.org/cu"

	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
)

// Functions given from many goroutines run one at a time, with the context current, and each gets its own error.
func TestEmulatedWorkerRunsOneAtATime(t *testing.T) {
	emutest.Set(t)
	w, err := cuda.Open(0)
	do(t, err)
	var all sync.WaitGroup
	inside, ran := 0, 0 // without a lock: the race detector watches
	for range 8 {
		all.Go(func() {
			for range 50 {
				err := w.Do(func(d *cuda.Device) error {
					if inside++; inside != 1 {
						t.Error("two functions run at a time")
					}
					current, err := cu.CurrentContext()
					if err != nil || current == (cu.CUContext{}) {
						t.Errorf("no context is current: %v", err)
					}
					ran++
					inside--
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if ran != 400 {
		t.Errorf("%d functions ran, want 400", ran)
	}
	do(t, w.Close())
	nothingLeft(t, "after closing")
}

// Closing while others still give work neither blocks nor loses an answer.
func TestEmulatedWorkerClosesUnderUse(t *testing.T) {
	emutest.Set(t)
	w, err := cuda.Open(0)
	do(t, err)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for w.Do(func(d *cuda.Device) error { return d.Synchronize() }) == nil {
			}
		})
	}
	do(t, w.Close())
	all.Wait()
	nothingLeft(t, "after closing")
}

func TestEmulatedForgottenHandlesAreFreedAndCounted(t *testing.T) {
	emutest.Set(t)
	w, err := cuda.Open(0)
	do(t, err)
	do(t, w.Do(func(d *cuda.Device) error {
		if _, err := d.NewStream(); err != nil {
			return err
		}
		b, err := cuda.NewBuffer[float32](d, "b", 10)
		if err != nil {
			return err
		}
		b.View(3, 4)
		closeAll(t, b.View(0, 1)) // frees nothing
		_, err = cuda.NewBuffer[float32](d, "none", 0)
		return err
	}))
	if live := cuda.Live(); live != (cuda.Counts{Workers: 1, Streams: 1, Buffers: 2, Bytes: 40}) {
		t.Errorf("open: %s", live)
	}
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), "3 buffers, streams or events were left open") {
		t.Errorf("closing gave %v", err)
	}
	nothingLeft(t, "after closing")
	do(t, w.Close())
	if err := w.Do(func(*cuda.Device) error { return nil }); err == nil {
		t.Error("a closed worker still works")
	}
}

// A function that ends the worker's goroutine closes the device, and nobody waits for ever.
func TestEmulatedWorkerEnds(t *testing.T) {
	emutest.Set(t)
	w, err := cuda.Open(0)
	do(t, err)
	err = w.Do(func(d *cuda.Device) error {
		if _, err := cuda.NewBuffer[float32](d, "b", 10); err != nil {
			return err
		}
		runtime.Goexit()
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "ended the worker's goroutine") {
		t.Errorf("got %v", err)
	}
	if err := w.Do(func(*cuda.Device) error { return nil }); err == nil {
		t.Error("a worker that has ended still works")
	}
	do(t, w.Close())
	nothingLeft(t, "after it")
}
