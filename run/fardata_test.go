package run

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/backend/far"
	"example.org/demote/backend/link"
	"example.org/demote/backend/link/linktest"
	"example.org/demote/internal/tasktest"
	"example.org/demote/search"
)

// TestDataElsewhere has workers read the samples from a file of their own: the result is that of one machine, and no
// sample is sent to those that have the same file. One that has another file gets them; one whose file changes in the
// middle of a search is left out.
func TestDataElsewhere(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 90)
	cfg.Block, cfg.Limit = 8, 60
	one := mustSearch(t, cfg)
	out, file := cfg.Out, tasktest.ReadFile(t, cfg.Data)
	var roots []string
	var links []backend.Link
	var pipes []*linktest.Pipe
	begin := func(n int) {
		roots, links, pipes = nil, nil, nil
		for i := range n {
			roots = append(roots, t.TempDir())
			if err := os.WriteFile(filepath.Join(roots[i], "x.data"), file, 0o600); err != nil {
				t.Fatal(err)
			}
			data, err := WorkerData(roots[i])
			if err != nil {
				t.Fatal(err)
			}
			p := linktest.New(fmt.Sprint("worker ", i), func(h link.Host) linktest.Worker {
				return far.NewServer(h, far.ServerOptions{Memory: 1 << 30, Beat: 20 * time.Millisecond, Data: data})
			}, linktest.Faults{})
			t.Cleanup(p.Close)
			links, pipes = append(links, p), append(pipes, p)
		}
		cfg.Links, cfg.DataAt = links, "x.data"
	}
	change := func(worker int) {
		other := slices.Clone(file)
		for i := 200; i < len(other); i++ {
			other[i] ^= 1
		}
		if err := os.WriteFile(filepath.Join(roots[worker], "x.data"), other, 0o600); err != nil {
			t.Error(err)
		}
	}
	var said []string
	cfg.Say = func(text string) { said = append(said, text) }

	begin(3)
	change(1)
	cfg.Out = out + "-elsewhere"
	sameRun(t, "from files", one, mustSearch(t, cfg))
	// what runs on CPUs gets its samples; of the search each has a third of the samples
	if with, without := max(pipes[0].PutBytes(), pipes[2].PutBytes()), pipes[1].PutBytes(); without-with < 60/3*64 {
		t.Errorf("%d bytes were put for a worker with the file, %d for one without", with, without)
	}
	if !slices.ContainsFunc(said, func(text string) bool {
		return strings.Contains(text, "worker 1: x.data is another file than that of the search: its sha256 begins with ") && strings.HasSuffix(text, ": it gets the samples over the network")
	}) {
		t.Errorf("it says %q", said)
	}

	begin(2)
	cfg.Out = out + "-changed"
	first := true
	cfg.Progress = func(search.Event) {
		if first {
			first = false
			change(0)
			pipes[1].Kill(errors.New("its machine is gone")) // whose blocks are read anew
		}
	}
	if _, err := Search(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "no worker is left: ") || !strings.Contains(err.Error(), "x.data: it has changed") {
		t.Errorf("a file that changes: %v", err)
	}
}

// TestDataElsewhereInWords refuses samples that do not lie in one file as they travel.
func TestDataElsewhereInWords(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 30)
	cfg.Data = packedAs(t, cfg.Data)
	cfg.Links, _ = elsewhereOf(t, 1, nil)
	cfg.DataAt = "x.npz"
	if _, err := Search(t.Context(), cfg); err == nil || ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "--data-at: the samples cannot be read where they lie: they are compressed") {
		t.Errorf("exit code %d: %v", ExitCode(err), err)
	}
}

// packedAs is a compressed .npz file of an array in a .npy file.
func packedAs(t *testing.T, path string) string {
	t.Helper()
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	x, err := w.CreateHeader(&zip.FileHeader{Name: "x.npy", Method: zip.Deflate})
	if err == nil {
		_, err = x.Write(tasktest.ReadFile(t, path))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	tasktest.WriteFile(t, path+".npz", packed.Bytes())
	return path + ".npz"
}
