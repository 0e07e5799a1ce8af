package lint

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	targetLine = regexp.MustCompile(`(?m)^([a-z][a-z0-9-]*):(?:[^=]|$)`)
	helpLine   = regexp.MustCompile(`(?m)^([a-z][a-z0-9-]*):.*## `)
	phonyLine  = regexp.MustCompile(`(?m)^\.PHONY: (.*)$`)
	makeWords  = regexp.MustCompile("(?m)(?:`|^\\s*(?:\\$ )?|&& )make((?: +[A-Za-z][\\w=.-]*)+)")
	markLink   = regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)
)

// makefiles returns the text of the Makefile and of everything that it includes.
func makefiles(t *testing.T) string {
	t.Helper()
	text := ""
	for _, name := range listFiles(t) {
		if name == "Makefile" || path.Ext(name) == ".mk" {
			text += read(t, name) + "\n"
		}
	}
	return text
}

// documents returns the Markdown files of the tree.
func documents(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, name := range listFiles(t) {
		if path.Ext(name) == ".md" && !strings.Contains(name, "testdata/") {
			names = append(names, name)
		}
	}
	return names
}

func firsts(matches [][]string) []string {
	var names []string
	for _, m := range matches {
		names = append(names, m[1])
	}
	return names
}

func TestMakeTargetsInTheDocumentsExist(t *testing.T) {
	targets := firsts(targetLine.FindAllStringSubmatch(makefiles(t), -1))
	named := 0
	for _, name := range append(documents(t), ".ci/run") {
		for _, m := range makeWords.FindAllStringSubmatch(read(t, name), -1) {
			for _, word := range strings.Fields(m[1]) {
				if strings.Contains(word, "=") || word == "TARGET" {
					continue
				}
				named++
				if !slices.Contains(targets, strings.TrimRight(word, ".")) {
					t.Errorf("%s says `make %s`, which the Makefile does not have", name, word)
				}
			}
		}
	}
	if named == 0 {
		t.Error("no document names a make target: the pattern of this test is wrong")
	}
}

func TestEveryTargetIsPhonyAndInTheHelp(t *testing.T) {
	text := makefiles(t)
	var phony []string
	for _, names := range firsts(phonyLine.FindAllStringSubmatch(text, -1)) {
		phony = append(phony, strings.Fields(names)...)
	}
	helped := firsts(helpLine.FindAllStringSubmatch(text, -1))
	for _, target := range firsts(targetLine.FindAllStringSubmatch(text, -1)) {
		if !slices.Contains(phony, target) {
			t.Errorf("the target %s is not phony: a file of that name would hide it", target)
		}
		if target != "protoc" && !slices.Contains(helped, target) { // protoc only serves generate
			t.Errorf("the target %s has no line in make help", target)
		}
	}
}

func TestLinksInTheDocumentsLead(t *testing.T) {
	for _, name := range documents(t) {
		for _, link := range firsts(markLink.FindAllStringSubmatch(read(t, name), -1)) {
			if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
				continue
			}
			target := filepath.Join(root, path.Dir(name), link)
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", name, link)
			}
		}
	}
}
