package cluster_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"example.org/demote/cluster"
)

// TestCallsEnd has a worker be gone in the middle of a call that it never answers, in each way that one can be: its
// connection ends; it is stopped, or cut off, and not heard; it is sent away by who has asked. The call ends within
// some seconds, the coordinator says why, and once it can the worker is part of the search again.
func TestCallsEnd(t *testing.T) {
	const most = 8 * time.Second
	for name, c := range map[string]struct {
		gone func(w *hand, silent *atomic.Bool, l *cluster.Link)
		why  string
	}{
		"its connection ends": {func(w *hand, _ *atomic.Bool, _ *cluster.Link) { w.kill() }, "nothing was heard of it for 3s"},
		"it is not heard":     {func(_ *hand, silent *atomic.Bool, _ *cluster.Link) { silent.Store(true) }, "nothing was heard of it for 3s"},
		"it is sent away":     {func(_ *hand, _ *atomic.Bool, l *cluster.Link) { l.Dismiss(errors.New("it hangs")) }, "it hangs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			h, said := b.begin(t)
			var silent atomic.Bool
			w := b.worker(t, b.join, func(o *cluster.WorkerOptions) {
				*o = o.Disturbed(func(publish cluster.Publish) cluster.Publish {
					return func(subject string, m []byte) error {
						if silent.Load() {
							return nil
						}
						return publish(subject, m)
					}
				})
			})
			l := gather(t, h, 1)[0]
			lost := make(chan error, 1)
			l.Receive(func([]byte) {}, func(why error) { lost <- why })
			ended := make(chan error, 1)
			go func() {
				_, err := l.Call(t.Context(), []byte("wait"))
				ended <- err
			}()
			time.Sleep(100 * time.Millisecond)
			c.gone(w, &silent, l)
			select {
			case err := <-ended:
				if err == nil || !strings.Contains(err.Error(), c.why) {
					t.Errorf("it ends with %v", err)
				}
			case <-time.After(most):
				t.Fatal("the call does not end")
			}
			if why := <-lost; !strings.Contains(why.Error(), c.why) || !strings.Contains(said(), "worker w1 (here, cpu) is lost: "+c.why) {
				t.Errorf("lost: %v; it says %q", why, said())
			}
			silent.Store(false)
			again := gather(t, h, 1)[0]
			if reply, err := again.Call(t.Context(), []byte("ab")); err != nil || string(reply) != "ba" {
				t.Errorf("%q, %v", reply, err)
			}
		})
	}
}
