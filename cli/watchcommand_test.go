package cli

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// seconds is a search that takes some seconds, of the example network.
func seconds(t *testing.T) (inputs, []string) {
	in := good(t)
	for flag, value := range map[string]string{"--model": "model.onnx", "--calib": "calib.npz", "--data": "eval.npz"} {
		in.flags[flag] = "../examples/fashion/" + value
	}
	in.flags["--target"] = "16bit-0.003"
	return in, append(in.args(), "--limit", "200", "--grid", "pow2", "--range", "minmax")
}

// servedPage is `demote watch --serve` in a process of its own, and the address that it prints.
func servedPage(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	served := process("watch", dir, "--serve")
	out, err := served.StdoutPipe()
	if err != nil || served.Start() != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { served.Process.Kill() })
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return served, strings.TrimSpace(url)
}

// TestWatchCommand watches a search in another process from before it begins to its end, in lines, in JSON and at an
// address, and holds that the search finds what it finds unwatched.
func TestWatchCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in, args := seconds(t)
	dir := in.path("run")
	served, url := servedPage(t, dir)
	plain := make(chan called)
	go func() { plain <- finish(t, process("watch", dir)) }()
	lines := make(chan called)
	go func() { lines <- finish(t, process("watch", dir, "--json")) }()
	if c := finish(t, process(args...)); c.code != 0 {
		t.Fatalf("the search: %d: %s", c.code, c.err)
	}
	watched, err := os.ReadFile(in.path("run/promotion.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if c := <-plain; c.code != 0 || !strings.Contains(c.err, "waiting for the evaluations of a search") || !strings.Contains(c.err, "best") ||
		!strings.HasPrefix(c.out, "the search in "+dir+" has ended: ") {
		t.Errorf("%d: %s%s", c.code, c.err, c.out)
	}
	c := <-lines
	all := strings.Split(strings.TrimSpace(c.out), "\n")
	for i, line := range all {
		var event struct {
			Run      string `json:"run"`
			Holders  int    `json:"holders"`
			Finished bool   `json:"finished"`
			Left     []float64
			Tried    []string `json:"tried_int8"`
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil || event.Run != dir || event.Holders == 0 || event.Finished != (i == len(all)-1) || event.Tried == nil {
			t.Errorf("line %d: %v: %s", i, err, line)
		}
	}
	if len(all) < 2 {
		t.Errorf("nothing was seen on the way: %s%s", c.out, c.err)
	}
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if err != nil || !strings.Contains(string(text), `id="live"`) {
		t.Errorf("%v: %.200s", err, text)
	}
	served.Process.Signal(syscall.SIGINT)
	ended := make(chan error, 1)
	go func() { ended <- served.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("after Ctrl-C: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("Ctrl-C does not end it")
	}
	args[slices.Index(args, "--out")+1] = in.path("alone")
	must(t, args...)
	if alone, err := os.ReadFile(in.path("alone/promotion.txt")); err != nil || string(alone) != string(watched) {
		t.Errorf("watched: %q, alone: %q, %v", watched, alone, err)
	}
}

// TestWatchRefuses says what is wrong with a folder.
func TestWatchRefuses(t *testing.T) {
	in := good(t)
	for _, c := range []struct {
		args []string
		text string
	}{
		{[]string{"watch"}, "give one run folder: demote watch DIR"},
		{[]string{"watch", in.path("net.onnx")}, "not a run folder"},
		{[]string{"watch", in.path(".")}, "it has no journal.db"},
		{[]string{"watch", in.path("no/such")}, "there is no such folder"},
	} {
		if got := call(c.args...); got.code != 2 || !strings.Contains(got.err, c.text) {
			t.Errorf("%v: %d: %s", c.args, got.code, got.err)
		}
	}
}
