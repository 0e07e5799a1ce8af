//go:build linux

package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/internal/tasktest"
	"example.org/demote/onnx"
)

// tryingChild finds the child of this process in which a network is tried, once it runs.
func tryingChild(t *testing.T) *os.Process {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		list, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, path := range list {
			line, _ := os.ReadFile(path)
			stat, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "stat"))
			_, behind, _ := bytes.Cut(stat, []byte(") ")) // state, then the parent
			var state string
			var parent, pid int
			fmt.Sscan(string(behind), &state, &parent)
			fmt.Sscan(filepath.Base(filepath.Dir(path)), &pid)
			if parent == os.Getpid() && strings.Contains(string(line), tryWord) {
				p, err := os.FindProcess(pid)
				if err != nil {
					t.Fatal(err)
				}
				return p
			}
		}
	}
	t.Fatal("there is no child")
	return nil
}

// TestChildrenThatAreKilled ends children from outside: that is no word about ONNX Runtime, so commands go on. What
// asks the parent to end does not end them.
func TestChildrenThatAreKilled(t *testing.T) {
	trying(t)
	path := tasktest.WriteNetwork(t, filepath.Join(t.TempDir(), "net.onnx"), tasktest.Endless(true).GraphProto)
	m, err := onnx.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	old := tryTime
	tryTime = 10 * time.Second
	defer func() { tryTime = old }()
	for _, c := range []struct {
		signal syscall.Signal
		text   string
	}{{syscall.SIGKILL, "was killed, as a system does that has no more memory"}, {syscall.SIGQUIT, "has ended: SIGQUIT"}} {
		var said []string
		done := make(chan error, 1)
		go func() {
			done <- Network(context.Background(), m, []backend.Tensor{{Name: "x", Type: 1, Dims: []int64{2, 4}}}, nil, func(l string) { said = append(said, l) })
		}()
		p := tryingChild(t)
		time.Sleep(200 * time.Millisecond)
		for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
			p.Signal(s)
		}
		select {
		case err := <-done:
			t.Errorf("it has ended: %v", err)
		case <-time.After(200 * time.Millisecond):
			p.Signal(c.signal)
			if err := <-done; err != nil || len(said) != 1 || !strings.HasPrefix(said[0], "warning: "+path+": ") || !strings.Contains(said[0], c.text) {
				t.Errorf("%v: %v, %q", c.signal, err, said)
			}
		}
	}
}

// TestChildIsThisProgram holds that a child is the file that runs, also where an update has put another in its place;
// and that a program which is none shows nothing of a network.
func TestChildIsThisProgram(t *testing.T) {
	path, err := thisProgram()
	if err != nil || path != "/proc/self/exe" {
		t.Errorf("%s, %v", path, err)
	}
	trying(t)
	net := tasktest.WriteNetwork(t, filepath.Join(t.TempDir(), "net.onnx"), tasktest.Deadly()["Split"].GraphProto)
	tryProgram = func() (string, error) { return "/bin/false", nil }
	defer func() { tryProgram = thisProgram }()
	if err := tryNetwork(context.Background(), net, nil); err != nil || len(triedKeys()) > 0 {
		t.Errorf("by a program that is no child: %v, %d keys", err, len(triedKeys()))
	}
}
