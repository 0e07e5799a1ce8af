package question

import (
	"context"
	"fmt"
	"math"
	"sync"

	"example.org/demote/backend"
	"example.org/demote/backend/metric"
	"example.org/demote/config"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/scan"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/task"
	"example.org/demote/result"
	"example.org/demote/search"
)

const (
	sure     = 3.3 // standard errors by which something else must be better,
	muchMore = 0.1 // and by this much of a share
)

// questionScore asks whether a score is one that a trained network has, and what would make it one. src is the float
// network; nil: nothing else can be tried on it.
func (s *Questions) questionScore(ctx context.Context, g *Sight, src *segments.Source) error {
	list, err := questionScoreOf(s.Task, ctx, s.Config, g, src, s.DataScan, &s.Questions)
	if s.FloatScore != nil {
		list = append(list, Detector(s.Metric, *s.FloatScore)...)
	}
	for _, w := range list {
		s.Warned(w)
	}
	return err
}

func questionScoreOf(p *task.Task, ctx context.Context, c config.Config, g *Sight, src *segments.Source, data *scan.Scan, q *result.Questions) ([]result.Warning, error) {
	if g.kind == unlabelled || g.kind != ofValues && g.share == 1 { // labels that are all alike have been told
		return nil, nil
	}
	if q.Chance = g.compare(); q.Chance.Score-q.Chance.Score != 0 { // outputs that are no numbers, and --allow-nan
		q.Chance = nil
		return nil, nil
	}
	var list []result.Warning
	tries := g.shifts()
	if src != nil {
		others := otherWays(p, c, g, data)
		if err := try(p, ctx, c, g, src, others); err != nil {
			return nil, err
		}
		tries = append(tries, others...)
	}
	var best *attempt // several may be better than what is wrong
	for _, t := range tries {
		q.Instead = append(q.Instead, t.Instead)
		if t.Better && (best == nil || t.more() > best.more()) {
			best = t
		}
	}
	better := best != nil
	if better {
		list = append(list, result.Warning{ID: best.id, Text: fmt.Sprintf("with %s it would be %.4g, where it is %.4g as it is (on %d samples)", best.Change, best.Score, best.Given, best.Samples), Cure: best.cure})
	}
	if w, odd := questionFolder(p, c, g); odd {
		list = append([]result.Warning{w}, list...)
	}
	if q.Chance.Near {
		cure := "see that `demote eval` gives the number that your framework gives: --scale, --mean, --std, the order of channels and of labels"
		if better {
			cure = "see the next line"
		}
		list = append([]result.Warning{{ID: "near-chance", Text: g.nearText(q.Chance), Cure: cure}}, list...)
	}
	return list, nil
}

// QuestionFile asks of a file that is scored alone, and of its samples, what a search asks. src may be nil, see
// questionScore.
func QuestionFile(p *task.Task, ctx context.Context, c config.Config, g *Sight, src *segments.Source) ([]result.Warning, error) {
	data, err := scan.Samples(p.Data, p.Inputs, nil)
	if err != nil {
		return nil, err
	}
	list, err := questionScoreOf(p, ctx, c, g, src, data, &result.Questions{})
	return append(questionLabels(p, c), list...), err
}

// compare is the network against whoever always says the same.
func (g *Sight) compare() *result.Chance {
	mean, _ := meanOf(g.grade)
	c := &result.Chance{Score: mean, Always: g.share, Class: &g.common, Near: g.nearChance()}
	if g.kind == ofValues {
		c.Score, c.Class = -mean, nil
	}
	return c
}

func (g *Sight) nearText(c *result.Chance) string {
	switch g.kind {
	case ofValues:
		return fmt.Sprintf("the network is no better than always saying the mean of the labels: a mean squared error of %.4g, and of %.4g by the mean", c.Score, c.Always)
	case ofPixels:
		return fmt.Sprintf("the network is no better than always saying class %d: %.4g of the pixels right, and %.4g are of that class", *c.Class, c.Score, c.Always)
	}
	return fmt.Sprintf("the network is no better than always saying class %d: %.4g right, and %.4g of the labels are that class", *c.Class, c.Score, c.Always)
}

// questionFolder warns of a folder of images whose sub-folders are not as many as the network has classes: they are
// numbered in the order of their names, so one that is missing shifts all behind it.
func questionFolder(p *task.Task, c config.Config, g *Sight) (result.Warning, bool) {
	classes := p.Data.Classes()
	if g.kind != ofClasses || len(classes) == 0 || len(classes) == g.row {
		return result.Warning{}, false
	}
	for i, k := range classes {
		if k.Label != int64(i) {
			return result.Warning{}, false // numbered by their names
		}
	}
	return result.Warning{ID: "classes-missing", Text: fmt.Sprintf("%s has %d sub-folders and the network %d classes: sub-folders are numbered in the order of their names", c.Data, len(classes), g.row),
		Cure: "add the classes that are missing, or name the sub-folders 0, 1, 2, ..."}, true
}

// shifts tries labels that are one lower and one higher, which costs no run.
func (g *Sight) shifts() (list []*attempt) {
	if g.kind != ofClasses || !g.doubtful() {
		return nil
	}
	for _, by := range []int64{-1, +1} {
		grades := make([]float64, len(g.grade))
		for i, want := range g.wanted {
			grades[i] = indicator(int64(g.class[i]) == want+by)
		}
		change, cure := "labels one lower", "save the labels as y - 1"
		if by > 0 {
			change, cure = "labels one higher", "save the labels as y + 1"
		}
		list = append(list, &attempt{Instead: weigh(change, g.grade, grades, g.kind), id: "labels-shifted", change: change, cure: cure})
	}
	return list
}

// more is by how much of a sample's grade another way is better.
func (a *attempt) more() float64 { return math.Abs(a.Score - a.Given) }

// weigh compares grades of the same samples, as they are and in another way.
func weigh(change string, given, other []float64, kind sightKind) result.Instead {
	gain := make([]float64, len(given))
	for i := range gain {
		gain[i] = other[i] - given[i]
	}
	more, err := meanOf(gain)
	i := result.Instead{Change: change, Samples: len(given)}
	i.Given, _ = meanOf(given)
	i.Score, _ = meanOf(other)
	i.Better = more > sure*err && more > muchMore
	// of n samples, those that only one of both gets right: McNemar's test, without its continuity correction
	if kind == ofClasses {
		lost, won := 0.0, 0.0
		for _, d := range gain {
			lost, won = lost+max(0, -d), won+max(0, d)
		}
		i.Better = won-lost > sure*math.Sqrt(won+lost) && more > muchMore
	}
	if kind == ofValues {
		i.Better = more > sure*err && i.Score > i.Given/4 // a quarter of the squared error
		i.Given, i.Score = -i.Given, -i.Score
	}
	return i
}

// lookOptions are those of a network whose outputs are looked at, and not scored.
func lookOptions(p *task.Task, c config.Config) backend.Options {
	return backend.Options{Metric: metric.OutputsOnly, Output: p.Output, Beside: p.Beside, Axis: p.Axis, Block: p.Block, Workers: c.Workers, Threads: c.Threads, Naive: true, Stream: true, Level: blocks.Optimization}
}

// try runs the float network on samples that are changed in several ways, one after another in one session.
func try(p *task.Task, ctx context.Context, c config.Config, g *Sight, src *segments.Source, tries []*attempt) error {
	if len(tries) == 0 {
		return nil
	}
	data := &changed{set: p.Data, samples: g.tried(), tries: tries}
	n := len(data.samples)
	o := lookOptions(p, c)
	e, err := backend.New(ctx, src, data, nil, o)
	if err != nil {
		return err
	}
	defer e.Close()
	grades := make([]float64, data.Len())
	var mu sync.Mutex
	_, err = e.Outputs(ctx, search.NewMask(0), func(i int, row []float32) {
		v, _ := g.judge(data.samples[i%n], row)
		mu.Lock()
		defer mu.Unlock()
		if v-v != 0 { // outputs that are no numbers are no better
			v = g.grade[data.samples[i%n]]
		}
		grades[i] = v
	})
	if err != nil {
		return err
	}
	given := make([]float64, n)
	for i, sample := range data.samples {
		given[i] = g.grade[sample]
	}
	for i, t := range tries {
		t.Instead = weigh(t.change, given, grades[i*n:(i+1)*n], g.kind)
	}
	return nil
}

// tried are the samples that are tried in another way: at most a tenth of them.
func (g *Sight) tried() []int {
	n := len(g.grade)
	most := min(n, probeSamples, max(20, n/tenth))
	list := make([]int, most)
	for i := range list {
		list[i] = i * n / most
	}
	return list
}
