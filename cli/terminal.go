package cli

import (
	"io"
	"os"

	"github.com/mattn/go-isatty"
	"golang.org/x/sys/unix"

	"example.org/demote/cli/tty"
)

// plainWidth is how many columns text gets where there is no terminal.
const plainWidth = 80

// terminal is the file behind a writer, if that is a terminal that can move its cursor.
func terminal(w io.Writer) (*os.File, bool) {
	w = tty.Exact(w)
	if o, ok := w.(*output); ok {
		w = o.Writer
	}
	f, ok := w.(*os.File)
	return f, ok && isatty.IsTerminal(f.Fd()) && os.Getenv("TERM") != "dumb"
}

// widthOf is how many columns a writer has.
func widthOf(w io.Writer) int {
	if f, ok := terminal(w); ok {
		if size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil && size.Col > 0 {
			return int(size.Col)
		}
	}
	return plainWidth
}
