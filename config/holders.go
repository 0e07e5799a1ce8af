package config

import "fmt"

// Holders are what a search moves, in words: activations, and weights where they are searched.
func (c Config) Holders() string {
	if c.SearchWeights {
		return "activations and weights"
	}
	return "activations"
}

// LowText says how many of all holders are low: 3 of 5 activations in int8; where weights are searched, whose widths
// are others: 3 of 5 activations and weights low.
func (c Config) LowText(low, all int) string {
	if c.SearchWeights {
		return fmt.Sprintf("%d of %d %s low", low, all, c.Holders())
	}
	return fmt.Sprintf("%d of %d %s in int8", low, all, c.Holders())
}

// NoneText says that none of all holders is low.
func (c Config) NoneText(all int) string {
	if c.SearchWeights {
		return fmt.Sprintf("none of %d %s is low", all, c.Holders())
	}
	return fmt.Sprintf("none of %d %s is in int8", all, c.Holders())
}
