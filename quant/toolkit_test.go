package quant

import (
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"testing"
)

// TestToolkit compares the formulas Torch and MCTQ, from the attributes to the values, with what Sony's mct_quantizers
// computed (testdata/toolkit.py). QDQ is at most a step away, and nowhere for powers of two.
func TestToolkit(t *testing.T) {
	file, err := os.Open("testdata/toolkit.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	number := func(s string) float32 {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return float32(v)
	}
	bits := func(s string) float32 {
		v, err := strconv.ParseUint(s, 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		return math.Float32frombits(uint32(v))
	}
	for _, r := range rows {
		width, err := strconv.Atoi(r[4])
		if err != nil {
			t.Fatal(err)
		}
		x, torch, mctq := bits(r[5]), bits(r[6]), bits(r[7])
		for _, c := range []struct {
			f     Formula
			want  float32
			exact bool
		}{{Torch, torch, true}, {MCTQ, mctq, true}, {QDQ, torch, r[0] == "pot"}} {
			var g Grid
			if r[0] == "uniform" {
				g, err = FromMinMax(c.f, number(r[1]), number(r[2]), width)
			} else {
				g, err = FromThreshold(c.f, number(r[2]), r[3] == "1", width)
			}
			if err != nil {
				t.Fatal(err)
			}
			got := g.Value(x)
			if c.exact && got != c.want || math.Abs(float64(got)-float64(c.want)) > 1.01*float64(g.Scale) {
				t.Errorf("%v: %s of %g is %g, want %g", r[:5], c.f, x, got, c.want)
			}
		}
	}
}
