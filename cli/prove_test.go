package cli

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestProve holds that a proof is told before it begins, in the summary, and as JSON, and that a limit that is none is
// one line.
func TestProve(t *testing.T) {
	in := good(t)
	c := must(t, in.args("--prove", "all", "--strategy", "gallop", "--grid", "pow2", "--metric", "agreement", "--target", "16bit-0.001")...)
	if !strings.Contains(c.out, "proven minimal: ") {
		t.Errorf("%s", c.out)
	}
	in = good(t)
	c = must(t, in.args("--prove", "10m", "--strategy", "gallop", "--grid", "pow2", "--metric", "agreement", "--target", "16bit-0.001", "--json")...)
	parts, last := 0, map[string]any{}
	for _, line := range strings.Split(strings.TrimSpace(c.out), "\n") {
		last = map[string]any{}
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Fatal(err)
		}
		if p, ok := last["proof"].(map[string]any); ok && last["event"] == "proof" {
			if p["mixes"].(float64) < 1 || p["done"] == nil || p["int16"] == nil || p["drawn"] == nil {
				t.Errorf("%s", line)
			}
			parts++
		}
	}
	proof, ok := last["proof"].(map[string]any)
	if !ok || proof["minimal"] != true || parts == 0 {
		t.Errorf("%d parts, %v", parts, last["proof"])
	}
	for _, k := range [][]string{{"--prove", "0"}, {"--prove", "soon"}, {"--prove", "-1m"}, {"--prove="}, {"--prove", "--curve"}} {
		c := call(in.args(append(k, "--force")...)...)
		if c.code != 2 || !strings.Contains(c.err, "--prove") || strings.Count(c.err, "\n") != 1 {
			t.Errorf("%v: exit code %d, %s", k, c.code, c.err)
		}
	}
}
