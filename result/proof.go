package result

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// A Proof says how good a mix is: which mixes that would save more do not meet the target. A unit is an activation, or
// a group of them with one bit-width; units that a constraint holds are not counted.
type Proof struct {
	Limit   string `json:"limit"`      // as typed
	Minimal bool   `json:"minimal"`    // no mix that meets the target saves more
	Int16   int    `json:"int16"`      // units of the mix that stay at int16
	Units   int    `json:"units"`      // of the search
	Grouped bool   `json:"grouped"`    // some units are groups
	Held    int    `json:"held_int16"` // activations that a constraint holds at int16, which no unit has
	// the least number of units at int16 with which a mix can meet the target, as far as it is proven; null with costs
	Least *int `json:"least_int16"`
	// the largest saving of a mix that can meet it, as far as it is proven; null: none can
	MostSaved *float64 `json:"most_saved"`
	Refuted   int      `json:"refuted"` // mixes, one by one
	Better    int      `json:"better"`  // better mixes that the proof has found
	// units at int16 of the mix that the strategy had found; null: it had none
	From   *int         `json:"from_int16"`
	Levels []ProofLevel `json:"levels"`
	Stop   string       `json:"stop"` // done, units, time, evaluations, not begun, interrupted
	// of the last session: its duration, and its work in passes of one sample through the network
	Seconds     float64 `json:"seconds"`
	SampleEvals float64 `json:"sample_evaluations"`
}

// A ProofLevel is what a proof has done with mixes that save about as much.
type ProofLevel struct {
	Int16   *int     `json:"int16"`           // units at int16; null with costs
	Over    *float64 `json:"saves_more_than"` // null without costs, and where no mix meets the target
	Mixes   float64  `json:"mixes"`
	Refuted int      `json:"refuted"`
	Drawn   int      `json:"drawn"`   // at random; none met the target
	AtMost  *float64 `json:"at_most"` // the share of the level that does at most, with 95 % confidence; null: not drawn
}

// ProofText says in sentences what is proven of the mix, on a ladder of those of both steps; nil without a proof.
func (r *Result[C]) ProofText() []string {
	lines := r.Proof.worded(r.Cost, r.SavedByCost(), r.Widths)
	if r.Ladder == nil || r.Ladder.Before == nil || len(lines) == 0 {
		return lines
	}
	before := r.Ladder.Before
	lines[0] = "step 2: " + lines[0]
	for i, line := range before.Proof.worded(r.Cost, before.Saved, WidthsOf(before.Low, before.High)) {
		if i == 0 {
			line = "step 1: " + line
		}
		lines = slices.Insert(lines, i, line)
	}
	return lines
}

// SavedByCost is what the mix saves, in the cost of the search; 0 where nothing is known of it.
func (r *Result[C]) SavedByCost() float64 {
	for _, s := range r.Savings {
		if s.Cost == r.Cost {
			return s.Saved
		}
	}
	return 0
}

// worded is Text, about the widths of a search; nil without a proof.
func (p *Proof) worded(cost string, saved float64, widths *Widths) []string {
	if p == nil {
		return nil
	}
	lines := p.Text(cost, saved)
	for i := range lines {
		lines[i] = widths.Text(lines[i])
	}
	return lines
}

// Text says in sentences what is proven; saved is what the mix saves, in the cost of the search.
func (p *Proof) Text(cost string, saved float64) []string {
	lines := []string{p.bound(cost, saved) + p.work()}
	if p.Better > 0 {
		was := "the strategy had found none"
		if p.From != nil {
			was = fmt.Sprintf("the strategy had left %d of %s at int16", *p.From, p.things(p.Units))
		}
		lines = append(lines, "the proof has found this mix; "+was)
	}
	for i := 0; i < len(p.Levels); {
		l, next := p.Levels[i], i+1
		if l.AtMost == nil || l.Int16 == nil {
			i = next
			continue
		}
		for next < len(p.Levels) && p.Levels[next].likewise(l) {
			next++
		}
		last := p.Levels[next-1]
		if i = next; last.Int16 == l.Int16 {
			lines = append(lines, fmt.Sprintf("none of %s drawn at random with %d at int16 meets the target: of all %s at most %s%% do (95%% confidence)",
				Mixes(float64(l.Drawn)), *l.Int16, Mixes(l.Mixes), atMost(100**l.AtMost)))
			continue
		}
		lines = append(lines, fmt.Sprintf("none of %s drawn at random of each number from %d to %d at int16 meets the target: of all of each number at most %s%% do (95%% confidence)",
			Mixes(float64(l.Drawn)), *l.Int16, *last.Int16, atMost(100**l.AtMost)))
	}
	return lines
}

// likewise tells whether as many mixes were drawn of one level as of another.
func (l ProofLevel) likewise(other ProofLevel) bool {
	return l.AtMost != nil && l.Int16 != nil && l.Drawn == other.Drawn && *l.AtMost == *other.AtMost
}

// bound says what is proven.
func (p *Proof) bound(cost string, saved float64) string {
	switch {
	case p.Stop == "not begun":
		return "nothing is proven: the search has used up its limit before the proof began"
	case p.Least == nil && p.MostSaved == nil || p.Least != nil && *p.Least > p.Units:
		return "proven: no mix meets the target"
	case p.Minimal && p.Least == nil:
		return fmt.Sprintf("proven minimal: no mix that meets the target saves more by the cost %s", cost)
	case p.Minimal && p.Int16 == 0:
		return "proven minimal: nothing that can be int8 stays int16"
	case p.Minimal:
		return fmt.Sprintf("proven minimal: no mix with fewer than %s at int16%s meets the target", p.things(p.Int16), p.held())
	case p.Least == nil:
		return fmt.Sprintf("no mix that meets the target saves more than %.4g by the cost %s; this one saves %.4g", *p.MostSaved, cost, saved)
	case *p.Least == 0 && p.Stop == "done":
		return "no bound is proven: on these samples the mix with nothing at int16 meets the target too"
	case *p.Least == 0:
		return "nothing is proven yet"
	}
	return fmt.Sprintf("at least %d of these %s must stay int16%s: no mix with fewer meets the target", *p.Least, p.things(p.Int16), p.held())
}

// held tells of activations at int16 that are not counted.
func (p *Proof) held() string {
	if p.Held == 0 {
		return ""
	}
	return fmt.Sprintf(", besides the %d that a constraint holds there,", p.Held)
}

// work says how many mixes were refuted, in which time, and why there were no more.
func (p *Proof) work() string {
	if p.Refuted == 0 {
		return ""
	}
	text := fmt.Sprintf(" (%s refuted in %.1f s", Mixes(float64(p.Refuted)), p.Seconds)
	switch p.Stop {
	case "time", "evaluations":
		text += "; the limit of " + p.Stop + " ended the proof"
	case "units":
		text += "; --prove " + p.Limit + " asks for no more"
	case "interrupted":
		text += "; interrupted, the same command resumes it"
	}
	return text + ")"
}

// things names a number of units.
func (p *Proof) things(n int) string {
	name := "activation"
	if p.Grouped {
		name = "unit"
	}
	if n != 1 {
		name += "s"
	}
	return fmt.Sprintf("%d %s", n, name)
}

// atMost writes an upper bound with two digits, rounded up.
func atMost(v float64) string {
	if !(v > 0) {
		return "0"
	}
	unit := math.Pow(10, math.Floor(math.Log10(v))-1)
	return fmt.Sprintf("%.2g", math.Ceil(v/unit)*unit)
}

// Mixes writes a number of mixes: with commas, or rounded where it is very large.
func Mixes(n float64) string {
	if !(n < 1e12) {
		return fmt.Sprintf("%.2g mixes", n)
	}
	digits := fmt.Sprintf("%.0f", math.Round(n))
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	if n == 1 {
		return "1 mix"
	}
	return b.String() + " mixes"
}
