package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
	"example.org/demote/internal/tasktest"
	"example.org/demote/search"
)

// TestShapesOnMembersRunAlike searches samples of three shapes in one place, dealt to members and dealt to workers
// elsewhere: result.json but for times, promotion.txt, mixed.onnx, curve.csv and the journal, row by row. What runs on
// the workers' CPUs has a share of the float score and of the check of the written file.
func TestShapesOnMembersRunAlike(t *testing.T) {
	list := []struct{ kind, metric, target string }{{"classes", "top1", "16bit-0.05"}, {"masked", "sqnr", "50%"}, {"map", "mse", "50%"}, {"lines", "cosine", "50%"}, {"classes", "f1", "16bit-0.05"}, {"touching", "mse", "50%"}, {"classes", "auroc", "16bit-0.05"}}
	if !*allMembers {
		list = list[:2]
	}
	for i, c := range list {
		t.Run(c.kind+" "+c.metric, func(t *testing.T) {
			cfg := tasktest.OwnConfig(t, c.kind, 30)
			cfg.Metric, cfg.Target, cfg.Block = c.metric, c.target, 3
			if c.kind == "touching" { // samples depend on each other in blocks: each runs alone then
				cfg.Block = 0
			}
			one := mustSearch(t, cfg)
			own := cfg
			own.Members, own.Out = 2+i%2, cfg.Out+"-members"
			sameRun(t, fmt.Sprintf("%d members", own.Members), one, mustSearch(t, own))
			links, pipes := elsewhereOf(t, 2+i%2, nil)
			own = cfg
			own.Links, own.Out = links, cfg.Out+"-elsewhere"
			sameRun(t, fmt.Sprintf("%d workers", len(links)), one, mustSearch(t, own))
			if slices.Contains(onCPUsBy(pipes, link.KindLease, link.KindRows, link.KindOutputs), 0) {
				t.Error("a worker's CPU has run nothing")
			}
		})
	}
}

// TestShapesElsewhereResume stops a search of samples of three shapes, and goes on with another number of workers each
// time, once with none, and with messages that are lost.
func TestShapesElsewhereResume(t *testing.T) {
	cfg := tasktest.OwnConfig(t, "classes", 40)
	cfg.Metric, cfg.Block, cfg.Target = "agreement", 3, "50%"
	one := mustSearch(t, cfg)
	cfg.Out += "-elsewhere"
	resumedElsewhere(t, cfg, one, []int{3, 0, 2})
}

// TestShapesElsewhereLoseAWorker has one of three workers be gone in the middle of a search, and of a hold-out.
func TestShapesElsewhereLoseAWorker(t *testing.T) {
	cfg := tasktest.OwnConfig(t, "classes", 44)
	cfg.Metric, cfg.Target, cfg.Block, cfg.Holdout = "top1", "16bit-0.05", 3, "30%"
	one := mustSearch(t, cfg)
	for _, at := range []string{"a trial", "the hold-out"} {
		links, pipes := elsewhereOf(t, 3, nil)
		own := cfg
		own.Links, own.Out = links, filepath.Join(t.TempDir(), "elsewhere")
		var said []string
		kill := func() { pipes[1].Kill(errors.New("its machine is gone")) }
		own.Say = func(text string) {
			if said = append(said, text); at == "the hold-out" && strings.Contains(text, "of the hold-out") {
				kill()
			}
		}
		if at == "a trial" {
			own.Progress = func(e search.Event) {
				if e.Kind == search.EventMove {
					kill()
				}
			}
		}
		asAlone(t, mustSearch(t, own), one)
		if at == "a trial" && !slices.ContainsFunc(said, func(text string) bool {
			return strings.Contains(text, "worker 1 is left out, and the others have its blocks")
		}) {
			t.Errorf("%s: it says %q", at, said)
		}
	}
}

// readsThere counts the blocks that a worker is told to read in its file, and those that it is sent.
type readsThere struct {
	*linktest.Pipe
	there, sent atomic.Int64
}

// Call implements link.Link.
func (r *readsThere) Call(ctx context.Context, request []byte) ([]byte, error) {
	if bytes.Contains(request, []byte(`"Call":"hold"`)) {
		all, there := bytes.Count(request, []byte(`"Number":`)), bytes.Count(request, []byte(`"There":true`))
		r.there.Add(int64(there))
		r.sent.Add(int64(all - there))
	}
	return r.Pipe.Call(ctx, request)
}

// TestShapesInFilesElsewhere has workers read samples of three shapes, of one input and of two, from a file of their
// own, as it is and of a limit: no sample of the search is sent. Without -members it takes the two inputs.
func TestShapesInFilesElsewhere(t *testing.T) {
	kinds := []string{"masked", "classes"}
	if !*allMembers {
		kinds = kinds[:1]
	}
	for _, kind := range kinds {
		cfg := tasktest.OwnConfig(t, kind, 40)
		cfg.Block, cfg.Limit = 3, 30
		one := mustSearch(t, cfg)
		var links []backend.Link
		var pipes []*readsThere
		for i := range 2 {
			root := t.TempDir()
			tasktest.WriteFile(t, filepath.Join(root, "x.data"), tasktest.ReadFile(t, cfg.Data))
			data, err := WorkerData(root)
			if err != nil {
				t.Fatal(err)
			}
			p := linktest.New(fmt.Sprint("worker ", i), func(h link.Host) linktest.Worker {
				return far.NewServer(h, far.ServerOptions{Memory: 1 << 30, Beat: 20 * time.Millisecond, Data: data})
			}, linktest.Faults{})
			t.Cleanup(p.Close)
			seen := &readsThere{Pipe: p}
			links, pipes = append(links, seen), append(pipes, seen)
		}
		cfg.Links, cfg.DataAt, cfg.Out = links, "x.data", cfg.Out+"-elsewhere"
		cfg.Say = func(text string) {
			if strings.Contains(text, "x.data") {
				t.Errorf("it says %q", text)
			}
		}
		sameRun(t, kind, one, mustSearch(t, cfg))
		for _, p := range pipes {
			if p.there.Load() == 0 || p.sent.Load() > 0 {
				t.Errorf("%s: it has read %d blocks of the search in its file, and was sent %d", p.Name(), p.there.Load(), p.sent.Load())
			}
		}
	}
}
