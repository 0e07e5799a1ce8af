package backend_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
	"example.org/demote/search"
)

// full is a worker whose memory is full at a call, or at its first lease.
type full struct {
	*far.Server
	host link.Host
	at   string
}

func (f *full) Call(ctx context.Context, request []byte) ([]byte, error) {
	if f.at != "lease" && bytes.Contains(request, []byte(`"Call":"`+f.at+`"`)) {
		return json.Marshal(link.Reply{Error: "no 12 MB are left", Full: true})
	}
	return f.Server.Call(ctx, request)
}

func (f *full) Message(m []byte) {
	if kind, _ := link.KindOf(m); f.at == "lease" && kind == link.KindLease {
		number, _ := link.LeaseOf(m)
		_ = f.host.Send(link.Failed(number, 1, "no 12 MB are left", true))
		return
	}
	f.Server.Message(m)
}

// TestMemoryElsewhereIsFull has the memory of one of two workers be full: the error says so, for the caller to go on
// with smaller blocks, on the same links, and nobody is left out.
func TestMemoryElsewhereIsFull(t *testing.T) {
	toy := devicetest.NewToy(toyBlock, 100, 21)
	for _, at := range []string{"plan", "hold", "cuts", "self-test", "lease"} {
		var told []string
		var links []link.Link
		var second *full
		for i := range 2 {
			p := linktest.New(fmt.Sprint("worker ", i), func(h link.Host) linktest.Worker {
				f := &full{host: h, Server: far.NewServer(h, far.ServerOptions{Device: fmt.Sprint("device ", i), Kind: kinds()["the reference"], Memory: 1 << 32, Beat: 5 * time.Millisecond,
					Source: func(link.Network) (device.Source, error) { return toy, nil }})}
				if second = f; i == 1 {
					f.at = at
				}
				return f
			}, linktest.Faults{})
			t.Cleanup(p.Close)
			links = append(links, p)
		}
		o := backend.Options{Metric: named(t, "mse"), Patient: true, Links: links, Block: toyBlock, Truth: truthOf(toy), Told: func(text string) { told = append(told, text) }}
		e, err := backend.New(t.Context(), shipped{toy}, toy, devicetest.ToyRecords(), o)
		if err == nil {
			if _, err = e.Plan(); err == nil {
				_, err = e.SelfTest()
			}
			if err == nil {
				_, err = e.Score(t.Context(), search.NewMask(e.Holders()))
			}
			e.Close()
		}
		if !backend.OutOfMemory(err) || told != nil {
			t.Errorf("full at %s: %v, told %q", at, err, told)
		}
		second.at = ""
		sameOutputs(t, openedFar(t, toy, backend.Options{Metric: named(t, "mse"), Patient: true, Links: links}), search.NewMask(4), toy.Want)
	}
}
