package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"github.com/xrash/smetrics"
)

// givenTwice names the first flag of a command line that is there again and takes one value; empty without one. Of
// two values one would be overlooked. Flags that make a list may be given again.
func givenTwice(app *cli.App, args []string) string {
	flags := app.Flags
	at, c := commandOf(app, args)
	if c != nil {
		flags = c.Flags // with those of every command
	}
	var seen []string
	for i := 1; i < len(args) && args[i] != "--"; i++ {
		if !isFlag(args[i]) || i == at {
			continue
		}
		name, _, _ := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		f := findFlag(flags, name)
		if f == nil {
			continue
		}
		if takesNext(flags, args[i]) {
			i++
		}
		if _, list := f.(*cli.StringSliceFlag); list {
			continue
		}
		if name = f.Names()[0]; slices.Contains(seen, name) {
			return name
		}
		seen = append(seen, name)
	}
	return ""
}

// meant words a guess at a slip of the pen, such as "did you mean --target? "; empty where no name is near, or
// several are equally near.
func meant(word, dashes string, names []string) string {
	best, least, nearest := "", len(word)/3+1, 0
	for _, n := range names {
		d := smetrics.WagnerFischer(word, n, 1, 1, 1)
		letters := d // of names that are as near, one of which the word is a beginning, the shorter
		if len(n) > 2 && strings.HasPrefix(word, n) || len(word) > 2 && strings.HasPrefix(n, word) {
			d = min(d, 1)
		}
		if swapped(word, n) {
			d = 1
		}
		switch {
		case d < least, d == least && letters < nearest:
			best, least, nearest = n, d, letters
		case d == least && letters == nearest:
			best = ""
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %s%s? ", dashes, best)
}

// swapped tells whether two neighbours have changed places in a word, and nothing else.
func swapped(word, name string) bool {
	if len(word) != len(name) || word == name {
		return false
	}
	i := 0
	for word[i] == name[i] {
		i++
	}
	return i+1 < len(word) && word[i] == name[i+1] && word[i+1] == name[i] && word[i+2:] == name[i+2:]
}

// flagNames are the names of flags, and commandNames those of commands.
func flagNames(flags []cli.Flag) (names []string) {
	for _, f := range flags {
		names = append(names, f.Names()[0])
	}
	return names
}

func commandNames(commands []*cli.Command) (names []string) {
	for _, c := range commands {
		names = append(names, c.Name)
	}
	return names
}
