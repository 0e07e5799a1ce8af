package run

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"path/filepath"
	"strconv"

	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/record"
	"example.org/demote/report"
)

// writeCurve is writeList of the list's own folder.
func (l *targetList) writeCurve(results []*config.Result) error {
	return writeList(l.given.Out, l.first.Config.Say, results)
}

// writeList writes the curve of a list, what each target costs, as far as they are ready, in the order of the list, and
// the page that shows them side by side.
func writeList(out string, say func(string), results []*config.Result) error {
	if err := journal.WriteFile(filepath.Join(out, journal.CurveFile), targetsCurve(results)); err != nil {
		return err
	}
	var pages []*report.Run
	for _, r := range results {
		pages = append(pages, report.Read(r.Config.Out))
	}
	if err := report.WriteFile(filepath.Join(out, report.File), pages...); err != nil {
		say(fmt.Sprintf("warning: %v; the same command makes it again", err))
	}
	return nil
}

// targetsCurve is the curve.csv of a list of targets: a line for each mix, with the target and the score that it must
// be above, in the metric's own unit, and what the mix scores and costs by the chosen cost, as in the curve of one
// target. met is false for the best mix of a target that cannot be met. Ladders have a count for each of their widths.
func targetsCurve(results []*config.Result) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	widths := []string{"int8", "int16"}
	if len(results) > 0 && results[0].Ladder != nil {
		widths = results[0].Ladder.Widths
	}
	head := []string{"target", "above", "met"}
	for _, name := range widths {
		head = append(head, name+"_holders")
	}
	_ = w.Write(append(head, "true_score", "cost"))
	for _, r := range results {
		if r.Score.Mixed == nil {
			continue
		}
		line := []string{r.Target.Text, record.Number(&r.Target.Value), strconv.FormatBool(r.Met)}
		if _, counts := r.WidthCounts(); r.Ladder != nil {
			for _, name := range widths {
				line = append(line, strconv.Itoa(counts[name]))
			}
		} else {
			high := len(r.Promotion)
			line = append(line, strconv.Itoa(len(r.Holders)-high), strconv.Itoa(high))
		}
		_ = w.Write(append(line, record.Number(r.Score.Mixed.Value), record.Number(r.MixCost)))
	}
	w.Flush()
	return b.Bytes()
}
