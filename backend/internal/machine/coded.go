package machine

import (
	"example.org/demote/backend/device"
	"example.org/demote/disk"
)

// storedAt are the tensors of a cut as they are stored.
func (e *Single) storedAt(cut int) []device.StoredTensor {
	if e.entries != nil {
		return e.entries.Stored(cut)
	}
	return e.source.Stored(cut)
}

// ways are how trials may begin at cuts, the best first: in the network as the runtime has optimized it in one piece,
// FakeQuant in its blocked layout; in the network that the runtime optimizes from each cut on; in parts that hand
// each other values. On a device whose entries take and leave values: in the network from each cut on; in parts. Each
// makes the entries of the chain, nil for the last.
func (e *Single) ways() []func() (device.Entries, error) {
	parts := func() (device.Entries, error) { return nil, nil }
	if !e.can.Entries {
		return []func() (device.Entries, error){parts}
	}
	if e.can.Values {
		return []func() (device.Entries, error){func() (device.Entries, error) { return device.Values(e.source), nil }, parts}
	}
	optimized := func() (device.Entries, error) {
		if !e.can.Optimizes || e.opts.Level < 3 || !e.zeroExact() {
			return nil, device.ErrNotHere
		}
		optimize, remove, err := e.optimizer()
		if err != nil {
			return nil, err
		}
		defer remove()
		return e.source.Coded(optimize)
	}
	plain := func() (device.Entries, error) { return e.source.Coded(nil) }
	return []func() (device.Entries, error){optimized, plain, parts}
}

// optimizer is the device's Optimize into a folder of its own, which remove takes away.
func (e *Single) optimizer() (optimize func(model device.Model) (path string, err error), remove func(), err error) {
	dir, remove, err := disk.TempFolder()
	return func(model device.Model) (string, error) { return e.device.Optimize(model, dir) }, remove, err
}
