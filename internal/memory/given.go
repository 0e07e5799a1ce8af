package memory

import (
	"os/exec"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// given is the limit on data that the program was started with, once Limit has put its own in its place.
var given struct {
	sync.Mutex
	set   bool
	limit unix.Rlimit
}

// StartAsGiven starts a command of the user, or this program again, under the limit that the user gave the program, not
// under the program's own (see Limit). A child inherits the limits at its start, so the program has the user's limit
// for that moment too.
func StartAsGiven(cmd *exec.Cmd) error {
	given.Lock()
	defer given.Unlock()
	if !given.set || runtime.GOOS != "linux" {
		return cmd.Start()
	}
	var own unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_DATA, &own) == nil && unix.Setrlimit(unix.RLIMIT_DATA, &given.limit) == nil {
		defer func() { _ = unix.Setrlimit(unix.RLIMIT_DATA, &own) }() // lowering a limit is always allowed
	}
	return cmd.Start()
}
