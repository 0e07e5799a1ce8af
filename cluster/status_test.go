package cluster_test

import (
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

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
	} {
		if _, err := cluster.Administer(c.at, c.folder, c.creds); !mistake.Is(err) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	for text, want := range map[string]string{
		"tls://h:1": "h:1", "tls://h": "h:4222", "tls://[::1]:5/": "[::1]:5",
		"nats://h:1": "", "h:1": "", "": "", "tls://": "", "tls://a:b@h:1": "", "tls://h:1/x": "", "tls://h:1?x": "",
	} {
		if got, err := cluster.Address(text); got != want || (want == "") != mistake.Is(err) {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
}
