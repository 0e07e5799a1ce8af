package cluster_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"example.org/demote/backend/device"
	"example.org/demote/backend/devicetest"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/cluster"
	"example.org/demote/mistake"
	"example.org/demote/search"
)

// others is a server of NATS that an administrator runs, with accounts of its own and a certificate that this machine
// trusts.
type others struct {
	at      string
	account nkeys.KeyPair
	options *server.Options
	server  *server.Server
}

// must is a value without an error.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newOthers(t *testing.T) *others {
	t.Helper()
	trusted := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(trusted.Close)
	file := filepath.Join(t.TempDir(), "trusted.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: trusted.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", file) // read once, by the first that asks what this machine trusts: this test

	operator, system, account := must(nkeys.CreateOperator()), must(nkeys.CreateAccount()), must(nkeys.CreateAccount())
	resolver := &server.MemAccResolver{}
	for _, key := range []nkeys.KeyPair{system, account} {
		claims := jwt.NewAccountClaims(must(key.PublicKey()))
		if key == account {
			claims.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1}
		}
		if err := resolver.Store(must(key.PublicKey()), must(claims.Encode(operator))); err != nil {
			t.Fatal(err)
		}
	}
	secure := trusted.TLS.Clone()
	secure.NextProtos = nil
	o := &others{account: account, options: &server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, TLS: true, TLSConfig: secure, TLSTimeout: 5,
		JetStream: true, AccountResolver: resolver, SystemAccount: must(system.PublicKey()),
		TrustedOperators: []*jwt.OperatorClaims{jwt.NewOperatorClaims(must(operator.PublicKey()))},
	}}
	o.start(t)
	t.Cleanup(func() { o.end() })
	return o
}

// start starts the server, with no files.
func (o *others) start(t *testing.T) {
	t.Helper()
	own := o.options.Clone()
	own.StoreDir = t.TempDir()
	var err error
	if o.server, err = server.NewServer(own); err != nil {
		t.Fatal(err)
	}
	o.server.Start()
	if !o.server.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server does not start")
	}
	at := o.server.Addr().(*net.TCPAddr)
	o.at, o.options.Port = at.String(), at.Port
}

func (o *others) end() {
	o.server.Shutdown()
	o.server.WaitForShutdown()
}

// creds writes the credentials of a user with these rights.
func (o *others) creds(t *testing.T, rights cluster.Rights) string {
	t.Helper()
	user := must(nkeys.CreateUser())
	claims := jwt.NewUserClaims(must(user.PublicKey()))
	claims.Pub.Allow.Add(rights.Publish...)
	claims.Sub.Allow.Add(rights.Subscribe...)
	path := filepath.Join(t.TempDir(), "creds")
	if err := os.WriteFile(path, must(jwt.FormatUserConfig(must(claims.Encode(o.account)), must(user.Seed()))), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestNATSOfOthers holds that a coordinator and a worker with the rights that are printed for an administrator can
// work over NATS that others run: come, call, send files, tell how it stands, clean up.
func TestNATSOfOthers(t *testing.T) {
	o := newOthers(t)
	creds := o.creds(t, cluster.CoordinatorRights())
	conn, err := cluster.DialCreds(o.at, creds, "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	told := make(chan error, 100)
	conn.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { told <- err })
	h, err := cluster.NewCoordinator(t.Context(), conn, cluster.CoordinatorOptions{Version: "1", Runtime: "1.2"})
	if err != nil {
		t.Fatal(err)
	}
	own := o.creds(t, cluster.WorkerRights("w9"))
	w := newBench(t).credsWorker(t, o.at, own, "w9")
	l := gather(t, h, 1)[0]
	if reply, err := l.Call(t.Context(), []byte("abc")); err != nil || string(reply) != "cba" {
		t.Errorf("%q, %v", reply, err)
	}
	file := bytes.Repeat([]byte("0123456789"), 200_000)
	d, err := l.Put(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if reply, err := l.Call(t.Context(), slices.Concat([]byte("get"), d[:])); err != nil || !bytes.Equal(reply, file) {
		t.Errorf("%d bytes, %v", len(reply), err)
	}
	stop, err := cluster.ServeStatus(conn, func() cluster.Status { return cluster.Status{Run: "r"} })
	if err != nil {
		t.Fatal(err)
	}
	admin, err := cluster.Administer(o.at, "", creds)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if s, err := admin.Status(t.Context()); err != nil || s.Run != "r" {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := admin.Clean(t.Context()); !mistake.Is(err) || !strings.Contains(err.Error(), "its files are in use") {
		t.Errorf("%v", err)
	}
	stop()
	if n, err := admin.Clean(t.Context()); err != nil || n < uint64(len(file)) {
		t.Errorf("%d bytes removed, %v", n, err)
	}
	w.stop()
	if err := <-w.ended; err != nil {
		t.Error(err)
	}
	_ = h.Close(t.Context()) // whose files are gone
	select {
	case err := <-told:
		t.Errorf("the coordinator's rights do not do: %v", err)
	default:
	}
	other := newOthers(t) // whose accounts are others
	if _, err := cluster.Administer(other.at, "", creds); !mistake.Is(err) || !strings.Contains(err.Error(), "lets nobody in with this key") {
		t.Errorf("credentials of others: %v", err)
	}
}

// credsWorker is a worker of a name by credentials.
func (b *bench) credsWorker(t *testing.T, at, creds, name string) *hand {
	t.Helper()
	return b.worker(t, b.join, func(o *cluster.WorkerOptions) {
		o.Name, o.Dial = name, func() (*nats.Conn, error) { return cluster.DialCreds(at, creds, name) }
	})
}

// TestBrokerLosesItsFiles restarts a NATS of others that loses all that it has: files that a worker misses are put
// again, those of nobody are refused at once, and a search in whose middle it restarts has the result of one machine.
func TestBrokerLosesItsFiles(t *testing.T) {
	o := newOthers(t)
	creds := o.creds(t, cluster.CoordinatorRights())
	begin := func() *cluster.Coordinator {
		conn, err := cluster.DialCreds(o.at, creds, "")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(conn.Close)
		h, err := cluster.NewCoordinator(t.Context(), conn, cluster.CoordinatorOptions{Version: "1", Runtime: "1.2", Others: true})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	b, h := newBench(t), begin()
	w := b.worker(t, b.join, func(w *cluster.WorkerOptions) {
		own := o.creds(t, cluster.WorkerRights("w9"))
		w.Name, w.CacheBytes, w.Dial = "w9", 1, func() (*nats.Conn, error) { return cluster.DialCreds(o.at, own, "w9") }
	})
	l := gather(t, h, 1)[0]
	file := bytes.Repeat([]byte("0123456789"), 100_000)
	d, err := l.Put(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	get := func(d [32]byte) ([]byte, error) { return l.Call(t.Context(), append([]byte("get"), d[:]...)) }
	for round := range 2 {
		if round > 0 {
			o.end()
			o.start(t)
		}
		if reply, err := get(d); err != nil || !bytes.Equal(reply, file) {
			t.Fatalf("after %d restarts: %d bytes, %v", round, len(reply), err)
		}
	}
	begun := time.Now()
	if _, err := get([32]byte{1}); err == nil || time.Since(begun) > 5*time.Second {
		t.Errorf("a file of nobody: %v after %v", err, time.Since(begun))
	}
	w.stop()
	<-w.ended
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}

	h = begin()
	defer func() { _ = h.Close(context.Background()) }()
	toy := devicetest.NewToy(toyBlock, toySamples, 20)
	want := searchedWith(t, toy, toyOptions(t, toy, "top1"), search.Options{Target: 0.01}, "demotion")
	kind := devicetest.Reference
	for _, name := range []string{"w7", "w8"} {
		own := o.creds(t, cluster.WorkerRights(name))
		b.worker(t, b.join, func(w *cluster.WorkerOptions) {
			w.Name, w.CacheBytes, w.Dial = name, 1, func() (*nats.Conn, error) { return cluster.DialCreds(o.at, own, name) }
			w.Begin = func(host link.Host) cluster.Server {
				return far.NewServer(host, far.ServerOptions{Device: "toy", Kind: &kind, Memory: 1 << 32, Beat: 50 * time.Millisecond,
					Source: func(link.Network) (device.Source, error) { return toy, nil }})
			}
		})
	}
	options := toyOptions(t, toy, "top1")
	for _, l := range gather(t, h, 2) {
		options.Links = append(options.Links, l)
	}
	moves := 0
	got := searchedWith(t, toy, options, search.Options{Target: 0.01, Progress: func(e search.Event) {
		if e.Kind == search.EventMove {
			if moves++; moves == 1 {
				o.end()
				o.start(t)
			}
		}
	}}, "demotion")
	if !reflect.DeepEqual(got, want) || moves == 0 {
		t.Errorf("%+v after %d moves, want %+v", got, moves, want)
	}
}
