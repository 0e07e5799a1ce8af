package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"example.org/demote/result"
)

func (v *view) cost() *section {
	var rows [][]string
	add := func(field, name, text string) {
		if v.Has(field) {
			rows = append(rows, []string{name, text})
		}
	}
	add("evaluations", "evaluations", fmt.Sprint(v.Evaluations))
	add("trials", "distinct masks", fmt.Sprint(v.Trials))
	add("samples", "evaluation samples", fmt.Sprint(v.Samples))
	add("sample_evaluations", "passes of one sample through the network", number(v.SampleEvals))
	if v.Has("sample_evaluations") && v.Samples > 0 {
		rows = append(rows, []string{"equal to full passes over all samples", brief(v.SampleEvals / float64(v.Samples))})
		if v.Trials > 0 {
			rows = append(rows, []string{"full passes per distinct mask, on average", brief(v.SampleEvals / float64(v.Samples) / float64(v.Trials))})
		}
	}
	add("seconds", "time, from reading the network to checking the file", duration(v.Seconds))
	if v.SetUpSeconds > 0 {
		rows = append(rows, []string{"of that, before the first evaluation" + v.stages(), duration(v.SetUpSeconds)})
	}
	if m := v.MetricCommand; m != nil && m.Calls > 0 {
		rows = append(rows, []string{fmt.Sprintf("of that, the metric command, started %d times", m.Calls), duration(m.Seconds)})
	}
	if m := v.MetricServer; m != nil && m.Requests > 0 {
		rows = append(rows, []string{fmt.Sprintf("of that, the metric server had something to do, for %d answers", m.Requests), duration(m.Seconds)})
	}
	if v.Seconds > 0 && v.Trials > 0 {
		rows = append(rows, []string{"time per distinct mask, all included", duration(v.Seconds / float64(v.Trials))})
	}
	if len(rows) == 0 {
		return nil
	}
	s := v.section("cost", "What the search cost")
	s.Tables = []*table{newTable(s.ID+"-table", "Cost of the search", textColumns("what", "how much"), rows)}
	if shares := v.sampleShares(); len(shares) > 0 {
		more := s.ID + "-trials"
		s.Figures = []*figure{v.trialFigure(s.ID+"-each", more, shares)}
		s.Paragraphs = []string{"An evaluation stops as soon as the remaining samples cannot change its outcome, so most run a part of the samples only. " +
			"Evaluations from before an interruption are not shown."}
		s.Tables = append(s.Tables, v.trialTable(more, shares))
	}
	return s
}

// stages names the three longest stages before the first evaluation, each with its time; empty if none is recorded.
func (r *Run) stages() string {
	longest := slices.Clone(r.SetUp)
	slices.SortStableFunc(longest, func(a, b result.StageTime) int { return cmp.Compare(b.Seconds, a.Seconds) })
	var list []string
	for _, s := range longest[:min(3, len(longest))] {
		list = append(list, s.Name+" "+duration(s.Seconds))
	}
	if list == nil {
		return ""
	}
	return " (" + strings.Join(list, ", ") + ")"
}

// sampleShares returns the share of the samples that each distinct mask was run on, in order, each 0 to 1.
func (r *Run) sampleShares() []float64 {
	if r.TrialCosts == nil {
		return nil
	}
	list := make([]float64, len(r.TrialCosts.Judged))
	for i, v := range r.TrialCosts.Judged {
		if v > 0 { // NaN is not
			list[i] = min(v, 1)
		}
	}
	return list
}

// trialFigure draws every distinct mask as a bar, as high as the share of the samples that it ran on, in one path.
func (v *view) trialFigure(id, table string, shares []float64) *figure {
	caption := "Cost of each distinct mask: share of the samples that it was run on, in the order of the search"
	whole, sum := 0, 0.0
	for _, j := range shares {
		if sum += j; j == 1 {
			whole++
		}
	}
	words := fmt.Sprintf("%s, of which %d were run on all samples; on average a mask was run on %s %% of the samples.",
		plural(len(shares), "mask"), whole, brief(100*sum/float64(len(shares))))
	const height, top, bottom = 200.0, 30.0, 52.0
	d := newDrawing(id, caption, words, pictureWidth, height)
	p := plane{d, axis{from: 0, to: float64(len(shares)), start: left, end: pictureWidth - right}, axis{from: 0, to: 1.02, start: height - bottom, end: top}}
	p.frame(wholeNumbers(len(shares), 12), []float64{0, 0.25, 0.5, 0.75, 1}, "mask", "share of the samples")
	var b strings.Builder
	// a column per unit of the picture: the largest share of the masks in it
	columns := min(len(shares), int(pictureWidth-left-right))
	w := (pictureWidth - left - right) / float64(columns)
	for c := range columns {
		from := c * len(shares) / columns
		to := max(from+1, (c+1)*len(shares)/columns)
		y := math.Round(p.y.at(slices.Max(shares[from:to])))
		fmt.Fprintf(&b, "M%s %sV%s", coordinate(left+(float64(c)+0.5)*w), coordinate(p.y.start), strconv.FormatFloat(y, 'f', -1, 64))
	}
	p.shape("path", "trials", "", attr{"d", b.String()}, attr{"stroke-width", max(w*0.8, 1)})
	return &figure{ID: id, Caption: caption, Picture: d.html(), Table: table, Keys: []key{{"trials", "a mask"}}}
}

// trialGroups is the largest number of rows of the table of masks. Neighbouring masks share a row if there are more.
const trialGroups = 200

// trialTable is the same as a table of at most trialGroups rows: each row covers a range of neighbouring masks.
func (v *view) trialTable(id string, shares []float64) *table {
	each := (len(shares) + trialGroups - 1) / trialGroups
	seconds := v.TrialCosts.Seconds
	var rows [][]string
	for from := 0; from < len(shares); from += each {
		to := min(from+each, len(shares))
		least, most, sum, whole, time := 1.0, 0.0, 0.0, 0, 0.0
		for i := from; i < to; i++ {
			least, most, sum = min(least, shares[i]), max(most, shares[i]), sum+shares[i]
			if shares[i] == 1 {
				whole++
			}
			if i < len(seconds) && seconds[i] > 0 && seconds[i] < 1e9 {
				time += seconds[i]
			}
		}
		rows = append(rows, []string{fmt.Sprint(from + 1), fmt.Sprint(to - from), brief(100 * least), brief(100 * sum / float64(to-from)), brief(100 * most), fmt.Sprint(whole), brief(time)})
	}
	return newTable(id, "Cost of the distinct masks", numberColumns("from mask", "masks", "least % of the samples", "mean %", "most %", "run on all samples", "seconds"), rows)
}
