package program

import (
	"context"
	"os/exec"
	"time"
)

// KillWait is how long a program's children may hold its pipes open after it has ended or was killed.
const KillWait = time.Second

// Shell is a line for the shell that runs in a process group of its own, which ends with the context.
func Shell(ctx context.Context, line string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.WaitDelay = KillWait
	alone(cmd)
	return cmd
}

// Start starts a command by start, which may do so under limits that this process does not have itself; nil: it has
// the same.
func Start(cmd *exec.Cmd, start func(*exec.Cmd) error) error {
	if start == nil {
		return cmd.Start()
	}
	return start(cmd)
}
