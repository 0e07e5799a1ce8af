package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"example.org/demote/crash"
	"example.org/demote/internal/journal"
	"example.org/demote/run"
)

// grace is how long a command that was told to end may take to do so in good order: less than the 10 s after which
// those who send SIGTERM, such as docker stop, send SIGKILL.
const grace = 9 * time.Second

// interruptible is a context that the first interrupt or SIGTERM cancels. The second ends the process, and so does
// the end of the grace: what was found by then is on disk.
func interruptible() (ctx context.Context, done func()) {
	ctx, stop := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go obey(signals, stop, grace, os.Stderr, os.Exit)
	return ctx, stop
}

// obey does what signals ask for.
func obey(signals <-chan os.Signal, stop func(), grace time.Duration, errs io.Writer, exit func(code int)) {
	<-signals
	fmt.Fprintf(errs, "demote: finishing what is at hand, %v at most; interrupt once more to stop now\n", grace)
	stop()
	select {
	case <-signals:
	case <-time.After(grace):
		fmt.Fprintf(errs, "demote: not at an end after %v: stopped; what was found by then is on disk\n", grace)
	}
	flush()
	exit(run.ExitInterrupted)
}

// flushTime is how long the end of the process waits for what was found to be written: with the grace, less than 10
// s. A disk that hangs is not waited for.
const flushTime = 500 * time.Millisecond

// flushing is run.Flush, for tests to replace.
var flushing = journal.Flush

// flush writes what was found by now, if that can be done in flushTime.
func flush() {
	done, write := make(chan struct{}), flushing
	go func() {
		var err error
		defer close(done)
		defer crash.Catch(&err) // the process ends all the same
		write()
	}()
	select {
	case <-done:
	case <-time.After(flushTime):
	}
}

// surviveFileSize makes a limit on the size of files an error of writing, not the program's end. The signal is caught
// and not ignored, since programs that this one starts would ignore it too; where the user has it ignored, it stays
// so for all.
func surviveFileSize() {
	if !signal.Ignored(syscall.SIGXFSZ) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGXFSZ)
	}
}
