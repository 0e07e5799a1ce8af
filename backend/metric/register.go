package metric

import (
	"context"
	"fmt"
	"math"
	"regexp"
)

// Custom is a metric written in Go, for Register. It is of single samples (Gain) or of the whole set (All), never
// both.
type Custom struct {
	Name     string // lower-case words, as --metric and results have it
	Lower    bool   // a lower value is better: Gain and All give the metric's own numbers
	Fraction bool   // scores are fractions from 0 to 1
	Labels   bool   // it compares with labels
	Kind     LabelKind
	// Several: it may read several outputs, --output again and again, and finds them in Sample.Outputs or by
	// WholeOutputs.Outputs. Without it a second output is refused.
	Several bool
	// Reference: it compares with the outputs of the float network, or of the 16-bit one of a pair.
	Reference bool

	// Gain is what one output row gives; the score is the mean over the samples. It is a pure function that may be
	// called from several goroutines, and keeps neither argument.
	Gain func(row []float32, s Sample) float64
	// Count: Gain is 0 or 1, and the score is a count out of the samples. Higher is better then.
	Count bool
	// Best bounds Gain on its better side: no sample can be higher, or with Lower none can be lower. Trials end early
	// by it.
	Best float64

	// All makes one number of all outputs, a pure function of them. Every score is a whole evaluation then.
	All func(ctx context.Context, o WholeOutputs) (float64, error)
}

var metricName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// Register adds a metric to those that ByName knows, for programs that embed this one. It is meant for package
// initialization and is not safe while another goroutine looks metrics up. The error says what is wrong with it.
func Register(c Custom) error {
	if err := CheckName(c.Name); err != nil {
		return err
	}
	switch {
	case (c.Gain == nil) == (c.All == nil):
		return fmt.Errorf("metric %q: give either Gain or All", c.Name)
	case c.Labels && c.Reference:
		return fmt.Errorf("metric %q compares with labels or with a reference, not with both", c.Name)
	case c.Count && (c.All != nil || c.Lower):
		return fmt.Errorf("metric %q: only gains that are better when higher can be counted", c.Name)
	case c.Gain != nil && !c.Count && (math.IsNaN(c.Best) || math.IsInf(c.Best, 0)):
		return fmt.Errorf("metric %q: Best must be a number, the bound of every Gain", c.Name)
	}
	m := &Metric{Name: c.Name, Lower: c.Lower, Fraction: c.Fraction || c.Count, Countable: c.Count, NeedsLabels: c.Labels, Labels: c.Kind,
		NeedsReference: c.Reference, Best: c.Best, gain: c.Gain, custom: true, several: c.Several}
	switch {
	case c.All != nil:
		m.gain, m.whole = nothing, gather(c.All)
	case c.Count:
		m.Best = 1
	case c.Lower:
		m.Best, m.gain = 0-c.Best, func(row []float32, s Sample) float64 { return 0 - c.Gain(row, s) }
	}
	metrics = append(metrics, m)
	return nil
}
