package cost

import (
	"context"
	"slices"

	"example.org/demote/config"
	"example.org/demote/disk"
	"example.org/demote/internal/constraint"
	"example.org/demote/internal/sites"
	"example.org/demote/internal/task"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/quant"
	"example.org/demote/result"
	"example.org/demote/search"
)

// weightBits is the width of weights in BOPs, unless --weight-bits says another one for a layer.
const weightBits = 8

// weightWidths are the widths of the weights of layers, by the names of nodes; what is not there has weightBits.
func weightWidths(n *onnx.Network) (map[string]int, error) {
	layers, err := task.LayersOf(n)
	widths := map[string]int{}
	for _, l := range layers {
		widths[l.Layer] = l.Bits
	}
	return widths, err
}

// Model is a cost model of a network: what demoting each holder saves.
type Model struct {
	name     string
	Saves    []float64
	total    *float64  // of all of the network at the high width; nil: not known
	products *products // what does not add up, of which Saves has shares; nil: all does
	sum      []float64 // Saves without these shares; nil: there are none
}

// AddsUp tells whether a mix saves the sum of what its demoted holders do. If not, it saves no more than that sum.
func (m Model) AddsUp() bool { return m.products == nil }

// saving is what a mix saves, and what all low would.
func (m Model) saving(mask search.Mask) (saved, all float64) {
	if m.products == nil {
		return search.Saving(m.Saves, mask)
	}
	saved, all = search.Saving(m.sum, mask)
	low, high := m.products.ends()
	return saved + high - m.products.of(mask), all + high - low
}

// Ends are what the network costs with everything low, and with everything high; known is false where only savings
// are.
func (m Model) Ends() (low, high float64, known bool) {
	if m.total == nil {
		return 0, 0, false
	}
	_, all := m.saving(search.NewMask(len(m.Saves)))
	return *m.total - all, *m.total, true
}

// Costs are the cost models of a search.
type Costs struct {
	Chosen Model             // --cost
	list   []Model           // what the result lists: BOPs, bytes, and a cost from a file
	Float  *result.FloatWork // what the search cannot reach
}

// Name is how --cost names the model.
func (m Model) Name() string { return m.name }

// Of is what a mix costs: all that could be saved less what is, on top of what cannot be saved where that is known.
func (m Model) Of(mask search.Mask) float64 {
	saved, most := m.saving(mask)
	if m.total != nil {
		most = *m.total
	}
	return most - saved
}

// Models are the chosen model and the others that are known.
func (all Costs) Models() []Model {
	list := []Model{all.Chosen}
	for _, m := range all.list {
		if m.name != all.Chosen.name {
			list = append(list, m)
		}
	}
	return list
}

// By says which cost is chosen.
type By struct {
	Name string // count, bops, bytes, or a file
	// those of a ladder, in each of which a file must have a cost of each activation; nil for any other search
	Widths      []quant.Width
	Multipliers constraint.Multipliers // of the hardware, by which bit operations are counted
}

// Read finds what demoting each holder saves, in BOPs, in bytes and by the cost that was chosen.
func Read(ctx context.Context, p *task.Task, by By) (Costs, error) {
	chosen := by.Name
	all, err := workCosts(ctx, p, by.Multipliers)
	if err != nil {
		return all, err
	}
	n := len(p.Records)
	switch chosen {
	case config.CostCount:
		total := float64(n)
		all.Chosen = Model{name: config.CostCount, Saves: search.CountCost(n), total: &total}
	case config.CostBops:
		all.Chosen = all.list[0]
	case config.CostBytes:
		all.Chosen = all.list[1]
	default:
		text, err := disk.Read(chosen, constraint.MaxList)
		if err != nil {
			return all, mistake.Errorf("--cost: %w; give a file with lines of name,cost or name,low,high, or a table with a head line of widths such as name,4,8,16", err)
		}
		saves, high, err := readFile(string(text), constraint.Names(p.Network), p.Records, by)
		if err != nil {
			return all, mistake.Errorf("--cost %s: %w", chosen, err)
		}
		all.Chosen = Model{name: chosen, Saves: saves}
		if high != nil {
			all.Chosen.total = sum(high)
		}
		all.list = append(all.list, all.Chosen)
	}
	return all, nil
}

// workCosts counts BOPs and bytes for one sample. A holder has the multiply-accumulates of every node that reads its
// values alone, and the bytes of its own tensor; nodes that read several, or weights that are searched, are products.
// Weights have the bytes of their own.
func workCosts(ctx context.Context, p *task.Task, by constraint.Multipliers) (all Costs, err error) {
	uses, err := sites.Uses(p.Network)
	if err != nil {
		return all, err
	}
	n := len(p.Records)
	elements, lost, low, high := make([]float64, n), make([]int, n), make([]int, n), make([]int, n)
	for i := range p.Network.Holders {
		high[i] = p.Records[i].High.Bits
		low[i] = min(p.Records[i].Low.Bits, high[i])
		lost[i] = high[i] - low[i]
	}
	bops := Model{name: config.CostBops, Saves: make([]float64, n), total: new(0.0)}
	several := map[string]*product{}
	var order []*product
	widths, err := weightWidths(p.Network)
	if err != nil {
		return all, err
	}
	weights := p.Network.Holders[len(p.Network.Activations()):]
	largest := p.Largest().Data
	for _, q := range p.Members() { // on average over the samples, where these have different shapes
		fixed, err := q.Fixed(ctx)
		if err != nil {
			return all, err
		}
		dims := map[string][]int64{}
		for _, v := range fixed.Values() {
			dims[v.Name] = v.Dims
		}
		if q.Data == largest {
			if all.Float, err = floatWork(p.Network, dims, p.Block); err != nil {
				return all, err
			}
		}
		share, per := float64(q.Data.Len())/float64(p.Data.Len()), float64(q.Block)
		work := sites.MACs(fixed, dims)
		for _, u := range uses {
			macs := share * work[u.Node] / per
			weight, ok := widths[u.Node]
			if !ok {
				weight = weightBits
			}
			first, second := u.Sides()
			if len(first) == 0 {
				first, second = second, nil
			}
			one := product{sides: [2][]int{first, second}, weight: weight, both: len(second) > 0}
			if at := slices.IndexFunc(weights, func(h onnx.Holder) bool { return slices.Contains(h.Consumers, u.Node) }); at >= 0 {
				one.sides[1] = append(one.sides[1], weights[at].Index)
			}
			switch {
			case len(first) == 1 && len(one.sides[1]) == 0:
				h := first[0]
				full := macs * by.Bits(high[h], weight, false)
				bops.Saves[h] += full - macs*by.Bits(low[h], weight, false)
				*bops.total += full
			case len(first) > 0 && macs > 0:
				if several[u.Node] == nil {
					if one.both || len(one.sides[1]) > 0 {
						one.weight = 0
					}
					several[u.Node] = &one
					order = append(order, &one)
				}
				several[u.Node].macs += macs
			}
		}
		for i, h := range p.Network.Activations() {
			if d := dims[h.Tensor]; len(d) > 0 {
				one := share / per
				for _, size := range d {
					one *= float64(max(size, 0))
				}
				elements[i] += one
			}
		}
	}
	for _, h := range weights {
		elements[h.Index] = 1
		for _, size := range h.Weights.Dims {
			elements[h.Index] *= float64(size)
		}
	}
	bytes := Model{name: config.CostBytes, Saves: search.BytesCost(elements, lost)}
	bytes.total = sum(search.BytesCost(elements, high))
	if len(order) > 0 {
		bops.sum, bops.Saves = bops.Saves, slices.Clone(bops.Saves)
		bops.products = &products{by: by, low: low, high: high}
		for _, one := range order {
			bops.products.list = append(bops.products.list, *one)
		}
		bops.products.shares(bops.Saves)
		_, most := bops.products.ends()
		*bops.total += most
	}
	all.list = []Model{bops, bytes}
	return all, nil
}

func sum(list []float64) *float64 {
	total := 0.0
	for _, v := range list {
		total += v
	}
	return &total
}

// Savings lists what a mix saves.
func (all Costs) Savings(m search.Mask) []result.Saving {
	var list []result.Saving
	for _, c := range all.list {
		saved, most := c.saving(m)
		list = append(list, result.Saving{Cost: c.name, Saved: saved, All: most, Total: c.total})
	}
	return list
}

// Beside is the measure that tells mixes apart which cost the same by a model: bit operations where holders are
// counted, else the number of holders at the high width.
func (all Costs) Beside(m Model) func(search.Mask) float64 {
	if m.name == config.CostCount {
		return all.list[0].Of
	}
	return func(m search.Mask) float64 { return float64(m.Len() - m.Count()) }
}

// Of is what a mix costs by the chosen cost.
func (all Costs) Of(m search.Mask) float64 { return all.Chosen.Of(m) }
