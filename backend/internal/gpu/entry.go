//go:build cuda

package gpu

import (
	"bytes"

	"example.org/demote/backend/device"
)

// leaving is a tensor that a run leaves as codes.
type leaving struct {
	t  *device.StoredTensor
	to device.Room
}

// Enter implements device.Lane: the codes become the values that the run reads.
func (l *lane) Enter(_ int, t *device.StoredTensor, codes device.Room) error {
	return l.Decode(t, l.current, codes)
}

// Leave implements device.Lane. The run writes the tensor's values to memory of its own, always the same, so that it
// can be captured; a kernel behind it packs them.
func (l *lane) Leave(_ int, t *device.StoredTensor, to device.Room) error {
	l.left = append(l.left, leaving{t, to})
	return nil
}

// packLeft packs what the run was told to leave.
func (l *lane) packLeft() error {
	for _, w := range l.left {
		if err := l.Encode(w.t, l.current, w.to); err != nil {
			return err
		}
	}
	return nil
}

// Drop implements device.Lane.
func (l *lane) Drop() { l.left = l.left[:0] }

// Same implements device.Lane. It waits, and is for what happens before a search.
func (l *lane) Same(a, b device.Room) bool {
	var host [2][]byte
	for i, r := range []*room{a.(*room), b.(*room)} {
		host[i] = make([]byte, r.used)
		if r.memory.View(0, r.used).Download(l.g.stream, host[i]) != nil {
			return false
		}
	}
	return bytes.Equal(host[0], host[1])
}
