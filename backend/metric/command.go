package metric

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"example.org/demote/internal/program"
	"example.org/demote/internal/serve"
	"example.org/demote/mistake"
)

// A Command is a metric that a program of the user's answers. It is started for every score and gets the outputs of
// all samples on its standard input as a .npy file (float32, in the order of the data), and behind it, where the data
// have labels, these as another, in their own shape and type. Where samples have outputs of different shapes, see
// npyReader. It answers one number on its standard output and ends with exit code 0.
type Command struct {
	Line    string        // for the shell
	Name    string        // of the metric, as results have it; empty: command
	Lower   bool          // a lower answer is better
	Timeout time.Duration // for one score; 0: none
	// Start starts it as (*exec.Cmd).Start does, which nil stands for, under limits that this process does not have
	// itself.
	Start func(*exec.Cmd) error
	// Serve: it is started once, by Open, and speaks the protocol of package serve, in place of all that is said above
	Serve bool

	calls   int
	seconds float64
	server  *serve.Server // of one that serves; nil before Open
}

// CheckName refuses a name of a metric of the user's own that is no word, or that of another metric.
func CheckName(name string) error {
	switch {
	case len(name) > 40 || !metricName.MatchString(name):
		return fmt.Errorf("metric name %q: write lower-case letters, digits and dashes", name)
	case slices.Contains(Names(), name) || aliases[name] != "":
		return fmt.Errorf("metric %q is there already", name)
	}
	return nil
}

// commandName is the name of a metric by Command that has no other.
const commandName = "command"

// Metric is the command as a metric. Its errors match mistake.Err.
func (c *Command) Metric() *Metric {
	name := c.Name
	if name == "" {
		name = commandName
	}
	return &Metric{Name: name, Lower: c.Lower, Labels: OwnLabels, gain: nothing, whole: gather(c.answer), custom: true, several: true}
}

// A Cost is what a command has cost.
type Cost struct {
	Starts   int
	Requests int     // of one that serves: what it has answered
	Seconds  float64 // until it had answered
}

// Cost is what the command has cost so far.
func (c *Command) Cost() Cost {
	if c.Serve {
		return c.served()
	}
	return Cost{Starts: c.calls, Requests: c.calls, Seconds: c.seconds}
}

// answer asks the command; for the first outputs twice, since a score must be a function of them.
func (c *Command) answer(ctx context.Context, o WholeOutputs) (float64, error) {
	v, err := c.ask(ctx, o)
	if err != nil || c.calls > 1 {
		return v, err
	}
	again, err := c.ask(ctx, o)
	if err == nil && again != v {
		err = c.wrong("answers %v and then %v for the same outputs: a score must depend on them alone", v, again)
	}
	return v, err
}

// ask starts the command once.
func (c *Command) ask(ctx context.Context, o WholeOutputs) (float64, error) {
	began := time.Now()
	defer func() { c.calls, c.seconds = c.calls+1, c.seconds+time.Since(began).Seconds() }()
	limited := ctx
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, c.Timeout)
		defer cancel()
	}
	out, errs := &program.Tail{Most: 1 << 16}, &program.Tail{Most: 1 << 12}
	cmd := program.Shell(limited, c.Line)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = npyReader(o), out, errs
	err := program.Start(cmd, c.Start)
	if err == nil {
		err = cmd.Wait()
	}
	if errors.Is(err, syscall.EPIPE) { // it need not read all
		err = nil
	}
	if err != nil {
		_ = program.EndGroup(cmd) // which may have ended by itself
	}
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case limited.Err() != nil:
		return 0, c.wrong("no answer after %v: give more time with --metric-timeout, or fewer samples", c.Timeout)
	case errors.Is(err, exec.ErrWaitDelay):
		return 0, c.wrong("it ended, and a program that it left behind kept its output open, which was ended too: let the command wait for it")
	case err != nil:
		if last := errs.LastLine(); last != "" {
			return 0, c.wrong("%w: %s", err, last)
		}
		return 0, c.wrong("%w", err)
	}
	return c.number(out.String())
}

// number reads an answer.
func (c *Command) number(text string) (float64, error) {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return 0, c.wrong("it answers nothing: print one number")
	}
	v, err := strconv.ParseFloat(fields[0], 64)
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange):
		return 0, c.wrong("it answers %q: print one number and nothing else", program.Shorten(strings.Join(fields, " ")))
	case len(fields) > 1:
		return 0, c.wrong("it answers %d words, %q: print one number and nothing else", len(fields), program.Shorten(strings.Join(fields, " ")))
	case math.IsNaN(v) || math.IsInf(v, 0):
		return 0, c.wrong("it answers %s: print a finite number", fields[0])
	}
	return v, nil
}

// wrong is a mistake of the command's.
func (c *Command) wrong(format string, args ...any) error {
	flag := "--metric-cmd"
	if c.Serve {
		flag = "--metric-serve"
	}
	return mistake.Errorf(flag+" %q: %w", program.Shorten(c.Line), mistake.Errorf(format, args...))
}
