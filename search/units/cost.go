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

// ReadCost is ReadCosts for who needs what demoting each holder saves, and no more.
func ReadCost(r io.Reader, names []string) ([]float64, error) {
	saves, _, err := ReadCosts(r, names)
	return saves, err
}

// ReadCosts reads lines as a profiler or a vendor's table has them, and returns for each of the names what demoting it
// saves. The lines are name,cost, where cost is that saving, or all of them name,low,high: what the holder costs when
// it is low and when it is high. Then it saves the difference, and high has the second cost of each; else high is nil.
// A first line is taken for a heading if it names no holder and another of its fields is no number. Every holder needs
// exactly one line, with finite costs that are not negative, the high one no less than the low one. Errors are
// mistake.Err and name the line or the holder.
func ReadCosts(r io.Reader, names []string) (saves, high []float64, err error) {
	c := costs{holder: make(map[string]int, len(names)), saves: make([]float64, len(names)), high: make([]float64, len(names)), seen: make([]int, len(names))}
	for h, name := range names {
		c.holder[name] = h
	}
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
			return nil, nil, mistake.Errorf("costs: %w", err)
		}
		line, _ := lines.FieldPos(0)
		if err := c.enter(line, record, first); err != nil {
			return nil, nil, err
		}
	}
	for h, line := range c.seen {
		if line == 0 {
			return nil, nil, mistake.Errorf("costs: holder %q has no line", names[h])
		}
	}
	if c.fields == 2 {
		return c.saves, nil, nil
	}
	return c.saves, c.high, nil
}

// costs are the lines of a file of costs, as far as they are read.
type costs struct {
	holder      map[string]int // by name
	saves, high []float64
	seen        []int // the line of each holder; 0: none yet
	fields      int   // of a line; 0: none was read
}

// enter enters a line.
func (c *costs) enter(line int, record []string, first bool) error {
	if len(record) != 2 && len(record) != 3 || c.fields > 0 && len(record) != c.fields {
		return mistake.Errorf("costs, line %d: %d fields: write name,cost on every line, or name,low,high on every line", line, len(record))
	}
	h, ok := c.holder[record[0]]
	var values [2]float64
	var wrong string
	for i, text := range record[1:] {
		v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil && first && !ok {
			return nil
		}
		if wrong == "" && (err != nil || !(v >= 0) || math.IsInf(v, 0)) {
			wrong = text
		}
		values[i] = v
	}
	switch {
	case wrong != "":
		return mistake.Errorf("costs, line %d: %q is not a cost: write a number that is not negative", line, wrong)
	case !ok:
		return mistake.Errorf("costs, line %d: no holder is named %q", line, record[0])
	case c.seen[h] > 0:
		return mistake.Errorf("costs, lines %d and %d both name holder %q", c.seen[h], line, record[0])
	case len(record) == 3 && values[1] < values[0]:
		return mistake.Errorf("costs, line %d: the low cost %s is above the high cost %s: write name,low,high, the cost in int8 first", line, record[1], record[2])
	}
	c.fields, c.seen[h] = len(record), line
	if c.saves[h] = values[0]; len(record) == 3 {
		c.saves[h], c.high[h] = values[1]-values[0], values[1]
	}
	return nil
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
