package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"example.org/demote/backend"
	"example.org/demote/internal/ir"
	"example.org/demote/internal/segments"
	"example.org/demote/internal/tasktest"
	"example.org/demote/mistake"
	"example.org/demote/onnx"
	"example.org/demote/onnx/onnxpb"
)

// trying has networks tried in children, with an empty cache of what has been tried.
func trying(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	TryHere = true
	t.Cleanup(func() { TryHere = false })
}

// tryNetwork lets a child process load a network file and run it once on zeros, unless this machine has done so before.
// shapes are those of inputs with free axes, by name, the batch first; a free axis without one is 1. The error names
// the signal and, if it can be found, the node; a doubt is an error, too.
func tryNetwork(ctx context.Context, file string, shapes map[string][]int64) error {
	m, err := onnx.Read(file)
	if err != nil {
		return err
	}
	var inputs []backend.Tensor
	for _, v := range m.Inputs() {
		dims, ok := shapes[v.Name]
		if !ok {
			dims = slices.Clone(v.Dims)
			for i, d := range dims {
				dims[i] = max(d, 1) // -1: free
			}
		}
		if v.Type == ir.Undefined || len(dims) != len(v.Dims) {
			return mistake.Errorf("%s: input %s: a shape of %d axes is needed", file, v.Name, len(v.Dims))
		}
		inputs = append(inputs, backend.Tensor{Name: v.Name, Type: backend.DType(v.Type), Dims: dims})
	}
	doubt, err := tryOnce(ctx, m, inputs, segments.ExactSession)
	if err == nil && doubt != "" {
		return mistake.Errorf("%s: %s", file, doubt)
	}
	return err
}

// TestNetworksThatKill tries networks of which the runtime dies: this process lives, and the line names file, signal
// and node.
func TestNetworksThatKill(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	trying(t)
	killed := 0
	for name, g := range tasktest.Deadly() {
		t.Run(name, func(t *testing.T) {
			path, before := tasktest.WriteNetwork(t, filepath.Join(t.TempDir(), "net.onnx"), g.GraphProto), len(triedKeys())
			err := tryNetwork(context.Background(), path, nil)
			if err == nil {
				return // this ONNX Runtime lives
			}
			killed++
			op, _, _ := strings.Cut(name, ",")
			for _, text := range []string{path, "ONNX Runtime " + backend.RuntimeVersion() + " dies by signal SIG", "this network, at " + op + ` node "the ` + op + `"`, "--ort"} {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%v: lacks %q", err, text)
				}
			}
			if !errors.Is(err, mistake.Err) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q is no mistake of one line", err)
			}
			if len(triedKeys()) > before {
				t.Error("it is noted as one that has been tried")
			}
		})
	}
	if killed < 2 { // Split with outputs without names kills every version up to 1.32
		t.Errorf("%d networks have killed", killed)
	}
}

// TestLivingNetworksAreTriedOnce tries a network that lives, again, and as another one.
func TestLivingNetworksAreTriedOnce(t *testing.T) {
	trying(t)
	path := tasktest.TinyNetwork(t, t.TempDir())
	for i, c := range []struct {
		block int64
		want  int
	}{{2, 1}, {2, 1}, {3, 2}} {
		if err := tryNetwork(context.Background(), path, map[string][]int64{"image": {c.block, 1, 8, 8}}); err != nil {
			t.Fatal(err)
		}
		if got := len(triedKeys()); got != c.want {
			t.Errorf("try %d: %d keys, want %d", i, got, c.want)
		}
	}
	info, err := os.Stat(tryFile())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := os.Remove(tryFile()); err != nil {
		t.Fatal(err)
	}
	TryHere = false
	if err := tryNetwork(context.Background(), path, nil); err != nil || len(triedKeys()) > 0 {
		t.Errorf("in a program without Child: %v, %d keys", err, len(triedKeys()))
	}
}

// TestCacheOfTries spoils the file of what has been tried.
func TestCacheOfTries(t *testing.T) {
	trying(t)
	key := func(i int) string { return fmt.Sprintf("%064x", i) }
	path := tryFile()
	folder := func(t *testing.T) {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		keepTried(key(i))
	}
	if tried(key(3)) || !tried(key(2)) {
		t.Error("what was noted last is not there")
	}
	t.Run("full", func(t *testing.T) {
		var all []byte
		for i := range tryMost {
			all = append(all, key(i)+"\n"...)
		}
		tasktest.WriteFile(t, path, all)
		keepTried(key(tryMost))
		if got := triedKeys(); len(got) != tryKept+1 || tried(key(0)) || !tried(key(tryMost)) || !tried(key(tryMost-1)) {
			t.Errorf("%d keys are kept", len(got))
		}
	})
	t.Run("half a line", func(t *testing.T) {
		tasktest.WriteFile(t, path, []byte(key(1)+"\n"+key(2)[:20]))
		keepTried(key(3))
		if !tried(key(1)) || tried(key(2)) || !tried(key(3)) {
			t.Errorf("%q", triedKeys())
		}
	})
	t.Run("huge", func(t *testing.T) {
		tasktest.WriteFile(t, path, bytes.Repeat([]byte{'x'}, 3<<20))
		if tried(key(1)) {
			t.Error("it was read")
		}
		keepTried(key(1))
		keepTried(key(1))
		if !tried(key(1)) {
			t.Error("it was not begun anew")
		}
	})
	for name, spoil := range map[string]func(t *testing.T){
		"a folder in its place":        func(t *testing.T) { folder(t); os.Mkdir(path, 0o700) },
		"a link in its place":          func(t *testing.T) { folder(t); os.Symlink(filepath.Join(t.TempDir(), "elsewhere"), path) },
		"a file in the folder's place": func(t *testing.T) { tasktest.WriteFile(t, filepath.Dir(path), nil) },
		"no cache folder":              func(t *testing.T) { t.Setenv("XDG_CACHE_HOME", ""); t.Setenv("HOME", "") },
	} {
		t.Run(name, func(t *testing.T) {
			os.RemoveAll(filepath.Dir(path))
			spoil(t)
			keepTried(key(1))
			if tried(key(1)) {
				t.Error("it was noted")
			}
			if target, err := os.Readlink(path); err == nil {
				if _, err := os.Stat(target); err == nil {
					t.Error("a link was followed")
				}
			}
			os.RemoveAll(filepath.Dir(path))
		})
	}
}

// TestEndlessNetworksInAChild has the time of a child pass, and ends the try from outside.
func TestEndlessNetworksInAChild(t *testing.T) {
	trying(t)
	path := tasktest.WriteNetwork(t, filepath.Join(t.TempDir(), "net.onnx"), tasktest.Endless(true).GraphProto)
	old := tryTime
	t.Cleanup(func() { tryTime = old })
	t.Run("time", func(t *testing.T) {
		tryTime = 500 * time.Millisecond
		err := tryNetwork(context.Background(), path, nil)
		if !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), path+": one run of it does not come to an end within 500ms") {
			t.Error(err)
		}
		tryTime = old
	})
	t.Run("time, of a command", func(t *testing.T) { // no fault was shown: it goes on
		m, err := onnx.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		tryTime = 500 * time.Millisecond
		defer func() { tryTime = old }()
		var said []string
		err = Network(context.Background(), m, []backend.Tensor{{Name: "x", Type: 1, Dims: []int64{20, 4}}}, nil, func(l string) { said = append(said, l) })
		if err != nil || len(said) != 1 || !strings.HasPrefix(said[0], "warning: "+path+": one run of it does not come to an end within 500ms") {
			t.Errorf("%v, %q", err, said)
		}
	})
	t.Run("context", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		began := time.Now()
		if err := tryNetwork(ctx, path, nil); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
	if len(triedKeys()) > 0 {
		t.Error("it is noted as one that has been tried")
	}
}

// TestChildEndsWithItsParent closes the pipe of a child that has an endless network to run.
func TestChildEndsWithItsParent(t *testing.T) {
	data, err := proto.Marshal(&onnxpb.ModelProto{IrVersion: proto.Int64(8), OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(17)}}, Graph: tasktest.Endless(true).GraphProto})
	if err != nil {
		t.Fatal(err)
	}
	order := fmt.Sprintf(`{"runtime":%q,"level":99,"inputs":[{"Name":"x","Type":1,"Dims":[1,4]}],"size":%d}`+"\n", backend.RuntimePath(), len(data))
	cmd := exec.Command(os.Args[0], tryWord)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Write(append([]byte(order), data...))
	line := make([]byte, len(tryLoaded)+1)
	if _, err := out.Read(line); err != nil || strings.TrimSpace(string(line)) != tryLoaded {
		t.Fatalf("%q, %v", line, err)
	}
	in.Close()
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		cmd.Process.Kill()
		t.Fatal("it lives on")
	}
}

// TestChildWithoutAnOrder starts the hidden command as a user may.
func TestChildWithoutAnOrder(t *testing.T) {
	for _, in := range []string{"", "hello\n", "{}\n", `{"size":5}` + "\nabc"} {
		cmd := exec.Command(os.Args[0], tryWord)
		cmd.Stdin = strings.NewReader(in)
		text, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != 1 || bytes.Count(text, []byte("\n")) != 1 {
			t.Errorf("%q: exit code %d, %q", in, code, text)
		}
	}
}
