//go:build unix

package sandbox

import (
	"os/exec"
	"syscall"
)

// apart gives a child a process group of its own: an interrupt at the terminal is for the parent, which ends it.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
