package fold

import (
	"errors"
	"unsafe"

	"example.org/demote/internal/ir"
)

// Limits of folding for a whole network. foldGrowth bounds one result, but a chain of small nodes may grow again and
// again. A network whose new constants exceed foldTotal is refused, since the runtime would make them too. Nodes whose
// operands exceed foldWork are not folded.
const (
	foldTotal    = 128 << 20 // bytes of new constants that every network may have
	foldTotalMax = 16 << 30  // and that none may exceed; between them, the limit is foldShare times the file's tensors
	foldWork     = 512 << 20 // bytes of operands that are read, counted for each node that reads them
	foldShare    = 8
	foldReads    = 16 // as foldShare, for operands
)

// Budget is the rest of the limits while a network is folded, in bytes.
type Budget struct {
	Made, Read int64
	over       bool // a node was not folded because the budget was used up
}

// ErrConstants marks a network whose folded constants exceed the limit.
var ErrConstants = errors.New("what follows from constants alone becomes far larger than the file: fold the constants of the network when it is exported, or correct their dimensions")

// newFoldBudget returns the budget of a model, by the bytes of its tensors, inside and outside the file.
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

// MayRead takes the bytes of a node's operands off the budget, and reports whether the node may be folded.
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

// mayCompute takes a result of n elements, computed one by one, off the budget. It reports whether the limits for one
// node and for the network allow it.
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

// Spend takes the bytes of the results off the budget: their dimensions, and their data unless an operand has the same
// bytes.
func (b *Budget) Spend(args, results []ir.Tensor) {
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
