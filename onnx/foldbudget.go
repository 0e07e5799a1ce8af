package onnx

import (
	"errors"
	"unsafe"
)

// What folding may make of a whole network, however it is divided over nodes: foldGrowth bounds one result, and a chain of
// small nodes grows by it again and again. What would be made beyond foldTotal is refused, since the runtime would make it
// too; what would be read beyond foldWork stays as it is.
const (
	foldTotal    = 128 << 20 // bytes of new constants that any network may have
	foldTotalMax = 16 << 30  // and that none may exceed; between the two it is foldShare times the file's tensors
	foldWork     = 512 << 20 // bytes of operands that are read for them, counted again for every reader
	foldShare    = 8
	foldReads    = 16 // the same of operands
)

// foldBudget is what is left of the totals while a network is folded, in bytes.
type foldBudget struct {
	made, read int64
	over       bool // a result was not made for want of budget
}

// errConstants marks a network whose constants become too much.
var errConstants = errors.New("what follows from constants alone becomes far larger than the file: fold the constants of the network when it is exported, or correct their dimensions")

// CheckConstants refuses a network whose constants the runtime would compute to far more than the file holds: by an error that
// matches ErrInput and names a node. The model stays as it is. What Prepare and the readers of quantized files make is checked
// already.
func (m *Model) CheckConstants() error {
	c := m.Clone()
	if convertOpset(c) != nil || inlineFunctions(c) != nil { // an operator that is not known is for the runtime to take or refuse
		c = m.Clone()
	}
	if err := foldConstants(c); errors.Is(err, errConstants) {
		return m.in(err)
	}
	return nil
}

// newFoldBudget is the budget of a model: relative to the bytes of its tensors, wherever they are stored.
func newFoldBudget(m *Model) foldBudget {
	stored := int64(0)
	_ = m.eachTensor(func(_ string, t tensor) error {
		if n, err := byteSize(DType(t.GetDataType()), t.GetDims()); err == nil {
			stored = min(stored+n, foldTotalMax)
		}
		return nil
	})
	return foldBudget{
		made: min(max(foldTotal, foldShare*stored), foldTotalMax),
		read: max(foldWork, foldReads*stored),
	}
}

// mayRead books that a node's operands are read, and reports whether the totals allow it.
func (b *foldBudget) mayRead(args []tensor) bool {
	if b.made < 0 {
		b.over = true
		return false
	}
	for _, t := range args {
		if t == nil {
			continue
		}
		if n, err := byteSize(DType(t.GetDataType()), t.GetDims()); err == nil {
			b.read -= n
		}
	}
	return b.read >= 0
}

// mayCompute books a result of n elements that is computed one by one, and reports whether one node and the totals allow it.
func (c *call) mayCompute(n int64) bool {
	b := &c.folder.budget
	if n > foldElements {
		return false
	}
	if 8*n > b.made {
		b.over = true
		return false
	}
	b.read -= 16 * n // its elements are looked up in the operands
	return b.read >= 0
}

// book takes what was made for the results off the budget: dimensions, and bytes that are not those of an operand.
func (b *foldBudget) book(args, results []tensor) {
	for _, r := range results {
		b.made -= 8 * int64(len(r.GetDims()))
		if !sharesBytes(r, args) {
			b.made -= int64(len(r.GetRawData()))
		}
	}
}

func sharesBytes(r tensor, args []tensor) bool {
	first := unsafe.SliceData(r.GetRawData())
	for _, t := range args {
		if t != nil && unsafe.SliceData(t.GetRawData()) == first {
			return true
		}
	}
	return false
}
