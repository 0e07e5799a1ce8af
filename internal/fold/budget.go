package fold

import (
	"errors"
	"unsafe"

	"example.org/demote/internal/ir"
)

// What folding may make of a whole network, however it is divided over nodes: foldGrowth bounds one result, and a
// chain of small nodes grows by it again and again. What would be made beyond foldTotal is refused, since the runtime
// would make it too; what would be read beyond foldWork stays as it is.
const (
	foldTotal    = 128 << 20 // bytes of new constants that any network may have
	foldTotalMax = 16 << 30  // and that none may exceed; between the two it is foldShare times the file's tensors
	foldWork     = 512 << 20 // bytes of operands that are read for them, counted again for every reader
	foldShare    = 8
	foldReads    = 16 // the same of operands
)

// Budget is what is left of the totals while a network is folded, in bytes.
type Budget struct {
	Made, Read int64
	over       bool // a result was not made for want of budget
}

// ErrConstants marks a network whose constants become too much.
var ErrConstants = errors.New("what follows from constants alone becomes far larger than the file: fold the constants of the network when it is exported, or correct their dimensions")

// newFoldBudget is the budget of a model: relative to the bytes of its tensors, wherever they are stored.
func newFoldBudget(m *ir.Model) Budget {
	stored := int64(0)
	_ = m.EachTensor(func(_ string, t ir.Tensor) error {
		if n, err := ir.ByteSize(ir.DType(t.GetDataType()), t.GetDims()); err == nil {
			stored = min(stored+n, foldTotalMax)
		}
		return nil
	})
	return Budget{
		Made: min(max(foldTotal, foldShare*stored), foldTotalMax),
		Read: max(foldWork, foldReads*stored),
	}
}

// MayRead books that a node's operands are read, and reports whether the totals allow it.
func (b *Budget) MayRead(args []ir.Tensor) bool {
	if b.Made < 0 {
		b.over = true
		return false
	}
	for _, t := range args {
		if t == nil {
			continue
		}
		if n, err := ir.ByteSize(ir.DType(t.GetDataType()), t.GetDims()); err == nil {
			b.Read -= n
		}
	}
	return b.Read >= 0
}

// mayCompute books a result of n elements that is computed one by one, and reports whether one node and the totals
// allow it.
func (c *Call) mayCompute(n int64) bool {
	b := &c.Folder.Budget
	if n > foldElements {
		return false
	}
	if 8*n > b.Made {
		b.over = true
		return false
	}
	b.Read -= 16 * n // its elements are looked up in the operands
	return b.Read >= 0
}

// Book takes what was made for the results off the budget: dimensions, and bytes that are not those of an operand.
func (b *Budget) Book(args, results []ir.Tensor) {
	for _, r := range results {
		b.Made -= 8 * int64(len(r.GetDims()))
		if !sharesBytes(r, args) {
			b.Made -= int64(len(r.GetRawData()))
		}
	}
}

func sharesBytes(r ir.Tensor, args []ir.Tensor) bool {
	first := unsafe.SliceData(r.GetRawData())
	for _, t := range args {
		if t != nil && unsafe.SliceData(t.GetRawData()) == first {
			return true
		}
	}
	return false
}
