//go:build cuda && !gpu && !placement

package gpu

import (
	"bytes"
	"strings"
	"testing"

	"example.org/demote/backend/device"
	"example.org/demote/cgo"
	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
)

// capturing runs a part as a graph while a capture is open in the lane's stream, as a provider leaves it that fails
// between begin and end. It returns what is in the output y before, poisoned, and after.
func capturing(t *testing.T, settings string, meanwhile func()) (before, after []byte, l *lane) {
	t.Helper()
	emutest.Set(t, "shared=1")
	g := emulated(t, 2)
	s := segment(t, false)
	l = laneOf(t, g, s)
	b := blocksOf(t, g, s, 1)[0]
	y := l.buffers["y"].memory
	before, after = bytes.Repeat([]byte{0x77}, y.Len()), make([]byte, y.Len())
	err := l.Do(func() error {
		if err := l.RunPart(b, 0); err != nil {
			return err
		}
		if err := y.Upload(g.stream, before); err != nil {
			return err
		}
		l.parts[0].plainly = ""
		emutest.BeginCapture(t, g.stream.Handle())
		emutest.Set(t, "shared=1", settings)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	meanwhile()
	if err := l.Do(func() error { return l.RunPart(b, 0) }); err != nil {
		t.Fatal(err)
	}
	return before, after, l
}

// TestEmulatedOpenCapturesAreEnded holds that a run which fails between the begin and the end of a capture leaves none
// open: the part runs plainly in the same run, what it computes is there, and the reason is one short line. Either one
// of its own calls fails, or another thread makes one that no capture takes.
func TestEmulatedOpenCapturesAreEnded(t *testing.T) {
	elsewhere := func() {
		if w, err := cuda.Open(0); err == nil {
			_ = w.Close()
			t.Error("another thread could load kernels in a capture")
		}
	}
	for name, c := range map[string]struct {
		settings  string
		meanwhile func()
		why       string
	}{
		"a launch fails":           {"fail=cuLaunchKernel:1:900", func() {}, "CUDA error 900"},
		"another thread breaks it": {"seed=1", elsewhere, "CUDA error 901"},
	} {
		t.Run(name, func(t *testing.T) {
			poison, got, l := capturing(t, c.settings, c.meanwhile)
			err := l.Do(func() error {
				if open, _ := emutest.Capturing(t, l.g.stream.Handle()); open {
					t.Error("the capture is still open")
				}
				return l.buffers["y"].memory.Download(l.g.stream, got)
			})
			if err != nil || bytes.Equal(got[:4], poison[:4]) {
				t.Errorf("%v; the part's output was not written: % x", err, got[:4])
			}
			if captured, why := l.Graphs(); captured != 0 || !strings.Contains(why, c.why) || strings.Contains(why, "\n") {
				t.Errorf("%d parts captured, %q, want %s", captured, why, c.why)
			}
		})
	}
}

// TestEmulatedRunsCanBeCaptured holds that a part's run asks the driver for nothing but launches, so that it can be
// captured: no allocation, wait, copy or module, by whatever thread.
func TestEmulatedRunsCanBeCaptured(t *testing.T) {
	var open, broken bool
	_, _, l := capturing(t, "seed=1", func() {})
	if n := emutest.Counter("captured"); n != len(l.g.opts.Records) {
		t.Errorf("%d calls were captured, want a launch for each of %d holders", n, len(l.g.opts.Records))
	}
	err := l.Do(func() error {
		open, broken = emutest.Capturing(t, l.g.stream.Handle())
		return device.Lane(l).Wait()
	})
	if !open || broken || err == nil {
		t.Errorf("the capture is open %v, broken %v, and a wait in it gave %v", open, broken, err)
	}
	if err := l.Do(func() error { return cgo.EndCapture(l.g.stream.Handle()) }); err != nil {
		t.Error(err)
	}
}
