//go:build cuda

package cgo_test

import (
	"testing"

	"example.org/demote/cgo"
)

// TestEmulatedStop ends a run with options of its own, as those on a GPU have.
func TestEmulatedStop(t *testing.T) {
	testStop(t, func(stop *cgo.Stop) func(*cgo.Binding) error {
		o, err := cgo.NewRunOptions(nil, stop)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(o.Close)
		return func(b *cgo.Binding) error { return b.RunWith(o) }
	})
}
