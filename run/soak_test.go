package run

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"example.org/demote/config"
	"example.org/demote/internal/holdout"
	"example.org/demote/internal/tasktest"
)

var soak = flag.Duration("soak", 0, "how long TestSoak searches: make soak takes an hour (default: a few searches)")

// Bounds of TestSoak: what a process may grow by from the first tenth of its searches to its end, by the line of
// least squares through all measurements, and at its highest. Its memory goes up and down with what is searched.
const (
	soakGrowth      = 32 << 20 // resident bytes
	soakDescriptors = 1
	soakGoroutines  = 1
	soakShort       = 4  // searches without -soak
	soakTurn        = 40 // searches from one of a large network to the next
)

// TestSoak searches over and over in one process, with networks, strategies, blocks, workers, caches and all that a
// search can be asked for drawn by lot, some of it cancelled on the way, and holds that nothing is left behind by any
// of it.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	start, idle := time.Now(), runtime.NumGoroutine()
	rng := rand.New(rand.NewPCG(1, 13))
	nets := soakNetworks(t)
	var seen []tasktest.Use
	ends := map[string]int{}
	for n := 1; n <= soakShort || time.Since(start) < *soak; n++ {
		number := n
		if *soak == 0 {
			number += 2 // without the large networks
		}
		cfg := soakConfig(rng, nets, number)
		cfg.Out = filepath.Join(t.TempDir(), "run")
		if *soak > 0 { // t keeps what it has made until the end
			cfg.Out = filepath.Join(nets.dir, "run"+strconv.Itoa(n))
		}
		ctx, cancel := context.WithCancel(context.Background())
		if rng.IntN(4) == 0 {
			time.AfterFunc(time.Duration(rng.IntN(400))*time.Millisecond, cancel)
		}
		_, err := Search(ctx, cfg)
		cancel()
		switch {
		case err == nil:
			ends["found"]++
		case errors.Is(err, context.Canceled):
			ends["cancelled"]++
		case errors.Is(err, ErrUnreachable), errors.Is(err, holdout.ErrUnpromised):
			ends["out of reach"]++
		default:
			t.Fatalf("search %d of %s: %v", n, asText(t, cfg), err)
		}
		os.RemoveAll(cfg.Out)
		now, err := tasktest.MeasureUse(start, idle)
		if err != nil {
			t.Fatal(err)
		}
		if now.Handles != 0 {
			t.Fatalf("search %d of %s leaves %v handles of ONNX Runtime open", n, asText(t, cfg), now.Handles)
		} else if n%8 == 0 {
			seen = append(seen, now)
		}
		if n%64 == 0 {
			last := seen[len(seen)-1]
			t.Logf("%5d searches, %6.0f s: %6.1f MiB resident, %5.1f MiB of Go, %v descriptors, %v goroutines, ends %v", n, time.Since(start).Seconds(),
				last.Resident/(1<<20), last.Heap/(1<<20), last.Descriptors, last.Goroutines, ends)
		}
	}
	if *soak > 0 { // else there are too few to draw a line through
		lines, beyond := tasktest.Grown(seen, tasktest.Bounds{Resident: soakGrowth, Heap: soakGrowth / 4, Descriptors: soakDescriptors, Goroutines: soakGoroutines})
		for _, line := range lines {
			t.Log(line)
		}
		for _, line := range beyond {
			t.Error(line)
		}
	}
	t.Logf("%d searches in %.0f s: %v", ends["found"]+ends["cancelled"]+ends["out of reach"], time.Since(start).Seconds(), ends)
}

// TestGrowth holds that a leak is seen through memory that goes up and down.
func TestGrowth(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for _, c := range []struct{ leak, least, most float64 }{{0, -8 << 20, 8 << 20}, {100 << 20, 90 << 20, 110 << 20}} {
		var seen []tasktest.Use
		for i := range 1000 {
			at := float64(i) / 1000
			seen = append(seen, tasktest.Use{At: at, Resident: 150<<20 + 60*rng.Float64()*(1<<20) + c.leak*at})
		}
		if _, got := tasktest.Growth(seen, func(u tasktest.Use) float64 { return u.Resident }); got < c.least || got > c.most {
			t.Errorf("a leak of %v bytes is seen as %v", c.leak, got)
		}
	}
}

// soakNets are the files that searches are drawn from.
type soakNets struct {
	dir         string
	tiny, fixed string
	calib, data string
}

func soakNetworks(t *testing.T) soakNets {
	dir := t.TempDir()
	n := soakNets{dir: dir, tiny: tasktest.TinyNetwork(t, dir), calib: tasktest.RandomImages(t, filepath.Join(dir, "calib.npy"), 16, 1), data: tasktest.RandomImages(t, filepath.Join(dir, "eval.npy"), 50, 2)}
	n.fixed = tasktest.FixedBatch(t, n.tiny, 16)
	return n
}

// soakConfig draws the search of a number. The large networks have their turns, and are the first, so that what they
// take belongs to the start.
func soakConfig(rng *rand.Rand, n soakNets, number int) config.Config {
	pick := func(list ...int) int { return list[rng.IntN(len(list))] }
	word := func(list ...string) string { return list[rng.IntN(len(list))] }
	c := config.Config{Model: n.tiny, Calib: n.calib, Data: n.data, Metric: word("agreement", "sqnr", "cosine", "mse"), Target: "50%", Version: "test",
		Strategy: word(Strategies()...), Scan: word("fast", "fast", "naive"), Workers: pick(0, 1, 2, 3, 99), Threads: pick(0, 1, 2), Block: pick(0, 1, 7, 20, 1000),
		GridLow: word("asymmetric", "symmetric", "pow2"), RangeLow: word("auto", "minmax", "mse", "percentile"), Formula: word("qdq", "qdq", "mctq", "torch"),
		Cache: int64(pick(-1, 1<<16, 1<<20, 1<<28)), Seed: new(rng.Uint32()), Limit: pick(0, 0, 30), Curve: rng.IntN(3) == 0, Trials: pick(0, 0, 0, 9)}
	c.EveryCut = rng.IntN(2) == 0
	switch rng.IntN(7) {
	case 0:
		c.Model, c.Block = n.fixed, 0
	case 1:
		c.Holdout = "30%"
	case 2:
		c.Session = "default"
	case 3:
		c.Export = []string{"promotion", "overrides"}
	case 4:
		c.Metric, c.MetricCmd, c.Strategy = "", "cat >/dev/null; echo 1", "gallop"
	}
	switch number % soakTurn {
	case 1:
		c.Model, c.Calib, c.Data, c.RangeLow = "../examples/fashion/model.onnx", "../examples/fashion/calib.npz", "../examples/fashion/eval.npz", "minmax"
	case 2:
		c.Model, c.Calib, c.Low, c.High, c.Data = "", "", "../testdata/mctq/m8.onnx", "../testdata/mctq/m16.onnx", "../testdata/mctq/eval.npz"
		c.Formula, c.Weights = "mctq", word("high", "follow")
	default:
		return c
	}
	c.Metric, c.MetricCmd, c.Strategy, c.Holdout, c.Session, c.Export = "top1", "", "gallop", "", "", nil
	c.Limit, c.Trials, c.Block, c.Curve, c.EveryCut, c.Threads, c.Scan = 20, 6, 10, false, false, 1, "fast"
	return c
}
