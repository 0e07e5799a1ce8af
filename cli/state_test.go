package cli

import (
	"strings"
	"testing"
)

// TestStateFlag has every command that reads samples take --state, and say in one line what is wrong with it.
func TestStateFlag(t *testing.T) {
	in := good(t)
	net, calib, data := in.flags["--model"], in.flags["--calib"], in.flags["--data"]
	for _, args := range [][]string{in.args(), {"eval", net, "--data", data}, {"quantize", "--model", net, "--calib", calib, "--out", in.path("q")},
		{"inspect", "--model", net}, {"bench", "--model", net, "--calib", calib, "--data", data}} {
		c := call(append(args, "--state", "y:x")...)
		if want := "--state y:x: output y is [?,5] and input x is [?,1,4,4]: a state has one shape, which does not grow\n"; c.code != 2 || !strings.HasSuffix(c.err, want) || strings.Count(c.err, "\n") != 1 {
			t.Errorf("%s: exit code %d, %q", args[0], c.code, c.err)
		}
	}
}
