package cost

import (
	"encoding/csv"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"example.org/demote/mistake"
	"example.org/demote/quant"
	"example.org/demote/search"
)

// readFile reads a file of costs: what demoting each holder saves, and what it costs at its high width, or nil where
// the file does not say that. A head line such as name,4,8,16 begins a table of costs by width, of which a search takes
// the columns of its own; all others are search.ReadCosts's. Errors are mistake.Err and name the line or the holder.
func readFile(text string, names []string, records []quant.Record, by By) (saves, high []float64, err error) {
	if t := newTable(text, names); t != nil {
		return t.read(names, records, by.Widths)
	}
	if len(by.Widths) > 0 {
		return nil, nil, mistake.Errorf("costs: a ladder needs those of all its widths: write a head line %s, and a line for each activation", headOf(by.Widths))
	}
	return search.ReadCosts(strings.NewReader(text), names)
}

// headOf is the head line of a table of these widths.
func headOf(widths []quant.Width) string {
	head := "name"
	for _, w := range widths {
		head += "," + w.Text()
	}
	return head
}

// A table is a file of costs by width.
type table struct {
	lines   *csv.Reader
	columns []quant.Width // of the fields behind the name
	twice   bool          // the head line names a width twice
}

// newTable is the table that a text is; nil if its first line is no head line of widths.
func newTable(text string, names []string) *table {
	t := &table{lines: csv.NewReader(strings.NewReader(text))}
	t.lines.FieldsPerRecord, t.lines.TrimLeadingSpace = -1, true
	head, err := t.lines.Read()
	if err != nil || len(head) < 2 || slices.Contains(names, head[0]) {
		return nil
	}
	for _, field := range head[1:] {
		w, err := quant.ParseWidth(strings.TrimPrefix(strings.TrimSpace(field), "int")) // by its name too
		if err != nil {
			return nil
		}
		t.twice = t.twice || slices.Contains(t.columns, w)
		t.columns = append(t.columns, w)
	}
	return t
}

// read reads the lines. Every holder needs one, whose cost at the high width of its record is no less than at the low
// one. widths are columns that must be there besides those of the records.
func (t *table) read(names []string, records []quant.Record, widths []quant.Width) (saves, high []float64, err error) {
	if t.twice {
		return nil, nil, mistake.Errorf("costs: the head line %s names a width twice", headOf(t.columns))
	}
	need := slices.Clone(widths)
	for _, r := range records {
		need = append(need, r.Low.Width(), r.High.Width())
	}
	for _, w := range need {
		if !slices.Contains(t.columns, w) {
			return nil, nil, mistake.Errorf("costs: the head line %s has no column for %s; write one, with what each activation costs in it", headOf(t.columns), w)
		}
	}
	saves, high = make([]float64, len(names)), make([]float64, len(names))
	seen := make([]int, len(names))
	for {
		fields, err := t.lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, mistake.Errorf("costs: %w", err)
		}
		line, _ := t.lines.FieldPos(0)
		h := slices.Index(names, fields[0])
		switch {
		case len(fields) != len(t.columns)+1:
			return nil, nil, mistake.Errorf("costs, line %d: %d fields: write %d, as the head line has", line, len(fields), len(t.columns)+1)
		case h < 0:
			return nil, nil, mistake.Errorf("costs, line %d: no holder is named %q", line, fields[0])
		case seen[h] > 0:
			return nil, nil, mistake.Errorf("costs, lines %d and %d both name holder %q", seen[h], line, fields[0])
		}
		seen[h] = line
		costs, err := t.costs(line, fields[1:])
		if err != nil {
			return nil, nil, err
		}
		at := func(w quant.Width) float64 { return costs[slices.Index(t.columns, w)] }
		for _, low := range need { // a ladder's second step has the same lines
			for _, up := range need {
				if low.Bits() < up.Bits() && at(low) > at(up) {
					return nil, nil, mistake.Errorf("costs, line %d: %s costs %v, and %s less, %v", line, low, at(low), up, at(up))
				}
			}
		}
		high[h] = at(records[h].High.Width())
		saves[h] = high[h] - at(records[h].Low.Width())
	}
	if h := slices.Index(seen, 0); h >= 0 {
		return nil, nil, mistake.Errorf("costs: holder %q has no line", names[h])
	}
	return saves, high, nil
}

// costs are the numbers of a line.
func (t *table) costs(line int, fields []string) (list []float64, err error) {
	for _, text := range fields {
		v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || !(v >= 0) || math.IsInf(v, 0) {
			return nil, mistake.Errorf("costs, line %d: %q is not a cost: write a number that is not negative", line, text)
		}
		list = append(list, v)
	}
	return list, nil
}
