package bounds

import "example.org/demote/search"

// Table maps masks of one length to values, by their bits. The zero Table is empty. Masks of another length are not
// found. It keeps copies of the bits, a byte for eight holders, and is not safe for use by several goroutines.
type Table[V any] struct{ entries map[string]V }

// keyBytes is what the packed bits of most masks fit into.
const keyBytes = 128

// Len returns the number of entries.
func (t *Table[V]) Len() int { return len(t.entries) }

// Get returns the value of a mask, or the zero value and false. It allocates nothing for masks of up to 1,024 holders.
func (t *Table[V]) Get(mask search.Mask) (V, bool) {
	var key [keyBytes]byte
	v, ok := t.entries[string(mask.AppendKey(key[:0]))]
	return v, ok
}

// Put sets the value of a mask.
func (t *Table[V]) Put(mask search.Mask, value V) {
	if t.entries == nil {
		t.entries = make(map[string]V)
	}
	t.entries[mask.Key()] = value
}

// Clear forgets all entries and keeps the memory.
func (t *Table[V]) Clear() { clear(t.entries) }
