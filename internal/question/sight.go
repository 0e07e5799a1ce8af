package question

import (
	"math"

	"example.org/demote/backend"
	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/internal/task"
)

const (
	probeSamples = 200      // that are tried in another way, at most
	probeBytes   = 32 << 20 // of output rows that are kept for comparison
	tenth        = 10       // samples are tried in another way on at most this part of the data
)

// A Sight is what a network made of the samples: how right each output row was, and some rows themselves. Its methods
// may be called from several goroutines, for a sample each.
type Sight struct {
	kind   sightKind
	grade  []float64 // by sample, higher is better: 1 or 0 for a class, a share of pixels, or a squared error negated
	chance []float64 // by sample: the same for whoever always says the commonest class, or the mean
	class  []int32   // by sample: the largest of the outputs; of classes
	wanted []int64   // of classes
	common int64     // the commonest class
	share  float64   // of the labels that are it; of values: their variance

	probes []int // samples whose rows are kept, in order
	slot   map[int]int
	rows   []float32
	at     []int // by probe: where its row begins in rows, and the length of all last
	row    int   // the length of each; 0 where samples have outputs of different shapes

	pixels []int32
	values []float32
	mean   []float64 // of values, by output
	ignore int32
}

// sightKind is what outputs are.
type sightKind int

const (
	unlabelled sightKind = iota
	// ofClasses says that the outputs are classes.
	ofClasses
	ofPixels
	// ofValues says that the outputs are values.
	ofValues
)

// NewSight prepares for the rows that an evaluator gives. Labels count for built-in metrics that need them: what
// others mean is their own affair.
func NewSight(p *task.Task, m *metric.Metric, c config.Config, e *backend.Evaluator) *Sight {
	n, places := p.Data.Len(), e.Places()
	g := &Sight{row: e.Row(), slot: map[int]int{}, ignore: -1}
	most := max(1, min(n, probeSamples, probeBytes/max(1, 4*places[n]/n)))
	size := 0
	for i := range most {
		sample := i * n / most
		g.slot[sample], g.at = len(g.probes), append(g.at, size)
		g.probes = append(g.probes, sample)
		size += places[sample+1] - places[sample]
	}
	g.at = append(g.at, size)
	g.rows = make([]float32, size)
	if !c.Commanded() && len(c.State) == 0 { // a row has all steps, which labels are not asked about
		g.take(p, m, c)
	}
	if g.kind != unlabelled {
		g.grade, g.chance = make([]float64, n), make([]float64, n)
	}
	return g
}

// take finds what kind the labels are, and what is commonest among them.
func (g *Sight) take(p *task.Task, m *metric.Metric, c config.Config) {
	switch {
	case m.ChecksClasses() && g.row > 1 && len(p.Data.Labels()) > 0:
		g.kind, g.wanted, g.class = ofClasses, p.Data.Labels(), make([]int32, p.Data.Len())
		count := map[int64]int{}
		for _, l := range g.wanted {
			if count[l]++; count[l] > count[g.common] || count[l] == count[g.common] && l < g.common {
				g.common = l
			}
		}
		g.share = float64(count[g.common]) / float64(len(g.wanted))
	case (m.Name == "pixel-accuracy" || m.Name == "miou") && len(p.Data.Pixels()) > 0:
		g.kind, g.pixels = ofPixels, p.Data.Pixels()
		if c.IgnoreLabel != nil {
			g.ignore = int32(*c.IgnoreLabel)
		}
		count, all := map[int32]int{}, 0
		for _, l := range g.pixels {
			if l != g.ignore {
				count[l]++
				all++
			}
		}
		for l, k := range count {
			if k > count[int32(g.common)] || k == count[int32(g.common)] && int64(l) < g.common {
				g.common = int64(l)
			}
		}
		g.share = float64(count[int32(g.common)]) / float64(max(1, all))
	case (m.Name == "label-mse" || m.Name == "label-mae") && len(p.Data.Values()) == p.Data.Len()*g.row:
		g.kind, g.values, g.mean = ofValues, p.Data.Values(), make([]float64, g.row)
		n := float64(p.Data.Len())
		for i, v := range g.values {
			g.mean[i%g.row] += float64(v) / n
		}
		for i, v := range g.values {
			d := float64(v) - g.mean[i%g.row]
			g.share += d * d / float64(len(g.values))
		}
	}
}

// look is what there is to be seen: the rows of the probes alone, where classes are all that is asked of the others.
func (g *Sight) look() backend.Look {
	l := backend.Look{Mark: func(sample int, m backend.Mark) { g.seeClass(sample, m.Class) }, Row: g.See}
	if g.kind == ofClasses || g.kind == unlabelled {
		l.Rows = g.probes
	}
	return l
}

// seeClass takes in the largest of a row's values, of classes.
func (g *Sight) seeClass(sample, class int) {
	if g.kind == ofClasses {
		g.class[sample] = int32(class)
		g.grade[sample], g.chance[sample] = indicator(int64(class) == g.wanted[sample]), indicator(g.common == g.wanted[sample])
	}
}

// See takes in one output row.
func (g *Sight) See(sample int, row []float32) {
	if at, kept := g.slot[sample]; kept {
		copy(g.rows[g.at[at]:g.at[at+1]], row)
	}
	if g.kind == unlabelled {
		return
	}
	if g.kind == ofClasses {
		g.class[sample] = int32(metric.Top1(row))
	}
	g.grade[sample], g.chance[sample] = g.judge(sample, row)
}

// judge says how right a row is, and how right whoever says the commonest would be.
func (g *Sight) judge(sample int, row []float32) (grade, chance float64) {
	switch g.kind {
	case ofClasses:
		return indicator(int64(metric.Top1(row)) == g.wanted[sample]), indicator(g.common == g.wanted[sample])
	case ofPixels:
		per := len(g.pixels) / len(g.grade)
		labels, all := g.pixels[sample*per:(sample+1)*per], 0.0
		for at, want := range labels {
			if want == g.ignore {
				continue
			}
			all++
			best := 0
			for c := 1; c < len(row)/per; c++ {
				if row[c*per+at] > row[best*per+at] {
					best = c
				}
			}
			grade += indicator(int32(best) == want)
			chance += indicator(int32(g.common) == want)
		}
		return grade / max(1, all), chance / max(1, all)
	case ofValues:
		for i, v := range row {
			want := float64(g.values[sample*g.row+i])
			grade -= (float64(v) - want) * (float64(v) - want) / float64(len(row))
			chance -= (g.mean[i] - want) * (g.mean[i] - want) / float64(len(row))
		}
	}
	return grade, chance
}

// indicator is 1 for yes.
func indicator(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// mean is the mean of some numbers, and its standard error.
func meanOf(x []float64) (mean, err float64) {
	n := float64(len(x))
	for _, v := range x {
		mean += v
	}
	mean /= n
	for _, v := range x {
		err += (v - mean) * (v - mean)
	}
	if n < 2 {
		return mean, math.Inf(1)
	}
	return mean, math.Sqrt(err / (n - 1) / n)
}

// nearChance tells whether the network is not better than whoever always says the commonest class, or the mean value:
// by three standard errors of that share, or, where samples are more or less right, of the differences. (Of a share p
// of n samples the standard error is sqrt(p(1-p)/n).)
func (g *Sight) nearChance() bool {
	mean, _ := meanOf(g.grade)
	if g.kind == ofClasses {
		return mean <= g.share+3*math.Sqrt(g.share*(1-g.share)/float64(len(g.grade))) && !g.knowsClasses()
	}
	gain := make([]float64, len(g.grade))
	for i := range gain {
		gain[i] = g.grade[i] - g.chance[i]
	}
	better, err := meanOf(gain)
	return !(better > 3*err) && len(gain) > 1
}

// knowsClasses tells whether the classes are told apart, each counting alike, by three standard errors: a network
// that looks for a rare class may be right less often than whoever never says it.
func (g *Sight) knowsClasses() bool {
	count, right := map[int64]float64{}, map[int64]float64{}
	for i, want := range g.wanted {
		count[want]++
		right[want] += g.grade[i]
	}
	k := float64(len(count))
	recall, spread := 0.0, 0.0
	for class, n := range count {
		recall += right[class] / n / k
		spread += (1 / k) * (1 - 1/k) / n
	}
	return k > 1 && recall > 1/k+3*math.Sqrt(spread)/k
}

// doubtful tells whether something else is worth a try: what is so good that nothing can be far better is not, and
// labels that are all alike tell nothing.
func (g *Sight) doubtful() bool {
	mean, _ := meanOf(g.grade)
	if g.kind == ofValues {
		return mean < -g.share/2
	}
	return mean < 1-muchMore && g.share < 1
}
