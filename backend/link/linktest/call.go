package linktest

import (
	"bytes"
	"context"
	"errors"
	"slices"
)

// Call implements link.Link.
func (p *Pipe) Call(ctx context.Context, request []byte) ([]byte, error) {
	if d := p.faults.DiesAtCall; d != "" && bytes.Contains(request, []byte(d)) && p.count(&p.root.deaths) > p.faults.DiesBehind {
		p.Kill(errors.New("it died at a call"))
	}
	if why := p.gone(); why != nil {
		return nil, why
	}
	if h := p.faults.HangsAtCall; h != "" && bytes.Contains(request, []byte(h)) && p.count(&p.root.hangs) > p.faults.HangsBehind {
		return nil, p.wait(ctx, nil)
	}
	var reply []byte
	var err error
	answered := make(chan struct{})
	p.asks.Go(func() {
		defer close(answered)
		reply, err = p.worker.Call(ctx, slices.Clone(request))
	})
	if why := p.wait(ctx, answered); why != nil {
		return nil, why
	}
	return reply, err
}

// count counts one more.
func (p *Pipe) count(of *int) int {
	p.root.mu.Lock()
	defer p.root.mu.Unlock()
	*of++
	return *of
}

// wait waits for an answer, no longer than the worker is there and the context goes on; the error is that of these.
func (p *Pipe) wait(ctx context.Context, answered chan struct{}) error {
	select {
	case <-answered:
	case <-p.dead:
	case <-ctx.Done():
	}
	if why := p.gone(); why != nil {
		return why
	}
	select {
	case <-answered:
		return nil
	default:
		return ctx.Err()
	}
}

// Dismiss implements link.Dismissing.
func (p *Pipe) Dismiss(why error) { p.Kill(why) }
