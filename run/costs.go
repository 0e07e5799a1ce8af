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
	total *float64
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
func (s *searching) readCosts(ctx context.Context) error {
	bops, bytes, err := s.workCosts(ctx)
	if err != nil {
		return err
	}
	s.costs = []cost{bops, bytes}
	n := len(s.records)
	switch s.config.Cost {
	case costCount:
		total := float64(n)
		s.cost = cost{costCount, search.CountCost(n), &total}
	case costBops:
		s.cost = bops
	case costBytes:
		s.cost = bytes
	default:
		text, err := disk.Read(s.config.Cost, constraint.MaxList)
		if err != nil {
			return mistake.Errorf("--cost: %w; give a file with lines of name,cost", err)
		}
		saves, err := search.ReadCost(strings.NewReader(string(text)), constraint.Names(s.network))
		if err != nil {
			return mistake.Errorf("--cost %s: %w", s.config.Cost, err)
		}
		s.cost = cost{s.config.Cost, saves, nil}
		s.costs = append(s.costs, s.cost)
	}
	return nil
}

// workCosts counts BOPs and bytes for one sample. A holder has the multiply-accumulates of every node that reads its
// values, and the bytes of its own tensor.
func (s *searching) workCosts(ctx context.Context) (bops, bytes cost, err error) {
	uses, err := sites.Uses(s.network)
	if err != nil {
		return bops, bytes, err
	}
	n := len(s.records)
	macs, elements, lost, high := make([]float64, n), make([]float64, n), make([]int, n), make([]int, n)
	largest := s.largest().data
	for _, q := range s.members() { // on average over the samples, where these have different shapes
		fixed, err := q.fixed(ctx)
		if err != nil {
			return bops, bytes, err
		}
		dims := map[string][]int64{}
		for _, v := range fixed.Values() {
			dims[v.Name] = v.Dims
		}
		if q.data == largest {
			if err := s.countFloat(dims); err != nil {
				return bops, bytes, err
			}
		}
		share, per := float64(q.data.Len())/float64(s.data.Len()), float64(q.block)
		work := sites.MACs(fixed, dims)
		for _, u := range uses {
			for _, h := range u.Reads {
				macs[h] += share * work[u.Node] / per
			}
		}
		for i, h := range s.network.Holders {
			if d := dims[h.Tensor]; len(d) > 0 {
				one := share / per
				for _, size := range d {
					one *= float64(max(size, 0))
				}
				elements[i] += one
			}
		}
	}
	for i := range s.network.Holders {
		high[i] = s.records[i].High.Bits
		lost[i] = max(0, high[i]-s.records[i].Low.Bits)
	}
	bops = cost{name: costBops, saves: search.BopsCost(macs, lost, weightBits)}
	bytes = cost{name: costBytes, saves: search.BytesCost(elements, lost)}
	bops.total, bytes.total = sum(search.BopsCost(macs, high, weightBits)), sum(search.BytesCost(elements, high))
	return bops, bytes, nil
}

func sum(list []float64) *float64 {
	total := 0.0
	for _, v := range list {
		total += v
	}
	return &total
}

// savings lists what a mix saves.
func (s *searching) savings(m search.Mask) []result.Saving {
	var list []result.Saving
	for _, c := range s.costs {
		saved, all := search.Saving(c.saves, m)
		list = append(list, result.Saving{Cost: c.name, Saved: saved, All: all, Total: c.total})
	}
	return list
}

// costOf is what a mix costs by the chosen cost: all that could be saved less what is, on top of what cannot be saved
// where that is known.
func (s *searching) costOf(m search.Mask) float64 {
	saved, all := search.Saving(s.cost.saves, m)
	if s.cost.total != nil {
		all = *s.cost.total
	}
	return all - saved
}
