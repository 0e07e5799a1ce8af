package cluster_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"example.org/demote/cluster"
	"example.org/demote/mistake"
)

// TestServers holds that a worker has a server for each link, which ends with it, that one that comes late is there for
// the next links, and that a run leaves no file.
func TestServers(t *testing.T) {
	b := newBench(t)
	h, said := b.begin(t)
	one := b.worker(t, b.join, nil)
	first := gather(t, h, 1)[0]
	call := func(l *cluster.Link) {
		t.Helper()
		if reply, err := l.Call(t.Context(), []byte("ab")); err != nil || string(reply) != "ba" {
			t.Errorf("%s: %q, %v", l.Name(), reply, err)
		}
	}
	call(first)
	before := one.server
	second := gather(t, h, 1)[0]
	call(second)
	call(first)
	if one.server == before || before.asked[digestOf("ab")] != 2 || one.server.asked[digestOf("ab")] != 1 {
		t.Error("two links lead to one server")
	}
	if _, err := first.Put(t.Context(), []byte("a file")); err != nil {
		t.Fatal(err)
	}
	first.Close()
	<-before.closed
	if _, err := first.Call(t.Context(), []byte("ab")); err == nil {
		t.Error("a link that is closed is answered")
	}
	call(second)
	b.worker(t, b.joined(t, "w2"), nil)
	for begun := time.Now(); !strings.Contains(said(), "worker w2 (here, cpu) is there"); time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > 20*time.Second {
			t.Fatalf("it says %q", said())
		}
	}
	for _, l := range gather(t, h, 2) {
		call(l)
	}
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(b.coordinator(t))
	if err != nil {
		t.Fatal(err)
	}
	store, err := js.ObjectStore(t.Context(), "demote")
	if err != nil {
		t.Fatal(err)
	}
	if files, err := store.List(t.Context()); len(files) > 0 {
		t.Errorf("%d files are left, %v", len(files), err)
	}
	if left, err := store.Status(t.Context()); err != nil || left.Size() > 0 {
		t.Errorf("%d bytes are left of files that are not there any more, %v", left.Size(), err)
	}
}

// TestOnce holds that a worker that is for one search ends with it.
func TestOnce(t *testing.T) {
	b := newBench(t)
	h, _ := b.begin(t)
	w := b.worker(t, b.join, func(o *cluster.WorkerOptions) { o.Once = true })
	gather(t, h, 1)
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-w.ended; err != nil {
		t.Error(err)
	}
}

// TestCoordinatorDies holds that workers leave a search whose coordinator is gone, with its server, and are part of
// the next one at the same address within seconds.
func TestCoordinatorDies(t *testing.T) {
	b := newBench(t)
	h, _ := b.begin(t)
	w := b.worker(t, b.join, nil)
	if _, err := gather(t, h, 1)[0].Call(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	first := w.server
	at := b.broker.Address()
	b.broker.Close()
	var err error
	if b.broker, err = cluster.Listen(b.folder, at, t.TempDir(), nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.broker.Close)
	begun := time.Now()
	again, _ := b.begin(t)
	l := gather(t, again, 1)[0]
	if d := time.Since(begun); d > 8*time.Second {
		t.Errorf("it is there after %v", d)
	}
	<-first.closed
	if !strings.Contains(w.words(), "not part of a search any more: the search has not been heard") {
		t.Errorf("it says %q", w.words())
	}
	if reply, err := l.Call(t.Context(), []byte("ab")); err != nil || string(reply) != "ba" {
		t.Errorf("%q, %v", reply, err)
	}
}

// disturbed loses, doubles and delays one message of so many each; a delayed one is overtaken by others.
func disturbed(seed uint64, of int) func(cluster.Publish) cluster.Publish {
	return func(publish cluster.Publish) cluster.Publish {
		var mu sync.Mutex
		rng := rand.New(rand.NewPCG(seed, 1))
		return func(subject string, m []byte) error {
			mu.Lock()
			n := rng.IntN(of)
			mu.Unlock()
			switch {
			case n < 1:
				return nil
			case n < 2:
				_ = publish(subject, m)
			case n < 3:
				own := bytes.Clone(m)
				time.AfterFunc(20*time.Millisecond, func() { _ = publish(subject, own) })
				return nil
			}
			return publish(subject, m)
		}
	}
}

// TestDisturbed holds that calls are answered, and each asked once, where messages are lost, doubled, late and out of
// order on both ways, and that what is lost does not lose the worker.
func TestDisturbed(t *testing.T) {
	b := newBench(t)
	h, _ := b.beginDisturbed(t, disturbed(1, 5))
	w := b.worker(t, b.join, func(o *cluster.WorkerOptions) { *o = o.Disturbed(disturbed(2, 5)) })
	l := gather(t, h, 1)[0]
	defer l.Close()
	var mu sync.Mutex
	came := 0
	l.Receive(func(m []byte) {
		mu.Lock()
		defer mu.Unlock()
		came++
		if n := binary.LittleEndian.Uint64(m); len(m) != 8+int(n)*15_000 {
			t.Errorf("message %d of %d bytes", n, len(m))
		}
	}, func(why error) {
		if !strings.Contains(why.Error(), "was let go") {
			t.Errorf("lost: %v", why)
		}
	})
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			request := binary.LittleEndian.AppendUint64(nil, uint64(i))
			request = append(request, make([]byte, i*15_000)...)
			if reply, err := l.Call(t.Context(), request); err != nil || !bytes.Equal(reply, turned(request)) {
				t.Errorf("call %d: %v", i, err)
			}
			if len(request) <= 512<<10 {
				_ = l.Send(request)
			}
		})
	}
	all.Wait()
	w.server.mu.Lock()
	for request, n := range w.server.asked {
		if n != 1 {
			t.Errorf("request %s came %d times", request, n)
		}
	}
	w.server.mu.Unlock()
	mu.Lock()
	defer mu.Unlock()
	if came < 10 {
		t.Errorf("%d messages came", came)
	}
}

// TestCache holds that a cache has no file whose bytes are others, and none of a folder that others may read.
func TestCache(t *testing.T) {
	b := newBench(t)
	h, _ := b.begin(t)
	dir := filepath.Join(t.TempDir(), "cache")
	b.worker(t, b.join, func(o *cluster.WorkerOptions) { o.Cache = dir })
	l := gather(t, h, 1)[0]
	d, err := l.Put(t.Context(), []byte("a file"))
	if err != nil {
		t.Fatal(err)
	}
	get := func() {
		t.Helper()
		if reply, err := l.Call(t.Context(), append([]byte("get"), d[:]...)); err != nil || string(reply) != "a file" {
			t.Errorf("a file: %q, %v", reply, err)
		}
	}
	get()
	path := filepath.Join(dir, cluster.Digest(d).String())
	if err := os.WriteFile(path, []byte("others"), 0o600); err != nil {
		t.Fatal(err)
	}
	get()
	if data, err := os.ReadFile(path); err != nil || string(data) != "a file" {
		t.Errorf("the cache has %q, %v", data, err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%s: %v, %v", dir, info.Mode(), err)
	}
	open := t.TempDir()
	if err := os.Chmod(open, 0o755); err != nil { //nolint:gosec // that is the mistake
		t.Fatal(err)
	}
	if err := <-b.worker(t, b.join, func(o *cluster.WorkerOptions) { o.Cache = open }).ended; err == nil || !strings.Contains(err.Error(), "may be read by others") {
		t.Errorf("an open folder: %v", err)
	}
}

// TestCacheIsFull holds that a worker whose disk is full says so with the folder, here and at the coordinator, and
// ends.
func TestCacheIsFull(t *testing.T) {
	b := newBench(t)
	h, said := b.begin(t)
	dir := filepath.Join(t.TempDir(), "cache")
	w := b.worker(t, b.join, func(o *cluster.WorkerOptions) {
		o.Cache = dir
		*o = o.Writing(func(string, []byte) error { return syscall.ENOSPC })
	})
	l := gather(t, h, 1)[0]
	d, err := l.Put(t.Context(), []byte("a file"))
	if err != nil {
		t.Fatal(err)
	}
	want := dir + " takes no more files (no space left on device): make room there, or give another option worker-cache"
	if reply, err := l.Call(t.Context(), append([]byte("get"), d[:]...)); err == nil || !strings.Contains(err.Error(), dir+" takes no more files") {
		t.Errorf("%q, %v", reply, err)
	}
	if err := <-w.ended; err == nil || mistake.Is(err) || err.Error() != want {
		t.Errorf("it ends with %v", err)
	}
	if !strings.Contains(said(), "worker w1 (here, cpu) is lost: it has left: "+dir) {
		t.Errorf("it says %q", said())
	}
}

// FuzzMessages holds that what another machine says is taken apart or refused.
func FuzzMessages(f *testing.F) {
	f.Add([]byte{1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1})
	f.Add([]byte{1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Add(append([]byte{1, 12, 0, 0}, make([]byte, 32)...))
	f.Add(append([]byte{1, 13, 0, 0, 1}, make([]byte, 32)...))
	f.Fuzz(func(t *testing.T, m []byte) { cluster.Hear(m) })
}
