package cgo_test

import (
	"math"
	"strings"
	"testing"
	"unsafe"

	"example.org/demote/cgo"
)

func TestTensor(t *testing.T) {
	for _, c := range []struct {
		dtype    cgo.DType
		shape    []int64
		elements int
		bytes    int
	}{
		{cgo.Float32, []int64{2, 3}, 6, 24}, {cgo.Uint8, []int64{5}, 5, 5}, {cgo.Int64, nil, 1, 8},
		{cgo.Float64, []int64{0, 7}, 0, 0}, {cgo.Bool, []int64{1}, 1, 1}, {cgo.Float16, []int64{3}, 3, 6},
	} {
		v := tensor(t, c.dtype, c.shape...)
		if v.Len() != c.elements || len(v.Bytes()) != c.bytes || v.Type() != c.dtype || len(v.Shape()) != len(c.shape) {
			t.Errorf("%s %v: %d elements, %d bytes", c.dtype, c.shape, v.Len(), len(v.Bytes()))
		}
		if p := uintptr(unsafe.Pointer(unsafe.SliceData(v.Bytes()))); p%64 != 0 {
			t.Errorf("%s %v: address %x is not aligned", c.dtype, c.shape, p)
		}
		for i, b := range v.Bytes() {
			if b != 0 {
				t.Errorf("%s %v: byte %d is %d, want 0", c.dtype, c.shape, i, b)
			}
		}
	}
}

func TestTensorErrors(t *testing.T) {
	for _, c := range []struct {
		name, want string
		dtype      cgo.DType
		shape      []int64
	}{
		{"negative", "negative", cgo.Float32, []int64{2, -1}},
		{"beyond the address space", "address space", cgo.Float32, []int64{math.MaxInt64 / 2, 3}},
		{"beyond memory", "cannot allocate", cgo.Uint8, []int64{1 << 46}},
		{"type", "element type 8", cgo.DType(8), []int64{1}},
	} {
		if v, err := cgo.NewTensor(c.dtype, c.shape...); err == nil || !strings.Contains(err.Error(), c.want) {
			v.Close()
			t.Errorf("%s: %v, want %q in it", c.name, err, c.want)
		}
	}
}

func TestView(t *testing.T) {
	whole, err := cgo.NewTensor(cgo.Float32, 4, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole.Float32s() {
		whole.Float32s()[i] = float32(i)
	}
	row, err := whole.View(12, 1, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer row.Close()
	if got := row.Float32s(); len(got) != 3 || got[0] != 3 || got[2] != 5 {
		t.Errorf("row 1 is %v", got)
	}
	row.Float32s()[1] = 40
	if whole.Float32s()[4] != 40 {
		t.Error("the view does not share its elements")
	}
	for _, c := range []struct {
		offset int
		shape  []int64
	}{{-4, []int64{1}}, {2, []int64{1}}, {48, []int64{1}}, {12, []int64{4, 3}}, {0, []int64{-1}}} {
		if v, err := whole.View(c.offset, c.shape...); err == nil {
			v.Close()
			t.Errorf("view of %v at %d is accepted", c.shape, c.offset)
		}
	}
	whole.Close()
	whole.Close()
	if got := row.Float32s()[1]; got != 40 { // the memory lives as long as the view
		t.Errorf("after closing the whole tensor the view reads %g", got)
	}
	if _, err := whole.View(0, 1); err == nil {
		t.Error("a closed tensor has views")
	}
}

func TestAccessPanics(t *testing.T) {
	v := tensor(t, cgo.Int64, 2)
	for name, f := range map[string]func(){
		"Float32s of int64": func() { v.Float32s() },
		"Int64s of uint8":   func() { tensor(t, cgo.Uint8, 2).Int64s() },
		"closed":            func() { c := tensor(t, cgo.Uint8, 2); c.Close(); c.Bytes() },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s does not panic", name)
				}
			}()
			f()
		}()
	}
}

// TestTensorOutlivesItsClose: what a binding binds stays in memory until the binding lets go of it.
func TestTensorOutlivesItsClose(t *testing.T) {
	s := open(t, simple(t, 4), cgo.Options{})
	x, err := cgo.NewTensor(cgo.Float32, 4)
	if err != nil {
		t.Fatal(err)
	}
	y, mask := tensor(t, cgo.Float32, 4), tensor(t, cgo.Uint8, 1)
	b := bind(t, s, map[string]*cgo.Tensor{"x": x, "demote.mask": mask}, map[string]*cgo.Tensor{"y": y})
	copy(x.Float32s(), []float32{-1, -2, -3, 1})
	x.Close()
	if err := b.Run(); err != nil {
		t.Fatal(err)
	}
	g := record(t).High
	for i, v := range []float32{1, 2, 3, -1} {
		if want := g.Value(v); y.Float32s()[i] != want {
			t.Errorf("element %d is %g, want %g", i, y.Float32s()[i], want)
		}
	}
}
