package machine

import "testing"

func TestDistancesTakeAShareOfTheSamples(t *testing.T) {
	for _, c := range []struct{ holders, samples, runs, length int }{
		{52, 2000, 4, 20}, {53, 2000, 4, 20}, {97, 2000, 2, 20}, {97, 200, 1, 5}, {200, 200, 1, 4}, {107, 64, 1, 4},
		{10, 200, 2, 20}, {1, 10, 1, 10}, {5, 3, 1, 3}, {52, 10000, 4, 20}, {0, 100, 4, 20},
	} {
		d := newDistance(c.holders, c.samples, 0)
		if len(d.from) != c.runs || d.length != c.length {
			t.Errorf("%d holders, %d samples: %d runs of %d, want %d of %d", c.holders, c.samples, len(d.from), d.length, c.runs, c.length)
		}
		looked := 0
		for i, from := range d.from {
			if i > 0 && from < d.end(d.from[i-1], c.samples) {
				t.Errorf("%d holders, %d samples: run %d begins at %d, inside the one before", c.holders, c.samples, i, from)
			}
			looked += d.end(from, c.samples) - from
		}
		if most := max(distanceLeast*c.holders, int(distancePasses*float64(c.samples))); looked*c.holders > most || looked == 0 {
			t.Errorf("%d holders, %d samples: %d samples looked at in all, at most %d", c.holders, c.samples, looked*c.holders, most)
		}
	}
}

func TestDistancesLookAtNoMore(t *testing.T) {
	for _, c := range []struct{ look, runs, length int }{{40, 2, 20}, {30, 1, 20}, {7, 1, 7}, {1000, 4, 20}} {
		if d := newDistance(52, 2000, c.look); len(d.from) != c.runs || d.length != c.length {
			t.Errorf("at most %d samples: %d runs of %d, want %d of %d", c.look, len(d.from), d.length, c.runs, c.length)
		}
	}
}
