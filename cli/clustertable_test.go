package cli

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var allUses = flag.Bool("cluster-uses", false, "whether TestClusterUses and TestClusterUsesGoOn run all their searches, and not some")

// use is a search that a person can ask for.
type use struct {
	name string
	make maker
	code int
}

// maker prepares the files of a search and returns what is added to its command line.
type maker = func(*testing.T, inputs) []string

// uses are the searches of TestClusterUses.
func uses() []use { return slices.Concat(metricUses(), searchUses(), inputUses(), togetherUses()) }

// fewUses are the names of those that are run without -cluster-uses: a search of each kind.
var fewUses = []string{"macro-f1", "auroc", "recall-at-5", "dice", "wer", "ssim", "map", "heads", "metric command, lower", "server of hits", "server of all",
	"repair auto", "range auto, top1", "bits 4,8", "list with one that is missed", "budget", "prove", "session default", "cost file", "weights searched, repaired",
	"promise of a ladder", "holdout share, sqnr", "list, ranges, holdout", "ranges, promise", "toolkit pair", "encodings", "two outputs, a command", "states", "shapes of their own", "bytes"}

// timesOf matches what a summary says of time and work.
var timesOf = regexp.MustCompile(`(?m)^.*(full passes|evaluations? \(|everything is in|was started|judged|seconds).*$| +[0-9.]+ +OUT.*$`)

// TestClusterUses runs what can be asked of a search alone, on two members and on two worker processes, which stay from
// one search to the next: exit code, warnings, summary and every file are the same but for times and work.
func TestClusterUses(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	farms := newFarms(t, 2)
	for _, u := range uses() {
		if *allUses || slices.Contains(fewUses, u.name) {
			t.Run(u.name, func(t *testing.T) {
				t.Parallel()
				farms.with(t, func(f *farm) { u.run(t, f) })
			})
		}
	}
}

// farms are lent out.
type farms chan *farm

// newFarms are so many farms of two workers.
func newFarms(t *testing.T, n int) farms {
	list := make(farms, n)
	for range n {
		list <- newFarm(t, 2)
	}
	return list
}

// with lends a farm, whose workers are there and have not ended by themselves.
func (l farms) with(t *testing.T, f func(f *farm)) {
	one := <-l
	defer func() { l <- one }()
	for name, w := range one.workers {
		if w.isGone() {
			t.Errorf("%s has ended: %s", name, w.said)
			one.start(t, name)
		}
	}
	f(one)
}

// place is where a search runs.
type place struct {
	name  string
	flags []string
}

var placeAlone = place{name: "alone", flags: []string{"--device", "cpu"}}

// placesOf are the others.
func placesOf(f *farm) []place {
	return []place{{"members", []string{"--device", "cpu", "--members", "2"}}, {"workers", slices.Concat(f.flags(2), []string{"--wait", "2m"})}}
}

// ask is a search whose files are made. Each place has a folder of its own for its run folder: a search looks at those
// beside it for what has used its hold-out.
type ask struct {
	in   inputs
	more []string
}

// making is held while the files of a search are made: labels of some are what this process computes.
var making sync.Mutex

// asked makes the files of a search.
func (u use) asked(t *testing.T, in inputs) ask {
	making.Lock()
	defer making.Unlock()
	in.flags["--block"], in.flags["--target"] = "7", "16bit-0.1"
	in.write(t, "eval.npz", archive(60))
	more := u.make(t, in)
	if !slices.Contains(more, "--range") && in.flags["--calib"] != "-" {
		more = append(more, "--range", "minmax")
	}
	return ask{in, more}
}

// out is the run folder at a place.
func (a ask) out(p place) string { return a.in.path(p.name + "/run") }

// args is the command line.
func (a ask) args(name string, flags ...string) []string {
	a.in.flags["--out"] = a.out(place{name: name})
	return slices.Concat(a.in.args(a.more...), flags)
}

// at runs the search at a place to its end.
func (a ask) at(t *testing.T, p place) (called, map[string]string) {
	begun := time.Now()
	got := finish(t, process(a.args(p.name, p.flags...)...))
	t.Logf("%s: %v, exit code %d", p.name, time.Since(begun).Round(10*time.Millisecond), got.code)
	if _, missing := os.Stat(a.out(p)); missing != nil {
		return got, nil
	}
	return got, writtenBy(t, a.out(p))
}

func (u use) run(t *testing.T, f *farm) {
	a := u.asked(t, good(t))
	alone, want := a.at(t, placeAlone)
	if alone.code != u.code {
		t.Fatalf("alone: exit code %d, want %d: %s%s", alone.code, u.code, alone.out, alone.err)
	}
	clean := func(text string, p place) string { return strings.ReplaceAll(text, a.in.path(p.name), "OUT") }
	for _, p := range placesOf(f) {
		got, files := a.at(t, p)
		if got.code != alone.code {
			t.Errorf("%s: exit code %d, alone %d: %s%s", p.name, got.code, alone.code, got.out, got.err)
			continue
		}
		sameWritten(t, p.name, files, want)
		if x, y := fmt.Sprint(warnings(clean(got.err, p))), fmt.Sprint(warnings(clean(alone.err, placeAlone))); x != y {
			t.Errorf("%s: it warns %s\nalone %s", p.name, x, y)
		}
		if x, y := timesOf.ReplaceAllString(clean(got.out, p), ""), timesOf.ReplaceAllString(clean(alone.out, placeAlone), ""); x != y {
			t.Errorf("%s: it prints %s\nalone %s", p.name, x, y)
		}
	}
}
