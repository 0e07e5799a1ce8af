package lint

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// forbidden are texts that no file of the tree may hold. The patterns are put together from pieces, so that this file
// passes.
var forbidden = []struct {
	name    string
	pattern *regexp.Regexp
	only    func(name string) bool // nil: every file
}{
	{"a path of one machine", regexp.MustCompile(`(?:^|[^\w./-])/(?:root|work|home|Users)/\w`), nil},
	{"a host of a package registry", regexp.MustCompile(`(?i)` + strings.Join([]string{
		`pypi\.` + `org`, `pythonhosted\.` + `org`, `registry\.` + `npmjs`, `proxy\.golang\.` + `org`, `sum\.golang\.` + `org`,
		`crates\.` + `io`, `maven\.` + `org`, `deb\.debian\.` + `org`, `archive\.` + `ubuntu`}, "|")), nil},
	{"a skipped test", regexp.MustCompile(`\b[tbf]\.(?:Skip` + `|SkipNow|Skipf)\(`), isGo},
	{"unfinished work", regexp.MustCompile(`\b(?:TO` + `DO|FIX` + `ME|XX` + `X)\b|not ` + `implemented|unimple` + `mented`), isCode},
}

func isGo(name string) bool { return path.Ext(name) == ".go" }

// isCode tells whether a file is this project's own program text: generated code and headers of others are not.
func isCode(name string) bool {
	switch path.Ext(name) {
	case ".go", ".c", ".cu", ".py", ".sh", ".mk":
		return !strings.HasSuffix(name, ".pb.go")
	}
	return path.Base(name) == "Makefile"
}

// shortSkip is the one way to leave a test out: at its top, below `if testing.Short() {`, where it takes longer than
// a second.
const shortSkip = "\t\tt.Sk" + `ip("slow: left out by -short")`

// leftOut tells whether a line leaves a slow test out of `go test -short`.
func leftOut(name, line string) bool { return strings.HasSuffix(name, "_test.go") && line == shortSkip }

func TestForbiddenText(t *testing.T) {
	for _, name := range listFiles(t) {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(data, 0) >= 0 {
			continue // not text
		}
		for i, line := range strings.Split(string(data), "\n") {
			if leftOut(name, line) {
				continue
			}
			for _, f := range forbidden {
				if (f.only == nil || f.only(name)) && f.pattern.MatchString(line) {
					t.Errorf("%s:%d holds %s: %.120s", name, i+1, f.name, strings.TrimSpace(line))
				}
			}
		}
	}
}

func TestForbiddenPatternsFindWhatTheyForbid(t *testing.T) {
	cases := []struct{ name, line string }{
		{"a path of one machine", "see " + "/ho" + "me/someone/model.onnx"},
		{"a path of one machine", "/wo" + "rk/main"},
		{"a host of a package registry", "https://py" + "pi.org/simple"},
		{"a skipped test", "\tt.Sk" + `ip("no runtime")`},
		{"unfinished work", "// TO" + "DO: later"},
	}
	for _, c := range cases {
		found := false
		for _, f := range forbidden {
			found = found || f.name == c.name && f.pattern.MatchString(c.line)
		}
		if !found {
			t.Errorf("no pattern of %q matches %q", c.name, c.line)
		}
	}
}

// TestShortLeavesOutAtTheTop holds that only whole tests are left out by -short, and that make runs all of them; make
// race leaves them out, and make test-all has them there too.
func TestShortLeavesOutAtTheTop(t *testing.T) {
	for _, name := range listFiles(t) {
		if !isGo(name) {
			continue
		}
		lines := strings.Split(read(t, name), "\n")
		for i, line := range lines {
			if line == shortSkip && (i < 2 || lines[i-1] != "\tif testing.Short() {" || !strings.HasPrefix(lines[i-2], "func Test")) {
				t.Errorf("%s:%d leaves out more or less than a whole test: put it at the top, below if testing.Short()", name, i+1)
			}
		}
	}
	const race, whole = "\nRACE_FLAGS ?= -sh" + "ort\n", "\ntest-all: RACE_FLAGS :=\n"
	if text := makefiles(t); strings.Contains(strings.Replace(text, race, "", 1), "-sh"+"ort") || strings.Contains(text, race) && !strings.Contains(text, whole) {
		t.Error("a make target runs the tests with -short")
	}
}
