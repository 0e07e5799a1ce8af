package cgo_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"example.org/demote/cgo"
	"example.org/demote/quant"

	ort "github.com/yalue/onnxruntime_go"
)

func record(t testing.TB) quant.Record {
	return quant.Record{Low: grid(t, quant.QDQ, quant.Asymmetric, 8, -1, 3), High: grid(t, quant.QDQ, quant.Asymmetric, 16, -1, 3)}
}

// simple is a network of one FakeQuant behind a Neg.
func simple(t testing.TB, dims ...int64) []byte {
	return network(t, 1, float("x", dims...), float("y", dims...), node("Neg", "", []string{"x"}, "a"), fake{"a", "y", 0, record(t)}.node())
}

func TestSessionPorts(t *testing.T) {
	s := open(t, simple(t, -1, 3), cgo.Options{})
	in := []cgo.Port{{Name: "x", Type: cgo.Float32, Rank: 2, Dims: []int64{-1, 3}}, {Name: "demote.mask", Type: cgo.Uint8, Rank: 1, Dims: []int64{1}}}
	same := func(a, b cgo.Port) bool {
		return a.Name == b.Name && a.Type == b.Type && a.Rank == b.Rank && slices.Equal(a.Dims, b.Dims)
	}
	if !slices.EqualFunc(s.Inputs(), in, same) {
		t.Errorf("inputs %v, want %v", s.Inputs(), in)
	}
	if len(s.Outputs()) != 1 || s.Outputs()[0].Name != "y" {
		t.Errorf("outputs %v, want y", s.Outputs())
	}
}

func TestSessionErrors(t *testing.T) {
	good := simple(t, 4)
	for _, c := range []struct {
		name, want string
		model      []byte
		options    cgo.Options
	}{
		{"empty", "Missing ONNX data", nil, cgo.Options{}},
		{"not ONNX", "parsing failed", []byte("not a model at all"), cgo.Options{}},
		{"truncated", "", good[:len(good)/2], cgo.Options{}},
		{"unknown level", "optimization_level", good, cgo.Options{Level: 57}},
		{"unwritable optimized path", "", good, cgo.Options{OptimizedPath: "/no/such/folder/x.onnx"}},
	} {
		s, err := cgo.NewSession(c.model, c.options)
		if err == nil {
			s.Close()
			t.Errorf("%s: no error", c.name)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q in it", c.name, err, c.want)
		}
	}
	if _, err := cgo.NewSessionFile(filepath.Join(t.TempDir(), "none.onnx"), cgo.Options{}); err == nil {
		t.Error("a missing file gives no error")
	}
}

func TestSessionFileAndOptimizedPath(t *testing.T) {
	folder := t.TempDir()
	path, optimized := filepath.Join(folder, "m.onnx"), filepath.Join(folder, "o.onnx")
	if err := os.WriteFile(path, simple(t, 4), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := cgo.NewSessionFile(path, cgo.Options{Level: 99, IntraThreads: 1, Spin: true, OptimizedPath: optimized, Config: map[string]string{"session.disable_quant_qdq": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	data, err := os.ReadFile(optimized)
	if err != nil || !strings.Contains(string(data), "FakeQuant") {
		t.Errorf("optimized model: %d bytes (%v)", len(data), err)
	}
	again := open(t, data, cgo.Options{})
	if len(again.Inputs()) != 2 {
		t.Errorf("the optimized model has inputs %v", again.Inputs())
	}
}

func TestBindingErrors(t *testing.T) {
	s := open(t, simple(t, 4), cgo.Options{})
	x, y, mask := tensor(t, cgo.Float32, 4), tensor(t, cgo.Float32, 4), tensor(t, cgo.Uint8, 1)
	b := bind(t, s, map[string]*cgo.Tensor{"x": x}, map[string]*cgo.Tensor{"y": y})
	if _, err := b.Input("z"); err == nil || !strings.Contains(err.Error(), `"demote.mask"`) {
		t.Errorf("unknown input: %v, want the names there are", err)
	}
	if _, err := b.Output("x"); err == nil {
		t.Error("x is taken for an output")
	}
	if err := b.Run(); err == nil || !strings.Contains(err.Error(), "demote.mask") {
		t.Errorf("mask not bound: %v", err)
	}
	at, _ := b.Input("demote.mask")
	for want, wrong := range map[string]*cgo.Tensor{
		"input demote.mask: a tensor of float32 [1] does not fit uint8 [1]": tensor(t, cgo.Float32, 1),
		"input demote.mask: a tensor of uint8 [2] does not fit uint8 [1]":   tensor(t, cgo.Uint8, 2),
		"input demote.mask: a tensor of uint8 [] does not fit uint8 [1]":    tensor(t, cgo.Uint8),
	} {
		if err := b.Bind(at, wrong); err == nil || err.Error() != want {
			t.Errorf("wrong mask: %v, want %s", err, want)
		}
	}
	if err := b.Bind(at, mask); err != nil {
		t.Fatal(err)
	}
	if err := b.Run(); err != nil {
		t.Errorf("after the errors: %v", err)
	}
	short := tensor(t, cgo.Float32, 3)
	out, _ := b.Output("y")
	if err := b.Bind(out, short); err == nil {
		t.Error("an output of the wrong shape is accepted")
	}
}

func TestClosedHandles(t *testing.T) {
	s, err := cgo.NewSession(simple(t, 4), cgo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.NewBinding()
	if err != nil {
		t.Fatal(err)
	}
	at, _ := b.Input("x")
	x := tensor(t, cgo.Float32, 4)
	for range 2 {
		b.Close()
		s.Close()
	}
	if b.Run() == nil || b.Bind(at, x) == nil {
		t.Error("a closed binding runs")
	}
	if _, err := s.NewBinding(); err == nil {
		t.Error("a closed session has bindings")
	}
	if _, _, err := s.Memory(); err == nil {
		t.Error("a closed session has memory")
	}
	if _, err := cgo.NewBinding(s.Inner()); err == nil { // nil by now
		t.Error("no session has bindings")
	}
	(*cgo.Session)(nil).Close()
	(*cgo.Binding)(nil).Close()
	(*cgo.Tensor)(nil).Close()
}

// TestYalueSession runs the operator in a session that yalue/onnxruntime_go made, with options of its own.
func TestYalueSession(t *testing.T) {
	options, err := ort.NewSessionOptions()
	if err != nil {
		t.Fatal(err)
	}
	defer options.Destroy()
	if err := cgo.RegisterFakeQuant(options); err != nil {
		t.Fatal(err)
	}
	s, err := ort.NewDynamicAdvancedSessionWithONNXData(simple(t, 4), nil, nil, options)
	if err != nil {
		t.Fatal(err)
	}
	b, err := cgo.NewBinding(s)
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	s.Destroy()
	if _, err := cgo.NewBinding(s); err == nil {
		t.Error("a destroyed session has bindings")
	}
}

func TestBindAndRunDoNotAllocate(t *testing.T) {
	s := open(t, simple(t, 8, 100), cgo.Options{IntraThreads: 1, Level: 99})
	x, other, y, mask := tensor(t, cgo.Float32, 8, 100), tensor(t, cgo.Float32, 8, 100), tensor(t, cgo.Float32, 8, 100), tensor(t, cgo.Uint8, 1)
	b := bind(t, s, map[string]*cgo.Tensor{"x": x, "demote.mask": mask}, map[string]*cgo.Tensor{"y": y})
	at, err := b.Input("x")
	if err != nil {
		t.Fatal(err)
	}
	allocs := testing.AllocsPerRun(200, func() {
		x, other = other, x
		mask.Bytes()[0] ^= 1
		if b.Bind(at, x) != nil || b.Run() != nil {
			t.Error("run failed")
		}
	})
	if allocs != 0 {
		t.Errorf("%g allocations for a Bind and a Run, want none", allocs)
	}
}

// TestSessionRunsConcurrently runs one session from several goroutines, each with its own binding and mask.
func TestSessionRunsConcurrently(t *testing.T) {
	const n = 50_000
	s := open(t, simple(t, n), cgo.Options{IntraThreads: 2})
	r := record(t)
	var group sync.WaitGroup
	for g := range 4 {
		x, y, mask := tensor(t, cgo.Float32, n), tensor(t, cgo.Float32, n), tensor(t, cgo.Uint8, 1)
		b := bind(t, s, map[string]*cgo.Tensor{"x": x, "demote.mask": mask}, map[string]*cgo.Tensor{"y": y})
		for i := range x.Float32s() {
			x.Float32s()[i] = float32(i%1000)/100 - 5 + float32(g)
		}
		group.Go(func() {
			for i := range 20 {
				mask.Bytes()[0] = byte((i + g) % 2)
				if err := b.Run(); err != nil {
					t.Error(err)
					return
				}
				want := r.High
				if mask.Bytes()[0] != 0 {
					want = r.Low
				}
				for j := range y.Float32s() {
					if w := want.Value(-x.Float32s()[j]); !sameBits(y.Float32s()[j], w) {
						t.Errorf("goroutine %d, run %d: element %d is %g, want %g", g, i, j, y.Float32s()[j], w)
						return
					}
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkRun(b *testing.B) {
	s := open(b, simple(b, 8), cgo.Options{IntraThreads: 1})
	x, y, mask := tensor(b, cgo.Float32, 8), tensor(b, cgo.Float32, 8), tensor(b, cgo.Uint8, 1)
	binding := bind(b, s, map[string]*cgo.Tensor{"x": x, "demote.mask": mask}, map[string]*cgo.Tensor{"y": y})
	b.Run("mask flip and run", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			mask.Bytes()[0] ^= 1
			if err := binding.Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
	other := tensor(b, cgo.Float32, 8)
	at, err := binding.Input("x")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("bind", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			x, other = other, x
			if err := binding.Bind(at, x); err != nil {
				b.Fatal(err)
			}
		}
	})
}
