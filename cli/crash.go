package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"example.org/demote/crash"
	"example.org/demote/run"
)

// execute runs a command line; a panic is its error.
func execute(ctx context.Context, app *cli.App, args []string) (err error) {
	defer crash.Catch(&err)
	return app.RunContext(ctx, flagsFirst(app, args))
}

// reported is the text of an error that is a crash, with what whoever mends it has to know; other errors are left
// alone. With --log-level debug the stack follows on errs.
func reported(err error, args []string, errs io.Writer) error {
	var e *crash.Error
	if !errors.As(err, &e) {
		return err
	}
	advice := "; --log-level debug adds the stack"
	if debugging(args) {
		fmt.Fprintf(errs, "%s\n", e.Stack)
		advice = ""
	}
	with := ""
	if v := run.RuntimeVersion(); v != "" {
		with = "ONNX Runtime " + v + ", "
	}
	return fmt.Errorf("%w; please report this line, which is of demote %s (%s%s/%s), command: %s%s",
		err, Version, with, runtime.GOOS, runtime.GOARCH, commandLine(args), advice)
}

// debugging tells whether a command line asks for the debug log. It is read from the words, since what crashed may be
// the reading of flags.
func debugging(args []string) bool {
	at := slices.IndexFunc(args, func(a string) bool { return strings.TrimLeft(a, "-") == "log-level" })
	return at >= 0 && at+1 < len(args) && args[at+1] == "debug" || slices.ContainsFunc(args, func(a string) bool {
		return strings.TrimLeft(a, "-") == "log-level=debug"
	})
}

// memoryFull ends the process, whose next allocation would end it with a stack. What was found by then is written
// first.
func memoryFull(errs io.Writer, exit func(int), taken, limit int64) {
	fmt.Fprintf(errs, "demote: no memory is left: %d of %d MiB are taken; free some, or look at the network's dimensions, and use fewer samples with --limit\n", taken>>20, limit>>20)
	flush()
	exit(run.ExitInternal)
}
