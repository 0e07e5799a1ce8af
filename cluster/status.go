package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"example.org/demote/mistake"
)

// A Status is how a search on a cluster stands.
type Status struct {
	ID      string         `json:"id"`      // of the search, which no other one has
	Run     string         `json:"run"`     // the run's folder at the coordinator
	Version string         `json:"version"` // of the coordinator's program
	Waits   string         `json:"waits"`   // what the search waits for, in words; empty: for blocks alone
	Samples int            `json:"samples"`
	Blocks  int            `json:"blocks"`
	Leases  uint64         `json:"leases"` // trials leased so far
	Workers []WorkerStatus `json:"workers"`
	Others  []Status       `json:"others,omitempty"` // further searches on the same cluster
}

// A WorkerStatus is how a worker stands.
type WorkerStatus struct {
	Name   string  `json:"name"`
	Host   string  `json:"host"`
	Device string  `json:"device"`
	State  string  `json:"state"`  // begins, or works: it holds blocks; or see link.Coming
	Blocks int     `json:"blocks"` // that it holds
	Speed  float64 `json:"speed"`  // passes of a sample through the whole network a second; 0: not measured yet
	Silent float64 `json:"silent"` // seconds since it was heard
	Waited float64 `json:"waited"` // share of the time of leases in which the others waited for it, 0 to 1
}

// statusSubject is where a coordinator is asked how its search stands.
const statusSubject = "demote.status"

// ServeStatus answers whoever asks how a search stands, at the coordinator, until stop is called. The function may be
// called from another goroutine.
func ServeStatus(c *nats.Conn, status func() Status) (stop func(), err error) {
	s, err := c.Subscribe(statusSubject, func(m *nats.Msg) {
		if data, err := json.Marshal(status()); err == nil {
			_ = m.Respond(data)
		}
	})
	if err != nil {
		return nil, err
	}
	return func() { _ = s.Unsubscribe() }, c.Flush()
}

// adminWithin is how long a coordinator may take to answer.
const adminWithin = 5 * time.Second

// Status asks the coordinator of a search how it stands.
func (a *Admin) Status(ctx context.Context) (s Status, err error) {
	ctx, stop := context.WithTimeout(ctx, adminWithin)
	defer stop()
	list, err := statuses(ctx, a.conn)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return s, mistake.Errorf("no search runs on this cluster now")
	case err != nil:
		return s, mistake.Errorf("the coordinator does not say how its search stands: %w", err)
	}
	s, s.Others = list[0], list[1:]
	if len(s.Others) == 0 {
		s.Others = nil
	}
	return s, nil
}

// Clean removes the files that a search which was killed has left in a cluster, and returns their bytes. It refuses
// while a search runs there.
func (a *Admin) Clean(ctx context.Context) (bytes uint64, err error) {
	if s, err := a.Status(ctx); err == nil {
		return 0, mistake.Errorf("the search in %s runs on this cluster: its files are in use", s.Run)
	}
	ctx, stop := context.WithTimeout(ctx, adminWithin)
	defer stop()
	js, err := jetstream.New(a.conn)
	if err != nil {
		return 0, err
	}
	store, err := js.ObjectStore(ctx, bucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	info, err := store.Status(ctx)
	if err != nil {
		return 0, err
	}
	return info.Size(), js.DeleteObjectStore(ctx, bucket)
}
