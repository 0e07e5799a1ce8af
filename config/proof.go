package config

import (
	"strconv"
	"time"

	"example.org/demote/mistake"
	"example.org/demote/search"
)

// ProofLimit is --prove as a limit: all, a number of activations such as 2, or a time such as 10m. It is nil without
// one.
func (c Config) ProofLimit() (*search.ProofLimit, error) {
	switch c.Prove {
	case "":
		return nil, nil
	case "all":
		return &search.ProofLimit{}, nil
	}
	if n, err := strconv.Atoi(c.Prove); err == nil && n > 0 {
		return &search.ProofLimit{Units: n}, nil
	}
	if d, err := time.ParseDuration(c.Prove); err == nil && d > 0 {
		return &search.ProofLimit{Time: d}, nil
	}
	return nil, mistake.Errorf("--prove %s: give a time such as 10m, a number such as 2 to refute all mixes with at most 2 activations at int16, or all", c.Prove)
}

// CheckProof refuses a proof that cannot be meant.
func (c Config) CheckProof() error {
	limit, err := c.ProofLimit()
	switch {
	case err != nil || limit == nil:
		return err
	case c.Int16Share != "":
		return mistake.Errorf("--prove and --int16-share exclude each other: a proof is about a target; give --target")
	case c.Budget != "":
		return mistake.Errorf("--prove and --budget exclude each other: a proof is about a target; give --target")
	case limit.Units > 0 && c.Cost != CostCount:
		return mistake.Errorf("--prove %s: with --cost %s a proof goes by what mixes save, and not by their activations at int16; give a time such as 10m, or all", c.Prove, c.Cost)
	}
	return nil
}
