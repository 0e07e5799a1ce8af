package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestExamplePages holds that the commands of docs/examples/ are ones that the program understands: each gets as far
// as the files that make test-examples trains, which are not here, and with values that mean something. It also holds
// what the pages need: a script, outputs, a picture, and a line in the index. What the commands find is checked by
// make test-examples.
func TestExamplePages(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	pages, err := filepath.Glob(filepath.Join(root, "docs/examples/*.md"))
	if err != nil || len(pages) < 5 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	index := readText(t, filepath.Join(root, "docs/examples.md"))
	for _, page := range pages {
		name := strings.TrimSuffix(filepath.Base(page), ".md")
		text := readText(t, page)
		if !strings.Contains(index, "(examples/"+name+".md)") {
			t.Errorf("%s is not in docs/examples.md", name)
		}
		picture, err := os.Stat(filepath.Join(root, "docs/examples", name+".svg"))
		if err != nil || picture.Size() > 60_000 || !strings.Contains(text, "("+name+".svg)") {
			t.Errorf("%s has no picture, or one above 60 kB: %v", name, err)
		}
		if !regexp.MustCompile(`begin output 1: .*-->\n\n    \S`).MatchString(text) {
			t.Errorf("%s has no output of its search: run make examples-pages", name)
		}
		trained, searched := false, false
		for _, c := range commandsOf(text) {
			command, _, _ := strings.Cut(c.text, " #")
			words := strings.Fields(command)
			switch {
			case strings.HasSuffix(words[0], "python"):
				trained = true
				if script := readText(t, filepath.Join(root, words[1])); strings.Count(script, "\n") > 150 {
					t.Errorf("%s has more than 150 lines", words[1])
				}
			case words[0] == "bin/demote":
				searched = searched || words[1] == "search"
				out := call(words[1:]...)
				if out.code != 2 || !strings.Contains(out.err, "no such file") || strings.Count(out.err, "\n") != 1 {
					t.Errorf("%s: %s\nexit code %d\n%s", name, command, out.code, out.err)
				}
				if flag := slices.Index(words, "--target"); words[1] == "search" && flag > 0 {
					words[flag+1] = "nonsense" // the way to the files leads past the values
					if out := call(words[1:]...); out.code != 2 || strings.Contains(out.err, "no such file") {
						t.Errorf("%s: a target of nonsense: exit code %d, %s", name, out.code, out.err)
					}
				}
			}
		}
		if !trained || !searched {
			t.Errorf("%s has no command that trains, or none that searches", name)
		}
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
