//go:build cuda

package cuda

import (
	"reflect"
	"unsafe"

	"gorgonia.org/cu"
)

// A Stream is a queue of device work. It is non-blocking: it does not order with the default stream, which ONNX
// Runtime's synchronous copies use, only with what is put into it and the events that it waits for.
type Stream struct {
	d      *Device
	handle cu.Stream
	live   bool
}

// NewStream makes a stream.
func (d *Device) NewStream() (*Stream, error) {
	h, err := cu.MakeStream(cu.NonBlocking)
	if err != nil {
		return nil, d.check("making a stream", 0, err)
	}
	s := &Stream{d: d, handle: h, live: true}
	d.open[s] = struct{}{}
	open.streams.Add(1)
	return s, nil
}

// Handle returns the CUstream as a number: in decimal what ONNX Runtime's user_compute_stream takes.
func (s *Stream) Handle() uintptr { return uintptr(unsafe.Pointer(s.handle.C())) }

// Synchronize waits until all work in the stream is done. An error of a kernel that ran before shows up here.
func (s *Stream) Synchronize() error {
	return s.d.check("waiting for a stream", 0, s.handle.Synchronize())
}

// Done reports whether all work in the stream is done, without waiting.
func (s *Stream) Done() (bool, error) { return done(s.d, "asking a stream", s.handle.Query()) }

// Wait lets later work in the stream begin only when the event's latest record so far is reached.
func (s *Stream) Wait(e *Event) error {
	return s.d.check("waiting for an event", 0, s.handle.Wait(e.handle, 0))
}

// Close waits for the stream and frees it. Closing again does nothing.
func (s *Stream) Close() error {
	if s == nil || !s.live {
		return nil
	}
	s.live = false
	delete(s.d.open, s)
	open.streams.Add(-1)
	return s.d.check("closing a stream", 0, s.handle.Destroy())
}

// An Event marks a point in a stream.
type Event struct {
	d      *Device
	handle cu.Event
	live   bool
}

// NewEvent makes an event that can be waited for and timed.
func (d *Device) NewEvent() (*Event, error) {
	h, err := cu.MakeEvent(cu.DefaultEvent)
	if err != nil {
		return nil, d.check("making an event", 0, err)
	}
	e := &Event{d: d, handle: h, live: true}
	d.open[e] = struct{}{}
	open.events.Add(1)
	return e, nil
}

// Record marks the stream's work so far.
func (e *Event) Record(s *Stream) error {
	return e.d.check("recording an event", 0, e.handle.Record(s.handle))
}

// Synchronize waits until the latest record is reached.
func (e *Event) Synchronize() error {
	return e.d.check("waiting for an event", 0, e.handle.Synchronize())
}

// Done reports whether the latest record is reached, without waiting.
func (e *Event) Done() (bool, error) { return done(e.d, "asking an event", e.handle.Query()) }

// Milliseconds returns the time from this event to a later one; both must be reached. On the emulated device it is no
// measure of anything.
func (e *Event) Milliseconds(later *Event) (float64, error) {
	ms, err := e.handle.Elapsed(later.handle)
	return ms, e.d.check("timing two events", 0, err)
}

// Close frees the event. Closing again does nothing.
func (e *Event) Close() error {
	if e == nil || !e.live {
		return nil
	}
	e.live = false
	delete(e.d.open, e)
	open.events.Add(-1)
	return e.d.check("closing an event", 0, cu.DestroyEvent(&e.handle))
}

// done turns the answer of a query into a bool: "not ready" is no error, and puts no text together.
func done(d *Device, op string, err error) (bool, error) {
	if err == nil {
		return true, nil
	}
	if cause := reflect.ValueOf(err); cause.Kind() == reflect.Int && cause.Int() == codeNotReady {
		return false, nil
	}
	wrapped := d.check(op, 0, err)
	if isCode(wrapped, codeNotReady) {
		return false, nil
	}
	return wrapped == nil, wrapped
}
