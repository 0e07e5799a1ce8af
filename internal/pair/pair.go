package pair

import (
	"fmt"
	"slices"

	"example.org/demote/internal/ir"
	"example.org/demote/internal/network"
	"example.org/demote/mistake"
	"example.org/demote/quant"
)

// Report lists the differences between the two files of a pair, other than the grids. None of them prevents a search.
type Report struct {
	OnlyHigh    []string     // holders that only the 16-bit file has; they are Fixed
	Wide        []string     // holders above 8 bits in the 8-bit file: their grid changes, they become no cheaper
	Topology    string       // the first difference of the two graphs without quantizers; "": none
	Differences []Difference // weights, biases and other constants that differ
	Pads        []OffGrid    // values of Pad nodes that are not on the demoted grid
	// the holders that both files have, in the 8-bit file's order: indices of the network's holders
	Order []int

	uses []constantUse // every place that reads a constant which differs
}

// Difference is a constant that differs between the files, named by its place in the graph.
type Difference struct {
	Kind      string // "weight", "bias" or "constant"
	Node      string // that reads it, by its name in the 16-bit file
	Low, High string // the initializers of the two networks
	Largest   float64
	Elements  int    // that differ
	Holder    int    // that Follow goes by: the one that the node's output runs into first; -1: none
	Follows   string // name of the holder that Follow lets it follow; "": the mixed network has the 16-bit file's
}

// OffGrid is a Pad whose value is not on the low grid of the padded tensor. In floating point the network is exact
// nevertheless; a compiler to integers will round the value.
type OffGrid struct {
	Node, Holder   string
	Value, Nearest float32
}

// Same reports whether graphs, weights and constants are equal, so that the 8-bit file computes what the 16-bit file
// does with every holder demoted.
func (r *Report) Same() bool {
	return len(r.OnlyHigh) == 0 && r.Topology == "" && len(r.Differences) == 0
}

// Lines returns the report as text, one line for each difference.
func (r *Report) Lines() []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	for _, h := range r.OnlyHigh {
		add("holder %q is only in the 16-bit file: it is never demoted", h)
	}
	for _, h := range r.Wide {
		add("holder %q has more than 8 bits in the 8-bit file too: demoting it changes its grid, not its cost", h)
	}
	if r.Topology != "" {
		add("the graphs differ: %s", r.Topology)
	}
	for _, d := range r.Differences {
		has := "the mixed network has the 16-bit file's"
		if d.Follows != "" {
			has = fmt.Sprintf("it follows holder %q", d.Follows)
		}
		add("%s of %q differs in %d elements, by %g at most; %s", d.Kind, d.Node, d.Elements, d.Largest, has)
	}
	for _, p := range r.Pads {
		add("Pad node %q pads with %g, which the low grid of holder %q rounds to %g", p.Node, p.Value, p.Holder, p.Nearest)
	}
	return all
}

// Join joins the 8-bit and the 16-bit version of one network, as mctq.Read or qdq.Read return them, by the names of
// their holders. The result is the network of the 16-bit file, with a record for each holder: the low grid from the
// 8-bit file, the high grid from the 16-bit file. A holder that only the 16-bit file has is Fixed, and both grids of
// its record are its own. In a QDQ pair, a holder after a node that only moves values is dropped if both files put it
// on the grid of the holder before. The 8-bit endpoint of a search is the network low itself. It differs from the
// network with all holders demoted unless the report says Same.
//
// Errors match mistake.Err: a holder that only the 8-bit file has, files without a common holder, files with different
// inputs or outputs, or swapped files.
func Join(low, high *network.Network, lowGrids, highGrids []quant.Grid) (*network.Network, []quant.Record, *Report, error) {
	if err := samePorts(low.Model, high.Model); err != nil {
		return nil, nil, nil, err
	}
	n := &network.Network{Model: high.Model, Holders: slices.Clone(high.Holders), Omitted: slices.Clone(high.Omitted), Weights: high.Weights, Opset: high.Opset}
	report := new(Report)
	lowGrid := make(map[string]quant.Grid)
	lowAt := make(map[string]int)
	for i, h := range low.Holders {
		lowGrid[h.Name], lowAt[h.Name] = lowGrids[i], i
	}
	records := make([]quant.Record, len(high.Holders))
	for i, h := range high.Holders {
		records[i] = quant.Record{Low: highGrids[i], High: highGrids[i]}
		if g, ok := lowGrid[h.Name]; ok {
			records[i].Low = g
			continue
		}
		n.Holders[i].Fixed = true
	}
	for _, h := range low.Holders {
		if !slices.ContainsFunc(high.Holders, func(o network.Holder) bool { return o.Name == h.Name }) {
			return nil, nil, nil, mistake.Errorf("holder %q is only in the 8-bit file: the pair must come from one network with the same settings (shift-negative correction may have fired in one file only)", h.Name)
		}
	}
	var err error
	if records, err = dropMoved(n, low, records); err != nil {
		return nil, nil, nil, err
	}
	narrower, wider := 0, 0
	for i, h := range n.Holders {
		switch r := records[i]; {
		case h.Fixed:
			report.OnlyHigh = append(report.OnlyHigh, h.Name)
		case r.Low.Bits < r.High.Bits:
			narrower++
		case r.Low.Bits > r.High.Bits:
			wider++
		}
		if !h.Fixed && records[i].Low.Bits > 8 {
			report.Wide = append(report.Wide, h.Name)
		}
	}
	switch {
	case len(report.OnlyHigh) == len(n.Holders):
		return nil, nil, nil, mistake.Errorf("the two files have no holder in common: they are not of one network")
	case narrower == 0 && wider > 0:
		return nil, nil, nil, mistake.Errorf("every holder is wider in the 8-bit file: --low and --high look swapped")
	case narrower == 0:
		return nil, nil, nil, mistake.Errorf("no holder has fewer bits in the 8-bit file than in the 16-bit file: there is nothing to demote")
	}
	for i, h := range n.Holders {
		if !h.Fixed {
			report.Order = append(report.Order, i)
		}
	}
	slices.SortFunc(report.Order, func(a, b int) int { return lowAt[n.Holders[a].Name] - lowAt[n.Holders[b].Name] })
	if err := report.compare(low.Model, n); err != nil {
		return nil, nil, nil, err
	}
	if err := report.pads(n, records); err != nil {
		return nil, nil, nil, err
	}
	return n, records, report, nil
}

// samePorts refuses files whose inputs or outputs differ.
func samePorts(low, high *ir.Model) error {
	for _, p := range []struct {
		what      string
		low, high []ir.Value
	}{{"input", low.Inputs(), high.Inputs()}, {"output", low.Outputs(), high.Outputs()}} {
		if len(p.low) != len(p.high) {
			return mistake.Errorf("the 8-bit file has %d %ss, the 16-bit file %d", len(p.low), p.what, len(p.high))
		}
		for i := range p.low {
			if l, h := p.low[i], p.high[i]; l.Name != h.Name || l.Type != h.Type {
				return mistake.Errorf("%s %d is %q (%s) in the 8-bit file and %q (%s) in the 16-bit file", p.what, i, l.Name, l.Type, h.Name, h.Type)
			}
		}
	}
	return nil
}
