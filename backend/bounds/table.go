package bounds

import (
	"fmt"
	"math/bits"

	"demote/search"
)

// Table maps masks of one length to values. Entries lie one after another in pages, so that one costs its mask, its value
// and a few bytes, nothing is copied when the table grows, and adding one hardly ever allocates. The zero Table is empty.
type Table[V any] struct {
	holders int
	width   int // words of a mask
	entries int
	keys    [][]uint64 // pages of perPage masks
	values  [][]V
	slots   []int32 // open addressing: entry number + 1, 0 is free; a power of two long
}

// perPage entries are allocated at a time.
const (
	perPage   = 1 << pageShift
	pageShift = 9
)

// Len returns the number of entries.
func (t *Table[V]) Len() int { return t.entries }

// Get returns the value of a mask.
func (t *Table[V]) Get(mask search.Mask) (V, bool) {
	if t.entries > 0 {
		if e := t.slots[t.find(mask)]; e != 0 {
			return *t.value(int(e - 1)), true
		}
	}
	var none V
	return none, false
}

// Put sets the value of a mask. It panics if the mask has another length than those before it.
func (t *Table[V]) Put(mask search.Mask, value V) {
	if t.entries == 0 {
		if t.width != len(mask.Words()) {
			t.keys, t.values = nil, nil
		}
		t.holders, t.width = mask.Len(), len(mask.Words())
	}
	if 4*(t.entries+1) > 3*len(t.slots) {
		t.grow()
	}
	at := t.find(mask)
	if e := t.slots[at]; e != 0 {
		*t.value(int(e - 1)) = value
		return
	}
	if t.entries>>pageShift == len(t.keys) {
		t.keys = append(t.keys, make([]uint64, perPage*t.width))
		t.values = append(t.values, make([]V, perPage))
	}
	copy(t.key(t.entries), mask.Words())
	*t.value(t.entries) = value
	t.entries++
	t.slots[at] = int32(t.entries)
}

// Clear forgets all entries and keeps the memory.
func (t *Table[V]) Clear() {
	t.entries = 0
	clear(t.slots)
}

// key returns the words of an entry, and value its value.
func (t *Table[V]) key(entry int) []uint64 {
	at := entry & (perPage - 1) * t.width
	return t.keys[entry>>pageShift][at : at+t.width]
}

func (t *Table[V]) value(entry int) *V { return &t.values[entry>>pageShift][entry&(perPage-1)] }

// find returns the slot of a mask, or the free one where it would be.
func (t *Table[V]) find(mask search.Mask) int {
	words := mask.Words()
	if mask.Len() != t.holders {
		panic(fmt.Sprintf("bounds: mask of %d holders in a table of %d", mask.Len(), t.holders))
	}
	wrap := len(t.slots) - 1
	for at := int(hash(words)) & wrap; ; at = (at + 1) & wrap {
		e := t.slots[at]
		if e == 0 || t.holds(int(e-1), words) {
			return at
		}
	}
}

func (t *Table[V]) holds(entry int, words []uint64) bool {
	stored := t.key(entry)
	for i, w := range words {
		if stored[i] != w {
			return false
		}
	}
	return true
}

// grow doubles the slots and enters every mask again.
func (t *Table[V]) grow() {
	t.slots = make([]int32, max(16, 2*len(t.slots)))
	wrap := len(t.slots) - 1
	for e := range t.entries {
		at := int(hash(t.key(e))) & wrap
		for t.slots[at] != 0 {
			at = (at + 1) & wrap
		}
		t.slots[at] = int32(e + 1)
	}
}

// hash mixes words by folded multiplication; masks next to each other differ in one bit, so every bit has to spread.
func hash(words []uint64) uint32 {
	h := uint64(0x9e3779b97f4a7c15)
	for _, w := range words {
		hi, lo := bits.Mul64(h^w, 0xd6e8feb86659fd93)
		h = hi ^ lo ^ 0xa0761d6478bd642f
	}
	hi, lo := bits.Mul64(h, 0xe7037ed1a0b428db)
	return uint32((hi ^ lo) >> 16)
}
