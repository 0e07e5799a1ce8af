package report

import (
	"fmt"
	"strings"

	"example.org/demote/mistake"
)

// floatWork says how much of the network stays in floating point whatever the mix is; nothing of one in which nothing
// does.
func (v *view) floatWork() []string {
	f := v.FloatWork
	if f == nil || len(f.FloatNodes) == 0 {
		return nil
	}
	least := ""
	if f.Least {
		least = "At least "
	}
	share := ""
	if f.MACs > 0 {
		share = fmt.Sprintf(" (%.1f %%)", 100*f.Float/f.MACs)
	}
	const most = 8
	names := make([]string, 0, most)
	for _, name := range f.FloatNodes[:min(most, len(f.FloatNodes))] {
		names = append(names, short(name))
	}
	text := fmt.Sprintf("%s%s of %s multiply-accumulates of a sample stay float%s, at any mix: %s", least, brief(f.Float), brief(f.MACs), share, strings.Join(names, ", "))
	if more := len(f.FloatNodes) - len(names); more > 0 {
		text += fmt.Sprintf(" and %s", plural(more, "other"))
	}
	return []string{text + "."}
}

// unrolled says which recurrent operators --unroll has opened; nothing without it.
func (v *view) unrolled() []string {
	if len(v.Unrolled) == 0 {
		return nil
	}
	const most = 8
	var parts []string
	for _, u := range v.Unrolled[:min(most, len(v.Unrolled))] {
		parts = append(parts, fmt.Sprintf("%s %s (steps: %d)", u.Op, short(u.Node), u.Steps))
	}
	text := mistake.Text("By --unroll these are single operators: ") + strings.Join(parts, ", ")
	if more := len(v.Unrolled) - len(parts); more > 0 {
		text += fmt.Sprintf(" and %s", plural(more, "other"))
	}
	return []string{text + "."}
}
