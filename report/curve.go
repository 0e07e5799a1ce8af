package report

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"example.org/demote/disk"
	"example.org/demote/result"
)

// curveHeading is the heading of curve.csv.
var curveHeading = []string{"step", "holder", "int8_holders", "recorded_score", "true_score", "cost"}

// readCurve reads the chain from curve.csv, for a folder whose result.json has none.
func (r *Run) readCurve() {
	data, err := disk.Read(filepath.Join(r.Dir, curveFile), result.MaxFile)
	if err != nil {
		if !errors.Is(err, os.ErrNotExist) && len(r.Problems) == 0 {
			r.problem("%s: %v", curveFile, plain(err))
		}
		return
	}
	c := csv.NewReader(bytes.NewReader(data))
	c.FieldsPerRecord = len(curveHeading)
	if heading, err := c.Read(); err != nil || !slices.Equal(heading, curveHeading) {
		r.problem("%s: damaged: it does not begin with its heading", curveFile)
		return
	}
	for line := 2; ; line++ {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var s result.Step
		if err == nil {
			s, err = stepOf(row)
		}
		if err != nil {
			r.problem("%s: damaged in line %d; what stands before it is shown", curveFile, line)
			break
		}
		r.Chain = append(r.Chain, s)
	}
	if len(r.Chain) > 0 && !r.Has("chain") {
		r.problem("the chain is from %s, since %s has none", curveFile, result.File)
	}
}

func stepOf(row []string) (s result.Step, err error) {
	s.Holder = textOf(row[1])
	if s.Step, err = strconv.Atoi(row[0]); err != nil {
		return s, err
	}
	if row[2] != "" {
		n, err := strconv.Atoi(row[2])
		if err != nil {
			return s, err
		}
		s.Int8 = &n
	}
	if s.Value, err = optional(row[3]); err != nil {
		return s, err
	}
	s.TrueValue, err = optional(row[4])
	return s, err
}

// optional reads a number that may be missing.
func optional(text string) (*float64, error) {
	if text == "" {
		return nil, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	return &v, err
}

// A point is one step of the chain: the holders whose bit-width it changed, and the scores after it.
type point struct {
	Step     int
	Moves    []move
	Low      int      // int8 holders after it
	Recorded *float64 // score that the chain recorded
	True     *float64 // score of the mask after it
	Lost     *float64 // how much worse the true score is than the one before; negative: better
	Chosen   bool     // its mask is the result
	Past     bool     // past the result, with --curve
}

// A move is one holder of a step.
type move struct {
	Name     string
	Promoted bool // it went back to int16
}

// points lists the steps of the chain. If the number of int8 holders after a step is missing, it is counted: each step
// adds its demotions, and a holder that appears a second time went back to int16.
func (r *Run) points() []point {
	low := map[string]bool{}
	answer, final := r.lowCount(), scoreValue(r.Score.Mixed)
	before, chosen := scoreValue(r.Score.High), -1
	var points []point
	for i, list := range r.steps() {
		p := point{Step: list[0].Step, Past: list[0].Past, Recorded: finite(list[0].Value), True: finite(list[0].TrueValue)}
		for _, s := range list {
			m := move{s.Holder, s.Promoted || s.Int8 == nil && low[s.Holder]}
			if p.Moves = append(p.Moves, m); m.Promoted {
				delete(low, m.Name)
			} else {
				low[m.Name] = true
			}
		}
		if p.Low = len(low); list[0].Int8 != nil {
			p.Low = min(max(*list[0].Int8, 0), max(len(r.Holders), len(r.Chain)))
		}
		if before != nil && p.True != nil {
			lost := *before - *p.True
			if r.Lower() {
				lost = -lost
			}
			p.Lost = &lost
		}
		if before = p.True; p.Low == answer && answer > 0 && !p.Past && (p.True == nil || final != nil && *p.True == *final) {
			chosen = i
		}
		points = append(points, p)
	}
	if chosen >= 0 {
		points[chosen].Chosen = true
	}
	return points
}

// steps groups the chain by step.
func (r *Run) steps() [][]result.Step {
	var groups [][]result.Step
	for i, s := range r.Chain {
		if i == 0 || s.Step != r.Chain[i-1].Step {
			groups = append(groups, nil)
		}
		last := &groups[len(groups)-1]
		*last = append(*last, s)
	}
	return groups
}
