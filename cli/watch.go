package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"demote/search"
)

// watcher shows a person, or a program, how a search goes: a bar on a terminal, plain lines
// elsewhere, JSON on request.
type watcher struct {
	mu      sync.Mutex
	out     io.Writer // JSON lines
	err     io.Writer // everything else
	json    bool
	started time.Time
	last    time.Time
	bars    *mpb.Progress
	bar     *mpb.Bar
	text    atomic.Pointer[string] // beside the bar, which is drawn by another goroutine
}

// lineEvery is the least time between two plain lines.
const lineEvery = 2 * time.Second

func newWatcher(out, err io.Writer, asJSON bool) *watcher {
	w := &watcher{out: out, err: err, json: asJSON, started: time.Now()}
	if f, ok := err.(*os.File); ok && !asJSON && isatty.IsTerminal(f.Fd()) && os.Getenv("TERM") != "dumb" {
		w.bars = mpb.New(mpb.WithOutput(f), mpb.WithAutoRefresh(), mpb.WithWidth(24))
	}
	return w
}

// say tells a person something on the way.
func (w *watcher) say(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.json:
		json.NewEncoder(w.out).Encode(map[string]any{"event": "note", "text": text})
	case w.bars != nil && w.bar != nil:
		w.bars.Write([]byte(text + "\n"))
	default:
		fmt.Fprintln(w.err, text)
	}
}

// event shows one step of the search.
func (w *watcher) event(e search.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	elapsed := time.Since(w.started)
	if w.json {
		json.NewEncoder(w.out).Encode(map[string]any{"event": string(e.Kind), "evaluations": e.Evaluations, "score": e.Score.Float(),
			"int8": e.Low, "holders": e.Units, "best_int8": e.BestLow, "seconds": elapsed.Seconds()})
		return
	}
	text := fmt.Sprintf("%d scores, score %.4f, best int8 %d of %d", e.Evaluations, e.Score.Float(), e.BestLow, e.Units)
	w.text.Store(&text)
	if w.bars == nil {
		if time.Since(w.last) >= lineEvery || e.Kind == search.EventHigh || e.Kind == search.EventLow || e.Low == e.Units {
			w.last = time.Now()
			fmt.Fprintf(w.err, "%6.1fs  int8 %3d of %d  %s%s\n", elapsed.Seconds(), e.Low, e.Units, text, left(elapsed, e))
		}
		return
	}
	if w.bar == nil {
		w.bar = w.bars.AddBar(int64(e.Units),
			mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return "int8 " }), decor.CountersNoUnit("%d/%d ")),
			mpb.AppendDecorators(decor.Elapsed(decor.ET_STYLE_MMSS), decor.Any(func(decor.Statistics) string { return "  " + *w.text.Load() })))
	}
	w.bar.SetCurrent(int64(e.Low))
}

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

// commandLine is how the program was called, as one line.
func commandLine() string {
	words := make([]string, len(os.Args))
	for i, a := range os.Args {
		if a == "" || strings.ContainsAny(a, " \t\n\"'$`\\*?<>|&;()") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words[i] = a
	}
	return strings.Join(words, " ")
}
