package tty

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// Lengths of what is printed, in bytes. A name of a file's is cut in its middle, and so is a message, whose end says
// what to do.
const (
	LongestName    = 240
	LongestMessage = 2000
	LongestLine    = 4096
)

// An Escaper is the one way of text to the user: what came from files cannot steer a terminal. Control characters but
// the line feed, those that turn the direction of text, and what is no UTF-8 are written as \x1b or \u202e, and a
// line is cut at LongestLine. It is safe for use by several goroutines.
type Escaper struct {
	mu      sync.Mutex
	W       io.Writer
	partial []byte // the beginning of a character whose end has not come yet
	column  int    // bytes of the current line
}

// Write never reports fewer bytes than it was given, but with an error.
func (p *Escaper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := append(p.partial, b...)
	end := len(text)
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if at := len(text) - n; utf8.RuneStart(text[at]) {
			if !utf8.FullRune(text[at:]) {
				end = at
			}
			break
		}
	}
	p.partial = append([]byte(nil), text[end:]...)
	if err := p.put(text[:end]); err != nil {
		return 0, err
	}
	return len(b), nil
}

// put writes whole characters.
func (p *Escaper) put(text []byte) error {
	var out []byte
	for line := range strings.Lines(string(text)) {
		body, ended := strings.CutSuffix(line, "\n")
		body = Escape(body)
		if room := LongestLine - p.column; len(body) <= max(room, 0) {
			out = append(out, body...)
		} else if room > 0 {
			out = append(append(out, body[:whole(body, room)]...), "..."...)
		}
		p.column += len(body)
		if ended {
			out, p.column = append(out, '\n'), 0
		}
	}
	if len(out) == 0 {
		return nil
	}
	_, err := p.W.Write(out)
	return err
}

// End writes what was held back of a last character.
func (p *Escaper) End() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.put(p.partial)
	p.partial = nil
}

// Exact is the writer behind an escaper, for JSON and its readers.
func Exact(w io.Writer) io.Writer {
	if p, ok := w.(*Escaper); ok {
		return p.W
	}
	return w
}

// Steers tells whether a character moves a terminal or the order of its text: C0, DEL, C1, the marks and overrides of
// bidirectional text (Unicode 3.9, UAX 9), and the separators of lines and paragraphs.
func Steers(r rune) bool {
	switch {
	case r < ' ', 0x7f <= r && r <= 0x9f, r == 0x061c, r == 0x200e, r == 0x200f, 0x2028 <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069:
		return true
	}
	return false
}

// Escape writes what steers as text.
func Escape(text string) string {
	clean := true
	for i, r := range text {
		if Steers(r) || r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd") {
			clean = false
			break
		}
	}
	if clean {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, n := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && n == 1, r < 0x80 && Steers(r):
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case Steers(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteString(text[:n])
		}
		text = text[n:]
	}
	return b.String()
}

// whole is where a text of at most n bytes ends that is not cut within a character.
func whole(text string, n int) int {
	for n > 0 && n < len(text) && !utf8.RuneStart(text[n]) {
		n--
	}
	return min(n, len(text))
}

// cut shortens a text to n bytes by leaving out some of its middle.
func cut(text string, n int) string {
	const gap = " ... "
	if len(text) <= n {
		return text
	}
	tail := (n - len(gap)) / 3
	from := len(text) - tail
	for from < len(text) && !utf8.RuneStart(text[from]) {
		from++
	}
	return text[:whole(text, n-len(gap)-tail)] + gap + text[from:]
}

// Name is a name of a file's as a table or a list shows it: one line, not too long.
func Name(text string) string { return cut(Escape(text), LongestName) }

// Names are names in one cell: as many as there is room for.
func Names(list []string) string {
	var b strings.Builder
	for i, text := range list {
		if text = Name(text); i > 0 {
			if b.Len()+len(text) > 2*LongestName {
				return fmt.Sprintf("%s and %d more", b.String(), len(list)-i)
			}
			b.WriteByte(' ')
		}
		b.WriteString(text)
	}
	return b.String()
}

// Message is a text from anywhere as one line. Long quotes and words in it, which are names, are cut.
func Message(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
	text = Escape(text)
	if len(text) <= LongestName {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		n := pieceOf(text)
		b.WriteString(cut(text[:n], LongestName))
		text = text[n:]
	}
	return cut(b.String(), LongestMessage)
}

// pieceOf is the length of what a text begins with: a quote as %q writes it, a word, or blanks.
func pieceOf(text string) int {
	if text[0] == '"' {
		for i := 1; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
	}
	blank := text[0] == ' '
	for i := 1; i < len(text); i++ {
		if (text[i] == ' ') != blank || text[i] == '"' {
			return i
		}
	}
	return len(text)
}
