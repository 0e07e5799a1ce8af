package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"demote/search"
)

// A watcher shows a person, or a program, how a search goes: a bar on a terminal, plain lines
// elsewhere, JSON on request.
type watcher struct {
	mu      sync.Mutex
	out     io.Writer // JSON lines
	err     io.Writer // everything else
	json    bool
	header  string // said before anything else; empty: nothing
	started time.Time
	first   time.Time // when the first trial was over
	last    time.Time // when a plain line was written
	bars    *mpb.Progress
	bar     *mpb.Bar
	text    atomic.Pointer[string] // beside the bar, which is drawn by another goroutine
}

// lineEvery is the least time between two plain lines.
const lineEvery = 2 * time.Second

func newWatcher(out, err io.Writer, asJSON bool) *watcher {
	w := &watcher{out: out, err: err, json: asJSON, started: time.Now()}
	if f, ok := terminal(err); ok && !asJSON {
		w.bars = mpb.New(mpb.WithOutput(f), mpb.WithAutoRefresh(), mpb.WithWidth(min(24, widthOf(f)/3)))
	}
	return w
}

// say tells a person something on the way.
func (w *watcher) say(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begin()
	w.note(text)
}

func (w *watcher) note(text string) {
	switch {
	case w.json:
		writeLine(w.out, map[string]any{"event": "note", "text": text})
	case w.bar != nil:
		_, _ = w.bars.Write([]byte(text + "\n")) // to a terminal that may be gone
	default:
		fmt.Fprintln(w.err, text)
	}
}

// begin says the header, once.
func (w *watcher) begin() {
	if text := w.header; text != "" {
		w.header = ""
		w.note(text)
	}
}

// event shows one step of the search.
func (w *watcher) event(e search.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begin()
	elapsed := time.Since(w.started)
	if w.first.IsZero() {
		w.first = time.Now()
	}
	if e.Kind == search.EventTrial && w.json { // there are thousands
		if time.Since(w.last) < lineEvery {
			return
		}
		w.last = time.Now()
	}
	if w.json {
		writeLine(w.out, map[string]any{"event": string(e.Kind), "evaluations": e.Evaluations, "score": jsonScore(e),
			"int8": e.Low, "holders": e.Units, "best_int8": e.BestLow, "trials": e.Trials, "seconds": elapsed.Seconds()})
		return
	}
	switch e.Kind {
	case search.EventHigh:
		w.note(fmt.Sprintf("%6.1fs  all int16: %s", elapsed.Seconds(), eventScore(e.Score)))
		return
	case search.EventLow:
		w.note(fmt.Sprintf("%6.1fs  all int8:  %s", elapsed.Seconds(), eventScore(e.Score)))
		return
	}
	text := fmt.Sprintf("best so far %d, %d scores%s", e.BestLow, e.Evaluations, left(time.Since(w.first), e))
	if e.Kind == search.EventOrder {
		text = "ranking the activations"
	}
	if w.bars == nil {
		if time.Since(w.last) >= lineEvery {
			w.last = time.Now()
			w.note(fmt.Sprintf("%6.1fs  %d of %d in int8, %s", elapsed.Seconds(), e.Low, e.Units, text))
		}
		return
	}
	w.text.Store(&text)
	if w.bar == nil {
		w.bar = w.bars.AddBar(int64(e.Units),
			mpb.PrependDecorators(decor.CountersNoUnit("int8 %d/%d ")),
			mpb.AppendDecorators(decor.Elapsed(decor.ET_STYLE_MMSS), decor.Any(func(decor.Statistics) string { return "  " + *w.text.Load() })))
	}
	w.bar.SetCurrent(min(int64(e.Low), int64(e.Units)-1)) // a bar that is full is over, and searches go back
}

// known tells whether an event has a score: some kinds have none.
func known(e search.Event) bool {
	return e.Kind != search.EventOrder && e.Kind != search.EventRefused && e.Score != search.Score{}
}

// jsonScore is an event's score, or nil where there is none that JSON can hold.
func jsonScore(e search.Event) any {
	if v := e.Score.Float(); known(e) && !math.IsInf(v, 0) && !math.IsNaN(v) {
		return v
	}
	return nil
}

func eventScore(s search.Score) string {
	if s.Total > 0 {
		return fmt.Sprintf("%.4f (%d of %d)", s.Float(), s.Count, s.Total)
	}
	return fmt.Sprintf("%.6g", s.Value)
}

// writeLine writes a value as one line of JSON.
func writeLine(w io.Writer, v any) { json.NewEncoder(w).Encode(v) }

// left estimates the time that remains from the demotions done: each takes about as long as those
// before, and later ones rather longer.
func left(elapsed time.Duration, e search.Event) string {
	if e.Low < 3 || e.Low >= e.Units {
		return ""
	}
	least := elapsed * time.Duration(e.Units-e.Low) / time.Duration(e.Low)
	return fmt.Sprintf(", about %s to %s left", least.Round(time.Second), (3 * least).Round(time.Second))
}

// close ends the bar.
func (w *watcher) close() {
	if w.bars == nil {
		return
	}
	if w.bar != nil && !w.bar.Completed() {
		w.bar.Abort(false)
	}
	w.bars.Wait()
}

// commandLine is how the program was called, as one line that a shell reads back.
func commandLine(args []string) string {
	words := make([]string, len(args))
	for i, a := range args {
		if a == "" || strings.ContainsAny(a, " \t\n\"'$`\\*?<>|&;()[]{}#~!") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words[i] = a
	}
	return strings.Join(words, " ")
}
