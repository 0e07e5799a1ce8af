package run

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
	"example.org/demote/internal/tasktest"
	"example.org/demote/result"
	"example.org/demote/search"
)

// elsewhereOf are so many workers in this process behind links.
func elsewhereOf(t *testing.T, n int, faults func(i int) linktest.Faults) (links []backend.Link, pipes []*linktest.Pipe) {
	t.Helper()
	for i := range n {
		f := linktest.Faults{}
		if faults != nil {
			f = faults(i)
		}
		p := linktest.New(fmt.Sprint("worker ", i), func(h link.Host) linktest.Worker {
			return far.NewServer(h, far.ServerOptions{Memory: 1 << 30, Beat: 20 * time.Millisecond})
		}, f)
		t.Cleanup(p.Close)
		links, pipes = append(links, p), append(pipes, p)
	}
	return links, pipes
}

// TestWorkersElsewhereRunAlike searches with the samples in one place and dealt to one to four workers behind links:
// result.json but for times, promotion.txt, mixed.onnx, curve.csv and the journal, row by row. Without -members it
// takes three searches.
func TestWorkersElsewhereRunAlike(t *testing.T) {
	for i, c := range someChoices() {
		t.Run(c.strategy+" "+c.metric, func(t *testing.T) {
			cfg := tasktest.TinyConfig(t, 90)
			if slices.Contains([]string{"f1", "mcc", "auroc"}, c.metric) {
				cfg.Labels = labelsFor(t, cfg)
			}
			cfg.Strategy, cfg.Metric, cfg.Target, cfg.Block = c.strategy, c.metric, c.target, 8
			one := mustSearch(t, cfg)
			links, pipes := elsewhereOf(t, 1+i%4, nil)
			cfg.Links, cfg.Out = links, cfg.Out+"-elsewhere"
			sameRun(t, fmt.Sprintf("%d workers", len(links)), one, mustSearch(t, cfg))
			for _, p := range pipes {
				leases, _ := p.Sent(link.KindLease)
				outputs, _ := p.Sent(link.KindOutputs)
				if rows, _ := p.Sent(link.KindRows); leases+rows+outputs == 0 {
					t.Errorf("%s was handed no lease", p.Name())
				}
			}
		})
	}
}

// TestWorkersElsewhereResume stops a search after some of its demotions, and goes on with another number of workers
// each time, once with none, and with messages that are lost: the end is that of the search on one machine that was
// left alone.
func TestWorkersElsewhereResume(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Block = 8
	one := mustSearch(t, cfg)
	cfg.Out += "-elsewhere"
	resumed(t, cfg, one, func(session int, cfg *Config) (end func()) {
		links, pipes := elsewhereOf(t, []int{3, 0, 2}[session%3], func(i int) linktest.Faults {
			return linktest.Faults{Seed: uint64(session*10 + i), Lost: 0.01, Twice: 0.02, Late: 0.02, Delay: 10 * time.Millisecond}
		})
		cfg.Links = links
		return func() {
			for _, p := range pipes {
				p.Close()
			}
		}
	})
}

// TestWorkerElsewhereDies ends one of three workers in the middle of a search: the result is that of one machine, with
// a warning that names it.
func TestWorkerElsewhereDies(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Block = 8
	one := mustSearch(t, cfg)
	cfg.Out += "-elsewhere"
	links, pipes := elsewhereOf(t, 3, nil)
	cfg.Links = links
	cfg.Progress = func(e search.Event) {
		if e.Kind == search.EventMove {
			pipes[1].Kill(errors.New("its machine is gone"))
		}
	}
	r := mustSearch(t, cfg)
	asAlone(t, r, one)
	if !slices.ContainsFunc(r.Warnings, func(w result.Warning) bool {
		return w.ID == "member-left" && strings.Contains(w.Text, "worker 1 is left out")
	}) {
		t.Errorf("%+v", r.Warnings)
	}
}

// TestWorkerElsewhereSaysNothing has a worker be gone when it is asked what it is: the search goes on without it.
func TestWorkerElsewhereSaysNothing(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Block = 8
	one := mustSearch(t, cfg)
	cfg.Out += "-elsewhere"
	cfg.Links, _ = elsewhereOf(t, 3, func(i int) (f linktest.Faults) {
		if i == 0 {
			f.DiesAtCall = `"hello"`
		}
		return f
	})
	var said []string
	cfg.Say = func(text string) { said = append(said, text) }
	r := mustSearch(t, cfg)
	asAlone(t, r, one)
	if !slices.ContainsFunc(said, func(text string) bool {
		return strings.Contains(text, "worker 0 is left out: it died at a call")
	}) {
		t.Errorf("it says %q", said)
	}
}

// TestNoWorkerElsewhereIsLeft ends all workers in the middle of a search: it ends with a line, and the same search goes
// on from its journal without them.
func TestNoWorkerElsewhereIsLeft(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Block = 8
	one := mustSearch(t, cfg)
	cfg.Out += "-elsewhere"
	links, pipes := elsewhereOf(t, 2, nil)
	cfg.Links = links
	cfg.Progress = func(e search.Event) {
		if e.Kind == search.EventMove {
			pipes[0].Kill(errors.New("its machine is gone"))
			pipes[1].Kill(errors.New("its machine is gone"))
		}
	}
	if _, err := Search(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "no worker is left: ") || !strings.Contains(err.Error(), "it does not answer any more: its machine is gone") || !strings.Contains(err.Error(), "start workers again, and give the same command") || ExitCode(err) != 1 {
		t.Fatalf("exit code %d: %v", ExitCode(err), err)
	}
	cfg.Links, cfg.Progress = nil, nil
	r := mustSearch(t, cfg)
	asAlone(t, r, one)
}

// TestWhatIsRefusedElsewhere names what workers elsewhere cannot have.
func TestWhatIsRefusedElsewhere(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 30)
	cfg.SearchWeights = true
	cfg.Links, _ = elsewhereOf(t, 1, nil)
	if _, err := Search(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "search-weights: weights that follow the activations cannot be handed to workers elsewhere yet") {
		t.Error(err)
	}
}

// asAlone holds a result against that of one machine.
func asAlone(t *testing.T, r, one *Result) {
	t.Helper()
	if decisions(t, r) != decisions(t, one) || r.Trials != one.Trials {
		t.Errorf("%d trials: %s\non one machine, %d trials: %s", r.Trials, decisions(t, r), one.Trials, decisions(t, one))
	}
}

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
