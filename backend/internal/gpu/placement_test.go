//go:build cuda && placement

package gpu

import (
	"context"
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/backend/device"
	"example.org/demote/cuda"
	"example.org/demote/cuda/emutest"
	"example.org/demote/mistake"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/search"
)

// What the backend asks of ONNX Runtime's real CUDA provider, on stand-in CUDA libraries (cuda/internal/standin): its
// kernels do nothing there, so no test looks at an output.

// TestPlacementNamesNodes holds that a network that the provider does not take whole is refused with the names of
// what it leaves.
func TestPlacementNamesNodes(t *testing.T) {
	g := placed(t, 2)
	node := func(op, name string, in []string, out string) *onnxpb.NodeProto {
		return &onnxpb.NodeProto{OpType: proto.String(op), Name: proto.String(name), Input: in, Output: []string{out}}
	}
	// The provider has no Atan.
	s := segment(t, false, node("Atan", "the_activation", []string{"m"}, "n"))
	_, err := g.Compile([]*device.Segment{s}, s.Inputs, 1)
	const want = `these nodes of the network cannot run on the GPU: "the_activation" (Atan): search it with --device cpu`
	if !errors.Is(err, mistake.Err) || !errors.Is(err, cuda.ErrPlacement) || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

// TestPlacementOfLanes runs a lane's blocks: the first run of a part is captured, and each later one is a copy of the
// block on the device and one launch of the graph, without a copy between host and device and without a wait; also
// where weights follow the mask.
func TestPlacementOfLanes(t *testing.T) {
	for _, c := range []struct {
		name    string
		follows bool
	}{{"weights of the file", false}, {"weights that follow", true}} {
		t.Run(c.name, func(t *testing.T) {
			g := placed(t, 2)
			s := segment(t, c.follows)
			l := laneOf(t, g, s)
			data := blocksOf(t, g, s, 3)
			masks := []search.Mask{search.NewMask(2), search.NewMask(2)}
			masks[0].Demote(0) // the other one is written when the lane is made
			for i, b := range data {
				emutest.ResetNotes()
				copies, up := emutest.Counter("device_copies"), emutest.Counter("up_bytes")
				if err := l.Do(func() error { return errors.Join(l.SetMask(masks[i%2]), l.RunPart(b, 0)) }); err != nil {
					t.Fatal(err)
				}
				notes := emutest.Notes(t)
				if n := having(notes, "capture begins"); (n == 1) != (i == 0) {
					t.Errorf("block %d: captured %d times", i, n)
				}
				if n := having(notes, "graph launch"); n != 1 {
					t.Errorf("block %d: %d launches of the graph: %q", i, n, notes)
				}
				if i > 0 && (having(notes, "copy") != 0 || having(notes, "launch _Z") != 0) {
					t.Errorf("block %d: %q", i, notes)
				}
				want := 1 // the block
				if c.follows {
					want++ // the mask that the weights are by
				}
				if n := emutest.Counter("device_copies") - copies; n != want && i > 0 {
					t.Errorf("block %d: %d copies on the device, want %d", i, n, want)
				}
				want = 1    // of the mask
				if i == 0 { // whose outputs are poisoned, to see that they are written
					for _, o := range s.Outputs {
						want += o.Bytes()
					}
				}
				if n := emutest.Counter("up_bytes") - up; n != want {
					t.Errorf("block %d: %d bytes up, want %d", i, n, want)
				}
			}
			if captured, why := l.Graphs(); captured != 1 || why != "" {
				t.Errorf("%d parts captured, %s", captured, why)
			}
		})
	}
}

// TestPlacementWithoutGraphs holds that a part whose capture is refused runs plainly, at once and from then on, and
// says why.
func TestPlacementWithoutGraphs(t *testing.T) {
	for _, function := range []string{"cudaStreamBeginCapture", "cudaGraphInstantiate"} {
		t.Run(function, func(t *testing.T) {
			g := placed(t, 2)
			s := segment(t, false)
			l := laneOf(t, g, s)
			emutest.Fail(t, function)
			for i, b := range blocksOf(t, g, s, 2) {
				emutest.ResetNotes()
				if err := l.Do(func() error { return l.RunPart(b, 0) }); err != nil {
					t.Fatal(err)
				}
				notes := emutest.Notes(t)
				if i > 0 && (having(notes, "capture") != 0 || having(notes, "launch _Z") == 0) {
					t.Errorf("block %d: %q, want plain launches", i, notes)
				}
			}
			if captured, why := l.Graphs(); captured != 0 || !strings.Contains(why, "900") {
				t.Errorf("%d parts captured, %q", captured, why)
			}
		})
	}
}

// TestPlacementFaults holds that what ONNX Runtime says of a full memory and of a lost context is taken for that,
// whether a session is made or run.
func TestPlacementFaults(t *testing.T) {
	for _, c := range []struct {
		name, function string
		compiled       bool // it fails once the session is there
		is             func(error) bool
	}{
		{"full while a session is made", "cudaMalloc", false, OutOfMemory},
		{"full in a run", "cudaMalloc", true, OutOfMemory},
		{"a memory error in a run", "cudaGetLastError", true, DeviceLost},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := placed(t, 2)
			s := segment(t, false)
			data := blocksOf(t, g, s, 1)
			if !c.compiled {
				emutest.Fail(t, c.function)
			}
			chain, err := g.Compile([]*device.Segment{s}, s.Inputs, 1)
			if err == nil {
				defer chain.Close()
				emutest.Fail(t, c.function)
				l := chain.Lanes()[0]
				err = l.Do(func() error { return l.RunPart(data[0], 0) })
			}
			if err == nil || !c.is(err) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestPlacementOfSteps runs a block of samples of several steps: each is one launch of the graph that the first one
// has captured, what it reads and hands on is copied on the device around it, nothing is copied between host and
// device, and a cancelled context ends the steps, which a replay alone does not.
func TestPlacementOfSteps(t *testing.T) {
	const steps = 5
	g := placed(t, 2)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := g.Watch(ctx); err != nil {
		t.Fatal(err)
	}
	s := fedBack(t, steps)
	l := laneOf(t, g, s)
	data := blocksOf(t, g, s, 3)
	for i, b := range data {
		if i == 2 {
			cancel()
		}
		emutest.ResetNotes()
		copies, up := emutest.Counter("device_copies"), emutest.Counter("up_bytes")
		err := l.Do(func() error { return l.RunPart(b, 0) })
		notes := emutest.Notes(t)
		copies, up = emutest.Counter("device_copies")-copies, emutest.Counter("up_bytes")-up
		switch {
		case i == 2:
			if n := having(notes, "graph launch"); !errors.Is(err, context.Canceled) || n != 0 {
				t.Errorf("cancelled: %v, %d launches of the graph", err, n)
			}
			continue
		case err != nil:
			t.Fatal(err)
		}
		if n := having(notes, "capture begins"); (n == 1) != (i == 0) {
			t.Errorf("block %d: captured %d times", i, n)
		}
		if n := having(notes, "graph launch"); n != steps {
			t.Errorf("block %d: %d launches of the graph: %q", i, n, notes)
		}
		if i > 0 && (up != 0 || having(notes, "copy") != 0 || having(notes, "launch _Z") != 0) {
			t.Errorf("block %d: %d bytes up, %q", i, up, notes)
		}
		if copies != 3*steps && i > 0 { // x, the state, and the output that is kept
			t.Errorf("block %d: %d copies on the device", i, copies)
		}
	}
}

// fedBack is segment with a state h behind Mul, to which y is fed back, for samples of so many steps.
func fedBack(t *testing.T, steps int) *device.Segment {
	t.Helper()
	s := segment(t, false, &onnxpb.NodeProto{OpType: proto.String("Add"), Name: proto.String("add"), Input: []string{"m", "h"}, Output: []string{"n"}})
	m := &onnxpb.ModelProto{}
	if err := proto.Unmarshal(s.Model.Bytes, m); err != nil {
		t.Fatal(err)
	}
	h := proto.Clone(m.Graph.Input[0]).(*onnxpb.ValueInfoProto)
	h.Name = proto.String("h")
	m.Graph.Input = append(m.Graph.Input, h)
	var err error
	if s.Model.Bytes, err = proto.Marshal(m); err != nil {
		t.Fatal(err)
	}
	state := s.Inputs[0]
	state.Name, state.Fed = "h", "y"
	s.Inputs[0].Steps, s.Kept.Name = steps, "y"
	s.Inputs = append(s.Inputs, state)
	return s
}
