package cli

import (
	"slices"
	"strings"
	"testing"

	"example.org/demote/internal/tasktest"
)

// TestClusterShapes searches samples of three shapes, of a network of two inputs, on two worker processes over TLS: the
// files are those of the same search on this machine alone, and of one on two members.
func TestClusterShapes(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	c := tasktest.OwnConfig(t, "masked", 40)
	args := func(out string, more ...string) []string {
		return slices.Concat([]string{"search", "--model", c.Model, "--calib", c.Calib, "--data", c.Data, "--metric", "sqnr", "--target", "50%", "--strategy", "demotion", "--block", "3", "--out", c.Out + out}, more)
	}
	if got := finish(t, process(args("alone", "--device", "cpu")...)); got.code != 0 {
		t.Fatalf("alone: %d, %s", got.code, got.err)
	}
	want := found(t, c.Out+"alone", append(ofSession, "members"))
	f := newFarm(t, 2)
	for out, more := range map[string][]string{"members": {"--device", "cpu", "--members", "2"}, "cluster": f.flags(2)} {
		got := finish(t, process(args(out, more...)...))
		if got.code != 0 {
			t.Fatalf("%s: %d, %s", out, got.code, got.err)
		}
		sameFound(t, out, found(t, c.Out+out, append(ofSession, "members")), want)
	}
	for name, w := range f.workers {
		if !strings.Contains(w.said.String(), "part of a search") {
			t.Errorf("%s: %s", name, w.said)
		}
	}
}
