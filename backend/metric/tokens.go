package metric

import (
	"math"

	"example.org/demote/backend/bounds"
)

// Metrics of sequences read an output [samples, steps, tokens] and integers [samples, length], of which those that are
// ignored, such as -1, fill up the shorter ones.

// weighTokens gives a metric of sequences its ignored label, its blank and its space.
func weighTokens(make func(o LabelOptions) Metric) func(m *Metric, o LabelOptions) *Metric {
	return func(m *Metric, o LabelOptions) *Metric {
		c := make(o)
		c.Name, c.NeedsLabels, c.Labels, c.weigh = m.Name, true, TokenLabels, m.weigh
		c.scaled = func(j *Scorer, _ int) float64 {
			sum := 0.0
			for i := range j.samples {
				sum += float64(len(c.wanted(part(j.truth.Pixels, i, j.samples))))
			}
			return sum
		}
		return &c
	}
}

// tokens makes a metric of sequences.
func tokens(name string, make func(o LabelOptions) Metric) *Metric {
	m := &Metric{Name: name, weigh: weighTokens(make)}
	return m.weigh(m, LabelOptions{})
}

// tokenAt is the best token of a step.
func tokenAt(row []float32, classes, step int) int { return Top1(row[step*classes : (step+1)*classes]) }

// counting are the labels that count.
func counting(o LabelOptions) func(labels []int32) []int32 {
	return func(labels []int32) (list []int32) {
		for _, l := range labels {
			if o.counts(l) {
				list = append(list, l)
			}
		}
		return list
	}
}

// tokenAccuracy is the share of the labelled steps whose best token is right. Its matches are of one class, the steps.
func tokenAccuracy(o LabelOptions) Metric {
	steps := byClass{score: func(n matches) float64 { return float64(n[both]) / float64(max(1, n[wanted])) }}
	count := counting(o)
	steps.wanted = func(j *Scorer, n []int64) {
		for i := range j.samples {
			n[0] += int64(len(count(part(j.truth.Pixels, i, j.samples))))
		}
	}
	outcome := func(j *Scorer, row []float32, sample int) bounds.Outcome {
		labels := part(j.truth.Pixels, sample, j.samples)
		classes, right, all := len(row)/len(labels), int32(0), int32(0)
		for step, want := range labels {
			if !o.counts(want) {
				continue
			}
			all++
			if tokenAt(row, classes, step) == int(want) {
				right++
			}
		}
		return bounds.Outcome{0, right, all, all}
	}
	return Metric{Fraction: true, Best: 1, gain: nothing, wanted: count, outcome: outcome, adds: func(*Scorer) int { return 1 },
		folds: func(judges []*Scorer) (bounds.Fold, error) { return steps.foldOf(judges, 1), nil },
		margin: func(_ *Scorer, _ []float32, _ int, v Verdict) float64 {
			return float64(v.Outcome[1+both] - v.Outcome[1+wanted])
		}}
}

// perplexity is e to the mean of -log p of the labelled tokens, p by softmax of the outputs.
func perplexity(o LabelOptions) Metric {
	return Metric{Lower: true, wanted: counting(o), finish: func(sum, scale float64) float64 { return 0 - math.Exp((0-sum)/scale) }, gain: func(row []float32, s Sample) float64 {
		classes, sum := len(row)/len(s.Pixels), 0.0
		for step, want := range s.Pixels {
			if o.counts(want) {
				sum += min(0, logSoftmax(row[step*classes:(step+1)*classes], int(want)))
			}
		}
		return sum
	}}
}

// logSoftmax is the logarithm of the softmax of a row at one place.
func logSoftmax(row []float32, at int) float64 {
	most := float64(row[Top1(row)])
	sum := 0.0
	for _, v := range row {
		sum += math.Exp(float64(v) - most)
	}
	return float64(row[at]) - most - math.Log(sum)
}

// errorRate is the number of edits that turn the best path into the labels, over the number of labels: of tokens, or
// where words is set of the words between spaces. The best path is the best token of every step, repeats as one and
// without blanks (Graves et al., Connectionist temporal classification, 2006).
func errorRate(words bool) func(o LabelOptions) Metric {
	return func(o LabelOptions) Metric {
		numbers := func() func([]int32) []int32 { return func(list []int32) []int32 { return list } }
		if words {
			numbers = func() func([]int32) []int32 { return wordNumbers(o.space()) }
		}
		count := counting(o)
		return Metric{Lower: true, words: words,
			// edits are integers, whose sums do not depend on their order
			margin: func(_ *Scorer, _ []float32, _ int, v Verdict) float64 { return v.Gain },
			wanted: func(labels []int32) []int32 { return numbers()(count(labels)) },
			finish: func(sum, scale float64) float64 { return sum / scale },
			gain: func(row []float32, s Sample) float64 {
				n := numbers()
				return 0 - float64(edits(n(bestPath(row, s.classes, o.Blank)), n(count(s.Pixels))))
			}}
	}
}

// bestPath is greedy CTC decoding of a row of [steps, tokens].
func bestPath(row []float32, classes, blank int) (path []int32) {
	last := -1
	for step := range len(row) / classes {
		token := tokenAt(row, classes, step)
		if token != last && token != blank {
			path = append(path, int32(token))
		}
		last = token
	}
	return path
}

// wordNumbers numbers words, which a space ends: equal ones alike, in all lists that are given.
func wordNumbers(space int32) func(list []int32) []int32 {
	known := map[string]int32{}
	return func(list []int32) (words []int32) {
		var word []byte
		end := func() {
			if len(word) == 0 {
				return
			}
			if _, is := known[string(word)]; !is {
				known[string(word)] = int32(len(known))
			}
			words, word = append(words, known[string(word)]), word[:0]
		}
		for _, t := range list {
			if t == space {
				end()
				continue
			}
			word = append(word, byte(t), byte(t>>8), byte(t>>16), byte(t>>24))
		}
		end()
		return words
	}
}

// edits is the least number of insertions, deletions and replacements between two lists (Levenshtein, 1966).
func edits(a, b []int32) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		before := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := before
			if x != y {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
