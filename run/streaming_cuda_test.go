//go:build cuda

package run

import (
	"slices"
	"testing"

	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/result"
)

// TestEmulatedSpool searches samples that stay on disk on the emulated device, where a block is copied up whenever it
// is run.
func TestEmulatedSpool(t *testing.T) {
	networks := severalInputs()
	for _, name := range []string{"in the middle", "integers and floats, late", "one that nothing reads"} {
		t.Run(name, func(t *testing.T) {
			cfg := networks[name].Config(t)
			cfg.Output, cfg.Spool = "y", t.TempDir()
			sameOnDevice(t, cfg)
		})
	}
	t.Run("no cache", func(t *testing.T) {
		cfg := tasktest.TinyConfig(t, 60)
		cfg.Cache, cfg.Spool = -1, t.TempDir()
		sameOnDevice(t, cfg)
	})
}

// TestEmulatedNoRoomForSamples leaves samples on disk that a device has no room for.
func TestEmulatedNoRoomForSamples(t *testing.T) {
	emulated(t)
	cfg := tasktest.TinyConfig(t, 60)
	s := trialtest.OnDevice(t, "cuda:0", cfg)
	kept, err := s.Need(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.FitSamples(2 * 60 * 64 * 4); err != nil || s.Streams != nil || len(s.Result.Warnings) > 0 {
		t.Fatalf("samples that fit: %v, %+v, %q", err, s.Streams, texts(s.Result.Warnings))
	}
	if err := s.FitSamples(2*60*64*4 - 1); err != nil || s.Streams == nil {
		t.Fatalf("samples that do not fit: %v, %+v", err, s.Streams)
	}
	if !slices.ContainsFunc(s.Result.Warnings, func(w result.Warning) bool { return w.ID == "samples-streamed" }) {
		t.Errorf("warnings %q", texts(s.Result.Warnings))
	}
	if n, err := s.Need(t.Context()); err != nil || n.Samples >= kept.Samples/2 {
		t.Errorf("%d bytes for samples, %d where they are kept, %v", n.Samples, kept.Samples, err)
	}
}
