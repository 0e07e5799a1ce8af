package run

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
)

// onCPUsBy counts the messages of a kind on the links beside that of the search, of each worker.
func onCPUsBy(pipes []*linktest.Pipe, kinds ...link.Kind) (counts []int) {
	for _, p := range pipes {
		n := 0
		for _, o := range p.Others() {
			for _, k := range kinds {
				sent, _ := o.Sent(k)
				n += sent
			}
		}
		counts = append(counts, n)
	}
	return counts
}

// TestPassesElsewhereRunAlike deals float score, default session and the check of the written file to the CPUs of one
// to four workers: what is found is what one machine finds. Without -members it takes two searches.
func TestPassesElsewhereRunAlike(t *testing.T) {
	list := []struct{ metric, target, session string }{{"sqnr", "40%", ""}, {"top1", "16bit-0.05", "default"}, {"f1", "16bit-0.05", "default"}, {"auroc", "16bit-0.05", ""}}
	if !*allMembers {
		list = list[:2]
	}
	for i, c := range list {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			cfg := tasktest.TinyConfig(t, 50)
			cfg.Labels = labelsFor(t, cfg)
			cfg.Metric, cfg.Target, cfg.Session, cfg.Block = c.metric, c.target, c.session, 8
			one := mustSearch(t, cfg)
			links, pipes := elsewhereOf(t, 1+i%4, nil)
			cfg.Links, cfg.Out = links, cfg.Out+"-elsewhere"
			two := mustSearch(t, cfg)
			sameRun(t, fmt.Sprintf("%d workers", len(links)), one, two)
			if slices.Contains(onCPUsBy(pipes, link.KindLease, link.KindRows, link.KindOutputs), 0) {
				t.Error("a worker's CPU has run nothing")
			}
		})
	}
}

// TestPassesElsewhereFail ends workers in the middle of what is dealt to the CPUs: the others do it. Without -members
// it takes one search, of which two of three workers are gone.
func TestPassesElsewhereFail(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Block = 8
	one := mustSearch(t, cfg)
	hold, messages := linktest.Faults{DiesAtCall: `"hold"`}, linktest.Faults{DiesAfter: 3}
	list := map[string][]linktest.Faults{"both": {{}, hold, messages}}
	if *allMembers {
		list["messages"] = []linktest.Faults{{}, messages, {}}
		for _, call := range []string{"hold", "plan", "look"} {
			list[call] = []linktest.Faults{{}, {DiesAtCall: `"` + call + `"`}, {}}
		}
	}
	for dies, faults := range list {
		cfg.Links, _ = elsewhereOf(t, 3, func(i int) linktest.Faults { return faults[i] })
		own := cfg
		own.Out += "-" + dies
		var said []string
		own.Say = func(text string) { said = append(said, text) }
		asAlone(t, mustSearch(t, own), one)
		if faults[1] == hold && !slices.ContainsFunc(said, func(s string) bool { return strings.HasPrefix(s, "left to the other CPUs: worker 1: ") }) {
			t.Errorf("%s: it says %q", dies, said)
		}
	}
}

// heldOut is a search with a hold-out, and a promise by it.
func heldOut(t *testing.T) config.Config {
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Labels = labelsFor(t, cfg)
	cfg.Metric, cfg.Target, cfg.Block, cfg.Holdout, cfg.Confidence = "top1", "16bit-0.1", 8, "40%", "0.5"
	return cfg
}

// TestHoldoutElsewhere deals a hold-out to the workers of the search, by links of its own, and the last tries: what is
// found is what one machine finds.
func TestHoldoutElsewhere(t *testing.T) {
	cfg := heldOut(t)
	one := mustSearch(t, cfg)
	for dies := range 2 {
		links, pipes := elsewhereOf(t, 2, nil)
		own := cfg
		own.Links, own.Out = links, filepath.Join(t.TempDir(), "elsewhere") // no folder beside it has used the samples
		if dies == 1 {
			killed := false
			own.Say = func(text string) {
				if strings.Contains(text, "on the hold-out; ") {
					killed = true
					pipes[1].Kill(errors.New("its machine is gone"))
				}
			}
			asAlone(t, mustSearch(t, own), one)
			if !killed {
				t.Error("no worker was gone: this shows nothing")
			}
			continue
		}
		sameRun(t, "a hold-out on two workers", one, mustSearch(t, own))
		for _, p := range pipes {
			leases := 0
			for _, o := range p.Others() {
				n, _ := o.Sent(link.KindMarks)
				leases += n
			}
			if leases == 0 {
				t.Errorf("%s was handed no lease of the hold-out", p.Name())
			}
		}
	}
}
