package lint

import (
	"path"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// mostColumns is the longest line of a comment or of prose, a tab counted as four columns.
const mostColumns = 120

// longLinesIn are folders and files whose lines may be longer: what is made, and what others have made.
var longLinesIn = []string{
	"examples/", "testdata/", "scripts/",
	"docs/benchmarks.md", // made by make bench
}

// notOurs are files whose text is made by others.
var notOurs = regexp.MustCompile(`\.pb\.go$|^cgo/onnxruntime_.*\.h$|/testdata/`)

var (
	commentLine = regexp.MustCompile(`(?:^|\s)//`)
	rulerLine   = regexp.MustCompile(`^// -+ [a-z ]+$`) // a section of kernels.cu
	codeSpan    = regexp.MustCompile("`[^`]*`")
	beginMade   = regexp.MustCompile(`^<!-- (?:begin |made by .*: begin|make forecast writes)`)
	endMade     = regexp.MustCompile(`^<!-- (?:end |made by .*: end|to here)`)
)

// TestColumns holds that no line of a comment or of prose is longer than mostColumns. Tables, code and what a command
// writes into a document are left out.
func TestColumns(t *testing.T) {
	for _, name := range listFiles(t) {
		if notOurs.MatchString(name) || under(name, longLinesIn) {
			continue
		}
		text := ""
		switch path.Ext(name) {
		case ".go", ".c", ".h", ".cpp", ".cu", ".md":
			text = read(t, name)
		}
		made, fenced := false, false
		for i, line := range strings.Split(text, "\n") {
			made = made && !endMade.MatchString(line) || beginMade.MatchString(line)
			fenced = fenced != strings.HasPrefix(line, "```")
			if columns := utf8.RuneCountInString(line) + 3*strings.Count(line, "\t"); columns > mostColumns && !made && !fenced && isProse(name, line) {
				t.Errorf("%s:%d has %d columns, and %d are the most of a comment or a line of prose: wrap it", name, i+1, columns, mostColumns)
			}
		}
	}
}

// under tells whether a file is one of a list of files, or in one of its folders.
func under(name string, list []string) bool {
	for _, l := range list {
		if name == l || strings.HasSuffix(l, "/") && strings.HasPrefix(name, l) {
			return true
		}
	}
	return false
}

// isProse tells whether a line is a comment, or text of a document that is neither a table nor code.
func isProse(name, line string) bool {
	if path.Ext(name) == ".md" {
		breakable := strings.Contains(strings.TrimSpace(codeSpan.ReplaceAllString(line, "x")), " ")
		return breakable && !strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "    ") && !strings.HasPrefix(line, "<")
	}
	at := commentLine.FindStringIndex(line)
	return at != nil && !rulerLine.MatchString(line) && strings.Count(line[:at[0]], `"`)%2 == 0 && strings.Count(line[:at[0]], "`")%2 == 0
}

func TestColumnsFindsLongLines(t *testing.T) {
	long := strings.Repeat("a word ", 20)
	for _, c := range []struct {
		name, line string
		prose      bool
	}{
		{"a.go", "// " + long, true},
		{"a.go", "\tx := 1 // " + long, true},
		{"a.go", `	x := "http://` + long + `"`, false},
		{"a.go", "x := f(" + long + ")", false},
		{"kernels.cu", "// ------------------- packing", false},
		{"a.md", long, true},
		{"a.md", "- " + long, true},
		{"a.md", "| " + long, false},
		{"a.md", "    " + long, false},
		{"a.md", "`" + long + "`", false},
	} {
		if got := isProse(c.name, c.line); got != c.prose {
			t.Errorf("%s: %.30q is prose: %v, want %v", c.name, c.line, got, c.prose)
		}
	}
}
