package run

import (
	"context"
	"path/filepath"
	"strings"

	"example.org/demote/disk"
	"example.org/demote/internal/constraint"
	"example.org/demote/internal/sites"
	"example.org/demote/mistake"
	"example.org/demote/result"
	"example.org/demote/search"
)

// weightBits is the width of weights in BOPs. A product of two activations counts for each of them, the other at this
// width.
const weightBits = 8

// Names of the built-in costs.
const (
	costCount = "count"
	costBops  = "bops"
	costBytes = "bytes"
)

// cost is a cost model of a network: what demoting each holder saves.
type cost struct {
	name  string
	saves []float64
	total *float64 // of all of the network; nil: not known
}

// costs are the cost models of a search.
type costs struct {
	chosen cost              // --cost
	list   []cost            // what the result lists: BOPs, bytes, and a cost from a file
	float  *result.FloatWork // what the search cannot reach
}

// checkCost refuses a --cost that is neither a name nor a file, before anything is read.
func (c Config) checkCost() error {
	file := c.costFile()
	if file == "" {
		return nil
	}
	if filepath.Ext(file) != ".csv" {
		return mistake.Errorf("--cost %s: choose count, bops, bytes or a FILE.csv with lines of name,cost", file)
	}
	f, err := disk.Open(file)
	if err != nil {
		return mistake.Errorf("--cost: %w; give a file with lines of name,cost", err)
	}
	return f.Close()
}

// costFile is the file of --cost, "" for a cost by name.
func (c Config) costFile() string {
	switch c.Cost {
	case costCount, costBops, costBytes:
		return ""
	}
	return c.Cost
}

// readCosts finds what demoting each holder saves, in BOPs, in bytes and by the cost that was chosen.
func readCosts(ctx context.Context, p *prepared, chosen string) (costs, error) {
	all, err := workCosts(ctx, p)
	if err != nil {
		return all, err
	}
	n := len(p.records)
	switch chosen {
	case costCount:
		total := float64(n)
		all.chosen = cost{costCount, search.CountCost(n), &total}
	case costBops:
		all.chosen = all.list[0]
	case costBytes:
		all.chosen = all.list[1]
	default:
		text, err := disk.Read(chosen, constraint.MaxList)
		if err != nil {
			return all, mistake.Errorf("--cost: %w; give a file with lines of name,cost", err)
		}
		saves, err := search.ReadCost(strings.NewReader(string(text)), constraint.Names(p.network))
		if err != nil {
			return all, mistake.Errorf("--cost %s: %w", chosen, err)
		}
		all.chosen = cost{chosen, saves, nil}
		all.list = append(all.list, all.chosen)
	}
	return all, nil
}

// workCosts counts BOPs and bytes for one sample. A holder has the multiply-accumulates of every node that reads its
// values, and the bytes of its own tensor.
func workCosts(ctx context.Context, p *prepared) (all costs, err error) {
	uses, err := sites.Uses(p.network)
	if err != nil {
		return all, err
	}
	n := len(p.records)
	macs, elements, lost, high := make([]float64, n), make([]float64, n), make([]int, n), make([]int, n)
	largest := p.largest().data
	for _, q := range p.members() { // on average over the samples, where these have different shapes
		fixed, err := q.fixed(ctx)
		if err != nil {
			return all, err
		}
		dims := map[string][]int64{}
		for _, v := range fixed.Values() {
			dims[v.Name] = v.Dims
		}
		if q.data == largest {
			if all.float, err = floatWork(p.network, dims, p.block); err != nil {
				return all, err
			}
		}
		share, per := float64(q.data.Len())/float64(p.data.Len()), float64(q.block)
		work := sites.MACs(fixed, dims)
		for _, u := range uses {
			for _, h := range u.Reads {
				macs[h] += share * work[u.Node] / per
			}
		}
		for i, h := range p.network.Holders {
			if d := dims[h.Tensor]; len(d) > 0 {
				one := share / per
				for _, size := range d {
					one *= float64(max(size, 0))
				}
				elements[i] += one
			}
		}
	}
	for i := range p.network.Holders {
		high[i] = p.records[i].High.Bits
		lost[i] = max(0, high[i]-p.records[i].Low.Bits)
	}
	bops := cost{name: costBops, saves: search.BopsCost(macs, lost, weightBits)}
	bytes := cost{name: costBytes, saves: search.BytesCost(elements, lost)}
	bops.total, bytes.total = sum(search.BopsCost(macs, high, weightBits)), sum(search.BytesCost(elements, high))
	all.list = []cost{bops, bytes}
	return all, nil
}

func sum(list []float64) *float64 {
	total := 0.0
	for _, v := range list {
		total += v
	}
	return &total
}

// savings lists what a mix saves.
func (all costs) savings(m search.Mask) []result.Saving {
	var list []result.Saving
	for _, c := range all.list {
		saved, most := search.Saving(c.saves, m)
		list = append(list, result.Saving{Cost: c.name, Saved: saved, All: most, Total: c.total})
	}
	return list
}

// costOf is what a mix costs by the chosen cost: all that could be saved less what is, on top of what cannot be saved
// where that is known.
func (all costs) of(m search.Mask) float64 {
	saved, most := search.Saving(all.chosen.saves, m)
	if all.chosen.total != nil {
		most = *all.chosen.total
	}
	return most - saved
}
