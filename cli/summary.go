package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"example.org/demote/cli/tty"
	"example.org/demote/result"
	"example.org/demote/run"
)

// summary prints the result of a search for the user; err is the error that ended it, or nil.
func summary(w io.Writer, r *run.Result, err error) {
	low, all := r.ActivationsLow()
	high := all - low
	lowName, highName := r.Widths.LowName(), r.Widths.HighName()
	fmt.Fprintln(w)
	switch {
	case errors.Is(err, run.ErrUnreachable) && chosen(r) > 0:
		fmt.Fprintf(w, "the target %s cannot be met; the best is %d of %d activations in %s\n", r.Target.Text, low, all, lowName)
	case errors.Is(err, run.ErrUnreachable) && low > 0:
		fmt.Fprintf(w, "the target %s cannot be met; %d of %d activations are held at %s, and the others in %s are the best\n", r.Target.Text, low, all, lowName, highName)
	case errors.Is(err, run.ErrUnreachable):
		fmt.Fprintf(w, "the target %s cannot be met; the best is all %d activations in %s\n", r.Target.Text, all, highName)
	case !r.Met:
		fmt.Fprintf(w, "no mix that meets the target %s has been found so far\n", r.Target.Text)
	default:
		so := ""
		if !r.Finished {
			so = "the best so far: "
		}
		end := colon(high)
		switch missed := r.MissedByDefault(); {
		case missed != "":
			fmt.Fprintf(w, "TARGET MET IN THE EXACT SESSION ONLY: a default session of ONNX Runtime misses it %s; --session default finds a mix that meets it in both\n", missed)
		case r.DefaultUnknown():
			fmt.Fprintln(w, "TARGET MET IN THE EXACT SESSION ONLY: a default session of ONNX Runtime cannot run the file")
		}
		if r.Ladder != nil && r.Ladder.Before != nil {
			fmt.Fprintln(w, so+ladderCounts(r))
			ladderSteps(w, r)
			break
		}
		fmt.Fprintf(w, "%s%d of %d activations run in %s; %d stay %s%s\n", so, low, all, lowName, high, highName, end)
		var stay, weights []string
		for _, name := range r.Promotion {
			if r.IsWeights(name) {
				weights = append(weights, name)
			} else {
				stay = append(stay, name)
			}
		}
		promoted(w, stay)
		weightsSummary(w, r, weights)
	}
	fmt.Fprintf(w, "\n%s:\n", r.Metric)
	for _, one := range r.NamedScores() {
		fmt.Fprintf(w, "  %-*s %s\n", nameWidth(r), one.Name, scoreText(one.Score))
	}
	fmt.Fprintf(w, "  %-*s %s\n", nameWidth(r), "target", targetText(r))
	repaired(w, r)
	holdout(w, r)
	proven(w, r)
	savings(w, r)
	if len(r.Layers) > 0 {
		fmt.Fprintf(w, "\n%s\n", result.WeightText(r.Layers))
	}
	if r.FloatWork.Some() {
		fmt.Fprintf(w, "\n%s\n", r.FloatWork.Text())
	}
	device := r.Versions["device"]
	if v := r.Verified; v != nil {
		text := verdict(v)
		if device != "" {
			text = strings.Replace(text, "the search's", "those of the searched network on the CPU", 1)
		}
		fmt.Fprintf(w, "\nmixed.onnx, run in ONNX Runtime: %s\n", text)
	}
	if device != "" {
		fmt.Fprintf(w, "\nevaluations ran on %s\n", device)
	}
	fmt.Fprintf(w, "\n%s (scores asked for), %s (run), equal to %.1f full passes over the %d samples, %.1f s\n",
		result.Count(r.Evaluations, "evaluation"), result.Count(r.Trials, "distinct mask"), r.SampleEvals/float64(max(r.Samples, 1)), r.Samples, r.Seconds)
	if m := r.MetricCommand; m != nil && m.Calls > 0 {
		fmt.Fprintf(w, "the metric command was started %d times and took %.1f s of these, %.3g s each\n", m.Calls, m.Seconds, m.Seconds/float64(m.Calls))
	}
	if m := r.MetricServer; m != nil && m.Requests > 0 {
		fmt.Fprintf(w, "the metric server was started %s, answered %d requests and had something to do for %.1f s of these\n", times(m.Starts), m.Requests, m.Seconds)
	}
	if err == nil || run.ExitCode(err) != run.ExitMistake {
		fmt.Fprintf(w, "everything is in %s\n", r.Config.Out)
	}
}

// nameWidth is the width of the column of names in front of scores, so that scores stand below each other.
func nameWidth(r *run.Result) int {
	width := 20
	for _, one := range r.NamedScores() {
		width = max(width, len(one.Name))
	}
	return width
}

// weightsSummary says which weights have which width; nothing where they were not searched.
func weightsSummary(w io.Writer, r *run.Result, stay []string) {
	low, all := r.WeightsLow()
	if lowName, highName, ok := r.WeightWidths(); ok {
		fmt.Fprintf(w, "the weights of %d of %d layers are in %s; %d stay %s%s\n", low, all, lowName, all-low, highName, colon(len(stay)))
		promoted(w, stay)
	}
}

// colon is what ends a line in front of a list of so many.
func colon(n int) string {
	if n == 0 {
		return ""
	}
	return ":"
}

// times says how often.
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// chosen is the number of activations in int8 that no constraint holds there.
func chosen(r *run.Result) (n int) {
	high := map[string]bool{}
	for _, name := range r.Promotion {
		high[name] = true
	}
	for _, h := range r.Holders {
		if !h.Pinned && !high[h.Name] {
			n++
		}
	}
	return n
}

// repaired tells what repairs have gained; nothing of a network that has taken none.
func repaired(w io.Writer, r *run.Result) {
	if r.Given == nil {
		return
	}
	fmt.Fprintf(w, "\nrepaired (the target is measured from the network as given):\n")
	high, low := r.EndNames()
	for _, end := range []result.NamedScore{{Name: high, Score: r.Given.High}, {Name: low, Score: r.Given.Low}} {
		if end.Score != nil {
			fmt.Fprintf(w, "  %-*s %s\n", nameWidth(r), end.Name, scoreText(end.Score))
		}
	}
	for _, one := range r.Repairs {
		if one.Score != nil {
			fmt.Fprintf(w, "  %-*s %s\n", nameWidth(r), "with "+one.Name, scoreText(one.Score)+", "+r.ComparedName()+" when repairs were compared")
		}
	}
}

// promoted lists the first of the holders that stay at int16.
func promoted(w io.Writer, list []string) {
	const most = 12
	for i, holder := range list {
		if i == most && len(list) > most+1 {
			fmt.Fprintf(w, "  ... and %d more, see promotion.txt\n", len(list)-most)
			return
		}
		fmt.Fprintln(w, "  "+tty.Name(holder))
	}
}

// targetText is the target as the search compared it, and as typed where that is another text.
func targetText(r *run.Result) string {
	if r.Int16Share != "" {
		return "the best with at most " + r.Int16Share + " of the activations in " + r.Widths.HighName()
	}
	if r.Budget != nil {
		return "the best that costs " + r.Widths.Text(r.Budget.String()) + ", by " + r.Cost
	}
	side := "above"
	if r.Lower {
		side = "below"
	}
	value := fmt.Sprintf("%.6g", r.Target.Value)
	if value == r.Target.Text {
		return side + " " + value
	}
	return fmt.Sprintf("%s %s (%s)", side, value, r.Target.Text)
}

// proven says how good the mix is, as far as that is proven.
func proven(w io.Writer, r *run.Result) {
	for i, line := range r.ProofText() {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, line)
	}
}

// savings says what the mix saves, in every cost that is known.
func savings(w io.Writer, r *run.Result) {
	_, low := r.EndNames()
	for i, s := range r.Savings {
		if i == 0 {
			fmt.Fprintf(w, "\nsaved by %s:\n", strings.TrimPrefix(low, "all "))
		}
		of := "nothing to save"
		if s.All > 0 {
			of = fmt.Sprintf("%.4g of %.4g that %s would (%.0f%%)", s.Saved, s.All, low, 100*s.Saved/s.All)
		}
		if s.Total != nil && *s.Total > 0 {
			of += fmt.Sprintf("; %.4g left of %.4g", *s.Total-s.Saved, *s.Total)
		}
		if s.Cost == "bops" && r.Multipliers != "" {
			of += " (multipliers " + r.Multipliers + ")"
		}
		fmt.Fprintf(w, "  %-20s %s\n", s.Cost, of)
	}
}

func scoreText(s *result.Score) string {
	if s.Correct != nil && s.Value != nil {
		return fmt.Sprintf("%.4f  (%d of %d)", *s.Value, *s.Correct, *s.Total)
	}
	return result.Number(s.Value)
}

func verdict(v *result.Verified) string {
	text := "outputs equal the search's, bit for bit, on every sample"
	if !v.Identical {
		text = "OUTPUTS DIFFER from the search's, first in tensor " + tty.Name(v.FirstDiffering)
	}
	if v.Before {
		text = "the very file that the search has checked: " + text
	}
	if v.Unscored != "" {
		return text + "\n  no score: " + v.Unscored
	}
	if v.Elsewhere != "" {
		text += "\n  " + v.Elsewhere
	}
	text += "\n  exact session    " + sessionScore(v.Correct, v.Value) + exactMeans
	for _, a := range v.AsWritten {
		if as := a.Text(); as != "" {
			text += "\n    as it is written, " + as
		}
	}
	switch {
	case v.DefaultMet != nil && !*v.DefaultMet:
		text += "\n  default session  " + sessionScore(v.DefaultCorrect, v.DefaultValue) + ", misses the target" + defaultMeans
	case v.DefaultMet != nil || v.DefaultCorrect != nil || v.DefaultValue != nil:
		text += "\n  default session  " + sessionScore(v.DefaultCorrect, v.DefaultValue) + defaultMeans
	}
	return text
}

// What the two sessions of the check are.
const (
	exactMeans   = "  (computes the file as it is written)"
	defaultMeans = "  (with ONNX Runtime's defaults, which may fuse and round differently)"
)

// sessionScore is the score of a file in a session: a count, or the metric's own number.
func sessionScore(correct *int, value *float64) string {
	if correct != nil {
		return fmt.Sprintf("%d correct", *correct)
	}
	return result.Number(value)
}
