package cli

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
	longestName    = 240
	longestMessage = 2000
	longestLine    = 4096
)

// An escaper is the one way of text to the user: what came from files cannot steer a terminal. Control characters but
// the line feed, those that turn the direction of text, and what is no UTF-8 are written as \x1b or \u202e, and a
// line is cut at longestLine. It is safe for use by several goroutines.
type escaper struct {
	mu      sync.Mutex
	w       io.Writer
	partial []byte // the beginning of a character whose end has not come yet
	column  int    // bytes of the current line
}

// Write never reports fewer bytes than it was given, but with an error.
func (p *escaper) Write(b []byte) (int, error) {
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
func (p *escaper) put(text []byte) error {
	var out []byte
	for line := range strings.Lines(string(text)) {
		body, ended := strings.CutSuffix(line, "\n")
		body = escape(body)
		if room := longestLine - p.column; len(body) <= max(room, 0) {
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
	_, err := p.w.Write(out)
	return err
}

// end writes what was held back of a last character.
func (p *escaper) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.put(p.partial)
	p.partial = nil
}

// exact is the writer behind an escaper, for JSON and its readers.
func exact(w io.Writer) io.Writer {
	if p, ok := w.(*escaper); ok {
		return p.w
	}
	return w
}

// steers tells whether a character moves a terminal or the order of its text: C0, DEL, C1, the marks and overrides of
// bidirectional text (Unicode 3.9, UAX 9), and the separators of lines and paragraphs.
func steers(r rune) bool {
	switch {
	case r < ' ', 0x7f <= r && r <= 0x9f, r == 0x061c, r == 0x200e, r == 0x200f, 0x2028 <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069:
		return true
	}
	return false
}

// escape writes what steers as text.
func escape(text string) string {
	clean := true
	for i, r := range text {
		if steers(r) || r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd") {
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
		case r == utf8.RuneError && n == 1, r < 0x80 && steers(r):
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case steers(r):
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

// name is a name of a file's as a table or a list shows it: one line, not too long.
func name(text string) string { return cut(escape(text), longestName) }

// names are names in one cell: as many as there is room for.
func names(list []string) string {
	var b strings.Builder
	for i, text := range list {
		if text = name(text); i > 0 {
			if b.Len()+len(text) > 2*longestName {
				return fmt.Sprintf("%s and %d more", b.String(), len(list)-i)
			}
			b.WriteByte(' ')
		}
		b.WriteString(text)
	}
	return b.String()
}

// message is a text from anywhere as one line. Long quotes and words in it, which are names, are cut.
func message(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
	text = escape(text)
	if len(text) <= longestName {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		n := pieceOf(text)
		b.WriteString(cut(text[:n], longestName))
		text = text[n:]
	}
	return cut(b.String(), longestMessage)
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
