package report

import (
	"fmt"
	"math"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"example.org/demote/result"
)

// Lower reports whether a lower value of the run's metric is better.
func (r *Run) Lower() bool { return r.Result.Lower || r.Metric == "mse" && !r.Has("lower") }

// isLow reports whether a holder runs on its low grid.
func (r *Run) isLow(h result.Holder) bool {
	return h.Precision != "" && h.Precision == width(h.Low) && h.Low != h.High
}

// width is the precision that a grid gives.
func width(g result.Grid) string {
	if g.Type != "" {
		return short(g.Type)
	}
	return fmt.Sprintf("int%d", g.Bits)
}

// LowName and HighName are the widths of the two grids, as all holders have them.
func (r *Run) LowName() string {
	return r.widthName(func(h result.Holder) result.Grid { return h.Low }, "int8")
}

// HighName is the width of the high grids.
func (r *Run) HighName() string {
	return r.widthName(func(h result.Holder) result.Grid { return h.High }, "int16")
}

func (r *Run) widthName(of func(result.Holder) result.Grid, usual string) string {
	for _, h := range r.Holders {
		if g := of(h); g.Bits > 0 && (r.Result.Ladder == nil || h.Low.Bits < h.High.Bits) {
			return width(g)
		}
	}
	return usual
}

// lowCount is how many holders the answer has on their low grids.
func (r *Run) lowCount() int {
	n := 0
	for _, h := range r.Holders {
		if r.isLow(h) {
			n++
		}
	}
	return n
}

// A tally counts activations, and weights that were searched.
type tally struct{ activations, low, weights, lowWeights int }

func (r *Run) tally() (t tally) {
	for _, h := range r.Holders {
		all, low := &t.activations, &t.low
		if h.Weights {
			all, low = &t.weights, &t.lowWeights
		}
		if *all++; r.isLow(h) {
			*low++
		}
	}
	return t
}

// lowWords name the low widths of all holders: that of activations, and where weights were searched theirs.
func (r *Run) lowWords() string {
	low, _, ok := r.WeightWidths()
	return besideWeights(r.LowName(), low, ok)
}

// areLow says of a number of holders that they have their low width, see result.AreLow; lowHolders names what is
// counted so. Both read the widths of the grids, as LowName does.
func (r *Run) areLow() string {
	if _, _, weights := r.WeightWidths(); weights {
		return r.AreLow()
	}
	return "in " + r.LowName()
}

func (r *Run) lowHolders() string {
	if low, _, weights := r.WeightWidths(); weights {
		return "low holders (activations in " + r.LowName() + ", weights in " + low + ")"
	}
	return r.LowName() + " holders"
}

// allLow and allHigh name the networks with everything low and with everything high.
func (r *Run) allLow() string {
	low, _, ok := r.WeightWidths()
	return besideWeights("all "+r.LowName(), low, ok)
}

func (r *Run) allHigh() string {
	_, high, ok := r.WeightWidths()
	return besideWeights("all "+r.HighName(), high, ok)
}

// whole names the network of all holders at the highest width.
func (r *Run) whole() string {
	high, _ := r.WholeNames()
	return high
}

// highWords name the high widths.
func (r *Run) highWords() string {
	_, high, ok := r.WeightWidths()
	return besideWeights(r.HighName(), high, ok)
}

func besideWeights(name, weights string, ok bool) string {
	if ok {
		name += " (weights: " + weights + ")"
	}
	return name
}

// lowOf names the low width of one holder.
func (r *Run) lowOf(h result.Holder) string {
	if h.Weights {
		return width(h.Low)
	}
	return r.LowName()
}

// Title names the run by its network, or else by its folder.
func (r *Run) Title() string {
	for _, role := range []string{"model", "high", "low"} {
		for _, in := range r.Inputs {
			if in.Role == role {
				return path.Base(strings.ReplaceAll(in.Path, `\`, "/"))
			}
		}
	}
	return path.Base(r.Dir)
}

// Answer is what the run found, in one sentence.
func (r *Run) Answer() string {
	t := r.tally()
	n, low := t.activations, t.low
	const none = "No result can be read from this folder."
	switch {
	case r.begins:
		return "The search has written no result yet."
	case n == 0 && len(r.Promotion) == 0:
		return none
	case n == 0:
		return fmt.Sprintf("The promotion list names %s (holders) that stay at int16; how many there are in all cannot be read.", plural(len(r.Promotion), "activation quantizer"))
	case !r.Has("met"):
		return fmt.Sprintf("%d of %d activation quantizers (holders) are at %s; whether the target is met cannot be read.", low, n, r.LowName())
	case !r.Met && r.Finished && low > 0:
		return fmt.Sprintf("The target %s is not met: the best is %d of %d activation quantizers (holders) in %s, which score %s.",
			short(r.Target.Text), low, n, r.LowName(), r.Text(r.Score.Mixed))
	case !r.Met && r.Finished:
		return fmt.Sprintf("The target %s cannot be met: the best is all %d activation quantizers (holders) at %s, which score %s.",
			short(r.Target.Text), n, r.HighName(), r.Text(r.Score.High))
	case !r.Met:
		return fmt.Sprintf("No mix that meets the target %s has been found so far.", short(r.Target.Text))
	}
	var b strings.Builder
	if !r.Finished {
		b.WriteString("Best so far: ")
	}
	switch ladder := r.ladderAnswer(); {
	case ladder != "":
		b.WriteString(ladder)
	case low == n:
		fmt.Fprintf(&b, "all %d activation quantizers (holders) run in %s", n, r.LowName())
	case low == 0:
		fmt.Fprintf(&b, "none of the %d activation quantizers (holders) can run in %s", n, r.LowName())
	default:
		fmt.Fprintf(&b, "%d of %d activation quantizers (holders) run in %s and %d stay at %s", low, n, r.LowName(), n-low, r.HighName())
	}
	if lowName, highName, ok := r.WeightWidths(); ok {
		fmt.Fprintf(&b, ", and the weights of %d of %d layers are in %s, the others in %s", t.lowWeights, t.weights, lowName, highName)
	}
	wanted := "and the target is"
	if !r.HasTarget() {
		wanted = "wanted was"
	}
	fmt.Fprintf(&b, "; this mix scores %s by %s, %s %s.", r.Text(r.Score.Mixed), short(r.Metric), wanted, r.TargetText())
	text := b.String()
	if missed := r.inDefault(); missed != "" {
		text += " It is met in the exact session, and " + missed + "."
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// State is one or two words for the state of the run.
func (r *Run) State() string {
	switch {
	case r.begins:
		return "not begun"
	case len(r.fields) == 0:
		return "not readable"
	case !r.Has("finished"):
		return "unknown"
	case !r.Finished:
		return "unfinished"
	case !r.Met:
		return "target not met"
	}
	if text := r.inDefault(); text != "" {
		return "target met in the exact session, " + text
	}
	return "target met"
}

// TargetText is the target as the search compared it, with the text that was typed.
func (r *Run) TargetText() string {
	if !r.Has("target") {
		return "not known"
	}
	if r.Int16Share != "" {
		return "the best with at most " + short(r.Int16Share) + " at " + r.HighName()
	}
	if r.Budget != nil {
		return "the best that costs " + short(r.Budget.String()) + ", by " + short(orCount(r.Cost))
	}
	side := "above"
	if r.Lower() {
		side = "below"
	}
	value := number(r.Target.Value)
	switch {
	case r.Target.Value == 0 && r.Score.Low == nil: // before the endpoints were scored
		return short(r.Target.Text)
	case value == r.Target.Text:
		return side + " " + value
	}
	return fmt.Sprintf("%s %s (%s)", side, value, short(r.Target.Text))
}

// Text writes a score with its count.
func (r *Run) Text(s *result.Score) string {
	switch {
	case s == nil:
		return "not known"
	case s.Value == nil:
		return "infinite"
	case s.Correct != nil && s.Total != nil:
		return fmt.Sprintf("%.4f (%d of %d)", *s.Value, *s.Correct, *s.Total)
	}
	return number(*s.Value)
}

// value is the score as a number that can be drawn; nil without one.
func scoreValue(s *result.Score) *float64 {
	if s == nil {
		return nil
	}
	return finite(s.Value)
}

// drawable bounds the values that pictures hold: the difference of two of them is finite.
const drawable = 1e300

func finite(v *float64) *float64 {
	if v == nil || !(math.Abs(*v) <= drawable) {
		return nil
	}
	return v
}

// number writes a value with six digits.
func number(v float64) string {
	if math.Abs(v) == math.MaxFloat64 { // worse than all, see docs/result.md
		return result.WorstText
	}
	return strconv.FormatFloat(rounded(v, 6), 'g', -1, 64)
}

// brief writes a value with four digits.
func brief(v float64) string { return strconv.FormatFloat(rounded(v, 4), 'g', -1, 64) }

// compact writes a value of an axis, from 10,000 on with k, M, G or T for its thousands.
func compact(v float64) string {
	if math.Abs(v) < 1e4 || math.Abs(v) >= 1e16 {
		return brief(v)
	}
	unit := ""
	for _, u := range []string{"k", "M", "G", "T"} {
		if math.Abs(v) >= 1e3 {
			v, unit = v/1e3, u
		}
	}
	return brief(v) + unit
}

// brief2 writes a value with two digits.
func brief2(v float64) string { return strconv.FormatFloat(rounded(v, 2), 'f', -1, 64) }

func rounded(v float64, digits int) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', digits, 64), 64)
	if err != nil || r == 0 {
		return 0 // never -0
	}
	return r
}

// maybe is number, empty for nil.
func maybe(v *float64) string {
	if v = finite(v); v == nil {
		return ""
	}
	return number(*v)
}

// duration writes seconds for people to read: 3.2 s, 4m10s.
func duration(seconds float64) string {
	switch {
	case !(seconds >= 0 && seconds < 1e9):
		return "not known"
	case seconds < 60:
		return strconv.FormatFloat(seconds, 'f', 1, 64) + " s"
	}
	return (time.Duration(seconds) * time.Second).String()
}

func plural(n int, word string) string { return result.Count(n, word) }

// maxName bounds the names and texts that a page shows, in bytes.
const maxName = 240

// short shows a text of any length: what is too long loses its middle.
func short(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= maxName {
		return text
	}
	head, tail := text[:maxName/2], text[len(text)-maxName/2:]
	for !utf8.ValidString(head) {
		head = head[:len(head)-1]
	}
	for !utf8.ValidString(tail) {
		tail = tail[1:]
	}
	return head + "…" + tail
}
