package run

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/trialtest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/result"
	"example.org/demote/search"
)

// TestOwnShapesCommand reads what a metric command is given: outputs of different shapes are all values, and their
// shapes behind them. Where the outputs have one shape it is as ever.
func TestOwnShapesCommand(t *testing.T) {
	const n = 11
	for kind, head := range map[string]string{"map": "'<f4', 'fortran_order': False, 'shape': (1048,)", "classes": "'<f4', 'fortran_order': False, 'shape': (11, 5)"} {
		cfg := tasktest.OwnConfig(t, kind, n)
		got := filepath.Join(t.TempDir(), "got")
		if _, err := Eval(context.Background(), config.Config{Data: cfg.Data, MetricCmd: "cat > " + got + "; echo 1", Block: 2}, cfg.Model, "", ""); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(got)
		if err != nil {
			t.Fatal(err)
		}
		var want []float32
		var shapes []byte
		sizes := tasktest.OwnSizes(n)
		for i, x := range tasktest.OwnSamples(900, sizes) {
			want = append(want, tasktest.AlonePlain(t, cfg.Model, x, sizes[i])...)
			for _, d := range []int{2, sizes[i][0], sizes[i][1]} {
				shapes = binary.LittleEndian.AppendUint64(shapes, uint64(d))
			}
		}
		if !strings.Contains(string(data[:128]), head) {
			t.Errorf("%s: %q, want %s", kind, data[:128], head)
		}
		for i, w := range want {
			if v := math.Float32frombits(binary.LittleEndian.Uint32(data[128+4*i:])); math.Abs(float64(v-w)) > 1e-4 {
				t.Fatalf("%s: value %d is %v, by plain ONNX Runtime %v", kind, i, v, w)
			}
		}
		rest := data[128+4*len(want):]
		if kind == "map" && (!strings.Contains(string(rest[:128]), "'<i8', 'fortran_order': False, 'shape': (11, 3)") || string(rest[128:]) != string(shapes)) {
			t.Errorf("shapes %q", rest)
		}
	}
}

// TestOwnShapesAreRefused says what cannot be done with samples of different shapes, and what to type instead.
func TestOwnShapesAreRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*config.Config)
		want   string
	}{
		{"fixed shapes", func(c *config.Config) { c.FixShapes = true }, "have different shapes: leave it out, or give the value that fills up the smaller ones, --pad NAME=0"},
		{"too many", func(c *config.Config) {
			arrays := map[string][]byte{}
			for i := range 70 {
				arrays[fmt.Sprintf("x_%d", i)] = tasktest.FloatsNPY(tasktest.Normals(1, 2*4*(i+4)), 2, 4, i+4)
			}
			tasktest.WriteArrays(t, c.Data, arrays)
		}, "70 samples have 70 shapes, and 64 is the most"},
		{"a shape that the network does not take", func(c *config.Config) {
			arrays := map[string][]byte{}
			for i := range 6 {
				arrays[fmt.Sprintf("x_%d", i)] = tasktest.FloatsNPY(tasktest.Normals(1, 2*8*(4-i/5*2)), 2, 8, 4-i/5*2)
			}
			tasktest.WriteArrays(t, c.Data, arrays)
			g := tasktest.OwnNetwork("map")
			g.Initializer = append(g.Initializer, &onnxpb.TensorProto{Name: proto.String("wide"), Dims: []int64{1, 1, 1, 4}, DataType: proto.Int32(1), FloatData: make([]float32, 4)})
			g.Node[6].Output[0], g.Node[6].Name = "z", proto.String("make z")
			g.Node = append(g.Node, tasktest.Node("Add", "y", "z", "wide"))
			tasktest.WriteNetwork(t, c.Model, g)
			c.Calib, c.Block = c.Data, 2
		}, "so it is with samples of shape [2,8,2], such as sample 5"},
	} {
		cfg := tasktest.OwnConfig(t, "map", 7)
		c.change(&cfg)
		_, err := Search(context.Background(), cfg)
		if err == nil || !strings.Contains(err.Error(), c.want) || ExitCode(err) != ExitMistake {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// TestOwnShapesScan holds random scans from one base to the next against the naive ones, by one worker and by two, by
// a count and by a number, and what is stored of each shape against whole runs.
func TestOwnShapesScan(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	ctx := context.Background()
	for _, metric := range []string{"agreement", "mse"} {
		cfg := tasktest.OwnConfig(t, "classes", 26)
		cfg.Metric, cfg.Block, cfg.Scan = metric, 3, "naive"
		naive := trialtest.Compiled(t, cfg)
		for workers, every := range []bool{true, true, false} {
			cfg.Scan, cfg.Workers, cfg.EveryCut = "fast", max(1, workers), every
			s := trialtest.Compiled(t, cfg)
			n, rng := len(s.Records), rand.New(rand.NewPCG(2, uint64(workers)))
			base := search.NewMask(n)
			for step := range 60 {
				var candidates []search.Mask
				for range 1 + rng.IntN(4) {
					m := base.Clone()
					for range 1 + rng.IntN(2) {
						trialtest.Toggle(m, rng.IntN(n))
					}
					candidates = append(candidates, m)
				}
				b := search.Bound{Above: math.Inf(1), Floor: math.Inf(-1)}
				if step%3 > 0 {
					b.Above = s.HighScore.Float() * []float64{0, 0.9, 1.5}[step%3]
				}
				found, err := s.Ev.Scan(ctx, base, candidates, b)
				if err != nil {
					t.Fatal(err)
				}
				want, err := search.NaiveScan(ctx, naive.Ev.Again, candidates, b)
				if err != nil || found.Index != want.Index || found.Passed != want.Passed || found.Score != want.Score {
					t.Fatalf("%s by %d workers, step %d: %+v, naive %+v, %v", metric, workers, step, found, want, err)
				}
				base = candidates[found.Index]
			}
			if st := s.Ev.Stats(); st.Restored == 0 && every {
				t.Errorf("no block began at a cut: %+v", st)
			}
		}
	}
}

// TestOwnShapesOfAPair searches two files that are quantized already, and holds the scores of both against plain ONNX
// Runtime's.
func TestOwnShapesOfAPair(t *testing.T) {
	const n = 15
	cfg := tasktest.OwnConfig(t, "lines", n)
	q := cfg
	q.Out = filepath.Join(t.TempDir(), "ends")
	low, high, err := Quantize(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Model, cfg.Calib, cfg.Low, cfg.High, cfg.Metric = "", "", low, high, "mse"
	cfg.Target = fmt.Sprint(tasktest.AlonePlainScore(t, "mse", low, high, n) / 2)
	r, err := Search(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for file, got := range map[string]*result.Score{low: r.Score.Low, filepath.Join(cfg.Out, journal.MixedFile): r.Score.Mixed} {
		if want := tasktest.AlonePlainScore(t, "mse", file, high, n); !tasktest.SameNumber(*got.Value, want) || !r.Verified.Identical {
			t.Errorf("%s: %v, by plain ONNX Runtime %v; %+v", file, *got.Value, want, r.Verified)
		}
	}
}

// TestOwnShapesNaN holds that a sample for which the network gives NaN is named as it is in the file, whatever shape
// it has.
func TestOwnShapesNaN(t *testing.T) {
	cfg := tasktest.OwnConfig(t, "map", 7)
	g := tasktest.OwnNetwork("map")
	g.Node[6].Output[0], g.Node[6].Name = "z", proto.String("make z")
	g.Node = append(g.Node, tasktest.Node("GlobalMaxPool", "top", "x"), tasktest.Node("Sqrt", "root", "top"), tasktest.Node("Add", "y", "z", "root"))
	tasktest.WriteNetwork(t, cfg.Model, g)
	sizes, arrays := tasktest.OwnSizes(7), map[string][]byte{}
	for i, x := range tasktest.OwnSamples(900, sizes) {
		x[0], x[sizes[i][0]*sizes[i][1]] = 9, 9
		if i == 5 || i == 2 { // of two shapes: no value is above zero
			for k := range x {
				x[k] = -1 - float32(math.Abs(float64(x[k])))
			}
		}
		arrays[fmt.Sprintf("x_%d", i)] = tasktest.FloatsNPY(x, 2, sizes[i][0], sizes[i][1])
	}
	tasktest.WriteArrays(t, cfg.Data, arrays)
	calib := map[string][]byte{}
	for name, data := range arrays {
		if name != "x_5" && name != "x_2" {
			calib[fmt.Sprintf("x_%d", len(calib))] = data
		}
	}
	tasktest.WriteArrays(t, cfg.Calib, calib)
	if _, err := Search(context.Background(), cfg); err == nil || !strings.Contains(err.Error(), "gives NaN for sample 2, first in tensor root") {
		t.Errorf("%v, want sample 2", err)
	}
}

// TestOwnShapesTouch finds samples that touch each other in the shapes that several have, where the smallest and the
// largest have one sample each: a file, a reference and a calibration of such a network are run sample by sample.
func TestOwnShapesTouch(t *testing.T) {
	cfg := tasktest.OwnConfig(t, "touching", 7)
	arrays := map[string][]byte{}
	for i := range 20 {
		size := [][2]int{{6, 8}, {5, 11}}[i%2]
		switch i {
		case 3:
			size = [2]int{4, 4}
		case 8:
			size = [2]int{13, 12}
		}
		arrays[fmt.Sprintf("x_%d", i)] = tasktest.FloatsNPY(tasktest.OwnSamples(uint64(i), [][2]int{size})[0], 2, size[0], size[1])
	}
	tasktest.WriteArrays(t, cfg.Data, arrays)
	other := tasktest.OwnConfig(t, "map", 7)
	for _, files := range [][2]string{{cfg.Model, other.Model}, {other.Model, cfg.Model}} {
		var scores []float64
		for _, block := range []int{1, 0} {
			said := ""
			e, err := Eval(context.Background(), config.Config{Data: cfg.Data, Metric: "mse", Block: block, Say: func(line string) { said += line }}, files[0], files[1], "")
			if err != nil {
				t.Fatal(err)
			}
			scores = append(scores, *e.Score.Value)
		}
		if !tasktest.SameNumber(scores[0], scores[1]) {
			t.Errorf("%s against %s: %v one by one, %v by default", files[0], files[1], scores[0], scores[1])
		}
	}
	said := ""
	cfg.Calib, cfg.Out, cfg.Say = cfg.Data, filepath.Join(t.TempDir(), "files"), func(line string) { said += line }
	if _, _, err := Quantize(context.Background(), cfg); err != nil || !strings.Contains(said, "every sample is run alone") {
		t.Errorf("quantize: %v, %s", err, said)
	}
}
