package search_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/demote/search"
	"example.org/demote/search/searchtest"
)

var writeForecast = flag.Bool("write-forecast", false, "write the table of docs/watching.md again (make forecast)")

const (
	tracesFile   = "testdata/traces.jsonl"
	forecastDocs = "../docs/watching.md"
	tableBegins  = "<!-- make forecast writes from here -->\n"
	tableEnds    = "<!-- to here -->\n"

	fitted  = "all that the factors were fitted to"
	checked = "all that they were not fitted to"
)

// shares are the times at which the forecast is looked at, as shares of the way from the endpoints to the end.
var shares = []float64{0.25, 0.5, 0.75}

func readTraces(t *testing.T) (list []searchtest.Trace) {
	t.Helper()
	f, err := os.Open(tracesFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var trace searchtest.Trace
		if err := json.Unmarshal(lines.Bytes(), &trace); err != nil {
			t.Fatal(err)
		}
		list = append(list, trace)
	}
	if lines.Err() != nil || len(list) == 0 {
		t.Fatalf("%d traces, %v", len(list), lines.Err())
	}
	return list
}

// looked is what a forecast said at one time of a recorded search, against what came.
type looked struct {
	told        bool
	least, most time.Duration
	truth       time.Duration
}

func (l looked) inside() bool { return l.told && l.least <= l.truth && l.truth <= l.most }

// replay asks a forecast at a share of the way from the endpoints to the end of a trace; ok is false for a search that
// the endpoints decide.
func replay(trace *searchtest.Trace, share float64) (l looked, ok bool) {
	begin := int64(-1)
	decided := true
	for i := range trace.Events {
		at, e := trace.Event(i)
		if e.Kind == search.EventLow {
			begin = at
		}
		decided = decided && e.Kind != search.EventMove && e.Kind != search.EventRefused && e.Kind != search.EventOrder
	}
	if begin < 0 || decided {
		return l, false
	}
	now := begin + int64(share*float64(trace.End-begin))
	f := search.NewForecast(trace.Strategy, search.Budget{})
	for i := range trace.Events {
		at, e := trace.Event(i)
		if at > now {
			break
		}
		f.Add(time.Duration(at)*time.Millisecond, e)
	}
	l.truth = time.Duration(trace.End-now) * time.Millisecond
	l.least, l.most, l.told = f.Left(time.Duration(now) * time.Millisecond)
	return l, true
}

// TestForecast replays the recorded searches: half-way through, the time that was really left lies in the range in nine
// of ten, also of those searches by which nothing was fitted. The table in docs is what came out.
func TestForecast(t *testing.T) {
	type group struct {
		searches int
		inside   [3]int
		widths   []float64 // most / least half-way through
	}
	groups := map[string]*group{}
	var names []string
	add := func(name string, at int, l looked) {
		g := groups[name]
		if g == nil {
			g = &group{}
			groups[name] = g
			names = append(names, name)
		}
		if at == 0 {
			g.searches++
		}
		if l.inside() {
			g.inside[at]++
		}
		if shares[at] == 0.5 && l.told {
			g.widths = append(g.widths, l.most.Seconds()/max(l.least.Seconds(), 0.1))
		}
	}
	traces := readTraces(t)
	for _, st := range search.Strategies() { // in their order
		for i := range traces {
			for at, share := range shares {
				l, ok := replay(&traces[i], share)
				if !ok || traces[i].Strategy != st.Name {
					continue
				}
				add("`"+st.Name+"`", at, l)
				if share == 0.5 && !l.inside() {
					t.Logf("outside: %s: %v to %v, and it was %v", traces[i].Name, l.least, l.most, l.truth)
				}
			}
		}
	}
	for _, set := range []string{"fit", "check"} {
		for i := range traces {
			for at, share := range shares {
				if l, ok := replay(&traces[i], share); ok && traces[i].Set == set {
					add(map[string]string{"fit": fitted, "check": checked}[set], at, l)
				}
			}
		}
	}
	var b strings.Builder
	b.WriteString("| searches | how many | inside, a quarter through | half-way | three quarters | longest / shortest, half-way (median) |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, name := range names {
		g := groups[name]
		width := ""
		if slices.Sort(g.widths); len(g.widths) > 0 {
			width = fmt.Sprintf("%.1f", g.widths[len(g.widths)/2])
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %s |\n", name, g.searches, g.inside[0], g.inside[1], g.inside[2], width)
	}
	for _, set := range []string{fitted, checked} {
		if g := groups[set]; g == nil || 10*g.inside[1] < 9*g.searches {
			t.Errorf("%s: half-way, the truth lies inside in fewer than nine of ten: %+v", set, g)
		}
	}
	checkTable(t, b.String())
}

// checkTable compares the table in docs, or writes it.
func checkTable(t *testing.T, table string) {
	t.Helper()
	text, err := os.ReadFile(forecastDocs)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(text), tableBegins)
	old, after, ok2 := strings.Cut(rest, tableEnds)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no marks around the table", forecastDocs)
	}
	if *writeForecast {
		if err := os.WriteFile(forecastDocs, []byte(before+tableBegins+table+tableEnds+after), 0o666); err != nil {
			t.Fatal(err)
		}
	} else if old != table {
		t.Errorf("the table in %s is not what comes out: run make forecast\n%s", forecastDocs, table)
	}
}

// TestForecastSays holds what is told when: nothing before there is something to say, never past a budget, and no
// negative time.
func TestForecastSays(t *testing.T) {
	event := func(kind search.EventKind, evaluations, low, trials int) search.Event {
		return search.Event{Kind: kind, Evaluations: evaluations, Low: low, Units: 50, Trials: trials}
	}
	feed := func(f *search.Forecast) time.Duration {
		f.Add(2*time.Second, event(search.EventLow, 2, 0, 1))
		for i := 1; i <= 20; i++ {
			f.Add(time.Duration(2+i)*time.Second, event(search.EventMove, 2+i, i, 1+i))
		}
		return 22 * time.Second
	}
	for _, c := range []struct {
		name, strategy string
		budget         search.Budget
		told           bool
		most           time.Duration // it is not above that
	}{
		{"the reference", "demotion", search.Budget{}, true, time.Hour},
		{"the default, never ranked", "", search.Budget{}, false, 0},
		{"a strategy that it does not know", "share", search.Budget{}, false, 0},
		{"a budget of time", "rank", search.Budget{Time: 25 * time.Second}, true, 5*time.Second + 2*time.Second},
		{"a budget of time that is over", "rank", search.Budget{Time: 5 * time.Second}, true, 2 * time.Second},
		{"a budget of trials", "rank", search.Budget{Trials: 24}, true, 5 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := search.NewForecast(c.strategy, c.budget)
			if _, _, ok := f.Left(time.Second); ok {
				t.Error("it tells a time before anything happened")
			}
			now := feed(f)
			least, most, ok := f.Left(now)
			if ok != c.told || most > c.most || least > most || least < 0 {
				t.Errorf("%v to %v, %v", least, most, ok)
			}
			later, _, _ := f.Left(now + time.Hour)
			if later > least {
				t.Errorf("while nothing happens, %v becomes %v", least, later)
			}
		})
	}
}
