package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"example.org/demote/backend/link"
	"example.org/demote/mistake"
)

// A Gathering says where a search finds its workers.
type Gathering struct {
	At      string        // HOST:PORT of this machine to listen at; empty: URL is where they are found
	Folder  string        // credentials of the cluster, for At
	URL     string        // of a NATS that others run
	Creds   string        // file of credentials for it
	Least   int           // workers without which the search does not begin; 0: 1
	Wait    time.Duration // for them
	Search  string        // what people call the search: its folder
	Version string        // of this program
	Runtime string        // ONNX Runtime's version
	Say     func(line string)
}

// A Gathered is a search that workers may come to, also while it runs: it is a link.Late.
type Gathered struct {
	Gathering
	address string
	store   string // folder of the files of a server of this process
	head    *Coordinator
	ends    []func()
	links   []*Link
	joins   int // workers of which all are known that have come so far
}

var _ link.Late = (*Gathered)(nil)

// Open lets workers come from now on.
func (g Gathering) Open(ctx context.Context) (_ *Gathered, err error) {
	s := &Gathered{Gathering: g}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	conn, err := s.connect()
	if err != nil {
		return nil, err
	}
	if s.head, err = NewCoordinator(ctx, conn, CoordinatorOptions{Version: g.Version, Runtime: g.Runtime, Say: g.Say, Store: s.store, Others: g.At == ""}); err != nil {
		return nil, err
	}
	s.ends = append(s.ends, func() {
		short, stop := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
		defer stop()
		_ = s.head.Close(short) // files that stay are removed by demote cluster clean
	})
	unserve, err := ServeStatus(conn, s.status)
	s.ends = append(s.ends, unserve)
	return s, err
}

// endWithin is how long the end of a search on workers may take.
const endWithin = 3 * time.Second

// connect connects to the server that carries the search: one of this process, or one that others run.
func (s *Gathered) connect() (*nats.Conn, error) {
	if s.At != "" {
		f, err := OpenFolder(s.Folder)
		if err != nil {
			return nil, err
		}
		b, err := Listen(f, s.At, "", s.Say)
		if err != nil {
			return nil, err
		}
		s.ends, s.address, s.store = append(s.ends, b.Close), b.Address(), b.opts.StoreDir
		c, err := b.Connect()
		if err == nil {
			s.ends = append(s.ends, c.Close)
		}
		return c, err
	}
	at, err := Address(s.URL)
	if err != nil {
		return nil, err
	}
	if s.Creds == "" {
		return nil, mistake.Errorf("--cluster %s: give the credentials that its administrator has made, --creds FILE; or have workers come to this machine, --workers-at ADDRESS", s.URL)
	}
	c, err := DialCreds(at, s.Creds, "")
	if err != nil {
		if err = telling(err, at); !mistake.Is(err) {
			err = mistake.Errorf("%s does not answer (%w): give the --cluster where its NATS listens", at, err)
		}
		return nil, err
	}
	s.ends, s.address = append(s.ends, c.Close), at
	return c, nil
}

// Address is where workers find the search, HOST:PORT.
func (s *Gathered) Address() string { return s.address }

// Links waits for workers, see Coordinator.Links. Those that it has returned before are closed.
func (s *Gathered) Links(ctx context.Context) (_ []*Link, err error) {
	for _, l := range s.links {
		l.Close()
	}
	s.joins = 0
	if s.URL != "" { // there may be searches of others
		var asks sync.WaitGroup
		short, stop := context.WithCancel(ctx)
		asks.Go(func() { caught(func() { s.watchBusy(short) }) })
		defer func() {
			stop()
			asks.Wait()
		}()
	}
	s.links, err = s.head.Links(ctx, s.Least, s.Wait)
	return s.links, err
}

// Come are links to at most so many workers that have come since, and have none of this search yet.
func (s *Gathered) Come(most int) (links []link.Link) {
	news, joins := s.head.without(s.links, s.joins, most)
	s.joins = joins
	for _, l := range news {
		s.links, links = append(s.links, l), append(links, l)
	}
	return links
}

// Came has an element where somebody may have come.
func (s *Gathered) Came() <-chan struct{} { return s.head.came }

// Patience is how long a search waits where no worker is left.
func (s *Gathered) Patience() time.Duration { return s.Wait }

// status is how the search stands.
func (s *Gathered) status() Status {
	st := s.head.status()
	st.ID, st.Run, st.Version = s.head.run, s.Search, s.Version
	return st
}

// Close ends the search for its workers, and the server if it is of this process.
func (s *Gathered) Close() {
	for len(s.ends) > 0 {
		last := len(s.ends) - 1
		if end := s.ends[last]; end != nil {
			end()
		}
		s.ends = s.ends[:last]
	}
}
