package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/nats-io/nats.go"

	"example.org/demote/backend/link"
	"example.org/demote/mistake"
)

// WorkerOptions say what a worker is.
type WorkerOptions struct {
	Name    string // that it has joined as
	Host    string // its machine, for people
	Device  string // that it computes on, for people
	Version string // of this program
	Runtime string // ONNX Runtime's version
	Cache   string // folder for files; empty: a temporary one
	// bytes that it has at most; 0: CacheBytes
	CacheBytes int64
	Keep       time.Duration
	Once       bool // end with the first search that it was part of
	// connects to the server, and is called again where a connection is lost for good. A mistake ends the worker;
	// after another error it is called again.
	Dial Dialer
	// begins what computes, for a search; it has several where it has several networks at hand
	Begin func(link.Host) Server
	Say   func(line string) // is told what the worker does; nil: nobody is
	// changes how messages are sent, in tests; nil: nothing does
	disturb func(publish func(subject string, m []byte) error) func(subject string, m []byte) error
	write   func(path string, data []byte) error // what the cache writes files with, in tests; nil: the cache's own
}

// A Dialer connects a worker.
type Dialer func() (*nats.Conn, error)

// Dialer connects to the server at HOST:PORT.
func (j Join) Dialer(at string) Dialer {
	return func() (*nats.Conn, error) {
		c, err := j.Dial(at)
		return c, telling(err, at)
	}
}

// DialerBy connects a worker of a name to a NATS that others run, at HOST:PORT.
func DialerBy(at, creds, name string) Dialer {
	return func() (*nats.Conn, error) {
		c, err := DialCreds(at, creds, name)
		return c, telling(err, at)
	}
}

// telling is an error of connecting, in words where trying again does not help.
func telling(err error, at string) error {
	if r := Refusal(err, at); r != nil {
		return r
	}
	return err
}

// Pauses of a worker without a search.
const (
	askEvery    = 500 * time.Millisecond
	helloWithin = time.Second
)

// A worker asks for searches, and is part of one at a time.
type worker struct {
	WorkerOptions
	conn  *nats.Conn
	back  chan struct{} // has one element where the connection was made again
	cache *Cache
	used  time.Time // the cache, last
	said  string
}

// Work is what a worker does until the context is done, which is no error: it waits for a search, and is part of it
// until it ends. The error is a mistake where the worker is not let in; another one is that its cache takes no more
// files.
func Work(ctx context.Context, o WorkerOptions) (err error) {
	if o.Say == nil {
		o.Say = func(string) {}
	}
	w := &worker{WorkerOptions: o, back: make(chan struct{}, 1)}
	defer w.close()
	for ctx.Err() == nil {
		if err := w.ready(); err != nil {
			return err
		}
		if w.conn == nil {
			w.say("no search listens yet; waiting for one")
			pause(ctx, askEvery)
			continue
		}
		a, instance, err := w.ask(ctx)
		switch {
		case err != nil:
			w.say("no search runs yet; waiting for one")
		case a.Word == wordRefused:
			return mistake.Errorf("the search does not take this worker: %s", clean(a.Why))
		case a.Word == wordWelcome:
			part, err := w.work(ctx, a.Run, instance)
			if _, full := errors.AsType[*cacheError](err); full {
				return err
			}
			if err != nil {
				w.say(err.Error())
			}
			if part && o.Once {
				return nil
			}
		default:
			w.say(clean(a.Why) + "; waiting for the next one")
		}
		pause(ctx, askEvery)
	}
	return nil
}

// pause waits, or for the end of the context.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// say says what was not said last.
func (w *worker) say(line string) {
	if line != w.said {
		w.said = line
		w.Say(line)
	}
}

// ready sees to a connection, if one can be had now, and to a cache that has files no longer than is asked for.
func (w *worker) ready() (err error) {
	if w.cache != nil && w.Keep > 0 && w.Cache == "" && time.Since(w.used) > w.Keep {
		w.cache.Close()
		w.cache = nil
	}
	if w.cache == nil {
		if w.cache, err = OpenCache(w.Cache, w.CacheBytes); err != nil {
			return err
		}
		if w.write != nil {
			w.cache.write = w.write
		}
		w.used = time.Now()
	}
	if w.conn != nil && !w.conn.IsClosed() {
		return nil
	}
	if w.conn, err = w.Dial(); err != nil {
		w.conn = nil
		if mistake.Is(err) {
			return err
		}
		return nil
	}
	w.conn.SetReconnectHandler(func(*nats.Conn) {
		select {
		case w.back <- struct{}{}:
		default:
		}
	})
	return nil
}

// ask says hello, and returns the first answer.
func (w *worker) ask(ctx context.Context) (a answer, instance string, err error) {
	h := hello{Protocol: Protocol, Version: w.Version, Runtime: w.Runtime, Name: w.Name, Instance: token(), Host: w.Host, Device: w.Device}
	data, err := json.Marshal(h)
	if err != nil {
		return a, "", err
	}
	ctx, stop := context.WithTimeout(ctx, helloWithin)
	defer stop()
	m, err := w.conn.RequestWithContext(ctx, helloSubject(w.Name), data)
	if err != nil {
		return a, "", err
	}
	if len(m.Data) > mostHello || json.Unmarshal(m.Data, &a) != nil {
		return a, "", errMessage
	}
	if a.Word == wordWelcome && !goodName.MatchString(a.Run) {
		return a, "", errMessage
	}
	return a, h.Instance, nil
}

// work is part of a run until it ends; part is false where it never was.
func (w *worker) work(ctx context.Context, run, instance string) (part bool, err error) {
	s, err := newSession(context.WithoutCancel(ctx), w.conn, w.cache, run, w.Name, instance, w.Begin)
	if err != nil {
		return false, err
	}
	if w.disturb != nil {
		s.publish = w.disturb(s.publish)
	}
	w.say("part of a search")
	over := make(chan struct{})
	defer close(over)
	go caught(func() { w.watchBack(s, over) })
	why := s.stay(ctx)
	s.end()
	s.mu.Lock()
	err = s.broken
	s.mu.Unlock()
	if ctx.Err() != nil || err != nil {
		_ = s.publish(s.up, message(kindBye, 0, nil, []byte(why)))
		_ = w.conn.FlushTimeout(helloWithin)
	}
	s.leave()
	w.used = time.Now()
	if err == nil {
		w.say("not part of a search any more: " + why)
	}
	return true, err
}

// watchBack tells a session of a connection that was made again.
func (w *worker) watchBack(s *session, over chan struct{}) {
	for {
		select {
		case <-w.back:
			s.back()
		case <-over:
			return
		}
	}
}

func (w *worker) close() {
	if w.conn != nil {
		w.conn.Close()
	}
	if w.cache != nil {
		w.cache.Close()
	}
}
