package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"example.org/demote/backend/metric"
	"example.org/demote/crash"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/memory"
	"example.org/demote/run"
)

// breakBeside is the file beside which the metric breaks-late panics.
var breakBeside atomic.Pointer[string]

func init() {
	for _, c := range []metric.Custom{
		{Name: "breaks", Best: 1, Gain: func([]float32, metric.Sample) float64 { panic("a metric's own mistake\nof two lines") }},
		{Name: "breaks-late", Best: 1, Gain: func(outputs []float32, _ metric.Sample) float64 {
			if file := breakBeside.Load(); file != nil {
				if _, err := os.Stat(*file); err == nil {
					panic("too late")
				}
			}
			return 1 / (1 + float64(outputs[0])*float64(outputs[0]))
		}},
		{Name: "breaks-whole", All: func(context.Context, metric.WholeOutputs) (float64, error) { var none []float64; return none[5], nil }},
	} {
		if err := metric.Register(c); err != nil {
			panic(err)
		}
	}
}

// checkCrash holds that what a command said of a crash is one line that can be reported, with exit code 1.
func checkCrash(t *testing.T, got called, texts ...string) {
	t.Helper()
	if got.code != run.ExitInternal {
		t.Errorf("exit code %d, not 1: %s", got.code, got.err)
	}
	last := got.err[strings.LastIndex(strings.TrimSuffix(got.err, "\n"), "\n")+1:]
	for _, text := range append(texts, "demote: ", "internal error in cli.init", "crash_test.go:", "please report this line", "demote "+Version, "ONNX Runtime "+run.RuntimeVersion()) {
		if !strings.Contains(last, text) {
			t.Errorf("the last line %q does not say %q", last, text)
		}
	}
}

// TestCrashesInWorkers has metrics panic, which the pool's goroutines and the command's own call.
func TestCrashesInWorkers(t *testing.T) {
	in := good(t)
	for _, c := range []struct {
		name string
		args []string
		text string
	}{
		{"eval", []string{"eval", in.path("net.onnx"), "--data", in.path("eval.npz"), "--metric", "breaks"}, "a metric's own mistake of two lines"},
		{"search", in.args("--metric", "breaks"), "a metric's own mistake of two lines"},
		{"search by the whole set", in.args("--metric", "breaks-whole"), "index out of range [5]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := call(c.args...)
			checkCrash(t, got, c.text, "command: demote "+c.args[0], "--log-level debug adds the stack")
			if strings.Contains(got.err, "goroutine ") {
				t.Errorf("a stack: %s", got.err)
			}
			got = call(append(c.args, "--log-level", "debug")...)
			checkCrash(t, got, c.text)
			if !strings.Contains(got.err, "goroutine ") {
				t.Error("no stack with --log-level debug")
			}
		})
	}
	journal := filepath.Join(in.path("run"), journal.JournalFile)
	found := filepath.Join(in.path("run"), "result.json")
	breakBeside.Store(&found)
	defer breakBeside.Store(nil)
	args := in.args("--metric", "breaks-late")
	checkCrash(t, call(args...), "too late")
	if _, err := os.Stat(journal); err != nil {
		t.Errorf("a search that crashed while it tried mixes has left no journal: %v", err)
	}
	breakBeside.Store(nil)
	must(t, args...) // it goes on
}

// TestCrashesOfCommands has a command itself panic.
func TestCrashesOfCommands(t *testing.T) {
	app := App(io.Discard, io.Discard)
	app.Commands = append(app.Commands, &cli.Command{Name: "break", Action: func(*cli.Context) error { panic(errors.New("broken")) }})
	err := execute(context.Background(), app, []string{"demote", "break"})
	if !errors.As(err, new(*crash.Error)) || exitCode(err) != run.ExitInternal {
		t.Errorf("%v, exit code %d", err, exitCode(err))
	}
	text := oneLine(reported(err, []string{"demote", "break", "it's"}, io.Discard))
	if !strings.Contains(text, `command: demote break 'it'\''s'`) {
		t.Errorf("%s", text)
	}
}

// TestCrashesAreNoMistakes holds that a crash stays one, whatever it is wrapped in.
func TestCrashesAreNoMistakes(t *testing.T) {
	err := usage("a mistake: %w", &crash.Error{Value: "broken", Where: "x"})
	if code := exitCode(err); code != run.ExitInternal {
		t.Errorf("exit code %d", code)
	}
}

// hog is a program that takes all the memory that it may have, piece by piece.
func hog() {
	_ = unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: 700 << 20, Max: 700 << 20})
	memory.Watch(func(taken, limit int64) { memoryFull(os.Stderr, os.Exit, taken, limit) })
	var kept [][]byte
	for {
		piece := make([]byte, 1<<20)
		for i := 0; i < len(piece); i += 4096 {
			piece[i] = 1
		}
		kept = append(kept, piece)
		time.Sleep(500 * time.Microsecond)
		runtime.KeepAlive(kept)
	}
}

// TestMemoryThatRunsOut has a process take all the memory that it may have.
func TestMemoryThatRunsOut(t *testing.T) {
	if runtime.GOOS != "linux" || underRace {
		return // the race detector's own memory runs out first, and ends the process its own way
	}
	cmd := process()
	cmd.Env = append(cmd.Env, programEnv+"=hog")
	if got := finish(t, cmd); got.code != run.ExitInternal || strings.Count(got.err, "\n") != 1 || !strings.HasPrefix(got.err, "demote: no memory is left: ") {
		t.Errorf("exit code %d, %s", got.code, got.err)
	}
}
