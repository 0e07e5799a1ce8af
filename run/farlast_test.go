package run

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/link/linktest"
	"example.org/demote/internal/tasktest"
)

// whenNobody has workers come once a search has waited for one.
func whenNobody(late *comers, links []backend.Link) func(text string) {
	return func(text string) {
		if strings.HasPrefix(text, "no worker is left: waiting ") {
			time.AfterFunc(20*time.Millisecond, func() { late.come(links...) })
		}
	}
}

// TestLastWorkerElsewhereGoes has all workers be gone at a pass of their CPUs, at the float score, in the default
// session of a mix, and in the check of the written file. This machine runs the pass, the search waits for a worker for
// what is the device's, and is that of one machine.
func TestLastWorkerElsewhereGoes(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 50)
	cfg.Labels = labelsFor(t, cfg)
	cfg.Metric, cfg.Target, cfg.Session, cfg.Block = "top1", "16bit-0.05", "default", 8
	one := mustSearch(t, cfg)
	died, waited := 0, 0
	for _, pass := range []int{0, 2, 12} {
		links, pipes := elsewhereOf(t, 2, func(int) linktest.Faults {
			return linktest.Faults{DiesAtCall: `{"CPU":true}`, DiesBehind: pass}
		})
		news, _ := elsewhereOf(t, 1, nil)
		late := &comers{came: make(chan struct{}, 1)}
		comes := whenNobody(late, news)
		own := cfg
		own.Links, own.Late, own.Out = links, late, fmt.Sprint(cfg.Out, "-elsewhere-", pass)
		own.Say = func(text string) {
			if strings.HasPrefix(text, "no worker is left: waiting ") {
				waited++
			}
			comes(text)
		}
		asAlone(t, mustSearch(t, own), one)
		if pipes[0].Gone() && pipes[1].Gone() {
			died++
		}
	}
	if died < 3 || waited < 2 {
		t.Errorf("all workers were gone %d times, and it has waited %d times: this shows nothing", died, waited)
	}
}

// TestLastWorkerOfAHoldoutGoes has all workers be gone in the middle of a hold-out, and in front of it: the search
// waits for another one, and what is found is what one machine finds. Where nobody comes it ends with exit code 1, and
// the same search goes on from its journal.
func TestLastWorkerOfAHoldoutGoes(t *testing.T) {
	cfg := heldOut(t)
	one := mustSearch(t, cfg)
	for name, c := range map[string]struct {
		when  string // it is said
		comes int
	}{
		"in front of it":              {"scoring on 24 samples that", 1},
		"in its middle":               {"on the hold-out; ", 1},
		"in its middle, nobody comes": {"on the hold-out; ", 0},
	} {
		t.Run(name, func(t *testing.T) {
			links, pipes := elsewhereOf(t, 2, nil)
			news, _ := elsewhereOf(t, c.comes, nil)
			late := &comers{came: make(chan struct{}, 1)}
			comes := whenNobody(late, news)
			own := cfg
			own.Links, own.Late, own.Out = links, patient{late, c.comes}, filepath.Join(t.TempDir(), "elsewhere")
			killed, waited := false, false
			own.Say = func(text string) {
				if strings.Contains(text, c.when) {
					killed = true
					for _, p := range pipes {
						p.Kill(errors.New("its machine is gone"))
					}
				}
				waited = waited || strings.HasPrefix(text, "no worker is left: waiting ")
				comes(text)
			}
			r, err := Search(t.Context(), own)
			if !killed || !waited {
				t.Errorf("killed %v, waited %v", killed, waited)
			}
			if c.comes == 0 {
				if err == nil || !strings.Contains(err.Error(), "no worker is left: ") || !strings.Contains(err.Error(), "and no other one came within ") || ExitCode(err) != 1 {
					t.Fatalf("exit code %d: %v", ExitCode(err), err)
				}
				own.Links, own.Late, own.Say = nil, nil, nil
				r, err = Search(t.Context(), own)
			}
			if err != nil {
				t.Fatal(err)
			}
			asAlone(t, r, one)
		})
	}
}

// patient are workers that come, for which a search waits no longer than some of them will.
type patient struct {
	*comers
	comes int
}

// Patience implements backend.Late.
func (p patient) Patience() time.Duration {
	if p.comes > 0 {
		return p.comers.Patience()
	}
	return 50 * time.Millisecond
}
