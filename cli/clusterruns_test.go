package cli

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"example.org/demote/cluster"
	"example.org/demote/internal/journal"
	"example.org/demote/run"
)

var (
	clusterKills = flag.Int("cluster-kills", 10, "how many processes TestClusterKills kills")
	clusterSeed  = flag.Uint64("cluster-seed", 1, "of its moments")
)

// farm is a cluster whose workers are processes on this machine, over loopback with TLS.
type farm struct {
	dir     string // credentials
	at      string // where searches listen
	mu      sync.Mutex
	workers map[string]*workerProcess
}

// workerProcess is a worker.
type workerProcess struct {
	*exec.Cmd
	said *lockedBuffer
	gone chan struct{}
}

// isGone says whether the process has ended.
func (w *workerProcess) isGone() bool {
	select {
	case <-w.gone:
		return true
	default:
		return false
	}
}

// lockedBuffer is what a process has said.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(data)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// newFarm starts so many workers: w1, w2 and so on.
func newFarm(t *testing.T, n int) *farm {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &farm{dir: filepath.Join(t.TempDir(), "cluster"), at: l.Addr().String(), workers: map[string]*workerProcess{}}
	l.Close()
	folder, err := cluster.Init(f.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, w := range f.workers {
			_ = w.Process.Kill()
			<-w.gone
		}
	})
	for i := range n {
		name := fmt.Sprint("w", i+1)
		j, err := folder.Join(name, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Write(f.join(name)); err != nil {
			t.Fatal(err)
		}
		f.start(t, name)
	}
	return f
}

func (f *farm) join(name string) string { return filepath.Join(f.dir, name+".join") }

// start starts a worker that has joined.
func (f *farm) start(t *testing.T, name string, more ...string) *workerProcess {
	t.Helper()
	args := append([]string{"worker", "--cluster", "tls://" + f.at, "--join", f.join(name), "--device", "cpu"}, more...)
	w := &workerProcess{process(args...), &lockedBuffer{}, make(chan struct{})}
	w.Stdout, w.Stderr = w.said, w.said
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	f.workers[name] = w
	f.mu.Unlock()
	go func() {
		_ = w.Wait()
		close(w.gone)
	}()
	return w
}

// flags are those of a search on the farm.
func (f *farm) flags(least int) []string {
	return []string{"--workers-at", f.at, "--cluster-folder", f.dir, "--min-workers", fmt.Sprint(least)}
}

// ofSession are the fields of a result that tell how long it took, the work, in which blocks that were run in vain are
// counted, and what was typed.
var ofSession = []string{"seconds", "setup_seconds", "setup", "created", "sample_evaluations", "full_passes", "saved_passes", "sessions", "out", "device", "command", "cpu_seconds", "time_ns", "stages", "trial_costs"}

// found are the files of a finished search, but for such fields.
func found(t *testing.T, out string, without []string) string {
	t.Helper()
	if r, err := run.ReadResult(out); err != nil || !r.Finished {
		t.Fatalf("%s: %v", out, err)
	}
	var all strings.Builder
	for _, name := range []string{"result.json", "promotion.txt", "curve.csv", "mixed.onnx"} {
		data, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "result.json" {
			var fields map[string]any
			if err := json.Unmarshal(data, &fields); err != nil {
				t.Fatal(err)
			}
			withoutFields(fields, without)
			data, _ = json.MarshalIndent(fields, "", " ")
		}
		fmt.Fprintf(&all, "%s\n%s\n", name, data)
	}
	return all.String()
}

func withoutFields(v any, without []string) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range without {
			delete(v, name)
		}
		if list, ok := v["warnings"].([]any); ok { // that workers were lost is of the session too
			v["warnings"] = slices.DeleteFunc(list, func(w any) bool { return strings.Contains(fmt.Sprint(w), "member-left") })
		}
		for _, inner := range v {
			withoutFields(inner, without)
		}
	case []any:
		for _, inner := range v {
			withoutFields(inner, without)
		}
	}
}

// sameFound holds one result against another.
func sameFound(t *testing.T, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("%s: %.200q, want %.200q", what, a[i], b[i])
		}
	}
	t.Fatalf("%s: %d lines, want %d", what, len(a), len(b))
}

// TestClusterSearch compares searches on two and three worker processes over TLS with the same on this machine alone.
func TestClusterSearch(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := layered(t, 6, 1000)
	for i, more := range [][]string{
		{"--target", "16bit-0.01", "--block", "50"},
		{"--strategy", "auto", "--metric", "sqnr", "--target", "60%"},
	} {
		args := func(out string, cluster ...string) []string {
			return slices.Concat(in.args(slices.Concat(more, []string{"--out", in.path(out)})...), cluster)
		}
		alone := finish(t, process(args(fmt.Sprint("alone", i), "--device", "cpu")...))
		if alone.code != 0 {
			t.Fatalf("alone: %d, %s", alone.code, alone.err)
		}
		want := found(t, in.path(fmt.Sprint("alone", i)), ofSession)
		n := 2 + i
		f := newFarm(t, n)
		out := fmt.Sprint("cluster", i)
		if got := finish(t, process(args(out, f.flags(n)...)...)); got.code != 0 || !strings.Contains(got.err+got.out, fmt.Sprintf("the samples are dealt to %d workers", n)) {
			t.Fatalf("on workers: %d, %s%s", got.code, got.out, got.err)
		}
		sameFound(t, fmt.Sprint(n, " workers"), found(t, in.path(out), ofSession), want)
		for name, w := range f.workers { // SIGTERM is no error
			_ = w.Process.Signal(syscall.SIGTERM)
			<-w.gone
			if code := w.ProcessState.ExitCode(); code != 0 || !strings.Contains(w.said.String(), "part of a search") {
				t.Errorf("%s ends with %d: %s", name, code, w.said)
			}
		}
	}
}

// TestClusterKills kills workers and coordinators at random moments with a signal that cannot be caught, and stops
// workers for a while; the same command goes on until it ends: always with the files of a search that was left alone.
func TestClusterKills(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := long(t)
	more := []string{"--strategy", "greedy", "--scan", "naive", "--metric", "sqnr", "--target", "60%", "--workers", "1"}
	if got := finish(t, process(in.args(slices.Concat(more, []string{"--out", in.path("alone"), "--device", "cpu"})...)...)); got.code != 0 {
		t.Fatalf("alone: %d, %s", got.code, got.err)
	}
	want := found(t, in.path("alone"), ofSession)
	f := newFarm(t, 3)
	k := &killer{farm: f, rng: rand.New(rand.NewPCG(*clusterSeed, 5)), count: map[string]int{}}
	for searches := 0; k.left() > 0; searches++ {
		out := in.path(fmt.Sprint("run", searches))
		args := slices.Concat(in.args(slices.Concat(more, []string{"--out", out})...), f.flags(2))
		k.killedBefore = false
		for again := true; again; k.killedBefore = again {
			again = k.disturb(t, process(args...))
		}
		sameFound(t, fmt.Sprintf("search %d, seed %d, after %v", searches, *clusterSeed, k.count), found(t, out, ofSession), want)
		k.count["searches"]++
		t.Log(k.count)
	}
	if k.count["midway"] == 0 {
		t.Error("no process was killed behind the first trial")
	}
}

// killer kills processes of a farm.
type killer struct {
	*farm
	rng   *rand.Rand
	count map[string]int
	// the search at hand was killed
	killedBefore bool
	took         time.Duration // a search from the beginning that nobody has killed
}

// left is how many are still to be killed.
func (k *killer) left() int { return *clusterKills - k.count["worker"] - k.count["coordinator"] }

// stops is how long a worker is stopped: longer than a search waits for it.
func (k *killer) stops() time.Duration {
	if *clusterKills > 10 {
		return 10 * time.Second
	}
	return 5 * time.Second
}

// disturb runs a search and kills workers meanwhile, and in the end the search, at moments in the time that one takes
// that is left alone: the first one is. It says whether the search was killed.
func (k *killer) disturb(t *testing.T, search *exec.Cmd) (again bool) {
	t.Helper()
	said, begun := &lockedBuffer{}, time.Now()
	search.Stdout, search.Stderr = said, said
	if err := search.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		_ = search.Wait()
		close(gone)
	}()
	var there []string // workers of this search that were not killed
	late, dies := time.After(5*time.Minute), time.Duration(1.5*k.rng.Float64()*float64(k.took))
	for {
		pause := time.Duration((0.05 + 0.3*k.rng.Float64()) * float64(k.took))
		if k.took == 0 || k.left() <= 0 {
			pause = time.Hour
		}
		select {
		case <-gone:
			code := search.ProcessState.ExitCode()
			if k.killedBefore && code == run.ExitMistake && strings.Contains(said.String(), journal.ErrFinished.Error()) {
				return false // it was killed behind its end
			}
			if code != 0 {
				t.Fatalf("exit code %d after %v: %s", code, k.count, said)
			}
			if k.took == 0 {
				k.took = time.Since(begun)
			}
			return false
		case <-late:
			_ = search.Process.Kill()
			t.Fatalf("it does not end: %s", said)
		case <-time.After(pause):
		}
		if there == nil {
			there = partOf(said.String())
		}
		midway := strings.Contains(said.String(), " in int8, best ")
		if time.Since(begun) > dies {
			_ = search.Process.Kill()
			<-gone
			if search.ProcessState.ExitCode() == 0 {
				return false
			}
			k.killed("coordinator", midway)
			return true
		}
		// one of the start stays: who comes later takes part once it is ready, which may be behind the end
		if len(there) < 2 {
			continue
		}
		at := k.rng.IntN(len(there))
		name := there[at]
		w := k.workers[name]
		there = slices.Delete(there, at, at+1)
		if k.rng.IntN(4) == 0 {
			_ = w.Process.Signal(syscall.SIGSTOP)
			time.AfterFunc(k.stops(), func() { _ = w.Process.Signal(syscall.SIGCONT) })
			k.count["stopped"]++
			continue
		}
		_ = w.Process.Kill()
		<-w.gone
		k.killed("worker", midway)
		k.start(t, name)
	}
}

// killed counts a process that was killed.
func (k *killer) killed(what string, midway bool) {
	k.count[what]++
	if midway {
		k.count["midway"]++
	}
}

// partOf are the workers of a search, of which it says so; nil: it has not yet.
func partOf(said string) (names []string) {
	_, list, ok := strings.Cut(said, " workers: ")
	if !ok {
		return nil
	}
	list, _, _ = strings.Cut(list, "\n")
	for _, one := range strings.Split(list, "), ") {
		name, _, _ := strings.Cut(one, " (")
		names = append(names, name)
	}
	return names
}

// TestClusterLost kills all workers of a search in the middle: it ends with a line that says how to go on, and the same
// command does. An interrupt ends it with the code of one, and its workers wait for the next search.
func TestClusterLost(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := layered(t, 8, 600)
	more := []string{"--strategy", "greedy", "--scan", "naive", "--metric", "sqnr", "--target", "60%", "--workers", "1", "--json"}
	if got := finish(t, process(in.args(slices.Concat(more, []string{"--out", in.path("alone"), "--device", "cpu"})...)...)); got.code != 0 {
		t.Fatalf("alone: %d, %s", got.code, got.err)
	}
	f := newFarm(t, 2)
	args := slices.Concat(in.args(more...), f.flags(2), []string{"--wait", "6s"})
	code, said := atMove(t, args, func(*exec.Cmd) {
		for _, w := range f.workers {
			_ = w.Process.Kill()
			<-w.gone
		}
	})
	if code != run.ExitInternal || !strings.Contains(said, "no worker is left: ") || !strings.Contains(said, "what was found so far is kept: start workers again, and give the same command") {
		t.Fatalf("without workers: exit code %d, %s", code, said)
	}
	for _, name := range []string{"w1", "w2"} {
		f.start(t, name)
	}
	if code, said = atMove(t, args, interrupt); code != run.ExitInterrupted {
		t.Fatalf("interrupted: exit code %d, %s", code, said)
	}
	if got := finish(t, process(args...)); got.code != 0 {
		t.Fatalf("the same command: exit code %d, %s", got.code, got.err)
	}
	sameFound(t, "after both", found(t, in.path("run"), ofSession), found(t, in.path("alone"), ofSession))
}

// atMove has a search make a move, does something then, and returns its exit code and what it has said.
func atMove(t *testing.T, args []string, then func(search *exec.Cmd)) (code int, said string) {
	t.Helper()
	search, errs := process(args...), &lockedBuffer{}
	out, err := search.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	search.Stderr = errs
	if err := search.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, out, `"event":"move"`)
	then(search)
	go func() { _, _ = io.Copy(io.Discard, out) }()
	_ = search.Wait()
	return search.ProcessState.ExitCode(), errs.String()
}

// interrupt is Ctrl-C.
func interrupt(search *exec.Cmd) { _ = search.Process.Signal(os.Interrupt) }
