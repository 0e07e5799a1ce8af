package cpu

import "example.org/demote/backend/device"

// runChecked is the first run of a binding.
func (w *Lane) runChecked(b *binding) error {
	err := device.WrittenCheck{
		Put: func(t device.Tensor, pattern uint64) error {
			device.Poison(w.buffers[t.Name].Bytes(), pattern)
			return nil
		},
		Run: b.Run,
		Kept: func(t device.Tensor, pattern uint64) (bool, error) {
			return device.Poisoned(w.buffers[t.Name].Bytes(), t.Type.Size(), pattern), nil
		},
	}.Check(b.unproved)
	if err == nil {
		b.unproved = nil
	}
	return err
}
