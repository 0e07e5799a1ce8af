package cost

import (
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"example.org/demote/internal/constraint"
	"example.org/demote/search"
)

// hardware are the ways to count bit operations.
var hardware = []constraint.Multipliers{{}, multipliers("wider"), multipliers("8x8"), multipliers("8x16"), multipliers("16x16"), multipliers("[4x4, 8x16]")}

// multipliers are those of a profile with such a key.
func multipliers(text string) constraint.Multipliers {
	f, err := os.CreateTemp("", "*.yaml")
	if err != nil {
		panic(err)
	}
	defer os.Remove(f.Name())
	if _, err = f.WriteString("multipliers: " + text); err == nil {
		err = f.Close()
	}
	rules, perr := constraint.Parse(nil, nil, f.Name(), constraint.Words{Low: []string{"int8"}, High: []string{"int16"}})
	if err = errors.Join(err, perr); err != nil {
		panic(err)
	}
	return rules.Multipliers()
}

// mixed is a network of four activations and two weights. The first layer has weights that are searched, the second
// those and two activations on one side, the third is a product of two activations, and the fourth has fixed weights of
// 8 bits behind two activations.
func mixed() *products {
	return &products{low: []int{8, 8, 8, 8, 4, 4}, high: []int{16, 16, 16, 16, 8, 16}, list: []product{
		{sides: [2][]int{{0}, {4}}, macs: 10},
		{sides: [2][]int{{1, 2}, {5}}, macs: 3},
		{sides: [2][]int{{2}, {3}}, macs: 5, both: true},
		{sides: [2][]int{{0, 3}}, macs: 2, weight: weightBits},
	}}
}

// of is the mask that demotes these holders.
func of(n int, low ...int) search.Mask {
	m := search.NewMask(n)
	m.DemoteAll(low)
	return m
}

// TestProduct prices layers by hand: multiply-accumulates times the widths of both sides, a side being as wide as its
// widest activation.
func TestProduct(t *testing.T) {
	p := mixed()
	high := 10.*16*8 + 3*16*16 + 5*16*16 + 2*16*8
	for _, c := range []struct {
		low  []int
		want float64
	}{
		{nil, high},
		{[]int{4}, high - 10*16*(8-4)},                            // weights alone
		{[]int{0}, high - 10*(16-8)*8},                            // the activation alone; the fourth layer has another
		{[]int{0, 4}, high - 10*(16*8-8*4)},                       // both
		{[]int{1}, high},                                          // one of two on a side saves nothing
		{[]int{1, 2, 5}, high - 3*(16*16-8*4)},                    // the third layer still has a wide one
		{[]int{2, 3}, high - 5*(16*16-8*8)},                       // both sides of a product
		{[]int{0, 3}, high - 10*(16-8)*8 - 2*(16-8)*8},            // fixed weights
		{[]int{0, 1, 2, 3, 4, 5}, 10*8*4 + 3*8*4 + 5*8*8 + 2*8*8}, // all
	} {
		if got := p.of(of(6, c.low...)); got != c.want {
			t.Errorf("with %v low %v, not %v", c.low, got, c.want)
		}
	}
	if low, most := p.ends(); low != 10*8*4+3*8*4+5*8*8+2*8*8 || most != high {
		t.Errorf("ends %v and %v", low, most)
	}
}

// TestShares: by hand, the parts of a layer with searched weights and those of a product of activations; and at random,
// the shares of what a mix demotes are never less than what it saves, and with everything low in layers of fixed widths
// no more either.
func TestShares(t *testing.T) {
	p := &products{low: []int{8, 8, 8, 4}, high: []int{16, 16, 16, 8}, list: []product{{sides: [2][]int{{0}, {3}}, macs: 10}, {sides: [2][]int{{1}, {2}}, macs: 5, both: true}}}
	saves := []float64{1, 0, 0, 0}
	p.shares(saves)
	if want := []float64{1 + 10*(16-8)*8, 5 * (256 - 64) / 2, 5 * (256 - 64) / 2, 10 * 16 * (8 - 4)}; !slices.Equal(saves, want) {
		t.Errorf("shares %v, not %v", saves, want)
	}
	for _, by := range hardware { // both sides are parts of one activation
		p := &products{by: by, low: []int{8, 8}, high: []int{16, 16}, list: []product{{sides: [2][]int{{0}, {0}}, macs: 10, both: true}, {sides: [2][]int{{0, 1}, {0, 1}}, macs: 4, both: true}}}
		saves := make([]float64, 2)
		p.shares(saves)
		one := by.Bits(16, 16, true) - by.Bits(8, 8, true)
		if want := []float64{(10 + 2) * one, 2 * one}; !slices.Equal(saves, want) {
			t.Errorf("%s: shares %v, not %v", by, saves, want)
		}
	}
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		p := &products{by: hardware[rng.IntN(len(hardware))]}
		n, weights := 1+rng.IntN(6), 1+rng.IntN(3)
		for i := range n + weights {
			low, high := 8, 16
			if i >= n {
				low, high = 4, []int{8, 16}[rng.IntN(2)]
			} else if rng.IntN(5) == 0 {
				low = high // it is never demoted
			}
			p.low, p.high = append(p.low, low), append(p.high, high)
		}
		for range 1 + rng.IntN(8) {
			perm := rng.Perm(n)
			cut := 1 + rng.IntN(min(n, 3))
			one := product{sides: [2][]int{perm[:cut]}, macs: float64(1 + rng.IntN(9))}
			switch rng.IntN(3) {
			case 0:
				one.sides[1] = []int{n + rng.IntN(weights)}
			case 1:
				one.weight = []int{4, weightBits, 16}[rng.IntN(3)]
			default: // one holder may be on both sides
				one.sides[1], one.both = rng.Perm(n)[:1+rng.IntN(min(n, 3))], true
			}
			p.list = append(p.list, one)
		}
		saves := make([]float64, n+weights)
		p.shares(saves)
		_, high := p.ends()
		for range 40 {
			m := search.NewMask(n + weights)
			for i := range n + weights {
				if rng.IntN(2) == 0 {
					m.Demote(i)
				}
			}
			by, _ := search.Saving(saves, m)
			if saved := high - p.of(m); saved > by+1e-9*high || saved < 0 {
				t.Fatalf("seed %d: %s saves %v of %v, by shares %v: %+v", seed, m, saved, high, by, p)
			}
		}
	}
}

// TestModel: a model with products tells what a mix saves and costs by them, on top of what adds up.
func TestModel(t *testing.T) {
	p := mixed()
	_, most := p.ends()
	sum := []float64{100, 0, 0, 0, 0, 0}
	total := most + 300
	m := Model{name: "bops", Saves: slices.Clone(sum), sum: sum, total: &total, products: p}
	p.shares(m.Saves)
	low, high, known := m.Ends()
	if all := of(6, 0, 1, 2, 3, 4, 5); m.AddsUp() || !known || high != total || low != m.Of(all) || low != 200+p.of(all) {
		t.Errorf("from %v to %v", low, high)
	}
	if one := m.Of(of(6, 0, 4)); one != total-100-10*(16*8-8*4) {
		t.Errorf("a mix costs %v of %v", one, total)
	}
	if got := (Costs{list: []Model{m}}).Savings(of(6, 1)); len(got) != 1 || got[0].Saved != 0 || got[0].All != high-low {
		t.Errorf("%+v", got)
	}
	plain := Model{Saves: sum}
	if _, _, known := plain.Ends(); known || !plain.AddsUp() || plain.Of(of(6, 0)) != 0 || plain.Of(of(6)) != 100 {
		t.Error("a model of savings alone")
	}
}
