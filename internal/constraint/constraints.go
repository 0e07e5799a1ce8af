package constraint

import (
	"fmt"
	"slices"
	"strings"

	"example.org/demote/internal/sites"
	"example.org/demote/internal/unroll"
	"example.org/demote/onnx"
	"example.org/demote/search"
)

// constraints are the pins, groups and units of a network's holders.
type constraints struct {
	groups []search.Group
	pins   []search.Pin
}

// tie makes holders move together.
func (c *constraints) tie(holders []int, text string) {
	if len(holders) > 1 {
		c.groups = append(c.groups, search.Group{Holders: holders, Text: text})
	}
}

// Rules are the constraints of a configuration, before they are applied to a network.
type Rules struct {
	pins    []pin
	groups  []group
	profile *profile
	held    map[string]bool // activations that the first step of a ladder has left high, by name
}

// Hold has activations stay high, which the first step of a ladder has left so. nil: there are none.
func (r Rules) Hold(held map[string]bool) Rules {
	r.held = held
	return r
}

// Parse parses --pin, --group and --profile; pins name one of the widths.
func Parse(pins, groups []string, profile string, w Words) (r Rules, err error) {
	for _, text := range pins {
		p, says, err := parsePin(text, "--pin", w)
		if err != nil {
			return r, err
		}
		if says {
			r.pins = append(r.pins, p)
		}
	}
	for _, text := range groups {
		g, err := parseGroup(text, "--group")
		if err != nil {
			return r, err
		}
		r.groups = append(r.groups, g)
	}
	if profile != "" {
		r.profile, err = readProfile(profile, w)
	}
	return r, err
}

// Multipliers are those of the profile; without one, or where it does not say, the usual count.
func (r Rules) Multipliers() Multipliers {
	if r.profile == nil {
		return Multipliers{}
	}
	return r.profile.by
}

// Arrange applies the rules to a network and returns its units. order gives the order of its holders; nil: their own.
// The error for a contradiction names both sides.
func (r Rules) Arrange(n *onnx.Network, order []int) (layout search.Layout, err error) {
	names := Names(n)
	var c constraints
	for i, h := range n.Holders {
		if h.Fixed {
			c.pins = append(c.pins, search.Pin{Holder: i, Text: "the 8-bit file, which lacks it,"})
		}
		if r.held[h.Name] {
			c.pins = append(c.pins, search.Pin{Holder: i, Text: "the first step of the ladder, which has left it high,"})
		}
	}
	for name, list := range unroll.Together(n) {
		c.tie(list, "--unroll, which has one bit for all steps of "+name)
	}
	if err := r.constrain(n, &c); err != nil {
		return layout, err
	}
	if layout, err = search.Arrange(names, c.groups, c.pins); err != nil {
		return layout, err
	}
	if layout.Units == nil { // everything is pinned; nil would mean one unit per holder
		layout.Units = [][]int{}
	}
	if order == nil {
		return layout, nil
	}
	place := make([]int, len(names))
	for at, h := range order {
		place[h] = at
	}
	slices.SortStableFunc(layout.Units, func(a, b []int) int { return place[a[0]] - place[b[0]] })
	return layout, nil
}

// Names are the names of all holders, in their order.
func Names(n *onnx.Network) []string {
	names := make([]string, len(n.Holders))
	for i, h := range n.Holders {
		names[i] = h.Name
	}
	return names
}

// constrain finds the holders that the rules mean.
func (r Rules) constrain(n *onnx.Network, c *constraints) error {
	if r.profile == nil && len(r.pins)+len(r.groups) == 0 {
		return nil
	}
	uses, err := sites.Uses(n)
	if err != nil {
		return err
	}
	m := newMatcher(n, uses)
	pins, groups := r.pins, r.groups
	if r.profile != nil {
		pins, groups = slices.Concat(pins, r.profile.pins), slices.Concat(groups, r.profile.tied)
	}
	for i, rule := range pins {
		if i >= len(r.pins) && strings.HasPrefix(rule.Pattern, opPrefix) && m.find(rule.Pattern) == nil {
			continue // a profile is for many networks
		}
		list, err := m.pins(rule)
		if err != nil {
			return err
		}
		c.pins = append(c.pins, list...)
	}
	for _, rule := range groups {
		g, err := m.group(rule)
		if err != nil {
			return err
		}
		c.groups = append(c.groups, g)
	}
	if r.profile != nil {
		r.profile.apply(c, uses)
	}
	return nil
}

// FitStart changes a start mix so that it meets the constraints: pinned holders get their bit-width, and a unit with a
// part at int16 stays at int16 as a whole. It returns the number of holders that it changed.
func FitStart(layout search.Layout, m search.Mask) int {
	before := m.Clone()
	for h := range m.Len() {
		if layout.Pinned.Low(h) {
			m.Demote(h)
		}
	}
	for _, h := range layout.High {
		m.Promote(h)
	}
	for _, unit := range layout.Units {
		if slices.ContainsFunc(unit, func(h int) bool { return !m.Low(h) }) {
			for _, h := range unit {
				m.Promote(h)
			}
		}
	}
	moved := 0
	for h := range m.Len() {
		if m.Low(h) != before.Low(h) {
			moved++
		}
	}
	return moved
}

// Describe says what the constraints leave to the search; empty without constraints.
func Describe(network *onnx.Network, layout search.Layout) string {
	n, fixed := len(network.Holders), 0
	for _, h := range network.Holders {
		if h.Fixed {
			fixed++
		}
	}
	low, high := layout.Pinned.Count(), len(layout.High)-fixed
	free := n - low - len(layout.High)
	if low+high == 0 && len(layout.Units) == free {
		return ""
	}
	what := "activations"
	if len(network.Activations()) < n {
		what = "activations and weights"
		return fmt.Sprintf("%d %s are held low, %d high; the other %d move as %d units", low, what, high, free, len(layout.Units))
	}
	return fmt.Sprintf("%d %s are held at int8, %d at int16; the other %d move as %d units", low, what, high, free, len(layout.Units))
}
