package fleet_test

import (
	"container/heap"
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/demote/backend/bounds"
	"example.org/demote/backend/fleet"
	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

// A clock runs what happens in simulated time, the earliest first.
type clock struct {
	now    time.Duration
	events events
	serial int
}

type event struct {
	at     time.Duration
	serial int // of two at once the one that was planned first
	happen func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].serial < e[j].serial
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

func (c *clock) in(d time.Duration, happen func()) {
	c.serial++
	heap.Push(&c.events, event{c.now + d, c.serial, happen})
}

// farMember is a member that runs one block at a time, each in the same time, and that messages take a while to and
// from. It says nothing but what a Member says.
type farMember struct {
	clock   *clock
	gain    func(mask search.Mask, block int) bounds.Gain
	size    int // samples of a block
	block   time.Duration
	latency time.Duration
	number  int
	post    func(bounds.Answer)
	came    *int // answers that have come
	blocks  []int
	lease   *bounds.Lease
	next    int
	lost    int
	busy    bool
}

func (m *farMember) Name() string { return fmt.Sprint("member ", m.number) }

func (m *farMember) Join(number int, post func(bounds.Answer)) { m.number, m.post = number, post }

func (m *farMember) Hold(blocks []int) error { m.blocks = blocks; return nil }

func (m *farMember) Close() {}

func (m *farMember) Lease(l *bounds.Lease) {
	m.clock.in(m.latency, func() {
		m.lease, m.lost = l, 0
		m.next, _ = slices.BinarySearch(m.blocks, l.From)
		m.begin()
	})
}

func (m *farMember) Drop(id uint64) {
	m.clock.in(m.latency, func() {
		if m.lease != nil && m.lease.ID == id {
			m.lease = nil
		}
	})
}

// begin begins the next block of the lease, if none is at hand.
func (m *farMember) begin() {
	if m.busy || m.lease == nil || m.next == len(m.blocks) {
		return
	}
	l, b := m.lease, m.blocks[m.next]
	m.busy = true
	m.next++
	m.clock.in(m.block, func() {
		m.busy = false
		a := bounds.Answer{Lease: l.ID, Member: m.number, Block: b, Gain: m.gain(l.Mask, b), Work: float64(m.size), Seconds: m.block.Seconds()}
		m.clock.in(m.latency, func() { *m.came++; m.post(a) })
		if l == m.lease {
			if m.lost += m.size - a.Gain.Count; m.lost > l.Spare {
				m.lease = nil
			}
		}
		m.begin()
	})
}

// simulated is a fleet of such members: the real one, but that it waits by the clock.
type simulated struct {
	*fleet.Fleet
	clock *clock
	gain  func(mask search.Mask, block int) bounds.Gain
	came  int
	heard int
	whole int // blocks of Run
}

// Next has time pass until an answer comes.
func (s *simulated) Next(ctx context.Context) (bounds.Answer, error) {
	for s.came == s.heard {
		e := heap.Pop(&s.clock.events).(event)
		s.clock.now = e.at
		e.happen()
	}
	s.heard++
	return s.Fleet.Next(ctx)
}

// Run is for the scores before the first scan, which are no part of what is timed.
func (s *simulated) Run(_ context.Context, job bounds.Job, gains []bounds.Gain) error {
	s.whole += len(gains)
	for i := range gains {
		gains[i] = s.gain(job.Mask, job.From+i)
	}
	return nil
}

// recording is a recorded search: the outcomes of its samples under every mask that it scored.
type recording struct {
	*searchtest.Real
	outcomes map[string][]bool
	order    []int
}

func readRecording(t *testing.T) *recording {
	r := searchtest.ReadReal(t)
	rec := &recording{Real: r, outcomes: r.Outcomes(t)}
	for s := range r.Samples {
		rec.order = append(rec.order, s)
	}
	high := rec.outcomes[search.NewMask(len(r.Holders)).String()]
	slices.SortStableFunc(rec.order, func(a, b int) int { // wrong ones first
		switch {
		case high[a] == high[b]:
			return 0
		case high[a]:
			return 1
		}
		return -1
	})
	return rec
}

// speedUp is how many times faster the search is on members than on one machine: the time of the blocks that it asks
// for, over what it takes with a trial of all samples in a time on one member, and a latency one way.
func (r *recording) speedUp(t *testing.T, members, blocks int, trial, latency time.Duration) float64 {
	size := r.Samples / blocks
	gain := func(mask search.Mask, block int) (g bounds.Gain) {
		right, known := r.outcomes[mask.String()]
		if !known {
			t.Fatalf("mask %s was never scored", mask)
		}
		for _, s := range r.order[block*size : (block+1)*size] {
			if right[s] {
				g.Count++
			}
		}
		return g
	}
	s := &simulated{clock: &clock{}, gain: gain}
	var list []fleet.Member
	for range members {
		list = append(list, &farMember{clock: s.clock, gain: gain, size: size, block: trial / time.Duration(blocks), latency: latency, came: &s.came})
	}
	s.Fleet = fleet.New(list...)
	rule := &bounds.Rule{Sizes: slices.Repeat([]int{size}, blocks)}
	e := bounds.NewEvaluator(s, rule)
	if err := s.Deal(blocks); err != nil {
		t.Fatal(err)
	}
	res, err := search.Demotion(t.Context(), e, r.Options(search.ChainDemoted))
	if err != nil {
		t.Fatal(err)
	}
	r.Check(t, &res, search.ChainDemoted)

	return float64(e.Stats().Blocks-s.whole) * (trial / time.Duration(blocks)).Seconds() / s.clock.now.Seconds()
}

var writeSimulation = flag.Bool("write-simulation", false, "write the table of docs/cluster.md: make simulate")

// TestSimulation replays a recorded search, by the code that decides what is leased and that deals blocks, on members
// in simulated time. Its list and chain must come out. No speed-up may be more than 5 % below the one that was foreseen
// when samples were chosen to be dealt out, by another program, nor above what so many blocks allow.
func TestSimulation(t *testing.T) {
	const blocks, half = 200, 500 * time.Microsecond
	r := readRecording(t)
	for _, c := range []struct {
		members  int
		trial    time.Duration
		foreseen float64
	}{
		{2, 2 * time.Second, 1.97}, {4, 2 * time.Second, 3.9}, {8, 2 * time.Second, 7.4}, {16, 2 * time.Second, 12.9}, {64, 2 * time.Second, 31},
		{16, 100 * time.Millisecond, 9.1}, {4, 5 * time.Millisecond, 1.1},
	} {
		got, most := r.speedUp(t, c.members, blocks, c.trial, half), blocks/math.Ceil(blocks/float64(c.members))
		t.Logf("%d members, trial %v: %.2f, foreseen %.2f, at most %.2f", c.members, c.trial, got, c.foreseen, most)
		if got < 0.95*c.foreseen || got > most {
			t.Errorf("%d members, trial %v: %.2f, foreseen %.2f, at most %.2f", c.members, c.trial, got, c.foreseen, most)
		}
	}
	if *writeSimulation {
		r.write(t)
	}
}

// write writes the table of docs/cluster.md.
func (r *recording) write(t *testing.T) {
	const page, begin, end = "../../docs/cluster.md", "<!-- begin simulation: made by make simulate, do not edit -->\n", "<!-- end simulation -->"
	latencies := []time.Duration{2 * time.Microsecond, 100 * time.Microsecond, 500 * time.Microsecond, 2 * time.Millisecond}
	counts := []int{1, 2, 4, 8, 16, 64}
	var table strings.Builder
	table.WriteString("| trial of all samples on one member | latency one way")
	for _, n := range counts {
		fmt.Fprintf(&table, " | %d", n)
	}
	table.WriteString(" |\n" + strings.Repeat("| --- ", len(counts)+2) + "|\n")
	for _, trial := range []time.Duration{5 * time.Millisecond, 100 * time.Millisecond, 2 * time.Second, 30 * time.Second} {
		for _, latency := range latencies {
			fmt.Fprintf(&table, "| %v | %v", trial, latency)
			for _, n := range counts {
				fmt.Fprintf(&table, " | %.3g", r.speedUp(t, n, 200, trial, latency))
			}
			table.WriteString(" |\n")
		}
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	from, to := strings.Index(string(text), begin), strings.Index(string(text), end)
	if from < 0 || to < from {
		t.Fatalf("%s has no place for the table", page)
	}
	out := string(text[:from]) + begin + table.String() + string(text[to:])
	if err := os.WriteFile(page, []byte(out), 0o644); err != nil {
		t.Fatal(err)
	}
}
