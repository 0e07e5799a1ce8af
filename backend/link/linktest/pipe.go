// Package linktest leads to a worker of the same process, for tests of both sides: messages may come twice, late, out
// of order or not at all, and the worker may be gone from some moment on.
package linktest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"example.org/demote/backend/link"
)

// A Worker is what answers at the other end, such as a far.Server.
type Worker interface {
	Call(ctx context.Context, request []byte) (reply []byte, err error)
	Message(message []byte)
	Close()
}

// Faults are how often, from 0 to 1, something happens to a message of either direction. Calls and files have none.
type Faults struct {
	Seed              uint64
	Lost, Twice, Late float64
	Delay             time.Duration // of a late one, at most: those behind it may pass
	DiesAfter         int           // messages from the worker, and answers in one, after which it is gone; 0: it stays
	DiesAtCall        string        // a piece of the request at which it is gone; empty: at none
	DiesBehind        int           // the first so many of these are answered
	HangsAtCall       string        // a piece of requests that are not answered, while the worker beats; empty: none
	HangsBehind       int           // the first so many of these are answered
	DamagedFrom       int           // files that are got from this number on are damaged; 0: none
	Damaged           int           // the first so many files that are got are damaged
	FullFrom          int           // files that are put from this number on find no room; 0: all do
}

// A Pipe is a link.Link and the link.Host of the worker at its other end.
type Pipe struct {
	name   string
	worker Worker
	start  func(h link.Host) Worker
	faults Faults
	root   *Pipe // the first of the worker's; that itself

	mu      sync.Mutex
	rng     *rand.Rand
	files   map[[32]byte][]byte
	hear    func([]byte)
	lost    func(error)
	why     error                // it is gone
	came    int                  // messages of the worker, each of several answers in one of them
	heardOf [16]int              // the same, by kind
	sent    map[link.Kind][2]int // messages and bytes, by kind
	closed  bool
	others  []*Pipe // of the first: those that Another has made
	stored  int     // bytes of files that were put and were not there, of the first
	damaged int
	got     int // files
	puts    int
	hangs   int // requests that might hang, of the first, and at which it might be gone
	deaths  int

	down, up chan []byte // to the worker, and from it
	ended    sync.WaitGroup
	quit     chan struct{}
	dead     chan struct{} // closed: it is gone
	asks     sync.WaitGroup
}

var (
	_ link.Link       = (*Pipe)(nil)
	_ link.Branching  = (*Pipe)(nil)
	_ link.Dismissing = (*Pipe)(nil)
	_ link.Host       = (*Pipe)(nil)
)

// New is a pipe to the worker that start returns.
func New(name string, start func(h link.Host) Worker, f Faults) *Pipe {
	p := &Pipe{name: name, start: start, faults: f, rng: rand.New(rand.NewPCG(f.Seed, 1)), files: map[[32]byte][]byte{}, sent: map[link.Kind][2]int{}, damaged: f.Damaged,
		down: make(chan []byte, 1<<16), up: make(chan []byte, 1<<16), quit: make(chan struct{}), dead: make(chan struct{})}
	p.root = p
	p.begin()
	return p
}

// begin starts the worker.
func (p *Pipe) begin() {
	p.worker = p.start(host{p})
	p.ended.Go(func() { p.carry(p.down, p.worker.Message) })
	p.ended.Go(func() { p.carry(p.up, p.heard) })
}

// Another implements link.Branching: files and the end are those of the first.
func (p *Pipe) Another() link.Link {
	r := p.root
	if r.gone() != nil {
		return nil
	}
	o := &Pipe{name: r.name, start: r.start, faults: r.faults, rng: rand.New(rand.NewPCG(r.faults.Seed, 2)), sent: map[link.Kind][2]int{},
		down: make(chan []byte, 1<<16), up: make(chan []byte, 1<<16), quit: make(chan struct{}), dead: make(chan struct{}), root: r}
	r.mu.Lock()
	r.others = append(r.others, o)
	r.mu.Unlock()
	o.begin()
	return o
}

// Others are what Another has made so far.
func (p *Pipe) Others() []*Pipe {
	p.root.mu.Lock()
	defer p.root.mu.Unlock()
	return slices.Clone(p.root.others)
}

// PutBytes is how many bytes of files were put that were not there.
func (p *Pipe) PutBytes() int {
	p.root.mu.Lock()
	defer p.root.mu.Unlock()
	return p.root.stored
}

// host is the side of the worker.
type host struct{ *Pipe }

// Send implements link.Host.
func (h host) Send(m []byte) error { return h.put(h.up, m) }

// Name implements link.Link.
func (p *Pipe) Name() string { return p.name }

// Send implements link.Link.
func (p *Pipe) Send(m []byte) error { return p.put(p.down, m) }

// put hands a message on, with what may happen to it.
func (p *Pipe) put(to chan []byte, m []byte) error {
	if why := p.gone(); why != nil {
		return why
	}
	m = slices.Clone(m)
	p.mu.Lock()
	kind, _ := link.KindOf(m)
	p.sent[kind] = [2]int{p.sent[kind][0] + 1, p.sent[kind][1] + len(m)}
	lost, twice, late := p.rng.Float64() < p.faults.Lost, p.rng.Float64() < p.faults.Twice, p.rng.Float64() < p.faults.Late
	delay := time.Duration(p.rng.Int64N(int64(p.faults.Delay) + 1))
	p.mu.Unlock()
	if lost {
		return nil
	}
	for range 1 + btoi(twice) {
		if late {
			time.AfterFunc(delay, func() {
				select {
				case to <- m:
				case <-p.quit:
				}
			})
			continue
		}
		select {
		case to <- m:
		case <-p.quit:
		}
	}
	return nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// carry hands on what comes until the pipe is closed.
func (p *Pipe) carry(from chan []byte, to func([]byte)) {
	for {
		select {
		case <-p.quit:
			return
		case m := <-from:
			if p.gone() == nil {
				to(m)
			}
		}
	}
}

// heard hands a message of the worker on.
func (p *Pipe) heard(m []byte) {
	p.mu.Lock()
	list := [][]byte{m}
	if several, err := link.ReadAnswers(m); err == nil {
		list = several
	}
	for _, one := range list {
		k, _ := link.KindOf(one)
		p.came, p.heardOf[k] = p.came+1, p.heardOf[k]+1
	}
	dies, hear := p.faults.DiesAfter > 0 && p.came > p.faults.DiesAfter, p.hear
	p.mu.Unlock()
	if dies {
		p.Kill(errors.New("it died"))
		return
	}
	if hear != nil {
		hear(m)
	}
}

// Receive implements link.Link.
func (p *Pipe) Receive(message func([]byte), lost func(error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hear, p.lost = message, lost
}

// Kill has the worker be gone.
func (p *Pipe) Kill(why error) {
	p.root.kill(why)
	for _, o := range p.Others() {
		o.kill(why)
	}
}

func (p *Pipe) kill(why error) {
	p.mu.Lock()
	first, lost := p.why == nil, p.lost
	if first {
		p.why = why
		close(p.dead)
	}
	p.mu.Unlock()
	if first && lost != nil {
		lost(why)
	}
}

// Gone implements link.Ending.
func (p *Pipe) Gone() bool { return p.gone() != nil }

func (p *Pipe) gone() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.why
}

// Put implements link.Link.
func (p *Pipe) Put(_ context.Context, data []byte) (digest [32]byte, err error) {
	if why := p.gone(); why != nil {
		return digest, why
	}
	digest = sha256.Sum256(data)
	p = p.root
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.puts++; p.faults.FullFrom > 0 && p.puts >= p.faults.FullFrom {
		return digest, fmt.Errorf("%w: the disk is full", link.ErrStore)
	}
	if _, is := p.files[digest]; !is {
		p.files[digest], p.stored = slices.Clone(data), p.stored+len(data)
	}
	return digest, nil
}

// Get implements link.Host.
func (p *Pipe) Get(_ context.Context, digest [32]byte) ([]byte, error) {
	p = p.root
	p.mu.Lock()
	defer p.mu.Unlock()
	data, is := p.files[digest]
	if !is {
		return nil, errors.New("no such file")
	}
	data = slices.Clone(data)
	p.got++
	if len(data) > 0 && p.faults.DamagedFrom > 0 && p.got >= p.faults.DamagedFrom {
		data[len(data)/2] ^= 1
	} else if p.damaged > 0 && len(data) > 0 {
		p.damaged--
		data[len(data)/2] ^= 1
	}
	return data, nil
}

// Sent is how many messages of a kind were sent in either direction, and their bytes.
func (p *Pipe) Sent(k link.Kind) (messages, bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent[k][0], p.sent[k][1]
}

// Heard is how many messages of a kind have come from the worker, each of several answers in one of them.
func (p *Pipe) Heard(k link.Kind) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.heardOf[k]
}

// Close implements link.Link. It closes the worker too.
func (p *Pipe) Close() {
	p.mu.Lock()
	before := p.closed
	p.closed = true
	p.mu.Unlock()
	if before {
		return
	}
	if p == p.root {
		for _, o := range p.Others() {
			o.Close()
		}
	}
	p.worker.Close()
	p.asks.Wait()
	close(p.quit)
	p.ended.Wait()
}
