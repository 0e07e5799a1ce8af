package devicetest

import (
	"slices"

	"example.org/demote/backend/device"
	"example.org/demote/search"
)

// Room implements device.Lane.
func (l *referenceLane) Room(*device.StoredTensor) (device.Room, error) {
	r := &referenceRoom{}
	r.open()
	return r, nil
}

// Encode implements device.Lane.
func (l *referenceLane) Encode(t *device.StoredTensor, m search.Mask, to device.Room) error {
	r := to.(*referenceRoom)
	r.codes, r.values = nil, nil
	if t.Holder < 0 {
		r.values = slices.Clone(l.values[t.Name])
		return nil
	}
	for _, v := range l.values[t.Name] {
		r.codes = append(r.codes, codeOf(gridOf(l.d.opts.Records, t.Holder, m), v))
	}
	return nil
}

// Decode implements device.Lane.
func (l *referenceLane) Decode(t *device.StoredTensor, m search.Mask, from device.Room) error {
	r := from.(*referenceRoom)
	if l.values[t.Name] = slices.Clone(r.values); t.Holder >= 0 {
		l.values[t.Name] = valuesOf(gridOf(l.d.opts.Records, t.Holder, m), r.codes)
	}
	return nil
}

// Enter implements device.Lane.
func (l *referenceLane) Enter(part int, t *device.StoredTensor, codes device.Room) error {
	if !t.Coded {
		return l.Decode(t, l.mask, codes)
	}
	if l.taken[part] == nil {
		l.taken[part] = map[string]*referenceRoom{}
	}
	l.taken[part][t.Name] = codes.(*referenceRoom)
	return nil
}

// Leave implements device.Lane.
func (l *referenceLane) Leave(_ int, t *device.StoredTensor, to device.Room) error {
	if !t.Coded {
		l.leaving[t] = to
		return nil
	}
	l.left[t.Name] = to.(*referenceRoom)
	return nil
}

// pack keeps what a run was to leave of the values that it made.
func (l *referenceLane) pack() error {
	for t, to := range l.leaving {
		if err := l.Encode(t, l.mask, to); err != nil {
			return err
		}
	}
	return nil
}

// Drop implements device.Lane.
func (l *referenceLane) Drop() {
	clear(l.left)
	clear(l.leaving)
}

// Same implements device.Lane.
func (l *referenceLane) Same(a, b device.Room) bool {
	return slices.Equal(a.(*referenceRoom).codes, b.(*referenceRoom).codes)
}

// codesOf are the codes that a part takes; any of them where nobody has said which.
func (l *referenceLane) codesOf(p *referencePart, part int, tensor string) []uint16 {
	if r := l.taken[part][tensor]; r != nil {
		return r.codes
	}
	at := device.IndexTensor(p.Taken, tensor)
	return make([]uint16, p.Taken[at].Elems())
}
