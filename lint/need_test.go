package lint

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Stand-ins for tools, as small shell scripts. Each answers only what scripts/need.sh asks.
const (
	goodGo = `case "$*" in
"env GOVERSION") echo go1.26.3 ;;
"env CGO_ENABLED") echo 1 ;;
"env CC") echo gcc ;;
esac`
	oldGo        = `case "$*" in "env GOVERSION") echo go1.22.5 ;; esac`
	veryOldGo    = `case "$*" in version) echo "go version go1.16.4 linux/amd64" ;; *) exit 1 ;; esac`
	noCgo        = `case "$*" in "env GOVERSION") echo go1.26.0 ;; "env CGO_ENABLED") echo 0 ;; esac`
	betaGo       = `case "$*" in "env GOVERSION") echo go1.27rc1 ;; "env CGO_ENABLED") echo 1 ;; "env CC") echo gcc ;; esac`
	fine         = `exit 0`
	failing      = `exit 1`
	pythonOnly   = `case "$*" in "-m pip --version") exit 1 ;; esac`
	pythonNoVenv = `case "$*" in "-c import ensurepip") exit 1 ;; esac`
	pythonTooOld = `case "$1" in -c) exit 1 ;; esac`
)

// bare makes a folder to be the whole PATH: the shell, a few small programs that the makefiles themselves use, and
// the given tools.
func bare(t *testing.T, tools map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"sh", "sed", "head", "uname"} {
		program, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(program, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, script := range tools {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// runIn runs a command at the top of the tree with that PATH and returns its exit code and what it printed on
// standard error.
func runIn(t *testing.T, folder, program string, args ...string) (code int, stderr string) {
	t.Helper()
	full, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(full, args...)
	cmd.Dir = root
	cmd.Env = []string{"PATH=" + folder}
	var text strings.Builder
	cmd.Stderr = &text
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), text.String()
}

func TestAMissingToolIsOneLine(t *testing.T) {
	cases := []struct {
		name  string
		tools map[string]string
		need  string
		want  string // in the line; empty: nothing is missing
	}{
		{"no go", nil, "go", "go is missing"},
		{"old go", map[string]string{"go": oldGo}, "go", "this is go1.22.5"},
		{"go before toolchains", map[string]string{"go": veryOldGo}, "go", "this is go version go1.16.4"},
		{"good go", map[string]string{"go": goodGo}, "go", ""},
		{"newer go", map[string]string{"go": betaGo}, "go", ""},
		{"no gcc", map[string]string{"go": goodGo}, "cc", "C compiler gcc is missing"},
		{"no headers", map[string]string{"go": goodGo, "gcc": failing}, "cc", "stdlib.h"},
		{"no cgo", map[string]string{"go": noCgo, "gcc": fine}, "cc", "cgo is switched off"},
		{"good gcc", map[string]string{"go": goodGo, "gcc": fine}, "cc", ""},
		{"no python3", nil, "pip", "python3 is missing"},
		{"old python3", map[string]string{"python3": pythonTooOld}, "pip", "older than 3.8"},
		{"no pip", map[string]string{"python3": pythonOnly}, "pip", "no pip"},
		{"no venv", map[string]string{"python3": pythonNoVenv}, "venv", "virtual environments"},
		{"venv", map[string]string{"python3": fine}, "venv", ""},
		{"pip", map[string]string{"python3": fine}, "pip", ""},
		{"another tool", nil, "clang", "clang is missing"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			code, stderr := runIn(t, bare(t, c.tools), "sh", "scripts/need.sh", c.need)
			if c.want == "" {
				if code != 0 || stderr != "" {
					t.Errorf("exit code %d, %q; want 0 and nothing said", code, stderr)
				}
				return
			}
			if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, c.want) {
				t.Errorf("exit code %d, %q; want 1 and one line with %q", code, stderr, c.want)
			}
		})
	}
}

// TestMakeSaysWhatIsMissing goes through make itself: the first thing said is that line, and nothing else runs.
func TestMakeSaysWhatIsMissing(t *testing.T) {
	cases := []struct {
		name, target, want string
		tools              map[string]string
	}{
		{"setup without python3", "setup", "make: python3 is missing", nil},
		{"setup without pip", "setup", "make: python3 has no pip", map[string]string{"python3": pythonOnly}},
		{"build without go", "build", "make: go is missing", nil},
		{"build without gcc", "build", "make: the C compiler gcc is missing", map[string]string{"go": goodGo}},
		{"build with an old go", "build", "make: Go 1.26 or newer is needed", map[string]string{"go": oldGo}},
		{"format without go", "fmt", "make: go is missing", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			code, stderr := runIn(t, bare(t, c.tools), "make", c.target)
			lines := strings.Split(strings.TrimSpace(stderr), "\n")
			if code == 0 || !strings.HasPrefix(lines[0], c.want) {
				t.Errorf("exit code %d, %q; want the first line to begin with %q", code, stderr, c.want)
			}
			if len(lines) > 2 { // make adds its own line about the target that failed
				t.Errorf("%d lines: %q", len(lines), stderr)
			}
		})
	}
}
