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
	placeLink  = regexp.MustCompile(`\]\(([^)#\s:]*)#([^)\s]+)\)`)
	heading    = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notInPlace = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
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

// places returns the anchors that GitHub gives to the headings of a document.
func places(text string) []string {
	var list []string
	for _, title := range firsts(heading.FindAllStringSubmatch(text, -1)) {
		title = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(title, "$1")
		list = append(list, strings.ReplaceAll(strings.ToLower(notInPlace.ReplaceAllString(title, "")), " ", "-"))
	}
	return list
}

func TestLinksInTheDocumentsLeadToHeadings(t *testing.T) {
	checked := 0
	for _, name := range documents(t) {
		for _, m := range placeLink.FindAllStringSubmatch(read(t, name), -1) {
			page := name
			if m[1] != "" {
				page = path.Join(path.Dir(name), m[1])
			}
			if path.Ext(page) != ".md" {
				continue
			}
			checked++
			if !slices.Contains(places(read(t, page)), m[2]) {
				t.Errorf("%s links to %s#%s, and no heading of that page has this name", name, page, m[2])
			}
		}
	}
	if checked == 0 {
		t.Error("no document links to a heading: the pattern of this test is wrong")
	}
}

// TestEveryPageIsLinked holds that a reader who begins with the README comes to every page of docs/.
func TestEveryPageIsLinked(t *testing.T) {
	pages, reached := []string{"README.md"}, map[string]bool{"README.md": true}
	for i := 0; i < len(pages); i++ {
		for _, link := range firsts(markLink.FindAllStringSubmatch(read(t, pages[i]), -1)) {
			page := path.Join(path.Dir(pages[i]), link)
			if path.Ext(page) == ".md" && !strings.Contains(link, "://") && !reached[page] {
				reached[page] = true
				pages = append(pages, page)
			}
		}
	}
	for _, name := range documents(t) {
		if strings.HasPrefix(name, "docs/") && !reached[name] {
			t.Errorf("no page leads to %s", name)
		}
	}
}

func TestEveryPageIsInTheContentsOfTheSite(t *testing.T) {
	contents := read(t, "scripts/site/contents.md")
	for _, name := range documents(t) {
		if page := strings.TrimSuffix(name, ".md"); path.Dir(name) == "docs" && !strings.Contains(contents, "<"+page+">") {
			t.Errorf("scripts/site/contents.md leaves out %s", name)
		}
	}
}

func TestPlacesOfHeadings(t *testing.T) {
	got := places("# A page: `code` and [link](x.md)\n\n## 4. What's it?\n")
	if want := []string{"a-page-code-and-link", "4-whats-it"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
