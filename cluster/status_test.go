package cluster_test

import (
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"example.org/demote/backend/link"
	"example.org/demote/cluster"
	"example.org/demote/mistake"
)

// TestStatus holds that who has the coordinator's key is told how a search stands, over TLS, and that a worker is not.
func TestStatus(t *testing.T) {
	b := newBench(t)
	at := b.broker.Address()
	admin, err := cluster.Administer(at, b.dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.Status(t.Context()); !mistake.Is(err) || !strings.Contains(err.Error(), "no search runs") {
		t.Errorf("without a search: %v", err)
	}
	want := cluster.Status{Run: "r", Version: "v1", Samples: 1000, Blocks: 50, Leases: 7, Workers: []cluster.WorkerStatus{
		{Name: "w1", Host: "h", Device: "cpu", State: "works", Blocks: 50, Speed: 2.5, Silent: 0.25, Waited: 0.5}}}
	stop, err := cluster.ServeStatus(b.coordinator(t), func() cluster.Status { return want })
	if err != nil {
		t.Fatal(err)
	}
	got, err := admin.Status(t.Context())
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	w, told := b.dial(t, b.join)
	if _, err := w.Request("demote.status", nil, time.Second); err == nil || len(told) == 0 {
		t.Errorf("a worker asks: %v", err)
	}
	if _, err := admin.Clean(t.Context()); !mistake.Is(err) || !strings.Contains(err.Error(), "its files are in use") {
		t.Errorf("cleaned while a search runs: %v", err)
	}
	stop()
	files, err := cluster.NewFiles(t.Context(), b.coordinator(t), "r1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := files.Put(t.Context(), make([]byte, 300_000)); err != nil {
		t.Fatal(err)
	}
	if n, err := admin.Clean(t.Context()); err != nil || n < 300_000 {
		t.Errorf("%d bytes removed, %v", n, err)
	}
	if n, err := admin.Clean(t.Context()); err != nil || n != 0 {
		t.Errorf("again: %d bytes removed, %v", n, err)
	}
}

// TestAdministerRefused gives what leads to no server.
func TestAdministerRefused(t *testing.T) {
	b, other := newBench(t), newBench(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	open := filepath.Join(t.TempDir(), "open.creds")
	if err := os.WriteFile(open, nil, 0o644); err != nil { //nolint:gosec // that is the mistake
		t.Fatal(err)
	}
	for _, c := range []struct{ at, folder, creds, want string }{
		{free.Addr().String(), b.dir, "", "no search listens there now"},
		{b.broker.Address(), other.dir, "", "is not the coordinator of this cluster"},
		{b.broker.Address(), t.TempDir(), "", "holds no credentials of a cluster"},
		{b.broker.Address(), b.dir, open, "may be read by others"},
		{b.broker.Address(), b.dir, open + "x", "no such file"},
		{b.broker.Address(), b.dir, b.dir, b.dir + " is a folder: name the file in it"},
	} {
		if _, err := cluster.Administer(c.at, c.folder, c.creds); !mistake.Is(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	for text, want := range map[string]string{
		"tls://h:1": "h:1", "tls://h": "h:4222", "tls://[::1]:5/": "[::1]:5",
		"nats://h:1": "", "h:1": "", "": "", "tls://": "", "tls://a:b@h:1": "", "tls://h:1/x": "", "tls://h:1?x": "",
		"tls://h:65535": "h:65535", "tls://h:65536": "", "tls://h:0": "",
	} {
		if got, err := cluster.Address(text); got != want || (want == "") != mistake.Is(err) {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
}

// TestStandings holds that who asks is told what is waited for before a search begins, and how its workers stand then.
func TestStandings(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cluster")
	f, err := cluster.Init(dir)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{folder: f, dir: dir}
	join := b.joined(t, "w1")
	g, err := cluster.Gathering{At: "127.0.0.1:0", Folder: dir, Least: 1, Wait: 20 * time.Second, Search: "out", Version: "1", Runtime: "1.2"}.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	admin, err := cluster.Administer(g.Address(), dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if s, err := admin.Status(t.Context()); err != nil || s.Run != "out" || s.Version != "1" || s.Waits != "workers: 0 are there, and 0 on their way" || len(s.Workers) > 0 {
		t.Errorf("before: %+v, %v", s, err)
	}
	j, err := cluster.ReadJoin(join)
	if err != nil {
		t.Fatal(err)
	}
	b.broker = newBench(t).broker // which nobody comes to: the worker has its own way
	w := b.worker(t, join, func(o *cluster.WorkerOptions) { o.Dial = j.Dialer(g.Address()) })
	defer w.stop()
	links, err := g.Links(t.Context())
	if err != nil || len(links) != 1 {
		t.Fatalf("%d workers, %v", len(links), err)
	}
	if s, err := admin.Status(t.Context()); err != nil || s.Waits != "" || len(s.Workers) != 1 || s.Workers[0].State != "begins" {
		t.Errorf("at the beginning: %+v, %v", s, err)
	}
	links[0].Stands(link.Standing{Blocks: 3, All: 10, Samples: 95, Leases: 4, Speed: 2, Waited: 0.25})
	s, err := admin.Status(t.Context())
	if err != nil || s.Blocks != 10 || s.Samples != 95 || s.Leases != 4 || len(s.Workers) != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	s.Workers[0].Silent = 0
	if want := (cluster.WorkerStatus{Name: "w1", Host: "here", Device: "cpu", State: "works", Blocks: 3, Speed: 2, Waited: 0.25}); s.Workers[0] != want {
		t.Errorf("%+v, want %+v", s.Workers[0], want)
	}
	for coming, want := range map[link.Coming]string{link.GetsReady: "gets ready", link.Waits: "waits for blocks", "": "works"} {
		links[0].Stands(link.Standing{All: 10, Samples: 95, Coming: coming})
		if s, err := admin.Status(t.Context()); err != nil || s.Workers[0].State != want {
			t.Errorf("%q: %+v, %v", coming, s, err)
		}
	}
}
