package task

import (
	"strings"
	"testing"

	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx"
)

// TestStreamBeyond holds where samples begin to stay on disk, and what is told of it.
func TestStreamBeyond(t *testing.T) {
	const samples, bytes = 41, 41 * 64 * 4
	cfg := tasktest.TinyConfig(t, samples)
	for _, c := range []struct {
		name    string
		free    int64
		spool   string
		streams bool
		told    bool
	}{
		{"all that fit", 2 * bytes, "", false, false},
		{"a byte too many", 2*bytes - 1, "", true, true},
		{"no memory", 0, "", true, true},
		{"asked for", 1 << 40, t.TempDir(), true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := cfg
			cfg.Spool = c.spool
			m, err := onnx.Read(cfg.Model)
			if err != nil {
				t.Fatal(err)
			}
			p := &Task{Model: m}
			defer p.Close()
			if p.Data, err = openSet(cfg.Data, "", m, cfg.Filled(), 0, false); err != nil {
				t.Fatal(err)
			}
			note, err := p.StreamBeyond(cfg.Filled(), c.free)
			if err != nil || (p.Streams != nil) != c.streams || (note != nil) != c.told {
				t.Fatalf("%+v, %v, %v", p.Streams, note, err)
			}
			if p.Streams != nil && (p.Streams.Bytes != bytes || !(p.Streams.Seconds > 0)) {
				t.Errorf("%+v", p.Streams)
			}
			if note != nil && !strings.Contains(note.String(), "41 samples take 10.2 KiB of memory, more than half of the ") {
				t.Error(note)
			}
		})
	}
}
