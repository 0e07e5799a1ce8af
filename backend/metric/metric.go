package metric

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"

	"example.org/demote/backend/bounds"
	"example.org/demote/mistake"
	"example.org/demote/search"
)

// A Sample is what a metric may compare an output row with.
type Sample struct {
	Label  int64      // class index; -1 without labels
	Pixels []int32    // class index of every pixel; nil without
	Values []float32  // what the output should be; nil without
	Dims   []int64    // the shape of Pixels or Values, as the labels have it
	Own    LabelArray // the labels in their own shape and type, for a metric that takes OwnLabels; empty for others
	// all arrays of such labels, where --label-array names several; Own is the first
	Arrays []LabelArray
	// the network's outputs that the row is made of, for a metric that reads several; nil for others
	Outputs []OutputOf

	classes   int       // that the last axis of the output tells apart, of TokenLabels
	span      float64   // of all labels, for ssim
	Reference []float32 // the reference network's output for the same sample; nil if not asked for
}

// LabelKind says what labels a metric needs.
type LabelKind int

const (
	// ClassLabels: one class a sample; the output is [samples, classes].
	ClassLabels LabelKind = iota
	// PixelLabels: a class a pixel; the output is [samples, classes, ...] over as many pixels.
	PixelLabels
	// ValueLabels: as many numbers as the output has.
	ValueLabels
	// OwnLabels: whatever the file has, in its own shape and type. Only commands and registered metrics take them.
	OwnLabels
	// BoxLabels: what a detector should find: the arrays boxes, and perhaps crowd and area.
	BoxLabels
	// TokenLabels: class numbers of the steps of an output [samples, steps, classes], or of a sequence that it spells.
	TokenLabels
)

// A Metric judges the network's output and folds what it finds into one number. Most judge one sample at a time:
// gains are pure functions of the row and the sample, so a score does not depend on workers, slots or neighbours.
// Others need the whole set at once.
type Metric struct {
	Name           string
	Countable      bool // a sample gains 0 or 1, and the score is a count out of the samples
	Fraction       bool // scores are fractions from 0 to 1, so that a target in points is a slip; all that count are
	Lower          bool // a lower value is better; gains are negated, here and nowhere else
	NeedsLabels    bool
	Labels         LabelKind // which, if so
	NeedsReference bool
	Best           float64 // the most that a sample can gain

	rank int // countable by class: the label's must be among so many best; 0: it does not count so
	gain func(row []float32, s Sample) float64
	// ofHit is the gain of a metric with weighted classes, given that of the metric without; nil: it has none
	ofHit func(hit float64, s Sample) float64
	// finish turns the sum of the gains into the score; nil: the mean. It never falls when the sum
	// rises. scale is what scaled says, or the energy of the reference.
	finish func(sum, scale float64) float64
	scaled func(j *Scorer, samples int) float64
	whole  func(j *Scorer, samples int) Accumulator // a metric of the whole set; its gain is nothing
	// a metric of outcomes: what a sample has come to, and what makes a score of that; its gain is nothing
	outcome func(j *Scorer, row []float32, sample int) bounds.Outcome
	folds   func(judges []*Scorer) (bounds.Fold, error)
	adds    func(j *Scorer) (classes int) // of a metric whose outcomes are counts of so many classes; nil: they are not
	// how far a sample is from an error, for a metric whose scores do not depend on the order of the samples; nil: by
	// rank
	margin func(j *Scorer, row []float32, sample int, v Verdict) float64
	// the metric with weighted classes or an ignored label; nil: it knows neither
	weigh   func(m *Metric, o LabelOptions) *Metric
	options LabelOptions // that With was given
	several bool         // it may read several outputs
	// how many classes the labels may have where the output has so many numbers; nil: as many
	labelled func(row int) int
	// of TokenLabels: those of a sample's labels that count, or the words that they make
	wanted    func(labels []int32) []int32
	words     bool       // it is of words, which a space ends
	detection *Detection // how boxes are read; nil: there are none
	custom    bool       // a command, or registered: labels need not fit the output
	served    *Command   // judges blocks of samples, see Scorer.Submit; its gain is nothing. nil: gain judges
}

// Folds tells whether scores are made of what each sample has come to.
func (m *Metric) Folds() bool { return m.folds != nil }

// IsWhole tells whether the metric is of the whole set: no part of the samples bounds it, so every score is a whole
// evaluation.
func (m *Metric) IsWhole() bool { return m.whole != nil }

// Arranges tells whether Scorer.Margin says how far a sample is from an error. Scores do not depend on the order of the
// samples then.
func (m *Metric) Arranges() bool { return m.rank > 0 || m.margin != nil }

// ReadsIntegers tells whether the metric may read outputs of integers, as float32: those that stand beside others.
func (m *Metric) ReadsIntegers() bool { return m.several }

// Registered tells whether the metric is from outside: a command, or one of Register.
func (m *Metric) Registered() bool { return m.custom }

// Gain is what one output row adds to the score: higher is better.
func (m *Metric) Gain(row []float32, s Sample) float64 { return m.gain(row, s) }

// metrics in the order in which help texts list them.
var metrics = []*Metric{
	{Name: "top1", Countable: true, Fraction: true, NeedsLabels: true, Best: 1, rank: 1, gain: top1, weigh: weighClasses},
	{Name: "top5", Countable: true, Fraction: true, NeedsLabels: true, Best: 1, rank: 5, gain: top5, weigh: weighClasses},
	{Name: "agreement", Countable: true, Fraction: true, NeedsReference: true, Best: 1, rank: 1, gain: agreement},
	{Name: "sqnr", NeedsReference: true, gain: noise, finish: sqnr},
	{Name: "cosine", NeedsReference: true, Best: 1, gain: cosine},
	{Name: "mse", NeedsReference: true, Lower: true, gain: squares},
	weighF1(&Metric{Name: "f1", Fraction: true, NeedsLabels: true, Best: 1, gain: nothing, weigh: weighF1}, LabelOptions{}),
	weighPixels(&Metric{Name: "pixel-accuracy", Fraction: true, NeedsLabels: true, Labels: PixelLabels, Best: 1, gain: nothing, weigh: weighPixels}, LabelOptions{}),
	weighIoU(&Metric{Name: "miou", Fraction: true, NeedsLabels: true, Labels: PixelLabels, Best: 1, gain: nothing, weigh: weighIoU}, LabelOptions{}),
	{Name: "micro-f1", Countable: true, Fraction: true, NeedsLabels: true, Best: 1, rank: 1, gain: top1, weigh: weighClasses},
	ofClasses(&Metric{Name: "weighted-f1", Fraction: true, NeedsLabels: true, Best: 1, gain: nothing}, byClass{score: weightedF1}),
	ofClasses(&Metric{Name: "mcc", NeedsLabels: true, Best: 1, gain: nothing}, byClass{score: matthews, upper: mostMatthews}),
	{Name: "auroc", Fraction: true, NeedsLabels: true, Best: 1, gain: nothing, whole: ranking(auroc), labelled: rankClasses},
	{Name: "average-precision", Fraction: true, NeedsLabels: true, Best: 1, gain: nothing, whole: ranking(averagePrecision), labelled: rankClasses},
	{Name: "recall-at-1", Fraction: true, NeedsLabels: true, Best: 1, gain: nothing, whole: retrieval(1), labelled: anyClass},
	{Name: "recall-at-5", Fraction: true, NeedsLabels: true, Best: 1, gain: nothing, whole: retrieval(5), labelled: anyClass},
	{Name: "recall-at-10", Fraction: true, NeedsLabels: true, Best: 1, gain: nothing, whole: retrieval(10), labelled: anyClass},
	weighDice(&Metric{Name: "dice", Fraction: true, NeedsLabels: true, Labels: PixelLabels, Best: 1, gain: nothing, weigh: weighDice}, LabelOptions{}),
	tokens("token-accuracy", tokenAccuracy), tokens("perplexity", perplexity), tokens("cer", errorRate(false)), tokens("wer", errorRate(true)),
	{Name: "rmse", NeedsLabels: true, Labels: ValueLabels, Lower: true, gain: labelSquares, finish: rootOfMean, scaled: counted},
	{Name: "r2", NeedsLabels: true, Labels: ValueLabels, Best: 1, gain: nothing, whole: paired(rSquared)},
	{Name: "pearson", NeedsLabels: true, Labels: ValueLabels, Best: 1, gain: nothing, whole: paired(pearson)},
	{Name: "spearman", NeedsLabels: true, Labels: ValueLabels, Best: 1, gain: nothing, whole: paired(spearman)},
	{Name: "psnr", NeedsLabels: true, Labels: ValueLabels, gain: labelSquares, finish: sqnr, scaled: peak},
	{Name: "ssim", NeedsLabels: true, Labels: ValueLabels, Best: 1, gain: similarity},
	detects("map"), detects("map50"), detects("map75"), detects("map-small"), detects("map-medium"), detects("map-large"),
	{Name: "label-mse", NeedsLabels: true, Labels: ValueLabels, Lower: true, gain: labelSquares},
	{Name: "label-mae", NeedsLabels: true, Labels: ValueLabels, Lower: true, gain: labelDistance},
}

// aliases are other names of metrics.
var aliases = map[string]string{"accuracy": "top1", "macro-f1": "f1", "mae": "label-mae"}

// Aliases are other names of metrics, with those that results have.
func Aliases() map[string]string { return maps.Clone(aliases) }

// OutputsOnly is for running a network whose outputs alone are wanted.
var OutputsOnly = &Metric{Name: "none", gain: nothing, several: true}

// nothing is the gain of metrics that do not go by samples.
func nothing([]float32, Sample) float64 { return 0 }

// Names lists the built-in metrics.
func Names() []string {
	names := make([]string, len(metrics))
	for i, m := range metrics {
		names[i] = m.Name
	}
	return names
}

// ByName returns a built-in metric, or an error that lists them all.
func ByName(name string) (*Metric, error) {
	if same, is := aliases[name]; is {
		name = same
	}
	i := slices.IndexFunc(metrics, func(m *Metric) bool { return m.Name == name })
	if i < 0 {
		return nil, mistake.Errorf("unknown metric %q: choose one of %s; a program of your own is a --metric-serve or --metric-cmd", name, strings.Join(Names(), ", "))
	}
	return metrics[i], nil
}

// Choose returns the metric of a name; for none the default for data with or without labels.
func Choose(name string, labels bool) (*Metric, error) {
	switch {
	case name != "":
	case labels:
		name = "top1"
	default:
		name = "agreement"
	}
	return ByName(name)
}

// ChecksClasses tells whether the labels are classes of the network's output, one a sample.
func (m *Metric) ChecksClasses() bool {
	return m.NeedsLabels && m.Labels == ClassLabels && !m.custom && m.labelled == nil
}

// TakesClasses tells whether the labels are classes, one a sample or a step, of the network's output or not.
func (m *Metric) TakesClasses() bool { return m.NeedsLabels && m.Labels == ClassLabels && !m.custom }

// ScoreRows scores output rows of the given length against reference rows.
func (m *Metric) ScoreRows(rows, reference []float32, row int) (search.Score, error) {
	n := len(rows) / row
	if m.IsWhole() {
		return m.scoreWhole(context.Background(), &Scorer{metric: m, truth: Truth{Reference: reference}, row: row, samples: n}, rows, n)
	}
	at := make([]int, n+1)
	for i := range at {
		at[i] = i * row
	}
	return m.ScorePlaces(rows, reference, at)
}

// ScorePlaces is ScoreRows for rows of any lengths, one behind the other: at says where each begins, and the length
// of all last. The metric must not be of the whole set.
func (m *Metric) ScorePlaces(rows, reference []float32, at []int) (search.Score, error) {
	n, sum := len(at)-1, 0.0
	for i := range n {
		sum += m.gain(rows[at[i]:at[i+1]], Sample{Label: -1, Reference: reference[at[i]:at[i+1]]})
	}
	switch {
	case m.Countable:
		return search.Score{Count: int(sum), Total: n}, nil
	case m.finish != nil:
		return search.Score{Value: m.finish(sum, energy(reference))}, nil
	}
	return search.Score{Value: sum / float64(n)}, nil
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

// SquaredError is the sum of the squared differences of two rows.
func SquaredError(row, reference []float32) float64 {
	return 0 - noise(row, Sample{Reference: reference})
}

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
