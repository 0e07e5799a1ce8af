package prepare

import (
	"example.org/demote/internal/ir"
	"example.org/demote/internal/shapes"
	"example.org/demote/internal/sites"
	"example.org/demote/mistake"
)

// refuseHalf refuses a network that computes in floating point, but nowhere in float32, or whose products are in
// float64: grids are defined for float32 alone. Constants of other types behind a Cast are folded before. A network
// without products, such as trees, is refused for that reason: it would be the same in float32.
func refuseHalf(m *ir.Model) error {
	x, err := ir.NewIndex(m)
	if err != nil {
		return err
	}
	var first, double ir.Node
	products, floats := false, false
	for _, n := range x.Nodes() {
		products = products || shapes.Multiplies(n) || len(ir.Subgraphs(n)) > 0
		if ir.Is(n, ir.Moving|ir.Carrying) {
			continue
		}
		switch x.Type(ir.Output(n, 0)) {
		case ir.Float:
			floats = true
		case ir.Float16, ir.BFloat16, ir.Double:
			if first == nil {
				first = n
			}
			if double == nil && shapes.Multiplies(n) && x.Type(ir.Output(n, 0)) == ir.Double {
				double = n
			}
		}
	}
	if floats && double != nil { // what is float64 about it is more than what goes in or comes out
		return &PrecisionError{ir.Double, mistake.Errorf("%s computes in DOUBLE: export the network in float32", ir.NodeName(double))}
	}
	if floats || first == nil {
		return nil
	}
	if !products {
		return sites.NothingMultiplies(m)
	}
	typ := x.Type(ir.Output(first, 0))
	return &PrecisionError{typ, mistake.Errorf("the network computes in %s (%s is the first): export it in float32", typ, ir.NodeName(first))}
}
