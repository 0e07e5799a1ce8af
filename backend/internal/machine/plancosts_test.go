package machine

import (
	"testing"

	"example.org/demote/backend/device"
	"example.org/demote/backend/internal/store"
)

// manyCuts is a source of so many parts between its finest cuts.
type manyCuts struct {
	device.Source
	parts int
}

func (m manyCuts) Cuts() int { return m.parts + 1 }

// TestFewPartsInAQueue holds that a device with a queue has eight parts at most, unless cuts are given.
func TestFewPartsInAQueue(t *testing.T) {
	for _, c := range []struct {
		queue bool
		parts int
		given []int
		want  int
	}{{false, 57, nil, 32}, {true, 57, nil, 8}, {true, 5, nil, 5}, {true, 57, []int{0, 3, 57}, 57}} {
		e := &Single{source: manyCuts{parts: c.parts}, can: device.Traits{Queue: c.queue}}
		e.opts.Cuts = c.given
		cuts := e.finestCuts(e.mostParts())
		if len(cuts) != c.want+1 || cuts[0] != 0 || cuts[len(cuts)-1] != c.parts {
			t.Errorf("%+v: cuts %v", c, cuts)
		}
	}
}

// TestEntryMemory bounds entries into a network by what the network, the samples and the activations take, and by the
// memory for what is stored.
func TestEntryMemory(t *testing.T) {
	const mega = 1 << 20
	for _, c := range []struct {
		cache, working int64
		model          int
		bytes          int64
		entries        int
	}{
		{4096 * mega, 0, 2 * mega, 128 * mega, 32}, // a small network: as ever
		{64 * mega, 0, 2 * mega, 64 * mega, 16},
		{4096 * mega, 20 * mega, 52 * mega, 144 * mega, 1},
		{4096 * mega, 400 * mega, 12 * mega, 824 * mega, 34},
	} {
		e := &Single{chain: &store.Chain{Bytes: []int{c.model}}}
		e.opts.Cache, e.opts.Working = c.cache, c.working
		if got := e.entryMemory(); got != c.bytes || entriesIn(got, e.entryBytes(c.model)) != c.entries {
			t.Errorf("%+v: %d MiB, %d entries", c, got/mega, entriesIn(got, e.entryBytes(c.model)))
		}
	}
}
