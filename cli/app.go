package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"example.org/demote/cli/tty"
	"example.org/demote/crash"
	"example.org/demote/internal/memory"
	"example.org/demote/mistake"
	"example.org/demote/run"
)

// Version is the program's version; the build sets it.
var Version = "development"

func init() { mistake.NameFlags(true) } // whoever reads what this package prints has typed flags, and can again

// Main runs the program with its arguments and returns the exit code. The first interrupt ends what
// is under way in good order, the second ends the process, and so does the end of the time that the
// first allows.
func Main(args []string) int {
	if code, child := run.Child(args); child {
		return code
	}
	memory.Limit()
	memory.Watch(func(taken, limit int64) { memoryFull(os.Stderr, os.Exit, taken, limit) })
	surviveFileSize()
	debug.SetPanicOnFault(true) // of a file that is mapped: it is an error of reading
	ctx, done := interruptible()
	defer done()
	return program(ctx, args, os.Stdout, os.Stderr)
}

// program runs one command line and returns the exit code. An error is one line on errs.
func program(ctx context.Context, args []string, out, errs io.Writer) int {
	watched := &output{Writer: out}
	text, said := &tty.Escaper{W: watched}, &tty.Escaper{W: errs}
	defer said.End()
	defer text.End()
	app := App(text, said)
	if last := len(args) - 1; last > 0 && args[last] == completionFlag {
		complete(text, app, args[1:last])
		return run.ExitFound
	}
	var err error
	if name := givenTwice(app, args); name != "" {
		err = usage("--%s is given twice: leave one of them out", name)
	} else {
		err = run.Explained(execute(ctx, app, args))
	}
	if watched.err != nil && (err == nil || errors.Is(err, watched.err)) {
		err = usage("cannot write the output: %w", watched.err)
	}
	if errors.Is(err, context.Canceled) && !errors.As(err, new(interrupted)) {
		err = interrupted{err, "interrupted"}
	}
	if err != nil {
		fmt.Fprintln(said, "demote: "+oneLine(reported(err, args, said)))
	}
	return exitCode(err)
}

// output remembers the first error of writing to it, so that printing need not look at each.
type output struct {
	io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// App is the program's commands and flags.
func App(out, errs io.Writer) *cli.App {
	app := &cli.App{
		Name:            "demote",
		Usage:           "mixed-precision search: find the largest set of activations of an ONNX network that can run in int8 instead of int16",
		Version:         Version,
		Writer:          out,
		ErrWriter:       errs,
		HideHelpCommand: true,
		// A comma is a part of what some flags take, which are given again for more.
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              usageError,
		// the library leaves the flag help out where a command is named so
		Flags: append(commonFlags(), cli.HelpFlag),
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				word := c.Args().First()
				return noCommand(c.App.Name, c.App.Commands, word)
			}
			return cli.ShowAppHelp(c)
		},
		Commands: []*cli.Command{searchCommand(), workerCommand(), inspectCommand(), quantizeCommand(), evalCommand(), verifyCommand(), exportCommand(), reportCommand(), watchCommand(),
			benchCommand(), clusterCommand(), devicesCommand(), completionCommand(), manCommand(), versionCommand(), helpCommand()},
	}
	for _, c := range everyCommand(app.Commands) {
		c.OnUsageError, c.HideHelpCommand = usageError, true
		c.Flags = append(c.Flags, commonFlags()...)
		if len(c.Subcommands) == 0 {
			c.Before = fromElsewhere
		}
	}
	return app
}

// everyCommand are commands and those below them.
func everyCommand(commands []*cli.Command) (all []*cli.Command) {
	for _, c := range commands {
		all = append(append(all, c), everyCommand(c.Subcommands)...)
	}
	return all
}

// noCommand refuses a word that no command is named.
func noCommand(above string, commands []*cli.Command, word string) error {
	return usage("no command %q; %s`%s --help` lists them", word, meant(word, "", commandNames(commands)), above)
}

// errUsage marks a command line that cannot be understood.
var errUsage = errors.New("usage")

type usageMistake struct{ error }

func (usageMistake) Is(target error) bool { return target == errUsage }
func (u usageMistake) Unwrap() error      { return u.error }

func usage(format string, args ...any) error { return usageMistake{fmt.Errorf(format, args...)} }

// exitCode maps what a command returned to the program's exit code.
func exitCode(err error) int {
	if errors.Is(err, errUsage) && !errors.As(err, new(*crash.Error)) {
		return run.ExitMistake
	}
	return run.ExitCode(err)
}

// oneLine writes an error on one line, whatever the text that it carries.
func oneLine(err error) string {
	return tty.Message(err.Error())
}

// commonFlags are those of every command, before or behind its name.
func commonFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "ort", Category: catDevice, Usage: "`FILE`: ONNX Runtime library, or its folder (default: " + run.RuntimeEnv + ", else beside the program)"},
		&cli.StringFlag{Name: "config", Category: catInput, Usage: "`FILE`: flags from a file: YAML with lines such as target: 16bit-0.005, or the result.json of a search; what the command line says counts more, and so do variables such as DEMOTE_TARGET"},
		&cli.StringFlag{Name: "log-level", Category: catPrint, Usage: "`LEVEL`: log level on standard error: debug, info, warn or error (default: warn)"},
	}
}

// common is the value of one of the commonFlags, wherever it was given.
func common(c *cli.Context, name string) string {
	for _, level := range c.Lineage() {
		if level.Command != nil && level.IsSet(name) {
			return level.String(name)
		}
	}
	return ""
}

// logger makes the log of a command.
func logger(c *cli.Context) (*slog.Logger, error) {
	level, text := slog.LevelWarn, common(c, "log-level")
	if text != "" && level.UnmarshalText([]byte(text)) != nil {
		return nil, usage("--log-level %s: choose debug, info, warn or error", text)
	}
	return slog.New(slog.NewTextHandler(c.App.ErrWriter, &slog.HandlerOptions{Level: level})), nil
}

// openRuntime finds ONNX Runtime and logs which it took.
func openRuntime(c *cli.Context) (*slog.Logger, error) {
	log, _, err := takeRuntime(c)
	return log, err
}

// takeRuntime is openRuntime, with what it took in words.
func takeRuntime(c *cli.Context) (log *slog.Logger, taken string, err error) {
	if log, err = logger(c); err != nil {
		return nil, "", err
	}
	path, how, err := run.OpenRuntime(common(c, "ort"))
	if err != nil {
		return nil, "", err
	}
	log.Info("ONNX Runtime", "library", path, "found", how, "version", run.RuntimeVersion())
	return log, fmt.Sprintf("ONNX Runtime %s, found %s: %s", run.RuntimeVersion(), how, path), nil
}
