package config

import (
	"strings"

	"example.org/demote/mistake"
)

// Times is --budget as a number: 1.2 for 1.2x, what a mix may cost in units of what all int8 costs. 0 without one. The
// error refuses one that no cost can have.
func (c Config) Times() (float64, error) {
	if c.Budget == "" {
		return 0, nil
	}
	digits, ok := strings.CutSuffix(strings.TrimSpace(c.Budget), "x")
	v, number := decimalText(digits)
	switch {
	case !ok || !number:
		return 0, mistake.Errorf("--budget %s: give how many times as much as all int8 a mix may cost, such as 1.2x", c.Budget)
	case v < 1:
		return 0, mistake.Errorf("--budget %s: no mix costs less than all int8, which is 1x; give 1x or more", c.Budget)
	case c.Cost == CostCount:
		return 0, mistake.Errorf("--budget %s: by --cost count all int8 costs nothing, and a budget is measured from that; give --cost bops, bytes or a FILE.csv with lines of name,low,high, or give --int16-share in place of --budget", c.Budget)
	}
	return v, nil
}
