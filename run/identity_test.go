package run

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"example.org/demote/config"
	"example.org/demote/internal/commandfiles"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/tasktest"
	"example.org/demote/internal/written"
	"example.org/demote/onnx/onnxpb"
	"example.org/demote/search"
)

// interrupt runs a search until it has tried a few mixes, and leaves an unfinished run behind.
func interrupt(t *testing.T, c config.Config) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	told := 0
	c.Progress = func(e search.Event) {
		if told++; told == 5 {
			cancel()
		}
	}
	if _, err := Search(ctx, c); !errors.Is(err, context.Canceled) {
		t.Fatalf("the search that was to be interrupted: %v", err)
	}
}

// withExternalData writes a network again with its weights in a file beside it.
func withExternalData(t *testing.T, path string) (model, data string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m := new(onnxpb.ModelProto)
	if err := proto.Unmarshal(raw, m); err != nil {
		t.Fatal(err)
	}
	model, data = path+".ext.onnx", path+".ext.data"
	var all []byte
	for _, w := range m.Graph.Initializer {
		entry := func(key, value string) *onnxpb.StringStringEntryProto {
			return &onnxpb.StringStringEntryProto{Key: &key, Value: &value}
		}
		w.ExternalData = []*onnxpb.StringStringEntryProto{entry("location", filepath.Base(data)), entry("offset", strconv.Itoa(len(all)))}
		w.DataLocation = onnxpb.TensorProto_EXTERNAL.Enum()
		for _, v := range w.FloatData {
			all = binary.LittleEndian.AppendUint32(all, math.Float32bits(v))
		}
		w.FloatData = nil
	}
	if raw, err = proto.Marshal(m); err != nil {
		t.Fatal(err)
	}
	tasktest.WriteFile(t, model, raw)
	tasktest.WriteFile(t, data, all)
	return model, data
}

// classLabels writes labels of the tiny network's 12 classes.
func classLabels(t *testing.T, path string, n int) string {
	t.Helper()
	data := tasktest.NPYHeader("<i8", n)
	for i := range n {
		data = binary.LittleEndian.AppendUint64(data, uint64(i*7%12))
	}
	tasktest.WriteFile(t, path, data)
	return path
}

var longSum = regexp.MustCompile(`[0-9a-f]{64}`)

// TestChangedInputsAreRefused changes, one after the other, every kind of file that a search reads, between an
// interruption and the same command. The run is refused by the file's name, in a line without sums; with the old
// bytes again, wherever they lie, it goes on to the end.
func TestChangedInputsAreRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	script := "#!/bin/sh\nod -An -v -tu1 | tail -n 1 | cut -c2-4\n"
	for _, c := range []struct {
		name string
		// prepares the configuration and returns the file that is to change
		path   func(c *config.Config, dir string) string
		change func(data []byte) []byte
	}{
		// a doc string
		{"model", func(c *config.Config, _ string) string { return c.Model }, func(b []byte) []byte { return append(b, 0x32, 1, 'x') }},
		{"external data", func(c *config.Config, _ string) (data string) {
			c.Model, data = withExternalData(t, c.Model)
			return data
		}, flipLast},
		{"calibration", func(c *config.Config, _ string) string { return c.Calib }, flipLast},
		{"data", func(c *config.Config, _ string) string { return c.Data }, flipLast},
		{"labels", func(c *config.Config, dir string) string {
			c.Metric, c.Strategy, c.Target, c.Int16Share, c.Labels = "top1", "auto", "", "50%", classLabels(t, filepath.Join(dir, "labels.npy"), 60)
			return c.Labels
		}, func(b []byte) []byte { b[len(b)-8] ^= 1; return b }},
		{"hold-out", func(c *config.Config, dir string) string {
			c.Holdout = tasktest.RandomImages(t, filepath.Join(dir, "held.npy"), 24, 9)
			return c.Holdout
		}, flipLast},
		{"start list", func(c *config.Config, dir string) string {
			c.Start = filepath.Join(dir, "start.txt")
			tasktest.WriteFile(t, c.Start, []byte("image\na1\na2\nr2\n"))
			return c.Start
		}, func(b []byte) []byte { return append(b, "r3\n"...) }},
		{"profile", func(c *config.Config, dir string) string {
			c.Profile = filepath.Join(dir, "npu.yaml")
			tasktest.WriteFile(t, c.Profile, []byte("share_width: [Add]\n"))
			return c.Profile
		}, func(b []byte) []byte { return append(b, "# other\n"...) }},
		{"cost", func(c *config.Config, dir string) string {
			c.Cost = filepath.Join(dir, "cost.csv")
			tasktest.WriteFile(t, c.Cost, []byte("image,1\na1,2\na2,3\nr2,4\na3,5\nr3,6\na4,7\n"))
			return c.Cost
		}, func(b []byte) []byte { return append(b, '\n') }},
		{"metric command", func(c *config.Config, dir string) string {
			path := filepath.Join(dir, "my metric.sh")
			tasktest.WriteFile(t, path, []byte(script))
			c.Metric, c.MetricCmd, c.Strategy, c.Target, c.Int16Share = "", "sh '"+path+"'", "auto", "", "50%"
			return path
		}, func(b []byte) []byte { return append(b, "# other\n"...) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			cfg := tasktest.TinyConfig(t, 60)
			path := c.path(&cfg, dir)
			interrupt(t, cfg)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			tasktest.WriteFile(t, path, c.change(append([]byte(nil), data...)))
			_, err = Search(context.Background(), cfg)
			if err == nil || ExitCode(err) != ExitMistake {
				t.Fatalf("another file: %v", err)
			}
			first := err.Error()
			if !strings.Contains(first, filepath.Base(path)) || !strings.Contains(first, "has changed since") || !strings.Contains(first, "--force") || longSum.MatchString(first) {
				t.Errorf("the refusal: %s", first)
			}
			tasktest.WriteFile(t, path, data)
			if _, err := Search(context.Background(), cfg); err != nil && ExitCode(err) == ExitMistake {
				t.Errorf("with the old bytes again: %v", err)
			}
			r, err := ReadResult(cfg.Out)
			if err != nil {
				t.Fatal(err)
			}
			listed := false
			for _, in := range r.Inputs {
				listed = listed || in.Path == path && in.Bytes == int64(len(data)) && longSum.MatchString(in.SHA256)
			}
			if !listed {
				t.Errorf("the result does not list %s: %+v", path, r.Inputs)
			}
		})
	}
}

// flipLast changes the last number of a file of float32 a little.
func flipLast(b []byte) []byte { b[len(b)-2] ^= 0x40; return b }

// TestFilesMayMove holds that a run is what its files hold, not where they lie.
func TestFilesMayMove(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	interrupt(t, cfg)
	for _, path := range []*string{&cfg.Model, &cfg.Calib, &cfg.Data} {
		moved := filepath.Join(t.TempDir(), filepath.Base(*path))
		if err := os.Rename(*path, moved); err != nil {
			t.Fatal(err)
		}
		*path = moved
	}
	mustSearch(t, cfg)
}

// TestInputsThatComeAndGo names the file that one of two commands has and the other has not.
func TestInputsThatComeAndGo(t *testing.T) {
	cfg := tasktest.TinyConfig(t, 60)
	interrupt(t, cfg)
	list := filepath.Join(t.TempDir(), "start.txt")
	tasktest.WriteFile(t, list, []byte("image\n"))
	more := cfg
	more.Start = list
	if _, err := Search(context.Background(), more); err == nil || !strings.Contains(err.Error(), list+" (--start) was not an input of it") {
		t.Errorf("one more: %v", err)
	}
	cfg = tasktest.TinyConfig(t, 60)
	cfg.Start = list
	interrupt(t, cfg)
	cfg.Start = ""
	if _, err := Search(context.Background(), cfg); err == nil || !strings.Contains(err.Error(), list+" (--start) was an input of it, and is not given now") {
		t.Errorf("one less: %v", err)
	}
}

// TestAnotherAnswerIsRefused lets a metric command change its mind through a file that no word of it names: the score
// of the network without demotions, asked again whenever a run goes on, tells.
func TestAnotherAnswerIsRefused(t *testing.T) {
	dir := t.TempDir()
	hidden := filepath.Join(dir, "factor")
	tasktest.WriteFile(t, hidden, []byte("1"))
	t.Setenv("DEMOTE_TEST_FACTOR", hidden)
	cfg := tasktest.TinyConfig(t, 60)
	cfg.Metric, cfg.Strategy, cfg.Target, cfg.Int16Share = "", "auto", "", "50%"
	cfg.MetricCmd = `n=$(cksum | cut -c1-5); echo $((n * $(cat $DEMOTE_TEST_FACTOR)))`
	interrupt(t, cfg)
	tasktest.WriteFile(t, hidden, []byte("3"))
	_, err := Search(context.Background(), cfg)
	if err == nil || ExitCode(err) != ExitMistake || !strings.Contains(err.Error(), "all int16 scores") || !strings.Contains(err.Error(), "metric command") {
		t.Errorf("with another metric: %v", err)
	}
	tasktest.WriteFile(t, hidden, []byte("1"))
	if _, err := Search(context.Background(), cfg); err != nil && ExitCode(err) == ExitMistake {
		t.Errorf("with the old metric again: %v", err)
	}
}

// TestRecordedScoresAreHeldAgainstTheFile puts scores into the journal that no network has, with the right checksums:
// the search believes them, and the check at its end does not.
func TestRecordedScoresAreHeldAgainstTheFile(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	for _, c := range []struct{ name, metric, command, target string }{
		{"count", "agreement", "", "16bit-0.03"}, {"value", "sqnr", "", "50%"}, {"command", "", "cksum | cut -c1-5", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := tasktest.TinyConfig(t, 60)
			cfg.Metric, cfg.MetricCmd, cfg.Target = c.metric, c.command, c.target
			if c.target == "" {
				cfg.Strategy, cfg.Int16Share = "auto", "50%"
			}
			mustSearchOr3(t, cfg)
			j, err := openForTest(cfg.Out)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := j.DB.Query(`SELECT mask, count, total, value FROM scores WHERE total IS NOT NULL AND instr(mask, '1')`)
			if err != nil {
				t.Fatal(err)
			}
			wrong := map[string]search.Score{}
			for rows.Next() {
				var mask string
				var s search.Score
				var value []byte
				if err := rows.Scan(&mask, &s.Count, &s.Total, &value); err != nil {
					t.Fatal(err)
				}
				if len(value) == 8 {
					s.Value = math.Float64frombits(binary.BigEndian.Uint64(value))
				}
				if !strings.Contains(mask, "0") {
					continue
				}
				if s.Total > 0 {
					s.Count = s.Total
				} else {
					s.Value += 1e6
				}
				wrong[mask] = s
			}
			rows.Close()
			if len(wrong) == 0 {
				t.Fatal("the journal has no score")
			}
			for mask, s := range wrong {
				m, err := search.ParseMask(mask)
				if err == nil {
					_, err = j.DB.Exec(`DELETE FROM scores WHERE mask = ?`, mask)
				}
				if err == nil {
					err = j.Learnt(m, s, nil)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := errors.Join(j.SetMeta("state", "running"), j.Close()); err != nil {
				t.Fatal(err)
			}
			_, err = Search(context.Background(), cfg)
			if !errors.Is(err, written.ErrExport) || !strings.Contains(err.Error(), "the search recorded") {
				t.Errorf("scores that no network has: %v", err)
			}
			if _, err := Verify(context.Background(), cfg.Out, config.Config{MetricCmd: c.command}); !errors.Is(err, written.ErrExport) {
				t.Errorf("verify: %v", err)
			}
		})
	}
}

// mustSearchOr3 is mustSearch for a target that need not be met.
func mustSearchOr3(t *testing.T, c config.Config) {
	t.Helper()
	if _, err := Search(context.Background(), c); err != nil && ExitCode(err) != ExitUnreachable {
		t.Fatal(err)
	}
}

// openForTest opens the journal of a folder whatever run is in it.
func openForTest(dir string) (*journal.Journal, error) {
	path := filepath.Join(dir, journal.JournalFile)
	db, err := journal.OpenDB(path)
	if err != nil {
		return nil, err
	}
	j := &journal.Journal{Path: path, DB: db, Wal: &journal.WalSync{Path: path + "-wal"}}
	j.Insert, err = db.Prepare(`INSERT INTO scores VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	return j, err
}

func TestCommandFiles(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"m.sh", "a b.py", "labels.json", "log", "in.txt", "x'y"} {
		tasktest.WriteFile(t, name, []byte(name))
	}
	for line, want := range map[string]string{
		"sh m.sh":                            "m.sh",
		"./m.sh":                             "./m.sh",
		"python3 'a b.py' --x":               "a b.py",
		`python3 a\ b.py`:                    "a b.py",
		`python3 "a b.py" labels.json`:       "a b.py|labels.json",
		"m --labels=labels.json":             "labels.json",
		"L=labels.json sh m.sh":              "m.sh|labels.json",
		"sh m.sh >> log":                     "m.sh",
		"sh m.sh < in.txt 2> log | cat":      "m.sh|in.txt",
		"[ -e log ] && echo >> log; sh m.sh": "m.sh",
		`sh "x'y"`:                           "x'y",
		"sh $HOME/m.sh":                      "",
		"cat nothing.txt":                    "",
		"sh m.sh; sh m.sh":                   "m.sh",
		"if true; then sh m.sh; fi":          "m.sh",
		"echo $(sh m.sh)":                    "m.sh",
		"(((":                                "",
		"cat . /":                            "",
		"":                                   "",
	} {
		if got := strings.Join(commandfiles.Of(line), "|"); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}
