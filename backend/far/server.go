package far

import (
	"context"
	"errors"

	"example.org/demote/backend/link"
)

// Link and Host are those of package link.
type (
	Link = link.Link
	Host = link.Host
)

// ServerOptions say what a Server computes on.
type ServerOptions struct {
	Device string // cpu or empty, or a GPU such as cuda:0
	Memory int64  // bytes that samples, network and stored activations may take; 0: what is free
}

// A Server is what a worker runs: one search at a time. Its methods may be called from several goroutines.
type Server struct {
	host    Host
	options ServerOptions
}

// NewServer returns a server that waits for a plan.
func NewServer(h Host, o ServerOptions) *Server { return &Server{host: h, options: o} }

// Call answers what Link.Call asks. The error is for the link to bring to the other side, in words.
func (s *Server) Call(ctx context.Context, request []byte) (reply []byte, err error) {
	return nil, errors.New("not there yet")
}

// Message takes what Link.Send sends. It does not wait for what runs.
func (s *Server) Message(message []byte) {}

// Close ends what runs, behind the block at hand, and gives the device back. It may be called more than once.
func (s *Server) Close() {}
