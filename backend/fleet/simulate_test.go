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
	slows   time.Duration // when a block begins to take three times as long; 0: never
	latency time.Duration
	number  int
	post    func(bounds.Answer)
	came    *int // answers that have come
	blocks  []int
	room    int             // blocks that it has room for; 0: any number
	held    []time.Duration // when it was given blocks
	lease   *bounds.Lease
	next    int
	lost    int
	busy    bool
	stands  fleet.Standing // at the end
}

func (m *farMember) Name() string { return fmt.Sprint("member ", m.number) }

func (m *farMember) Join(number int, post func(bounds.Answer)) { m.number, m.post = number, post }

func (m *farMember) Hold(blocks []int) error {
	m.held = append(m.held, m.clock.now)
	if m.room > 0 && len(blocks) > m.room {
		return errFull
	}
	m.blocks, m.lease = blocks, nil
	return nil
}

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
	took := m.block
	if m.slows > 0 && m.clock.now >= m.slows {
		took *= 3
	}
	m.clock.in(took, func() {
		m.busy = false
		a := bounds.Answer{Lease: l.ID, Member: m.number, Block: b, Gain: m.gain(l.Mask, b), Work: float64(m.size), Seconds: took.Seconds()}
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

func readRecording(t *testing.T, r *searchtest.Real) *recording {
	rec := &recording{Real: r, outcomes: r.Outcomes(t)}
	rec.order = r.WrongFirst(rec.outcomes)
	return rec
}

// closestFirst lays the samples that all int16 gets right out by how many of the recorded masks get them wrong, in
// place of their margins, which are not recorded: as sharp an order as there can be.
func (r *recording) closestFirst() *recording {
	wrong := make([]int, r.Samples)
	for _, right := range r.outcomes {
		for sample, is := range right {
			if !is {
				wrong[sample]++
			}
		}
	}
	again := *r
	again.order = slices.Clone(r.order)
	slices.SortStableFunc(again.order, func(a, b int) int { return wrong[b] - wrong[a] })
	return &again
}

// speedUp is how many times faster the search is on members than on one machine: the time of the blocks that it asks
// for, over what it takes with a trial of all samples in a time on one member, and a latency one way.
func (r *recording) speedUp(t *testing.T, members, blocks int, trial, latency time.Duration) float64 {
	got, _ := r.speedUpOf(t, members, blocks, trial, latency, func(*farMember) {})
	return got
}

// speedUpOf is speedUp of members that are changed before they join, and the members.
func (r *recording) speedUpOf(t *testing.T, members, blocks int, trial, latency time.Duration, change func(m *farMember)) (float64, []*farMember) {
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
	var far []*farMember
	for range members {
		far = append(far, &farMember{clock: s.clock, gain: gain, size: size, block: trial / time.Duration(blocks), latency: latency, came: &s.came})
		list = append(list, far[len(far)-1])
	}
	s.Fleet = fleet.New(list...)
	s.Clock = func() time.Time { return time.Unix(0, 0).Add(s.clock.now) }
	for _, m := range far {
		change(m)
	}
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
	for i, standing := range s.Standings() {
		far[i].stands = standing
	}
	return float64(e.Stats().Blocks-s.whole) * (trial / time.Duration(blocks)).Seconds() / s.clock.now.Seconds(), far
}

var writeSimulation = flag.Bool("write-simulation", false, "write the table of docs/cluster.md: make simulate")

// TestSimulation replays two recorded searches, by the code that decides what is leased and that deals blocks, on
// members in simulated time. List and chain must come out. No speed-up may be more than 5 % below the one that was
// foreseen when samples were chosen to be dealt out, by another program, nor above what so many blocks allow.
func TestSimulation(t *testing.T) {
	const blocks, half = 200, 500 * time.Microsecond
	a, b := readRecording(t, searchtest.ReadReal(t)).closestFirst(), readRecording(t, searchtest.ReadUneven(t)).closestFirst()
	for _, c := range []struct {
		of       *recording
		name     string
		members  int
		trial    time.Duration
		foreseen float64
	}{
		{a, "A", 2, 2 * time.Second, 1.97}, {a, "A", 4, 2 * time.Second, 3.9}, {a, "A", 8, 2 * time.Second, 7.4}, {a, "A", 16, 2 * time.Second, 12.9}, {a, "A", 64, 2 * time.Second, 31},
		{a, "A", 16, 100 * time.Millisecond, 9.1}, {a, "A", 4, 5 * time.Millisecond, 1.1},
		{b, "B", 4, 2 * time.Second, 3.7}, {b, "B", 16, 2 * time.Second, 11.6}, {b, "B", 64, 2 * time.Second, 22},
	} {
		got, most := c.of.speedUp(t, c.members, blocks, c.trial, half), blocks/math.Ceil(blocks/float64(c.members))
		t.Logf("search %s, %d members, trial %v: %.2f, foreseen %.2f, at most %.2f", c.name, c.members, c.trial, got, c.foreseen, most)
		if got < 0.95*c.foreseen || got > most {
			t.Errorf("search %s, %d members, trial %v: %.2f, foreseen %.2f, at most %.2f", c.name, c.members, c.trial, got, c.foreseen, most)
		}
	}
	if *writeSimulation {
		write(t, a, b)
	}
}

// TestBlocksMove replays a search on four members, of which one begins to take three times as long: blocks move to the
// others, at most once a minute, and the search takes less time than where they cannot move, for the same answer. Of
// equal members none move.
func TestBlocksMove(t *testing.T) {
	const blocks, trial, latency = 200, 2 * time.Second, 500 * time.Microsecond
	r := readRecording(t, searchtest.ReadReal(t))
	slow := func(room int) func(m *farMember) {
		return func(m *farMember) {
			if m.number == 2 {
				m.slows = trial
			} else {
				m.room = room
			}
		}
	}
	equal, members := r.speedUpOf(t, 4, blocks, trial, latency, func(*farMember) {})
	for _, m := range members {
		if len(m.held) > 1 {
			t.Errorf("%s of equal members was given blocks at %v", m.Name(), m.held)
		}
	}
	fixed, stuck := r.speedUpOf(t, 4, blocks, trial, latency, slow(blocks/4))
	moving, members := r.speedUpOf(t, 4, blocks, trial, latency, slow(0))
	t.Logf("equal %.2f, one slow and blocks stay %.2f, move %.2f", equal, fixed, moving)
	if moving < 1.5*fixed || moving > 3.34 {
		t.Errorf("one member is slow: %.2f, where blocks stay %.2f, of equal ones %.2f", moving, fixed, equal)
	}
	if n := len(stuck[2].blocks); n != blocks/4 {
		t.Errorf("blocks do not fit on the others, and the slow one has %d", n)
	}
	if n := len(members[2].blocks); n >= blocks/6 {
		t.Errorf("the slow member has %d blocks of %d", n, blocks)
	}
	for i, m := range stuck { // whose speeds are told, and for whom the others wait
		slow := m.stands.Waited > 0.4 && m.stands.Speed < 0.7*stuck[0].stands.Speed
		if m.stands.Blocks != blocks/4 || m.stands.Speed <= 0 || slow != (i == 2) {
			t.Errorf("member %d of four, of which the third is slow, stands so: %+v, the first %+v", i, m.stands, stuck[0].stands)
		}
	}
	for _, m := range members {
		for i := 2; i < len(m.held); i++ {
			if m.held[i]-m.held[i-1] < time.Minute {
				t.Errorf("%s was given blocks at %v", m.Name(), m.held)
			}
		}
	}
}

// write writes the table of docs/cluster.md.
func write(t *testing.T, a, b *recording) {
	const page, begin, end = "../../docs/cluster.md", "<!-- begin simulation: made by make simulate, do not edit -->\n", "<!-- end simulation -->"
	latencies := []time.Duration{2 * time.Microsecond, 100 * time.Microsecond, 500 * time.Microsecond, 2 * time.Millisecond}
	counts := []int{1, 2, 4, 8, 16, 64}
	var table strings.Builder
	table.WriteString("| search | trial of all samples on one member | latency one way")
	for _, n := range counts {
		fmt.Fprintf(&table, " | %d", n)
	}
	table.WriteString(" |\n" + strings.Repeat("| --- ", len(counts)+3) + "|\n")
	for _, c := range []struct {
		name  string
		of    *recording
		trial time.Duration
	}{{"A", a, 5 * time.Millisecond}, {"A", a, 100 * time.Millisecond}, {"A", a, 2 * time.Second}, {"A", a, 30 * time.Second}, {"B", b, 100 * time.Millisecond}, {"B", b, 2 * time.Second}} {
		for _, latency := range latencies {
			fmt.Fprintf(&table, "| %s | %v | %v", c.name, c.trial, latency)
			for _, n := range counts {
				fmt.Fprintf(&table, " | %.3g", c.of.speedUp(t, n, 200, c.trial, latency))
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
