package serve

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"example.org/demote/crash"
	"example.org/demote/internal/program"
	"example.org/demote/mistake"
)

// Options say how a server is run.
type Options struct {
	Timeout time.Duration         // within which it has to go on with what it was asked; 0: there is none
	Start   func(*exec.Cmd) error // starts it as (*exec.Cmd).Start does; nil: that does
}

// A Server is a metric server that runs. Its methods may be called from several goroutines. Their errors say what the
// server did wrong, in one line; after one of these, but for a context's, it has ended, and nothing can be asked of it.
type Server struct {
	timeout time.Duration
	cmd     *exec.Cmd
	in, out *os.File
	errs    *program.Tail
	form    Form
	frames  chan []byte   // to be written
	closing chan struct{} // no more frames are to come
	dead    chan struct{} // closed once err is set
	ended   chan error    // what Wait has said, once
	done    sync.WaitGroup
	telling sync.Mutex // one view at a time: who finds it told may ask of it

	mu       sync.Mutex
	err      error               // why it is dead
	waits    map[uint64]*pending // by request
	next     uint64              // request
	views    []View              // by number
	told     map[[sha256.Size]byte]int
	proven   bool      // a request was asked twice, with the same answer
	open     int       // what is to be written or answered
	since    time.Time // when open was 0 last
	progress time.Time // when something was written or answered last
	requests int
	busy     time.Duration
	greeted  bool // it has said what it judges
	closed   bool
}

// Start starts a server by a line for the shell and waits until it has said what it judges. The context ends that wait;
// the server itself runs until Close.
func Start(ctx context.Context, line string, o Options) (_ *Server, err error) {
	s := &Server{timeout: o.Timeout, errs: &program.Tail{Most: 1 << 12}, frames: make(chan []byte, 2), closing: make(chan struct{}), dead: make(chan struct{}), ended: make(chan error, 1),
		waits: map[uint64]*pending{}, told: map[[sha256.Size]byte]int{}}
	s.cmd = program.Shell(context.WithoutCancel(ctx), line)
	s.cmd.Env = append(os.Environ(), Variable+"="+strconv.Itoa(Protocol))
	theirIn, ourIn, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	ourOut, theirOut, err := os.Pipe()
	if err != nil {
		_, _ = theirIn.Close(), ourIn.Close()
		return nil, err
	}
	s.in, s.out = ourIn, ourOut
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = theirIn, theirOut, s.errs
	err = program.Start(s.cmd, o.Start)
	_, _ = theirIn.Close(), theirOut.Close()
	if err != nil {
		_, _ = ourIn.Close(), ourOut.Close()
		return nil, err
	}
	p := s.expect(0, hello, 0)
	for _, work := range []func(){s.wait, s.write, s.read, s.watch} {
		s.done.Go(func() {
			if err := caught(work); err != nil {
				s.fail(err)
			}
		})
	}
	text, err := json.Marshal(map[string]int{"protocol": Protocol})
	if err == nil {
		err = s.send(ctx, 0, end(append(begin(hello, len(text)), text...)))
	}
	var a answer
	if err == nil {
		a, err = s.await(ctx, p)
	}
	if err == nil {
		s.form, err = formOf(a.body)
		s.mu.Lock()
		s.greeted = true
		s.mu.Unlock()
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Form is what the server judges.
func (s *Server) Form() Form { return s.form }

// Cost is how many answers were given, and how long there was something to answer.
func (s *Server) Cost() (requests int, busy time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	busy = s.busy
	if s.open > 0 {
		busy += time.Since(s.since)
	}
	return s.requests, busy
}

// caught does some work; a panic is its error.
func caught(work func()) (err error) {
	defer crash.Catch(&err)
	work()
	return nil
}

// wait waits for the process, and lets what it has left behind keep its output open for a moment only.
func (s *Server) wait() {
	err := s.cmd.Wait()
	s.ended <- err
	_ = s.out.SetReadDeadline(time.Now().Add(program.KillWait / 10))
}

// write writes frames in their order, until there are no more to come.
func (s *Server) write() {
	defer s.in.Close() // by which the server knows
	for {
		select {
		case f := <-s.frames:
			if _, err := s.in.Write(f); err != nil {
				return // who reads finds out why
			}
			s.finished()
		case <-s.closing:
			return
		case <-s.dead:
			return
		}
	}
}

// read hands out answers, until there are no more.
func (s *Server) read() {
	defer s.out.Close()
	in := bufio.NewReaderSize(s.out, 1<<16)
	for {
		a, err := read(in)
		if err == nil {
			err = s.take(a)
		}
		if err != nil {
			s.fail(s.why(err))
			return
		}
	}
}

// why says why there are no more answers: the process has ended, or it answers what it should not.
func (s *Server) why(err error) error {
	var text stray
	var wrong wrongAnswer
	if errors.As(err, &text) || errors.As(err, &wrong) {
		return err
	}
	select {
	case err = <-s.ended:
	case <-time.After(program.KillWait):
		return errors.New("it has closed its standard output: keep it open for the answers")
	}
	said := ""
	if last := s.errs.LastLine(); last != "" {
		said = ": " + last
	}
	switch {
	case err == nil || errors.Is(err, exec.ErrWaitDelay):
		s.mu.Lock()
		greeted := s.greeted
		s.mu.Unlock()
		if !greeted && said == "" {
			said = ": it must call demote_metric.serve"
		}
		return fmt.Errorf("it has ended before it was told to%s", said)
	default:
		return fmt.Errorf("%w%s", err, said)
	}
}

// watch ends a server that does not go on within the timeout with what it was asked.
func (s *Server) watch() {
	if s.timeout == 0 {
		return
	}
	tick := time.NewTicker(min(max(s.timeout/20, time.Millisecond), time.Second))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-s.dead:
			return
		case <-s.closing:
			return
		}
		s.mu.Lock()
		late, silent := s.open > 0 && time.Since(s.progress) > s.timeout, !s.greeted && time.Since(s.progress) > s.greeting()
		s.mu.Unlock()
		if silent {
			s.fail(mistake.Errorf("it has not said what it judges within %v: it must call demote_metric.serve; a command that prints one number is for --metric-cmd; if it is slow to begin, give more time with --metric-timeout", s.greeting()))
			return
		}
		if late {
			s.fail(mistake.Errorf("no answer after %v: give more time with --metric-timeout, or fewer samples", s.timeout))
			return
		}
	}
}

// greeting is the time for the first answer: a fifth, so that a program that is no server is known soon.
func (s *Server) greeting() time.Duration { return max(s.timeout/5, min(s.timeout, 30*time.Second)) }

// fail ends the server, and with it all that waits for it; the first reason is kept.
func (s *Server) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.err = err
	close(s.dead)
	_ = program.EndGroup(s.cmd)
}

// Close ends the server: it is told by the end of its input, and ended, with all that it has started, where it has not
// ended within a moment. It may be called more than once.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	s.mu.Unlock()
	close(s.closing)
	late := time.AfterFunc(program.KillWait, func() { _, _ = program.EndGroup(s.cmd), s.in.Close() })
	s.done.Wait()
	late.Stop()
	_ = program.EndGroup(s.cmd) // what is left of its group
}
