package cli

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// flagsFirst moves what is no flag behind the flags of a command, so that `demote eval FILE --data E`
// and `demote eval --data E FILE` mean the same. What stands behind -- stays as it is. Where help is asked for, what is
// no flag is left out: the library would take it for the name of a command.
func flagsFirst(app *cli.App, args []string) []string {
	at, c := commandOf(app, args)
	if c == nil {
		return args
	}
	list := slices.Clone(args[:at+1])
	var plain []string
	help := false
	for i := at + 1; i < len(args); i++ {
		switch {
		case args[i] == "--":
			return slices.Concat(list, args[i:i+1], plain, args[i+1:])
		case !isFlag(args[i]):
			plain = append(plain, args[i])
			continue
		}
		list = append(list, args[i])
		help = help || slices.Contains(cli.HelpFlag.Names(), strings.TrimLeft(args[i], "-"))
		if takesNext(c.Flags, args[i]) && i+1 < len(args) {
			i++
			list = append(list, args[i])
		}
	}
	if help {
		return list
	}
	return append(list, plain...)
}

// commandOf finds the command of a command line, or the one below it that is named, and where its name stands; nil
// without one.
func commandOf(app *cli.App, args []string) (at int, c *cli.Command) {
	for i := 1; i < len(args); i++ {
		switch {
		case !isFlag(args[i]) && c == nil:
			if at, c = i, app.Command(args[i]); c == nil || len(c.Subcommands) == 0 {
				return at, c
			}
		case !isFlag(args[i]):
			if below := c.Command(args[i]); below != nil {
				return i, below
			}
			return at, c
		case takesNext(app.Flags, args[i]):
			i++
		}
	}
	return at, c
}

func isFlag(word string) bool { return len(word) > 1 && word[0] == '-' }

// takesNext tells whether a flag's value is the next word.
func takesNext(flags []cli.Flag, word string) bool {
	name := strings.TrimLeft(word, "-")
	f := findFlag(flags, name)
	if f == nil {
		return false
	}
	_, isBool := f.(*cli.BoolFlag)
	return !isBool
}

func findFlag(flags []cli.Flag, name string) cli.Flag {
	i := slices.IndexFunc(flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
	if i < 0 {
		return nil
	}
	return flags[i]
}

// What package flag says of a command line that it cannot parse.
var (
	unknownFlag = regexp.MustCompile(`^flag provided but not defined: -+(.*)$`)
	noValue     = regexp.MustCompile(`^flag needs an argument: -+(.*)$`)
	badValue    = regexp.MustCompile(`^invalid (?:boolean )?value "(.*)" for (?:flag )?-+([^ :]+): (.*)$`)
)

// usageError words a mistake in the flags.
func usageError(c *cli.Context, err error, _ bool) error {
	help := "demote --help"
	if c.Command != nil && c.Command.HelpName != "" && c.Command.Name != c.App.Name {
		help = c.Command.HelpName + " --help"
	}
	text := err.Error()
	if m := unknownFlag.FindStringSubmatch(text); m != nil {
		flags := c.App.Flags
		if c.Command != nil && c.Command.Name != c.App.Name {
			flags = c.Command.Flags
		}
		return usage("unknown flag --%s; %s`%s` lists the flags", m[1], meant(m[1], "--", flagNames(flags)), help)
	}
	if m := noValue.FindStringSubmatch(text); m != nil {
		return usage("--%s needs a value; see `%s`", m[1], help)
	}
	if m := badValue.FindStringSubmatch(text); m != nil {
		return usage("--%s %s: %s", m[2], m[1], wanted(c, m[2]))
	}
	return usage("%w; see `%s`", err, help)
}

// wanted says what kind of value a flag takes.
func wanted(c *cli.Context, name string) string {
	var f cli.Flag
	if c.Command != nil {
		f = findFlag(c.Command.Flags, name)
	}
	switch f.(type) {
	case *cli.IntFlag, *cli.Int64Flag, *cli.Uint64Flag:
		return "give a whole number"
	case *cli.Float64Flag:
		return "give a number"
	case *cli.DurationFlag:
		return "give a time such as 90s, 10m or 1h30m"
	case *cli.BoolFlag:
		return fmt.Sprintf("write --%s alone", name)
	}
	return "this is no value that it takes"
}
