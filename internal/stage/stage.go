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

// StageEvery is the time between two words about stages: one that begins long after the last of them says sooner how
// it stands.
const StageEvery = 2 * time.Second

// StageLeast is how long a stage says nothing at least: many take no longer.
const StageLeast = StageEvery / 4

// trimAfter is how long a stage takes whose memory is given back behind it, so that it does not lie beside what the
// next one needs.
const trimAfter = 50 * time.Millisecond

// The stages before the first trial.
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
	Load      = "loading the switchable network"
	Cuts      = "choosing where trials begin"
	Proof     = "proving that scores are exact"
	High      = "scoring all int16"
	Questions = "looking for what may be wrong"
	Check     = "checking the written file"
	Export    = "writing and checking exports"
)

// A Stage is a part of the work before the first trial, as it stands.
type Stage struct {
	Name        string        // what is done, such as "calibrating"
	Unit        string        // what Done and Total count, such as "samples"; empty: they count nothing
	Done, Total int           // of the stage's units
	Gone        time.Duration // since it began
	Left        time.Duration // what the rest takes; negative: that is not known
	Over        bool          // it has ended; said of a stage of which something else was said before
}

// String says how far the stage has come, and what the rest will take.
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

// A Book keeps what stages have taken, and when the last word was said; nil: nobody wants to know.
type Book struct {
	mu    sync.Mutex
	times []result.StageTime
	Word  time.Time
}

// Spoke says that a word was said.
func (b *Book) Spoke() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.Word = time.Now()
}

// wait is how long a stage that begins now says nothing.
func (b *Book) wait() time.Duration {
	if b == nil {
		return StageEvery
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return min(StageEvery, max(StageEvery-time.Since(b.Word), StageLeast))
}

// add books a stage; one that is gone through again is one.
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

// List is a copy of what is booked.
func (b *Book) List() []result.StageTime {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]result.StageTime{}, b.times...)
}

// A Teller says how the stages stand.
type Teller struct {
	Book    *Book        // that keeps what they take; nil: nobody wants to know
	Stage   func(Stage)  // told every two seconds, by goroutines of its own; nil: say is
	Say     func(string) // nil: nobody is told
	Entered func(string) // told of every stage as it begins: for tests; nil: nobody is
}

// During is a stage of one piece, which takes about as long as is expected; 0: that is not known.
func (t Teller) During(name string, expected time.Duration, f func() error) error {
	w := t.Begin(name, "", 0, expected)
	defer w.End()
	return f()
}

// Working is a stage under way: every two seconds it is told how it stands, from a goroutine of its own.
type Working struct {
	book *Book
	tell func(Stage)   // the teller's
	told bool          // by the goroutine, once it has ended
	cpu  float64       // processor seconds of the process when it began
	over chan struct{} // closed by end
	wait sync.WaitGroup

	mu       sync.Mutex
	now      Stage
	begun    time.Time
	counted  time.Time // since when Done is counted
	expected time.Duration
}

// Begin begins a stage of so many units; none of them where unit is empty. Then expected is what it will take, as far
// as that is known; 0: it is not. Every stage is ended by end.
func (t Teller) Begin(name, unit string, total int, expected time.Duration) *Working {
	w := &Working{book: t.Book, tell: t.Stage, cpu: CPUSeconds(), over: make(chan struct{}), now: Stage{Name: name, Unit: unit, Total: total}, begun: time.Now(), expected: expected}
	w.counted = w.begun
	if t.Entered != nil {
		t.Entered(name)
	}
	tell := t.Stage
	if tell == nil && t.Say != nil {
		tell = func(s Stage) { t.Say(s.String()) }
	}
	if tell == nil {
		return w
	}
	w.wait.Go(func() {
		var fault error // of who is told: the stage goes on without a word
		defer crash.Catch(&fault)
		ticks := time.NewTicker(w.book.wait())
		defer ticks.Stop()
		for {
			select {
			case <-w.over:
				return
			case <-ticks.C:
				w.told = true
				tell(w.Stands())
				w.book.Spoke()
				ticks.Reset(StageEvery)
			}
		}
	})
	return w
}

// At says how many units are done.
func (w *Working) At(done int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now.Done = done
}

// Count says how many units are done of what a stage has come to, such as one of several files, since it began.
func (w *Working) Count(unit string, done, total int, since time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now.Unit, w.now.Done, w.now.Total, w.counted = unit, done, total, since
}

// One says that one more unit is done.
func (w *Working) One() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now.Done++
}

// Stands is the stage as it is now.
func (w *Working) Stands() Stage {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.now
	s.Gone, s.Left = time.Since(w.begun), -1
	switch {
	// behind the last one something else goes on, such as a metric command
	case s.Unit != "" && s.Done > 0 && s.Done < s.Total:
		s.Left = AtPace(time.Since(w.counted), s.Done, s.Total)
	case w.expected > s.Gone:
		s.Left = w.expected - s.Gone
	}
	return s
}

// AtPace is what the rest takes at the pace of what is done.
func AtPace(gone time.Duration, done, total int) time.Duration {
	return time.Duration(float64(gone) / float64(done) * float64(total-done))
}

// End ends the stage, and returns what it has taken. After it nobody is told of the stage any more.
func (w *Working) End() time.Duration {
	close(w.over)
	w.wait.Wait()
	took := time.Since(w.begun)
	if took > trimAfter && w.book != nil { // of a run: a library leaves the memory of its program alone
		backend.Trim()
	}
	if w.told && w.tell != nil {
		s := w.Stands()
		s.Over = true
		w.tell(s)
	}
	w.book.add(w.now.Name, took, CPUSeconds()-w.cpu)
	return took
}

// Rounded keeps four decimals: the shortest trial is a matter of milliseconds.
func Rounded(v float64) float64 { return math.Round(v*1e4) / 1e4 }

// CPUSeconds is the processor time that the process and those that it has waited for have taken, all threads
// together; 0 where the system does not say.
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
