package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// words are the texts of the program: all string constants of its code, without the backquotes that
// a document cannot quote.
func words(t *testing.T, rooms ...string) (all string) {
	t.Helper()
	var b strings.Builder
	for _, room := range rooms {
		eachFile(t, room, func(f *ast.File) {
			ast.Inspect(f, func(n ast.Node) bool {
				if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
					b.WriteString(constant(l) + "\n")
				}
				return true
			})
		})
	}
	return b.String()
}

func constant(l *ast.BasicLit) string {
	text, _ := strconv.Unquote(l.Value)
	return strings.ReplaceAll(strings.ReplaceAll(text, "`", ""), "%%", "%")
}

// eachFile parses the files of a room that are no tests.
func eachFile(t *testing.T, room string, f func(*ast.File)) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join("..", room), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err == nil {
			f(file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// document reads a page.
func document(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var (
	quoted = regexp.MustCompile("(?:``)(.+?)(?:``)|`([^`]+)`")
	verb   = regexp.MustCompile(`%[-+#0-9.]*[a-zA-Z]`)
)

// TestTroubleshootingQuotes holds that what the page quotes is what the program says: every piece of
// a text between two dots is a piece of one of its constants.
func TestTroubleshootingQuotes(t *testing.T) {
	said := words(t, "cli", "cluster", "config", "run", "engine", "result", "backend", "search", "quant", "onnx", "internal", "dataset", "cuda")
	checked := 0
	for _, line := range strings.Split(document(t, "troubleshooting.md"), "\n") {
		cell, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		if !strings.HasPrefix(line, "| ") || !ok {
			continue
		}
		for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
			for _, piece := range strings.Split(strings.ReplaceAll(m[1]+m[2], "`", ""), "...") {
				piece = strings.Trim(piece, " :;,()")
				if len(piece) < 3 || strings.HasPrefix(piece, "--") && !strings.Contains(piece, " ") {
					continue
				}
				checked++
				if !within(said, piece) {
					t.Errorf("the page quotes %q, which the program does not say", piece)
				}
			}
		}
	}
	if checked < 150 {
		t.Errorf("%d pieces: the pattern of this test is wrong", checked)
	}
}

// within looks a piece up in the constants, whose verbs stand for anything. A text that one constant
// begins and another ends is looked up in two.
func within(said, piece string) bool {
	if strings.Contains(said, piece) {
		return true
	}
	if before, after, two := strings.Cut(piece, ": "); two && within(said, before) && within(said, after) {
		return true
	}
	for line := range strings.SplitSeq(said, "\n") { // a piece that begins with words that are put in
		for _, part := range verb.Split(line, -1) {
			if part = strings.Trim(part, " :;,()"); len(part) > 12 && strings.HasSuffix(piece, part) {
				return true
			}
		}
	}
	return false
}

// tellsMistake tells whether a function makes a mistake of the user: usage, or mistake.Errorf.
func tellsMistake(function ast.Expr) bool {
	switch f := function.(type) {
	case *ast.Ident:
		return f.Name == "usage"
	case *ast.SelectorExpr:
		room, ok := f.X.(*ast.Ident)
		return ok && room.Name == "mistake" && f.Sel.Name == "Errorf"
	}
	return false
}

// TestTroubleshootingIsComplete holds that what a user can meet from the command line and from a run
// is on the page.
func TestTroubleshootingIsComplete(t *testing.T) {
	page := strings.ReplaceAll(document(t, "troubleshooting.md")+document(t, "data.md"), "`", "")
	for _, room := range []string{"cli", "cluster", "config", "run", "engine", "internal/bench", "internal/blocks", "internal/calibrate", "internal/constraint", "internal/cost", "internal/format", "internal/holdout", "internal/journal",
		"internal/promotion", "internal/question", "internal/sandbox", "internal/segments", "internal/task", "internal/trial", "internal/written"} {
		eachFile(t, room, func(f *ast.File) {
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) == 0 {
					return true
				}
				text, literal := call.Args[0].(*ast.BasicLit)
				if !literal || !tellsMistake(call.Fun) {
					return true
				}
				longest := ""
				for _, part := range verb.Split(constant(text), -1) {
					if part, _, _ = strings.Cut(strings.Trim(part, " :;,()"), " such as"); len(part) > len(longest) {
						longest = part
					}
				}
				first, _, _ := strings.Cut(longest, ":")
				if longest != "" && !strings.Contains(page, longest) && (len(first) < 12 || !strings.Contains(page, first+": ...")) {
					t.Errorf("docs/troubleshooting.md does not have %q", constant(text))
				}
				return true
			})
		})
	}
}
