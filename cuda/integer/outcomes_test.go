//go:build integer && !cuda

package integer_test

import (
	"context"
	"flag"
	"math"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/cuda/integer"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trial"
	"example.org/demote/internal/trialtest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/search"
)

var (
	inf      = float32(math.Inf(1))
	samples  = flag.Int("samples", 50, "samples of the search in TestOutcomes")
	model    = flag.String("model", "", "network of TestOutcomes, instead of the example's")
	loss     = flag.Float64("loss", 0.01, "of accuracy that the search of TestOutcomes may lose")
	strategy = flag.String("strategy", "gallop", "strategy of TestOutcomes")
	grids    = flag.String("grid", "", "kind of the grids in TestOutcomes: asymmetric, pow2, ...; empty: the default")
	most     = flag.Int("evaluations", 0, "of each search of TestOutcomes; 0: no limit")
)

const block = 50

func TestMain(m *testing.M) { tasktest.Main(m) }

// opened is the network of a runner, node by node.
func opened(t *testing.T, s *trial.Runner, integers bool) *net {
	t.Helper()
	src, _, err := s.SourceFor(t.Context(), false, s.Can())
	if err != nil {
		t.Fatal(err)
	}
	whole, err := src.Segment(0, src.Cuts()-1)
	if err != nil {
		t.Fatal(err)
	}
	m := &onnxpb.ModelProto{}
	if err := proto.Unmarshal(whole.Model.Bytes, m); err != nil {
		t.Fatal(err)
	}
	n := &net{t: t, g: m.Graph, opsets: m.OpsetImport, records: s.Records, weights: s.Network.Weights, consts: map[string]*onnxpb.TensorProto{},
		sessions: map[string]*single{}, layers: map[string]*integer.Layer{}, integers: integers}
	for _, w := range s.Network.Model.Graph().GetInitializer() {
		n.consts[w.GetName()] = w
	}
	return n
}

// all runs all samples, and returns the rows of outputs.
func (n *net) all(t *testing.T, s *trial.Runner, mask search.Mask) (rows [][]float32) {
	t.Helper()
	in := value{dims: ir.ValueOf(n.g.Input[0]).Dims}
	each := 1
	for _, d := range in.dims[1:] {
		each *= int(d)
	}
	for at := 0; at < s.Data.Len(); at += block {
		raw := make([]byte, 4*each)
		in.v = in.v[:0]
		for sample := range block {
			if err := s.Data.Read(0, min(at+sample, s.Data.Len()-1), raw); err != nil {
				t.Fatal(err)
			}
			for i := range each {
				in.v = append(in.v, math.Float32frombits(uint32(raw[4*i])|uint32(raw[4*i+1])<<8|uint32(raw[4*i+2])<<16|uint32(raw[4*i+3])<<24))
			}
		}
		out := n.run(mask, in)
		for row := range slices.Chunk(out.v, len(out.v)/block) {
			if rows = append(rows, row); len(rows) == s.Data.Len() {
				return rows
			}
		}
	}
	return rows
}

// best is the class of a row: the first maximum.
func best(row []float32) int { return slices.Index(row, slices.Max(row)) }

// apart is the largest difference of two tables of outputs.
func apart(a, b [][]float32) (d float64) {
	for i, row := range a {
		for j, v := range row {
			d = max(d, math.Abs(float64(v)-float64(b[i][j])))
		}
	}
	return d
}

// margin is by how much the best class of a row is above the second.
func margin(row []float32) float64 {
	sorted := slices.Sorted(slices.Values(row))
	return float64(sorted[len(sorted)-1]) - float64(sorted[len(sorted)-2])
}

// TestOutcomes searches a network with ONNX Runtime's float sums, and holds beside each mask that the search scores
// what sums of integers give, ONNX Runtime node by node, and node by node with TF32: samples with another class, and
// the search's result with either score. docs/integer.md has its numbers, of more samples.
func TestOutcomes(t *testing.T) {
	cfg := tasktest.FashionConfig(t)
	cfg.Limit, cfg.Block, cfg.Metric = *samples, block, "top1"
	cfg.GridLow, cfg.GridHigh = *grids, *grids
	if *model != "" {
		cfg.Model = *model
	}
	s := trialtest.Uncut(t, cfg)
	labels := s.Data.Labels()
	exact, single, rounded := opened(t, s, true), opened(t, s, false), opened(t, s, false)
	rounded.tf32 = true
	rowsOf := map[string]func(mask search.Mask) [][]float32{
		"ORT": func(mask search.Mask) [][]float32 {
			rows := make([][]float32, s.Data.Len())
			if _, err := s.Ev.Outputs(t.Context(), mask, func(sample int, row []float32) { rows[sample] = slices.Clone(row) }); err != nil {
				t.Fatal(err)
			}
			return rows
		},
		"integers": func(mask search.Mask) [][]float32 { return exact.all(t, s, mask) },
		"single":   func(mask search.Mask) [][]float32 { return single.all(t, s, mask) },
		"TF32":     func(mask search.Mask) [][]float32 { return rounded.all(t, s, mask) },
	}
	type counted struct {
		masks, samples, bits, classes, outcomes, scores int
		largest                                         float64 // difference of an output
		// samples whose two best classes are no farther apart than twice the mask's largest
		near int
	}
	told := map[string]*counted{"integers": {}, "single": {}, "TF32": {}}
	tell := func() {
		for name, c := range told {
			per := func(n int) float64 { return 1000 * float64(n) / float64(c.samples) }
			t.Logf("%s: %d masks of %d samples: other bits %.1f, another class %.2f, another outcome %.2f, near %.1f in a thousand; largest difference %.3g; %d other scores",
				name, c.masks, s.Data.Len(), per(c.bits), per(c.classes), per(c.outcomes), per(c.near), c.largest, c.scores)
		}
	}
	seen := map[string]map[string]search.Score{}
	score := func(by string) search.ScoreFunc {
		return func(_ context.Context, mask search.Mask) (search.Score, error) {
			if known := seen[mask.String()]; known != nil {
				return known[by], nil
			}
			rows, scores := map[string][][]float32{}, map[string]search.Score{}
			for name, of := range rowsOf {
				rows[name] = of(mask)
				right := 0
				for i, row := range rows[name] {
					if best(row) == int(labels[i]) {
						right++
					}
				}
				scores[name] = search.Score{Count: right, Total: s.Data.Len()}
			}
			for name, c := range told {
				c.masks++
				c.samples += len(rows["ORT"])
				for i, want := range rows["ORT"] {
					got := rows[name][i]
					if !slices.Equal(got, want) {
						c.bits++
					}
					if best(got) != best(want) {
						c.classes++
					}
					if (best(got) == int(labels[i])) != (best(want) == int(labels[i])) {
						c.outcomes++
					}
				}
				if scores[name] != scores["ORT"] {
					c.scores++
				}
				largest := apart(rows[name], rows["ORT"])
				c.largest = max(c.largest, largest)
				for _, row := range rows["ORT"] {
					if margin(row) <= 2*largest {
						c.near++
					}
				}
			}
			if seen[mask.String()] = scores; len(seen)%10 == 0 {
				tell()
			}
			return scores[by], nil
		}
	}
	high, err := score("ORT")(t.Context(), search.NewMask(len(s.Records)))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]search.Result{}
	for _, by := range []string{"ORT", "integers", "single", "TF32"} {
		o := search.NewOptions(len(s.Records), high.Float()-*loss)
		o.Budget.Trials = *most
		if found[by], err = search.Run(t.Context(), *strategy, search.Naive(score(by)), o); err != nil {
			t.Fatal(err)
		}
		t.Logf("searched by %s: %d of %d int8, %v of %v right", by, found[by].Mask.Count(), len(s.Records), found[by].Score.Count, s.Data.Len())
	}
	tell()
	for name, c := range told {
		t.Logf("%s: the search's mix is the same: %v", name, found[name].Mask.String() == found["ORT"].Mask.String())
		if 20*c.classes > c.samples { // it would be another network
			t.Errorf("%s: %d of %d samples have another class", name, c.classes, c.samples)
		}
	}
	if exact.sums != len(s.Network.Weights) || single.sums != 0 {
		t.Errorf("%d of %d sums were of integers", exact.sums, len(s.Network.Weights))
	}
}
