package target

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"example.org/demote/mistake"
	"example.org/demote/search/trial"
)

var top1 = Scale{Name: "top1", Fraction: true}

func counted(c, n int) trial.Score { return trial.Score{Count: c, Total: n} }

func TestResolve(t *testing.T) {
	float := counted(1835, 2000)
	ends := Endpoints{Float: &float, High: counted(1834, 2000), Low: counted(1618, 2000)}
	mse := Endpoints{High: trial.Score{Value: -0.25}, Low: trial.Score{Value: -0.75}}
	sqnr := Endpoints{High: trial.Score{Value: -3}, Low: trial.Score{Value: -9}}
	for _, c := range []struct {
		name, text string
		scale      Scale
		ends       Endpoints
		value      float64
		above      float64
		need       int
		finer      bool
	}{
		{"exact hit", "0.9125", top1, ends, 0.9125, 0.9125, 1826, false},
		{"between counts", "0.91251", top1, ends, 0.91251, 0.91251, 1826, false},
		{"ten samples", "16bit-0.005", top1, ends, 0.912, 0.912, 1825, false},
		{"one sample", "16bit-0.0005", top1, ends, 0.9165, 0.9165, 1834, false},
		{"finer than a sample", "16bit-0.0004", top1, ends, 0.9166, 0.9166, 1834, true},
		{"float", "float-0.01", top1, ends, 0.9075, 0.9075, 1816, false},
		{"above the reference", "16bit+0.001", top1, ends, 0.918, 0.918, 1837, false},
		{"half of the way", "50%", top1, ends, 0.863, 0.863, 1727, false},
		{"three quarters", "75%", top1, ends, 0.89, 0.89, 1781, false},
		{"spelt share", "8bit+91%", top1, ends, 0.90728, 0.90728, 1815, false},
		{"none of the way", "0%", top1, ends, 0.809, 0.809, 1619, false},
		{"zero", "0", top1, ends, 0, 0, 1, false},
		{"all", "1", top1, ends, 1, 1, 2001, false},
		{"below zero", "float-0.95", top1, ends, -0.0325, -0.0325, 0, false},
		{"exponent", "9.125e-1", top1, ends, 0.9125, 0.9125, 1826, false},
		{"lower is better", "0.5", Scale{Name: "mse", Lower: true}, mse, 0.5, -0.5, 0, false},
		{"lower with a difference", "16bit+0.125", Scale{Name: "mse", Lower: true}, mse, 0.375, -0.375, 0, false},
		{"lower with a share", "50%", Scale{Name: "mse", Lower: true}, mse, 0.5, -0.5, 0, false},
		{"negative scores", "16bit-1.5", Scale{Name: "sqnr"}, sqnr, -4.5, -4.5, 0, false},
		{"negative share", "91%", Scale{Name: "sqnr"}, Endpoints{High: trial.Score{Value: -3}, Low: trial.Score{Value: -103}}, -12, -12, 0, false},
		{"a share that is a score", "10%", top1, Endpoints{High: counted(5, 10), Low: counted(1, 10)}, 0.14, 0.14, 2, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			target, err := Parse(c.text)
			if err != nil {
				t.Fatal(err)
			}
			r, err := target.Resolve(c.scale, c.ends)
			if err != nil {
				t.Fatal(err)
			}
			if r.Value != c.value || r.Above != c.above || r.Need != c.need || r.Finer != c.finer {
				t.Errorf("%+v, want value %v above %v need %d finer %v", r, c.value, c.above, c.need, c.finer)
			}
		})
	}
}

func TestTargetMistakes(t *testing.T) {
	ends := Endpoints{High: counted(917, 1000), Low: counted(809, 1000)}
	infinite := Endpoints{High: trial.Score{Value: math.Inf(1)}, Low: trial.Score{Value: 3}}
	db := Scale{Name: "sqnr"}
	for _, c := range []struct {
		text  string
		scale Scale
		ends  Endpoints
		hint  string
	}{
		{"91%", top1, ends, "write 0.91 "},
		{"99.5%", top1, ends, "write 0.995 "},
		{"82%", top1, ends, "8bit+82%"},
		{"91", top1, ends, "write 0.91"},
		{"16bit-1", top1, ends, "write 16bit-0.01"},
		{"-0.01", top1, ends, "no score of top1 is below 0: for a drop write 16bit-0.01 or float-0.01"},
		{"-91", top1, ends, "for a drop write 16bit-0.005 or float-0.005"},
		{"16bit+2", top1, ends, "write 16bit+0.02"},
		{"float-0.5", top1, ends, "no float network"},
		{"16bit-0.5%", top1, ends, "write 16bit-0.005"},
		{"16bit-x%", top1, ends, "write 16bit-0.005"},
		{"16bit", top1, ends, "16bit-0.005"},
		{"16bit0.005", top1, ends, "16bit-0.005"},
		{"8bit+0.5", top1, ends, "8bit+50%"},
		{"8bit", top1, ends, "8bit+50%"},
		{"150%", db, ends, "0%..100%"},
		{"-5%", db, ends, "0%..100%"},
		{"", db, ends, "write a number"},
		{"high", db, ends, "write a number"},
		{"1/3", db, ends, "write a number"},
		{"0x10", db, ends, "write a number"},
		{"1_000", db, ends, "write a number"},
		{"inf", db, ends, "write a number"},
		{"NaN", db, ends, "write a number"},
		{"1e99999999", db, ends, "write a number"},
		{"1e400", db, ends, "no score is that large: write a number such as 0.91"},
		{"16bit-1e400", db, ends, "no score is that large"},
		{"1e300", top1, ends, "between 0 and 1: write 0.91"},
		{"16bit-1e300", top1, ends, "not points: write 16bit-0.005"},
		{"16bit-1e300%", top1, ends, "write 16bit-0.005"},
		{strings.Repeat("9", 200), db, ends, "write a number"},
		{"16bit-3", db, infinite, "not a finite number"},
		{"50%", db, infinite, "not a finite number"},
	} {
		target, err := Parse(c.text)
		if err == nil {
			_, err = target.Resolve(c.scale, c.ends)
		}
		if !errors.Is(err, mistake.Err) || !strings.Contains(fmt.Sprint(err), c.hint) || strings.Contains(fmt.Sprint(err), "\n") || len(c.text) < 20 && len(err.Error()) > 200 {
			t.Errorf("%q: %v, want a short line with %q", c.text, err, c.hint)
		}
	}
}

// TestExactHits holds that a target which hits a count decides as decimal arithmetic does, where float64 arithmetic on
// the scores would often not; every count is compared, in both senses that the search uses.
func TestExactHits(t *testing.T) {
	wrong := 0
	for _, total := range []int{100, 300, 500, 1000, 2000, 10000, 50000} {
		for high := total - total/20; high <= total; high += max(1, total/200) {
			for thousandths := 0; thousandths <= 20; thousandths++ {
				text := fmt.Sprintf("16bit-0.%03d", thousandths)
				goal := high*1000 - thousandths*total // in thousandths of a sample
				target, err := Parse(text)
				if err != nil {
					t.Fatal(err)
				}
				r, err := target.Resolve(top1, Endpoints{High: counted(high, total)})
				if err != nil {
					t.Fatal(err)
				}
				naive := counted(high, total).Float() - float64(thousandths)/1000
				for c := max(0, goal/1000-2); c <= min(total, goal/1000+2); c++ {
					f := counted(c, total).Float()
					if above := f > r.Above; above != (c*1000 > goal) || above != (c >= r.Need) {
						t.Fatalf("%s of %d/%d: count %d above %v, need %d", text, high, total, c, above, r.Need)
					}
					if below := f < r.Above; below != (c*1000 < goal) {
						t.Fatalf("%s of %d/%d: count %d below %v", text, high, total, c, below)
					}
					if (f > naive) != (c*1000 > goal) {
						wrong++
					}
				}
			}
		}
	}
	if wrong == 0 {
		t.Error("float64 arithmetic was never wrong: the cases do not test what they should")
	}
	t.Logf("float64 arithmetic on the scores decides %d comparisons wrong", wrong)
}

// TestResolveRandom compares the float64 of a target with exact comparisons, for typed numbers next to quotients.
func TestResolveRandom(t *testing.T) {
	const seed = 7
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 20000 {
		total := 1 + rng.IntN(3000)
		hit := float64(rng.IntN(total+1)) / float64(total)
		text := new(big.Rat).SetFloat64(hit).FloatString(14 + rng.IntN(8))
		target, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		goal, _ := new(big.Rat).SetString(text)
		r, err := target.Resolve(Scale{Name: "any"}, Endpoints{High: counted(total, total)})
		if err != nil {
			t.Fatal(err)
		}
		k := int(hit * float64(total))
		for c := max(0, k-1); c <= min(total, k+2); c++ {
			cmp := big.NewRat(int64(c), int64(total)).Cmp(goal)
			f := counted(c, total).Float()
			if (f > r.Above) != (cmp > 0) || (f < r.Above) != (cmp < 0) || (c >= r.Need) != (cmp > 0) {
				t.Fatalf("seed %d: target %s of %d: count %d compares %d, float64 %v with %v", seed, text, total, c, cmp, f, r.Above)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"0.91", "16bit-0.005", "float-0.01", "50%", "8bit+91%", "1e-3", "-.5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		target, err := Parse(text)
		if err != nil {
			if !errors.Is(err, mistake.Err) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		float := counted(9, 10)
		r, err := target.Resolve(Scale{Name: "any"}, Endpoints{Float: &float, High: counted(9, 10), Low: counted(1, 10)})
		if err == nil && (math.IsNaN(r.Above) || r.Need < 0 || r.Need > 11) {
			t.Fatalf("%q: %+v", text, r)
		}
	})
}

// TestLooksLikeDrop tells small percentages, which other tools take for a drop, from shares that are meant.
func TestLooksLikeDrop(t *testing.T) {
	for text, want := range map[string]string{"1%": "0.01", "0.5%": "0.005", "10%": "0.1", "2.5%": "0.025",
		"0%": "", "11%": "", "50%": "", "90%": "", "8bit+1%": "", "0.01": "", "16bit-0.01": "", "float-0.01": ""} {
		target, err := Parse(text)
		drop, ok := target.LooksLikeDrop()
		if err != nil || drop != want || ok != (want != "") {
			t.Errorf("%s: %q, %t, %v", text, drop, ok, err)
		}
	}
}
