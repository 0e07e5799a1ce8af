package cluster_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"example.org/demote/backend/link"
	"example.org/demote/cluster"
	"example.org/demote/mistake"
)

// echo is a server that answers a request with its bytes turned round, counts what it is asked, and sends back what it
// is sent. A request "get" and a digest is answered by the file.
type echo struct {
	host   link.Host
	mu     sync.Mutex
	asked  map[string]int
	closed chan struct{}
}

func (e *echo) Call(ctx context.Context, request []byte) ([]byte, error) {
	e.mu.Lock()
	e.asked[digestOf(string(request))]++
	e.mu.Unlock()
	switch {
	case bytes.HasPrefix(request, []byte("get")):
		return e.host.Get(ctx, [32]byte(request[3:]))
	case bytes.Equal(request, []byte("fail")):
		return nil, errors.New("it cannot be done")
	case bytes.Equal(request, []byte("panic")):
		panic("in a server")
	case bytes.Equal(request, []byte("wait")):
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return turned(request), nil
}

func digestOf(request string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(request))) }

func (e *echo) Message(m []byte) { _ = e.host.Send(m) }

func (e *echo) Close() { close(e.closed) }

func turned(data []byte) []byte {
	out := make([]byte, len(data))
	for i, b := range data {
		out[len(data)-1-i] = b
	}
	return out
}

// hand is a worker of a bench that runs in a goroutine.
type hand struct {
	stop   context.CancelFunc
	ended  chan error
	mu     sync.Mutex
	conn   *nats.Conn
	server *echo
	said   []string
}

// kill ends a worker's connection for good, as its death would.
func (h *hand) kill() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.conn.Close()
}

func (h *hand) words() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.said, "\n")
}

// worker starts one; change may be nil.
func (b *bench) worker(t *testing.T, path string, change func(*cluster.WorkerOptions)) *hand {
	t.Helper()
	j, err := cluster.ReadJoin(path)
	if err != nil {
		t.Fatal(err)
	}
	h := &hand{ended: make(chan error, 1)}
	at := b.broker.Address()
	o := cluster.WorkerOptions{
		Name: j.Name, Host: "here", Device: "cpu", Version: "1", Runtime: "1.2", Keep: time.Minute,
		Dial: func() (*nats.Conn, error) {
			c, err := j.Dial(at)
			h.mu.Lock()
			h.conn = c
			h.mu.Unlock()
			return c, err
		},
		Begin: func(host link.Host) cluster.Server {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.server = &echo{host: host, asked: map[string]int{}, closed: make(chan struct{})}
			return h.server
		},
		Say: func(line string) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.said = append(h.said, line)
		},
	}
	if change != nil {
		change(&o)
	}
	ctx, stop := context.WithCancel(t.Context())
	h.stop = stop
	go func() { h.ended <- cluster.Work(ctx, o) }()
	return h
}

// begin begins a run of a bench.
func (b *bench) begin(t *testing.T) (*cluster.Coordinator, func() string) {
	t.Helper()
	return b.beginDisturbed(t, nil)
}

// beginDisturbed is begin with messages that are sent otherwise; nil: they are not.
func (b *bench) beginDisturbed(t *testing.T, change func(cluster.Publish) cluster.Publish) (*cluster.Coordinator, func() string) {
	t.Helper()
	var mu sync.Mutex
	var said []string
	o := cluster.CoordinatorOptions{Version: "1", Runtime: "1.2", Say: func(line string) {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, line)
	}}
	if change != nil {
		o = o.Disturbed(change, 100*time.Millisecond)
	}
	h, err := cluster.NewCoordinator(t.Context(), b.coordinator(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close(context.Background()) })
	return h, func() string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Join(said, "\n")
	}
}

func gather(t *testing.T, h *cluster.Coordinator, n int) []*cluster.Link {
	t.Helper()
	list, err := h.Links(t.Context(), n, 20*time.Second)
	if err != nil || len(list) != n {
		t.Fatalf("%d of %d workers: %v", len(list), n, err)
	}
	return list
}

// TestCalls holds that each request is answered, whatever its size, errors and panics in words, many at once.
func TestCalls(t *testing.T) {
	b := newBench(t)
	h, _ := b.begin(t)
	w := b.worker(t, b.join, nil)
	l := gather(t, h, 1)[0]
	if l.Name() != "w1 (here, cpu)" {
		t.Errorf("it is called %q", l.Name())
	}
	defer l.Close()
	l.Receive(func([]byte) {}, func(why error) { t.Errorf("lost: %v", why) })
	rng := rand.NewChaCha8([32]byte{1})
	for _, size := range []int{0, 1, 64 << 10, 64<<10 + 1, 512 << 10, 512<<10 + 1, 3<<20 + 5, cluster.MostBytes} {
		request := make([]byte, size)
		_, _ = rng.Read(request)
		reply, err := l.Call(t.Context(), request)
		if err != nil || !bytes.Equal(reply, turned(request)) {
			t.Fatalf("%d bytes: %d came, %v", size, len(reply), err)
		}
	}
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			request := binary.LittleEndian.AppendUint64(nil, uint64(i))
			if reply, err := l.Call(t.Context(), request); err != nil || !bytes.Equal(reply, turned(request)) {
				t.Errorf("call %d: %v, %v", i, reply, err)
			}
		})
	}
	all.Wait()
	if _, err := l.Call(t.Context(), []byte("fail")); err == nil || err.Error() != "it cannot be done" {
		t.Errorf("an error comes as %v", err)
	}
	if _, err := l.Call(t.Context(), []byte("panic")); err == nil || !strings.Contains(err.Error(), "internal error") {
		t.Errorf("a panic comes as %v", err)
	}
	file := []byte("a file")
	d, err := l.Put(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time from the worker's cache
		if reply, err := l.Call(t.Context(), append([]byte("get"), d[:]...)); err != nil || !bytes.Equal(reply, file) {
			t.Errorf("a file: %q, %v", reply, err)
		}
	}
	short, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	if _, err := l.Call(short, []byte("wait")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a call that is given up: %v", err)
	}
	w.server.mu.Lock()
	defer w.server.mu.Unlock()
	for request, n := range w.server.asked {
		if n != 1 && !strings.HasPrefix(request, digestOf("get"+string(d[:]))) {
			t.Errorf("request %s came %d times", request, n)
		}
	}
}

// TestMessages holds that messages come in their order, whole, whatever their size.
func TestMessages(t *testing.T) {
	b := newBench(t)
	h, _ := b.begin(t)
	b.worker(t, b.join, func(o *cluster.WorkerOptions) {
		begin := o.Begin
		o.Begin = func(host link.Host) cluster.Server { return begin(repeated{host}) }
	})
	l := gather(t, h, 1)[0]
	if _, err := l.Call(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	came := make(chan []byte, 1000)
	l.Receive(func(m []byte) { came <- m }, func(error) {})
	for i := range 100 {
		if err := l.Send(bytes.Repeat([]byte{byte(i)}, 1+i*100)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100 {
		select {
		case m := <-came:
			if want := bytes.Repeat([]byte{byte(i)}, (1+i*100)*300); !bytes.Equal(m, want) {
				t.Fatalf("message %d has %d bytes, want %d", i, len(m), len(want))
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("message %d does not come", i)
		}
	}
	if err := l.Send(make([]byte, 1<<20)); err == nil {
		t.Error("a message that does not go through is sent")
	}
}

// repeated sends each message 300 times over, as one.
type repeated struct{ link.Host }

func (r repeated) Send(m []byte) error { return r.Host.Send(bytes.Repeat(m, 300)) }

// TestLost holds that a worker that dies is lost within seconds, once, and that nothing waits for it.
func TestLost(t *testing.T) {
	b := newBench(t)
	h, said := b.begin(t)
	w := b.worker(t, b.join, nil)
	l := gather(t, h, 1)[0]
	lost := make(chan error, 2)
	l.Receive(func([]byte) {}, func(why error) { lost <- why })
	waits := make(chan error, 1)
	go func() {
		_, err := l.Call(t.Context(), []byte("wait"))
		waits <- err
	}()
	w.stop = func() {}
	w.kill()
	for _, c := range []chan error{lost, waits} {
		select {
		case err := <-c:
			if err == nil || !strings.Contains(err.Error(), "nothing was heard of it for 3s") {
				t.Errorf("it is lost: %v", err)
			}
		case <-time.After(8 * time.Second):
			t.Fatal("it is not lost")
		}
	}
	if !strings.Contains(said(), "worker w1 (here, cpu) is lost") {
		t.Errorf("said was %q", said())
	}
	if err := l.Send(nil); err == nil {
		t.Error("a lost worker is sent something")
	}
	l.Close()
	if len(lost) > 0 {
		t.Error("it is lost twice")
	}
}

// TestLeaves holds that a worker that is told to end closes its server, says bye, and that this is no error.
func TestLeaves(t *testing.T) {
	b := newBench(t)
	h, _ := b.begin(t)
	w := b.worker(t, b.join, nil)
	l := gather(t, h, 1)[0]
	lost := make(chan error, 1)
	l.Receive(func([]byte) {}, func(why error) { lost <- why })
	if _, err := l.Call(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	w.stop()
	if err := <-w.ended; err != nil {
		t.Errorf("it ends with %v", err)
	}
	if why := <-lost; !strings.Contains(why.Error(), "it has left: it was told to end") || time.Since(begun) > 2*time.Second {
		t.Errorf("after %v: %v", time.Since(begun), why)
	}
	select {
	case <-w.server.closed:
	default:
		t.Error("its server is not closed")
	}
}

// TestVersions holds that a worker of another version is refused, by a line on both sides.
func TestVersions(t *testing.T) {
	b := newBench(t)
	h, said := b.begin(t)
	for text, change := range map[string]func(*cluster.WorkerOptions){
		"it is demote 2, the search 1: give both the same version":                  func(o *cluster.WorkerOptions) { o.Version = "2" },
		"it has ONNX Runtime 1.3, the search 1.2: give both the same version":       func(o *cluster.WorkerOptions) { o.Runtime = "1.3" },
		"it is demote 3\x1b[2Jx"[:14] + "[2Jx, the search 1: give both the same ve": func(o *cluster.WorkerOptions) { o.Version = "3\x1b[2Jx" },
	} {
		err := <-b.worker(t, b.join, change).ended
		if !mistake.Is(err) || !strings.Contains(err.Error(), text) {
			t.Errorf("the worker ends with %v, want %q", err, text)
		}
		if !strings.Contains(said(), "worker w1 (here, cpu) was refused: "+text) {
			t.Errorf("the search says %q, want %q", said(), text)
		}
	}
	if _, err := h.Links(t.Context(), 1, 50*time.Millisecond); !mistake.Is(err) || !strings.Contains(err.Error(), "0 of 1 workers came within 50ms") {
		t.Errorf("without workers: %v", err)
	}
}
