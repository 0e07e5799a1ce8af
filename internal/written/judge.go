package written

import (
	"errors"
	"fmt"
	"math"

	"example.org/demote/internal/record"
	"example.org/demote/mistake"
	"example.org/demote/result"
	"example.org/demote/search"
)

// valueSlack is how far apart two sums of the same values may lie, of their size: the resident layout adds them up in
// another order than a file's evaluation does. A sum of a million terms of float64 is good to 1e6 * 2^-53 of their
// size at worst.
const valueSlack = 1e-9

// Judge says whether a written file scores what the search said: the score that was recorded, whoever has kept it,
// must be the one that the mix has now, and the file's. With a formula that QDQ files do not compute the file is
// another network: that is a warning, and it has to meet the target by itself.
func (s *Checker) Judge(c Checked) (warning *result.Warning, err error) {
	if s.Elsewhere != "" && s.Unscored == "" && s.Result.Score.Mixed != nil && !closeScores(record.Search(s.Result.Score.Mixed, s.Metric.Lower), c.again, s.exact()) {
		c.Elsewhere = s.Elsewhere + ": its score, " + s.Text(record.Search(s.Result.Score.Mixed, s.Metric.Lower)) + ", is not held against the one here"
	}
	if err := s.recordedIs(c.again, "the mix"); err != nil {
		return nil, err
	}
	if c.Identical {
		return nil, s.recordedIs(c.file, "the written file")
	}
	if s.Config.Formula == "qdq" {
		return nil, fmt.Errorf("%w: its outputs differ from the search's, first in tensor %s", ErrExport, c.FirstDiffering)
	}
	warning = &result.Warning{ID: "formula-differs", Text: "the QDQ file is not bit-exact: it computes formula qdq, the search was by " + s.Config.Formula, Cure: mistake.Text("search with --formula qdq for a file that is")}
	if s.Unscored == "" && s.Result.Met && !s.Holds(c.file) {
		return warning, fmt.Errorf("%w: it scores %s, which is not above the target %s", ErrExport, s.Text(c.file), s.Config.Target)
	}
	return warning, nil
}

// recordedIs compares the score that the result has with one that was made anew. On a GPU the file, which runs on the
// CPU, may score otherwise; agree says so.
func (s *Checker) recordedIs(now search.Score, of string) error {
	if s.Unscored != "" || s.Result.Score.Mixed == nil || !s.AsWritten() && of != "the mix" {
		return nil
	}
	recorded := record.Search(s.Result.Score.Mixed, s.Metric.Lower)
	now = record.Kept(now)
	if closeScores(recorded, now, s.exact()) {
		return nil
	}
	if s.Elsewhere != "" {
		return nil // said in Verified
	}
	return fmt.Errorf("%w: %s scores %s now, the search recorded %s: %s", ErrExport, of, s.Text(now), s.Text(recorded),
		mistake.Text("what the search has kept cannot be relied on; search again with --force"))
}

// exact tells whether scores are numbers that a command gave.
func (s *Checker) exact() bool { return s.Command != nil && s.Command.Exact() }

// closeScores tells whether two scores are the same answer: equal where they count or where a command gave them,
// equal but for the order of adding up elsewhere.
func closeScores(a, b search.Score, exact bool) bool {
	if a.Total > 0 || b.Total > 0 || exact || math.IsInf(a.Value, 0) || math.IsInf(b.Value, 0) {
		return SameScore(a, b) || a.Total == 0 && b.Total == 0 && a.Value == b.Value
	}
	return math.Abs(a.Value-b.Value) <= valueSlack*max(math.Abs(a.Value), math.Abs(b.Value))
}

// SameScore tells whether two scores are the same answer.
func SameScore(a, b search.Score) bool {
	if a.Total > 0 || b.Total > 0 {
		return a.Count == b.Count && a.Total == b.Total
	}
	return math.Float64bits(a.Value) == math.Float64bits(b.Value)
}

// ErrExport says that the written file does not score what the search said.
var ErrExport = errors.New("the export does not score what the search said")
