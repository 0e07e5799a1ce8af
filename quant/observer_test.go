package quant

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"example.org/demote/mistake"
)

var allMethods = []Method{MinMax, Average, Percentile, MSE, Entropy, Threshold}

// observe shows the samples to a new observer, all passes.
func observe(samples [][]float32, methods ...Method) *Observer {
	o := NewObserver(methods...)
	for pass := range o.Passes() {
		for _, x := range samples {
			o.Observe(pass, x)
		}
	}
	return o
}

// gaussian returns samples of a normal distribution, of its absolute values if positive.
func gaussian(seed uint64, samples, size int, positive bool) [][]float32 {
	rng := rand.New(rand.NewPCG(seed, 0))
	all := make([][]float32, samples)
	for i := range all {
		all[i] = make([]float32, size)
		for j := range all[i] {
			v := rng.NormFloat64()
			if positive {
				v = math.Max(v, 0) // as after a Relu: half are zeros
			}
			all[i][j] = float32(v)
		}
	}
	return all
}

// meanSquare is the error of a grid on the samples themselves.
func meanSquare(g Grid, samples [][]float32) float64 {
	total, n := 0.0, 0
	for _, x := range samples {
		for _, v := range x {
			d := float64(v) - float64(g.Value(v))
			total += d * d
			n++
		}
	}
	return total / float64(n)
}

func TestPasses(t *testing.T) {
	for _, c := range []struct {
		methods []Method
		want    int
	}{{nil, 1}, {[]Method{MinMax, Average}, 1}, {[]Method{Percentile}, 2}, {allMethods, 2}} {
		if got := NewObserver(c.methods...).Passes(); got != c.want {
			t.Errorf("%v takes %d passes, want %d", c.methods, got, c.want)
		}
	}
}

func TestMinMaxAndAverage(t *testing.T) {
	o := observe([][]float32{{1, 2, 3}, {-1, 5}, {}, {0, 7}}, Average)
	if r, err := o.Range(MinMax, Asymmetric, 8); err != nil || r != (Range{-1, 7}) {
		t.Errorf("minmax: %v (%v)", r, err)
	}
	low := 1 + 0.01*(-1-1)
	low += 0.01 * (0 - low)
	high := 3 + 0.01*(5-3)
	high += 0.01 * (7 - high)
	if r, err := o.Range(Average, Asymmetric, 8); err != nil || r != (Range{float32(low), float32(high)}) {
		t.Errorf("average: %v (%v), want %g, %g", r, err, low, high)
	}
	if o.count != 7 {
		t.Errorf("%d values, want 7", o.count)
	}
}

func TestPercentileCutsTails(t *testing.T) {
	x := make([]float32, 10_001)
	for i := range x {
		x[i] = float32(i-5000) / 5000
	}
	o := observe([][]float32{x}, Percentile)
	o.Percent = 90
	for _, c := range []struct {
		kind Kind
		want Range
	}{{Asymmetric, Range{-0.9, 0.9}}, {Symmetric, Range{-0.9, 0.9}}} {
		r, err := o.Range(Percentile, c.kind, 8)
		if err != nil || math.Abs(float64(r.Min-c.want.Min)) > 1e-3 || math.Abs(float64(r.Max-c.want.Max)) > 1e-3 {
			t.Errorf("%s: %v (%v), want about %v", c.kind, r, err, c.want)
		}
	}
	o.Percent = 100
	if r, err := o.Range(Percentile, Asymmetric, 8); err != nil || r != (Range{-1, 1}) {
		t.Errorf("100 %%: %v (%v), want all", r, err)
	}
	skewed := observe([][]float32{append(make([]float32, 99_900), 1, 2, 3)}, Percentile)
	skewed.Percent = 99
	if r, err := skewed.Range(Percentile, Asymmetric, 8); err != nil || r != (Range{0, 0}) {
		t.Errorf("nearly all zeros: %v (%v), want none", r, err)
	}
	o.Percent = 0
	if _, err := o.Range(Percentile, Asymmetric, 8); !errors.Is(err, mistake.Err) {
		t.Errorf("0 %%: %v", err)
	}
}

// TestMSEIsLeast compares the grid that MSE finds with a scan of grids over the data themselves.
func TestMSEIsLeast(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, c := range []struct {
		name     string
		positive bool
		kind     Kind
		bits     int
	}{
		{"symmetric 4", false, Symmetric, 4}, {"symmetric 8", false, Symmetric, 8},
		{"asymmetric 4", false, Asymmetric, 4}, {"asymmetric 8", false, Asymmetric, 8},
		{"relu asymmetric 4", true, Asymmetric, 4}, {"relu asymmetric 8", true, Asymmetric, 8}, {"relu pow2 4", true, Pow2, 4},
		{"pow2 8", false, Pow2, 8}, {"relu pow2 8", true, Pow2, 8}, {"symmetric 16", false, Symmetric, 16},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := gaussian(4, 4, 5000, c.positive)
			o := observe(data, MSE)
			g, err := o.Grid(QDQ, MSE, c.kind, c.bits)
			if err != nil {
				t.Fatal(err)
			}
			full := must(o.Grid(QDQ, MinMax, c.kind, c.bits))
			got, least := meanSquare(g, data), meanSquare(full, data)
			if got > least*1.0001 {
				t.Errorf("mean squared error %g, that of min-max is %g", got, least)
			}
			for i := 1; i <= 40; i++ {
				part := float32(i) / 40
				r := Range{o.low * part, o.high * part}
				least = min(least, meanSquare(must(GridFor(c.kind, c.bits, r)), data))
			}
			if got > least*1.02 {
				t.Errorf("mean squared error %g, a scan finds %g", got, least)
			}
		})
	}
}

func TestSquaredErrorMatchesData(t *testing.T) {
	data := gaussian(5, 10, 10_000, false)
	o := observe(data, MSE)
	o.hist.split()
	for _, bits := range []int{4, 8} {
		for _, r := range []Range{{-1, 1}, {-3, 3}, {-8, 8}, {-0.5, 2}, {-100, 100}} {
			g := must(GridFor(Asymmetric, bits, r))
			got := o.hist.squaredError(float64(g.Scale), g.Min-g.Zero, g.Max-g.Zero) / float64(o.count)
			if want := meanSquare(g, data); math.Abs(got/want-1) > 0.02 {
				t.Errorf("%d bits over %v: %g by the histogram, %g by the data", bits, r, got, want)
			}
		}
	}
}

func TestThreshold(t *testing.T) {
	outlier := gaussian(6, 4, 5000, false)
	outlier[0][0] = 20
	for _, c := range []struct {
		name string
		data [][]float32
		bits int
		want float64 // threshold
	}{
		{"bell at 8 bits clips nothing", gaussian(6, 4, 5000, false), 8, 4},
		{"outlier at 8 bits is clipped", outlier, 8, 16},
		{"outlier at 16 bits is kept", outlier, 16, 32},
		{"the greatest of equals", [][]float32{{1, -1, 1}}, 8, 2},
	} {
		o := observe(c.data, Threshold)
		g, err := o.Grid(QDQ, Threshold, Pow2, c.bits)
		if err != nil {
			t.Fatal(err)
		}
		if got := float64(g.Scale) * math.Exp2(float64(c.bits-1)); got != c.want {
			t.Errorf("%s: threshold %g, want %g", c.name, got, c.want)
		}
		for e := 8; e > -8; e-- {
			try := must(FromThreshold(QDQ, float32(math.Ldexp(1, e)), true, c.bits))
			if meanSquare(try, c.data) < meanSquare(g, c.data) {
				t.Errorf("%s: threshold %g is better on the data", c.name, math.Ldexp(1, e))
			}
		}
	}
}

func TestEntropy(t *testing.T) {
	for _, c := range []struct {
		name     string
		positive bool
		kind     Kind
		bits     int
		low, top float32 // where the threshold must lie
	}{
		{"bell", false, Symmetric, 8, 2, 4.5}, {"relu", true, Asymmetric, 8, 2, 4.5}, {"bell asymmetric", false, Asymmetric, 8, 2, 4.5},
		{"bell at 16 bits keeps all", false, Symmetric, 16, 8, 8},
	} {
		data := gaussian(8, 10, 10_000, c.positive)
		data[3][7] = 8 // an outlier
		r, err := observe(data, Entropy).Range(Entropy, c.kind, c.bits)
		if err != nil || r.Max < c.low || r.Max > c.top {
			t.Errorf("%s: %v (%v), want a threshold in [%g, %g]", c.name, r, err, c.low, c.top)
		}
		if c.positive && r.Min != 0 {
			t.Errorf("%s: %v begins below 0", c.name, r)
		}
	}
}

func TestDegenerateData(t *testing.T) {
	for name, data := range map[string][][]float32{
		"zeros": {{0, 0}, {0}}, "constant": {{2, 2}, {2}}, "negative constant": {{-2}, {-2}}, "one tiny value": {{math.SmallestNonzeroFloat32}},
		"two values": {{-1, 1}}, "large": {{-1e38, 1e38}},
	} {
		o := observe(data, allMethods...)
		for _, m := range allMethods {
			for _, kind := range []Kind{Asymmetric, Symmetric, Pow2} {
				for _, bits := range []int{4, 8, 16} {
					g, err := o.Grid(QDQ, m, kind, bits)
					if err != nil {
						t.Errorf("%s, %s, %s, %d bits: %v", name, m, kind, bits, err)
						continue
					}
					for _, v := range data[0] {
						if got := g.Value(v); math.Abs(float64(got-v)) > math.Abs(float64(v))*0.6+1e-37 {
							t.Errorf("%s, %s, %s, %d bits: %g becomes %g (%v)", name, m, kind, bits, v, got, g)
						}
					}
				}
			}
		}
	}
}

func TestNonFiniteIsReported(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	o := observe([][]float32{{1, nan, 2}, {inf, -inf, -3}}, allMethods...)
	if o.NonFinite() != 3 || o.count != 3 {
		t.Errorf("%d values not finite and %d finite, want 3 and 3", o.NonFinite(), o.count)
	}
	if _, err := o.Range(MinMax, Asymmetric, 8); !errors.Is(err, mistake.Err) {
		t.Errorf("error %v, want a mistake.Err", err)
	}
	o.IgnoreNonFinite = true
	for _, m := range []Method{MinMax, Percentile} {
		if r, err := o.Range(m, Asymmetric, 8); err != nil || r != (Range{-3, 2}) {
			t.Errorf("%s: %v (%v), want the range of the others", m, r, err)
		}
	}
	if _, err := observe([][]float32{{nan}}).Range(MinMax, Asymmetric, 8); !errors.Is(err, mistake.Err) {
		t.Errorf("nothing but NaN: %v", err)
	}
	none := observe([][]float32{{nan}})
	none.IgnoreNonFinite = true
	if _, err := none.Range(MinMax, Asymmetric, 8); err == nil || !strings.Contains(err.Error(), "all its calibration values are NaN") {
		t.Errorf("nothing but NaN, which is let pass: %v", err)
	}
	if _, err := observe(nil).Range(MinMax, Asymmetric, 8); !errors.Is(err, mistake.Err) {
		t.Errorf("no data: %v", err)
	}
}

// TestOrderDoesNotMatter: all but the moving average depend on the multiset of values alone.
func TestOrderDoesNotMatter(t *testing.T) {
	data := gaussian(9, 6, 999, false)
	var flat []float32
	for i := range data {
		flat = append(flat, data[len(data)-1-i]...)
	}
	a, b := observe(data, allMethods...), observe([][]float32{flat}, allMethods...)
	for _, m := range allMethods {
		if m == Average {
			continue
		}
		for _, kind := range []Kind{Asymmetric, Symmetric, Pow2} {
			if x, y := must(a.Grid(QDQ, m, kind, 8)), must(b.Grid(QDQ, m, kind, 8)); x != y {
				t.Errorf("%s, %s: %v in one order, %v in another", m, kind, x, y)
			}
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	x := gaussian(1, 1, 1<<16, false)[0]
	o := observe([][]float32{x}, MSE)
	for pass, name := range []string{"minmax", "histogram"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				o.Observe(pass, x)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(x)), "ns/elem")
		})
	}
}

func BenchmarkRange(b *testing.B) {
	o := observe(gaussian(1, 1, 1<<16, false), allMethods...)
	for _, m := range allMethods {
		b.Run(string(m), func(b *testing.B) {
			for b.Loop() {
				must(o.Grid(QDQ, m, Asymmetric, 8))
			}
		})
	}
}
