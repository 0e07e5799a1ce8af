package backend

import (
	"math"
	"slices"
	"strings"

	"demote/backend/bounds"
	"demote/search"
)

// A Sample is what a metric may compare an output row with.
type Sample struct {
	Label     int64     // class index; -1 without labels
	Reference []float32 // the reference network's output for the same sample; nil if not asked for
}

// A Metric judges the network's output one sample at a time and folds what the samples gain into
// one number. Gains are pure functions of the row and the sample, so a score does not depend on
// workers, slots or neighbours.
type Metric struct {
	Name           string
	Countable      bool // a sample gains 0 or 1, and the score is a count out of the samples
	Lower          bool // a lower value is better; gains are negated, here and nowhere else
	NeedsLabels    bool
	NeedsReference bool
	Best           float64 // the most that a sample can gain

	gain func(row []float32, s Sample) float64
	// finish turns the sum of the gains into the score; nil: the mean. It never falls when the sum
	// rises. signal is the energy of the reference.
	finish func(sum, signal float64) float64
}

// Gain is what one output row adds to the score: higher is better.
func (m *Metric) Gain(row []float32, s Sample) float64 { return m.gain(row, s) }

// metrics in the order in which help texts list them.
var metrics = []*Metric{
	{Name: "top1", Countable: true, NeedsLabels: true, Best: 1, gain: top1},
	{Name: "top5", Countable: true, NeedsLabels: true, Best: 1, gain: top5},
	{Name: "agreement", Countable: true, NeedsReference: true, Best: 1, gain: agreement},
	{Name: "sqnr", NeedsReference: true, gain: noise, finish: sqnr},
	{Name: "cosine", NeedsReference: true, Best: 1, gain: cosine},
	{Name: "mse", NeedsReference: true, Lower: true, gain: squares},
}

// OutputsOnly is for running a network whose outputs alone are wanted.
var OutputsOnly = &Metric{Name: "none", gain: func([]float32, Sample) float64 { return 0 }}

// MetricNames lists the built-in metrics.
func MetricNames() []string {
	names := make([]string, len(metrics))
	for i, m := range metrics {
		names[i] = m.Name
	}
	return names
}

// MetricByName returns a built-in metric, or an error that lists them all.
func MetricByName(name string) (*Metric, error) {
	i := slices.IndexFunc(metrics, func(m *Metric) bool { return m.Name == name })
	if i < 0 {
		return nil, badf("unknown metric %q: choose one of %s", name, strings.Join(MetricNames(), ", "))
	}
	return metrics[i], nil
}

// rule says how blocks of the given sizes add up to a score. signal is the energy of the reference.
func (m *Metric) rule(sizes []int, signal float64, width int) *bounds.Rule {
	r := &bounds.Rule{Kind: bounds.Mean, Sizes: sizes, Best: m.Best, Width: width}
	if m.Countable {
		r.Kind = bounds.Counted
	}
	if m.finish != nil {
		r.Finish = func(sum float64) float64 { return m.finish(sum, signal) }
	}
	return r
}

// ScoreRows scores output rows of the given length against reference rows.
func (m *Metric) ScoreRows(rows, reference []float32, row int) search.Score {
	n := len(rows) / row
	sum := 0.0
	for i := range n {
		sum += m.gain(rows[i*row:(i+1)*row], Sample{Label: -1, Reference: reference[i*row : (i+1)*row]})
	}
	switch {
	case m.Countable:
		return search.Score{Count: int(sum), Total: n}
	case m.finish != nil:
		return search.Score{Value: m.finish(sum, energy(reference))}
	}
	return search.Score{Value: sum / float64(n)}
}

// Top1 returns the index of the first maximum of row; a NaN never wins against a number before it.
func Top1(row []float32) int {
	best := 0
	for i, v := range row {
		if v > row[best] {
			best = i
		}
	}
	return best
}

func bit(ok bool) float64 {
	if ok {
		return 1
	}
	return 0
}

func top1(row []float32, s Sample) float64 { return bit(int64(Top1(row)) == s.Label) }

// top5 counts the values that come before the label's: larger ones, and equal ones of lower index.
func top5(row []float32, s Sample) float64 {
	want, before := row[s.Label], 0
	for i, v := range row {
		if v > want || v == want && int64(i) < s.Label {
			before++
		}
	}
	return bit(before < 5 && want == want)
}

func agreement(row []float32, s Sample) float64 { return bit(Top1(row) == Top1(s.Reference)) }

// squares is the mean squared error of one row, negated.
func squares(row []float32, s Sample) float64 { return noise(row, s) / float64(len(row)) }

// noise is the energy of the error of one row, negated.
func noise(row []float32, s Sample) float64 {
	sum := 0.0
	for i, v := range row {
		d := float64(v) - float64(s.Reference[i])
		sum += float64(d * d)
	}
	return 0 - sum
}

// sqnr is 10 log10(signal/noise) in dB, pooled over all samples; +Inf for equal outputs.
func sqnr(negatedNoise, signal float64) float64 {
	return 10 * math.Log10(signal/math.Abs(negatedNoise))
}

// energy is the sum of squares.
func energy(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(float64(v) * float64(v))
	}
	return sum
}

// cosine is the cosine of the angle between the two outputs; 1 for two zero vectors, 0 if only one
// is zero.
func cosine(row []float32, s Sample) float64 {
	var dot, a, b float64
	for i, v := range row {
		x, y := float64(v), float64(s.Reference[i])
		dot += float64(x * y)
		a += float64(x * x)
		b += float64(y * y)
	}
	switch {
	case a == 0 && b == 0:
		return 1
	case a == 0 || b == 0:
		return 0
	}
	return max(-1, min(1, dot/(math.Sqrt(a)*math.Sqrt(b))))
}
