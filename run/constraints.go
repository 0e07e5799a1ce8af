package run

import (
	"fmt"
	"slices"
	"strings"

	"example.org/demote/internal/sites"
	"example.org/demote/internal/unroll"
	"example.org/demote/search"
)

// constraints are what a command line and a profile ask of a network's holders.
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

// rules are the constraints of a configuration, before there is a network.
type rules struct {
	pins    []pin
	groups  []group
	profile *Profile
}

// parseRules reads --pin, --group and --profile.
func (c Config) parseRules() (r rules, err error) {
	for _, text := range c.Pins {
		p, err := parsePin(text, "--pin")
		if err != nil {
			return r, err
		}
		r.pins = append(r.pins, p)
	}
	for _, text := range c.Groups {
		g, err := parseGroup(text, "--group")
		if err != nil {
			return r, err
		}
		r.groups = append(r.groups, g)
	}
	if c.Profile != "" {
		r.profile, err = readProfile(c.Profile)
	}
	return r, err
}

// arrange makes the units of a network under the rules, in the order of the 8-bit file where there is one. A contradiction
// names both sides.
func (p *prepared) arrange(r rules) error {
	names := p.holderNames()
	var c constraints
	for i, h := range p.network.Holders {
		if h.Fixed {
			c.pins = append(c.pins, search.Pin{Holder: i, Text: "the 8-bit file, which lacks it,"})
		}
	}
	for name, list := range unroll.Together(p.network) {
		c.tie(list, "--unroll, which has one bit for all steps of "+name)
	}
	if err := p.constrain(&c, r); err != nil {
		return err
	}
	var err error
	if p.layout, err = search.Arrange(names, c.groups, c.pins); err != nil {
		return err
	}
	if p.layout.Units == nil { // everything is held; nil would stand for a unit a holder
		p.layout.Units = [][]int{}
	}
	if p.order == nil {
		return nil
	}
	place := make([]int, len(names))
	for at, h := range p.order {
		place[h] = at
	}
	slices.SortStableFunc(p.layout.Units, func(a, b []int) int { return place[a[0]] - place[b[0]] })
	return nil
}

// holderNames are the names of all holders, in their order.
func (p *prepared) holderNames() []string {
	names := make([]string, len(p.network.Holders))
	for i, h := range p.network.Holders {
		names[i] = h.Name
	}
	return names
}

// constrain finds the holders that the rules mean.
func (p *prepared) constrain(c *constraints, r rules) error {
	if r.profile == nil && len(r.pins)+len(r.groups) == 0 {
		return nil
	}
	uses, err := sites.Uses(p.network)
	if err != nil {
		return err
	}
	m := newMatcher(p.network, uses)
	pins, groups := r.pins, r.groups
	if r.profile != nil {
		pins, groups = slices.Concat(pins, r.profile.pins), slices.Concat(groups, r.profile.tied)
	}
	for i, rule := range pins {
		if i >= len(r.pins) && strings.HasPrefix(rule.pattern, opPrefix) && m.find(rule.pattern) == nil {
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

// units are what a search decides about: every holder that may be demoted, where nothing else was arranged.
func (p *prepared) units() [][]int {
	if p.layout.Pinned.Len() == 0 {
		if err := p.arrange(rules{}); err != nil {
			panic("run: no rules contradict each other: " + err.Error())
		}
	}
	return p.layout.Units
}

// fitStart makes a start mix keep to the constraints: pinned holders go where they are held, and a unit of which a part
// stays at int16 stays there as a whole. It returns how many holders that moved.
func (p *prepared) fitStart(m search.Mask) int {
	before := m.Clone()
	for h := range m.Len() {
		if p.layout.Pinned.Low(h) {
			m.Demote(h)
		}
	}
	for _, h := range p.layout.High {
		m.Promote(h)
	}
	for _, unit := range p.layout.Units {
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

// describeLayout says what the constraints leave to decide; empty without any.
func (p *prepared) describeLayout() string {
	n, fixed := len(p.network.Holders), 0
	for _, h := range p.network.Holders {
		if h.Fixed {
			fixed++
		}
	}
	low, high := p.layout.Pinned.Count(), len(p.layout.High)-fixed
	free := n - low - len(p.layout.High)
	if low+high == 0 && len(p.layout.Units) == free {
		return ""
	}
	return fmt.Sprintf("%d activations are held at int8, %d at int16; the other %d move as %d units", low, high, free, len(p.layout.Units))
}
