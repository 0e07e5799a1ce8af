package run

import (
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/demote/config"
	"example.org/demote/internal/memory"
	"example.org/demote/internal/tasktest"
	"example.org/demote/result"
)

var large = flag.Bool("large", false, "TestMoreSamplesThanMemory: a file of 4 GiB under a limit of 1 GiB, as make test-large has it")

// TestSpoolChangesNoDecision searches with the samples in memory and on disk: the same decisions, and the same file.
func TestSpoolChangesNoDecision(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	tiny := func(change func(*config.Config)) config.Config {
		cfg := tasktest.TinyConfig(t, 41)
		change(&cfg)
		return cfg
	}
	all := map[string]config.Config{
		"fast":     tiny(func(*config.Config) {}),
		"naive":    tiny(func(c *config.Config) { c.Scan = "naive" }),
		"no cache": tiny(func(c *config.Config) { c.Cache = -1 }),
		"whole":    tiny(func(c *config.Config) { c.EveryCut = false }),
		"rank":     tiny(func(c *config.Config) { c.Strategy, c.Workers = "rank", 3 }),
		"hold-out": tiny(func(c *config.Config) { c.Holdout = "40%" }),
		"bytes": tiny(func(c *config.Config) {
			data := tasktest.NPYHeader("|u1", 41, 1, 8, 8)
			for i := range 41 * 64 {
				data = append(data, byte(i*i*7+i/3))
			}
			tasktest.WriteFile(t, c.Data, data)
			c.Calib, c.Scale, c.Std = c.Data, []float32{0.0039}, []float32{0.3}
		}),
	}
	for name, b := range severalInputs() {
		cfg := b.Config(t)
		cfg.Output = "y"
		all[name] = cfg
	}
	follow := tinyFollow(t)
	all["a pair that follows"] = follow
	for name, cfg := range all {
		t.Run(name, func(t *testing.T) {
			var want, file string
			for _, spool := range []string{"", t.TempDir()} {
				c := cfg
				c.Spool, c.Out = spool, filepath.Join(t.TempDir(), "run")
				told := false
				c.Say = func(text string) {
					told = told || strings.Contains(text, "the samples stay on disk, as --spool has it")
				}
				r := mustSearch(t, c)
				got, mixed := decisions(t, r), string(tasktest.ReadFile(t, filepath.Join(c.Out, "mixed.onnx")))
				if told != (spool != "") || slices.ContainsFunc(r.Warnings, func(w result.Warning) bool { return w.ID == "samples-streamed" }) {
					t.Errorf("told: %t, warnings %q", told, texts(r.Warnings))
				}
				if spool == "" {
					want, file = got, mixed
				} else if got != want || mixed != file {
					t.Errorf("on disk: %s\nin memory: %s\nthe same file: %t", got, want, mixed == file)
				}
			}
		})
	}
}

// sparseSample is the number of values of a sample of sparseSamples.
const sparseSample = 1 << 16

// sparseSamples writes samples of 256 KiB, random in their first 64 numbers and zero behind them, which takes no room
// on the disk.
func sparseSamples(t *testing.T, path string, n int) string {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	head := tasktest.NPYHeader("<f4", n, sparseSample)
	_, err = f.Write(head)
	if err == nil {
		err = f.Truncate(int64(len(head)) + int64(n)*4*sparseSample)
	}
	rng := rand.New(rand.NewPCG(5, uint64(n)))
	for i := range n {
		var b []byte
		for range 64 {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(rng.NormFloat64())))
		}
		if err == nil {
			_, err = f.WriteAt(b, int64(len(head))+int64(i)*4*sparseSample)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestMoreSamplesThanMemory searches samples that take more memory than the process may have: they stay on disk, and
// the price is told. With -large the file has 4 GiB and the process 1 GiB.
func TestMoreSamplesThanMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	samples, limit := 768, 256<<20
	if *large {
		samples, limit = 16384, 1<<30
	}
	b := tasktest.NewGraph(1).Out("y", 8).Weight("w1", 0.2, 64, 32).Weight("w2", 0.3, 32, 32).Weight("w3", 0.3, 32, 8).Numbers("from", 0).Numbers("to", 64).Numbers("axis", 1)
	b.G.Input = append(b.G.Input, b.Value("x", 1, []int64{sparseSample}))
	cfg := b.Do("s = Slice x from to axis; a = MatMul s w1; ar = Relu a; b = MatMul ar w2; br = Relu b; y = MatMul br w3").Config(t)
	dir := filepath.Dir(cfg.Model)
	cfg.Calib, cfg.Data = sparseSamples(t, filepath.Join(dir, "calib.npy"), 64), sparseSamples(t, filepath.Join(dir, "eval.npy"), samples)
	cfg.Strategy, cfg.Metric, cfg.Target, cfg.Block, cfg.Cache, cfg.EveryCut = "rank", "agreement", "50%", 4, 0, false
	limits := []string{fmt.Sprint("DEMOTE_TEST_MEMORY=", limit)}
	if raced { // streamed all the same, in a process without a limit
		cfg.Spool, limits = t.TempDir(), nil
	}
	text, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "DEMOTE_TEST_SEARCH="+string(text)), limits...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %.2000s", err, out)
	}
	r, err := ReadResult(cfg.Out)
	if err != nil || !r.Finished || r.Samples != samples || !r.Verified.Identical {
		t.Fatalf("%v, %+v", err, r)
	}
	if raced {
		return
	}
	at := slices.IndexFunc(r.Warnings, func(w result.Warning) bool { return w.ID == "samples-streamed" })
	if at < 0 || !strings.Contains(r.Warnings[at].Text, fmt.Sprintf("%d samples take %s of memory", samples, memory.Text(int64(samples)*4*sparseSample))) {
		t.Errorf("warnings %q", texts(r.Warnings))
	}
	t.Logf("%s; %d scores in %.1f s", texts(r.Warnings[at:at+1]), r.Evaluations, r.Seconds)
}
