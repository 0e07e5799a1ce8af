package far

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/bounds"
	"example.org/demote/backend/device"
	"example.org/demote/backend/fleet"
	"example.org/demote/backend/internal/machine"
	"example.org/demote/backend/link"
	"example.org/demote/backend/metric"
	"example.org/demote/crash"
	"example.org/demote/internal/memory"
	"example.org/demote/internal/segments"
)

type (
	// Link leads to a worker.
	Link = link.Link
	// Host is what a worker has of the search.
	Host = link.Host
)

// ServerOptions say what a Server computes on.
type ServerOptions struct {
	Device string // cpu or empty, or a GPU such as cuda:0
	Memory int64  // bytes that network, samples and stored activations may take; 0: what is free
	// blocks that run at once on the CPU at most; 0: as many as the search asks for, or one per core
	Workers int
	Beat    time.Duration // between two beats; 0: a second
	Data    *Data         // that samples may be read from; nil: none is
	// gives memory that was freed back to the system, behind calls that free much; nil: nobody does
	Trim func()

	Kind   *device.Kind                                // of Device; nil: as its name says
	CPU    *device.Kind                                // of what runs on the CPU, whatever Device is; nil: the CPU
	Source func(n link.Network) (device.Source, error) // makes a network of what is shipped; nil: segments.Shipped
}

// A Server is what a worker runs: one search at a time, on one device. Its methods may be called from several
// goroutines.
type Server struct {
	host  Host
	o     ServerOptions
	ctx   context.Context // ends what runs
	stop  context.CancelFunc
	ended sync.WaitGroup // the goroutine that beats
	steps atomic.Uint64  // things that it has done: a search takes more of them for progress

	calls sync.Mutex // one is answered at a time

	mu     sync.Mutex
	run    *run // nil: no search is at hand
	closed bool
}

// run is a search on the worker.
type run struct {
	*machine.Worker
	stop    context.CancelFunc
	holders int
	newest  uint64 // number of a lease, or of a drop of one that did not come
	answers uint64 // to it so far
	over    bool   // what still comes is not sent
	gather  gather
}

// NewServer returns a server that waits for a plan, and beats. The caller must Close it.
func NewServer(h Host, o ServerOptions) *Server {
	s := &Server{o: o}
	s.host = stepping{h, s.step}
	s.ctx, s.stop = context.WithCancel(context.Background())
	if s.o.Beat == 0 {
		s.o.Beat = time.Second
	}
	if s.o.Kind == nil {
		kind := backend.KindOf(o.Device)
		s.o.Kind = &kind
	}
	if s.o.CPU == nil {
		kind := backend.KindOf(backend.DeviceCPU)
		s.o.CPU = &kind
	}
	if s.o.Source == nil {
		s.o.Source = func(n link.Network) (device.Source, error) { return segments.Shipped(n) }
	}
	s.ended.Go(s.beat)
	return s
}

// beat says that the worker is there, until it is closed.
func (s *Server) beat() {
	var err error
	defer crash.Catch(&err) // the search takes the worker for lost then
	tick := time.NewTicker(s.o.Beat)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
		}
		var lease, answers uint64
		s.mu.Lock()
		if s.run != nil {
			lease, answers = s.run.newest, s.run.answers
		}
		s.mu.Unlock()
		_ = s.host.Send(link.Beat(lease, answers, s.steps.Load())) // the next one may come
	}
}

// Call answers what Link.Call asks. What is wrong is in the reply; the error is for a server that is closed.
func (s *Server) Call(ctx context.Context, request []byte) (reply []byte, err error) {
	result, lost, err := s.answer(ctx, request)
	var r link.Reply
	if err == nil && result != nil {
		r.Result, err = json.Marshal(result)
	}
	if err != nil {
		r = link.Reply{Error: err.Error(), Lost: lost, Full: backend.OutOfMemory(err)}
	}
	if s.ctx.Err() != nil {
		return nil, errClosed
	}
	return json.Marshal(r)
}

// errClosed is the error of a call of a server that is closed.
var errClosed = errors.New("the worker has ended")

// answer is what a call has for a result. lost says that the worker is of no use any more: its device does not answer,
// or its files are others.
func (s *Server) answer(ctx context.Context, request []byte) (result any, lost bool, err error) {
	defer crash.Catch(&err)
	if len(request) > link.RequestBytes {
		return nil, false, fmt.Errorf("a request of %d bytes: at most %d are taken", len(request), link.RequestBytes)
	}
	var r link.Request
	if err := json.Unmarshal(request, &r); err != nil {
		return nil, false, fmt.Errorf("a request that cannot be read: %w", err)
	}
	if r.Version != link.Version {
		return nil, false, fmt.Errorf("the search speaks version %d of the protocol, and this worker %d: start the same program on both", r.Version, link.Version)
	}
	s.calls.Lock()
	defer s.calls.Unlock()
	switch r.Call {
	case "hello":
		var a link.HelloArgs
		if len(r.Args) > 0 {
			if err := json.Unmarshal(r.Args, &a); err != nil {
				return nil, false, err
			}
		}
		h, err := s.hello(a.CPU)
		return h, false, err
	case "plan":
		var p link.Plan
		if err := json.Unmarshal(r.Args, &p); err != nil {
			return nil, false, fmt.Errorf("a plan that cannot be read: %w", err)
		}
		return nil, false, s.plan(ctx, p)
	case "end":
		s.end()
		return nil, false, nil
	}
	s.mu.Lock()
	at := s.run
	s.mu.Unlock()
	if at == nil {
		return nil, false, fmt.Errorf("call %q: this worker has no plan", r.Call)
	}
	if r.Call == "data" {
		return nil, false, s.data(ctx, at, r.Args)
	}
	result, err = at.Call(ctx, r.Call, r.Args)
	if s.o.Trim != nil && slices.Contains(trimmed, r.Call) {
		s.o.Trim()
	}
	return result, err != nil && (backend.DeviceLost(err) || errors.Is(err, link.ErrFile)), err
}

// trimmed are the calls behind which there may be much memory that was freed: of files, blocks and sessions of before.
var trimmed = []string{"hold", "cuts", "self-test"}

// hello says what the worker is, or what its CPU is.
func (s *Server) hello(cpu bool) (link.Hello, error) {
	if cpu {
		return link.Hello{Version: link.Version, Runtime: backend.RuntimeVersion(), Can: s.o.CPU.Traits, Device: device.Info{Name: backend.DeviceCPU}, Room: s.memory(true)}, nil
	}
	h := link.Hello{Version: link.Version, Runtime: backend.RuntimeVersion(), Can: s.o.Kind.Traits, Room: s.memory(false)}
	if h.Device.Name = s.o.Device; h.Device.Name == "" {
		h.Device.Name = backend.DeviceCPU
	}
	if !s.o.Kind.OwnMemory {
		return h, nil
	}
	var err error
	h.Device, err = backend.CheckGPU(h.Device.Name)
	h.Device.Free, h.Fill = s.memory(false), h.Device.Fill
	return h, err
}

// memory is what a search may take here, in bytes, on the device or on the CPU beside it.
func (s *Server) memory(cpu bool) int64 {
	switch {
	case cpu && s.o.Kind.OwnMemory:
	case s.o.Memory > 0:
		return s.o.Memory
	case s.o.Kind.OwnMemory:
		if free, err := backend.FreeMemory(s.o.Device); err == nil {
			return free
		}
	}
	return memory.Left()
}

// Message takes what Link.Send sends. It does not wait for what runs. What cannot be read is left out.
func (s *Server) Message(m []byte) {
	kind, err := link.KindOf(m)
	number, err2 := link.LeaseOf(m)
	if err != nil || err2 != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil || number < s.run.newest {
		return
	}
	switch kind {
	case link.KindDrop:
		if number > s.run.newest {
			s.run.newest, s.run.answers = number, 0
		}
		s.run.Drop(number)
	case link.KindLease, link.KindRows, link.KindOutputs, link.KindMarks, link.KindDigests:
		l, err := link.ReadLease(m, s.run.holders)
		if err != nil || number == s.run.newest {
			return
		}
		s.run.newest, s.run.answers = number, 0
		s.run.Lease(l)
	}
}

// post sends what a block has come to.
func (s *Server) post(r *run, a bounds.Answer) {
	s.mu.Lock()
	over := r.over
	s.mu.Unlock()
	switch {
	case over:
	case a.Block == fleet.Lost:
		_ = s.host.Send(link.Lost(a.Err.Error()))
	case a.Err != nil:
		s.send(r, []uint64{a.Lease}, link.Failed(a.Lease, a.Block, a.Err.Error(), backend.OutOfMemory(a.Err)))
	default:
		for _, piece := range link.Pieces(a.Lease, a.Block, a.Rows) {
			_ = s.host.Send(piece) // the answer behind it is counted: without the piece the lease comes again
		}
		a.Gain.Outcomes = metric.AddUp(a.Gain.Outcomes)
		r.gather.answer(a.Lease, link.Answer(&a, r.SamplesOf(a.Block)), a.More)
	}
}

// send sends answers to these leases, and counts them.
func (s *Server) send(r *run, leases []uint64, m []byte) {
	_ = s.host.Send(m)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, lease := range leases {
		if lease == r.newest {
			r.answers++
		}
	}
}

// end ends the search at hand.
func (s *Server) end() {
	s.mu.Lock()
	r := s.run
	if s.run = nil; r != nil {
		r.over = true
	}
	s.mu.Unlock()
	if r != nil {
		r.stop()
		r.gather.end()
		r.End()
	}
}

// Close ends what runs, at the next node of a network, and gives the device back. It may be called more than once.
func (s *Server) Close() {
	s.mu.Lock()
	if s.run != nil {
		s.run.over = true
		s.run.stop()
	}
	s.closed = true
	s.mu.Unlock()
	s.stop()
	s.ended.Wait()
	s.calls.Lock()
	defer s.calls.Unlock()
	s.end()
}
