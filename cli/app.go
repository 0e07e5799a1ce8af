package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"demote/run"
)

// Version is the program's version; the build sets it.
var Version = "development"

// Main runs the program with its arguments and returns the exit code.
func Main(args []string) int {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		fmt.Fprintln(os.Stderr, "demote: finishing the trial at hand; interrupt once more to stop now")
		stop()
		<-signals
		os.Exit(run.ExitInterrupted)
	}()
	err := App(os.Stdout, os.Stderr).RunContext(ctx, args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "demote: "+oneLine(err))
	}
	return exitCode(err)
}

// App is the program's commands and flags.
func App(out, errors io.Writer) *cli.App {
	app := &cli.App{
		Name:                   "demote",
		Usage:                  "find the largest set of activations of an ONNX network that can run in int8 instead of int16",
		Version:                Version,
		Writer:                 out,
		ErrWriter:              errors,
		EnableBashCompletion:   true,
		HideHelpCommand:        true,
		UseShortOptionHandling: false,
		ExitErrHandler:         func(*cli.Context, error) {},
		OnUsageError:           usageError,
		Flags:                  globalFlags(),
		CommandNotFound: func(c *cli.Context, name string) {
			fmt.Fprintf(errors, "demote: no command %q; `demote --help` lists them\n", name)
		},
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usage("no command %q; `demote --help` lists them", c.Args().First())
			}
			return cli.ShowAppHelp(c)
		},
		Commands: []*cli.Command{searchCommand(), inspectCommand(), quantizeCommand(), evalCommand(), verifyCommand(),
			benchCommand(), devicesCommand(), completionCommand()},
	}
	for _, c := range app.Commands {
		c.OnUsageError = usageError
	}
	return app
}

// errUsage marks a command line that cannot be understood.
var errUsage = errors.New("usage")

type usageMistake struct{ error }

func (usageMistake) Is(target error) bool { return target == errUsage }

func usage(format string, args ...any) error { return usageMistake{fmt.Errorf(format, args...)} }

func usageError(_ *cli.Context, err error, _ bool) error { return usageMistake{err} }

// exitCode maps what a command returned to the program's exit code.
func exitCode(err error) int {
	if errors.Is(err, errUsage) {
		return run.ExitMistake
	}
	return run.ExitCode(err)
}

// oneLine writes an error on one line, whatever the text that it carries.
func oneLine(err error) string {
	text := strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), " ")
	return strings.TrimPrefix(text, "invalid search input: ")
}

// globalFlags are those of every command.
func globalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "ort", Usage: "ONNX Runtime library `FILE`, or its folder (default: " + run.RuntimeEnv + ", else beside the program)"},
		&cli.StringFlag{Name: "log-level", Value: "warn", Usage: "`LEVEL` of the log on standard error: debug, info, warn, error"},
	}
}

// logger makes the log of a command.
func logger(c *cli.Context) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.String("log-level"))); err != nil {
		return nil, usage("--log-level %s: choose debug, info, warn or error", c.String("log-level"))
	}
	return slog.New(slog.NewTextHandler(c.App.ErrWriter, &slog.HandlerOptions{Level: level})), nil
}

// openRuntime finds ONNX Runtime and says which it took.
func openRuntime(c *cli.Context) (*slog.Logger, error) {
	log, err := logger(c)
	if err != nil {
		return nil, err
	}
	path, how, err := run.OpenRuntime(c.String("ort"))
	if err != nil {
		return nil, err
	}
	log.Info("ONNX Runtime", "library", path, "found", how, "version", run.RuntimeVersion())
	return log, nil
}
