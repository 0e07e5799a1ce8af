package cli

import (
	"strings"
	"testing"
)

// TestManualPage: the page is one of section 1, and has every command and every flag of the search.
func TestManualPage(t *testing.T) {
	page := must(t, "man").out
	if !strings.Contains(page, ".TH demote 1") {
		t.Errorf("it begins with %.80q", page)
	}
	app := App(nil, nil)
	for _, c := range everyCommand(app.Commands) {
		if !strings.Contains(page, c.Name) {
			t.Errorf("it does not have the command %s", c.Name)
		}
	}
	for _, f := range searchCommand().Flags {
		if name := "--" + f.Names()[0]; !strings.Contains(page, strings.ReplaceAll(name, "-", `\-`)) && !strings.Contains(page, name) {
			t.Errorf("it does not have %s", name)
		}
	}
}
