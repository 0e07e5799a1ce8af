package run

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"example.org/demote/config"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/written"
	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

var (
	recordTo   = flag.String("record", "", "folder for the traces of searches that the remaining time is measured on (make forecast-record)")
	recordOnly = flag.String("record-only", "", "record only the search of that name")
)

// tracedNetworks are the networks of this tree, each with a shape of command line.
var tracedNetworks = map[string]config.Config{
	"dscnn":  {Model: "../examples/fashion/model.onnx"},
	"uneven": {Model: "../testdata/fashion-dscnn-uneven/model.onnx"},
	"vit":    {Model: "../testdata/fashion-vit/model.onnx"},
	"pair":   {Low: "../testdata/mctq/m8.onnx", High: "../testdata/mctq/m16.onnx", Data: "../testdata/mctq/eval.npz", Formula: "mctq"},
}

// tracedSearches are the searches that are recorded: every strategy on every network, easy and hard targets, by count
// and by value.
func tracedSearches() map[string]config.Config {
	all := map[string]config.Config{}
	for network, base := range tracedNetworks {
		for _, strategy := range Strategies() {
			for _, target := range []string{"16bit-0.003", "50%", "16bit-0.02"} {
				c := base
				if c.Data == "" {
					c.Calib, c.Data = "../examples/fashion/calib.npz", "../examples/fashion/eval.npz"
				}
				if network == "uneven" {
					c.GridLow, c.GridHigh = "pow2", "pow2"
				}
				if target == "50%" && c.High == "" { // the 16-bit network of a pair is its own reference: no end of dB
					c.Metric = "sqnr"
				}
				c.Strategy, c.Target, c.Limit, c.Cache = strategy, target, 500, 1<<29
				all[network+" "+strategy+" "+target] = c
			}
		}
	}
	for _, network := range []string{"dscnn", "uneven", "vit"} { // other samples and targets, to check by
		for _, strategy := range []string{"auto", "demotion", "gallop", "rank", "bisect"} {
			for _, target := range []string{"16bit-0.006", "75%"} {
				c := all[network+" "+strategy+" "+map[string]string{"75%": "50%"}[target]]
				if target != "75%" {
					c = all[network+" "+strategy+" 16bit-0.003"]
				}
				c.Target, c.Limit, c.Seed = target, 300, new(uint32(2))
				all[network+" "+strategy+" "+target+" check"] = c
			}
		}
	}
	for _, network := range []string{"dscnn", "uneven", "vit"} { // all samples
		for _, strategy := range []string{"auto", "demotion"} {
			c := all[network+" "+strategy+" 16bit-0.003"]
			c.Limit = 0
			all[network+" "+strategy+" 16bit-0.003 2000 check"] = c
		}
	}
	return all
}

// TestRecordTraces searches and writes down when what happened, in milliseconds of processor time, which other work
// on the machine does not change. Without -record it records one small search into a temporary folder.
func TestRecordTraces(t *testing.T) {
	searches, folder := tracedSearches(), *recordTo
	if folder == "" {
		folder = t.TempDir()
		c := tasktest.TinyConfig(t, 60)
		searches = map[string]config.Config{"tiny": c}
	}
	for name, c := range searches {
		if *recordOnly != "" && name != *recordOnly {
			continue
		}
		trace := searchtest.Trace{Name: name, Set: "fit", Strategy: c.Strategy}
		if strings.HasSuffix(name, " check") {
			trace.Set = "check"
		}
		start := processorTime(t)
		c.Out, c.Version = filepath.Join(t.TempDir(), "run"), "trace"
		c.Progress = func(e search.Event) {
			trace.Add(processorTime(t)-start, e)
		}
		r, err := Search(context.Background(), c)
		if err != nil && !errors.Is(err, ErrUnreachable) && !errors.Is(err, written.ErrExport) {
			t.Fatalf("%s: %v", name, err)
		}
		trace.End = processorTime(t) - start
		if trace.Holders, trace.Samples = len(r.Holders), r.Samples; len(trace.Events) < 3 {
			t.Errorf("%s: %d events", name, len(trace.Events))
		}
		trace.Thin()
		line, err := json.Marshal(trace)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name+".json"), append(line, '\n'), 0o666); err != nil {
			t.Fatal(err)
		}
		fmt.Println(name, trace.End, "ms,", len(trace.Events), "events")
	}
}

// processorTime is what this process has used of the processors, in milliseconds.
func processorTime(t *testing.T) int64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return (u.Utime.Nano() + u.Stime.Nano()) / 1e6
}
