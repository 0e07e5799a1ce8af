package backend_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
	"example.org/demote/backend/metric"
	"example.org/demote/search"
)

// mixture are samples of three shapes, in blocks of different sizes, as toys that are one network.
type mixture struct {
	toys   []*devicetest.Toy
	shapes []backend.Shape
	truth  metric.Truth
	places []int
}

// mixed are so many samples of three shapes, one of which has many and one only a few; rows: their outputs have
// different lengths.
func mixed(samples int, rows bool) *mixture {
	m := &mixture{places: []int{0}}
	of, blocks := make([][]int, 3), []int{4, 2, 3}
	for sample := range samples {
		which := []int{0, 1, 0, 2, 0, 1, 0}[sample%7]
		of[which] = append(of[which], sample)
	}
	for i, own := range of {
		options := []devicetest.ToyOption{devicetest.Coarse()}
		if rows {
			options = append(options, devicetest.Rows(i+1))
		}
		toy := devicetest.NewToy(blocks[i], len(own), uint64(21+i), options...)
		m.toys = append(m.toys, toy)
		m.shapes = append(m.shapes, backend.Shape{Source: shippedShape{toy, i}, Samples: toy, Of: own, Block: blocks[i]})
	}
	m.truth.Labels = make([]int64, samples)
	for i, own := range of {
		for at, label := range m.toys[i].Labels() {
			m.truth.Labels[own[at]] = label
		}
	}
	for sample := range samples {
		m.truth.Reference = append(m.truth.Reference, m.want(sample, search.NewMask(4).Low)...)
		m.places = append(m.places, len(m.truth.Reference))
	}
	return m
}

// want is the output row of a sample.
func (m *mixture) want(sample int, low func(holder int) bool) []float32 {
	for i, s := range m.shapes {
		if at, is := slices.BinarySearch(s.Of, sample); is {
			return m.toys[i].Want(at, low)
		}
	}
	return nil
}

// shippedShape is the toy of a shape, whose workers have it already.
type shippedShape struct {
	*devicetest.Toy
	number int
}

// Ship is for workers that have the toys.
func (s shippedShape) Ship() (link.Network, error) {
	return link.Network{Model: []byte(strconv.Itoa(s.number)), Holders: s.Holders(), Outputs: []string{"y"}}, nil
}

// open is an evaluator of the samples.
func (m *mixture) open(t *testing.T, o backend.Options) *backend.Evaluator {
	t.Helper()
	o.Truth, o.Places = m.truth, m.places
	if o.Kind == nil {
		o.Kind = kinds()["the reference"]
	}
	e, err := backend.NewShaped(t.Context(), m.shapes, devicetest.ToyRecords(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// workers are workers elsewhere that have the toys, with numbers from one on.
func (m *mixture) workers(t *testing.T, from, n int, kind *device.Kind, faults func(i int) linktest.Faults) (links []link.Link, pipes []*linktest.Pipe) {
	t.Helper()
	for i := from; i < from+n; i++ {
		f := linktest.Faults{}
		if faults != nil {
			f = faults(i)
		}
		p := linktest.New(fmt.Sprint("worker ", i), func(h link.Host) linktest.Worker {
			return far.NewServer(h, far.ServerOptions{Device: fmt.Sprint("device ", i), Kind: kind, Memory: 1 << 32, Beat: 5 * time.Millisecond,
				Source: func(n link.Network) (device.Source, error) {
					number, err := strconv.Atoi(string(n.Model))
					return m.toys[number], err
				}})
		}, f)
		t.Cleanup(p.Close)
		links, pipes = append(links, p), append(pipes, p)
	}
	return links, pipes
}

// mixtureMetrics are metrics of every kind: of samples that count, of outcomes, of the whole set, of outputs of any
// length.
func mixtureMetrics(kind string) []string {
	if kind != "the reference" {
		return []string{"top1", "mse"}
	}
	return []string{"top1", "agreement", "f1", "mcc", "auroc", "mse", "sqnr", "cosine"}
}

// sameAnswers holds what an evaluator has answered against one machine.
func sameAnswers(t *testing.T, what string, got, want []string) {
	t.Helper()
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Fatalf("%s, answer %d: %s, of one machine %s", what, i, got[min(i, len(got)-1)], want[i])
		}
	}
}

// shapedKinds are devices that have several shapes at once.
func shapedKinds() map[string]*device.Kind {
	all := kinds()
	for name := range all {
		if strings.HasPrefix(name, "a queue") {
			delete(all, name)
		}
	}
	return all
}

// TestShapesOnMembersAnswerAlike asks evaluators whose samples of three shapes are dealt to members, in this process
// and elsewhere, by metrics of every kind, all that one machine is asked: layout, scores, distances, outputs, searches
// by every strategy, what the journal is told, and the number of blocks that were asked for.
func TestShapesOnMembersAnswerAlike(t *testing.T) {
	for name, kind := range shapedKinds() {
		for _, by := range mixtureMetrics(name) {
			t.Run(name+" "+by, func(t *testing.T) {
				m := mixed(170, by == "mse" || by == "sqnr" || by == "cosine")
				o := backend.Options{Metric: named(t, by), Kind: kind, Workers: 2, Cache: 1 << 30, Cuts: []int{0, 2, 4}}
				want := asked(t, m.open(t, o))
				for _, n := range []int{2, 5} {
					o.Members = members(n)
					sameAnswers(t, fmt.Sprint(n, " members"), asked(t, m.open(t, o)), want)
				}
				for _, n := range []int{1, 3} {
					links, _ := m.workers(t, 0, n, kind, nil)
					o := backend.Options{Metric: named(t, by), Cuts: []int{0, 2, 4}, Links: links}
					sameAnswers(t, fmt.Sprint(n, " workers"), asked(t, m.open(t, o)), want)
				}
			})
		}
	}
}

// TestShapesOnMembersDecideAsNaive holds scans of samples of three shapes to scores of whole passes, from base to base,
// on members whose cuts are chosen.
func TestShapesOnMembersDecideAsNaive(t *testing.T) {
	for name, kind := range shapedKinds() {
		m := mixed(40, true)
		naive := m.open(t, backend.Options{Metric: named(t, "mse"), Naive: true, Workers: 1})
		e := m.open(t, backend.Options{Metric: named(t, "mse"), Kind: kind, Cache: 1 << 30, Cuts: []int{0, 1, 2, 3, 4}, Members: members(3)})
		if _, _, err := e.Arrange(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Plan(); err != nil {
			t.Fatal(err)
		}
		if dep, err := e.SelfTest(); dep != nil || err != nil {
			t.Fatal(dep, err)
		}
		sameDecisions(t, e, naive, m.want)
		if s := e.Stats(); s.Restored == 0 {
			t.Errorf("%s: no block began at a cut: %+v", name, s)
		}
	}
}

// TestShapesElsewhereWithFaults loses a worker in the middle of a search, has another one come, and loses, doubles and
// delays messages: the answers are those of one machine.
func TestShapesElsewhereWithFaults(t *testing.T) {
	m := mixed(170, true)
	o := backend.Options{Metric: named(t, "mse"), Kind: kinds()["the reference"], Workers: 2, Cache: 1 << 30, Cuts: []int{0, 2, 4}}
	want := asked(t, m.open(t, o))
	links, pipes := m.workers(t, 0, 3, o.Kind, func(i int) linktest.Faults {
		f := linktest.Faults{Seed: uint64(i), Lost: 0.002, Twice: 0.02, Late: 0.02, Delay: time.Millisecond}
		if i == 1 {
			f.DiesAfter = 300
		}
		return f
	})
	more, _ := m.workers(t, 3, 1, o.Kind, nil)
	var told, tell []string
	o = backend.Options{Metric: named(t, "mse"), Cuts: []int{0, 2, 4}, Links: links, Late: &one{link: more[0]}, Told: func(text string) { told = append(told, text) },
		Tell: func(text string) { tell = append(tell, text) }}
	sameAnswers(t, "faults", asked(t, m.open(t, o)), want)
	if len(told) != 1 || !strings.HasPrefix(told[0], "worker 1 is left out, and the others have its blocks") {
		t.Errorf("told %q", told)
	}
	if !slices.ContainsFunc(tell, func(text string) bool { return strings.HasPrefix(text, "worker 3 takes part from now on") }) {
		t.Errorf("it says %q", tell)
	}
	if n, _ := pipes[1].Sent(link.KindLease); n == 0 {
		t.Error("the worker that was lost has had no lease")
	}
}

// TestShapesAgree has the bits of a worker be others on the first block of one shape alone, before a search and in the
// middle of one.
func TestShapesAgree(t *testing.T) {
	m := mixed(60, false)
	for shape, toy := range m.toys {
		bad := mixed(60, false)
		bad.toys[shape] = devicetest.NewToy(m.shapes[shape].Block, toy.Len(), 77, devicetest.Coarse(), devicetest.Odd())
		good, _ := m.workers(t, 0, 2, kinds()["the reference"], nil)
		other, _ := bad.workers(t, 2, 1, kinds()["the reference"], nil)
		var told []string
		e := m.open(t, backend.Options{Metric: named(t, "top1"), Links: append(good, other...), Told: func(text string) { told = append(told, text) }})
		if dep, err := e.SelfTest(); dep != nil || err != nil {
			t.Fatal(dep, err)
		}
		if len(told) != 1 || !strings.HasPrefix(told[0], "worker 2 is left out") || !strings.Contains(told[0], "its bits are not those of worker 0") {
			t.Errorf("shape %d: told %q", shape, told)
		}
	}
}

// TestShapesOnGPUsAreRefused by name, with a cure, on several as on one.
func TestShapesOnGPUsAreRefused(t *testing.T) {
	m, gpu := mixed(30, false), *kinds()["a queue"]
	gpu.Shapes = false
	for name, o := range map[string]backend.Options{"one": {Device: "cuda:0"}, "two": {Device: "cuda:0", Members: []string{"cuda:0", "cuda:1"}}} {
		o.Metric, o.Kind, o.Truth = named(t, "top1"), &gpu, m.truth
		o.Places = m.places
		_, err := backend.NewShaped(t.Context(), m.shapes, devicetest.ToyRecords(), o)
		if err == nil || !strings.Contains(err.Error(), "--device cuda:0: samples of different shapes run on the CPU") {
			t.Errorf("%s: %v", name, err)
		}
	}
	links, _ := m.workers(t, 0, 1, &gpu, nil)
	_, err := backend.NewShaped(t.Context(), m.shapes, devicetest.ToyRecords(), backend.Options{Metric: named(t, "top1"), Truth: m.truth, Places: m.places, Links: links})
	if err == nil || !strings.Contains(err.Error(), "samples of different shapes run on workers' CPUs") {
		t.Errorf("elsewhere: %v", err)
	}
}
