package constraint

import (
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"example.org/demote/internal/sites"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/result"
	"example.org/demote/search"
)

// opPrefix begins a pattern that means operators and not names.
const opPrefix = "op:"

// A pin is one rule of --pin, or of the list pin of a profile.
type pin struct {
	Pattern string
	low     bool
	width   string // as typed
	weights bool   // the width is one of weights, and of no activation
	text    string // its source, for messages
}

// Words are the words of pins: the names of widths that hold an activation low and high, and of a ladder's second step
// those that say nothing to it, since the first one has obeyed them. Weights: they have holders too.
type Words struct {
	Low, High, Past []string
	Weights         bool
}

// weightWords are the widths that weights are held at, beside low and high.
var weightWords = []string{"int4", "int8", "int16"}

// WordsOf are those of a search between two widths.
func WordsOf(w *result.Widths) Words {
	return Words{Low: []string{w.LowName(), "low"}, High: []string{w.HighName(), "high"}}
}

// all are the names of widths among them, as a message lists them; the usual ones of a search between two widths, which
// the wording of the search makes its own.
func (w Words) all() string {
	if len(w.Low)+len(w.High)+len(w.Past) == 4 {
		return "int8 or int16"
	}
	var names []string
	for _, name := range slices.Concat(w.Low, w.High, w.Past) {
		if name != "low" && name != "high" {
			names = append(names, name)
		}
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// parsePin reads PATTERN=int8 or PATTERN=int16, or the widths that take their place. The pattern ends at the last =,
// since names may have one; low and high are the widths of any search. It returns false for a pin that says nothing.
func parsePin(text, where string, w Words) (p pin, says bool, err error) {
	p.text = where + " " + text
	at := strings.LastIndexByte(text, '=')
	if at < 1 {
		return p, false, mistake.Errorf("%s: write NAME=%s, GLOB=%s or op:TYPE=%s", p.text, w.Low[0], w.High[0], w.High[0])
	}
	p.Pattern = text[:at]
	p.width = text[at+1:]
	switch width := p.width; {
	case slices.Contains(w.Low, width):
		p.low = true
	case slices.Contains(w.High, width):
	case slices.Contains(w.Past, width):
		return p, false, checkPattern(p.Pattern, p.text)
	case w.Weights && slices.Contains(weightWords, width):
		p.weights = true
	default:
		return p, false, mistake.Errorf("%s: %q is no width: an activation is held at %s", p.text, width, w.all())
	}
	return p, true, checkPattern(p.Pattern, p.text)
}

// A group is one rule of --group, or of the list group of a profile: what its patterns match moves together.
type group struct {
	patterns []string
	text     string
}

// parseGroup reads patterns with commas between them; a comma inside brackets or braces is part of a pattern.
func parseGroup(text, where string) (group, error) {
	g := group{text: where + " " + text}
	depth, begin := 0, 0
	for i, r := range text + "," {
		switch {
		case r == '{' || r == '[':
			depth++
		case (r == '}' || r == ']') && depth > 0:
			depth--
		case r == ',' && (depth == 0 || i == len(text)):
			part := strings.TrimSpace(text[begin:i])
			if part == "" {
				return g, mistake.Errorf("%s: an empty name: write NAME,NAME or a GLOB", g.text)
			}
			if err := checkPattern(part, g.text); err != nil {
				return g, err
			}
			g.patterns, begin = append(g.patterns, part), i+1
		}
	}
	return g, nil
}

func checkPattern(pattern, where string) error {
	if !validPattern(strings.TrimPrefix(pattern, opPrefix)) {
		return mistake.Errorf("%s: %q is no pattern: see docs/constraints.md", where, pattern)
	}
	return nil
}

// matcher finds the holders of a network that a pattern means.
type matcher struct {
	holders []onnx.Holder
	makers  [][]string // by holder: the operators that make it, those inside a fused pattern included
}

func newMatcher(n *onnx.Network, uses []sites.Use) *matcher {
	m := &matcher{holders: n.Holders, makers: make([][]string, len(n.Holders))}
	for i, h := range n.Holders {
		if h.Weights != nil {
			m.makers[i] = h.Weights.Ops
			continue
		}
		if h.Op == "" {
			m.makers[i] = []string{"input"}
		}
	}
	for _, u := range uses {
		for _, h := range u.Makes {
			m.makers[h] = append(m.makers[h], u.Op)
		}
	}
	return m
}

// find lists the holders that a pattern means, in ascending order: the one of exactly that name, or those whose names
// match it as a glob, or else the first whose name is that one but for blanks at its edges; with op: those that an
// operator of a matching type makes. Weights are found by the names and operators of their layers too.
func (m *matcher) find(pattern string) []int {
	var list []int
	if ops, ok := strings.CutPrefix(pattern, opPrefix); ok {
		for h, makers := range m.makers {
			if slices.ContainsFunc(makers, func(op string) bool { return doublestar.MatchUnvalidated(ops, op) }) {
				list = append(list, h)
			}
		}
		return list
	}
	for h := range m.holders {
		if m.holders[h].Name == pattern {
			return []int{h}
		}
		if slices.ContainsFunc(namesOf(m.holders[h]), func(name string) bool {
			return name == pattern || doublestar.MatchUnvalidated(pattern, name)
		}) {
			list = append(list, h)
		}
	}
	for h := range m.holders {
		if len(list) == 0 && strings.TrimSpace(m.holders[h].Name) == strings.TrimSpace(pattern) {
			return []int{h} // the command line takes blanks at the edges away
		}
	}
	return list
}

// namesOf are the names that a pattern may mean a holder by: its own, and of weights those of their layers.
func namesOf(h onnx.Holder) []string {
	if h.Weights == nil {
		return []string{h.Name}
	}
	return append([]string{h.Name}, h.Consumers...)
}

// holds says whether a rule holds a holder low or high; not ok: its width is none of the holder's two.
func (p pin) holds(h onnx.Holder) (low, ok bool) {
	if h.Weights == nil {
		return p.low, !p.weights
	}
	switch p.width {
	case "low", h.Weights.Low.String():
		return true, true
	case "high", h.Weights.High.String():
		return false, true
	}
	return false, false
}

// nothing is the mistake of a pattern that means no holder.
func (m *matcher) nothing(pattern, where string) error {
	if strings.HasPrefix(pattern, opPrefix) {
		var ops []string
		for _, makers := range m.makers {
			ops = append(ops, makers...)
		}
		slices.Sort(ops)
		return mistake.Errorf("%s: no activation is made by such an operator; there are %s", where, strings.Join(slices.Compact(ops), ", "))
	}
	if slices.ContainsFunc(m.holders, func(h onnx.Holder) bool { return h.Weights != nil }) {
		return mistake.Errorf("%s: no activation, layer or weight is named or matched by %q; `demote inspect` lists activations, and with --json layers with their weights", where, pattern)
	}
	return mistake.Errorf("%s: no activation is named or matched by %q; `demote inspect` lists them", where, pattern)
}

// pins turns a rule into a pin for every holder that it means.
func (m *matcher) pins(p pin) ([]search.Pin, error) {
	var list []search.Pin
	found := m.find(p.Pattern)
	for _, h := range found {
		if low, ok := p.holds(m.holders[h]); ok {
			list = append(list, search.Pin{Holder: h, Low: low, Text: p.text})
		}
	}
	switch {
	case found == nil:
		return nil, m.nothing(p.Pattern, p.text)
	case list == nil: // what is found is of the other kind
		one := m.holders[found[0]]
		if one.Weights == nil {
			return nil, mistake.Errorf("%s: %q is an activation, and %s a width of weights alone", p.text, one.Name, p.width)
		}
		return nil, mistake.Errorf("%s: the weights %q are held at %s or %s, not at %s", p.text, one.Name, one.Weights.Low, one.Weights.High, p.width)
	}
	return list, nil
}

// group turns a rule into a group. All of its holders must be of one network: one that only the 16-bit file of a pair
// has cannot move with others.
func (m *matcher) group(g group) (search.Group, error) {
	out := search.Group{Text: g.text}
	for _, pattern := range g.patterns {
		found := m.find(pattern)
		if found == nil {
			return out, m.nothing(pattern, g.text)
		}
		out.Holders = append(out.Holders, found...)
	}
	slices.Sort(out.Holders)
	out.Holders = slices.Compact(out.Holders)
	if len(out.Holders) < 2 {
		return out, mistake.Errorf("%s: a group of the one activation %q: name two or more", g.text, m.holders[out.Holders[0]].Name)
	}
	fixed, free := -1, -1
	for _, h := range out.Holders {
		if m.holders[h].Fixed {
			fixed = h
		} else {
			free = h
		}
	}
	if fixed >= 0 && free >= 0 {
		return out, mistake.Errorf("%s: a group across networks: activation %q is in both files of the pair, %q only in the 16-bit one, where it stays",
			g.text, m.holders[free].Name, m.holders[fixed].Name)
	}
	return out, nil
}
