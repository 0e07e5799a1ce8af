package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"example.org/demote/backend"
	"example.org/demote/config"
	"example.org/demote/internal/bench"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/sandbox"
	"example.org/demote/onnx"
	"example.org/demote/onnx/onnxpb"
)

// trying has networks tried in children, with an empty cache of what has been tried.
func trying(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	sandbox.TryHere = true
	t.Cleanup(func() { sandbox.TryHere = false })
}

// testGraph builds networks with one input x of floats.
type testGraph struct{ *onnxpb.GraphProto }

func newTestGraph(in []int64, out ...int64) testGraph {
	return testGraph{&onnxpb.GraphProto{Name: proto.String("g"), Input: []*onnxpb.ValueInfoProto{testValue("x", 1, in...)}, Output: []*onnxpb.ValueInfoProto{testValue("y", 1, out...)}}}
}

func testValue(name string, elem int32, dims ...int64) *onnxpb.ValueInfoProto {
	shape := &onnxpb.TensorShapeProto{}
	for i, d := range dims {
		dim := &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: d}}
		if d < 0 {
			dim.Value = &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: fmt.Sprint("N", i)}
		}
		shape.Dim = append(shape.Dim, dim)
	}
	return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{TensorType: &onnxpb.TypeProto_Tensor{ElemType: &elem, Shape: shape}}}}
}

// node adds a node whose inputs and outputs are words; "-" is one that is left out.
func (g testGraph) node(op, in, out string, attrs ...*onnxpb.AttributeProto) testGraph {
	words := func(s string) []string {
		list := strings.Fields(s)
		for i := range list {
			list[i] = strings.TrimPrefix(list[i], "-")
		}
		return list
	}
	name := "the " + op
	for slices.ContainsFunc(g.Node, func(n *onnxpb.NodeProto) bool { return n.GetName() == name }) {
		name += " again"
	}
	g.Node = append(g.Node, &onnxpb.NodeProto{OpType: &op, Name: &name, Input: words(in), Output: words(out), Attribute: attrs})
	return g
}

func (g testGraph) weights(name string, dims ...int64) testGraph {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(i%7) - 3
	}
	g.Initializer = append(g.Initializer, ir.NewFloats(name, dims, values))
	return g
}

func ints(name string, values ...int64) *onnxpb.AttributeProto {
	if len(values) == 1 && name == "group" {
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_INT.Enum(), I: &values[0]}
	}
	return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_INTS.Enum(), Ints: values}
}

// deadly are networks of which ONNX Runtime 1.24 to 1.26 dies, each at a node of the operator that it is called
// after.
func deadly() map[string]testGraph {
	image := []int64{-1, 1, 8, 8}
	kernel, still := ints("kernel_shape", 2, 2), ints("strides", 0, 0)
	branch := func(out string) *onnxpb.AttributeProto {
		name := out
		g := newTestGraph(nil).weights("w", 2, 1, 3, 3).node("Conv", "x w", out+"_c", still).node("Relu", out+"_c", out)
		g.Input, g.Output = nil, []*onnxpb.ValueInfoProto{testValue(out, 1)}
		g.Output[0].Type.GetTensorType().Shape = nil
		return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_GRAPH.Enum(), G: g.GraphProto}
	}
	ifs := newTestGraph(image, -1, 2, -1, -1).node("ReduceMax", "x", "m").weights("zero").node("Greater", "m zero", "c").node("Squeeze", "c", "s")
	return map[string]testGraph{
		"Conv":          newTestGraph(image, -1, 2, -1, -1).weights("w", 2, 1, 3, 3).node("Relu", "x", "r").node("Conv", "r w", "c", still).node("Relu", "c", "y"),
		"MaxPool":       newTestGraph(image, -1, 1, -1, -1).node("MaxPool", "x", "y", kernel, still),
		"AveragePool":   newTestGraph(image, -1, 1, -1, -1).node("AveragePool", "x", "p", kernel, still).node("Relu", "p", "y"),
		"LpPool":        newTestGraph(image, -1, 1, -1, -1).node("LpPool", "x", "y", kernel, still),
		"ConvTranspose": newTestGraph(image, -1, 1, -1, -1).weights("w", 1, 1, 3, 3).node("ConvTranspose", "x w", "y", ints("group", 0)),
		"Split":         newTestGraph([]int64{-1, 4}, -1, 1).weights("w", 4, 4).node("MatMul", "x w", "r").node("Split", "r", "- y - -", &onnxpb.AttributeProto{Name: proto.String("axis"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(-1)}),
		"If":            ifs.node("If", "s", "y", named(branch("a"), "then_branch"), named(branch("b"), "else_branch")),
		// What is not needed for the output is run all the same where shapes are measured.
		"Conv, beside the output": newTestGraph(image, -1, 1, 8, 8).weights("w", 2, 1, 3, 3).node("Relu", "x", "y").node("Conv", "x w", "c", still),
	}
}

func named(a *onnxpb.AttributeProto, name string) *onnxpb.AttributeProto {
	a.Name = &name
	return a
}

// TestNetworksThatKill tries networks of which the runtime dies: this process lives, and the line names file, signal
// and node.
func TestNetworksThatKill(t *testing.T) {
	trying(t)
	killed := 0
	for name, g := range deadly() {
		t.Run(name, func(t *testing.T) {
			path, before := writeNetwork(t, filepath.Join(t.TempDir(), "net.onnx"), g.GraphProto), len(sandbox.TriedKeys())
			err := sandbox.TryNetwork(context.Background(), path, nil)
			if err == nil {
				return // this ONNX Runtime lives
			}
			killed++
			op, _, _ := strings.Cut(name, ",")
			for _, text := range []string{path, "ONNX Runtime " + backend.RuntimeVersion() + " dies by signal SIG", "this network, at " + op + ` node "the ` + op + `"`, "--ort"} {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%v: lacks %q", err, text)
				}
			}
			if ExitCode(err) != ExitMistake || strings.Contains(err.Error(), "\n") {
				t.Errorf("exit code %d, %q", ExitCode(err), err)
			}
			if len(sandbox.TriedKeys()) > before {
				t.Error("it is noted as one that has been tried")
			}
		})
	}
	if killed < 2 { // Split with outputs without names kills every version up to 1.32
		t.Errorf("%d networks have killed", killed)
	}
}

// TestLivingNetworksAreTriedOnce tries a network that lives, again, and as another one.
func TestLivingNetworksAreTriedOnce(t *testing.T) {
	trying(t)
	path := tinyNetwork(t, t.TempDir())
	for i, c := range []struct {
		block int64
		want  int
	}{{2, 1}, {2, 1}, {3, 2}} {
		if err := sandbox.TryNetwork(context.Background(), path, map[string][]int64{"image": {c.block, 1, 8, 8}}); err != nil {
			t.Fatal(err)
		}
		if got := len(sandbox.TriedKeys()); got != c.want {
			t.Errorf("try %d: %d keys, want %d", i, got, c.want)
		}
	}
	info, err := os.Stat(sandbox.TryFile())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	sandbox.TryHere = false
	if err := sandbox.TryNetwork(context.Background(), path, nil); !errors.Is(err, sandbox.ErrNoChild) || !strings.Contains(err.Error(), "run.Child") {
		t.Errorf("in a program without Child: %v", err)
	}
}

// TestCacheOfTries spoils the file of what has been tried.
func TestCacheOfTries(t *testing.T) {
	trying(t)
	key := func(i int) string { return fmt.Sprintf("%064x", i) }
	path := sandbox.TryFile()
	folder := func(t *testing.T) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		sandbox.KeepTried(key(i))
	}
	if sandbox.Tried(key(3)) || !sandbox.Tried(key(2)) {
		t.Error("what was noted last is not there")
	}
	t.Run("full", func(t *testing.T) {
		var all []byte
		for i := range sandbox.TryMost {
			all = append(all, key(i)+"\n"...)
		}
		writeTestFile(t, path, all)
		sandbox.KeepTried(key(sandbox.TryMost))
		if got := sandbox.TriedKeys(); len(got) != sandbox.TryKept+1 || sandbox.Tried(key(0)) || !sandbox.Tried(key(sandbox.TryMost)) || !sandbox.Tried(key(sandbox.TryMost-1)) {
			t.Errorf("%d keys are kept", len(got))
		}
	})
	t.Run("half a line", func(t *testing.T) {
		writeTestFile(t, path, []byte(key(1)+"\n"+key(2)[:20]))
		sandbox.KeepTried(key(3))
		if !sandbox.Tried(key(1)) || sandbox.Tried(key(2)) || !sandbox.Tried(key(3)) {
			t.Errorf("%q", sandbox.TriedKeys())
		}
	})
	t.Run("huge", func(t *testing.T) {
		writeTestFile(t, path, bytes.Repeat([]byte{'x'}, 3<<20))
		if sandbox.Tried(key(1)) {
			t.Error("it was read")
		}
		sandbox.KeepTried(key(1))
		sandbox.KeepTried(key(1))
		if !sandbox.Tried(key(1)) {
			t.Error("it was not begun anew")
		}
	})
	for name, spoil := range map[string]func(t *testing.T){
		"a folder in its place":        func(t *testing.T) { folder(t); os.Mkdir(path, 0o700) },
		"a link in its place":          func(t *testing.T) { folder(t); os.Symlink(filepath.Join(t.TempDir(), "elsewhere"), path) },
		"a file in the folder's place": func(t *testing.T) { writeTestFile(t, filepath.Dir(path), nil) },
		"no cache folder":              func(t *testing.T) { t.Setenv("XDG_CACHE_HOME", ""); t.Setenv("HOME", "") },
	} {
		t.Run(name, func(t *testing.T) {
			os.RemoveAll(filepath.Dir(path))
			spoil(t)
			sandbox.KeepTried(key(1))
			if sandbox.Tried(key(1)) {
				t.Error("it was noted")
			}
			if target, err := os.Readlink(path); err == nil {
				if _, err := os.Stat(target); err == nil {
					t.Error("a link was followed")
				}
			}
			os.RemoveAll(filepath.Dir(path))
		})
	}
}

// endless is a network whose Loop has no end, always or where some value of x is above 0.
func endless(always bool) testGraph {
	body := &onnxpb.GraphProto{Name: proto.String("body"),
		Input:  []*onnxpb.ValueInfoProto{testValue("i", 7), testValue("go", 9), testValue("v", 1, -1, 4)},
		Output: []*onnxpb.ValueInfoProto{testValue("on", 9), testValue("u", 1, -1, 4)},
		Node: []*onnxpb.NodeProto{{OpType: proto.String("Identity"), Input: []string{"go"}, Output: []string{"on"}},
			{OpType: proto.String("Relu"), Input: []string{"v"}, Output: []string{"u"}}}}
	g := newTestGraph([]int64{-1, 4}, -1, 3).weights("w", 4, 3).node("ReduceMax", "x", "m", keepDims())
	limit := ir.NewFloats("limit", nil, []float32{0})
	if always {
		limit.FloatData, limit.RawData = []float32{-1e30}, nil
	}
	g.Initializer = append(g.Initializer, limit)
	return g.node("Greater", "m limit", "start").
		node("Loop", "- start x", "l", &onnxpb.AttributeProto{Name: proto.String("body"), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: body}).
		node("MatMul", "l w", "y")
}

func keepDims() *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: proto.String("keepdims"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(0)}
}

// TestEndlessNetworksInAChild has the time of a child pass, and ends the try from outside.
func TestEndlessNetworksInAChild(t *testing.T) {
	trying(t)
	path := writeNetwork(t, filepath.Join(t.TempDir(), "net.onnx"), endless(true).GraphProto)
	old := sandbox.TryTime
	t.Cleanup(func() { sandbox.TryTime = old })
	t.Run("time", func(t *testing.T) {
		sandbox.TryTime = 500 * time.Millisecond
		err := sandbox.TryNetwork(context.Background(), path, nil)
		if ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), path+": one run of it does not come to an end within 500ms") {
			t.Error(err)
		}
		sandbox.TryTime = old
	})
	t.Run("time, of a command", func(t *testing.T) { // no fault was shown: it goes on
		m, err := onnx.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		sandbox.TryTime = 500 * time.Millisecond
		defer func() { sandbox.TryTime = old }()
		var said []string
		err = sandbox.Network(context.Background(), m, []backend.Tensor{{Name: "x", Type: 1, Dims: []int64{20, 4}}}, nil, func(l string) { said = append(said, l) })
		if err != nil || len(said) != 1 || !strings.HasPrefix(said[0], "warning: "+path+": one run of it does not come to an end within 500ms") {
			t.Errorf("%v, %q", err, said)
		}
	})
	t.Run("context", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		began := time.Now()
		if err := sandbox.TryNetwork(ctx, path, nil); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
	if len(sandbox.TriedKeys()) > 0 {
		t.Error("it is noted as one that has been tried")
	}
}

// TestChildEndsWithItsParent closes the pipe of a child that has an endless network to run.
func TestChildEndsWithItsParent(t *testing.T) {
	data, err := proto.Marshal(&onnxpb.ModelProto{IrVersion: proto.Int64(8), OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(17)}}, Graph: endless(true).GraphProto})
	if err != nil {
		t.Fatal(err)
	}
	order := fmt.Sprintf(`{"runtime":%q,"level":99,"inputs":[{"Name":"x","Type":1,"Dims":[1,4]}],"size":%d}`+"\n", backend.RuntimePath(), len(data))
	cmd := exec.Command(os.Args[0], sandbox.TryWord)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Write(append([]byte(order), data...))
	line := make([]byte, len(sandbox.TryLoaded)+1)
	if _, err := out.Read(line); err != nil || strings.TrimSpace(string(line)) != sandbox.TryLoaded {
		t.Fatalf("%q, %v", line, err)
	}
	in.Close()
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		cmd.Process.Kill()
		t.Fatal("it lives on")
	}
}

// TestChildWithoutAnOrder starts the hidden command as a user may.
func TestChildWithoutAnOrder(t *testing.T) {
	for _, in := range []string{"", "hello\n", "{}\n", `{"size":5}` + "\nabc"} {
		cmd := exec.Command(os.Args[0], sandbox.TryWord)
		cmd.Stdin = strings.NewReader(in)
		text, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != ExitInternal || bytes.Count(text, []byte("\n")) != 1 {
			t.Errorf("%q: exit code %d, %q", in, code, text)
		}
	}
}

// TestCommandsTryTheirNetworks has every command that loads a network try it first: the float network and the
// switchable one of a search, both of a pair, the file and the reference of eval, and what a search writes or a run
// folder holds.
func TestCommandsTryTheirNetworks(t *testing.T) {
	trying(t)
	c := tinyConfig(t, 8)
	c.Block, c.EveryCut = 8, false
	count := func(want int, what string) {
		t.Helper()
		if got := len(sandbox.TriedKeys()); got != want {
			t.Errorf("%s: %d networks have been tried by now, want %d", what, got, want)
		}
	}
	ctx := context.Background()
	if _, err := Search(ctx, c); err != nil && !errors.Is(err, ErrUnreachable) {
		t.Fatal(err)
	}
	count(4, "search: the float network, the switchable one, and the written file in both sessions")
	os.Remove(sandbox.TryFile())
	if _, err := Verify(ctx, c.Out, config.Config{}); err != nil {
		t.Fatal(err)
	}
	count(4, "verify")
	q := c
	q.Out, q.Block = filepath.Join(c.Out, "q"), 0
	low, high, err := Quantize(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	count(5, "quantize, by the calibration samples")
	e := config.Config{Data: c.Data, Metric: "sqnr", Block: 4}
	if _, err := Eval(ctx, e, low, c.Model, "exact"); err != nil {
		t.Fatal(err)
	}
	count(7, "eval")
	pair := c
	pair.Model, pair.Calib, pair.GridLow, pair.GridHigh, pair.Low, pair.High, pair.Out = "", "", "", "", low, high, c.Out+"2"
	if _, err := Search(ctx, pair); err != nil && !errors.Is(err, ErrUnreachable) {
		t.Fatal(err)
	}
	count(10, "a pair of what the search was about, whose switchable network is the same")
	if all := sandbox.TriedKeys(); len(slices.Compact(slices.Sorted(slices.Values(all)))) != len(all) {
		t.Error("a network was tried twice")
	}
}

// TestCommandsRefuseNetworksThatKill hands a network that kills to every command that loads one.
func TestCommandsRefuseNetworksThatKill(t *testing.T) {
	trying(t)
	dir := t.TempDir()
	bad := writeNetwork(t, filepath.Join(dir, "bad.onnx"), newTestGraph([]int64{-1, 4}, -1, 1).weights("w", 4, 4).node("MatMul", "x w", "r").
		node("Split", "r", "- y - -", &onnxpb.AttributeProto{Name: proto.String("axis"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(-1)}).GraphProto)
	good := writeNetwork(t, filepath.Join(dir, "good.onnx"), newTestGraph([]int64{-1, 4}, -1, 1).weights("w", 4, 1).node("MatMul", "x w", "y").GraphProto)
	data := filepath.Join(dir, "x.npy")
	writeTestFile(t, data, append(npyHeader("<f4", 6, 4), make([]byte, 6*4*4)...))
	c := config.Config{Model: bad, Calib: data, Data: data, Metric: "sqnr", Target: "1", Out: filepath.Join(dir, "run"), Block: 2}
	ctx := context.Background()
	for name, f := range map[string]func() error{
		"search":    func() error { _, err := Search(ctx, c); return err },
		"bench":     func() error { _, err := RunBench(ctx, c, bench.Options{}); return err },
		"quantize":  func() error { _, _, err := Quantize(ctx, c); return err },
		"eval":      func() error { _, err := Eval(ctx, c, bad, good, "exact"); return err },
		"reference": func() error { _, err := Eval(ctx, c, good, bad, "default"); return err },
		"inspect":   func() error { _, err := Inspect(ctx, c); return err },
	} {
		t.Run(name, func(t *testing.T) {
			err := f()
			if ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), bad+": ONNX Runtime") || !strings.Contains(err.Error(), `Split node "the Split"`) {
				t.Error(err)
			}
		})
	}
}
