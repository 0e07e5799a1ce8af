//go:build unix

package metric

import (
	"os/exec"
	"syscall"
)

// alone gives a command a process group of its own, so that an interrupt at the terminal is not for it, and ends the
// whole group where the command is ended.
func alone(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return endGroup(cmd) }
}

// endGroup ends a command that was started alone, and whatever it has started.
func endGroup(cmd *exec.Cmd) error {
	if cmd.Process == nil {
		return nil
	}
	return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
}
