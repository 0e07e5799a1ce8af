package cgo

/*
#include <stdlib.h>
#include "measure.h"
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Measured is what a run says of one output.
type Measured struct {
	Type DType   // 0 for what is not a tensor
	Dims []int64 // of this run
	Ints []int64 // the elements, if they are int64

	Floats []float32 // the elements, if they are float32 and were asked for
}

// Measure runs the session once on the given inputs and returns what its outputs are like, in the order of Outputs: the
// runtime's own word, whatever the operators. It allocates; it is not for trials.
func (s *Session) Measure(inputs map[string]*Tensor) ([]Measured, error) {
	return s.measure(inputs, false)
}

// MeasureValues is Measure with the elements of float32 outputs too.
func (s *Session) MeasureValues(inputs map[string]*Tensor) ([]Measured, error) {
	return s.measure(inputs, true)
}

func (s *Session) measure(inputs map[string]*Tensor, floats bool) ([]Measured, error) {
	if s.inner == nil {
		return nil, errClosed
	}
	var names, outputs []*C.char
	defer func() {
		for _, n := range append(names, outputs...) {
			C.free(unsafe.Pointer(n))
		}
	}()
	var values []*C.OrtValue
	for _, p := range s.inputs {
		t := inputs[p.Name]
		if t == nil || t.value == nil {
			return nil, fmt.Errorf("nothing is given for input %q", p.Name)
		}
		names, values = append(names, C.CString(p.Name)), append(values, t.value)
	}
	for _, p := range s.outputs {
		outputs = append(outputs, C.CString(p.Name))
	}
	results := make([]*C.OrtValue, len(outputs))
	if len(results) == 0 {
		return nil, nil
	}
	var in **C.char
	var fed **C.OrtValue
	if len(names) > 0 {
		in, fed = &names[0], &values[0]
	}
	err := takeError(C.demote_run_once(sessionOf(s.inner), s.stop.options(), in, fed, C.size_t(len(names)), &outputs[0], C.size_t(len(outputs)), &results[0]))
	defer func() {
		for _, v := range results {
			if v != nil {
				C.demote_release_value(v)
			}
		}
	}()
	if stopped := s.stop.Err(); err != nil && stopped != nil {
		return nil, stopped
	}
	if err != nil {
		return nil, err
	}
	list := make([]Measured, len(results))
	for i, v := range results {
		if v == nil {
			continue
		}
		if list[i], err = look(v, floats); err != nil {
			return nil, fmt.Errorf("output %q: %w", s.outputs[i].Name, err)
		}
	}
	return list, nil
}

func look(v *C.OrtValue, floats bool) (m Measured, err error) {
	var t C.int
	var rank C.size_t
	var dims *C.int64_t
	var data unsafe.Pointer
	if err := takeError(C.demote_look(v, &t, &rank, &dims, &data)); err != nil {
		return m, err
	}
	m.Type = DType(t)
	if m.Type == 0 {
		return m, nil
	}
	m.Dims = append([]int64{}, unsafe.Slice((*int64)(unsafe.Pointer(dims)), int(rank))...)
	n := 1
	for _, d := range m.Dims {
		n *= int(d)
	}
	switch {
	case n == 0:
	case m.Type == Int64:
		m.Ints = append([]int64{}, unsafe.Slice((*int64)(data), n)...)
	case m.Type == Float32 && floats:
		m.Floats = append([]float32{}, unsafe.Slice((*float32)(data), n)...)
	}
	return m, nil
}
