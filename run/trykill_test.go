//go:build linux

package run

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

// TestChildrenThatAreKilled ends children from outside: that is no word about ONNX Runtime. What asks the parent to end does
// not end them.
func TestChildrenThatAreKilled(t *testing.T) {
	trying(t)
	path := writeNetwork(t, filepath.Join(t.TempDir(), "net.onnx"), endless(true).GraphProto)
	old := tryTime
	tryTime = 10 * time.Second
	defer func() { tryTime = old }()
	for _, c := range []struct {
		signal syscall.Signal
		text   string
	}{{syscall.SIGKILL, "was killed, as a system does that has no more memory"}, {syscall.SIGQUIT, "has ended: SIGQUIT"}} {
		done := make(chan error, 1)
		go func() { done <- TryNetwork(context.Background(), path, nil) }()
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
			if err := <-done; err == nil || ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%v: %v", c.signal, err)
			}
		}
	}
}
