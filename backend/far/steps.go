package far

import (
	"context"

	"example.org/demote/backend/link"
)

// step counts something that the worker has done: it made a session, loaded or ran a part of a block, got a file. The
// search hears it with the next beat, and takes a worker that does nothing for a long time for one that hangs.
func (s *Server) step() { s.steps.Add(1) }

// stepping is a host whose files are steps.
type stepping struct {
	Host
	step func()
}

// Get implements link.Host.
func (h stepping) Get(ctx context.Context, digest [32]byte) ([]byte, error) {
	defer h.step()
	return h.Host.Get(ctx, digest)
}

var _ link.Host = stepping{}
