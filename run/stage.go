package run

import (
	"fmt"
	"sync"
	"time"

	"example.org/demote/backend"
	"example.org/demote/crash"
	"example.org/demote/result"
)

// stageEvery is the time between two words about stages: one that begins long after the last of them says sooner how it stands.
const stageEvery = 2 * time.Second

// stageLeast is how long a stage says nothing at least: many take no longer.
const stageLeast = stageEvery / 4

// trimAfter is how long a stage takes whose memory is given back behind it, so that it does not lie beside what the next one needs.
const trimAfter = 50 * time.Millisecond

// The stages before the first trial.
const (
	stageRead      = "reading the network"
	stageData      = "reading the data"
	stageTry       = "trying the network in a process of its own"
	stageBatch     = "finding how samples lie in a block"
	stageCalibrate = "calibrating"
	stageScan      = "reading the calibration samples"
	stageHash      = "hashing the files"
	stageShapes    = "measuring the shapes of tensors"
	stageWeights   = "putting weights on their grids"
	stageFloat     = "scoring the float network"
	stageNaN       = "looking for NaN inside the float network"
	stageLoad      = "loading the switchable network"
	stageCuts      = "choosing where trials begin"
	stageProof     = "proving that scores are exact"
	stageHigh      = "scoring all int16"
	stageQuestions = "looking for what may be wrong"
	stageCheck     = "checking the written file"
	stageExport    = "writing and checking exports"
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

// A stageBook keeps what stages have taken, and when the last word was said; nil: nobody wants to know.
type stageBook struct {
	mu    sync.Mutex
	times []result.StageTime
	word  time.Time
}

// spoke says that a word was said.
func (b *stageBook) spoke() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.word = time.Now()
}

// wait is how long a stage that begins now says nothing.
func (b *stageBook) wait() time.Duration {
	if b == nil {
		return stageEvery
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return min(stageEvery, max(stageEvery-time.Since(b.word), stageLeast))
}

// add books a stage; one that is gone through again is one.
func (b *stageBook) add(name string, took time.Duration, cpu float64) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.times {
		if b.times[i].Name == name {
			b.times[i].Seconds = rounded(b.times[i].Seconds + took.Seconds())
			b.times[i].CPUSeconds = rounded(b.times[i].CPUSeconds + cpu)
			return
		}
	}
	b.times = append(b.times, result.StageTime{Name: name, Seconds: rounded(took.Seconds()), CPUSeconds: rounded(cpu)})
}

// list is a copy of what is booked.
func (b *stageBook) list() []result.StageTime {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]result.StageTime{}, b.times...)
}

// during is a stage of one piece, which takes about as long as is expected; 0: that is not known.
func (c Config) during(name string, expected time.Duration, f func() error) error {
	w := c.begin(name, "", 0, expected)
	defer w.end()
	return f()
}

// readData is the stage that reads the data, which decodes folders of images.
func (c Config) readData(open func(Config) error) error {
	c.reading = c.begin(stageData, "", 0, 0)
	defer c.reading.end()
	return open(c)
}

// working is a stage under way: every two seconds it is told how it stands, from a goroutine of its own.
type working struct {
	book *stageBook
	tell func(Stage)   // Config.Stage
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

// begin begins a stage of so many units; none of them where unit is empty. Then expected is what it will take, as far as that
// is known; 0: it is not. Every stage is ended by end.
func (c Config) begin(name, unit string, total int, expected time.Duration) *working {
	w := &working{book: c.stages, tell: c.Stage, cpu: cpuSeconds(), over: make(chan struct{}), now: Stage{Name: name, Unit: unit, Total: total}, begun: time.Now(), expected: expected}
	w.counted = w.begun
	if c.entered != nil {
		c.entered(name)
	}
	tell := c.Stage
	if tell == nil && c.Say != nil {
		tell = func(s Stage) { c.Say(s.String()) }
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
				tell(w.stands())
				w.book.spoke()
				ticks.Reset(stageEvery)
			}
		}
	})
	return w
}

// at says how many units are done.
func (w *working) at(done int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now.Done = done
}

// count says how many units are done of what a stage has come to, such as one of several files, since it began.
func (w *working) count(unit string, done, total int, since time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now.Unit, w.now.Done, w.now.Total, w.counted = unit, done, total, since
}

// one says that one more unit is done.
func (w *working) one() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now.Done++
}

// stands is the stage as it is now.
func (w *working) stands() Stage {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.now
	s.Gone, s.Left = time.Since(w.begun), -1
	switch {
	case s.Unit != "" && s.Done > 0 && s.Done < s.Total: // behind the last one something else goes on, such as a metric command
		s.Left = atPace(time.Since(w.counted), s.Done, s.Total)
	case w.expected > s.Gone:
		s.Left = w.expected - s.Gone
	}
	return s
}

// atPace is what the rest takes at the pace of what is done.
func atPace(gone time.Duration, done, total int) time.Duration {
	return time.Duration(float64(gone) / float64(done) * float64(total-done))
}

// end ends the stage, and returns what it has taken. After it nobody is told of the stage any more.
func (w *working) end() time.Duration {
	close(w.over)
	w.wait.Wait()
	took := time.Since(w.begun)
	if took > trimAfter {
		backend.Trim()
	}
	if w.told && w.tell != nil {
		s := w.stands()
		s.Over = true
		w.tell(s)
	}
	w.book.add(w.now.Name, took, cpuSeconds()-w.cpu)
	return took
}
