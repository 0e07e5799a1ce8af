package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"example.org/demote/cli/tty"
	"example.org/demote/run"
	"example.org/demote/search"
)

func TestLeftText(t *testing.T) {
	for _, c := range []struct {
		least, most time.Duration
		want        string
	}{
		{0, time.Second, "nearly done"},
		{-time.Minute, -time.Second, "nearly done"},
		{-time.Minute, 8 * time.Second, "0 to 8 s left"},
		{4 * time.Second, 9 * time.Second, "4 to 9 s left"},
		{9 * time.Second, 41 * time.Second, "9 to 40 s left"},
		{39 * time.Second, 41 * time.Second, "40 s left"},
		{40 * time.Second, 2 * time.Minute, "40 s to 2 min left"},
		{10 * time.Minute, 50 * time.Minute, "10 to 50 min left"},
		{50 * time.Minute, 5 * time.Hour, "50 min to 5.0 h left"},
	} {
		if got := tty.LeftText(c.least, c.most); got != c.want {
			t.Errorf("%v to %v: %q, want %q", c.least, c.most, got, c.want)
		}
	}
}

// TestWatcherTellsTheTimeThatRemains follows a search by rank: the lines have the best so far, the rate and a range.
func TestWatcherTellsTheTimeThatRemains(t *testing.T) {
	var out, errs bytes.Buffer
	w := newWatcher(&out, &errs, false, "rank", search.Budget{})
	w.started = time.Now().Add(-10 * time.Second) // the program takes a while to start
	w.event(search.Event{Kind: search.EventHigh, Units: 50})
	w.event(search.Event{Kind: search.EventLow, Units: 50, Trials: 1})
	for i := range 20 {
		time.Sleep(2 * time.Millisecond)
		w.last = time.Time{} // every line
		w.event(search.Event{Kind: search.EventTrial, Units: 50, Low: i, BestLow: i, Trials: i + 2})
	}
	w.close()
	lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
	last := lines[len(lines)-1]
	for _, want := range []string{"19 of 50 in int8", "best 19", "masks/s", " left"} {
		if !strings.Contains(last, want) {
			t.Errorf("the last line lacks %q: %q", want, last)
		}
	}
	if strings.Contains(lines[2], "left") {
		t.Errorf("a time is told after one trial: %q", lines[2])
	}
	if out.Len() > 0 {
		t.Errorf("standard output: %q", out.String())
	}
}

// TestWatcherTellsStages follows the work before the first trial: a line for each word, or an object, whose time is
// null where it is not known.
func TestWatcherTellsStages(t *testing.T) {
	stages := []run.Stage{
		{Name: "calibrating", Unit: "samples", Done: 30, Total: 90, Gone: 2 * time.Second, Left: 4 * time.Second},
		{Name: "loading", Gone: 2 * time.Second, Left: -1},
	}
	var out, errs bytes.Buffer
	plain, json := newWatcher(&out, &errs, false, "rank", search.Budget{}), newWatcher(&out, &errs, true, "rank", search.Budget{})
	for _, s := range stages {
		plain.stage(s)
		json.stage(s)
	}
	plain.close()
	json.close()
	if want := "calibrating: 30 of 90 samples, about 4s left\nloading: 2s so far\n"; errs.String() != want {
		t.Errorf("lines %q, want %q", errs.String(), want)
	}
	want := `{"done":30,"event":"stage","left":4,"name":"calibrating","seconds":2,"total":90,"unit":"samples"}
{"done":0,"event":"stage","left":null,"name":"loading","seconds":2,"total":0,"unit":""}
`
	if out.String() != want {
		t.Errorf("objects %q, want %q", out.String(), want)
	}
}
