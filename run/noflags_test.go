package run

import (
	"context"
	"strings"
	"testing"

	"example.org/demote/internal/tasktest"
	"example.org/demote/mistake"
)

// TestSearchWithoutFlags searches as a program of another module does, which has no flags: neither what it is told nor
// what the result keeps names one, and the program's user reads the same with flags.
func TestSearchWithoutFlags(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	all := func(t *testing.T) string {
		var said []string
		c := tasktest.TinyConfig(t, 24)
		c.Trials, c.Strategy = 3, "greedy"
		c.Say = func(line string) { said = append(said, line) }
		r, err := Search(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range r.Warnings {
			said = append(said, w.Text, w.Cure)
		}
		for _, change := range []func(*Config){
			func(c *Config) { c.Target = "" },
			func(c *Config) { c.Model = "" },
			func(c *Config) { c.Scan = "slow" },
			func(c *Config) { c.Block = -1 },
			func(c *Config) { c.Force, c.Out = false, c.Data },
			func(c *Config) { c.Metric, c.MetricCmd = "top1", "sh -c 'echo 1'" },
			func(c *Config) { c.Pins = []string{"nothing=int8"} },
			func(c *Config) { c.Output = "none" },
			func(c *Config) { c.Export = []string{"none"} },
			func(c *Config) { c.Unroll = true },
			func(c *Config) { c.Fixed = []string{"x=1"} },
		} {
			c := tasktest.TinyConfig(t, 24)
			change(&c)
			_, err := Search(context.Background(), c)
			if !mistake.Is(err) {
				t.Errorf("%v is no mistake", err)
				continue
			}
			said = append(said, err.Error())
		}
		return strings.Join(said, "\n")
	}
	mistake.NameFlags(false)
	defer mistake.NameFlags(true)
	library := all(t)
	mistake.NameFlags(true)
	program := all(t)
	if strings.Contains(library, "--") || strings.Count(library, "option ") < 11 {
		t.Errorf("a program without flags is told\n%s", library)
	}
	if strings.Count(program, "--") < strings.Count(library, "option ") {
		t.Errorf("the program's user is told\n%s", program)
	}
}
