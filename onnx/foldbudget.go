package onnx

import "unsafe"

// What folding may make of a whole network, however it is divided over nodes: foldGrowth bounds one result, and a chain of
// small nodes grows by it again and again. Beyond these totals nodes stay as they are, and the runtime meets them.
const (
	foldTotal    = 64 << 20  // bytes of new constants that any network may have
	foldTotalMax = 16 << 30  // and that none may exceed; between the two it is foldShare times the file's tensors
	foldWork     = 512 << 20 // bytes of operands that are read for them, counted again for every reader
	foldShare    = 8
	foldReads    = 16 // the same of operands
)

// foldBudget is what is left of the totals while a network is folded, in bytes.
type foldBudget struct{ made, read int64 }

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
	if b.made <= 0 {
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
	if n > foldElements || 8*n > b.made {
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
