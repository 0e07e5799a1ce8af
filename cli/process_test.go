package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/demote/run"
)

// process is the program in a process of its own, which is this test binary.
func process(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), programEnv+"=1")
	return cmd
}

// finish runs a process to its end.
func finish(t *testing.T, cmd *exec.Cmd) called {
	t.Helper()
	var out, errs bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	cmd.Stderr = &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return called{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// long is a search that takes a while: naive, by a network with many holders.
func long(t *testing.T) inputs {
	t.Helper()
	return layered(t, 12, 2000)
}

// layered is a search by a network of so many layers, on so many samples.
func layered(t *testing.T, layers, samples int) inputs {
	t.Helper()
	in := good(t)
	g := newGraph()
	last := "x"
	for i := range layers {
		name := func(s string) string { return fmt.Sprint(s, i) }
		g.node("Tanh", name("t"), last).node("Sigmoid", name("s"), last).node("Add", name("r"), name("t"), name("s"))
		last = name("r")
	}
	in.write(t, "net.onnx", behind(g, last).bytes())
	in.write(t, "eval.npz", archive(samples))
	in.flags["--target"] = "0.0001"
	return in
}

// TestInterrupt sends signals to a search: after the first it ends in good order, with the best so far
// in its folder, and the same command goes on; after the second it ends at once.
func TestInterrupt(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := long(t)
	args := in.args("--scan", "naive", "--metric", "sqnr", "--target", "99%", "--json", "--workers", "1")
	for _, c := range []struct {
		name    string
		signals []os.Signal
	}{{"interrupt", []os.Signal{os.Interrupt}}, {"terminate", []os.Signal{syscall.SIGTERM}}, {"twice", []os.Signal{os.Interrupt, os.Interrupt}}} {
		t.Run(c.name, func(t *testing.T) {
			os.RemoveAll(in.path("run"))
			cmd := process(args...)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			var errs bytes.Buffer
			cmd.Stderr = &errs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			waitFor(t, out, `"event":"move"`)
			for _, s := range c.signals {
				cmd.Process.Signal(s)
				time.Sleep(20 * time.Millisecond)
			}
			rest, _ := io.ReadAll(out)
			cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != run.ExitInterrupted {
				t.Fatalf("exit code %d, %s", code, &errs)
			}
			if !strings.Contains(errs.String(), "interrupt once more") {
				t.Errorf("standard error: %s", &errs)
			}
			if r, err := run.ReadResult(in.path("run")); err != nil || r.Finished || len(r.Promotion) == len(r.Holders) {
				t.Errorf("the result after an interruption: %v, %+v", err, r)
			}
			if len(c.signals) == 1 {
				if _, err := os.Stat(in.path("run/mixed.onnx")); err != nil {
					t.Error(err)
				}
				if !strings.Contains(errs.String(), "interrupted; "+in.path("run")+" has the best so far") || !strings.Contains(string(rest), `"schema_version":2`) {
					t.Errorf("standard error: %s\nstandard output: %s", &errs, rest)
				}
			}
		})
	}
	if got := finish(t, process(args...)); got.code != 0 || !resultOf(t, in.path("run")).Finished {
		t.Errorf("the same command again: exit code %d, %s", got.code, got.err)
	}
}

// waitFor reads until a text has come.
func waitFor(t *testing.T, r io.Reader, text string) {
	t.Helper()
	var seen []byte
	b := make([]byte, 4096)
	for !bytes.Contains(seen, []byte(text)) {
		n, err := r.Read(b)
		seen = append(seen, b[:n]...)
		if err != nil {
			t.Fatalf("%v after %s", err, seen)
		}
	}
}

// TestClosedPipe closes the reader of standard output, as head does: the program ends quietly, by the
// signal that is for that, and a run folder has what was found.
func TestClosedPipe(t *testing.T) {
	in := long(t)
	for _, args := range [][]string{{"inspect", "--model", in.path("net.onnx"), "--all"}, {"search", "--help"}, in.args("--json", "--scan", "naive")} {
		t.Run(args[0], func(t *testing.T) {
			reader, writer, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			reader.Close()
			cmd := process(args...)
			cmd.Stdout = writer
			got := finish(t, cmd)
			writer.Close()
			if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGPIPE {
				t.Errorf("%v, %s", cmd.ProcessState, got.err)
			}
			if strings.Contains(got.err, "panic") || strings.Contains(got.err, "demote:") {
				t.Errorf("standard error: %s", got.err)
			}
		})
	}
}

// TestClosedErrorPipe closes the reader of standard error, on which the progress is: the program ends by the signal
// for that, and the same command goes on.
func TestClosedErrorPipe(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: left out by -short")
	}
	in := long(t)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := process(in.args("--scan", "naive")...)
	cmd.Stderr = writer
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	waitFor(t, reader, "all int16")
	reader.Close()
	cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGPIPE {
		t.Errorf("%v", cmd.ProcessState)
	}
	if got := finish(t, process(in.args("--scan", "naive")...)); got.code != 0 || !strings.Contains(got.out, "everything is in") {
		t.Errorf("the same command again: exit code %d, %s", got.code, got.err)
	}
}

// TestFullOutput writes to a device that is always full.
func TestFullOutput(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	in := good(t)
	for _, args := range [][]string{{"inspect", "--model", in.path("net.onnx")}, {"--help"}, {"devices", "--json"}, in.args()} {
		cmd := process(args...)
		cmd.Stdout = full
		got := finish(t, cmd)
		if got.code != 2 || !strings.Contains(got.err, "demote: cannot write the output") || !strings.Contains(got.err, "no space left") {
			t.Errorf("%s: exit code %d, %s", args[0], got.code, got.err)
		}
	}
}

// TestRuntimes looks for ONNX Runtime where there is none, or something else.
func TestRuntimes(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "libonnxruntime.so")
	if err := os.WriteFile(other, []byte("no library"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		args  []string
		env   string
		texts []string
	}{
		{"none", nil, "", []string{"no ONNX Runtime found", "make setup", "--ort", "DEMOTE_ORT"}},
		{"flag", []string{"--ort", other}, "", []string{other, "--ort"}},
		{"flag with a folder", []string{"--ort", dir}, "", []string{other, "--ort"}},
		{"environment", nil, other, []string{other, "DEMOTE_ORT"}},
		{"flag before environment", []string{"--ort", "/nowhere"}, other, []string{"/nowhere", "--ort"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := process(append([]string{"devices"}, c.args...)...)
			cmd.Env = append(cmd.Env, run.RuntimeEnv+"="+c.env, programEnv+"=alone")
			checkRefused(t, finish(t, cmd), c.texts...)
		})
	}
}
