package config

import (
	"bytes"
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"strings"

	"example.org/demote/mistake"
)

// AnchorsFile is the file of --anchors, "" for a list of numbers or none.
func (c Config) AnchorsFile() string {
	if first, _, _ := strings.Cut(c.Anchors, ","); c.Anchors != "" {
		if _, err := strconv.ParseFloat(strings.TrimSpace(first), 64); err != nil {
			return c.Anchors
		}
	}
	return ""
}

// anchors are the numbers of --anchors, row by row if they are a file's; nil: none are given. Sides are the last two
// numbers of a row.
func (c Config) anchors() (list []float64, err error) {
	if c.Anchors == "" {
		return nil, nil
	}
	text := []byte(c.Anchors)
	if file := c.AnchorsFile(); file != "" {
		if text, err = os.ReadFile(file); err != nil {
			return nil, mistake.Errorf("--anchors: %w; give numbers with commas between, or a file with a line of them for each anchor", err)
		}
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.TrimLeadingSpace, r.Comment = true, '#'
	rows, err := r.ReadAll()
	if err != nil {
		return nil, mistake.Errorf("--anchors %s: %w; give lines of numbers with commas between", c.Anchors, err)
	}
	for line, row := range rows {
		for _, cell := range row {
			v, err := strconv.ParseFloat(strings.TrimSpace(cell), 64)
			if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
				return nil, mistake.Errorf("--anchors: line %d: %q: give numbers, in pixels of the input", line+1, cell)
			}
			list = append(list, v)
		}
	}
	return list, nil
}
