package config

import (
	"sync/atomic"

	"example.org/demote/mistake"
	"example.org/demote/quant"
	"example.org/demote/result"
)

// usualBits is --bits where it is left out. A result of these says nothing of widths.
const usualBits = "8,16"

// Widths are the low and the high width of a search, from --bits.
func (c Config) Widths() (low, high quant.Width, err error) {
	if c.Rung != nil {
		return c.Rung.Low, c.Rung.High, nil
	}
	if c.Bits == "" {
		return quant.ParseWidths(usualBits)
	}
	if low, high, err = quant.ParseWidths(c.Bits); err != nil {
		return low, high, mistake.Errorf("--bits %s: %w", c.Bits, err)
	}
	return low, high, nil
}

// CheckBits refuses a --bits that names no widths, and one beside files that bring their own.
func (c Config) CheckBits() error {
	if len(c.WeightBits) > 0 && (c.Low != "" || c.High != "") {
		return mistake.Errorf("--weight-bits %s: the files of a pair bring their own weights; leave it out", c.WeightBits[0])
	}
	if len(c.WeightBits) > 0 && c.HasEncodings() {
		return mistake.Errorf("--weight-bits %s: encodings bring the grids of weights; leave it out", c.WeightBits[0])
	}
	if err := c.checkSearchWeights(); err != nil {
		return err
	}
	if c.Ladder != "" || c.LadderSplit != "" {
		return c.checkLadder()
	}
	switch {
	case c.Bits == "":
		return nil
	case c.Low != "" || c.High != "":
		return mistake.Errorf("--bits %s: the files of a pair bring their own widths; leave it out", c.Bits)
	case c.HasEncodings():
		return mistake.Errorf("--bits %s: encodings bring their own widths; leave it out", c.Bits)
	}
	_, _, err := c.Widths()
	return err
}

// checkSearchWeights refuses a search of weights beside what is about activations alone.
func (c Config) checkSearchWeights() error {
	if !c.SearchWeights {
		return nil
	}
	for _, other := range []struct {
		given bool
		why   string
	}{
		{c.Low != "" || c.High != "", "the files of a pair bring their own weights; leave it out"},
		{c.HasEncodings(), "encodings bring the grids of weights; leave it out"},
		{c.Ladder != "" || c.LadderSplit != "", "a ladder has the same weights in both steps; leave it out, or give --bits"},
		{c.Bias == "int32", "the scale of an int32 bias is that of one width of weights; give --bias float"},
		{c.Int16Share != "", "--int16-share is a share of activations; give --target"},
		{c.Prove != "", "--prove counts activations alone; leave one of them out"},
	} {
		if other.given {
			return mistake.Errorf("--search-weights: %s", other.why)
		}
	}
	return nil
}

// A Wording has the names of the two widths, in which texts for the user are written. Several goroutines may use it;
// nil has the usual names.
type Wording struct{ widths atomic.Pointer[result.Widths] }

// Set says what the widths are.
func (w *Wording) Set(widths *result.Widths) { w.widths.Store(widths) }

// Widths are the widths; nil for the usual ones.
func (w *Wording) Widths() *result.Widths {
	if w == nil {
		return nil
	}
	return w.widths.Load()
}

// Text is a text about int8 and int16 with the names of the widths, see result.Widths.
func (w *Wording) Text(text string) string { return w.Widths().Text(text) }

// Error is an error with such a text.
func (w *Wording) Error(err error) error {
	if err == nil || w.Widths() == nil {
		return err
	}
	return wordedError{err, w}
}

// wordedError is an error whose text has the names of the widths.
type wordedError struct {
	error
	words *Wording
}

func (e wordedError) Error() string { return e.words.Text(e.error.Error()) }
func (e wordedError) Unwrap() error { return e.error }

// inBits says in words what --bits has said; a mistake in it is told elsewhere.
func (c *Config) inBits() {
	if c.Words == nil {
		c.Words = &Wording{}
	}
	if low, high, err := c.Widths(); (c.Bits != "" || c.Rung != nil) && err == nil {
		c.Words.Set(result.WidthsOf(low.String(), high.String()))
	}
}
