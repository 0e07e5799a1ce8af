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

	"example.org/demote/cli/tty"
	"example.org/demote/result"
	"example.org/demote/run"
	"example.org/demote/search"
)

// A watcher shows a user, or a program, how a search goes: a bar on a terminal, plain lines
// elsewhere, JSON on request.
type watcher struct {
	mu      sync.Mutex
	out     io.Writer // JSON lines
	err     io.Writer // everything else
	json    bool
	words   *run.Wording // the names of the widths
	header  string       // said before anything else; empty: nothing
	held    []string     // said before the first score, and not shown yet
	open    bool         // the first score is known, or opening has passed: nothing is held any more
	started time.Time
	last    time.Time // when a plain line was written
	bars    *mpb.Progress
	bar     *mpb.Bar
	drawn   bool                    // something was drawn: from then on all that is written goes through it
	stages  *mpb.Bar                // the line of the stage under way before the first evaluation; nil: none
	stands  atomic.Pointer[string]  // what it says
	weights bool                    // they are searched too, and the counts are of holders with two low widths
	narrow  bool                    // the terminal has no room for more than numbers
	shown   atomic.Pointer[tty.ETA] // beside the bar, which is drawn by another goroutine

	forecast *search.Forecast
	rates    []rate // of the last seconds, oldest first
}

// A rate is how many distinct masks had been run at a time.
type rate struct {
	at    time.Time
	masks int
}

const (
	lineEvery  = 2 * time.Second  // the least time between two plain lines
	rateWindow = 10 * time.Second // over which the masks per second are counted
	narrow     = 72               // columns below which there are numbers and no bar
)

// newWatcher watches a search by a strategy with a budget.
func newWatcher(out, err io.Writer, asJSON bool, strategy string, budget search.Budget) *watcher {
	w := &watcher{out: out, err: err, json: asJSON, words: &run.Wording{}, started: time.Now(), forecast: search.NewForecast(strategy, budget)}
	if f, ok := terminal(err); ok && !asJSON {
		columns := widthOf(f)
		w.narrow = columns < narrow
		w.bars = mpb.New(mpb.WithOutput(f), mpb.WithAutoRefresh(), mpb.WithWidth(min(24, columns/4)))
	}
	return w
}

// opening is how long what is said before the first score is held back: a mistake that is found meanwhile is a line
// of its own. A test under the race detector makes it longer.
var opening = 2 * time.Second

// say tells a user something on the way.
func (w *watcher) say(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held = append(w.held, text); w.open {
		w.show()
	} else if len(w.held) == 1 {
		time.AfterFunc(opening, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.show()
		})
	}
}

// show says what was held back.
func (w *watcher) show() {
	if len(w.held) > 0 {
		w.begin()
	}
	for _, text := range w.held {
		w.note(text)
	}
	w.held, w.open = nil, true
}

func (w *watcher) note(text string) {
	if w.json {
		writeLine(w.out, map[string]any{"event": "note", "text": text})
		return
	}
	text = tty.Message(text)
	switch {
	case w.drawn: // what is written beside it would be wiped away
		_, _ = w.bars.Write([]byte(text + "\n")) // to a terminal that may be gone
	default:
		fmt.Fprintln(w.err, text)
	}
}

// stage shows the progress of the work before the first evaluation: a line that is renewed on a terminal, lines
// elsewhere.
func (w *watcher) stage(s run.Stage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s.Over {
		w.staged()
		return
	}
	w.show()
	w.begin()
	stands := w.words.Text(s.String())
	switch {
	case w.json:
		var left any
		if s.Left >= 0 {
			left = s.Left.Seconds()
		}
		writeLine(w.out, map[string]any{"event": "stage", "name": s.Name, "unit": s.Unit, "done": s.Done, "total": s.Total,
			"seconds": s.Gone.Seconds(), "left": left})
	case w.bars == nil || w.bar != nil:
		w.note(stands)
	default:
		text := tty.Message(stands)
		w.stands.Store(&text)
		if w.stages == nil {
			w.drawn = true
			w.stages = w.bars.New(0, mpb.NopStyle(), mpb.BarRemoveOnComplete(),
				mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return *w.stands.Load() })))
		}
	}
}

// staged takes the line of the stages away.
func (w *watcher) staged() {
	if w.stages != nil {
		w.stages.Abort(true)
		w.stages = nil
	}
}

// begin says the header, once.
func (w *watcher) begin() {
	if text := w.header; text != "" {
		w.header = ""
		w.note(text)
	}
}

// next begins the watch of the next search of a list or a ladder: estimates of one say nothing of another.
func (w *watcher) next(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forecast, w.rates = w.forecast.Again(), nil
	if w.json {
		writeLine(w.out, map[string]any{"event": "begin", "search": name})
	}
}

// ended ends the watch of a search of a list or a ladder.
func (w *watcher) ended(name string, r *run.Result) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.json {
		return
	}
	var score any
	if r.Score.Mixed != nil {
		score = r.Score.Mixed.Value
	}
	writeLine(w.out, map[string]any{"event": "end", "search": name, "met": r.Met, "finished": r.Finished, "score": score,
		"int8": len(r.Holders) - len(r.Promotion), "holders": len(r.Holders), "folder": r.Config.Out})
}

// event shows one step of the search.
func (w *watcher) event(e search.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.show()
	w.begin()
	w.staged()
	elapsed := time.Since(w.started)
	w.forecast.Add(elapsed, e)
	now := &tty.ETA{At: time.Now()}
	now.Least, now.Most, now.Left = w.forecast.Left(elapsed)
	if w.json {
		w.line(e, now, elapsed)
		return
	}
	switch e.Kind {
	case search.EventHigh:
		w.note(fmt.Sprintf("%6.1fs  %s: %s", elapsed.Seconds(), w.all(w.words.Widths().HighName(), "high"), eventScore(e.Score)))
		return
	case search.EventLow:
		w.note(fmt.Sprintf("%6.1fs  %-10s %s", elapsed.Seconds(), w.all(w.words.Widths().LowName(), "low")+":", eventScore(e.Score)))
		return
	}
	perSecond := w.perSecond(e.Trials)
	switch {
	case e.Kind == search.EventOrder:
		now.Text = "ranking by sensitivity"
	case e.Proof.Mixes > 0:
		now.Text = "proof: " + w.words.Text(proofText(e.Proof))
	default:
		now.Text = fmt.Sprintf("best %d%s", e.BestLow, perSecond)
		if w.narrow {
			now.Text = fmt.Sprintf("best %d", e.BestLow)
		}
	}
	if w.bars == nil {
		if time.Since(w.last) >= lineEvery {
			w.last = time.Now()
			w.note(fmt.Sprintf("%6.1fs  %d of %d %s, %s", elapsed.Seconds(), e.Low, e.Units, w.areLow(), now))
		}
		return
	}
	w.shown.Store(now)
	if w.bar == nil {
		w.bar, w.drawn = w.newBar(int64(e.Units)), true
	}
	w.bar.SetCurrent(min(int64(e.Low), int64(e.Units)-1)) // a bar that is full is over, and searches go back
}

// areLow says of a number of holders that they have their low width: in int8; or low, where weights are searched too.
func (w *watcher) areLow() string {
	if w.weights {
		return "low"
	}
	return "in " + w.words.Widths().LowName()
}

// all names the network with everything at one end, by its width, or where weights are searched by what the end is.
func (w *watcher) all(width, end string) string {
	if w.weights {
		return "all " + end
	}
	return "all " + width
}

// left is the time that may remain.
func (w *watcher) left() (least, most time.Duration, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.forecast.Left(time.Since(w.started))
}

// newBar makes the bar, on a narrow terminal without its picture.
func (w *watcher) newBar(units int64) *mpb.Bar {
	count := mpb.PrependDecorators(decor.CountersNoUnit(strings.TrimPrefix(w.areLow(), "in ") + " %d/%d "))
	beside := decor.Any(func(decor.Statistics) string { return "  " + w.shown.Load().String() })
	if w.narrow {
		return w.bars.New(units, mpb.NopStyle(), count, mpb.AppendDecorators(beside))
	}
	return w.bars.AddBar(units, count, mpb.AppendDecorators(decor.Elapsed(decor.ET_STYLE_MMSS), beside))
}

// line writes an event as JSON. There are thousands of trial events, so it writes at most one in two seconds.
func (w *watcher) line(e search.Event, now *tty.ETA, elapsed time.Duration) {
	if e.Kind == search.EventTrial || e.Kind == search.EventProof && e.Proof.Done > 0 {
		if time.Since(w.last) < lineEvery {
			return
		}
		w.last = time.Now()
	}
	var left any
	if now.Left {
		left = [2]float64{now.Least.Seconds(), now.Most.Seconds()}
	}
	event := map[string]any{"event": string(e.Kind), "evaluations": e.Evaluations, "score": jsonScore(e),
		"int8": e.Low, "holders": e.Units, "best_int8": e.BestLow, "trials": e.Trials, "seconds": elapsed.Seconds(), "left": left}
	if p := e.Proof; p.Mixes > 0 {
		event["proof"] = map[string]any{"int16": p.Size, "done": p.Done, "mixes": p.Mixes, "drawn": p.Drawing}
	}
	writeLine(w.out, event)
}

// proofText says how a part of the proof stands.
func proofText(p search.ProofEvent) string {
	done := fmt.Sprintf("%d of %s", p.Done, result.Mixes(p.Mixes))
	switch {
	case p.Drawing:
		return done + " drawn"
	case p.Size < 0:
		return done + " refuted"
	}
	return fmt.Sprintf("%s with %d at int16 refuted", done, p.Size)
}

// perSecond is the rate of distinct masks over the last seconds; empty as long as there is none.
func (w *watcher) perSecond(masks int) string {
	now := time.Now()
	w.rates = append(w.rates, rate{now, masks})
	for len(w.rates) > 2 && now.Sub(w.rates[1].at) > rateWindow {
		w.rates = w.rates[1:]
	}
	first := w.rates[0]
	span := now.Sub(first.at).Seconds()
	if masks <= first.masks || span <= 0 {
		return ""
	}
	digits := 1
	if float64(masks-first.masks) > 10*span {
		digits = 0
	}
	return fmt.Sprintf(", %.*f masks/s", digits, float64(masks-first.masks)/span)
}

// known tells whether an event has a score: some kinds have none.
func known(e search.Event) bool {
	return e.Kind != search.EventOrder && e.Kind != search.EventRefused && e.Kind != search.EventProof && e.Score != search.Score{}
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
func writeLine(w io.Writer, v any) { json.NewEncoder(tty.Exact(w)).Encode(v) }

// end ends the watch. A mistake or an interruption before the first score stands alone.
func (w *watcher) end(err error) {
	w.mu.Lock()
	if code := run.ExitCode(err); !w.open && (code == run.ExitMistake || code == run.ExitInterrupted) {
		w.held = nil
	}
	w.show()
	w.mu.Unlock()
	w.close()
}

// close ends the bar.
func (w *watcher) close() {
	if w.bars == nil {
		return
	}
	w.staged()
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
