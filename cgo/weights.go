package cgo

/*
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"

	ort "github.com/yalue/onnxruntime_go"
)

// A Model is a network in memory: an ONNX file, and beside it those of its weights that the file calls external data.
type Model struct {
	Bytes   []byte
	Weights []Weight
}

// A Weight is an initializer of a model, whose elements the model's file does not hold.
type Weight struct {
	Name string
	Type DType
	Dims []int64
	Data []byte // little-endian elements
}

// Size is the number of bytes of file and weights together.
func (m Model) Size() int {
	n := len(m.Bytes)
	for _, w := range m.Weights {
		n += len(w.Data)
	}
	return n
}

// Session loads the model, which may be dropped afterwards: the runtime takes what it needs of the weights where they
// lie, and there is no second copy of their bytes in a file or message. It computes what the file with its
// weights inside computes. The error carries ONNX Runtime's text.
func (m Model) Session(o Options) (*Session, error) {
	return newSession(o, func(opts *ort.SessionOptions) (*ort.DynamicAdvancedSession, error) { return m.load(opts) })
}

// load makes a session with these options.
func (m Model) load(opts *ort.SessionOptions) (*ort.DynamicAdvancedSession, error) {
	var pinned runtime.Pinner
	defer pinned.Unpin()
	var names []*C.char
	var values []*C.OrtValue
	defer func() {
		for i, v := range values {
			C.demote_release_value(v)
			C.free(unsafe.Pointer(names[i]))
		}
	}()
	for _, w := range m.Weights {
		data := unsafe.Pointer(unsafe.SliceData(w.Data))
		pinned.Pin(data)
		var value *C.OrtValue
		err := takeError(C.demote_tensor(data, C.size_t(len(w.Data)), (*C.int64_t)(unsafe.SliceData(w.Dims)), C.size_t(len(w.Dims)), C.int(w.Type), &value))
		if err != nil {
			return nil, fmt.Errorf("weight %s: %w", w.Name, err)
		}
		names, values = append(names, C.CString(w.Name)), append(values, value)
	}
	if len(values) > 0 {
		if err := takeError(C.demote_add_weights(optionsOf(opts), unsafe.SliceData(names), unsafe.SliceData(values), C.size_t(len(values)))); err != nil {
			return nil, fmt.Errorf("weights: %w", err)
		}
	}
	return ort.NewDynamicAdvancedSessionWithONNXData(m.Bytes, nil, nil, opts)
}
