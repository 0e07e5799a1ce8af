package trial

import (
	"testing"
	"time"

	"example.org/demote/config"
)

// TestPasses holds what the choice of cuts is told of a search to come: nothing of one that nobody knows the length of.
func TestPasses(t *testing.T) {
	for _, c := range []struct {
		name    string
		targets int
		config  config.Config
		want    float64
	}{
		{"auto", 0, config.Config{}, 18},
		{"gallop", 0, config.Config{Strategy: "gallop"}, 10},
		{"three targets", 3, config.Config{}, 54},
		{"the reference", 0, config.Config{Strategy: "demotion"}, 0},
		{"a proof", 0, config.Config{Prove: "2"}, 0},
		{"a budget of cost", 0, config.Config{Budget: "1.2x"}, 0},
		{"a share", 0, config.Config{Int16Share: "20%"}, 0},
		{"a limit of time", 0, config.Config{Time: time.Minute}, 0},
		{"a limit of evaluations", 0, config.Config{Trials: 100}, 0},
	} {
		s := &Runner{Config: c.config.Filled(), Targets: c.targets}
		if got := s.passes(); got != c.want {
			t.Errorf("%s: %v passes, want %v", c.name, got, c.want)
		}
	}
}
