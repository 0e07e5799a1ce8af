package run

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"example.org/demote/config"
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
	c := attending(t)
	s := trialtest.Compiled(t, c)
	costs, err := cost.Read(context.Background(), s.Task, cost.By{Name: config.CostBops})
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
		wider := math.Max(bits("q"), bits("k"))
		return 2*4*6*6*bits("x")*8 + 4*4*6*wider*wider + 4*4*3*bits("s")*8
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
	c.Strategy, c.Target, c.Budget, c.Out = "auto", "", "1.3x", filepath.Join(t.TempDir(), "budget")
	within := mustSearch(t, c)
	opened, mix, err := reopen(context.Background(), c.Out, config.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	if err := opened.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	room := 1.3 * price(masks[1<<n-1])
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
			if _, b := u.Operands(); b && u.Op == "MatMul" {
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
