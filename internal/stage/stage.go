package stage

import (
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"example.org/demote/backend"
	"example.org/demote/crash"
	"example.org/demote/result"
)

// StageEvery is the time between two reports of progress. A stage that begins long after the last report makes its
// first one sooner.
const StageEvery = 2 * time.Second

// stageLeast is the shortest time before a stage's first report. Many stages are over by then.
const stageLeast = StageEvery / 4

// trimAfter is the duration from which on a stage returns free memory to the system at its end, so that the next stage
// can have it.
const trimAfter = 50 * time.Millisecond

// Names of the stages before the first evaluation and after the last one.
const (
	Read      = "reading the network"
	Data      = "reading the data"
	Try       = "trying the network in a process of its own"
	Batch     = "finding how samples lie in a block"
	Calibrate = "calibrating"
	Scan      = "reading the calibration samples"
	Hash      = "hashing the files"
	Shapes    = "measuring the shapes of tensors"
	Weights   = "putting weights on their grids"
	Float     = "scoring the float network"
	NaN       = "looking for NaN inside the float network"
	Ranges    = "choosing the ranges of int8"
	Repairs   = "trying repairs"
	Load      = "loading the switchable network"
	Cuts      = "choosing where trials begin"
	Proof     = "proving that scores are exact"
	High      = "scoring all int16"
	Questions = "looking for what may be wrong"
	Low       = "scoring all int8"
	Last      = "trying other ranges for what stays"
	Check     = "checking the written file"
	Session   = "scoring the default session"
	Export    = "writing and checking exports"
)

// A Stage is the progress of one part of the work before the first evaluation, or after the last one.
type Stage struct {
	Name        string        // such as "calibrating"
	Unit        string        // of Done and Total, such as "samples"; empty: there is no count
	Done, Total int           // units
	Gone        time.Duration // since the stage began
	Left        time.Duration // estimate of the rest; negative: unknown
	Over        bool          // it has ended; only of a stage that was reported before
}

// String is a line such as "calibrating: 96 of 400 samples, about 7s left".
func (s Stage) String() string {
	text := s.Name + ":"
	if s.Unit != "" {
		text += fmt.Sprintf(" %d of %d %s,", s.Done, s.Total, s.Unit)
	}
	if s.Left < 0 {
		return text + fmt.Sprintf(" %v so far", s.Gone.Round(time.Second))
	}
	return text + fmt.Sprintf(" about %v left", s.Left.Round(time.Second))
}

// A Book records the durations of stages, for result.json. All methods take a nil Book, which records nothing.
type Book struct {
	mu    sync.Mutex
	times []result.StageTime
	Word  time.Time // of the last line to the user, set by Spoke

	step  string    // of the search, that runs now; empty: none
	begun time.Time // when it began
	cpu   float64   // processor seconds of the process then
}

// Step ends the step of a search that runs, if one does, and begins the named one; "" begins none. Steps are recorded
// as stages are, and have no reports: a search tells of itself.
func (b *Book) Step(name string) {
	if b == nil {
		return
	}
	now, cpu := time.Now(), CPUSeconds()
	if b.step != "" {
		b.add(b.step, now.Sub(b.begun), cpu-b.cpu)
	}
	b.step, b.begun, b.cpu = name, now, cpu
}

// Spoke records that the user has just had a line.
func (b *Book) Spoke() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.Word = time.Now()
}

// wait is the time until the first report of a stage that begins now.
func (b *Book) wait() time.Duration {
	if b == nil {
		return StageEvery
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return min(StageEvery, max(StageEvery-time.Since(b.Word), stageLeast))
}

// add records a stage. Times of a stage that runs again are added up.
func (b *Book) add(name string, took time.Duration, cpu float64) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.times {
		if b.times[i].Name == name {
			b.times[i].Seconds = Rounded(b.times[i].Seconds + took.Seconds())
			b.times[i].CPUSeconds = Rounded(b.times[i].CPUSeconds + cpu)
			return
		}
	}
	b.times = append(b.times, result.StageTime{Name: name, Seconds: Rounded(took.Seconds()), CPUSeconds: Rounded(cpu)})
}

// List returns a copy of the durations, in the order in which the stages began.
func (b *Book) List() []result.StageTime {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]result.StageTime{}, b.times...)
}

// Since returns what is recorded beside an earlier list.
func (b *Book) Since(earlier []result.StageTime) []result.StageTime {
	all := b.List()
	return all[min(len(earlier), len(all)):]
}

// A Teller reports the progress of stages.
type Teller struct {
	Book    *Book        // records their durations; may be nil
	Stage   func(Stage)  // called every two seconds, by goroutines of the Teller; nil: Say is called
	Say     func(string) // called with Stage.String; may be nil
	Entered func(string) // called with the name of every stage as it begins, for tests; may be nil
}

// During runs f as a stage without units. expected is its duration; 0: unknown.
func (t Teller) During(name string, expected time.Duration, f func() error) error {
	w := t.Begin(name, "", 0, expected)
	defer w.End()
	return f()
}

// Working is a stage that runs. A goroutine reports its progress every two seconds.
type Working struct {
	book     *Book
	report   func(Stage)   // the Teller's Stage
	reported bool          // at least once; the goroutine sets it
	cpu      float64       // processor seconds of the process when it began
	over     chan struct{} // closed by End
	wait     sync.WaitGroup

	mu       sync.Mutex
	now      Stage
	begun    time.Time
	counted  time.Time // since when Done is counted
	expected time.Duration
}

// Begin begins a stage of total units; with an empty unit there is no count. expected is its duration; 0: unknown. The
// caller must call End.
func (t Teller) Begin(name, unit string, total int, expected time.Duration) *Working {
	w := &Working{book: t.Book, report: t.Stage, cpu: CPUSeconds(), over: make(chan struct{}), now: Stage{Name: name, Unit: unit, Total: total}, begun: time.Now(), expected: expected}
	w.counted = w.begun
	if t.Entered != nil {
		t.Entered(name)
	}
	report := t.Stage
	if report == nil && t.Say != nil {
		report = func(s Stage) { t.Say(s.String()) }
	}
	if report == nil {
		return w
	}
	w.wait.Go(func() {
		var fault error // of the callback: the stage continues without reports
		defer crash.Catch(&fault)
		ticks := time.NewTicker(w.book.wait())
		defer ticks.Stop()
		for {
			select {
			case <-w.over:
				return
			case <-ticks.C:
				w.reported = true
				report(w.Stands())
				w.book.Spoke()
				ticks.Reset(StageEvery)
			}
		}
	})
	return w
}

// At sets the number of units that are done.
func (w *Working) At(done int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now.Done = done
}

// Count sets the unit and the counts of the current part of a stage, such as one of several files, and the time when
// that part began.
func (w *Working) Count(unit string, done, total int, since time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now.Unit, w.now.Done, w.now.Total, w.counted = unit, done, total, since
}

// One adds one unit to those that are done.
func (w *Working) One() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now.Done++
}

// Stands returns the current progress of the stage.
func (w *Working) Stands() Stage {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.now
	s.Gone, s.Left = time.Since(w.begun), -1
	switch {
	// after the last unit other work may go on, such as a metric command
	case s.Unit != "" && s.Done > 0 && s.Done < s.Total:
		s.Left = AtPace(time.Since(w.counted), s.Done, s.Total)
	case w.expected > s.Gone:
		s.Left = w.expected - s.Gone
	}
	return s
}

// AtPace estimates the time for the rest, if it is as fast as the units done so far.
func AtPace(gone time.Duration, done, total int) time.Duration {
	return time.Duration(float64(gone) / float64(done) * float64(total-done))
}

// End ends the stage and returns its duration. There are no reports of the stage after it.
func (w *Working) End() time.Duration {
	close(w.over)
	w.wait.Wait()
	took := time.Since(w.begun)
	if took > trimAfter && w.book != nil { // of a run: as a library, it leaves the memory of the program alone
		backend.Trim()
	}
	if w.reported && w.report != nil {
		s := w.Stands()
		s.Over = true
		w.report(s)
	}
	w.book.add(w.now.Name, took, CPUSeconds()-w.cpu)
	return took
}

// Rounded rounds seconds to four decimals: the shortest stages take milliseconds.
func Rounded(v float64) float64 { return math.Round(v*1e4) / 1e4 }

// CPUSeconds returns the processor time of this process and of the child processes that it has waited for, in seconds
// over all threads; 0 if the system does not report it.
func CPUSeconds() float64 {
	total := 0.0
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var u unix.Rusage
		if unix.Getrusage(who, &u) != nil {
			return 0
		}
		total += float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
	}
	return total
}
