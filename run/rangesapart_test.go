package run

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/result"
)

// columns is a search of a network for columns in different units: one of thousands beside five of about 1, which the
// network brings to one scale itself. One grid covers all of them, so in int8 the five are 0.
func columns(t *testing.T) config.Config {
	g := tasktest.AloneNetwork(onnxtest.Declared("x", ir.Float, "N", 6), nil, -1, "N", 4)
	g.Node[0].Input[0] = "h"
	g.Node = append([]*onnxpb.NodeProto{tasktest.Node("Mul", "z", "x", "down"), tasktest.Node("Sub", "h", "z", "up")}, g.Node...)
	g.Initializer = append(g.Initializer, ir.NewFloats("down", []int64{6}, []float32{1. / 256, 1, 1, 1, 1, 1}), ir.NewFloats("up", []int64{6}, []float32{1, 1, 1, 1, 1, 1}))
	c := tasktest.AloneConfig(t, g, map[string][]int{"x": {60, 6}})
	rng, data := rand.New(rand.NewPCG(3, 4)), tasktest.NPYHeader("<f4", 60, 6)
	for i := range 60 * 6 {
		v := float32(rng.ExpFloat64())
		if i%6 == 0 {
			v *= 256
		}
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	tasktest.WriteFile(t, c.Data, tasktest.NPZ(t, map[string][]byte{"x": data}))
	return c
}

// TestRangeAutoApart holds that where one activation does nearly all of the harm of all int8, the ranges of the others
// are those with which all int8 but that one scores best, found by a search with each method and that one pinned; and
// that the dominating one keeps the choice by all int8.
func TestRangeAutoApart(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	c := columns(t)
	c.RangeLow, c.Target = "auto", "16bit-20"
	r := mustSearch(t, c)
	var all, apart []result.RangeScore
	for _, one := range r.Ranges {
		if len(one.Int16) == 0 {
			all = append(all, one)
		} else if apart = append(apart, one); !slices.Equal(one.Int16, []string{"x"}) {
			t.Fatalf("set apart: %v", one.Int16)
		}
	}
	if len(all) < 4 || len(apart) < 4 || apart[0].Score == nil {
		t.Fatalf("ranges %+v", r.Ranges)
	}
	last := func(list []result.RangeScore) (method string) {
		for _, one := range list {
			if one.Score != nil {
				method = one.Method
			}
		}
		return method
	}
	best, least := "", 0.
	for _, one := range apart {
		if one.Method == result.EachItsOwn {
			continue
		}
		own := c
		own.RangeLow, own.Pins, own.Target, own.Out = one.Method, []string{"x=int16"}, "0", filepath.Join(t.TempDir(), one.Method)
		score := *mustSearch(t, own).Score.Mixed.Value // with all int8 that may be
		if better := best == "" || score > least; better != (one.Score != nil) || better && *one.Score.Value != score {
			t.Errorf("%s scores %v with x at int16, the best before it %v; the result says %+v", one.Method, score, least, one.Score)
		} else if better {
			best, least = one.Method, score
		}
	}
	for _, h := range r.Holders {
		if want := last(all); h.Name == "x" && want != result.EachItsOwn && h.Range != want {
			t.Errorf("x has its grid by %s, all int8 scores best by %s", h.Range, want)
		}
		if want := last(apart); h.Name != "x" && want != result.EachItsOwn && h.Range != want {
			t.Errorf("%s has its grid by %s, all int8 but x scores best by %s", h.Name, h.Range, want)
		}
	}
	naive := c
	naive.Scan, naive.Out = "naive", filepath.Join(t.TempDir(), "naive")
	if n := mustSearch(t, naive); decisions(t, n) != decisions(t, r) {
		t.Errorf("fast: %s\nnaive: %s", decisions(t, r), decisions(t, n))
	}
}
