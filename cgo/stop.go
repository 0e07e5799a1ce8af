package cgo

/*
#include "bridge.h"
*/
import "C"

import (
	"context"
	"slices"
	"sync"
)

// A Stop ends runs from outside: once its context is cancelled, the runs of all sessions made with it return at the
// next node, those under way and those that begin later, with an error that matches the context's. Between two nodes
// ONNX Runtime looks at a flag of the run's options; the body of a Loop is made of nodes too, so that one without an
// end has one.
type Stop struct {
	c    *C.OrtRunOptions
	also []*C.OrtRunOptions // that follow it, see NewRunOptions

	lock    sync.Mutex
	ctx     context.Context
	unwatch func() bool
}

// NewStop returns a Stop of a context. The caller must Close it, behind the sessions that were made with it.
func NewStop(ctx context.Context) (*Stop, error) {
	if Version() == "" {
		return nil, errNotOpen
	}
	s := &Stop{}
	if err := takeError(C.demote_run_options_new(&s.c)); err != nil {
		return nil, err
	}
	live.Add(1)
	return s, s.Watch(ctx)
}

// Watch puts another context in the place of the one that is watched, and lets sessions run again that were stopped by
// that. No run may be under way.
func (s *Stop) Watch(ctx context.Context) error {
	if s == nil {
		return nil
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.c == nil {
		return errClosed
	}
	if s.ctx == ctx {
		return nil
	}
	if s.unwatch != nil {
		s.unwatch()
	}
	s.ctx = ctx
	s.unwatch = context.AfterFunc(ctx, func() { s.raise(ctx) })
	return s.set(false)
}

// set sets or clears the flag of all options.
func (s *Stop) set(stopped bool) (err error) {
	for _, o := range append([]*C.OrtRunOptions{s.c}, s.also...) {
		if e := takeError(C.demote_run_options_terminate(o, C.bool(stopped))); err == nil {
			err = e
		}
	}
	return err
}

// join has other options follow from now on.
func (s *Stop) join(o *C.OrtRunOptions) error {
	if s == nil {
		return nil
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.c == nil {
		return errClosed
	}
	s.also = append(s.also, o)
	return s.set(s.ctx.Err() != nil)
}

// leave lets options go that are to be freed.
func (s *Stop) leave(o *C.OrtRunOptions) {
	if s == nil {
		return
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	s.also = slices.DeleteFunc(s.also, func(c *C.OrtRunOptions) bool { return c == o })
}

// raise sets the flag, unless another context is watched by now.
func (s *Stop) raise(ctx context.Context) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.c != nil && s.ctx == ctx {
		_ = s.set(true) // it cannot fail
	}
}

// Err is the context's error once runs end by it, for who runs what does not look; nil before, and of none.
func (s *Stop) Err() error {
	if s == nil {
		return nil
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.ctx.Err()
}

// options are those of a run; null for a nil Stop.
func (s *Stop) options() *C.OrtRunOptions {
	if s == nil {
		return nil
	}
	return s.c
}

// Close frees the Stop. Closing it again does nothing.
func (s *Stop) Close() {
	if s == nil {
		return
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.c == nil {
		return
	}
	s.unwatch()
	C.demote_run_options_free(s.c)
	s.c = nil
	live.Add(-1)
}
