package journal

import (
	"maps"
	"slices"
	"sync"
	"time"

	"example.org/demote/disk"
)

// deriveEvery is how often the files of a run folder that follow from its journal are written while a search runs, at
// most.
const deriveEvery = time.Second

// Derived are the files of a run folder that a user or program reads while a search runs. All of them follow from the
// journal. They are written at most once a second, without a forced write to disk, and are at most a second late.
type Derived struct {
	mu      sync.Mutex
	files   []disk.File // not written yet
	written time.Time
	timer   *time.Timer
	err     error // that writing in the background ended with
}

// waiting are those with files that are not written yet.
var waiting = struct {
	sync.Mutex
	list map[*Derived]bool
}{list: map[*Derived]bool{}}

// Flush writes what running searches of this process have found so far and not written yet, for a program that is
// about to end without waiting for them.
func Flush() {
	waiting.Lock()
	list := slices.Collect(maps.Keys(waiting.list))
	waiting.Unlock()
	for _, d := range list {
		_ = d.Flush()
	}
}

// Put takes new content of the files. It returns an error of writing what was put before.
func (d *Derived) Put(files ...disk.File) error {
	d.mu.Lock()
	d.files = files
	wait := deriveEvery - time.Since(d.written)
	if wait > 0 && d.timer == nil {
		waiting.Lock()
		waiting.list[d] = true
		waiting.Unlock()
		d.timer = time.AfterFunc(wait, func() {
			err := d.Flush()
			d.mu.Lock()
			d.err = err
			d.mu.Unlock()
		})
	}
	err := d.err
	d.err = nil
	d.mu.Unlock()
	if err == nil && wait <= 0 {
		err = d.Flush()
	}
	return err
}

// Flush writes what is not written yet.
func (d *Derived) Flush() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stop()
	if len(d.files) == 0 {
		return nil
	}
	err := Replace(disk.Cached, d.files...)
	d.files, d.written = nil, time.Now()
	return err
}

// Drop forgets content that is not written yet, because newer content is on its way to disk.
func (d *Derived) Drop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stop()
	d.files = nil
}

// stop ends the waiting. The lock is held.
func (d *Derived) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	waiting.Lock()
	delete(waiting.list, d)
	waiting.Unlock()
}
