package device

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// An UnwrittenError names outputs that a session was asked for and left as they were: the runtime's optimizer took
// the node away that makes them (GemmTransposeFusion does, Transpose -> Gemm -> Transpose), and what was bound for
// them would be read for values of the network.
type UnwrittenError struct{ Tensors []string }

// Error says which tensors.
func (e *UnwrittenError) Error() string {
	return fmt.Sprintf("onnx runtime writes no value to %s, which it was asked for; a fault of demote, please report it with the network", strings.Join(e.Tensors, ", "))
}

// Two patterns of eight bytes. As float32 each is a signalling NaN, which no operation gives. A value that may be one
// all the same, such as one byte, is told from memory that nobody wrote by the second: no network gives both.
const (
	poisonFirst  = 0x7fa1d0d57fa1d0d5
	poisonSecond = 0xffb2e1c6ffb2e1c6
)

// A WrittenCheck is how the first run of a binding is made: every output is poisoned before it, and the error is an
// UnwrittenError where poison is left; the others have their values then.
type WrittenCheck struct {
	Put  func(t Tensor, pattern uint64) error         // fills an output with a pattern
	Run  func() error                                 // runs the binding
	Kept func(t Tensor, pattern uint64) (bool, error) // tells whether an output still has it
}

// Check makes the run of a binding with these outputs.
func (c WrittenCheck) Check(outputs []Tensor) error {
	left := outputs
	for _, pattern := range []uint64{poisonFirst, poisonSecond} {
		for _, t := range left {
			if err := c.Put(t, pattern); err != nil {
				return err
			}
		}
		if err := c.Run(); err != nil {
			return err
		}
		var still []Tensor
		for _, t := range left {
			kept, err := c.Kept(t, pattern)
			if err != nil {
				return err
			}
			if kept {
				still = append(still, t)
			}
		}
		if left = still; left == nil {
			return nil
		}
	}
	e := &UnwrittenError{}
	for _, t := range left {
		e.Tensors = append(e.Tensors, t.Name)
	}
	return e
}

// Poison fills a tensor's memory with a pattern.
func Poison(b []byte, pattern uint64) {
	for n := copy(b, pieces(pattern)); n < len(b); {
		n += copy(b[n:], b[:n])
	}
}

// Poisoned reports whether a tensor, of elements of so many bytes, still has the pattern: in one of its elements, or
// in all of them where an element is too small for a pattern that no network gives. One without bytes has not.
func Poisoned(b []byte, size int, pattern uint64) bool {
	whole := pieces(pattern)
	if size >= 4 {
		return bytes.Contains(b, whole[:size])
	}
	left := len(b) > 0
	for i := range b {
		left = left && b[i] == whole[i%len(whole)]
	}
	return left
}

// pieces is a pattern as little-endian bytes, of which an element of fewer takes the first ones.
func pieces(pattern uint64) []byte { return binary.LittleEndian.AppendUint64(nil, pattern) }
