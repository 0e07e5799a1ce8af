package serve_test

import (
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/demote/internal/serve"
	"example.org/demote/internal/serve/servetest"
	"example.org/demote/mistake"
)

func TestMain(m *testing.M) {
	servetest.Main()
	mistake.NameFlags(true)
	os.Exit(m.Run())
}

// start starts a server of the test binary.
func start(t *testing.T, how string, timeout time.Duration) (*serve.Server, error) {
	t.Helper()
	s, err := serve.Start(t.Context(), servetest.Line(how), serve.Options{Timeout: timeout})
	if err == nil {
		t.Cleanup(s.Close)
	}
	return s, err
}

// samples are a view of so many, of 4 classes, and rows of which every third is wrong.
func samples(n int) (v serve.View, rows []float32) {
	labels := make([]byte, 8*n)
	for i := range n {
		labels[8*i] = byte(i % 4)
		row := make([]float32, 4)
		row[i%4] = 1
		if i%3 == 0 {
			row[(i+1)%4] = 2
		}
		rows = append(rows, row...)
		v.Numbers = append(v.Numbers, 1000+i)
	}
	v.Set, v.Outputs = "data", []serve.Output{{Name: "y", Dims: []int64{4}}}
	v.Labels = []serve.Array{{Name: "y", Descr: "<i8", Dims: []int64{int64(n)}, Data: labels}}
	return v, rows
}

// judge has a server judge all samples in blocks, asking for so many at once.
func judge(ctx context.Context, s *serve.Server, n, block, ahead int) (all []float64, err error) {
	v, rows := samples(n)
	id, err := s.Open(ctx, v)
	if err != nil {
		return nil, err
	}
	var waits []func() ([]float64, error)
	for at := 0; at < n; at += block {
		var list []int
		for i := at; i < min(n, at+block); i++ {
			list = append(list, i)
		}
		wait, err := s.Judge(ctx, id, list, rows[4*at:4*(at+len(list))])
		if err != nil {
			return nil, err
		}
		if waits = append(waits, wait); len(waits) < ahead {
			continue
		}
		got, err := waits[0]()
		if err != nil {
			return nil, err
		}
		all, waits = append(all, got...), waits[1:]
	}
	for _, wait := range waits {
		got, err := wait()
		if err != nil {
			return nil, err
		}
		all = append(all, got...)
	}
	return all, nil
}

// TestJudges: hits, values and whole scores, asked for one by one and many at once; equal views are told once.
func TestJudges(t *testing.T) {
	const n = 103
	for _, how := range []string{"hits", "values"} {
		s, err := start(t, how, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		for _, ahead := range []int{1, 8} {
			got, err := judge(t.Context(), s, n, 10, ahead)
			if err != nil || len(got) != n {
				t.Fatal(len(got), err)
			}
			for i, v := range got {
				if (v == 1) != (i%3 != 0) {
					t.Errorf("%s: sample %d has %v", how, i, v)
				}
			}
		}
		// hello, 11 blocks twice and the first block once more
		if requests, busy := s.Cost(); requests != 1+22+1 || busy <= 0 || busy > time.Minute {
			t.Errorf("%d requests in %v", requests, busy)
		}
	}
	s, err := start(t, "whole", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	v, rows := samples(n)
	id, err := s.Open(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := s.Add(t.Context(), id, []int{i}, rows[4*i:4*i+4]); err != nil {
			t.Fatal(err)
		}
	}
	if again, err := s.Open(t.Context(), v); again != id || err != nil {
		t.Errorf("an equal view is number %d and not %d, %v", again, id, err)
	}
	if got, err := s.Score(t.Context(), id); err != nil || math.Abs(got-68./103) > 1e-12 {
		t.Errorf("%v, %v", got, err)
	}
}

// TestLargeFrames: both streams are full at once, and nobody waits for the other.
func TestLargeFrames(t *testing.T) {
	s, err := start(t, "hits", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := judge(t.Context(), s, 60_000, 20_000, 3); err != nil || len(got) != 60_000 {
		t.Fatal(len(got), err)
	}
}

// TestWrongServers: whatever a server does wrong is one line that says so, soon, and ends it.
func TestWrongServers(t *testing.T) {
	for _, c := range []struct{ how, want string }{
		{"hits dies 5", "exit status 9: no table"},
		{"hits ends 5", "it has ended before it was told to"},
		{"hits hangs 5", "no answer after 1s: give more time with --metric-timeout, or fewer samples"},
		{"hits child 5", "exit status 9"},
		{"hits twice 5", "it answers request 5 again: give one answer to each"},
		{"hits other 5", "it answers request 1099511627776, which was not asked"},
		{"hits garbage 5", `its standard output has "epoch 1 of 1", which is no frame: print to standard error`},
		{"hits short 5", "it answers a frame ROWS of 2 bytes, without the number of a request"},
		{"hits kind 5", "it answers request 0 again"},
		{"hits few 5", "it answers 72 bytes for 10 numbers of 8: give one for each sample"},
		{"hits nan 5", "it answers NaN for sample 1030: give a finite number"},
		{"hits half 5", "it answers 0.5 for sample 1030: a hit is 0 or 1"},
		{"values two 5", "it answers 2 for sample 1030, and says that values lie between 0 and 1"},
		{"hits lots 2", "answers 0 and then 1 for the same outputs of sample 1000: it must depend on them alone"},
		{"hits closed 5", "it has closed its standard output: keep it open for the answers"},
		{"hits says 5", "no table of classes"},
		{"hits shrugs 5", "it says that it cannot answer, and not why"},
		{"hits early", `its standard output has "loading the t", which is no frame`},
		{"hits version", "it speaks version 2 of the protocol, and this program version 1: take the demote_metric.py of this program"},
		{"hits judges", `it says that it judges "colours": whole, hits or values are known`},
		{"hits silent", "it has not said what it judges within 1s"},
	} {
		t.Run(c.how, func(t *testing.T) {
			began, timeout := time.Now(), time.Minute
			if strings.Contains(c.want, "after 1s") || strings.Contains(c.want, "within 1s") {
				timeout = time.Second
			}
			s, err := start(t, c.how, timeout)
			if err == nil {
				_, err = judge(t.Context(), s, 100, 10, 3)
			}
			text, _, _ := strings.Cut(c.want, "loading the t")
			if err == nil || !strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, want %q", err, c.want)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
			if s != nil {
				if _, err := judge(t.Context(), s, 100, 10, 3); err == nil {
					t.Error("it can be asked again")
				}
			}
		})
	}
}

// TestWholeScoreTwice: the first score is asked for twice, and must be the same; NaN is no score.
func TestWholeScoreTwice(t *testing.T) {
	for _, c := range []struct{ how, want string }{
		{"whole two 2", "and then 2 for the same outputs: a score must depend on them alone"}, {"whole nan 1", "it answers NaN: return a finite number"},
	} {
		s, err := start(t, c.how, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		v, rows := samples(9)
		id, err := s.Open(t.Context(), v)
		if err == nil {
			err = s.Add(t.Context(), id, []int{0, 1, 2, 3, 4, 5, 6, 7, 8}, rows)
		}
		if err == nil {
			_, err = s.Score(t.Context(), id)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.how, err)
		}
	}
}

// TestInterrupted: who is interrupted waits no longer, and the server goes on to judge for others.
func TestInterrupted(t *testing.T) {
	s, err := start(t, "hits", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	v, rows := samples(100)
	id, err := s.Open(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	wait, err := s.Judge(ctx, id, []int{0}, rows[:4])
	cancel()
	if err == nil {
		_, err = wait() // the answer may have come
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if got, err := judge(t.Context(), s, 100, 10, 2); err != nil || len(got) != 100 {
		t.Errorf("%d, %v", len(got), err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := serve.Start(ctx, servetest.Line("hits silent"), serve.Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one that says nothing is waited for: %v", err)
	}
}

// TestCloseEndsTheGroup: a closed server ends by itself, and what it has started is ended with it.
func TestCloseEndsTheGroup(t *testing.T) {
	pid := t.TempDir() + "/pid"
	s, err := serve.Start(t.Context(), "sleep 60 & echo $! > "+pid+"; "+servetest.Line("hits"), serve.Options{})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	s.Close()
	s.Close()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	number, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	gone := func() bool { // or a zombie that nobody waits for
		out, err := exec.Command("ps", "-o", "stat=", "-p", strings.TrimSpace(string(number))).Output()
		return err != nil || strings.HasPrefix(strings.TrimSpace(string(out)), "Z")
	}
	for range 100 {
		if gone() {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if !gone() {
		t.Errorf("process %s runs on", number)
	}
}

// TestOpenAtOnce: whoever opens a view that another one is about to tell may ask of it.
func TestOpenAtOnce(t *testing.T) {
	for range 5 {
		s, err := start(t, "hits", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		v, rows := samples(100000)
		var both sync.WaitGroup
		for i := range 4 {
			both.Go(func() {
				id, err := s.Open(t.Context(), v)
				if err != nil {
					t.Error(err)
					return
				}
				wait, err := s.Judge(t.Context(), id, []int{i}, rows[4*i:4*i+4])
				if err == nil {
					_, err = wait()
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		s.Close()
	}
}
