package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// Times of asking all searches of a cluster: how long behind one answer further ones are waited for, and how often a
// search that waits for workers asks.
const (
	furtherWithin = 200 * time.Millisecond
	busyEvery     = 5 * time.Second
)

// statuses are how all searches of a cluster stand that say so. The error is nats.ErrNoResponders where there is none.
func statuses(ctx context.Context, c *nats.Conn) (list []Status, err error) {
	inbox := c.NewInbox()
	sub, err := c.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := c.PublishRequest(statusSubject, inbox, nil); err != nil {
		return nil, err
	}
	for {
		m, err := sub.NextMsgWithContext(ctx)
		switch {
		case err != nil && len(list) > 0:
			return list, nil
		case err != nil:
			return nil, err
		case len(m.Data) == 0 && m.Header.Get("Status") == "503":
			return nil, nats.ErrNoResponders
		}
		var s Status
		if err := json.Unmarshal(m.Data, &s); err != nil {
			return nil, err
		}
		s.Run = clean(s.Run)
		if list = append(list, s); len(list) == 1 {
			var stop context.CancelFunc
			ctx, stop = context.WithTimeout(ctx, furtherWithin)
			defer stop()
		}
	}
}

// watchBusy says, until the context ends, which workers of the cluster are busy with other searches.
func (s *Gathered) watchBusy(ctx context.Context) {
	look := time.NewTicker(busyEvery)
	defer look.Stop()
	said := ""
	for {
		text := s.busy(ctx)
		if ctx.Err() != nil {
			return
		}
		s.head.setBusy(text)
		if text != said && text != "" && s.Say != nil {
			s.Say(text + ": they come when it ends")
		}
		said = text
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

// busy says which workers of the cluster are busy with other searches; empty: none is.
func (s *Gathered) busy(ctx context.Context) (text string) {
	ctx, stop := context.WithTimeout(ctx, adminWithin)
	defer stop()
	list, err := statuses(ctx, s.head.conn)
	if err != nil && !errors.Is(err, context.Canceled) {
		return ""
	}
	for _, o := range list {
		if o.ID == s.head.run || len(o.Workers) == 0 {
			continue
		}
		if text != "" {
			text += ", and "
		}
		text += fmt.Sprintf("%d workers of this cluster are busy with the search in %s", len(o.Workers), o.Run)
	}
	return text
}

// setBusy takes note of which workers are busy elsewhere, in words.
func (h *Coordinator) setBusy(text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.busy = text
}
