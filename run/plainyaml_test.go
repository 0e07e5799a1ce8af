package run

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/demote/config"
	"example.org/demote/internal/constraint"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/task"
	"example.org/demote/internal/trial"
	"example.org/demote/mistake"
	"example.org/demote/result"
)

func indented(n int, text string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + text + "\n")
	}
	return b.String()
}

// TestProfilesThatGrow gives profiles that become gigabytes, or hours, where a YAML parser takes them as they are:
// each is refused at once, by a line that says what is wrong.
func TestProfilesThatGrow(t *testing.T) {
	laughs := "a: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n"
	for c := 'b'; c <= 'i'; c++ {
		laughs += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+string(c-1)+",", 9), ",") + "]\n"
	}
	for _, c := range []struct{ name, text, want string }{
		{"billion laughs", laughs + "follow: *i\n", "no anchors, aliases or tags"},
		{"an anchor", "follow: &a [Relu]\n", "no anchors, aliases or tags"},
		{"an alias", "follow: *a\n", "no anchors, aliases or tags"},
		{"a glob that is an alias", "pin:\n- *Conv=int16\n", "put patterns that begin with * or & in quotes"},
		{"a merge", "a: {b: c}\n<<: x\nfollow: [Relu]\n", "no anchors, aliases or tags"},
		{"a tag", "follow: !!binary aGk=\n", "no anchors, aliases or tags"},
		{"a directive", "%YAML 1.2\n---\nfollow: [Relu]\n", "only keys and lists of texts"},
		{"brackets", "follow: " + strings.Repeat("[", 30000) + strings.Repeat("]", 30000), "nested more than"},
		{"open brackets", "follow: " + strings.Repeat("[", 60000), "nested more than"},
		{"braces", "follow: " + strings.Repeat("{a: ", 16000), "nested more than"},
		{"brackets on lines", "follow:\n" + strings.Repeat(" [\n", 16000), "nested more than"},
		{"lists in lists", strings.Repeat("- ", 32000) + "a", "nested more than"},
		{"keys in keys", strings.Repeat("a: ", 21000) + "a", "nested more than"},
		{"keys below keys", indented(350, "a:"), "nested more than"},
		{"lists below lists", indented(350, "-"), "nested more than"},
		{"a few keys below keys", indented(6, "a:"), "nested more than"},
		{"complex keys", strings.Repeat("? ", 32000) + "a", "only keys and lists"},
		{"too long", "name: " + strings.Repeat("x", 64<<10), "too large: 65542 bytes, at most 65536 are read"},
		{"many anchors", strings.Repeat("&a ", 21000), "no anchors"},
		{"another kind of file", "\x89PNG\r\n\x1a\n\x00\x00", "--profile"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "p.yaml")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, err := constraint.ReadProfile(path)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 500 {
				t.Errorf("%v", err)
			}
			if took, all := time.Since(start), after.TotalAlloc-before.TotalAlloc; took > 10*time.Second || all > 64<<20 {
				t.Errorf("%s, %d MiB", took, all>>20)
			}
		})
	}
}

// TestProfilesAsPeopleWriteThem are read in every style that YAML has for keys and lists.
func TestProfilesAsPeopleWriteThem(t *testing.T) {
	files, err := filepath.Glob("../examples/profiles/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for i, text := range []string{
		"follow: [Relu, Clip]\n", "follow:\n- Relu\n", "follow:\n    - Relu\n    # one\n    - Clip\npin: []\n", "{name: x, follow: [Relu, \"Max*\"]}",
		"---\nname: 'a & b'\nfollow: [\n  Relu,\n  Clip,\n]\npin: [\"op:*=int8\", '*=int16']\n...\n", "name: >\n  folded\n  text\nfollow: [\"R&D\", 'a*b', x*y]\n",
		"\ufefffollow: [Relu]\n", "follow: [Relu]\r\nname: x\r\n", "pin:\n- \"op:{Conv,Gemm}=int16\"\n",
		"follow:\n" + strings.Repeat("- Relu\n", 8000),
	} {
		path := filepath.Join(t.TempDir(), "p.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := constraint.ReadProfile(path); err != nil && i != 6 { // the reader of YAML knows no byte order mark
			t.Errorf("%.60q: %v", text, err)
		}
	}
	for _, path := range files {
		if _, err := constraint.ReadProfile(path); err != nil {
			t.Error(err)
		}
	}
}

// TestSmallFilesAreRegular holds that pipes, devices and folders in the places of a run's small files are refused at
// once.
func TestSmallFilesAreRegular(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe.csv")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link.csv")
	if err := os.Symlink("/dev/zero", link); err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(dir, "run")
	if err := os.Mkdir(run, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(run, result.File), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, link, dir + "/run"} {
		for name, read := range map[string]func() error{
			"profile": func() error { _, err := constraint.ReadProfile(path); return err },
			"cost": func() error {
				return config.Config{Cost: path}.CheckCost()
			},
			"hash": func() error { _, err := journal.HashFile("data", path); return err },
			"start": func() error {
				_, err := (newSearch(&trial.Runner{Task: &task.Task{}, Config: config.Config{Start: path}})).startMask()
				return err
			},
			"result":  func() error { _, err := ReadResult(run); return err },
			"runtime": func() error { _, _, err := OpenRuntime(path); return err },
		} {
			done := make(chan error, 1)
			go func() { done <- read() }()
			select {
			case err := <-done:
				if !errors.Is(err, mistake.Err) {
					t.Errorf("%s as %s: %v", path, name, err)
				}
			case <-time.After(10 * time.Second):
				t.Fatalf("%s as %s: reading it waits", path, name)
			}
		}
	}
}

// TestResultsThatGrow gives results whose bytes become many times as much.
func TestResultsThatGrow(t *testing.T) {
	for name, text := range map[string]string{
		"objects": `{"holders":[` + strings.Repeat("{},", 2<<20) + `{}]}`,
		"lists":   `{"unknown":[` + strings.Repeat("[],", 2<<20) + `[]]}`,
		"depth":   `{"unknown":` + strings.Repeat("[", 2<<20),
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, result.File), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadResult(dir)
		if !errors.Is(err, mistake.Err) || !strings.Contains(err.Error(), "too large") {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, result.File)
	if err := os.WriteFile(path, []byte(`{}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<40); err != nil { // a TiB that takes no room
		t.Fatal(err)
	}
	if _, err := ReadResult(dir); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Error(err)
	}
}

// TestPatternsThatGrow has globs whose braces stand for more texts than can be tried.
func TestPatternsThatGrow(t *testing.T) {
	for _, c := range []struct {
		text string
		fine bool
	}{
		{"*", true}, {"/conv*/**/Relu_{1,2,3}", true}, {"op:{Conv,Gemm,MatMul}", true}, {`{a,b}\{c,d`, true}, {"{" + strings.Repeat("x,", 200) + "y}", true},
		{strings.Repeat("{a,*a}", 9) + "b", false}, {strings.Repeat("{a,*a}", 40) + "b", false}, {strings.Repeat("{a,", 200) + strings.Repeat("}", 200), false},
		{"{" + strings.Repeat("x,", 200) + "y}{a,b}", false}, {strings.Repeat("**/a", 300), false},
	} {
		start := time.Now()
		rule, err := constraint.ParsePin(c.text+"=int8", "--pin")
		if (err == nil) != c.fine {
			t.Errorf("%.40q: %v", c.text, err)
		}
		if err == nil {
			(&constraint.Profile{Follow: []string{c.text}}).Apply(&constraint.Constraints{}, nil)
			constraint.Matches([]string{rule.Pattern}, strings.Repeat("a", 200))
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("%.40q: %s", c.text, took)
		}
	}
	path := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(path, []byte("follow: ['"+strings.Repeat("{a,*a}", 40)+"']\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := constraint.ReadProfile(path); !errors.Is(err, mistake.Err) {
		t.Error(err)
	}
}
