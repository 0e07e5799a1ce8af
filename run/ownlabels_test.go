package run

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"example.org/demote/backend/metric"
	"example.org/demote/internal/tasktest"
)

// seen counts what the registered metrics of TestRegisteredMetricsGetTheirLabels found wrong.
var seen struct {
	sync.Mutex
	wrong []string
	calls int
}

func wrongLabels(format string, args ...any) {
	seen.Lock()
	defer seen.Unlock()
	if seen.calls++; format != "" && len(seen.wrong) < 3 {
		seen.wrong = append(seen.wrong, fmt.Sprintf(format, args...))
	}
}

// TestRegisteredMetricsGetTheirLabels searches by metrics in Go whose labels are neither as long as the output (12)
// nor of its shape: every sample comes with its own, whole.
func TestRegisteredMetricsGetTheirLabels(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	const n, per = 21, 2 * 15
	share := func(row []float32) float64 { return float64(metric.Top1(row)) / 12 }
	all := func(v []float32, i float32) bool {
		return len(v) == per && !slices.ContainsFunc(v, func(x float32) bool { return x != i })
	}
	for _, c := range []metric.Custom{
		{Name: "own-gain", Labels: true, Kind: metric.OwnLabels, Best: 1, Gain: func(row []float32, s metric.Sample) float64 {
			if s.Own.Descr != "<i2" || !slices.Equal(s.Own.Dims, []int64{2, 15}) || len(s.Own.Data) != 2*per || s.Label != -1 ||
				binary.LittleEndian.Uint16(s.Own.Data) != binary.LittleEndian.Uint16(s.Own.Data[2*per-2:]) {
				wrongLabels("own labels %s %v % x, class %d", s.Own.Descr, s.Own.Dims, s.Own.Data, s.Label)
			}
			wrongLabels("")
			return share(row)
		}},
		{Name: "own-all", Labels: true, Kind: metric.OwnLabels, All: func(_ context.Context, o metric.WholeOutputs) (float64, error) {
			sum := 0.0
			for i := range o.Samples {
				own := o.Sample(i).Own
				if binary.LittleEndian.Uint16(own.Data) != uint16(i) || string(own.Data) != string(o.Labels.Data[i*2*per:(i+1)*2*per]) || len(own.Data) != 2*per {
					wrongLabels("sample %d of all has % x", i, own.Data)
				}
				sum += share(o.Rows[i*12 : (i+1)*12])
			}
			wrongLabels("")
			return sum, nil
		}},
		{Name: "pixels-gain", Labels: true, Kind: metric.PixelLabels, Best: 1, Gain: func(row []float32, s metric.Sample) float64 {
			if len(s.Pixels) != per || !slices.Equal(s.Dims, []int64{2, 15}) || s.Pixels[0] != s.Pixels[per-1] {
				wrongLabels("pixels %v %v", s.Dims, s.Pixels)
			}
			wrongLabels("")
			return share(row)
		}},
		{Name: "values-all", Labels: true, Kind: metric.ValueLabels, All: func(_ context.Context, o metric.WholeOutputs) (float64, error) {
			sum := 0.0
			for i := range o.Samples {
				if s := o.Sample(i); !all(s.Values, float32(i)) || !slices.Equal(s.Dims, []int64{2, 15}) {
					wrongLabels("sample %d of all has the values %v", i, s.Values)
				}
				sum += share(o.Rows[i*12 : (i+1)*12])
			}
			wrongLabels("")
			return sum, nil
		}},
	} {
		if err := metric.Register(c); err != nil {
			t.Fatal(err)
		}
		t.Run(c.Name, func(t *testing.T) {
			seen.wrong, seen.calls = nil, 0
			cfg := tasktest.TinyConfig(t, n)
			cfg.Metric, cfg.Target, cfg.Strategy, cfg.Block = c.Name, "50%", "rank", 8
			cfg.Labels = filepath.Join(t.TempDir(), "y.npy")
			data := tasktest.NPYHeader("<i2", n, 2, 15)
			for i := range n {
				for range per {
					data = binary.LittleEndian.AppendUint16(data, uint16(i))
				}
			}
			tasktest.WriteFile(t, cfg.Labels, data)
			if _, err := Search(context.Background(), cfg); err != nil && ExitCode(err) != ExitUnreachable {
				t.Fatal(err)
			}
			if seen.calls < 3 || len(seen.wrong) > 0 {
				t.Errorf("%d calls: %s", seen.calls, strings.Join(seen.wrong, "; "))
			}
			cfg.Labels, cfg.Out = "", cfg.Out+"2"
			if _, err := Search(context.Background(), cfg); ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "needs labels") {
				t.Errorf("without labels: %v", err)
			}
		})
	}
}
