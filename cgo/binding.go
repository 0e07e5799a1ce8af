package cgo

/*
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"
)

var errClosed = errors.New("cgo: use of a closed handle")

// Slot is a place of a Binding that a tensor can be bound to: one input or output of its session.
type Slot int

type slot struct {
	name   *C.char
	output bool
	bound  *Tensor
	mem    *memory // held while bound
}

// Binding ties tensors to the inputs and outputs of a session. Bind and Run allocate nothing on the Go side. What is
// bound is read and written in place: a change of an input's bytes is seen by the next Run. A Binding must not be used
// by two goroutines at a time; different Bindings of one session may.
type Binding struct {
	session *C.OrtSession
	stop    *Stop // ends its runs; nil: nothing does
	c       *C.OrtIoBinding
	slots   []slot // inputs, then outputs
	inputs  []Port
	outputs []Port
}

func newBinding(session *C.OrtSession, stop *Stop, inputs, outputs []Port) (*Binding, error) {
	b := &Binding{session: session, stop: stop, inputs: inputs, outputs: outputs}
	if err := takeError(C.demote_binding(session, &b.c)); err != nil {
		return nil, err
	}
	for _, p := range inputs {
		b.slots = append(b.slots, slot{name: C.CString(p.Name)})
	}
	for _, p := range outputs {
		b.slots = append(b.slots, slot{name: C.CString(p.Name), output: true})
	}
	live.Add(1)
	return b, nil
}

// Input returns the slot of an input. The error lists the names there are.
func (b *Binding) Input(name string) (Slot, error) {
	return find(b.inputs, name, "input", 0)
}

// Output returns the slot of an output. The error lists the names there are.
func (b *Binding) Output(name string) (Slot, error) {
	return find(b.outputs, name, "output", len(b.inputs))
}

func find(ports []Port, name, what string, first int) (Slot, error) {
	names := make([]string, len(ports))
	for i, p := range ports {
		if p.Name == name {
			return Slot(first + i), nil
		}
		names[i] = p.Name
	}
	return -1, fmt.Errorf("the session has no %s %q; it has %q", what, name, names)
}

// Bind binds a tensor to a slot, in place of what was bound there. The tensor may be closed while it is bound; its
// memory stays until the binding lets go of it. The error says where type or shape do not fit.
func (b *Binding) Bind(at Slot, t *Tensor) error {
	if b.c == nil || t.value == nil {
		return errClosed
	}
	s := &b.slots[at]
	if s.bound == t {
		return nil
	}
	if p := b.port(at); !p.fits(t) {
		return fmt.Errorf("%s: a tensor of %s %v does not fit %s %v", b.describe(at), t.dtype, t.shape, p.Type, p.Dims)
	}
	if text := C.demote_bind(b.c, C.bool(s.output), s.name, t.value); text != nil {
		return fmt.Errorf("%s: %w", b.describe(at), takeError(text))
	}
	t.mem.retain()
	if s.mem != nil {
		s.mem.release()
	}
	s.bound, s.mem = t, t.mem
	return nil
}

// Run runs the session on what is bound and returns when the outputs are written. The error says which slot has nothing
// bound, or carries ONNX Runtime's text; it is the context's where a Stop has ended the run.
func (b *Binding) Run() error {
	if b.c == nil {
		return errClosed
	}
	for i := range b.slots {
		if b.slots[i].bound == nil {
			return fmt.Errorf("nothing is bound to %s", b.describe(Slot(i)))
		}
	}
	if text := C.demote_run(b.session, b.stop.options(), b.c); text != nil {
		err := takeError(text)
		if stopped := b.stop.Err(); stopped != nil {
			return stopped
		}
		return err
	}
	return nil
}

func (b *Binding) port(at Slot) *Port {
	if int(at) < len(b.inputs) {
		return &b.inputs[at]
	}
	return &b.outputs[int(at)-len(b.inputs)]
}

func (b *Binding) describe(at Slot) string {
	if b.slots[at].output {
		return "output " + b.port(at).Name
	}
	return "input " + b.port(at).Name
}

// Close frees the binding and lets go of the tensors. Closing it again does nothing.
func (b *Binding) Close() {
	if b == nil || b.c == nil {
		return
	}
	C.demote_release_binding(b.c)
	b.c = nil
	for i := range b.slots {
		C.free(unsafe.Pointer(b.slots[i].name))
		if b.slots[i].mem != nil {
			b.slots[i].mem.release()
		}
	}
	b.slots = nil
	live.Add(-1)
}
