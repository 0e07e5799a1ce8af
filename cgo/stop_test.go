package cgo_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"example.org/demote/cgo"
	"example.org/demote/onnx/onnxpb"
)

// endless is a network whose Loop goes on while its input go is true.
func endless(t *testing.T) []byte {
	body := &onnxpb.GraphProto{Name: proto.String("body"),
		Input:  []*onnxpb.ValueInfoProto{value("i", onnxpb.TensorProto_INT64), value("on", onnxpb.TensorProto_BOOL), float("v", 4)},
		Output: []*onnxpb.ValueInfoProto{value("off", onnxpb.TensorProto_BOOL), float("u", 4)},
		Node:   []*onnxpb.NodeProto{node("Identity", "", []string{"on"}, "off"), node("Relu", "", []string{"v"}, "u")}}
	loop := node("Loop", "", []string{"", "go", "x"}, "y", &onnxpb.AttributeProto{Name: proto.String("body"), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: body})
	return networkOf(t, float("x", 4), value("go", onnxpb.TensorProto_BOOL), float("y", 4), loop)
}

// TestStop ends a run that has no end of its own, and lets the session run again under another context.
func TestStop(t *testing.T) {
	testStop(t, func(*cgo.Stop) func(*cgo.Binding) error { return (*cgo.Binding).Run })
	var none *cgo.Stop
	if err := none.Watch(context.Background()); err != nil {
		t.Errorf("no Stop: %v", err)
	}
	none.Close()
}

// testStop is TestStop for a way to run a binding, which how makes for a Stop.
func testStop(t *testing.T, how func(*cgo.Stop) func(*cgo.Binding) error) {
	ctx, cancel := context.WithCancel(context.Background())
	stop, err := cgo.NewStop(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer stop.Close()
	s, err := cgo.NewSession(endless(t), cgo.Options{Stop: stop})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	run := how(stop)
	b, err := s.NewBinding()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	on, err := cgo.NewTensor(cgo.Bool)
	if err != nil {
		t.Fatal(err)
	}
	defer on.Close()
	for _, name := range []string{"x", "y"} {
		tensor, err := cgo.NewTensor(cgo.Float32, 4)
		if err != nil {
			t.Fatal(err)
		}
		defer tensor.Close()
		find := b.Input
		if name == "y" {
			find = b.Output
		}
		at, err := find(name)
		if err == nil {
			err = b.Bind(at, tensor)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	at, err := b.Input("go")
	if err == nil {
		err = b.Bind(at, on)
	}
	if err != nil {
		t.Fatal(err)
	}
	on.Bytes()[0] = 1
	ended := func() error {
		done := make(chan error, 1)
		go func() { done <- run(b) }()
		select {
		case err := <-done:
			return err
		case <-time.After(10 * time.Second):
			panic("the run goes on")
		}
	}
	time.AfterFunc(100*time.Millisecond, cancel)
	for range 2 { // under way, and begun later
		if err := ended(); !errors.Is(err, context.Canceled) {
			t.Errorf("stopped: %v", err)
		}
	}
	if err := stop.Watch(context.Background()); err != nil {
		t.Fatal(err)
	}
	on.Bytes()[0] = 0
	if err := run(b); err != nil {
		t.Errorf("under another context: %v", err)
	}
}
