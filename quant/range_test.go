package quant

import (
	"errors"
	"math"
	"testing"

	"example.org/demote/mistake"
)

func TestGridFor(t *testing.T) {
	s := func(num, den float64) float32 { return float32(num / den) }
	for _, c := range []struct {
		name string
		kind Kind
		bits int
		r    Range
		want Grid
	}{
		{"asymmetric", Asymmetric, 8, Range{-1, 3}, Grid{Scale: s(4, 255), Zero: 64, Min: 0, Max: 255}},
		{"asymmetric 16", Asymmetric, 16, Range{-1, 3}, Grid{Scale: s(4, 65535), Zero: 16384, Min: 0, Max: 65535}},
		{"asymmetric 4", Asymmetric, 4, Range{-1, 3}, Grid{Scale: s(4, 15), Zero: 4, Min: 0, Max: 15}},
		{"above zero is extended to it", Asymmetric, 8, Range{2, 3}, Grid{Scale: s(3, 255), Max: 255}},
		{"below zero is extended to it", Asymmetric, 8, Range{-3, -2}, Grid{Scale: s(3, 255), Zero: 255, Max: 255}},
		{"zero point rounds half to even", Asymmetric, 4, Range{-0.5, 14.5}, Grid{Scale: 1, Zero: 0, Max: 15}},
		{"constant", Asymmetric, 8, Range{5, 5}, Grid{Scale: s(5, 255), Max: 255}},
		{"zeros", Asymmetric, 8, Range{}, Grid{Scale: s(1, 255), Max: 255}},
		{"symmetric", Symmetric, 8, Range{-1, 3}, Grid{Signed: true, Scale: 3.0 / 128, Min: -128, Max: 127}},
		{"symmetric stays signed", Symmetric, 16, Range{0, 3}, Grid{Signed: true, Scale: 3.0 / 32768, Min: -32768, Max: 32767}},
		{"symmetric zeros", Symmetric, 8, Range{}, Grid{Signed: true, Scale: 1.0 / 128, Min: -128, Max: 127}},
		{"pow2 signed", Pow2, 8, Range{-0.01, 3}, Grid{Signed: true, Scale: 4.0 / 128, Min: -128, Max: 127}},
		{"pow2 unsigned", Pow2, 8, Range{0, 3}, Grid{Scale: 4.0 / 256, Max: 255}},
		{"pow2 of a power of two", Pow2, 8, Range{0, 4}, Grid{Scale: 4.0 / 256, Max: 255}},
		{"pow2 below one", Pow2, 16, Range{-0.2, 0.1}, Grid{Signed: true, Scale: 0.25 / 32768, Min: -32768, Max: 32767}},
		{"pow2 zeros", Pow2, 8, Range{}, Grid{Scale: 1.0 / 256, Max: 255}},
		{"subnormal scale is raised", Asymmetric, 8, Range{0, 1e-40}, Grid{Scale: 0x1p-126, Max: 255}},
	} {
		c.want.Formula, c.want.Bits = QDQ, c.bits
		if g, err := GridFor(c.kind, c.bits, c.r); err != nil || g != c.want {
			t.Errorf("%s: %+v (%v), want %+v", c.name, g, err, c.want)
		}
	}
}

func TestGridErrors(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for name, f := range map[string]func() (Grid, error){
		"range with NaN":         func() (Grid, error) { return GridFor(Asymmetric, 8, Range{nan, 1}) },
		"infinite range":         func() (Grid, error) { return GridFor(Asymmetric, 8, Range{0, inf}) },
		"empty range":            func() (Grid, error) { return GridFor(Asymmetric, 8, Range{1, 0}) },
		"range beyond float32":   func() (Grid, error) { return GridFor(Pow2, 16, Range{-math.MaxFloat32, math.MaxFloat32}) },
		"1 bit":                  func() (Grid, error) { return GridFor(Symmetric, 1, Range{0, 1}) },
		"17 bits":                func() (Grid, error) { return GridFor(Asymmetric, 17, Range{0, 1}) },
		"unknown kind":           func() (Grid, error) { return GridFor("skewed", 8, Range{0, 1}) },
		"threshold 0":            func() (Grid, error) { return FromThreshold(MCTQ, 0, true, 8) },
		"negative threshold":     func() (Grid, error) { return FromThreshold(QDQ, -1, true, 8) },
		"threshold NaN":          func() (Grid, error) { return FromThreshold(QDQ, nan, true, 8) },
		"min equal to max":       func() (Grid, error) { return FromMinMax(MCTQ, 1, 1, 8) },
		"min above max":          func() (Grid, error) { return FromMinMax(MCTQ, 1, 0, 8) },
		"max infinite":           func() (Grid, error) { return FromMinMax(Torch, 1, inf, 8) },
		"scale 0":                func() (Grid, error) { return FromScale(QDQ, 0, 0, 8, true) },
		"scale negative":         func() (Grid, error) { return FromScale(QDQ, -1, 0, 8, true) },
		"scale NaN":              func() (Grid, error) { return FromScale(QDQ, nan, 0, 8, true) },
		"scale infinite":         func() (Grid, error) { return FromScale(QDQ, inf, 0, 8, true) },
		"scale subnormal":        func() (Grid, error) { return FromScale(QDQ, 1e-40, 0, 8, true) },
		"zero point of no int8":  func() (Grid, error) { return FromScale(QDQ, 1, 128, 8, true) },
		"zero point of no uint8": func() (Grid, error) { return FromScale(QDQ, 1, -1, 8, false) },
		"scale for mctq":         func() (Grid, error) { return FromScale(MCTQ, 1, 0, 8, false) },
	} {
		if _, err := f(); !errors.Is(err, mistake.Err) {
			t.Errorf("%s: error %v, want a mistake.Err", name, err)
		}
	}
	for _, err := range []error{second(ParseFormula("x")), second(ParseKind("x")), second(ParseMethod("x"))} {
		if !errors.Is(err, mistake.Err) {
			t.Errorf("unknown name: %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestFromThreshold(t *testing.T) {
	for _, c := range []struct {
		f         Formula
		threshold float32
		signed    bool
		bits      int
		want      Grid
	}{
		{QDQ, 0.3, true, 8, Grid{Signed: true, Scale: float32(float64(float32(0.3)) / 128), Min: -128, Max: 127}},
		{QDQ, 0.3, false, 16, Grid{Scale: float32(float64(float32(0.3)) / 65536), Max: 65535}},
		{MCTQ, 2, true, 8, Grid{Signed: true, Scale: 1.0 / 64, Min: -128, Max: 127, Lo: -2, Hi: 2 - 1.0/64}},
		{MCTQ, 2, false, 8, Grid{Scale: 1.0 / 128, Max: 255, Hi: 2 - 1.0/128}},
		{Torch, 2, false, 8, Grid{Scale: 1.0 / 128, Max: 255}},
	} {
		c.want.Formula, c.want.Bits = c.f, c.bits
		if g, err := FromThreshold(c.f, c.threshold, c.signed, c.bits); err != nil || g != c.want {
			t.Errorf("%s threshold %g: %+v (%v), want %+v", c.f, c.threshold, g, err, c.want)
		}
	}
}

func TestFromMinMax(t *testing.T) {
	for _, c := range []struct {
		name   string
		f      Formula
		lo, hi float32
		want   Grid
	}{
		{"0 on the grid stays", QDQ, -1, 14, Grid{Scale: 1, Zero: 1, Max: 15}},
		{"moved down to the grid", QDQ, -1.25, 13.75, Grid{Scale: 1, Zero: 1, Max: 15}},
		{"mctq values", MCTQ, -1.25, 13.75, Grid{Scale: 1, Zero: 1, Max: 15, Lo: -1, Hi: 14, Offset: -1}},
		{"half rounds to even", MCTQ, -1.5, 13.5, Grid{Scale: 1, Zero: 2, Max: 15, Lo: -2, Hi: 13, Offset: -2}},
		{"above zero", MCTQ, 5, 30, Grid{Scale: 2, Max: 15, Hi: 30}},
		{"below zero", MCTQ, -30, -5, Grid{Scale: 2, Zero: 15, Max: 15, Lo: -30, Offset: -30}},
		{"torch", Torch, -1.25, 13.75, Grid{Scale: 1, Zero: 1, Max: 15}},
	} {
		c.want.Formula, c.want.Bits = c.f, 4
		if g, err := FromMinMax(c.f, c.lo, c.hi, 4); err != nil || g != c.want {
			t.Errorf("%s: %+v (%v), want %+v", c.name, g, err, c.want)
		}
	}
}

func TestParamsCheck(t *testing.T) {
	for name, g := range someGrids() {
		if err := g.Params().Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := must(GridFor(Asymmetric, 8, Range{-1, 1})).Params()
	for name, change := range map[string]func(p *Params){
		"kind":       func(p *Params) { p.Kind = 4 },
		"negative":   func(p *Params) { p.Kind = -1 },
		"scale":      func(p *Params) { p.Scale = 0 },
		"reciprocal": func(p *Params) { p.Kind, p.Inv = kindTorch, 0 },
		"bounds":     func(p *Params) { p.Lo, p.Hi = p.Hi, p.Lo },
		"fraction":   func(p *Params) { p.Lo += 0.5 },
		"too far":    func(p *Params) { p.Hi = 1 << 23 },
		"offset":     func(p *Params) { p.Offset = float32(math.NaN()) },
		"overflow":   func(p *Params) { p.Scale = math.MaxFloat32 },
	} {
		p := good
		change(&p)
		if p.Check() == nil {
			t.Errorf("%s: %+v is accepted", name, p)
		}
	}
}
