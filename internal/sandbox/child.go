package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"example.org/demote/backend"
	"example.org/demote/crash"
	"example.org/demote/internal/blocks"
	"example.org/demote/internal/ir"
)

// tryTime is the time limit of a child for loading a network and running a block of it.
var tryTime = 5 * time.Minute

// A tryEnd is how a child ended.
type tryEnd struct {
	signal syscall.Signal // it died of; 0: of none
	late   bool           // it did not come to an end
	loaded bool           // it had loaded the network by then
	ran    bool           // and had run it, or ONNX Runtime had returned an error for that
	text   string         // what it said last, if it ended otherwise
}

// faults are the signals by which a process dies of itself.
var faults = []syscall.Signal{syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGABRT, syscall.SIGTRAP, syscall.SIGSYS}

// died reports whether the end was that of a process which the runtime takes with it.
func (e tryEnd) died() bool { return slices.Contains(faults, e.signal) }

// tryProgram is thisProgram, for tests to replace.
var tryProgram = thisProgram

// thisProgram returns a path that starts this same program: on Linux one that stays valid if an update replaces the
// file, elsewhere the path of the file.
func thisProgram() (string, error) {
	if path := "/proc/self/exe"; runtime.GOOS == "linux" {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return os.Executable()
}

// tryInChild loads and runs a model once in a child process. The error is the context's, or says why there is no
// child.
func tryInChild(ctx context.Context, model ir.Message, inputs []backend.Tensor, config map[string]string, most time.Duration) (end tryEnd, err error) {
	program, err := tryProgram()
	if err != nil {
		return end, err
	}
	values := firstValues(inputs)
	sizes := make([]int, len(values))
	for i, v := range values {
		sizes[i] = len(v)
	}
	order, err := json.Marshal(tryOrder{backend.RuntimePath(), blocks.Optimization, config, inputs, int(model.Size), sizes})
	if err != nil {
		return end, err
	}
	limited, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(limited, program, tryWord)
	cmd.Args[0] = os.Args[0]
	// Go that ends by itself is to do so with an exit code, not by a signal
	cmd.Env = append(os.Environ(), "GOTRACEBACK=single")
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &limitedBuffer{&errs, 1 << 12}, time.Second
	apart(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		return end, err
	}
	if err := cmd.Start(); err != nil {
		return end, err
	}
	sent := make(chan error, 1)
	go func() { // the pipe stays open: its end is the child's end
		var err error
		defer func() {
			if err != nil {
				_ = in.Close() // the child would wait for the rest
			}
			sent <- err
		}()
		defer crash.Catch(&err)
		debug.SetPanicOnFault(true) // weights may lie in a file that is mapped
		_, err = in.Write(append(order, '\n'))
		if err == nil {
			err = model.Write(in)
		}
		for _, v := range values {
			if err == nil {
				_, err = in.Write(v)
			}
		}
	}()
	err = cmd.Wait()
	if ctx.Err() != nil {
		return end, ctx.Err()
	}
	// a child that ends early reads no more, which is no word about the model
	if err := <-sent; err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, os.ErrClosed) {
		return end, err
	}
	lines := strings.Split(out.String(), "\n")
	end.loaded = slices.Contains(lines, tryLoaded)
	end.ran = slices.ContainsFunc(lines, func(l string) bool { return l == tryRan || strings.HasPrefix(l, tryFailed) })
	end.late = limited.Err() != nil && !end.ran
	var exit *exec.ExitError
	if errors.As(err, &exit) && !end.late {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			end.signal = status.Signal()
		}
	}
	if strings.Contains(errs.String(), "std::bad_alloc") { // C++ aborts of that, for want of memory and not of a fault
		end.signal = 0
	}
	if !end.ran && !end.died() && !end.late {
		end.text, _, _ = strings.Cut(strings.TrimSpace(errs.String()), "\n")
		if end.text == "" && err != nil {
			end.text = err.Error()
		}
	}
	return end, nil
}

// firstValues are the first samples of each input; nothing of one whose data are not at hand or cannot be read, of
// which whoever reads them next says why.
func firstValues(inputs []backend.Tensor) [][]byte {
	all := make([][]byte, len(inputs))
	for i, in := range inputs {
		if in.First == nil || !in.Alone && len(in.Dims) == 0 {
			continue
		}
		values := make([]byte, in.Bytes())
		if in.First(values, in.Batch()) == nil {
			all[i] = values
		}
	}
	return all
}

// limitedBuffer keeps the first bytes of what is written to it.
type limitedBuffer struct {
	*bytes.Buffer
	most int
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	b.Buffer.Write(p[:min(len(p), max(0, b.most-b.Len()))])
	return len(p), nil
}
