package run

import (
	"context"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/constraint"
	"example.org/demote/internal/cost"
	"example.org/demote/internal/sites"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/search"
)

// attending is a search of a network with a product of two activations, q and k, of 4 x 6 and 6 x 4 numbers.
func attending(t *testing.T) config.Config {
	b := tasktest.NewGraph(40).In("x", nil, 4, 6).Out("y", 4, 3).Weight("wq", 0.5, 6, 6).Weight("wk", 0.5, 6, 6).Weight("wo", 0.5, 4, 3).
		Do("q = MatMul x wq; k = MatMul x wk; t = Transpose k perm=0,2,1; s = MatMul q t; y = MatMul s wo")
	c := b.Config(t)
	c.Cost, c.Target = config.CostBops, "16bit-6"
	return c
}

// TestProducts: a product of two activations costs its multiply-accumulates times the square of the wider of both
// widths; every other product those times the bits of its activation and of its weights. What is told of a mix, and
// what a budget is compared with, is that, though it is not the sum over the activations.
func TestProducts(t *testing.T) {
	products(t, attending(t), func(a float64) float64 { return a * 8 }, func(a, b float64) float64 { return math.Max(a, b) * math.Max(a, b) }, "1.3x")
}

// TestProductsOfMultipliers is TestProducts by what a profile says of the hardware: passes of 64 bit operations, 256
// wherever a side has 16 bits, and passes of 128, in which nothing is saved beside weights of 8 bits.
func TestProductsOfMultipliers(t *testing.T) {
	passes := func(bits float64) float64 { return bits / 8 }
	for key, by := range map[string]struct {
		weights func(a float64) float64
		both    func(a, b float64) float64
		budget  string
	}{
		"8x8":   {func(a float64) float64 { return 64 * passes(a) }, func(a, b float64) float64 { return 64 * passes(a) * passes(b) }, "1.3x"},
		"wider": {func(a float64) float64 { return a * a }, func(a, b float64) float64 { return math.Max(a, b) * math.Max(a, b) }, "1.3x"},
		"8x16": {func(float64) float64 { return 128 }, func(a, b float64) float64 {
			if a == 16 && b == 16 {
				return 2 * 128
			}
			return 128
		}, "1.1x"},
	} {
		t.Run(key, func(t *testing.T) {
			c := attending(t)
			c.Profile = filepath.Join(t.TempDir(), "hardware.yaml")
			tasktest.WriteFile(t, c.Profile, []byte("multipliers: "+key+"\n"))
			if r := products(t, c, by.weights, by.both, by.budget); r.Multipliers != key {
				t.Errorf("the result has multipliers %q", r.Multipliers)
			}
		})
	}
}

// products holds what a search tells of a network's bit operations against those counted here: by weights a
// multiply-accumulate of an activation of so many bits with weights of 8, and by both one of two activations. It
// returns the result of a search within the budget.
func products(t *testing.T, c config.Config, weights func(a float64) float64, both func(a, b float64) float64, budget string) *config.Result {
	t.Helper()
	s := trialtest.Compiled(t, c)
	rules, err := constraint.Parse(nil, nil, c.Profile, constraint.Words{Low: []string{"int8"}, High: []string{"int16"}})
	if err != nil {
		t.Fatal(err)
	}
	costs, err := cost.Read(context.Background(), s.Task, cost.By{Name: config.CostBops, Multipliers: rules.Multipliers()})
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, h := range s.Network.Holders {
		at[h.Tensor] = i
	}
	n := len(s.Records)
	price := func(m search.Mask) float64 {
		bits := func(tensor string) float64 {
			if i, held := at[tensor]; !held {
				t.Fatalf("%s is not held: %v", tensor, at)
				return 0
			} else if m.Low(i) {
				return 8
			}
			return 16
		}
		return 2*4*6*6*weights(bits("x")) + 4*4*6*both(bits("q"), bits("k")) + 4*4*3*weights(bits("s"))
	}
	var masks []search.Mask
	for set := range 1 << n {
		m := search.NewMask(n)
		for h := range n {
			if set>>h&1 == 1 {
				m.Demote(h)
			}
		}
		masks = append(masks, m)
		if got, want := costs.Of(m), price(m); math.Abs(got-want) > 1e-6 {
			t.Errorf("%s costs %v, by its products %v", m, got, want)
		}
		saved, _ := search.Saving(costs.Chosen.Saves, m)
		if most := price(masks[0]) - price(m); saved < most-1e-6 {
			t.Errorf("%s saves %v, more than its shares %v", m, most, saved)
		}
	}
	r := mustSearch(t, c)
	_, mix, err := reopen(context.Background(), c.Out, config.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range r.Savings {
		if one.Cost == config.CostBops && (math.Abs(*one.Total-one.Saved-price(mix)) > 1e-6 || math.Abs(one.All-price(masks[0])+price(masks[1<<n-1])) > 1e-6) {
			t.Errorf("%+v, the mix costs %v", one, price(mix))
		}
	}
	c.Strategy, c.Target, c.Budget, c.Out = "auto", "", budget, filepath.Join(t.TempDir(), "budget")
	within := mustSearch(t, c)
	opened, mix, err := reopen(context.Background(), c.Out, config.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	if err := opened.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	times, err := strconv.ParseFloat(strings.TrimSuffix(budget, "x"), 64)
	if err != nil {
		t.Fatal(err)
	}
	room := times * price(masks[1<<n-1])
	best := math.Inf(-1)
	for _, m := range masks {
		if price(m) > room*(1+1e-9) {
			continue
		}
		score, err := opened.Ev.Score(context.Background(), m)
		if err != nil {
			t.Fatal(err)
		}
		best = max(best, score.Float())
	}
	if *within.Budget.Cost != price(mix) || price(mix) > room || *within.Score.Mixed.Value != best {
		t.Errorf("%+v: the mix costs %v and scores %v, the best within it %v", within.Budget, price(mix), *within.Score.Mixed.Value, best)
	}
	return within
}

// TestProductsOfATransformer: attention's products, of the queries with the keys and of the weights with the values,
// have two activations each; in a network of constant weights everything adds up.
func TestProductsOfATransformer(t *testing.T) {
	for model, want := range map[string]int{"../testdata/fashion-vit/model.onnx": 8, "../testdata/fashion-dscnn-uneven/model.onnx": 0} {
		s := trialtest.Uncut(t, config.Config{Model: model, Calib: "../examples/fashion/calib.npz", Data: "../examples/fashion/eval.npz", Target: "0.5", Limit: 8, RangeLow: "minmax"})
		costs, err := cost.Read(context.Background(), s.Task, cost.By{Name: config.CostBops})
		if err != nil {
			t.Fatal(err)
		}
		uses, err := sites.Uses(s.Network)
		if err != nil {
			t.Fatal(err)
		}
		both := 0
		for _, u := range uses {
			if first, second := u.Sides(); len(first) > 0 && len(second) > 0 && u.Op == "MatMul" {
				both++
			}
		}
		if both != want || costs.Chosen.AddsUp() != (want == 0) {
			t.Errorf("%s: %d products of two activations, adds up: %t", model, both, costs.Chosen.AddsUp())
		}
		low, high, _ := costs.Chosen.Ends()
		saved, _ := search.Saving(costs.Chosen.Saves, search.NewMask(len(s.Records)))
		t.Logf("%s: all int8 %.4g, all int16 %.4g, of nothing %v", model, low, high, saved)
	}
}
