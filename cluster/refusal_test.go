package cluster_test

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"example.org/demote/cluster"
	"example.org/demote/mistake"
)

// listening is a cluster whose server says whom it refuses.
func listening(t *testing.T) (b *bench, said chan string) {
	t.Helper()
	said = make(chan string, 100)
	b = &bench{dir: filepath.Join(t.TempDir(), "cluster")}
	var err error
	if b.folder, err = cluster.Init(b.dir); err != nil {
		t.Fatal(err)
	}
	b.join = b.joined(t, "w1")
	if b.broker, err = cluster.Listen(b.folder, "127.0.0.1:0", "", func(line string) { said <- line }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.broker.Close)
	return b, said
}

// TestRefusedOnBothSides holds that who is not let in is told why, as a mistake, and that the coordinator says whom it
// has not let in and why.
func TestRefusedOnBothSides(t *testing.T) {
	b, said := listening(t)
	_ = said
	at := b.broker.Address()
	other := newBench(t)
	for _, c := range []struct {
		name, worker, coordinator string
		dial                      func() (*nats.Conn, error)
	}{
		{"revoked", "lets nobody in with this key", "was revoked (U", func() (*nats.Conn, error) {
			path := b.joined(t, "gone")
			if err := b.folder.Revoke("gone"); err != nil {
				t.Fatal(err)
			}
			j, err := cluster.ReadJoin(path)
			if err != nil {
				t.Fatal(err)
			}
			return j.Dial(at)
		}},
		{"another cluster", "is not the coordinator of this cluster", "it belongs to another cluster", func() (*nats.Conn, error) {
			j, err := cluster.ReadJoin(other.join)
			if err != nil {
				t.Fatal(err)
			}
			return j.Dial(at)
		}},
	} {
		conn, err := c.dial()
		if err == nil {
			conn.Close()
			t.Errorf("%s: let in", c.name)
			continue
		}
		if r := cluster.Refusal(err, at); r == nil || !mistake.Is(r) || !strings.Contains(r.Error(), at+" "+c.worker) || strings.Contains(r.Error(), "\n") {
			t.Errorf("%s: the worker is told %v, want %q (%v)", c.name, r, c.worker, err)
		}
		select {
		case line := <-said:
			if !strings.HasPrefix(line, "127.0.0.1 was refused: ") || !strings.Contains(line, c.coordinator) {
				t.Errorf("%s: the coordinator says %q, want %q", c.name, line, c.coordinator)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s: the coordinator says nothing", c.name)
		}
	}
	plain, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if _, err := plain.Write([]byte("CONNECT {}\r\nPING\r\n")); err != nil {
		t.Fatal(err)
	}
	select {
	case line := <-said:
		if !strings.HasSuffix(line, "it does not speak TLS 1.3") {
			t.Errorf("the coordinator says %q of one without TLS", line)
		}
	case <-time.After(10 * time.Second):
		t.Error("the coordinator says nothing of one without TLS")
	}
}

// TestRefusedByStrangers holds what a worker is told that comes to something else than a coordinator.
func TestRefusedByStrangers(t *testing.T) {
	b := newBench(t)
	j, err := cluster.ReadJoin(b.join)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	go func() {
		for {
			c, err := plain.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("INFO {\"server_id\":\"x\"}\r\n"))
			_, _ = bufio.NewReader(c).ReadByte()
			c.Close()
		}
	}()
	web := httptest.NewTLSServer(http.NotFoundHandler())
	defer web.Close()
	for at, want := range map[string]string{
		plain.Addr().String():                   "does not speak TLS",
		strings.TrimPrefix(web.URL, "https://"): "is not the coordinator of this cluster",
	} {
		c, err := j.Dial(at)
		if err == nil {
			c.Close()
			t.Fatalf("%s: let in", want)
		}
		if r := cluster.Refusal(err, at); !mistake.Is(r) || !strings.Contains(r.Error(), want) {
			t.Errorf("%v (%v), want %q", r, err, want)
		}
	}
	plain.Close()
	if _, err := j.Dial(plain.Addr().String()); err == nil || cluster.Refusal(err, "x") != nil {
		t.Errorf("nothing listens: %v is a refusal, though a search may begin there", err)
	}
}

// TestListIsFollowed holds that a server that runs lets in who joins and cuts off who is revoked, though nobody tells
// it, and that the connection of a revoked worker ends with a refusal.
func TestListIsFollowed(t *testing.T) {
	b, _ := listening(t)
	path := b.joined(t, "late")
	j, err := cluster.ReadJoin(path)
	if err != nil {
		t.Fatal(err)
	}
	var c *nats.Conn
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if c, err = j.Dial(b.broker.Address()); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("who has joined is not let in: %v", err)
		}
	}
	defer c.Close()
	closed := make(chan error, 1)
	c.SetClosedHandler(func(c *nats.Conn) { closed <- c.LastError() })
	if err := b.folder.Revoke("late"); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-closed:
		if r := cluster.Refusal(err, "x"); !mistake.Is(r) {
			t.Errorf("a revoked worker's connection ends with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("a revoked worker is still there")
	}
}

// TestTooOpen holds who may read a file with a key: its owner alone, or the group that somebody else's file is for.
func TestTooOpen(t *testing.T) {
	for _, c := range []struct {
		mode  os.FileMode
		owner int
		open  bool
	}{
		{0o600, 5, false}, {0o400, 5, false}, {0o640, 5, true}, {0o604, 5, true}, {0o660, 5, true}, {0o777, 5, true},
		{0o440, 0, false}, {0o640, 0, false}, {0o444, 0, true}, {0o660, 0, true}, {0o450, 0, true},
	} {
		if got := cluster.TooOpen(c.mode, c.owner, 5); got != c.open {
			t.Errorf("%v of user %d is open: %v to user 5", c.mode, c.owner, got)
		}
	}
}
