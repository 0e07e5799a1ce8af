package quant

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exactly computes a formula the long way: every operation on rationals, rounded once to float32.
func exactly(p Params, x float32) float32 {
	if math.IsNaN(float64(x)) || math.IsInf(float64(x), -1) {
		x = -math.MaxFloat32
	} else if math.IsInf(float64(x), 1) {
		x = math.MaxFloat32
	}
	rat := func(v float32) *big.Rat { return new(big.Rat).SetFloat64(float64(v)) }
	round := func(r *big.Rat) float32 {
		v, _ := r.Float32()
		if math.IsInf(float64(v), 0) {
			return float32(math.Copysign(math.MaxFloat32, float64(v)))
		}
		return v
	}
	limit := func(v float32) float32 { return float32(math.Min(math.Max(float64(v), float64(p.Lo)), float64(p.Hi))) }
	even := func(v float32) float32 { return float32(math.RoundToEven(float64(v))) }
	var y float32
	switch p.Kind {
	case kindQDQ:
		q := even(limit(round(new(big.Rat).Quo(rat(x), rat(p.Scale)))))
		y = round(new(big.Rat).Mul(rat(q), rat(p.Scale)))
	case kindMCTQ:
		d := round(new(big.Rat).Sub(rat(limit(x)), rat(p.Offset)))
		q := even(round(new(big.Rat).Quo(rat(d), rat(p.Scale))))
		m := round(new(big.Rat).Mul(rat(q), rat(p.Scale)))
		y = round(new(big.Rat).Add(rat(m), rat(p.Offset)))
	case kindTorch:
		q := limit(even(round(new(big.Rat).Mul(rat(x), rat(p.Inv)))))
		y = round(new(big.Rat).Mul(rat(q), rat(p.Scale)))
	}
	if y == 0 {
		return 0
	}
	return y
}

func must(g Grid, err error) Grid {
	if err != nil {
		panic(err)
	}
	return g
}

// someGrids are grids of every formula, kind and width, small and large.
func someGrids() map[string]Grid {
	grids := map[string]Grid{}
	for _, f := range []Formula{QDQ, MCTQ, Torch} {
		for _, bits := range []int{4, 8, 16} {
			for _, kind := range []Kind{Asymmetric, Symmetric, Pow2} {
				grids[string(f)+" "+string(kind)+" "+typeName(bits, false)] = must(GridOf(f, kind, bits, Range{-0.37, 2.91}))
				grids[string(f)+" "+string(kind)+" "+typeName(bits, false)+" positive"] = must(GridOf(f, kind, bits, Range{0.5, 5.7}))
			}
			grids[string(f)+" tiny "+typeName(bits, false)] = must(GridOf(f, Asymmetric, bits, Range{-1e-36, 3e-36}))
			grids[string(f)+" huge "+typeName(bits, false)] = must(GridOf(f, Symmetric, bits, Range{-1e38, 2e38}))
		}
	}
	return grids
}

func TestValueRoundsEachStepOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 11))
	for name, g := range someGrids() {
		p := g.Params()
		x := []float32{0, float32(math.Copysign(0, -1)), float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)),
			math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, math.MaxFloat32, -math.MaxFloat32, g.Scale, -g.Scale}
		for c := range 40 {
			half := float32((float64(c) - 19.5) * float64(g.Scale))
			x = append(x, half, math.Nextafter32(half, 9e9), math.Nextafter32(half, -9e9))
		}
		for range 500 {
			x = append(x, float32(rng.NormFloat64()*float64(g.Scale)*math.Exp2(float64(g.Bits))), math.Float32frombits(rng.Uint32()))
		}
		for _, v := range x {
			got, want := g.Value(v), exactly(p, v)
			if math.Float32bits(got) != math.Float32bits(want) {
				t.Errorf("%s: value of %g (%08x) is %g, want %g", name, v, math.Float32bits(v), got, want)
			}
			if c := g.Code(v); c < g.Min || c > g.Max || g.Decode(c) != got {
				t.Errorf("%s: code of %g is %d (%d to %d), which stands for %g, not %g", name, v, c, g.Min, g.Max, g.Decode(c), got)
			}
		}
	}
}

func TestValueProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	for name, g := range someGrids() {
		lowest := g.Value(float32(math.NaN()))
		if lowest != g.Decode(g.Min) || lowest != g.Value(float32(math.Inf(-1))) {
			t.Errorf("%s: NaN gives %g, not the lowest value %g", name, lowest, g.Decode(g.Min))
		}
		if !g.ZeroExact() && g.Formula != MCTQ {
			t.Errorf("%s: 0 is not on the grid", name)
		}
		x := make([]float32, 2000)
		for i := range x {
			x[i] = float32(rng.NormFloat64() * float64(g.Scale) * math.Exp2(float64(g.Bits)-1))
		}
		y := make([]float32, len(x))
		g.Apply(y, x)
		for i, v := range x {
			if math.Float32bits(y[i]) != math.Float32bits(g.Value(v)) {
				t.Errorf("%s: Apply gives %g for %g, Value %g", name, y[i], v, g.Value(v))
			}
			if g.Value(y[i]) != y[i] {
				t.Errorf("%s: %g on the grid moves to %g", name, y[i], g.Value(y[i]))
			}
			inside := v >= g.Decode(g.Min) && v <= g.Decode(g.Max)
			if d := math.Abs(float64(v) - float64(y[i])); inside && d > float64(g.Scale)/2+math.Abs(float64(v))*0x1p-22 {
				t.Errorf("%s: %g moves to %g, by more than half a step of %g", name, v, y[i], g.Scale)
			}
			if j := rng.IntN(len(x)); (v < x[j]) && y[i] > y[j] {
				t.Errorf("%s: %g < %g, but %g > %g", name, v, x[j], y[i], y[j])
			}
		}
	}
}

func TestPow2FormulasAgree(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	for _, bits := range []int{8, 16} {
		for _, r := range []Range{{-3, 1}, {0, 0.7}, {-1e-3, 0}} {
			q, m, o := must(GridOf(QDQ, Pow2, bits, r)), must(GridOf(MCTQ, Pow2, bits, r)), must(GridOf(Torch, Pow2, bits, r))
			if !pow2(q.Scale) {
				t.Errorf("scale %g is not recognized as a power of two", q.Scale)
			}
			for range 100_000 {
				x := math.Float32frombits(rng.Uint32())
				if a, b, c := q.Value(x), m.Value(x), o.Value(x); a != b || a != c {
					t.Fatalf("%d bits over %v: %g is %g, %g and %g", bits, r, x, a, b, c)
				}
			}
		}
	}
}

func FuzzValue(f *testing.F) {
	f.Add(uint32(0x3f800000), uint32(0x3f000000), int32(7), uint8(8))
	f.Fuzz(func(t *testing.T, x, scale uint32, zero int32, bits uint8) {
		g, err := FromScale(QDQ, math.Float32frombits(scale), zero, int(bits), bits%2 == 0)
		if err != nil {
			return
		}
		v := math.Float32frombits(x)
		if got, want := g.Value(v), exactly(g.Params(), v); math.Float32bits(got) != math.Float32bits(want) {
			t.Errorf("%v: value of %g is %g, want %g", g, v, got, want)
		}
		if y := g.Value(v); g.Value(y) != y {
			t.Errorf("%v: %g on the grid moves to %g", g, y, g.Value(y))
		}
	})
}

// pow2 reports whether x/scale and x*(1/scale) are the same float32 for every x: see Params.
func pow2(scale float32) bool {
	frac, exp := math.Frexp(float64(scale))
	return frac == 0.5 && exp >= -125 && exp <= 127 // scale = 2^(exp-1), from 2^-126 to 2^126
}
