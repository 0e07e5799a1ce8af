package cli

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestClusterGrows has a search begin on one worker process; another one comes, both are killed and the first comes
// back: the search ends with the files of one on this machine. That one comes back to others: TestClusterKills.
func TestClusterGrows(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := layered(t, 8, 2000)
	more := []string{"--strategy", "greedy", "--scan", "naive", "--metric", "sqnr", "--target", "60%", "--workers", "1"}
	if got := finish(t, process(in.args(slices.Concat(more, []string{"--out", in.path("alone"), "--device", "cpu"})...)...)); got.code != 0 {
		t.Fatalf("alone: %d, %s", got.code, got.err)
	}
	f := newFarm(t, 2)
	kill := func(name string) {
		_ = f.workers[name].Process.Kill()
		<-f.workers[name].gone
	}
	kill("w2")
	search, said := process(slices.Concat(in.args(slices.Concat(more, []string{"--out", in.path("grown")})...), f.flags(1))...), &lockedBuffer{}
	search.Stdout, search.Stderr = said, said
	if err := search.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = search.Wait()
		close(ended)
	}()
	says := func(text string, times int) {
		t.Helper()
		for begun := time.Now(); strings.Count(said.String(), text) < times; time.Sleep(10 * time.Millisecond) {
			select {
			case <-ended:
				t.Fatalf("it has ended without %q: %s", text, said)
			default:
			}
			if time.Since(begun) > 2*time.Minute {
				_ = search.Process.Kill()
				t.Fatalf("it does not say %q: %s", text, said)
			}
		}
	}
	says(" in int8, best ", 1)
	const takesPart = ") takes part from now on, with "
	f.start(t, "w2")
	says(takesPart, 1)
	kill("w1")
	kill("w2")
	says("no worker is left: waiting 1m0s for another one", 1)
	f.start(t, "w1")
	says(takesPart, 2)
	<-ended
	if code := search.ProcessState.ExitCode(); code != 0 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	sameFound(t, "a fleet that grows", found(t, in.path("grown"), ofSession), found(t, in.path("alone"), ofSession))
}
