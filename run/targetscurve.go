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

// writeCurve writes the curve of a list, what each target costs, as far as they are ready, in the order of the list,
// and the page that shows them side by side.
func (l *targetList) writeCurve(results []*config.Result) error {
	if err := journal.WriteFile(filepath.Join(l.given.Out, journal.CurveFile), targetsCurve(results)); err != nil {
		return err
	}
	var pages []*report.Run
	for _, r := range results {
		pages = append(pages, report.Read(r.Config.Out))
	}
	if err := report.WriteFile(filepath.Join(l.given.Out, report.File), pages...); err != nil {
		l.first.Config.Say(fmt.Sprintf("warning: %v; the same command makes it again", err))
	}
	return nil
}

// targetsCurve is the curve.csv of a list of targets: a line for each mix, with the target and the score that it must
// be above, in the metric's own unit, and what the mix scores and costs by the chosen cost, as in the curve of one
// target. met is false for the best mix of a target that cannot be met.
func targetsCurve(results []*config.Result) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"target", "above", "met", "int8_holders", "int16_holders", "true_score", "cost"})
	for _, r := range results {
		if r.Score.Mixed == nil {
			continue
		}
		high := len(r.Promotion)
		_ = w.Write([]string{r.Target.Text, record.Number(&r.Target.Value), strconv.FormatBool(r.Met), strconv.Itoa(len(r.Holders) - high), strconv.Itoa(high), record.Number(r.Score.Mixed.Value), record.Number(r.MixCost)})
	}
	w.Flush()
	return b.Bytes()
}
