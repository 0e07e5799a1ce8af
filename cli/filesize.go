package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// surviveFileSize makes a limit on the size of files an error of writing, not the program's end. The signal is caught
// and not ignored, since programs that this one starts would ignore it too; where the user has it ignored, it stays
// so for all.
func surviveFileSize() {
	if !signal.Ignored(syscall.SIGXFSZ) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGXFSZ)
	}
}
