package cluster

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"example.org/demote/crash"
	"example.org/demote/disk"
	"example.org/demote/mistake"
)

// A Broker is the server inside the coordinator's process.
type Broker struct {
	folder *Folder
	server *server.Server
	lock   sync.Mutex // of opts
	opts   *server.Options
	stop   chan struct{} // closed: look at the list of workers no longer
	free   func()        // of a store of its own
	once   sync.Once
}

// Limits of a server: a message is a lease or a piece of a file, and a worker that does not hear is cut off.
const (
	mostPayload = 1 << 20
	mostPending = 64 << 20
	mostConns   = 4 << 10 // and what each of them may subscribe to: the coordinator to a subject of each worker
	readyWithin = 10 * time.Second
)

// lookEvery is how often the list of workers is looked at.
const lookEvery = time.Second

// Listen starts a server at HOST:PORT (port 0: a free one), which keeps files in a folder of its own, store; empty: in
// a temporary one. It speaks TLS 1.3 and knows workers by their keys, on loopback too. Who joins or is revoked while it
// runs is let in or cut off within a second. Whom it refuses is said in a line, once a minute each; say may be nil, and
// is called from other goroutines.
func Listen(folder *Folder, address, store string, say func(line string)) (*Broker, error) {
	return listen(folder, address, store, say, 0)
}

// listen is Listen with a bound of the store's bytes; 0: what the disk has.
func listen(folder *Folder, address, store string, say func(line string), most int64) (_ *Broker, err error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, mistake.Errorf("--workers-at %s: give an address and a port of this machine, such as 10.0.0.5:4222", address)
	}
	if l, err := net.Listen("tcp", address); err != nil { // the server would try again and again
		return nil, mistake.Errorf("--workers-at %s: the address is in use, or not of this machine: give another one", address)
	} else if err := l.Close(); err != nil {
		return nil, err
	}
	secure, err := folder.serverTLS()
	if err != nil {
		return nil, mistake.Errorf("the cluster's certificate: %w", err)
	}
	free := func() {}
	if store == "" {
		if store, free, err = disk.TempFolder(); err != nil {
			return nil, mistake.Errorf("%w", err)
		}
	}
	defer func() {
		if err != nil {
			free()
		}
	}()
	b := &Broker{folder: folder, stop: make(chan struct{}), free: free, opts: &server.Options{
		Host: at.Addr().String(), Port: int(at.Port()), ServerName: serverName, NoSigs: true, NoLog: true,
		TLS: true, TLSConfig: secure, TLSTimeout: 5, TLSHandshakeFirst: true,
		JetStream: true, StoreDir: store, JetStreamMaxStore: most, MaxPayload: mostPayload, MaxPending: mostPending, WriteDeadline: 10 * time.Second,
		MaxConn: mostConns, MaxSubs: mostConns,
	}}
	if at.Port() == 0 {
		b.opts.Port = server.RANDOM_PORT
	}
	known, err := folder.Workers()
	if err != nil {
		return nil, err
	}
	if b.opts.Nkeys, err = folder.users(); err != nil {
		return nil, err
	}
	if b.server, err = server.NewServer(b.opts); err != nil {
		return nil, fmt.Errorf("cannot start the cluster's server: %w", err)
	}
	if say != nil {
		b.server.SetLogger(&refusals{say: say, now: time.Now, said: map[string]time.Time{}}, true, false)
	}
	b.server.Start() // which does not wait
	if !b.server.ReadyForConnections(readyWithin) {
		b.Close()
		return nil, fmt.Errorf("the cluster's server did not start within %v", readyWithin)
	}
	go func() {
		var err error
		defer crash.Catch(&err) // the list stays as it is
		b.look(known)
	}()
	return b, nil
}

// Address is where it listens.
func (b *Broker) Address() string {
	a := b.server.Addr().(*net.TCPAddr)
	return net.JoinHostPort(a.IP.String(), strconv.Itoa(a.Port))
}

// Reload takes over who may take part from the folder: a worker that was revoked is cut off at once.
func (b *Broker) Reload() error {
	b.lock.Lock()
	defer b.lock.Unlock()
	users, err := b.folder.users()
	if err != nil {
		return err
	}
	opts := b.opts.Clone()
	opts.Nkeys = users
	if err := b.server.ReloadOptions(opts); err != nil {
		return fmt.Errorf("the cluster's server: %w", err)
	}
	b.opts = opts
	return nil
}

// look takes over each new list of workers. One that cannot be read changes nothing.
func (b *Broker) look(last []Worker) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-b.stop:
			return
		case <-tick.C:
		}
		now, err := b.folder.Workers()
		if err == nil && !slices.Equal(now, last) && b.Reload() == nil {
			last = now
		}
	}
}

// Close ends the server and all its connections. It may be called again.
func (b *Broker) Close() {
	b.once.Do(func() {
		close(b.stop)
		b.server.Shutdown()
		b.server.WaitForShutdown()
		b.free()
	})
}

// users are all that may connect, the coordinator and the workers, each with the rights of its own.
func (f *Folder) users() ([]*server.NkeyUser, error) {
	key, err := f.coordinator()
	if err != nil {
		return nil, err
	}
	public, err := key.PublicKey()
	if err != nil {
		return nil, err
	}
	users := []*server.NkeyUser{{Nkey: public, Permissions: CoordinatorRights().permissions()}}
	workers, err := f.Workers()
	if err != nil {
		return nil, err
	}
	for _, w := range workers {
		users = append(users, &server.NkeyUser{Nkey: w.Key, Permissions: WorkerRights(w.Name).permissions()})
	}
	return users, nil
}

func (f *Folder) coordinator() (nkeys.KeyPair, error) {
	seed, err := disk.Read(f.path(coordinatorFile), mostJoinBytes)
	if err != nil {
		return nil, mistake.Errorf("%w", err)
	}
	key, err := nkeys.FromSeed(seed)
	if err != nil {
		return nil, mistake.Errorf("%s: %w", f.path(coordinatorFile), err)
	}
	return key, nil
}

// Connect connects the coordinator to its own server, without a socket.
func (b *Broker) Connect() (*nats.Conn, error) {
	key, err := b.folder.coordinator()
	if err != nil {
		return nil, err
	}
	return connect("", coordinatorName, key, nats.InProcessServer(b.server))
}

// Dial connects a worker to the server of its cluster, at HOST:PORT.
func (j Join) Dial(address string) (*nats.Conn, error) {
	key, err := nkeys.FromSeed(j.seed)
	if err != nil {
		return nil, err
	}
	secure, _ := clientTLS(j.Authority)
	return connect("tls://"+address, j.Name, key, nats.Secure(secure), nats.TLSHandshakeFirst())
}

// connect connects by a key. A connection that is lost is made again, as long as it takes.
func connect(url, name string, key nkeys.KeyPair, more ...nats.Option) (*nats.Conn, error) {
	public, err := key.PublicKey()
	if err != nil {
		return nil, err
	}
	return nats.Connect(url, slices.Concat(options(name), []nats.Option{nats.Nkey(public, key.Sign)}, more)...)
}

// coordinatorName is the coordinator's own; no worker has it.
const coordinatorName = "coordinator"

// options are those of every connection. What goes wrong on one is told in our own words, where it matters.
func options(name string) []nats.Option {
	return []nats.Option{
		nats.Name(name), nats.CustomInboxPrefix(inbox(name)), nats.MaxReconnects(-1), nats.ReconnectWait(200 * time.Millisecond),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	}
}
