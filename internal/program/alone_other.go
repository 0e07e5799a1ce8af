//go:build !unix

package program

import "os/exec"

// alone has nothing to do where there are no process groups.
func alone(*exec.Cmd) {}

// EndGroup has nothing to end there.
func EndGroup(*exec.Cmd) error { return nil }
