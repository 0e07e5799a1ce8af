//go:build cuda

package cuda

import (
	"errors"
	"runtime"
	"sync"

	"example.org/demote/crash"
)

var (
	// errClosed is returned for work given to a closed worker.
	errClosed = errors.New("cuda: the worker is closed")
	errEnded  = errors.New("cuda: a function ended the worker's goroutine")
)

// A Worker is the one goroutine, on an OS thread of its own, that may touch a GPU.
type Worker struct {
	jobs chan job
	dead chan struct{} // closed when the goroutine ends
	info Info

	mu     sync.RWMutex // held for reading while a job is handed over, for writing by Close
	closed bool
}

type job struct {
	run  func(*Device) error
	done chan<- error
}

// Open starts a worker for the GPU of that number (from 0, in the driver's order), retains its primary context and
// loads the kernels. The error is ErrNoDevice if there is none or it is too old, ErrDriver if the driver is.
func Open(ordinal int) (*Worker, error) {
	w := &Worker{jobs: make(chan job), dead: make(chan struct{})}
	ready := make(chan error, 1)
	go w.serve(ordinal, ready)
	if err := <-ready; err != nil {
		return nil, err
	}
	return w, nil
}

// serve is the worker's goroutine. It keeps its OS thread: a goroutine that ends without unlocking takes the thread
// with it, and with the thread everything that CUDA and ONNX Runtime tied to it.
func (w *Worker) serve(ordinal int, ready chan<- error) {
	runtime.LockOSThread()
	d, err := openDevice(ordinal)
	if err != nil {
		ready <- err
		return
	}
	w.info = d.info
	open.workers.Add(1)
	ready <- nil
	for j := range w.jobs {
		if w.run(d, j); d.closed {
			return
		}
	}
}

// run does one job. A function that ends its goroutine (runtime.Goexit, a test's FailNow) or panics takes the worker
// with it: the device is closed then, and all waiting calls return an error.
func (w *Worker) run(d *Device, j job) {
	err := errEnded
	defer func() {
		if (err == errEnded || err != nil && errors.As(err, new(*crash.Error))) && !d.closed {
			_ = d.close()
		}
		if d.closed {
			open.workers.Add(-1)
			close(w.dead)
		}
		j.done <- err
	}()
	err = caught(d, j)
}

func caught(d *Device, j job) (err error) {
	defer crash.Catch(&err)
	return j.run(d)
}

// Info describes the worker's GPU.
func (w *Worker) Info() Info { return w.info }

// Do runs f on the worker's thread, with the context current, and returns its error. Functions run one at a time in the
// order of the calls. After Close it returns an error. f must not call Do.
func (w *Worker) Do(f func(d *Device) error) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errClosed
	}
	return w.hand(f)
}

func (w *Worker) hand(f func(d *Device) error) error { return w.handTo(f, make(chan error, 1)) }

func (w *Worker) handTo(f func(d *Device) error, done chan error) error {
	select {
	case w.jobs <- job{f, done}:
		return <-done
	case <-w.dead:
		return errClosed
	}
}

// A Task is a function that a Worker runs any number of times without allocating.
type Task struct {
	w    *Worker
	run  func(*Device) error
	done chan error
}

// Task prepares a function for Do.
func (w *Worker) Task(f func(d *Device) error) *Task {
	return &Task{w: w, run: f, done: make(chan error, 1)}
}

// Do is Worker.Do of the task's function. It is for one goroutine at a time.
func (t *Task) Do() error {
	t.w.mu.RLock()
	defer t.w.mu.RUnlock()
	if t.w.closed {
		return errClosed
	}
	return t.w.handTo(t.run, t.done)
}

// Close frees the kernels and the context and ends the worker. What was left open is freed as well, and the error says
// how much that was; it is nil after a lost context, where nothing can be closed in order. Closing again does nothing.
func (w *Worker) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	err := w.hand(func(d *Device) error { return d.close() })
	if err == errClosed { // the worker has ended before
		return nil
	}
	return err
}
