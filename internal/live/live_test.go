package live_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/demote/disk"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/live"
	"example.org/demote/mistake"
	"example.org/demote/result"
)

const content = `{"schema_version": 1, "command": "demote search", "holders": [
	{"name": "a", "index": 0, "precision": "int8", "low": {"bits": 8}, "high": {"bits": 16}}, {"name": "b", "index": 1, "precision": "int16", "low": {"bits": 8}, "high": {"bits": 16}},
	{"name": "<c>", "index": 2, "precision": "int8", "low": {"bits": 8}, "high": {"bits": 16}}], "promotion": ["b"], "score": {"mixed": {"correct": null, "total": null, "value": 0.5}}}`

// running is the folder of a run that goes on.
func running(t *testing.T) (string, *journal.Journal) {
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(filepath.Join(dir, journal.JournalFile), journal.Fingerprint{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	put(t, dir, content)
	return dir, j
}

func put(t *testing.T, dir, text string) {
	if err := disk.Replace(disk.Cached, disk.Bytes(filepath.Join(dir, result.File), []byte(text))); err != nil {
		t.Fatal(err)
	}
}

func keep(t *testing.T, j *journal.Journal, n journal.Now) {
	t.Helper()
	if n.At = time.Now(); j.KeepNow(n) != nil {
		t.Fatal("cannot write the journal")
	}
}

// TestRead tells how a run stands: not begun, under way with the mask that is tried, and ended; of a list of targets
// the one that was written last; and refuses folders of something else.
func TestRead(t *testing.T) {
	dir, j := running(t)
	if _, ok, err := live.Read(dir); ok || err != nil {
		t.Errorf("before the first trial: %v, %v", ok, err)
	}
	keep(t, j, journal.Now{Trials: 3, Low: 2, Units: 3, BestLow: 2, Seconds: 2, Mask: "110"})
	s, ok, err := live.Read(dir)
	if want := "b in int8; <c> in int16"; !ok || err != nil || s.Tried() != want || !strings.Contains(s.Text(), "2 of 3 in int8 now, best 2; 0 evaluations, 3 masks, 1.5 masks/s") {
		t.Errorf("%v %v: %q, %q", ok, err, s.Tried(), s.Text())
	}
	if s, ok, err := live.Read(filepath.Dir(dir)); !ok || err != nil || s.Dir != dir {
		t.Errorf("the folder of a list: %+v, %v, %v", s, ok, err)
	}
	if err := j.Finish(); err != nil {
		t.Fatal(err)
	}
	if s, ok, err := live.Read(dir); !ok || err != nil || !s.Finished || s.Text() != "the search has ended" {
		t.Errorf("at the end: %+v, %v, %v", s, ok, err)
	}
	empty := t.TempDir()
	for _, begins := range []string{empty, filepath.Join(empty, "new")} {
		if _, ok, err := live.Read(begins); ok || err != nil {
			t.Errorf("%s may begin: %v, %v", begins, ok, err)
		}
	}
	disk.Replace(disk.Cached, disk.Bytes(filepath.Join(empty, "notes.txt"), nil))
	for _, wrong := range []string{empty, filepath.Join(empty, "notes.txt"), filepath.Join(empty, "no", "such")} {
		if _, _, err := live.Read(wrong); !errors.Is(err, mistake.Err) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

// TestReadSeveral: a list of targets has ended when all its runs have, and a ladder with its second step, also where
// the whole is run again.
func TestReadSeveral(t *testing.T) {
	begin := func(dir string) *journal.Journal {
		t.Helper()
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		j, err := journal.Open(filepath.Join(dir, journal.JournalFile), journal.Fingerprint{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { j.Close() })
		put(t, dir, content)
		return j
	}
	finish := func(j *journal.Journal) {
		t.Helper()
		if err := j.Finish(); err != nil {
			t.Fatal(err)
		}
	}
	now := journal.Now{Trials: 1, Low: 2, Units: 3, Mask: "110"}
	stands := func(when, dir, want string, finished bool) {
		t.Helper()
		if s, ok, err := live.Read(dir); !ok || err != nil || s.Dir != want || s.Finished != finished {
			t.Errorf("%s: %s, ended %v, %v, %v; want %s, %v", when, s.Dir, s.Finished, ok, err, want, finished)
		}
	}
	list := filepath.Join(t.TempDir(), "list")
	a, b := filepath.Join(list, "16bit-0.1"), filepath.Join(list, "16bit-0.2")
	ja, jb := begin(a), begin(b)
	keep(t, ja, now)
	finish(ja)
	stands("between two targets", list, a, false)
	keep(t, jb, now)
	stands("in the second target", list, b, false)
	finish(jb)
	stands("behind the list", list, b, true)

	ladder := filepath.Join(t.TempDir(), "ladder")
	step := filepath.Join(ladder, journal.StepFolder)
	j1 := begin(step)
	keep(t, j1, now)
	stands("in the first step", ladder, step, false)
	finish(j1)
	stands("behind the first step", ladder, step, false)
	stands("the first step itself", step, step, true)
	j2 := begin(ladder)
	stands("as the second step begins", ladder, step, false)
	finish(j2)
	stands("a second step without a trial", ladder, ladder, true)
	keep(t, j2, now)
	stands("behind the ladder", ladder, ladder, true)
	keep(t, j1, now)
	stands("in the first step, run again", ladder, step, false)
}

// TestServer: the page is at the secret address alone, for this host alone, and its events follow the run to its end.
func TestServer(t *testing.T) {
	dir, j := running(t)
	s, err := live.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx) }()
	get := func(url, host string) (int, string) {
		r, err := http.NewRequest("GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	if !strings.HasPrefix(s.URL(), "http://127.0.0.1:") {
		t.Errorf("the address is %s", s.URL())
	}
	if code, text := get(s.URL(), ""); code != 200 || !strings.Contains(text, `id="live"`) || !strings.Contains(text, "EventSource") || !strings.Contains(text, "connect-src &#39;self&#39;") {
		t.Errorf("%d: %.300s", code, text)
	}
	top := s.URL()[:strings.Index(s.URL()[7:], "/")+8]
	for _, url := range []string{top, top + "events", top + strings.Repeat("0", 32) + "/", s.URL() + "result.json", s.URL() + "../"} {
		if code, _ := get(url, ""); code != 404 {
			t.Errorf("%s: %d", url, code)
		}
	}
	if code, _ := get(s.URL(), "elsewhere.example"); code != http.StatusMisdirectedRequest {
		t.Errorf("another host: %d", code)
	}
	keep(t, j, journal.Now{Trials: 1, Low: 2, Units: 3, Mask: "110"})
	answer, err := http.Get(s.URL() + "events")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	next := func(want string) {
		t.Helper()
		for lines.Scan() {
			if lines.Text() == "event: "+want {
				return
			}
		}
		t.Fatalf("no event %s", want)
	}
	next("now")
	put(t, dir, strings.Replace(content, "0.5", "0.625", 1))
	next("page")
	keep(t, j, journal.Now{Trials: 2, Low: 2, Units: 3, Mask: "110"})
	next("now")
	if err := j.Finish(); err != nil {
		t.Fatal(err)
	}
	next("end")
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
