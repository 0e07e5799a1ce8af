package promotion

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"example.org/demote/mistake"
)

// A promotion list is a text file with a holder's name on each line. Nearly every name is written as it is; one
// that would not come back (it has a line break or blanks at its edges, is empty, or begins with a quote as a quoted
// one does) is quoted as a JSON text, or, where it is no UTF-8, as Go quotes it.

// Lines formats names, one per line; a name that could not be read back as it is is quoted.
func Lines(names []string) []byte {
	var b []byte
	for _, name := range names {
		b = append(append(b, listed(name)...), '\n')
	}
	return b
}

// headingMark begins a line that is no name. A name that begins with it is quoted.
const headingMark = "# "

// Headed is Lines below a line for the reader, which ReadList passes over; empty: there is none.
func Headed(heading string, names []string) []byte {
	if heading == "" {
		return Lines(names)
	}
	return append([]byte(headingMark+strings.Join(strings.Fields(heading), " ")+"\n"), Lines(names)...)
}

// A Part is a list of names that have something in common, such as a width, which its heading says.
type Part struct {
	Heading string
	Names   []string
}

// Parted is Headed for a list in parts, each below its own heading; parts without names are left out.
func Parted(heading string, parts []Part) []byte {
	text := Headed(heading, nil)
	for _, p := range parts {
		if len(p.Names) > 0 {
			text = append(text, Headed(p.Heading, p.Names)...)
		}
	}
	return text
}

// listed formats a name for a promotion list.
func listed(name string) string {
	if name != "" && name == strings.TrimSpace(name) && !strings.ContainsAny(name, "\n\r") && name[0] != '"' && !strings.HasPrefix(name, headingMark) {
		return name
	}
	if !utf8.ValidString(name) {
		return strconv.Quote(name)
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(name); err != nil {
		panic("run: a text cannot fail to marshal")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// ReadList reads a promotion list and returns the indices of its names in known. It also reads older lists, which have
// no quotes. The error names the line.
func ReadList(text []byte, index map[string]int) (list []int, err error) {
	names, err := ReadParts(text, index, func(string) (bool, error) { return false, nil })
	for _, n := range names {
		list = append(list, n.Index)
	}
	return list, err
}

// A Placed is a name of a list in parts.
type Placed struct {
	Index   int    // of the name
	Heading string // of the part that it stands in; empty above all parts
}

// ReadParts is ReadList for a list in parts, such as Parted writes. part tells whether a heading begins one, or is a
// line for the reader.
func ReadParts(text []byte, index map[string]int, part func(heading string) (bool, error)) (list []Placed, err error) {
	n, at := 0, ""
	for line := range strings.SplitSeq(string(text), "\n") {
		n++
		line = strings.TrimSuffix(line, "\r")
		if strings.TrimSpace(line) == "" {
			continue
		}
		i, ok := find(line, index)
		if heading, is := strings.CutPrefix(line, headingMark); !ok && is {
			heading = strings.TrimSpace(heading)
			begins, err := part(heading)
			if err != nil {
				return nil, mistake.Errorf("%d: %w", n, err)
			}
			if begins {
				at = heading
			}
			continue
		}
		if !ok {
			return nil, mistake.Errorf("%d: the network has no holder %q; `demote inspect` lists them", n, unlisted(line))
		}
		list = append(list, Placed{i, at})
	}
	return list, nil
}

// find looks a line up: as it is quoted, without the blanks around it, and as it is.
func find(line string, index map[string]int) (int, bool) {
	for _, name := range []string{unlisted(line), strings.TrimSpace(line), line} {
		if i, ok := index[name]; ok {
			return i, true
		}
	}
	return 0, false
}

// unlisted returns the name of a line.
func unlisted(line string) string {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, `"`) {
		return line
	}
	if name, err := strconv.Unquote(line); err == nil {
		return name
	}
	var name string
	if json.Unmarshal([]byte(line), &name) == nil { // what other programs escape
		return name
	}
	return line
}
