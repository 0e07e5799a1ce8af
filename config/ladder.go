package config

import (
	"crypto/sha256"
	"fmt"
	"math/big"
	"strings"

	"example.org/demote/internal/calibrate"
	"example.org/demote/mistake"
	"example.org/demote/quant"
	"example.org/demote/result"
	"example.org/demote/search"
)

// usualSplit is --ladder-split where it is left out.
const usualSplit = "0.5"

// A Rung is one step of a ladder: a search between two of its widths.
type Rung struct {
	Low, High quant.Width
	Top       quant.Width        // the highest width of the ladder
	Share     *big.Rat           // of the loss budget that the step may use, 0 to 1
	Before    *result.LadderStep // what the step before has ended with; nil in the first one
}

// second tells whether a step follows another one.
func (r *Rung) second() bool { return r != nil && r.Before != nil }

// First and Second say which step of a ladder a search is; a search without one is neither.
func (c Config) First() bool { return c.Rung != nil && c.Rung.Before == nil }

// Second is First of the step behind it.
func (c Config) Second() bool { return c.Rung.second() }

// IsLadder tells whether a search goes between three widths.
func (c Config) IsLadder() bool {
	widths, err := quant.ParseLadder(c.Ladder)
	return err == nil && len(widths) == 3
}

// fillLadder has a ladder of two widths be the --bits that it is, and fills in the split of one of three. A mistake in
// it is told elsewhere.
func (c *Config) fillLadder() {
	widths, err := quant.ParseLadder(c.Ladder)
	switch {
	case err != nil:
	case len(widths) == 2 && c.Bits == "" && c.LadderSplit == "":
		c.Bits, c.Ladder = strings.ReplaceAll(c.Ladder, " ", ""), ""
	case len(widths) == 3 && c.LadderSplit == "":
		c.LadderSplit = usualSplit
	}
}

// Step1 and Step2 are the configurations of the two steps of a ladder: from the highest width to the one in the
// middle with a share of the loss budget, and from there to the lowest. The second one's begins with what the first
// has ended with.
func (c Config) Step1() (Config, error) { return c.step(nil) }

// Step2 is the second step.
func (c Config) Step2(before *result.LadderStep) (Config, error) { return c.step(before) }

// Reopened is the configuration of a step whose result says what it is of.
func (c Config) Reopened(l *result.Ladder) (Config, error) { return c.step(l.Before) }

func (c Config) step(before *result.LadderStep) (Config, error) {
	widths, err := quant.ParseLadder(c.Ladder)
	if err != nil {
		return c, mistake.Errorf("--ladder %s: %w", c.Ladder, err)
	}
	if len(widths) != 3 { // two are --bits, and there are no four
		return c, nil
	}
	share, err := c.split()
	if err != nil {
		return c, err
	}
	c.Rung = &Rung{Low: widths[1], High: widths[2], Top: widths[2], Share: share}
	if before != nil {
		c.Rung = &Rung{Low: widths[0], High: widths[1], Top: widths[2], Share: big.NewRat(1, 1), Before: before}
		c.Repaired = append([]string{}, before.Repairs...) // the network is the first step's
	}
	return c, nil
}

// split is --ladder-split as a number.
func (c Config) split() (*big.Rat, error) {
	text := c.LadderSplit
	if text == "" {
		text = usualSplit
	}
	if _, number := decimalText(text); number && len(text) < 100 {
		share, ok := new(big.Rat).SetString(text)
		if ok && share.Sign() > 0 && share.Cmp(big.NewRat(1, 1)) < 0 {
			return share, nil
		}
	}
	return nil, mistake.Errorf("--ladder-split %s: give the share of the loss budget for the first step, between 0 and 1, such as 0.5", c.LadderSplit)
}

// checkLadder refuses a ladder that is none, and what goes by two widths alone.
func (c Config) checkLadder() error {
	if c.Ladder == "" {
		return mistake.Errorf("--ladder-split %s: it divides the loss between the steps of a --ladder of three widths; leave it out, or give --ladder 4,8,16", c.LadderSplit)
	}
	_, err := c.Step1()
	switch widths, bad := quant.ParseLadder(c.Ladder); {
	case bad == nil && len(widths) == 2 && c.Bits == "":
		return mistake.Errorf("--ladder-split %s: a ladder of two widths has one step, which has the whole loss; leave it out", c.LadderSplit)
	case c.Bits != "":
		return mistake.Errorf("--ladder %s and --bits %s both say what the widths are: leave one of them out", c.Ladder, c.Bits)
	case err != nil:
		return err
	case c.Low != "" || c.High != "":
		return mistake.Errorf("--ladder %s: the files of a pair bring their own widths; leave it out", c.Ladder)
	case c.HasEncodings():
		return mistake.Errorf("--ladder %s: encodings bring their own widths; leave it out", c.Ladder)
	}
	for _, other := range []struct {
		given     bool
		text, why string
	}{
		{c.Int16Share != "", "--int16-share", "a ladder divides the loss that a target allows; give --target"},
		{c.Budget != "", "--budget", "a ladder divides the loss that a target allows; give --target"},
	} {
		if other.given {
			return mistake.Errorf("--ladder and %s exclude each other: %s", other.text, other.why)
		}
	}
	if target, err := search.ParseTarget(c.Target); err == nil && target.NeedsLow() {
		return mistake.Errorf("--ladder: a target of %s is measured between two widths: give a score, or a difference such as 16bit-0.01", c.Target)
	}
	return nil
}

// stepBefore says how the grids of a second step follow from what the first one has ended with.
func (c Config) stepBefore() (*calibrate.Before, error) {
	top, err := calibrate.NewGridChoice(c.GridHigh, c.RangeHigh, c.Rung.Top)
	if err != nil {
		return nil, err
	}
	before := &calibrate.Before{Top: top, Held: c.Held(), Methods: map[string]quant.Method{}}
	for name, method := range c.Rung.Before.Ranges {
		if before.Methods[name], err = quant.ParseMethod(method); err != nil {
			return nil, err
		}
	}
	return before, nil
}

// Held are the activations that the first step of a ladder has left at its highest width, by their names; nil for any
// search but a second step.
func (c Config) Held() map[string]bool {
	if !c.Second() {
		return nil
	}
	held := map[string]bool{}
	for _, name := range c.Rung.Before.Promotion {
		held[name] = true
	}
	return held
}

// LadderResult is what a ladder says of itself in a result; nil for other searches.
func (c Config) LadderResult() *result.Ladder {
	if c.Rung == nil {
		return nil
	}
	return &result.Ladder{Widths: c.ladderNames(), Split: c.LadderSplit, Before: c.Rung.Before}
}

// LadderText is a step as runs compare it.
func (c Config) LadderText() string {
	text := strings.Join(c.ladderNames(), " ") + " " + c.Rung.Share.RatString()
	if c.Second() {
		text += " split " + c.LadderSplit
	}
	return text
}

// MixText is what the second step of a ladder begins with, as runs compare it: a mix, its ranges and its repairs. It is
// empty for the first one, whose scores are those of a search between its two widths.
func (c Config) MixText() string {
	before := c.Rung.Before
	if before == nil {
		return ""
	}
	mix := fmt.Append(nil, before.Promotion, before.Ranges)
	if len(before.Repairs) > 0 {
		mix = fmt.Append(mix, before.Repairs)
	}
	sum := sha256.Sum256(mix)
	return fmt.Sprintf("%s, mix %x", strings.Join(c.ladderNames(), " "), sum[:8])
}

// BitsText is --bits as runs compare it, empty for the usual ones; that of a ladder's first step says what it is
// between.
func (c Config) BitsText() string {
	if r := c.Rung; c.First() && (r.Low != quant.W8 || r.High != quant.W16) {
		return r.Low.Text() + "," + r.High.Text()
	}
	return c.Bits
}

// LadderWidths are the widths of a ladder, the lowest first; nil for any other search.
func (c Config) LadderWidths() []quant.Width {
	if c.Rung == nil {
		return nil
	}
	widths, _ := quant.ParseLadder(c.Ladder) // which the step was made of
	return widths
}

// ladderNames are the names of the widths, the lowest first.
func (c Config) ladderNames() (names []string) {
	widths, err := quant.ParseLadder(c.Ladder)
	if err != nil {
		return nil
	}
	for _, w := range widths {
		names = append(names, w.String())
	}
	return names
}
