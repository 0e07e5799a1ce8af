package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Categories under which help groups the flags of a command, in the order of categories.
const (
	catInput   = "Input"
	catTarget  = "Target"
	catGrids   = "Quantization"
	catSearch  = "Search"
	catDevice  = "Device"
	catCluster = "Cluster"
	catPrint   = "Output"
)

var categories = []string{catInput, catTarget, catGrids, catSearch, catDevice, catCluster, catPrint}

// The library asks a variable of its own for how help looks.
func init() {
	cli.HelpPrinter = func(w io.Writer, _ string, data any) {
		width := helpWidth(w)
		switch d := data.(type) {
		case *cli.App:
			appHelp(w, d, width)
		case *cli.Command:
			commandHelp(w, d, width)
		}
	}
	cli.VersionPrinter = func(c *cli.Context) { fmt.Fprintf(c.App.Writer, "demote %s\n", c.App.Version) }
}

// Widths between which help is wrapped, in columns. They keep it readable.
const (
	minWidth = 30
	maxWidth = 110
)

// helpWidth is the width of help.
func helpWidth(w io.Writer) int { return min(max(widthOf(w), minWidth), maxWidth) }

func appHelp(w io.Writer, app *cli.App, width int) {
	paragraph(w, app.Name+": "+app.Usage, 0, width)
	fmt.Fprint(w, "\nusage: demote COMMAND [flags]\n\n")
	commandTable(w, app.Commands, width)
	fmt.Fprintln(w)
	paragraph(w, "`demote COMMAND --help` lists the flags of a command. Begin with `demote search --help`.", 0, width)
	fmt.Fprintln(w, "\nFlags of every command")
	var rows [][2]string
	for _, f := range app.Flags {
		rows = append(rows, flagRow(f))
	}
	table(w, rows, width)
}

func commandTable(w io.Writer, commands []*cli.Command, width int) {
	var rows [][2]string
	for _, c := range commands {
		rows = append(rows, [2]string{c.Name, c.Usage})
	}
	table(w, rows, width)
}

func commandHelp(w io.Writer, c *cli.Command, width int) {
	paragraph(w, c.HelpName+": "+c.Usage, 0, width)
	fmt.Fprintf(w, "\nusage: %s\n", strings.Join(slices.DeleteFunc([]string{c.HelpName, argsOf(c), "[flags]"}, func(s string) bool { return s == "" }), " "))
	if c.Description != "" {
		fmt.Fprintln(w)
		for _, p := range strings.Split(c.Description, "\n") {
			paragraph(w, p, 0, width)
		}
	}
	if len(c.Subcommands) > 0 {
		fmt.Fprintln(w, "\nCommands")
		commandTable(w, c.Subcommands, width)
	}
	for _, cat := range categories {
		var rows [][2]string
		for _, f := range c.Flags {
			of, _ := f.(cli.CategorizableFlag)
			if of.GetCategory() == cat || of.GetCategory() == "" && cat == catPrint {
				rows = append(rows, flagRow(f))
			}
		}
		if rows != nil {
			fmt.Fprintf(w, "\n%s\n", cat)
			table(w, rows, width)
		}
	}
}

// argsOf says which words follow the name of a command.
func argsOf(c *cli.Command) string {
	if len(c.Subcommands) > 0 {
		return "COMMAND"
	}
	return c.ArgsUsage
}

// flagRow is a flag with its placeholder, and what it does with its default. A usage begins with its
// placeholder between backquotes, or has none. An alias of several letters is an old name: it works, and help does not
// list it.
func flagRow(f cli.Flag) [2]string {
	of := f.(cli.DocGenerationFlag)
	name, text := "--"+f.Names()[0], of.GetUsage()
	for _, n := range f.Names()[1:] {
		if len(n) == 1 {
			name += ", -" + n
		}
	}
	if rest, ok := strings.CutPrefix(text, "`"); ok {
		placeholder, after, _ := strings.Cut(rest, "`")
		name, text = name+" "+placeholder, strings.TrimPrefix(after, ": ")
	}
	if def := of.GetValue(); of.TakesValue() && !slices.Contains([]string{"", "0", "0s"}, def) {
		text += " (default: " + def + ")"
	}
	return [2]string{name, text}
}

// table prints two columns, the second one wrapped, or below the first where there is little room.
func table(w io.Writer, rows [][2]string, width int) {
	const indent, gap, below = 2, 2, 8
	first := 0
	for _, r := range rows {
		first = max(first, len(r[0]))
	}
	at := indent + first + gap
	for _, r := range rows {
		if width-at < 32 {
			fmt.Fprintf(w, "%*s%s\n", indent, "", r[0])
			paragraph(w, r[1], below, width)
			continue
		}
		lines := wrap(r[1], width-at)
		fmt.Fprintf(w, "%*s%-*s%*s%s\n", indent, "", first, r[0], gap, "", lines[0])
		for _, l := range lines[1:] {
			fmt.Fprintf(w, "%*s%s\n", at, "", l)
		}
	}
}

// paragraph prints text wrapped and indented. Lines that begin with a space stay as they are.
func paragraph(w io.Writer, text string, indent, width int) {
	if strings.HasPrefix(text, " ") {
		fmt.Fprintln(w, text)
		return
	}
	for _, l := range wrap(text, width-indent) {
		fmt.Fprintf(w, "%*s%s\n", indent, "", l)
	}
}

// wrap breaks text at spaces into lines of at most width columns; a longer word stays whole. There
// is always a line.
func wrap(text string, width int) []string {
	lines := []string{""}
	for _, word := range strings.Fields(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case len(*last)+1+len(word) <= width:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}
