package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// onTerminal runs the program with a terminal of so many columns as its standard output and error, and
// returns what it wrote there.
func onTerminal(t *testing.T, columns int, env []string, args ...string) (code int, text string) {
	t.Helper()
	controller, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer controller.Close()
	fd := int(controller.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetUint32(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: uint16(columns)}); err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	var seen bytes.Buffer
	read := make(chan struct{})
	go func() {
		defer close(read)
		seen.ReadFrom(controller) // ends with EIO when nobody holds the terminal any more
	}()
	cmd := process(args...)
	cmd.Env = append(cmd.Env, env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	terminal.Close()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	select {
	case <-read:
	case <-time.After(10 * time.Second):
		t.Fatal("the terminal was not closed")
	}
	return cmd.ProcessState.ExitCode(), strings.ReplaceAll(seen.String(), "\r\n", "\n")
}

var (
	colour   = regexp.MustCompile("\x1b\\[[0-9;]*m")
	movement = regexp.MustCompile("\x1b\\[[0-9;?]*[A-Za-z]")
)

// numbersAt40 is what a narrow terminal shows: how far, the best, and what remains.
var numbersAt40 = regexp.MustCompile(`(?m)^int8 \d+/\d+ +best \d+, (\d.* left|nearly done)\s*$`)

// TestTerminal searches on terminals of several widths: there is a bar that fits, no colour, and at
// the end the summary; without a terminal that moves its cursor there are plain lines.
func TestTerminal(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := long(t)
	for _, c := range []struct {
		name    string
		columns int
		env     []string
		bar     bool
	}{
		{"wide", 120, []string{"TERM=xterm-256color"}, true}, {"40 columns", 40, []string{"TERM=xterm"}, true}, {"20 columns", 20, []string{"TERM=xterm"}, true},
		{"NO_COLOR", 80, []string{"TERM=xterm", "NO_COLOR=1"}, true}, {"dumb", 80, []string{"TERM=dumb"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			in.flags["--out"] = in.path("run " + c.name)
			code, text := onTerminal(t, c.columns, c.env, in.args("--target", "90%", "--metric", "sqnr", "--limit", "400")...)
			if code != 0 {
				t.Fatalf("exit code %d, %q", code, text)
			}
			if colour.MatchString(text) {
				t.Errorf("colours: %q", text)
			}
			if moves := movement.MatchString(text); moves != c.bar {
				t.Errorf("the cursor moves: %v, want %v: %q", moves, c.bar, text)
			}
			if bar := strings.Contains(text, "int8 ") && strings.Contains(text, "["); c.bar && c.columns >= 72 && !bar {
				t.Errorf("there is no bar: %q", text)
			}
			if c.columns == 40 && !numbersAt40.MatchString(movement.ReplaceAllString(text, "\n")) {
				t.Errorf("no line has all numbers in 40 columns: %q", text)
			}
			for _, line := range strings.FieldsFunc(movement.ReplaceAllString(text, "\n"), func(r rune) bool { return r == '\n' || r == '\r' }) {
				if strings.HasPrefix(line, "int8 ") && strings.Contains(line, "/") && len([]rune(line)) > c.columns {
					t.Errorf("a bar of %d columns on %d: %q", len([]rune(line)), c.columns, line)
				}
			}
			if !strings.Contains(text, "activations run in int8") || !strings.Contains(text, "everything is in "+in.flags["--out"]) {
				t.Errorf("the summary is missing: %q", text)
			}
		})
	}
}

func TestHelpFitsTheTerminal(t *testing.T) {
	for _, columns := range []int{40, 80, 100} {
		code, text := onTerminal(t, columns, []string{"TERM=xterm"}, "search", "--help")
		if code != 0 {
			t.Fatalf("exit code %d", code)
		}
		for _, line := range strings.Split(text, "\n") {
			if len(line) > columns && strings.Count(strings.TrimSpace(line), " ") > 0 && !strings.HasPrefix(line, "  demote search") {
				t.Errorf("%d columns on %d: %q", len(line), columns, line)
			}
		}
	}
}

// TestPlainLines searches without a terminal: lines without escapes, progress on standard error, the
// summary on standard output.
func TestPlainLines(t *testing.T) {
	in := good(t)
	got := must(t, in.args()...)
	for _, text := range []string{"ONNX Runtime", "all int16:", "all int8:"} {
		if !strings.Contains(got.err, text) {
			t.Errorf("standard error lacks %q: %s", text, got.err)
		}
	}
	for _, text := range []string{"activations run in int8", "top1:", "float", "the mix", "target", "bit for bit", in.path("run")} {
		if !strings.Contains(got.out, text) {
			t.Errorf("standard output lacks %q: %s", text, got.out)
		}
	}
	if strings.ContainsAny(got.out+got.err, "\x1b\r") {
		t.Errorf("escapes: %q", got.out+got.err)
	}
}

// TestJSONLines searches with --json: every line is an object, events have what CONTRACT says a
// person sees, and the last line is what result.json holds. Numbers that JSON lacks are null.
func TestJSONLines(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := good(t)
	x, _ := images(40)
	in.write(t, "threes.npz", npz(map[string][]byte{"x": npy("<f4", x, 40, 1, 4, 4), "y": npy("<i8", slices.Repeat([]float64{3}, 40), 40)}))
	for _, metric := range []string{"top1", "agreement", "sqnr", "mse", "cosine"} {
		t.Run(metric, func(t *testing.T) {
			in.flags["--out"], in.flags["--data"], in.flags["--range"] = in.path(metric), in.path("eval.npz"), "minmax"
			if metric == "top1" { // by the labels of the others both ends score the same
				in.flags["--data"] = in.path("threes.npz")
			}
			got := must(t, in.args("--json", "--metric", metric, "--target", "50%")...)
			if got.err != "" {
				t.Errorf("standard error: %s", got.err)
			}
			lines := strings.Split(strings.TrimSpace(got.out), "\n")
			events := map[string]int{}
			for _, line := range lines[:len(lines)-1] {
				var e map[string]any
				if err := json.Unmarshal([]byte(line), &e); err != nil {
					t.Fatalf("%v: %s", err, line)
				}
				kind := e["event"].(string)
				events[kind]++
				if score, ok := e["score"].(float64); ok && metric == "mse" && score < 0 {
					t.Errorf("a squared error below 0: %s", line)
				}
				if kind == "note" {
					continue
				}
				for _, field := range []string{"evaluations", "int8", "holders", "best_int8", "trials", "seconds", "score", "left"} {
					if _, ok := e[field]; !ok {
						t.Errorf("an event lacks %s: %s", field, line)
					}
				}
			}
			if events["high"] != 1 || events["low"] != 1 || events["move"] == 0 {
				t.Errorf("events: %v", events)
			}
			file, err := os.ReadFile(filepath.Join(in.path(metric), "result.json"))
			if err != nil {
				t.Fatal(err)
			}
			var compact bytes.Buffer
			if err := json.Compact(&compact, file); err != nil || compact.String() != lines[len(lines)-1] {
				t.Errorf("the last line is not the result: %v\n%s\n%s", err, lines[len(lines)-1], compact.String())
			}
		})
	}
}

// TestLogLevel holds that the log is on standard error, and quiet unless asked.
func TestLogLevel(t *testing.T) {
	in := good(t)
	for level, want := range map[string]bool{"": false, "warn": false, "error": false, "info": true, "debug": true} {
		for _, before := range []bool{true, false} {
			args := []string{"eval", in.path("net.onnx"), "--data", in.path("eval.npz")}
			if level != "" && before {
				args = append([]string{"--log-level", level}, args...)
			} else if level != "" {
				args = append(args, "--log-level", level)
			}
			if got := must(t, args...); strings.Contains(got.err, "level=INFO") != want || strings.Contains(got.out, "level=") {
				t.Errorf("%q: standard error %q", args, got.err)
			}
		}
	}
}

func TestVersion(t *testing.T) {
	for _, flag := range []string{"--version", "-v"} {
		if got := must(t, flag); got.out != "demote "+Version+"\n" || got.err != "" {
			t.Errorf("%s prints %q, %q", flag, got.out, got.err)
		}
	}
}
