package backend

import (
	"errors"
	"os"
)

var errNoCodes = errors.New("nothing can hand on codes here")

// pieces hands out the stretches that the chain is compiled from.
func (e *Evaluator) pieces() Chain {
	if e.coded != nil {
		return e.coded
	}
	return e.source
}

// ways are how parts may hand each other what flows between them, the best first: as codes inside the
// network as the runtime has optimized it in one piece, FakeQuant in its blocked layout; as codes
// between parts that it optimizes each; as values. Each makes the chain's pieces, nil for the last.
func (e *Evaluator) ways() []func() (Chain, error) {
	values := func() (Chain, error) { return nil, nil }
	src, ok := e.source.(CodedSource)
	if !ok || !e.opts.onCPU() {
		return []func() (Chain, error){values}
	}
	optimized := func() (Chain, error) {
		if e.opts.Level < 3 || !e.zeroExact() {
			return nil, errNoCodes
		}
		dir, err := os.MkdirTemp("", "demote-*")
		if err != nil {
			return nil, err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		return src.Coded(func(model []byte) ([]byte, error) { return e.optimized(model, dir) })
	}
	plain := func() (Chain, error) { return src.Coded(nil) }
	return []func() (Chain, error){optimized, plain, values}
}
