package cgo

/*
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"unsafe"

	ort "github.com/yalue/onnxruntime_go"
)

// Options are the settings of a session.
type Options struct {
	Level         int               // graph optimization: 0 none, 1 basic, 2 extended, 3 layout, 99 all
	IntraThreads  int               // threads within one operator; 0 lets ONNX Runtime take one a core
	Spin          bool              // idle threads spin: faster alone, slower where sessions share cores
	Config        map[string]string // session configuration entries, such as session.disable_quant_qdq
	OptimizedPath string            // where to write the optimized model; "" writes none
	Stop          *Stop             // ends the session's runs from outside; nil: they end by themselves
	// takes its memory from one arena with all such sessions, which never shrinks: those that run in turn find it warm
	SharedArena bool
}

// Port is an input or output of a session.
type Port struct {
	Name string
	Type DType   // 0 for what is not a tensor
	Dims []int64 // -1 is any size; empty for a scalar, nil if unknown
	Rank int     // -1: unknown
}

// fits reports whether a tensor may be bound here.
func (p *Port) fits(t *Tensor) bool {
	if p.Type != t.dtype || p.Rank >= 0 && p.Rank != len(t.shape) {
		return false
	}
	for i, d := range p.Dims {
		if d >= 0 && d != t.shape[i] {
			return false
		}
	}
	return true
}

// Session is a loaded network. FakeQuant is always known to it.
type Session struct {
	inner           *ort.DynamicAdvancedSession
	stop            *Stop
	inputs, outputs []Port
}

// NewSession loads a network from the bytes of its ONNX file, which may be dropped afterwards. A relative path of
// external data is looked for in the working directory. The error carries ONNX Runtime's text.
func NewSession(model []byte, o Options) (*Session, error) {
	return Model{Bytes: model}.Session(o)
}

func newSession(o Options, load func(*ort.SessionOptions) (*ort.DynamicAdvancedSession, error)) (*Session, error) {
	if Version() == "" || !ort.IsInitialized() {
		return nil, errNotOpen
	}
	opts, err := o.make()
	if err != nil {
		return nil, err
	}
	defer opts.Destroy()
	inner, err := load(opts)
	if err != nil {
		return nil, err
	}
	s := &Session{inner: inner, stop: o.Stop}
	if s.inputs, err = ports(sessionOf(inner), false); err == nil {
		s.outputs, err = ports(sessionOf(inner), true)
	}
	if err != nil {
		inner.Destroy()
		return nil, err
	}
	live.Add(1)
	return s, nil
}

// make returns yalue's options; the caller destroys them.
func (o Options) make() (*ort.SessionOptions, error) {
	opts, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	set := func(f func() error) {
		if err == nil {
			err = f()
		}
	}
	set(func() error { return RegisterFakeQuant(opts) })
	set(func() error { return opts.SetGraphOptimizationLevel(ort.GraphOptimizationLevel(o.Level)) })
	set(func() error { return opts.SetIntraOpNumThreads(o.IntraThreads) })
	set(func() error { return opts.SetInterOpNumThreads(1) })
	if !o.Spin {
		set(func() error { return opts.AddSessionConfigEntry("session.intra_op.allow_spinning", "0") })
	}
	if o.SharedArena {
		set(shareArena)
		set(func() error { return opts.AddSessionConfigEntry("session.use_env_allocators", "1") })
	}
	for _, key := range slices.Sorted(maps.Keys(o.Config)) {
		set(func() error { return opts.AddSessionConfigEntry(key, o.Config[key]) })
	}
	if o.OptimizedPath != "" {
		set(func() error { return opts.SetOptimizedModelFilePath(o.OptimizedPath) })
	}
	if err != nil {
		opts.Destroy()
		return nil, fmt.Errorf("session options: %w", err)
	}
	return opts, nil
}

// shareArena makes the arena of sessions with SharedArena, once.
var shareArena = sync.OnceValue(func() error { return takeError(C.demote_share_arena()) })

// Inputs returns the inputs in the order of the graph. The caller must not change them.
func (s *Session) Inputs() []Port { return s.inputs }

// Outputs returns the outputs in the order of the graph. The caller must not change them.
func (s *Session) Outputs() []Port { return s.outputs }

// Inner returns the session of yalue/onnxruntime_go, for what this type lacks; the caller must not destroy it.
func (s *Session) Inner() *ort.DynamicAdvancedSession { return s.inner }

// NewBinding returns a binding of the session, with nothing bound. The session must outlive it.
func (s *Session) NewBinding() (*Binding, error) {
	if s.inner == nil {
		return nil, errClosed
	}
	return newBinding(sessionOf(s.inner), s.stop, s.inputs, s.outputs)
}

// Memory returns the bytes that the session's allocator has handed out for weights and running: now, and at most so
// far. Tensors of bindings are not among them.
func (s *Session) Memory() (inUse, peak int64, err error) {
	if s.inner == nil {
		return 0, 0, errClosed
	}
	err = takeError(C.demote_session_memory(sessionOf(s.inner), (*C.int64_t)(&inUse), (*C.int64_t)(&peak)))
	return inUse, peak, err
}

// Close frees the session. Its bindings must be closed before. Closing it again does nothing.
func (s *Session) Close() {
	if s == nil || s.inner == nil {
		return
	}
	s.inner.Destroy()
	s.inner = nil
	live.Add(-1)
}

// ports lists the inputs or outputs of a session.
func ports(session *C.OrtSession, output bool) ([]Port, error) {
	var count C.size_t
	if err := takeError(C.demote_port_count(session, C.bool(output), &count)); err != nil {
		return nil, err
	}
	list := make([]Port, count)
	for i := range list {
		var p C.demote_port
		err := takeError(C.demote_port_info(session, C.bool(output), C.size_t(i), &p))
		list[i] = Port{Name: C.GoString(p.name), Type: DType(p._type), Rank: int(p.rank)}
		C.free(unsafe.Pointer(p.name))
		if err != nil {
			return nil, err
		}
		for d := range list[i].Rank {
			list[i].Dims = append(list[i].Dims, int64(p.dims[d]))
		}
	}
	return list, nil
}
