package searchtest

import "example.org/demote/search"

// A Trace is a search written down: when what happened. Replayed, it shows what a search.Forecast would have said.
type Trace struct {
	Name     string
	Set      string // fit: the factors of the forecast were chosen by it; check: they were not
	Strategy string
	Holders  int
	Samples  int
	End      int64 // when the program was done, in milliseconds since its start
	// when, kind (an index of traceKinds), evaluations, units demoted, of the best mix, units, masks tried
	Events [][]int64
}

// traceKinds numbers the kinds of events for traces; only ever added to at the end.
var traceKinds = []search.EventKind{search.EventHigh, search.EventLow, search.EventOrder, search.EventMove, search.EventRefused, search.EventCurve, search.EventTrial, search.EventProof}

// Add writes an event down. Scores are left out: no estimate of time looks at them.
func (t *Trace) Add(milliseconds int64, e search.Event) {
	kind := int64(-1)
	for i, k := range traceKinds {
		if k == e.Kind {
			kind = int64(i)
		}
	}
	t.Events = append(t.Events, []int64{milliseconds, kind, int64(e.Evaluations), int64(e.Low), int64(e.BestLow), int64(e.Units), int64(e.Trials)})
}

// Event is event i, and when it was told, in milliseconds since the start of the program. Its score is zero.
func (t *Trace) Event(i int) (milliseconds int64, e search.Event) {
	v := t.Events[i]
	e = search.Event{Evaluations: int(v[2]), Low: int(v[3]), BestLow: int(v[4]), Units: int(v[5]), Trials: int(v[6])}
	if v[1] >= 0 && int(v[1]) < len(traceKinds) {
		e.Kind = traceKinds[v[1]]
	}
	return v[0], e
}

// Thin leaves out trials that are told too soon after the one before, so that a long search stays small.
func (t *Trace) Thin() {
	const most = 150
	kept, last := t.Events[:0], int64(-1<<62)
	for i, v := range t.Events {
		trial := traceKinds[max(v[1], 0)] == search.EventTrial
		if trial && i+1 < len(t.Events) && v[0]-last < t.End/most {
			continue
		}
		if kept = append(kept, v); trial {
			last = v[0]
		}
	}
	t.Events = kept
}
