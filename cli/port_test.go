package cli

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.org/demote/cluster"
)

// sockets are the sockets for a network that a process and those below it have, as kind and local address; "listen"
// begins those that wait for connections.
func sockets(t *testing.T, pid int) (list []string) {
	t.Helper()
	open := inodes(family(t, pid))
	for _, kind := range []string{"tcp", "tcp6", "udp", "udp6", "raw", "raw6"} {
		table, err := os.ReadFile("/proc/net/" + kind)
		if err != nil {
			continue // a machine without IPv6
		}
		for line := range strings.Lines(string(table)) {
			f := strings.Fields(line)
			if len(f) < 10 || !open[f[9]] {
				continue
			}
			what := kind + " " + f[1]
			if f[3] == "0A" && strings.HasPrefix(kind, "tcp") { // TCP_LISTEN
				what = "listen " + what
			}
			list = append(list, what)
		}
	}
	return list
}

// family is a process with all that are below it.
func family(t *testing.T, pid int) []int {
	t.Helper()
	below := map[int][]int{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		data, _ := os.ReadFile(path) // it may be gone
		_, rest, _ := strings.Cut(string(data), ") ")
		f := strings.Fields(rest)
		if len(f) < 2 {
			continue
		}
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		parent, _ := strconv.Atoi(f[1])
		below[parent] = append(below[parent], child)
	}
	list := []int{pid}
	for i := 0; i < len(list); i++ {
		list = append(list, below[list[i]]...)
	}
	return list
}

// inodes are those of the open sockets of processes.
func inodes(pids []int) map[string]bool {
	open := map[string]bool{}
	for _, pid := range pids {
		links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		for _, link := range links {
			to, _ := os.Readlink(link)
			if inode, ok := strings.CutPrefix(to, "socket:["); ok {
				open[strings.TrimSuffix(inode, "]")] = true
			}
		}
	}
	return open
}

// TestNoPort holds that a search opens no socket for a network, from its beginning to its end, neither in its own
// process nor in those that it starts.
func TestNoPort(t *testing.T) {
	probe, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := fmt.Sprintf("listen tcp 0100007F:%04X", probe.Addr().(*net.TCPAddr).Port)
	if found := sockets(t, os.Getpid()); !slices.Contains(found, port) {
		t.Fatalf("%s is not among %q: this test sees nothing", port, found)
	}
	probe.Close()
	in := good(t)
	in.write(t, "eval.npz", archive(2000))
	cmd := process(in.args("--scan", "naive", "--workers", "1")...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for looks := 0; ; looks++ {
		select {
		case err := <-ended:
			if err != nil || looks < 5 {
				t.Errorf("%v behind %d looks: %s", err, looks, &errs)
			}
			t.Logf("%d looks", looks)
			return
		case <-time.After(10 * time.Millisecond):
		}
		if found := sockets(t, cmd.Process.Pid); len(found) > 0 {
			t.Errorf("a search alone has %q", found)
		}
	}
}

// TestPortNeedsTLS holds that a cluster's server has one port and no other, which says nothing to who speaks no TLS
// 1.3, on loopback and beyond.
func TestPortNeedsTLS(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cluster")
	f, err := cluster.Init(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"127.0.0.1:0", "0.0.0.0:0"} {
		before := sockets(t, os.Getpid())
		b, err := cluster.Listen(f, at, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		_, port, err := net.SplitHostPort(b.Address())
		if err != nil {
			t.Fatal(err)
		}
		more := slices.DeleteFunc(sockets(t, os.Getpid()), func(s string) bool { return slices.Contains(before, s) })
		number, _ := strconv.Atoi(port)
		if len(more) != 1 || !strings.HasPrefix(more[0], "listen tcp") || !strings.HasSuffix(more[0], fmt.Sprintf(":%04X", number)) {
			t.Errorf("%s: it has %q, not the port %s alone", at, more, port)
		}
		plain, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		defer plain.Close()
		plain.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		if n, err := plain.Read(make([]byte, 100)); n > 0 || err == nil {
			t.Errorf("%s says %d bytes without TLS", at, n)
		}
		before12 := &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12} //nolint:gosec // an old client
		old, err := tls.Dial("tcp", "127.0.0.1:"+port, before12)
		if err == nil {
			old.Close()
			t.Errorf("%s speaks TLS 1.2", at)
		}
		b.Close()
	}
}
