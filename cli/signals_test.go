package cli

import (
	"bytes"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/journal"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/run"
)

// TestObey sends signals to what obeys them: the first stops, the second ends the process, and so does the end of the
// grace.
func TestObey(t *testing.T) {
	for _, c := range []struct {
		name    string
		signals int
		grace   time.Duration
		text    string
	}{{"two signals", 2, time.Hour, ""}, {"one signal", 1, 30 * time.Millisecond, "not at an end after 30ms"}} {
		t.Run(c.name, func(t *testing.T) {
			signals := make(chan os.Signal, 2)
			for range c.signals {
				signals <- syscall.SIGTERM
			}
			var errs bytes.Buffer
			stopped, code := 0, -1
			began := time.Now()
			obey(signals, func() { stopped++ }, c.grace, &errs, func(c int) { code = c })
			if stopped != 1 || code != run.ExitInterrupted {
				t.Errorf("stopped %d times, exit code %d", stopped, code)
			}
			if !strings.Contains(errs.String(), "interrupt once more to stop now") || !strings.Contains(errs.String(), c.text) {
				t.Errorf("%q", &errs)
			}
			if c.signals == 1 && time.Since(began) < c.grace {
				t.Errorf("it waited %v", time.Since(began))
			}
		})
	}
	if grace >= 10*time.Second {
		t.Errorf("a grace of %v: who sends SIGTERM may kill after 10 s", grace)
	}
}

// TestEndsFlush holds that a process that ends by a second signal, by the end of its grace or for want of memory
// writes what it has found, and that a write which hangs does not keep it.
func TestEndsFlush(t *testing.T) {
	defer func() { flushing = journal.Flush }()
	signals := func(n int) <-chan os.Signal {
		all := make(chan os.Signal, n)
		for range n {
			all <- syscall.SIGTERM
		}
		return all
	}
	for name, end := range map[string]func(exit func(int)){
		"second signal":    func(exit func(int)) { obey(signals(2), func() {}, time.Hour, io.Discard, exit) },
		"end of the grace": func(exit func(int)) { obey(signals(1), func() {}, time.Millisecond, io.Discard, exit) },
		"no memory":        func(exit func(int)) { memoryFull(io.Discard, exit, 2, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			wrote, ended := false, false
			flushing = func() { wrote = !ended }
			end(func(int) { ended = true })
			if !wrote || !ended {
				t.Errorf("written %v, ended %v", wrote, ended)
			}
			ended = false
			hang := make(chan struct{})
			flushing = func() { <-hang }
			began := time.Now()
			end(func(int) { ended = true })
			if close(hang); !ended || time.Since(began) > flushTime+5*time.Second {
				t.Errorf("ended %v after %v", ended, time.Since(began))
			}
			flushing = func() { panic("broken") }
			ended = false
			if end(func(int) { ended = true }); !ended {
				t.Error("a panic keeps it")
			}
		})
	}
	if grace+flushTime >= 10*time.Second {
		t.Errorf("a grace of %v and %v: who sends SIGTERM may kill after 10 s", grace, flushTime)
	}
}

// endless is a network whose Loop has no end where x has a value above the limit.
func endless(limit float32) graph {
	body := &onnxpb.GraphProto{Name: proto.String("body"),
		Input:  []*onnxpb.ValueInfoProto{value("i", 7), value("go", 9), value("v", 1, -1, 1, 4, 4)},
		Output: []*onnxpb.ValueInfoProto{value("on", 9), value("u", 1, -1, 1, 4, 4)},
		Node: []*onnxpb.NodeProto{{OpType: proto.String("Identity"), Input: []string{"go"}, Output: []string{"on"}},
			{OpType: proto.String("Relu"), Input: []string{"v"}, Output: []string{"u"}}}}
	g := newGraph().weights("limit", nil, limit).node("ReduceMax", "m", "x").node("Greater", "start", "m", "limit").node("Loop", "l", "", "start", "x")
	no := func(name string) *onnxpb.AttributeProto {
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(0)}
	}
	g.Graph.Node[0].Attribute = append(g.Graph.Node[0].Attribute, no("keepdims"))
	g.Graph.Node[2].Attribute = append(g.Graph.Node[2].Attribute, &onnxpb.AttributeProto{Name: proto.String("body"), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: body})
	return g.node("Flatten", "f", "l").weights("w", []int64{16, 5}).node("MatMul", "y", "f", "w").output("y", 5)
}

// TestSignalsEndEndlessNetworks sends a signal to the program while a Loop without an end runs: in the child that
// tries the network first, and in the program itself, which only real samples get there.
func TestSignalsEndEndlessNetworks(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := good(t)
	in.write(t, "child.onnx", endless(-1).bytes())
	in.write(t, "here.onnx", endless(0).bytes()) // zeros do not begin it, samples do
	in.flags["--model"] = in.path("here.onnx")
	for _, c := range []struct {
		name   string
		args   []string
		signal os.Signal
	}{
		{"eval, in the child", []string{"eval", in.path("child.onnx"), "--data", in.path("eval.npz")}, syscall.SIGTERM},
		{"eval, here", []string{"eval", in.path("here.onnx"), "--data", in.path("eval.npz")}, syscall.SIGTERM},
		{"eval, here, by Ctrl-C", []string{"eval", in.path("here.onnx"), "--data", in.path("eval.npz")}, os.Interrupt},
		{"search, here", in.args(), syscall.SIGTERM},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := process(c.args...)
			var errs bytes.Buffer
			cmd.Stderr = &errs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(700 * time.Millisecond)
			cmd.Process.Signal(c.signal)
			began := time.Now()
			cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != run.ExitInterrupted || time.Since(began) > 10*time.Second {
				t.Errorf("exit code %d after %v, %s", code, time.Since(began), &errs)
			}
			if !strings.Contains(errs.String(), "demote: interrupted") {
				t.Errorf("%s", &errs)
			}
		})
	}
}
