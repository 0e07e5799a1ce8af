package lint

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	flags "github.com/urfave/cli/v2"

	"example.org/demote/cli"
)

// commandWords matches a call of the program in a document, in a code block or between backquotes.
var commandWords = regexp.MustCompile("(?m)(?:^ {4}(?:\\$ )?|^(?:\\$ )?|`)(?:bin/)?demote ([a-z]+)([^`\n]*)")

func TestCommandsInTheDocumentsExist(t *testing.T) {
	app := cli.App(io.Discard, io.Discard)
	checked := 0
	for _, name := range append(documents(t), "scripts/demo.sh", "scripts/bench.sh") {
		text := strings.ReplaceAll(read(t, name), "\\\n", " ")
		for _, m := range commandWords.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(m[0], "bin/") && !strings.Contains(m[0], "`") && !strings.Contains(m[2], "--") {
				continue // prose that begins with the program's name
			}
			i := slices.IndexFunc(app.Commands, func(c *flags.Command) bool { return c.HasName(m[1]) })
			if i < 0 {
				t.Errorf("%s: demote has no command %q", name, m[1])
				continue
			}
			checked++
			command := app.Commands[i]
			for _, word := range strings.Fields(m[2]) {
				if below := command.Command(word); below != nil {
					command = below
				}

				flag, _, _ := strings.Cut(word, "=")
				if strings.HasPrefix(flag, "--") && flag != "--help" && !hasFlag(command.Flags, flag[2:]) && !hasFlag(app.Flags, flag[2:]) {
					t.Errorf("%s: demote %s has no flag %s", name, m[1], flag)
				}
			}
		}
	}
	if checked == 0 {
		t.Error("no document shows a command: the pattern of this test is wrong")
	}
}

func hasFlag(list []flags.Flag, name string) bool {
	return slices.ContainsFunc(list, func(f flags.Flag) bool { return slices.Contains(f.Names(), name) })
}
