package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"example.org/demote/internal/memory"
	"example.org/demote/run"
)

// typedSearch runs the search of a bench as a user types it: this program again, in a process of its own, with the
// user's limits. It notes the networks that it has tried in a cache folder of the bench, not in the user's, where the
// bench itself has noted them.
func typedSearch(c *cli.Context, cache string) func(context.Context, string) error {
	return func(ctx context.Context, dir string) error {
		program, err := os.Executable()
		if err != nil {
			return fmt.Errorf("this program cannot be found, to run it again: %w", err)
		}
		var said bytes.Buffer
		cmd := exec.CommandContext(ctx, program, append(searchWords(c), "--out="+dir)...)
		cmd.Stderr = &said
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+cache)
		if err = memory.StartAsGiven(cmd); err == nil {
			err = cmd.Wait()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var exit *exec.ExitError
		if err == nil || errors.As(err, &exit) && exit.ExitCode() == run.ExitUnreachable {
			return nil // it has searched, whatever it found
		}
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		return fmt.Errorf("the search as a command: %w: %s", err, lines[len(lines)-1])
	}
}

// searchWords is the command line of the search that a bench is about.
func searchWords(c *cli.Context) []string {
	words := []string{"search"}
	known := searchCommand().Flags
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		switch {
		case !slices.ContainsFunc(known, func(k cli.Flag) bool { return slices.Contains(k.Names(), name) }):
			if name != "ort" && name != "log-level" {
				continue // bench's own
			}
		case name == "json":
			continue
		case name == "strategy", name == "scan": // whose defaults differ
			words = append(words, "--"+name+"="+c.String(name))
			continue
		}
		switch v := c.Value(name).(type) {
		case cli.StringSlice:
			for _, one := range v.Value() {
				words = append(words, "--"+name+"="+one)
			}
		default:
			if text := common(c, name); name == "ort" || name == "log-level" {
				if text != "" {
					words = append(words, "--"+name+"="+text)
				}
			} else if c.IsSet(name) {
				words = append(words, fmt.Sprintf("--%s=%v", name, v))
			}
		}
	}
	return words
}
