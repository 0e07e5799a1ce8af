package cli

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/demote/cluster"
	"example.org/demote/run"
)

// A coordinating is a cluster whose server runs in this process, and what the coordinator has said.
type coordinating struct {
	dir    string
	broker *cluster.Broker
	lock   sync.Mutex
	said   []string
}

func newCoordinating(t *testing.T) *coordinating {
	t.Helper()
	c := &coordinating{dir: filepath.Join(t.TempDir(), "cluster")}
	must(t, "cluster", "init", c.dir)
	f, err := cluster.OpenFolder(c.dir)
	if err != nil {
		t.Fatal(err)
	}
	if c.broker, err = cluster.Listen(f, "127.0.0.1:0", "", c.say); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.broker.Close)
	return c
}

func (c *coordinating) say(line string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.said = append(c.said, line)
}

// has waits until the coordinator has said something.
func (c *coordinating) has(t *testing.T, text string) {
	t.Helper()
	var all string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		c.lock.Lock()
		all = strings.Join(c.said, "\n")
		c.lock.Unlock()
		if strings.Contains(all, text) {
			return
		}
	}
	t.Errorf("the coordinator says %q, not %q", all, text)
}

// followed is when a server has taken over a list of workers, at which it looks each second.
const followed = 1500 * time.Millisecond

// join lets a worker join and returns its file.
func (c *coordinating) join(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name+".join")
	must(t, "cluster", "join", name, "--cluster-folder", c.dir, "--out", path)
	return path
}

// worker runs a worker to its end, which must come by itself.
func (c *coordinating) worker(t *testing.T, at, join string) called {
	t.Helper()
	cmd := process("worker", "--cluster", "tls://"+at, "--join", join, "--device", "cpu")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	_ = cmd.Wait()
	return called{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// TestWorkerIsRefused holds that a worker that is not let in ends with exit code 2 and a line, and that the coordinator
// says whom it has refused, and why.
func TestWorkerIsRefused(t *testing.T) {
	c, other := newCoordinating(t), newCoordinating(t)
	at := c.broker.Address()
	refused := func(name, at, join, worker, coordinator string) {
		t.Helper()
		got := c.worker(t, at, join)
		if got.code != run.ExitMistake || !strings.Contains(got.err, worker) || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%s: exit code %d, %q, want %q", name, got.code, got.err, worker)
		}
		if coordinator != "" {
			c.has(t, coordinator)
		}
	}
	gone := c.join(t, "gone")
	must(t, "cluster", "revoke", "gone", "--cluster-folder", c.dir)
	refused("revoked", at, gone, "lets nobody in with this key", "127.0.0.1 was refused: its key is of nobody who has joined, or was revoked (U")
	refused("another cluster", at, other.join(t, "w"), "is not the coordinator of this cluster", "127.0.0.1 was refused: it belongs to another cluster")
	open := c.join(t, "open")
	if err := os.Chmod(open, 0o644); err != nil { //nolint:gosec // that is the mistake
		t.Fatal(err)
	}
	refused("a key that others may read", at, open, "may be read by others", "")
	refused("no file", at, open+"x", "no such file", "")
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	go func() {
		for {
			conn, err := plain.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("INFO {\"server_id\":\"x\"}\r\n"))
			_, _ = conn.Read(make([]byte, 1))
			conn.Close()
		}
	}()
	refused("a server without TLS", plain.Addr().String(), c.join(t, "w2"), "does not speak TLS", "")
}

// TestWorkerOfAnotherVersion holds it of one whose program is another than the search's.
func TestWorkerOfAnotherVersion(t *testing.T) {
	c := newCoordinating(t)
	conn, err := c.broker.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	h, err := cluster.NewCoordinator(t.Context(), conn, cluster.CoordinatorOptions{Version: "another", Runtime: run.RuntimeVersion(), Say: c.say})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close(t.Context()) }()
	join := c.join(t, "w")
	time.Sleep(followed)
	got := c.worker(t, c.broker.Address(), join)
	if got.code != run.ExitMistake || !strings.Contains(got.err, "give both the same version") {
		t.Errorf("exit code %d, %s", got.code, got.err)
	}
	c.has(t, "was refused: it is demote "+Version+", the search another")
}

// TestWorkerIsRevoked holds that a worker that waits for a search ends with exit code 2 where it is revoked.
func TestWorkerIsRevoked(t *testing.T) {
	c := newCoordinating(t)
	join := c.join(t, "w")
	time.Sleep(followed)
	ended := make(chan called, 1)
	go func() { ended <- c.worker(t, c.broker.Address(), join) }()
	select {
	case got := <-ended:
		t.Fatalf("it ends before: %+v", got)
	case <-time.After(3 * time.Second):
	}
	must(t, "cluster", "revoke", "w", "--cluster-folder", c.dir)
	if got := <-ended; got.code != run.ExitMistake || !strings.Contains(got.err, "lets nobody in with this key") {
		t.Errorf("%+v", got)
	}
}

// TestWorkerListensNowhere holds that a worker has a connection to its coordinator and no port of its own.
func TestWorkerListensNowhere(t *testing.T) {
	c := newCoordinating(t)
	join := c.join(t, "w")
	time.Sleep(followed)
	cmd := process("worker", "--cluster", "tls://"+c.broker.Address(), "--join", join, "--device", "cpu")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	var found []string
	for end := time.Now().Add(20 * time.Second); len(found) == 0 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		found = sockets(t, cmd.Process.Pid)
	}
	if len(found) != 1 || !strings.HasPrefix(found[0], "tcp ") {
		t.Errorf("a worker has %q, not one connection", found)
	}
}
