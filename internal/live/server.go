package live

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"example.org/demote/report"
)

// every is how often the folder is looked at.
const every = time.Second

// A Server shows the report of a run in a browser of this machine, and renews it while the search goes on.
type Server struct {
	dir     string
	listens net.Listener
	token   string
	http    http.Server
}

// Listen opens a random port of the loopback interface. Whoever has the URL can read the page, and nobody else: it has
// 128 random bits.
func Listen(dir string) (*Server, error) {
	listens, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("cannot open a port of this machine: %w", err)
	}
	bits := make([]byte, 16)
	_, _ = rand.Read(bits) // never fails
	s := &Server{dir: dir, listens: listens, token: hex.EncodeToString(bits)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /"+s.token+"/{$}", s.page)
	mux.HandleFunc("GET /"+s.token+"/events", s.events)
	s.http = http.Server{Handler: s.ours(mux), ReadHeaderTimeout: 10 * time.Second}
	return s, nil
}

// URL is where the page is.
func (s *Server) URL() string { return fmt.Sprintf("http://%s/%s/", s.listens.Addr(), s.token) }

// Serve answers until the context ends.
func (s *Server) Serve(ctx context.Context) error {
	s.http.BaseContext = func(net.Listener) context.Context { return ctx }
	stop := context.AfterFunc(ctx, func() { s.http.Close() })
	defer stop()
	if err := s.http.Serve(s.listens); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// ours refuses requests that name another host: a page from elsewhere may have a name that leads here.
func (s *Server) ours(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != s.listens.Addr().String() {
			http.Error(w, "this is not the address of the page", http.StatusMisdirectedRequest)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// page sends the report as it is now.
func (s *Server) page(w http.ResponseWriter, _ *http.Request) {
	state, _, err := Read(s.dir)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	run := state.Run
	if run == nil || !run.Has("holders") {
		run = report.Begins(s.dir)
	}
	page, err := report.Live(run)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page)
}

// events sends how the run stands, once a second where that has changed, and says when the page has. It ends with the
// run.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	tick := time.NewTicker(every)
	defer tick.Stop()
	var said, page []byte
	for {
		state, ok, err := Read(s.dir)
		switch {
		case err != nil:
			send(w, "lost", map[string]string{"text": err.Error()})
		case ok:
			if now, err := json.Marshal(state.summary()); err == nil && !bytes.Equal(now, said) {
				said = now
				fmt.Fprintf(w, "event: now\ndata: %s\n\n", now)
			}
			if now := state.print(); !bytes.Equal(now, page) {
				if page != nil {
					send(w, "page", map[string]string{})
				}
				page = now
			}
		}
		if out.Flush() != nil || err != nil {
			return
		}
		if ok && state.Finished {
			send(w, "end", map[string]string{})
			_ = out.Flush()
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}

func send(w http.ResponseWriter, event string, v any) {
	text, _ := json.Marshal(v)
	fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, text)
}
