package bounds

import (
	"fmt"
	"math/bits"
	"slices"

	"demote/search"
)

// Table maps masks of one length to values. Entries lie one after another in pages, so that one costs its mask, its value
// and a few bytes, no mask is copied or read when the table grows, and adding one hardly ever allocates. The zero Table is
// empty.
type Table[V any] struct {
	holders int
	width   int // words of a mask
	entries int
	keys    [][]uint64 // pages of perPage masks
	values  [][]V
	slots   []slot // open addressing; a power of two long
}

// slot leads to an entry. The hash beside it tells most other masks apart without a look at their words, which are far
// away in memory.
type slot struct {
	hash  uint32
	entry int32 // number + 1; 0 is free
}

// perPage entries are allocated at a time.
const (
	perPage   = 1 << pageShift
	pageShift = 9
)

// Len returns the number of entries.
func (t *Table[V]) Len() int { return t.entries }

// Get returns the value of a mask.
func (t *Table[V]) Get(mask search.Mask) (V, bool) { return t.get(mask, hash(mask)) }

// Put sets the value of a mask. It panics if the mask has another length than those before it.
func (t *Table[V]) Put(mask search.Mask, value V) { t.put(mask, hash(mask), value) }

// get is Get for those who have the hash of the mask.
func (t *Table[V]) get(mask search.Mask, h uint32) (V, bool) {
	if t.entries > 0 {
		if e := t.find(mask, h).entry; e != 0 {
			return *t.value(int(e - 1)), true
		}
	}
	var none V
	return none, false
}

// put is Put for those who have the hash of the mask.
func (t *Table[V]) put(mask search.Mask, h uint32, value V) {
	if t.entries == 0 {
		if t.width != len(mask.Words()) {
			t.keys, t.values = nil, nil
		}
		t.holders, t.width = mask.Len(), len(mask.Words())
	}
	if 4*(t.entries+1) > 3*len(t.slots) {
		t.grow()
	}
	at := t.find(mask, h)
	if at.entry != 0 {
		*t.value(int(at.entry - 1)) = value
		return
	}
	if t.entries>>pageShift == len(t.keys) {
		t.keys = append(t.keys, make([]uint64, perPage*t.width))
		t.values = append(t.values, make([]V, perPage))
	}
	copy(t.key(t.entries), mask.Words())
	*t.value(t.entries) = value
	t.entries++
	*at = slot{h, int32(t.entries)}
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
func (t *Table[V]) find(mask search.Mask, h uint32) *slot {
	if mask.Len() != t.holders {
		panic(fmt.Sprintf("bounds: mask of %d holders in a table of %d", mask.Len(), t.holders))
	}
	wrap := len(t.slots) - 1
	for at := int(h) & wrap; ; at = (at + 1) & wrap {
		s := &t.slots[at]
		if s.entry == 0 || s.hash == h && slices.Equal(t.key(int(s.entry-1)), mask.Words()) {
			return s
		}
	}
}

// grow doubles the slots and enters every mask again.
func (t *Table[V]) grow() {
	old := t.slots
	t.slots = make([]slot, max(16, 2*len(old)))
	wrap := len(t.slots) - 1
	for _, s := range old {
		if s.entry == 0 {
			continue
		}
		at := int(s.hash) & wrap
		for t.slots[at].entry != 0 {
			at = (at + 1) & wrap
		}
		t.slots[at] = s
	}
}

// hash mixes the words of a mask by folded multiplication; masks next to each other differ in one bit, so every bit has
// to spread. Words are taken in pairs, since each multiplication waits for the one before.
func hash(mask search.Mask) uint32 {
	words := mask.Words()
	h := uint64(0x9e3779b97f4a7c15)
	for ; len(words) > 1; words = words[2:] {
		h = fold(h^words[0], 0xd6e8feb86659fd93^words[1])
	}
	if len(words) == 1 {
		h = fold(h^words[0], 0xd6e8feb86659fd93)
	}
	return uint32(fold(h, 0xe7037ed1a0b428db) >> 16)
}

// fold multiplies and adds both halves of the product without carries.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo ^ 0xa0761d6478bd642f
}
