package program

import (
	"bytes"
	"strings"
	"sync"
)

// A Tail keeps the last bytes of what is written to it: Most at least, where there are so many. Its methods may be
// called from several goroutines.
type Tail struct {
	Most int
	mu   sync.Mutex
	kept bytes.Buffer
}

// Write keeps the end of what there is by now.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(p)
	if t.kept.Len()+n > 2*t.Most {
		t.kept.Next(t.kept.Len() + min(n, t.Most) - t.Most)
		p = p[max(0, n-t.Most):]
	}
	t.kept.Write(p)
	return n, nil
}

// String is what is kept.
func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.kept.String()
}

// LastLine is the last line that is not empty, shortened.
func (t *Tail) LastLine() string {
	lines := strings.Split(strings.TrimSpace(t.String()), "\n")
	return Shorten(strings.TrimSpace(lines[len(lines)-1]))
}

// Shorten keeps a text of any length on a line.
func Shorten(text string) string {
	const most = 80
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "..."
	}
	return text
}
