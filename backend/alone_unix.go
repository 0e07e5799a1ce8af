//go:build unix

package backend

import (
	"os/exec"
	"syscall"
)

// alone gives a command a process group of its own, so that an interrupt at the terminal is not for it, and ends the whole
// group where the command is ended.
func alone(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
