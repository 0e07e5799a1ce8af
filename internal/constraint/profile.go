package constraint

import (
	"fmt"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/goccy/go-yaml"

	"example.org/demote/disk"
	"example.org/demote/internal/plainyaml"
	"example.org/demote/internal/sites"
	"example.org/demote/mistake"
	"example.org/demote/search"
)

// A profile describes the bit-widths that hardware supports, read from a YAML file (--profile). Operators are ONNX
// types or globs over them. A profile is for many networks, so operators and op: pins that do not occur are no error.
type profile struct {
	Name       string   `yaml:"name"`
	ShareWidth []string `yaml:"share_width"` // operators whose inputs must have one width
	NoInt16    []string `yaml:"no_int16"`    // operators without int16: what they read and make is held at int8
	Follow     []string `yaml:"follow"`      // operators whose output has the width of their inputs
	Pin        []string `yaml:"pin"`         // as --pin
	Group      []string `yaml:"group"`       // as --group
	// what the hardware multiplies with, which bit operations are counted by: wider, or sizes such as 8x16
	Multipliers texts `yaml:"multipliers"`

	file   string
	by     Multipliers
	second bool // of a ladder's second step, in which nothing is at int16 but what the first one has left there
	pins   []pin
	tied   []group
}

// maxProfile bounds a profile, in bytes.
const maxProfile = 64 << 10

// readProfile reads and checks a profile, whose pins name one of the widths.
func readProfile(path string, w Words) (*profile, error) {
	text, err := disk.Read(path, maxProfile)
	if err != nil {
		return nil, mistake.Errorf("--profile: %w; give a YAML file, see docs/constraints.md", err)
	}
	if err := plainyaml.Check(text, "a profile"); err != nil {
		return nil, mistake.Errorf("--profile %s: %w", path, err)
	}
	p := &profile{file: path, second: len(w.Past) > 0}
	if err := yaml.UnmarshalWithOptions(text, p, yaml.Strict()); err != nil {
		return nil, mistake.Errorf("--profile %s: %s; the keys are name, share_width, no_int16, follow, pin, group and multipliers", path, plainyaml.Line(err))
	}
	for key, ops := range map[string][]string{"share_width": p.ShareWidth, "no_int16": p.NoInt16, "follow": p.Follow} {
		for _, op := range ops {
			if op == "" || !validPattern(op) {
				return nil, mistake.Errorf("--profile %s: %s: %q is no operator", path, key, op)
			}
		}
	}
	for _, line := range p.Pin {
		rule, says, err := parsePin(line, path+": pin", w)
		if err != nil {
			return nil, err
		}
		if says {
			p.pins = append(p.pins, rule)
		}
	}
	for _, line := range p.Group {
		rule, err := parseGroup(line, path+": group")
		if err != nil {
			return nil, err
		}
		p.tied = append(p.tied, rule)
	}
	if p.by, err = parseMultipliers(p.Multipliers); err != nil {
		return nil, mistake.Errorf("--profile %s: %w", path, err)
	}
	if len(p.ShareWidth)+len(p.NoInt16)+len(p.Follow)+len(p.Pin)+len(p.Group)+len(p.Multipliers) == 0 {
		return nil, mistake.Errorf("--profile %s: it has no rule: give share_width, no_int16, follow, pin, group or multipliers", path)
	}
	return p, nil
}

// apply adds what the profile asks of a network's nodes.
func (p *profile) apply(c *constraints, uses []sites.Use) {
	for _, u := range uses {
		where := func(key string) string { return fmt.Sprintf("%s: %s %s (node %s)", p.file, key, u.Op, u.Node) }
		if matches(p.ShareWidth, u.Op) {
			c.tie(u.Reads, where("share_width"))
		}
		if matches(p.Follow, u.Op) {
			c.tie(append(append([]int{}, u.Reads...), u.Makes...), where("follow"))
		}
		if matches(p.NoInt16, u.Op) && !p.second {
			for _, h := range append(append([]int{}, u.Reads...), u.Makes...) {
				c.pins = append(c.pins, search.Pin{Holder: h, Low: true, Text: where("no_int16")})
			}
		}
	}
}

// matches reports whether a pattern matches an operator type.
func matches(ops []string, op string) bool {
	for _, pattern := range ops {
		if doublestar.MatchUnvalidated(pattern, op) {
			return true
		}
	}
	return false
}
