//go:build unix

package program

import (
	"os/exec"
	"syscall"
)

// alone gives a command a process group of its own, so that an interrupt at the terminal is not for it, and ends the
// whole group where the command is ended.
func alone(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if cmd.Cancel != nil { // it was made with a context
		cmd.Cancel = func() error { return EndGroup(cmd) }
	}
}

// EndGroup ends a command of Shell, and whatever it has started. It may have ended by itself.
func EndGroup(cmd *exec.Cmd) error {
	if cmd.Process == nil {
		return nil
	}
	return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
}
