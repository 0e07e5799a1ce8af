package metric

import "testing"

// TestOneClass tells outputs on which a metric of classes says the same of every network.
func TestOneClass(t *testing.T) {
	for _, c := range []struct {
		metric string
		dims   []int64
		want   bool
	}{
		{"top1", []int64{20, 1}, true}, {"top1", []int64{20}, true}, {"top1", []int64{20, 1, 1, 1}, true}, {"top1", []int64{20, 2}, false}, {"top1", []int64{20, 10, 1, 1}, false},
		{"top5", []int64{20, 1}, true}, {"agreement", []int64{20, 1}, true}, {"agreement", []int64{20, 3}, false}, {"f1", []int64{20, 1}, true}, {"f1", []int64{20, 2}, false},
		{"pixel-accuracy", []int64{20, 1, 8, 8}, true}, {"miou", []int64{20, 1, 8, 8}, true}, {"miou", []int64{20, 2, 8, 8}, false},
		{"sqnr", []int64{20, 1}, false}, {"mse", []int64{20, 1}, false}, {"cosine", []int64{20, 1}, true}, {"cosine", []int64{20, 2}, false}, {"top5", []int64{20, 5}, true}, {"top5", []int64{20, 6}, false}, {"top5", []int64{20, 2, 2}, true}, {"label-mse", []int64{20, 1}, false}, {"label-mae", []int64{20, 1}, false},
		{"top1", nil, false},
	} {
		m, err := ByName(c.metric)
		if err != nil || m.OneClass(c.dims) != c.want {
			t.Errorf("%s on %v: %v, %v", c.metric, c.dims, !c.want, err)
		}
	}
}
