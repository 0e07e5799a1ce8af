package onnx

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"example.org/demote/internal/format"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/mctq"
	"example.org/demote/internal/onnxtest"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/quant"
)

// modelsEnv makes the test binary a program that reads or writes one network and says what that took.
const modelsEnv = "DEMOTE_BENCH_MODEL"

// modelJob is what such a program does.
type modelJob struct {
	Read, Write string // paths; no Write: nothing is written
	MCTQ        bool   // written as the toolkit's file, not as QDQ
}

// modelCost is what it says: seconds; the most memory that the process has held, before and in all, and what it held
// after the import without the pages of mapped files, in bytes.
type modelCost struct {
	Import, Export     float64
	Before, Peak, Held int64
}

func TestMain(m *testing.M) {
	if text := os.Getenv(modelsEnv); text != "" {
		modelChild(text)
		return
	}
	os.Exit(m.Run())
}

// modelChild imports a float or a quantized file, and exports it.
func modelChild(text string) {
	var job modelJob
	if err := json.Unmarshal([]byte(text), &job); err != nil {
		panic(err)
	}
	cost := modelCost{Before: memoryOf("VmHWM:")}
	start := time.Now()
	n, records := importAny(job.Read)
	cost.Import = time.Since(start).Seconds()
	cost.Held = memoryOf("RssAnon:")
	if job.Write != "" {
		start = time.Now()
		write := func(records []quant.Record, low []bool) (*Model, error) { return QDQ(n, records, low) }
		if job.MCTQ {
			write = func(records []quant.Record, low []bool) (*Model, error) {
				w, err := mctq.Format.Write(format.Mix{Network: n, Records: records, Low: low})
				return w.Model, err
			}
		}
		m, err := write(records, make([]bool, len(records)))
		if err == nil {
			err = m.Write(job.Write)
		}
		if err != nil {
			panic(err)
		}
		cost.Export = time.Since(start).Seconds()
	}
	cost.Peak = memoryOf("VmHWM:")
	if err := json.NewEncoder(os.Stdout).Encode(cost); err != nil {
		panic(err)
	}
}

// importAny is what a search does with a file before it runs anything. The grids of a float network are made up.
func importAny(path string) (*Network, []quant.Record) {
	m, err := Read(path)
	if err != nil {
		panic(err)
	}
	var records []quant.Record
	if m.IsQDQ() || m.IsMCTQ() {
		n, grids, err := ReadQuantized(m, quant.QDQ)
		if err != nil {
			panic(err)
		}
		for _, g := range grids {
			records = append(records, quant.Record{Low: g, High: g})
		}
		return n, records
	}
	n, err := Prepare(m, Options{})
	if err == nil {
		err = QuantizeWeights(n)
	}
	if err != nil {
		panic(err)
	}
	for range n.Holders {
		g, err := quant.GridFor("symmetric", 16, quant.Range{Min: -1, Max: 1})
		if err != nil {
			panic(err)
		}
		records = append(records, quant.Record{Low: g, High: g})
	}
	return n, records
}

// memoryOf reads a line of /proc/self/status, in bytes; 0 where there is none.
func memoryOf(name string) int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	var kib int64
	if _, rest, ok := strings.Cut(string(text), name); ok {
		fmt.Sscan(rest, &kib)
	}
	return kib << 10
}

// measured runs a job in a process of its own.
func measured(t testing.TB, job modelJob) modelCost {
	t.Helper()
	text, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), modelsEnv+"="+string(text))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var c modelCost
	if err := json.Unmarshal(out, &c); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	return c
}

// writeLayers writes a float network of 1x1 convolutions with 1 MiB of weights each, inside the file or beside it,
// and returns the bytes of the weights.
func writeLayers(t testing.TB, path string, mib int, external bool) int64 {
	t.Helper()
	const width = 512
	b := onnxtest.NewNet(17, -1, width, 1, 1)
	state := uint32(1)
	var data *os.File
	if external {
		var err error
		if data, err = os.Create(path + ".data"); err != nil {
			t.Fatal(err)
		}
		defer data.Close()
	}
	in, size := "x", int64(4*width*width)
	for i := range mib {
		w, c, a := fmt.Sprint("w", i), fmt.Sprint("c", i), fmt.Sprint("a", i)
		raw := make([]byte, size)
		for at := 0; at < len(raw); at += 4 {
			state = state*1664525 + 1013904223
			binary.LittleEndian.PutUint32(raw[at:], math.Float32bits(float32(int32(state))/(1<<35)))
		}
		weights := ir.NewTensor(w, ir.Float, []int64{width, width, 1, 1}, raw)
		if external {
			if _, err := data.Write(raw); err != nil {
				t.Fatal(err)
			}
			weights.RawData, weights.DataLocation = nil, onnxpb.TensorProto_EXTERNAL.Enum()
			for key, value := range map[string]string{"location": filepath.Base(path) + ".data", "offset": strconv.FormatInt(int64(i)*size, 10)} {
				weights.ExternalData = append(weights.ExternalData, &onnxpb.StringStringEntryProto{Key: &key, Value: &value})
			}
		}
		b.P.Graph.Initializer = append(b.P.Graph.Initializer, weights)
		b.Node("Conv", []string{in, w}, []string{c}).Node("Relu", []string{c}, []string{a})
		in = a
	}
	b.Output(in)
	file, err := proto.Marshal(b.P)
	if err == nil {
		err = os.WriteFile(path, file, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	return int64(mib) * size
}

// BenchmarkModels is the import and the export of a network of 100 MB, and of one of 2 GiB with external data: the
// median of the time of three processes and the most memory of any, beside the size of the network. The first one is
// to take less than 3 s each way and 3 times its size, the second one never twice its size.
func BenchmarkModels(b *testing.B) {
	for _, c := range []struct {
		name     string
		mib      int
		external bool
		times    float64
		seconds  float64
	}{{"100MB", 100, false, 3, 3}, {"2GiB-external", 2048, true, 2, math.Inf(1)}} {
		dir := b.TempDir()
		path, out, annotated := filepath.Join(dir, "float.onnx"), filepath.Join(dir, "qdq.onnx"), filepath.Join(dir, "mctq.onnx")
		size := writeLayers(b, path, c.mib, c.external)
		for _, job := range []struct {
			name string
			modelJob
		}{
			{"import", modelJob{Read: path}}, {"import-export", modelJob{Read: path, Write: out}}, {"import-qdq", modelJob{Read: out}},
			{"import-export-mctq", modelJob{Read: path, Write: annotated, MCTQ: true}}, {"import-mctq", modelJob{Read: annotated}},
		} {
			b.Run(c.name+"/"+job.name, func(b *testing.B) {
				var in, to []float64
				peak := int64(0)
				for b.Loop() {
					for range 3 {
						got := measured(b, job.modelJob)
						in, to, peak = append(in, got.Import), append(to, got.Export), max(peak, got.Peak-got.Before)
					}
				}
				slices.Sort(in)
				slices.Sort(to)
				b.ReportMetric(in[len(in)/2], "s/import")
				b.ReportMetric(to[len(to)/2], "s/export")
				b.ReportMetric(float64(peak)/float64(size), "sizes-at-most")
				b.ReportMetric(0, "ns/op")
				if times := float64(peak) / float64(size); times > c.times || in[len(in)/2] > c.seconds || to[len(to)/2] > c.seconds {
					b.Errorf("%s: %.1f times the size, import %.1f s, export %.1f s", job.name, times, in[len(in)/2], to[len(to)/2])
				}
			})
		}
	}
}
