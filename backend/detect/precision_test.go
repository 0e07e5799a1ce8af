package detect

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
)

// A cocoCase is what scripts/metrics_coco.py writes: -1 stands for no object.
type cocoCase struct {
	Images []struct{ Wanted, Found [][]float64 }
	Want   map[string]float64
}

// checkCOCO holds the measures against what pycocotools says, to 1e-6.
func checkCOCO(t *testing.T, text []byte) {
	t.Helper()
	var cases []cocoCase
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	counted := map[string]int{}
	for i, c := range cases {
		var images []Image
		for _, im := range c.Images {
			var one Image
			for _, w := range im.Wanted {
				one.Wanted = append(one.Wanted, Wanted{Box{w[0], w[1], w[2], w[3]}, int32(w[4]), w[5] > 0, w[6]})
			}
			for _, f := range im.Found {
				one.Found = append(one.Found, Found{Box{f[0], f[1], f[2], f[3]}, int32(f[4]), float32(f[5])})
			}
			images = append(images, one)
		}
		for name, want := range c.Want {
			got, ok := Measures[name].Mean(images)
			switch {
			case ok != (want >= 0) || ok && math.Abs(got-want) > 1e-6:
				t.Errorf("case %d: %s is %v %v, pycocotools says %v", i, name, got, ok, want)
			case want > 0 && want < 1:
				counted[name]++
			}
		}
	}
	for name := range Measures {
		if counted[name] < len(cases)/4 {
			t.Errorf("%s: %d of %d cases say something", name, counted[name], len(cases))
		}
	}
}

// TestCOCO: numbers of pycocotools 2.0.11 on random cases with crowds, areas, equal scores and more than 100 boxes.
func TestCOCO(t *testing.T) {
	text, err := os.ReadFile("testdata/coco.json")
	if err != nil {
		t.Fatal(err)
	}
	checkCOCO(t, text)
}

// drawn are images as an evaluation has them after suppression: 300 boxes each, of 80 classes.
func drawn(n int) []Image {
	rng := rand.New(rand.NewPCG(3, 3))
	images := make([]Image, n)
	for i := range images {
		for range 7 {
			b := Box{rng.Float64() * 500, rng.Float64() * 500, 10 + rng.Float64()*130, 10 + rng.Float64()*130}
			images[i].Wanted = append(images[i].Wanted, Wanted{Box: b, Class: rng.Int32N(80), Area: b.W * b.H})
		}
		for k := range 300 {
			w := images[i].Wanted[k%7]
			f := Found{Box{w.X + rng.NormFloat64()*9, w.Y + rng.NormFloat64()*9, w.W, w.H}, w.Class, rng.Float32()}
			if k%3 > 0 {
				f.Class = rng.Int32N(80)
			}
			images[i].Found = append(images[i].Found, f)
		}
	}
	return images
}

// BenchmarkMAP is the map of 5,000 images after suppression, 1.5 million boxes, in seconds and in those of processor
// time: at most 2 s.
func BenchmarkMAP(b *testing.B) {
	images := drawn(5000)
	spent := func() (s float64) {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
	}
	before := spent()
	for b.Loop() {
		if v, ok := Measures["map"].Mean(images); !ok || v <= 0 {
			b.Fatal(v)
		}
	}
	b.ReportMetric((spent()-before)/float64(b.N), "cpu-s/score")
}
