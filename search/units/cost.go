package units

import (
	"encoding/csv"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"

	"example.org/demote/mistake"
	"example.org/demote/search/trial"
)

// CountCost returns a cost of 1 for every holder. A cost is the saving of demoting a holder, in the unit of its cost
// model. The saving of a mix is the sum over its demoted holders. All cost functions return a new slice with an entry
// per holder.
func CountCost(holders int) []float64 {
	list := make([]float64, holders)
	for h := range list {
		list[h] = 1
	}
	return list
}

// BopsCost returns the bit operations that each holder saves, per sample: the multiply-accumulates macs of its
// consumers, times the bits lost by the activation, times the bits of a weight. BOPs = MACs x activation bits x weight
// bits (van Baalen et al., Bayesian Bits: Unifying quantization and pruning, NeurIPS 2020). macs and lost have an entry
// per holder: multiply-accumulates a sample, and the bits of its high grid less those of its low one. weight is the
// bit-width of weights. Example: 10^6 multiply-accumulates, 16 to 8 bits, 8-bit weights: 10^6 x 8 x 8 = 64 million.
func BopsCost(macs []float64, lost []int, weight int) []float64 {
	list := make([]float64, len(macs))
	for h, m := range macs {
		list[h] = m * float64(lost[h]) * float64(weight)
	}
	return list
}

// BytesCost returns the activation bytes that each holder saves, per sample: the elements of its tensor, times the bits
// lost, divided by 8. elements and lost have an entry per holder. It is what less has to be moved between layers, not
// the peak of the memory, which depends on the order of execution.
func BytesCost(elements []float64, lost []int) []float64 {
	list := make([]float64, len(elements))
	for h, e := range elements {
		list[h] = e * float64(lost[h]) / 8
	}
	return list
}

// ReadCost reads lines of name,cost, as a profiler writes them, and returns a cost per name. It takes a first line as a
// heading if it names no holder and its second field is no number. Every holder needs exactly one line, with a finite
// cost that is not negative. Errors are mistake.Err and name the line or the holder.
func ReadCost(r io.Reader, names []string) ([]float64, error) {
	holder := make(map[string]int, len(names))
	for h, name := range names {
		holder[name] = h
	}
	list := make([]float64, len(names))
	seen := make([]int, len(names))
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = -1
	lines.TrimLeadingSpace = true
	lines.ReuseRecord = true
	for first := true; ; first = false {
		record, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, mistake.Errorf("costs: %w", err)
		}
		line, _ := lines.FieldPos(0)
		if len(record) != 2 {
			return nil, mistake.Errorf("costs, line %d: %d fields: write name,cost", line, len(record))
		}
		cost, err := strconv.ParseFloat(strings.TrimSpace(record[1]), 64)
		h, ok := holder[record[0]]
		if err != nil && first && !ok {
			continue
		}
		if err != nil || !(cost >= 0) || math.IsInf(cost, 0) {
			return nil, mistake.Errorf("costs, line %d: %q is not a cost: write a number that is not negative", line, record[1])
		}
		if !ok {
			return nil, mistake.Errorf("costs, line %d: no holder is named %q", line, record[0])
		}
		if seen[h] > 0 {
			return nil, mistake.Errorf("costs, lines %d and %d both name holder %q", seen[h], line, record[0])
		}
		list[h], seen[h] = cost, line
	}
	for h, line := range seen {
		if line == 0 {
			return nil, mistake.Errorf("costs: holder %q has no line", names[h])
		}
	}
	return list, nil
}

// UnitCost returns the cost of each unit, the sum over its holders: Options.Cost of a search. holders has a cost per
// holder, units the holders of each unit. The slice is new.
func UnitCost(holders []float64, units [][]int) []float64 {
	list := make([]float64, len(units))
	for u, members := range units {
		for _, h := range members {
			list[u] += holders[h]
		}
	}
	return list
}

// Saving returns the sum of the costs of the holders that are low in the mask, and of all holders. saved/all is the
// share that a mix saves of what the 8-bit network would. It panics if the mask has fewer holders than there are costs.
func Saving(holders []float64, mask trial.Mask) (saved, all float64) {
	for h, c := range holders {
		all += c
		if mask.Low(h) {
			saved += c
		}
	}
	return saved, all
}
