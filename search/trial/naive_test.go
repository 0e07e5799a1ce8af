package trial

import (
	"context"
	"errors"
	"math"
	"testing"
)

// TestNaiveScan holds the rules of a scan one by one.
func TestNaiveScan(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name   string
		scores []float64
		b      Bound
		want   Found
		asked  int
	}{
		{"first that passes", []float64{1, 5, 9}, Bound{Above: 4, Floor: 0}, Found{Index: 1, Passed: true, Score: Score{Value: 5}}, 2},
		{"strictly above", []float64{4, 4.5}, Bound{Above: 4, Floor: 0}, Found{Index: 1, Passed: true, Score: Score{Value: 4.5}}, 2},
		{"best of all", []float64{1, 3, 2}, Bound{Above: 4, Floor: 0}, Found{Index: 1, Score: Score{Value: 3}}, 3},
		{"tie to the later", []float64{1, 3, 3, 2}, Bound{Above: 4, Floor: 0}, Found{Index: 2, Score: Score{Value: 3}}, 4},
		{"floor is reached by equality", []float64{1, 3}, Bound{Above: 4, Floor: 3}, Found{Index: 1, Score: Score{Value: 3}}, 2},
		{"none reaches the floor", []float64{1, 2}, Bound{Above: 4, Floor: 3, Last: true}, Found{Index: -1, Last: Score{Value: 2}}, 2},
		{"passes below the floor", []float64{2}, Bound{Above: 1, Floor: 3}, Found{Index: 0, Passed: true, Score: Score{Value: 2}}, 1},
		{"last of a pass", []float64{2, 5, 1}, Bound{Above: 4, Floor: 3, Last: true}, Found{Index: 1, Passed: true, Score: Score{Value: 5}, Last: Score{Value: 5}}, 2},
		{"last without a pass", []float64{2, 1}, Bound{Above: 4, Floor: 0, Last: true}, Found{Index: 0, Score: Score{Value: 2}, Last: Score{Value: 1}}, 2},
		{"nobody passes", []float64{2, 7}, Bound{Above: inf, Floor: -inf}, Found{Index: 1, Score: Score{Value: 7}}, 2},
		{"any floor", []float64{-inf}, Bound{Above: 0, Floor: -inf}, Found{Index: 0, Score: Score{Value: -inf}}, 1},
		{"best not wanted", []float64{2, 1}, Bound{Above: 4, Floor: inf}, Found{Index: -1}, 2},
		{"NaN is never chosen", []float64{nan, nan}, Bound{Above: -inf, Floor: -inf}, Found{Index: -1}, 2},
		{"empty", nil, Bound{Last: true}, Found{Index: -1}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			candidates := NewMasks(8, len(c.scores))
			for i, m := range candidates {
				m.Demote(i)
			}
			asked := 0
			got, err := NaiveScan(context.Background(), func(_ context.Context, m Mask) (Score, error) {
				i := NewMask(8).FirstDifference(m)
				asked++
				return Score{Value: c.scores[i]}, nil
			}, candidates, c.b)
			if err != nil || got != c.want || asked != c.asked {
				t.Errorf("%+v after %d scores, %v; want %+v after %d", got, asked, err, c.want, c.asked)
			}
		})
	}
}

func TestNaiveScanEnds(t *testing.T) {
	broken := errors.New("broken")
	fail := func(context.Context, Mask) (Score, error) { return Score{}, broken }
	if _, err := NaiveScan(context.Background(), fail, NewMasks(1, 2), Bound{}); !errors.Is(err, broken) {
		t.Errorf("error of a score: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	asked := 0
	cancelling := func(context.Context, Mask) (Score, error) { asked++; cancel(); return Score{}, nil }
	if _, err := NaiveScan(ctx, cancelling, NewMasks(1, 5), Bound{Above: 1, Floor: 1}); !errors.Is(err, context.Canceled) || asked != 1 {
		t.Errorf("cancelled: %v after %d scores", err, asked)
	}
}

func TestScoreFloat(t *testing.T) {
	if f := (Score{Count: 1, Total: 3, Value: 9}).Float(); f != 1.0/3 {
		t.Errorf("count: %v", f)
	}
	if f := (Score{Value: -2}).Float(); f != -2 {
		t.Errorf("value: %v", f)
	}
}
