package cli

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"example.org/demote/backend"
	"example.org/demote/cluster"
	"example.org/demote/disk"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/tasktest"
	"example.org/demote/run"
	"example.org/demote/search"
)

var clusterSoak = flag.Duration("cluster-soak", 3*time.Second, "how long TestClusterSoak searches: make soak-cluster takes an hour")

// useEnv names the file to which a worker of the soak writes what it holds, a line for each SIGUSR1.
const useEnv = "DEMOTE_TEST_USE"

// tellUse has this process write what it holds whenever it is asked to.
func tellUse(path string) {
	asked, start := make(chan os.Signal, 1), time.Now()
	signal.Notify(asked, syscall.SIGUSR1)
	go func() {
		for range asked {
			u, err := tasktest.MeasureUse(start, 0)
			text, _ := json.Marshal(u)
			f, ferr := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
			if err = errors.Join(err, ferr); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			fmt.Fprintf(f, "%s\n", text)
			f.Close()
		}
	}()
}

// Bounds of TestClusterSoak: what a process may grow by, by the line of least squares through what it held behind each
// search but the first tenth. How many workers are connected at the moment changes the coordinator's goroutines.
const (
	soakResident    = 16 << 20 // bytes
	soakHeap        = 4 << 20
	soakDescriptors = 3
	soakGoroutines  = 6
	soakLeast       = 100              // searches to draw a line through
	soakHang        = 10 * time.Second // beyond the longest pause of a search that nobody disturbs
)

// TestClusterSoak searches over and over on workers that join, leave with SIGTERM, are killed and are stopped for ten
// seconds, at random moments; some searches are interrupted and go on. Each finds what is found on one machine. The
// coordinator and its server live as long as the test, and one worker that nobody touches: neither may grow. Behind
// each run no file of it is left at the server, and at the end none in the folder for temporary files.
func TestClusterSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	s := newSoak(t)
	s.alone(t)
	go s.weather(t)
	for n := 0; n == 0 || time.Since(s.start) < *clusterSoak && !t.Failed(); n++ {
		s.session(t)
		if n%16 == 0 {
			s.tell(t)
		}
	}
	s.tell(t)
	s.end(t)
	for who, seen := range map[string][]tasktest.Use{"coordinator": s.seen, "worker": s.worker} {
		grown(t, who, seen)
	}
}

// grown holds that a process does not grow.
func grown(t *testing.T, who string, seen []tasktest.Use) {
	t.Helper()
	lines, beyond := tasktest.Grown(seen, tasktest.Bounds{Resident: soakResident, Heap: soakHeap, Descriptors: soakDescriptors, Goroutines: soakGoroutines, Handles: 0.5})
	for _, line := range lines {
		t.Logf("%-11s %s", who, line)
	}
	if len(seen) >= soakLeast {
		for _, line := range beyond {
			t.Errorf("%s: %s", who, line)
		}
	}
}

// soak is a cluster that is searched on for a while.
type soak struct {
	*farm
	start    time.Time
	rng      *rand.Rand
	broker   *cluster.Broker
	links    []*cluster.Link
	searches []soakSearch
	use      string // file
	n        int
	idle     int
	seen     []tasktest.Use // of this process, behind each search
	worker   []tasktest.Use // of w0
	stop     chan struct{}
	stopped  chan struct{}

	news    atomic.Int64 // when the search at hand was heard of last; 0: there is none
	longest time.Duration
	allowed time.Duration

	count struct {
		sync.Mutex
		of map[string]int
	}
}

// soakSearch is a search, and what it finds on one machine.
type soakSearch struct {
	run.Config
	want string
}

func newSoak(t *testing.T) *soak {
	s := &soak{start: time.Now(), rng: rand.New(rand.NewPCG(*clusterSeed, 7)), stop: make(chan struct{}), stopped: make(chan struct{})}
	s.count.of = map[string]int{}
	if _, _, err := run.OpenRuntime(""); err != nil {
		t.Fatal(err)
	}
	list := []struct{ strategy, scan, metric, target string }{
		{"demotion", "fast", "agreement", "16bit-0.03"}, {"greedy", "naive", "sqnr", "40%"}, {"gallop", "fast", "mse", "16bit+0.05"}, {"auto", "fast", "agreement", "16bit-0.05"},
	}
	if *clusterSoak < time.Minute {
		list = list[:1]
	}
	for i, c := range list {
		cfg := tasktest.TinyConfig(t, 700+i)
		cfg.Strategy, cfg.Scan, cfg.Metric, cfg.Target, cfg.Workers = c.strategy, c.scan, c.metric, c.target, 1
		s.searches = append(s.searches, soakSearch{Config: cfg})
	}
	s.use = filepath.Join(t.TempDir(), "use")
	t.Setenv("TMPDIR", t.TempDir())
	s.farm = newFarm(t, 0)
	folder, err := cluster.OpenFolder(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		name := fmt.Sprint("w", i)
		j, err := folder.Join(name, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Write(s.join(name)); err != nil {
			t.Fatal(err)
		}
	}
	if s.broker, err = cluster.Listen(folder, s.at, "", nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.broker.Close)
	t.Setenv(useEnv, s.use)
	s.farm.start(t, "w0")
	os.Unsetenv(useEnv)
	s.farm.start(t, "w1")
	return s
}

func (s *soak) counted(what string) {
	s.count.Lock()
	defer s.count.Unlock()
	s.count.of[what]++
}

// alone searches on this machine.
func (s *soak) alone(t *testing.T) {
	for i := range s.searches {
		one := &s.searches[i]
		if _, err := s.search(t.Context(), one.Config, nil); err != nil {
			t.Fatal(err)
		}
		one.want = found(t, one.Out, ofSession)
	}
	s.allowed, s.longest = s.longest+soakHang, 0
}

// search is a search that is listened to.
func (s *soak) search(ctx context.Context, cfg run.Config, h *cluster.Coordinator) (*run.Result, error) {
	over := make(chan struct{})
	hear := func() { s.news.Store(time.Now().UnixNano()) }
	hear()
	cfg.Progress, cfg.Say, cfg.Stage = func(search.Event) { hear() }, func(string) { hear() }, func(stage.Stage) { hear() }
	if h != nil {
		cfg.Gather = func(ctx context.Context) (list []backend.Link, err error) {
			links, err := h.Links(ctx, 1, 20*time.Second)
			s.links = append(s.links, links...)
			for _, l := range links {
				list = append(list, l)
			}
			return list, err
		}
	}
	longest := make(chan time.Duration)
	go func() {
		var most time.Duration
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				most = max(most, time.Since(time.Unix(0, s.news.Load())))
			case <-over:
				longest <- most
				return
			}
		}
	}()
	r, err := run.Search(ctx, cfg)
	close(over)
	for _, l := range s.links {
		l.Close()
	}
	s.links = nil
	s.longest = max(s.longest, <-longest)
	return r, err
}

// session is a run of one to six searches.
func (s *soak) session(t *testing.T) {
	conn, err := s.broker.Connect()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	h, err := cluster.NewCoordinator(t.Context(), conn, cluster.CoordinatorOptions{Version: Version, Runtime: run.RuntimeVersion()})
	if err != nil {
		t.Fatal(err)
	}
	for range 1 + s.rng.IntN(6) {
		s.one(t, h)
	}
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
	admin, err := cluster.Administer(s.at, s.dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if n, err := admin.Clean(t.Context()); err != nil || n > 0 {
		t.Errorf("%d bytes are left behind a run, %v", n, err)
	}
}

// one is a search on the workers that are there, which may be interrupted, and goes on.
func (s *soak) one(t *testing.T, h *cluster.Coordinator) {
	one := s.searches[s.rng.IntN(len(s.searches))]
	s.n++
	one.Out = filepath.Join(filepath.Dir(one.Out), fmt.Sprint("run", s.n))
	defer os.RemoveAll(one.Out)
	for again := true; again; {
		ctx, cancel := context.WithCancel(t.Context())
		if s.rng.IntN(4) == 0 {
			time.AfterFunc(time.Duration(s.rng.IntN(4000))*time.Millisecond, cancel)
		}
		_, err := s.search(ctx, one.Config, h)
		cancel()
		switch {
		case err == nil:
			again = false
		case errors.Is(err, context.Canceled):
			s.counted("interrupted")
		default:
			t.Fatalf("search %d, %s by %s: %v", s.n, one.Strategy, one.Metric, err)
		}
	}
	s.counted("searches")
	sameFound(t, fmt.Sprintf("search %d, %s by %s", s.n, one.Strategy, one.Metric), found(t, one.Out, ofSession), one.want)
	if s.longest > s.allowed {
		t.Errorf("search %d, %s by %s: nothing was heard for %v", s.n, one.Strategy, one.Metric, s.longest)
	}
	s.measure(t)
}

// measure measures this process and w0.
func (s *soak) measure(t *testing.T) {
	if s.idle == 0 {
		s.idle = runtime.NumGoroutine()
	}
	u, err := tasktest.MeasureUse(s.start, s.idle)
	if err != nil {
		t.Fatal(err)
	}
	s.seen = append(s.seen, u)
	if err := s.workers["w0"].Process.Signal(syscall.SIGUSR1); err != nil {
		t.Fatalf("w0: %v, %v, %s", err, s.workers["w0"].ProcessState, s.workers["w0"].said)
	}
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		data, err := os.ReadFile(s.use)
		if lines := strings.SplitAfter(string(data), "\n"); err == nil && len(lines) == len(s.worker)+2 {
			if err := json.Unmarshal([]byte(lines[len(s.worker)]), &u); err != nil {
				t.Fatal(err)
			}
			s.worker = append(s.worker, u)
			return
		}
		if time.Since(begun) > time.Minute {
			t.Fatalf("w0 does not say what it holds: %v, %s", err, s.workers["w0"].said)
		}
	}
}

// tell logs how it stands.
func (s *soak) tell(t *testing.T) {
	s.count.Lock()
	defer s.count.Unlock()
	a, b := s.seen[len(s.seen)-1], s.worker[len(s.worker)-1]
	t.Logf("%5.0f s: %v; resident %.1f and %.1f MiB, heap %.1f and %.1f, %v and %v descriptors, %v and %v goroutines; longest pause %v of %v", time.Since(s.start).Seconds(), s.count.of,
		a.Resident/(1<<20), b.Resident/(1<<20), a.Heap/(1<<20), b.Heap/(1<<20), a.Descriptors, b.Descriptors, a.Goroutines, b.Goroutines, s.longest.Round(time.Millisecond), s.allowed.Round(time.Millisecond))
}

// weather has workers join, leave, die and be stopped for a while. One that nobody touches stays.
func (s *soak) weather(t *testing.T) {
	defer close(s.stopped)
	rng := rand.New(rand.NewPCG(*clusterSeed, 8))
	sleeps := map[string]bool{} // those that were stopped, of which each is left alone afterwards until it is killed
	for {
		select {
		case <-s.stop:
			return
		case <-time.After(time.Duration(200+rng.IntN(4000)) * time.Millisecond):
		}
		name := fmt.Sprint("w", 1+rng.IntN(4))
		s.mu.Lock()
		w := s.workers[name]
		s.mu.Unlock()
		if w == nil || w.isGone() {
			s.farm.start(t, name)
			delete(sleeps, name)
			s.counted("joins")
			continue
		}
		switch rng.IntN(3) {
		case 0:
			_ = w.Process.Kill()
			<-w.gone
			s.counted("kills")
		case 1:
			if sleeps[name] {
				continue
			}
			_ = w.Process.Signal(syscall.SIGTERM)
			select {
			case <-w.gone:
			case <-time.After(30 * time.Second):
				t.Errorf("%s does not leave: %s", name, w.said)
				_ = w.Process.Kill()
				<-w.gone
			}
			if code := w.ProcessState.ExitCode(); code != 0 && w.said.String() != "" {
				t.Errorf("%s leaves with %d: %s", name, code, w.said)
			}
			s.counted("leaves")
		default:
			_ = w.Process.Signal(syscall.SIGSTOP)
			sleeps[name] = true
			time.AfterFunc(10*time.Second, func() { _ = w.Process.Signal(syscall.SIGCONT) })
			s.counted("stops")
		}
	}
}

// end ends all workers, and looks at what they have left.
func (s *soak) end(t *testing.T) {
	close(s.stop)
	<-s.stopped
	for name, w := range s.workers {
		if w.isGone() {
			continue
		}
		_ = w.Process.Signal(syscall.SIGCONT)
		_ = w.Process.Signal(syscall.SIGTERM)
		<-w.gone
		if code := w.ProcessState.ExitCode(); code != 0 && w.said.String() != "" { // else it was on its way up
			t.Errorf("%s ends with %d: %s", name, code, w.said)
		}
	}
	s.broker.Close()
	locks, err := filepath.Glob(filepath.Join(os.TempDir(), "*", "lock"))
	if err != nil {
		t.Fatal(err)
	}
	folders, err := filepath.Glob(filepath.Join(os.TempDir(), "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(locks, folders...) { // young ones are not swept
		if err := os.Chtimes(path, time.Time{}, s.start.Add(-time.Hour)); err != nil {
			t.Error(err)
		}
	}
	swept := disk.SweepTemp()
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%d temporary folders of killed workers were swept, and %q are left, %v", swept, left, err)
	}
}
