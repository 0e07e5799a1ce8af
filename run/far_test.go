package run

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
	"example.org/demote/backend/metric"
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

// resumedElsewhere is resumed with so many workers each time, by turns, and with messages that are lost, late and
// double.
func resumedElsewhere(t *testing.T, cfg Config, one *Result, workers []int) {
	t.Helper()
	resumed(t, cfg, one, func(session int, cfg *Config) (end func()) {
		links, pipes := elsewhereOf(t, workers[session%len(workers)], func(i int) linktest.Faults {
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

// TestWorkersElsewhereResume stops a search after some of its demotions, and goes on with another number of workers
// each time, once with none, and with messages that are lost: the end is that of the search on one machine that was
// left alone.
func TestWorkersElsewhereResume(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Block = 8
	one := mustSearch(t, cfg)
	cfg.Out += "-elsewhere"
	resumedElsewhere(t, cfg, one, []int{3, 0, 2})
}

// TestCountsElsewhereRunAlike searches by F1, which workers judge by counts of their own blocks: the run is that of one
// machine, row by row of the journal, and so it is where it was stopped and goes on with other workers.
func TestCountsElsewhereRunAlike(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Labels = labelsFor(t, cfg)
	cfg.Metric, cfg.Target, cfg.Block = "f1", "16bit-0.05", 8
	one := mustSearch(t, cfg)
	links, pipes := elsewhereOf(t, 3, nil)
	cfg.Links, cfg.Out = links, cfg.Out+"-elsewhere"
	sameRun(t, "3 workers", one, mustSearch(t, cfg))
	counts, pieces := 0, 0
	for _, p := range pipes {
		n := p.Heard(link.KindCounts)
		_, bytes := p.Sent(link.KindPiece)
		counts, pieces = counts+n, pieces+bytes
	}
	if counts < 8*one.Trials || pieces > 200*8*12 {
		t.Errorf("%d answers of counts in %d trials, and %d bytes of outputs", counts, one.Trials, pieces)
	}
	cfg.Out += "-again"
	resumedElsewhere(t, cfg, one, []int{2, 0, 3})
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

// TestWeightsElsewhere searches weights too, and constants that follow a pair of files, on one to three workers behind
// links: all that is written is that of one machine.
func TestWeightsElsewhere(t *testing.T) {
	for i, strategy := range weightStrategies() {
		c := ofWeights(t)
		c.Strategy, c.Block = strategy, 8
		one := mustSearch(t, c)
		if low, all := one.WeightsLow(); low == 0 || low == all {
			t.Errorf("%s: %d of %d weights are low: this test shows nothing", strategy, low, all)
		}
		c.Links, _ = elsewhereOf(t, 1+i%3, nil)
		c.Out += "-elsewhere"
		sameRun(t, strategy, one, mustSearch(t, c))
	}
}

// weightStrategies are two strategies; with -members all of them.
func weightStrategies() (names []string) {
	if !*allMembers {
		return []string{"gallop", "demotion"}
	}
	for _, s := range search.Strategies() {
		names = append(names, s.Name)
	}
	return names
}

// TestStatesElsewhere searches samples of several steps on one to three workers behind links, and on members here: by
// the outputs of all steps, by values, and by labels of each step.
func TestStatesElsewhere(t *testing.T) {
	for i, name := range []string{"agreement", "mse", "top1"} {
		const n, steps = 50, 5
		cfg, x := tasktest.StepNet(t, tasktest.LstmStep(), n, steps, "hn:h", "cn:c")
		cfg.Block, cfg.Target = 4, map[string]string{"agreement": "16bit-0.01", "mse": "16bit+0.001", "top1": "16bit-0.02"}[name]
		if name == "top1" {
			labels := tasktest.NPYHeader("<i8", n, steps) // of each step, one of three is wrong
			for i, y := 0, outputsOf(t, cfg, cfg.Model); i < n*steps; i++ {
				labels = binary.LittleEndian.AppendUint64(labels, uint64((metric.Top1(y[i*5:i*5+5])+min(1, i%3))%5))
			}
			cfg.Data = tasktest.WriteArrays(t, filepath.Join(t.TempDir(), "labels.npz"), map[string][]byte{"x": tasktest.FloatsNPY(x, n, steps, 6), "y": labels})
		}
		cfg.Metric = name
		one := mustSearch(t, cfg)
		out := cfg.Out
		cfg.Links, _ = elsewhereOf(t, 1+i, nil)
		cfg.Out = out + "-elsewhere"
		sameRun(t, name, one, mustSearch(t, cfg))
		cfg.Links, cfg.Members, cfg.Out = nil, 2, out+"-members"
		sameRun(t, name+", members", one, mustSearch(t, cfg))
	}
}

// TestStoreElsewhereIsFull has the files of a search find no room on their way, before the first trial and when the
// samples are laid out: it ends with a line and exit code 1, leaves out no worker, and the same search goes on.
func TestStoreElsewhereIsFull(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Block = 8
	one := mustSearch(t, cfg)
	cfg.Out += "-elsewhere"
	for _, from := range []int{1, 3, 9} {
		cfg.Links, _ = elsewhereOf(t, 2, func(int) linktest.Faults { return linktest.Faults{FullFrom: from} })
		cfg.Say = func(text string) {
			if strings.Contains(text, "left out") {
				t.Errorf("it says %q", text)
			}
		}
		if _, err := Search(t.Context(), cfg); err == nil || err.Error() != "no room for files: the disk is full" || ExitCode(err) != 1 {
			t.Errorf("full from file %d on: exit code %d: %v", from, ExitCode(err), err)
		}
	}
	cfg.Links, cfg.Say = nil, nil
	asAlone(t, mustSearch(t, cfg), one)
}

// asAlone holds a result against that of one machine.
func asAlone(t *testing.T, r, one *Result) {
	t.Helper()
	if decisions(t, r) != decisions(t, one) || r.Trials != one.Trials {
		t.Errorf("%d trials: %s\non one machine, %d trials: %s", r.Trials, decisions(t, r), one.Trials, decisions(t, one))
	}
}
