package run

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
	"example.org/demote/internal/tasktest"
)

// TestHoldoutOfAnotherFile has workers read the samples of a search from a file of their own, and the hold-out be
// another file: its samples go over the network, whatever its type, and nothing is said of the workers' file.
func TestHoldoutOfAnotherFile(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Block, cfg.Holdout = 8, tasktest.RandomImages(t, filepath.Join(t.TempDir(), "held.npy"), 30, 9)
	packed := packedAs(t, cfg.Holdout)
	for _, holdout := range []string{cfg.Holdout, packed} {
		own := cfg
		own.Holdout, own.Out = holdout, filepath.Join(t.TempDir(), "one")
		one := mustSearch(t, own)
		root := t.TempDir()
		tasktest.WriteFile(t, filepath.Join(root, "x.data"), tasktest.ReadFile(t, cfg.Data))
		data, err := WorkerData(root)
		if err != nil {
			t.Fatal(err)
		}
		p := linktest.New("worker", func(h link.Host) linktest.Worker {
			return far.NewServer(h, far.ServerOptions{Memory: 1 << 30, Data: data})
		}, linktest.Faults{})
		t.Cleanup(p.Close)
		var said []string
		own.Links, own.DataAt, own.Out = []link.Link{p}, "x.data", filepath.Join(t.TempDir(), "elsewhere")
		own.Say = func(text string) { said = append(said, text) }
		asAlone(t, mustSearch(t, own), one)
		if slices.ContainsFunc(said, func(text string) bool { return strings.Contains(text, "x.data") }) {
			t.Errorf("it says %q", said)
		}
	}
}
