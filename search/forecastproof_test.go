package search_test

import (
	"testing"
	"time"

	"example.org/demote/search"
)

// TestForecastOfAProof holds that the time of a part of a proof is that of its first mixes, and before them that of
// earlier ones.
func TestForecastOfAProof(t *testing.T) {
	f := search.NewForecast("auto", search.Budget{})
	f.Add(time.Second, search.Event{Kind: search.EventHigh, Units: 52})
	f.Add(time.Second, search.Event{Kind: search.EventLow, Units: 52})
	between := func(now time.Duration, from, to float64) {
		t.Helper()
		least, most, ok := f.Left(now)
		if l, m := least.Seconds(), most.Seconds(); !ok || l < 0.5*from || l > from || m < to || m > 2*to {
			t.Errorf("at %v: %v to %v, %v; about %v to %v", now, least, most, ok, from, to)
		}
	}
	proof := search.ProofEvent{Size: 2, Mixes: 1326, Each: 100 * time.Millisecond}
	f.Add(10*time.Second, search.Event{Kind: search.EventProof, Units: 52, Proof: proof})
	between(10*time.Second, 132, 132)
	proof.Done = 326
	f.Add(75200*time.Millisecond, search.Event{Kind: search.EventProof, Units: 52, Proof: proof})
	between(75200*time.Millisecond, 200, 200)
	between(95200*time.Millisecond, 180, 180)
	proof.Done = 0
	proof.Mixes, proof.Each = 0, 0
	f.Add(300*time.Second, search.Event{Kind: search.EventCurve, Units: 52, Proof: proof})
	if _, _, ok := f.Left(300 * time.Second); ok {
		t.Error("an estimate of the proof after its end")
	}
}
