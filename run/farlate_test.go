package run

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/internal/tasktest"
	"example.org/demote/search"
)

// comers are workers that come while a search runs.
type comers struct {
	mu    sync.Mutex
	links []backend.Link
	came  chan struct{}
}

func (c *comers) Came() <-chan struct{}   { return c.came }
func (c *comers) Patience() time.Duration { return 10 * time.Second }
func (c *comers) Come(most int) []backend.Link {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.links[:min(most, len(c.links))]
	c.links = c.links[len(out):]
	return out
}

// come has one come.
func (c *comers) come(links ...backend.Link) {
	c.mu.Lock()
	c.links = append(c.links, links...)
	c.mu.Unlock()
	select {
	case c.came <- struct{}{}:
	default:
	}
}

// TestWorkersElsewhereComeWhileItRuns has workers come in the middle of searches, and those that were there be gone, so
// that once none is left: the run is that of one machine, and the search says who takes part.
func TestWorkersElsewhereComeWhileItRuns(t *testing.T) {
	for _, scan := range []string{"", "naive"} {
		cfg := tasktest.TinyConfig(t, 60)
		cfg.Block, cfg.Scan = 8, scan
		one := mustSearch(t, cfg)
		cfg.Out += "-elsewhere"
		links, pipes := elsewhereOf(t, 3, nil)
		late := &comers{came: make(chan struct{}, 1)}
		cfg.Links, cfg.Late = links[:1], late
		var said []string
		cfg.Say = func(text string) { said = append(said, text) }
		has := func(text string) bool { return strings.Contains(strings.Join(said, "\n"), text) }
		stage := 0
		cfg.Progress = func(search.Event) {
			switch {
			case stage == 0:
				late.come(links[1])
				stage = 1
			case stage == 1 && has("worker 1 takes part from now on, with "):
				pipes[0].Kill(errors.New("its machine is gone"))
				stage = 2
			case stage == 2 && has("worker 0 is left out, and the others have its blocks"):
				pipes[1].Kill(errors.New("its machine is gone"))
				time.AfterFunc(50*time.Millisecond, func() { late.come(links[2]) })
				stage = 3
			}
			if stage == 1 { // it is made ready
				time.Sleep(50 * time.Millisecond)
			}
		}
		asAlone(t, mustSearch(t, cfg), one)
		if stage < 3 || !has("no worker is left: waiting 10s for another one") || !has("worker 2 takes part from now on, with ") {
			t.Errorf("stage %d, it says %s", stage, strings.Join(said, "\n"))
		}
	}
}
