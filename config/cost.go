package config

import (
	"path/filepath"

	"example.org/demote/disk"
	"example.org/demote/mistake"
)

// Names of the built-in costs.
const (
	CostCount = "count"
	CostBops  = "bops"
	CostBytes = "bytes"
)

// CheckCost refuses a --cost that is neither a name nor a file, before anything is read.
func (c Config) CheckCost() error {
	file := c.CostFile()
	if file == "" {
		return nil
	}
	if filepath.Ext(file) != ".csv" {
		return mistake.Errorf("--cost %s: choose count, bops, bytes or a FILE.csv with lines of name,cost or name,low,high, or with a head line of widths such as name,4,8,16", file)
	}
	f, err := disk.Open(file)
	if err != nil {
		return mistake.Errorf("--cost: %w; give a file with lines of name,cost or name,low,high, or a table with a head line of widths such as name,4,8,16", err)
	}
	return f.Close()
}

// CostFile is the file of --cost, "" for a cost by name.
func (c Config) CostFile() string {
	switch c.Cost {
	case CostCount, CostBops, CostBytes:
		return ""
	}
	return c.Cost
}
