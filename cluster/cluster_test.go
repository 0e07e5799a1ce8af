package cluster_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"example.org/demote/cluster"
	"example.org/demote/mistake"
)

// bench is a cluster of one worker, and its server on loopback.
type bench struct {
	folder *cluster.Folder
	dir    string
	broker *cluster.Broker
	join   string // the worker's file
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{dir: filepath.Join(t.TempDir(), "cluster")}
	var err error
	if b.folder, err = cluster.Init(b.dir); err != nil {
		t.Fatal(err)
	}
	b.join = b.joined(t, "w1")
	if b.broker, err = cluster.Listen(b.folder, "127.0.0.1:0", "", nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.broker.Close)
	return b
}

// joined writes the file of a new worker.
func (b *bench) joined(t *testing.T, name string) string {
	t.Helper()
	j, err := b.folder.Join(name, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name+".join")
	if err := j.Write(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// dial connects a worker, and gathers what the server tells it on its own account.
func (b *bench) dial(t *testing.T, path string) (*nats.Conn, chan error) {
	t.Helper()
	j, err := cluster.ReadJoin(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := j.Dial(b.broker.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	told := make(chan error, 100)
	c.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { told <- err })
	return c, told
}

func (b *bench) coordinator(t *testing.T) *nats.Conn {
	t.Helper()
	c, err := b.broker.Connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// TestWorkersRights holds that a worker may say and hear what it must, and nothing else.
func TestWorkersRights(t *testing.T) {
	b := newBench(t)
	head := b.coordinator(t)
	w, told := b.dial(t, b.join)
	for _, subject := range []string{"demote.hello.w1", "demote.r1.w1.i1.up"} {
		heard, err := head.SubscribeSync(subject)
		if err == nil {
			err = head.Flush()
		}
		if err == nil {
			err = w.Publish(subject, []byte("x"))
		}
		if err == nil {
			_, err = heard.NextMsg(5 * time.Second)
		}
		if err != nil {
			t.Errorf("%s: %v", subject, err)
		}
	}
	refused := func(what string) {
		t.Helper()
		select {
		case err := <-told:
			if !errors.Is(err, nats.ErrPermissionViolation) {
				t.Errorf("%s: %v", what, err)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s: nobody minds", what)
		}
	}
	for _, subject := range []string{"demote.hello.w2", "demote.r1.w2.i1.up", "demote.r1.w1.i1.down", "demote.r1.beat", "demote.status", "other", "$JS.API.STREAM.DELETE.OBJ_demote", "$SYS.REQ.SERVER.PING", "_INBOX_demote.w2.x"} {
		if err := w.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
		refused("publish " + subject)
	}
	for _, subject := range []string{"demote.r1.w1.i1.up", "demote.r1.w2.i1.down", "demote.hello.w1", "demote.>", "_INBOX_demote.w2.>", "_INBOX_demote.coordinator.>", ">"} {
		if _, err := w.SubscribeSync(subject); err != nil {
			t.Fatal(err)
		}
		refused("subscribe " + subject)
	}
	for _, subject := range []string{"demote.r1.w1.i1.down", "demote.r1.beat"} {
		s, err := w.SubscribeSync(subject)
		if err == nil {
			err = w.Flush()
		}
		if err == nil {
			err = head.Publish(subject, []byte("x"))
		}
		if err == nil {
			_, err = s.NextMsg(5 * time.Second)
		}
		if err != nil {
			t.Errorf("%s: %v", subject, err)
		}
	}
	if text := cluster.WorkerRights("w1").Text(); !strings.Contains(text, "publish demote.hello.w1\n") || !strings.Contains(text, "subscribe demote.*.w1.*.down\n") {
		t.Errorf("an administrator is told %q", text)
	}
}

// TestStrangersStayOut holds that nobody is let in without TLS, the cluster's authority and a key that it knows.
func TestStrangersStayOut(t *testing.T) {
	b, other := newBench(t), newBench(t)
	at := b.broker.Address()
	if c, err := nats.Connect("nats://" + at); err == nil {
		c.Close()
		t.Error("a client without TLS is let in")
	}
	stranger, err := cluster.ReadJoin(other.join)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := stranger.Dial(at); err == nil {
		c.Close()
		t.Error("a worker of another cluster is let in, or lets another coordinator in")
	}
	own, err := cluster.ReadJoin(b.join)
	if err != nil {
		t.Fatal(err)
	}
	key, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	if c, err := own.WithKey(key).Dial(at); err == nil {
		c.Close()
		t.Error("a key that the cluster does not know is let in")
	}
}

// TestRevoked holds that a worker that is revoked is cut off at once and does not come back, and that another joins
// while the server runs.
func TestRevoked(t *testing.T) {
	b := newBench(t)
	w, _ := b.dial(t, b.join)
	cut := make(chan struct{})
	w.SetDisconnectErrHandler(func(*nats.Conn, error) { close(cut) })
	second := b.joined(t, "w2")
	if err := b.folder.Revoke("w1"); err != nil {
		t.Fatal(err)
	}
	if err := b.broker.Reload(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-cut:
	case <-time.After(5 * time.Second):
		t.Fatal("it is still there")
	}
	if j, err := cluster.ReadJoin(b.join); err != nil {
		t.Fatal(err)
	} else if c, err := j.Dial(b.broker.Address()); err == nil {
		c.Close()
		t.Error("a revoked worker is let in")
	}
	b.dial(t, second)
	if err := b.folder.Revoke("w1"); !mistake.Is(err) {
		t.Errorf("revoked twice: %v", err)
	}
}

// TestFiles holds that a worker gets the very bytes that were put, and tells others from them.
func TestFiles(t *testing.T) {
	b := newBench(t)
	head := b.coordinator(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	put, err := cluster.NewFiles(ctx, head, "r1")
	if err != nil {
		t.Fatal(err)
	}
	w, _ := b.dial(t, b.join)
	got, err := cluster.OpenFiles(ctx, w, "r1")
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, 128 << 10, 3<<20 + 7} {
		want := make([]byte, size)
		rand.Read(want)
		for range 2 { // the second time it is there
			d, err := put.Put(ctx, want)
			if err != nil {
				t.Fatal(err)
			}
			if data, err := got.Get(ctx, d); err != nil || !bytes.Equal(data, want) {
				t.Fatalf("%d bytes: %d came, %v", size, len(data), err)
			}
		}
	}
	if _, err := put.Put(ctx, make([]byte, cluster.MostBytes+1)); err == nil {
		t.Error("a file beyond the limit is put")
	}
	short, stop := context.WithTimeout(ctx, time.Second)
	defer stop()
	if _, err := got.Put(short, []byte("a worker's")); err == nil {
		t.Error("a worker puts a file")
	}
	wrong := cluster.Digest(sha256.Sum256([]byte("what is promised")))
	js, err := jetstream.New(head)
	if err != nil {
		t.Fatal(err)
	}
	store, err := js.ObjectStore(ctx, "demote")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.PutString(ctx, "r1/"+wrong.String(), "something else"); err != nil {
		t.Fatal(err)
	}
	if _, err := got.Get(ctx, wrong); !errors.Is(err, cluster.ErrDigest) {
		t.Errorf("other bytes: %v", err)
	}
	if _, err := got.Get(ctx, cluster.Digest{}); !errors.Is(err, jetstream.ErrObjectNotFound) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// TestBadCredentials gives folders, names and files that cannot be meant.
func TestBadCredentials(t *testing.T) {
	b := newBench(t)
	damaged := filepath.Join(t.TempDir(), "damaged")
	if err := os.WriteFile(damaged, []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(t.TempDir(), "open")
	if data, err := os.ReadFile(b.join); err != nil {
		t.Fatal(err)
	} else if err := os.WriteFile(open, data, 0o644); err != nil { //nolint:gosec // that is the mistake
		t.Fatal(err)
	}
	for text, try := range map[string]func() error{
		"is not empty":                           func() error { _, err := cluster.Init(b.dir); return err },
		"holds no credentials of a cluster":      func() error { _, err := cluster.OpenFolder(t.TempDir()); return err },
		"has joined already":                     func() error { _, err := b.folder.Join("w1", time.Now()); return err },
		"give a name of letters":                 func() error { _, err := b.folder.Join("a.b", time.Now()); return err },
		`no worker is called "w7"`:               func() error { return b.folder.Revoke("w7") },
		"is no worker's file":                    func() error { _, err := cluster.ReadJoin(damaged); return err },
		"may be read by others":                  func() error { _, err := cluster.ReadJoin(open); return err },
		"is a folder: name the file in it":       func() error { _, err := cluster.ReadJoin(b.dir); return err },
		"no such file":                           func() error { _, err := cluster.ReadJoin(filepath.Join(b.dir, "nothing")); return err },
		"option workers-at localhost: give an":   func() error { _, err := cluster.Listen(b.folder, "localhost", "", nil); return err },
		"the address is in use, or not of this ": func() error { _, err := cluster.Listen(b.folder, b.broker.Address(), "", nil); return err },
	} {
		if err := try(); !mistake.Is(err) || !strings.Contains(err.Error(), text) {
			t.Errorf("%v, want a mistake with %q", err, text)
		}
	}
	for _, name := range []string{"ca.key", "server.pem", "coordinator.nk"} {
		if info, err := os.Stat(filepath.Join(b.dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}
