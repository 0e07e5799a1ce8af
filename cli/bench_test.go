package cli

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"example.org/demote/run"
)

// TestBenchTypesTheSearch holds that the command that a bench times says all that was said to the bench, and nothing
// of the bench's own.
func TestBenchTypesTheSearch(t *testing.T) {
	t.Setenv(programEnv, "1")
	var got []string
	var failed error
	c := benchCommand()
	c.Action = func(c *cli.Context) error {
		got = searchWords(c)
		failed = typedSearch(c, t.TempDir())(context.Background(), filepath.Join(t.TempDir(), "run"))
		return nil
	}
	app := &cli.App{Name: "demote", Commands: []*cli.Command{c}, Flags: commonFlags(), DisableSliceFlagSeparator: true}
	c.Flags = append(c.Flags, commonFlags()...)
	err := app.Run([]string{"demote", "bench", "--model", "m.onnx", "--calib", "c d.npz", "--data", "e.npz", "--target", "16bit-0.01", "--seed", "0", "--output-holder",
		"--metric-timeout", "90s", "--ignore-label", "-1", "--runs", "3", "--against", "naive", "--json", "--cache", "0", "--workers", "2", "--log-level", "info"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"search", "--model=m.onnx", "--calib=c d.npz", "--data=e.npz", "--target=16bit-0.01", "--seed=0", "--output-holder=true", "--metric-timeout=1m30s",
		"--ignore-label=-1", "--cache=0", "--workers=2", "--log-level=info", "--strategy=demotion", "--scan=fast"}
	if failed == nil || !strings.Contains(failed.Error(), "the search as a command: exit status 2: demote: --metric-timeout: ") {
		t.Errorf("a command that fails: %v", failed)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// TestBenchPrintsBoth holds that a bench prints the search alone and the command that is typed, which it runs as a
// process.
func TestBenchPrintsBoth(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	t.Setenv(programEnv, "1") // the test binary is the program that the bench runs again
	in := good(t)
	args := []string{"bench", "--model", in.flags["--model"], "--calib", in.flags["--calib"], "--data", in.flags["--data"], "--target", "16bit-0.05", "--runs", "1"}
	c := must(t, args...)
	for _, want := range []string{"R, a plain pass of the float network", "CPU-R, the same by one thread", " R, ", " CPU-R", "from the first score to the last, 1 times:",
		"the same as a command that is typed, with set-up, checks, files and report, 1 times:",
		"the first time, in which the networks are tried in child processes: "} {
		if !strings.Contains(c.out, want) {
			t.Errorf("the output lacks %q:\n%s", want, c.out)
		}
	}
	var b run.Bench
	if err := json.Unmarshal([]byte(must(t, append(args, "--json")...).out), &b); err != nil {
		t.Fatal(err)
	}
	if b.Whole == nil || b.Search == nil || b.Whole.Seconds.Median <= b.Search.Seconds || b.Whole.CPU.Median <= 0 {
		t.Errorf("whole %+v, search %+v", b.Whole, b.Search)
	}
	if b.Whole.FirstSeconds <= 0 || b.Whole.FirstR <= 0 {
		t.Errorf("the first command: %+v", b.Whole)
	}
	if got := call(append(args[:len(args)-1:len(args)-1], "0")...); got.code != run.ExitMistake || !strings.Contains(got.err, "--runs 0: give at least 1") {
		t.Errorf("--runs 0: exit code %d, %q", got.code, got.err)
	}
}
