package cgo

import (
	ort "github.com/yalue/onnxruntime_go"

	"example.org/demote/quant"
)

// What tests see beyond the package's own names.
type Kernel = kernel

const (
	ISAAuto  = isaAuto
	ISAPlain = isaPlain
)

var (
	EncodeISA       = encode
	DecodeISA       = decode
	NewKernel       = newKernel
	Load            = load
	CheckLayout     = checkLayout
	CheckFirstField = checkFirstField
)

// Encode is Pack for values that need not lie on the grid.
func Encode(dst []byte, src []float32, p quant.Params) { encode(dst, src, p, isaAuto) }

// FakeQuant is NewKernel and Apply in one, for a single call.
func FakeQuant(dst, src []float32, p quant.Params, isa int) {
	k, err := newKernel(p, isa)
	if err != nil {
		panic(err)
	}
	k.Apply(dst, src)
}

// NewSessionFile loads a network from its file, external data from the folder of the file.
func NewSessionFile(path string, o Options) (*Session, error) {
	return newSession(o, func(opts *ort.SessionOptions) (*ort.DynamicAdvancedSession, error) {
		return ort.NewDynamicAdvancedSession(path, nil, nil, opts)
	})
}

// NewBinding returns a binding, with nothing bound, for a session of yalue/onnxruntime_go, which must outlive it.
func NewBinding(s *ort.DynamicAdvancedSession) (*Binding, error) {
	if Version() == "" {
		return nil, errNotOpen
	}
	if err := checkLayout(); err != nil {
		return nil, err
	}
	session := sessionOf(s)
	if session == nil {
		return nil, errClosed
	}
	inputs, err := ports(session, false)
	if err != nil {
		return nil, err
	}
	outputs, err := ports(session, true)
	if err != nil {
		return nil, err
	}
	return newBinding(session, nil, inputs, outputs)
}
