package cli

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"example.org/demote/cli/tty"
	"example.org/demote/onnx"
	"example.org/demote/result"
	"example.org/demote/run"
)

func exportCommand() *cli.Command {
	text := "DIR is the run folder of a search. The search's input files must still be in place. Formats:\n"
	for _, f := range onnx.Formats() {
		text += fmt.Sprintf("  %-16s %-21s %s\n", f.Name, f.File, f.Does)
	}
	return &cli.Command{
		Name:        "export",
		Usage:       "write the result of a search in another format",
		ArgsUsage:   "DIR",
		Description: text + "A file that ONNX Runtime can run is run and compared with the search, unless the search has checked the same file.",
		Flags: join([]cli.Flag{
			&cli.StringFlag{Name: "format", Category: catPrint, Usage: "`FORMAT`: " + either(run.FormatNames())},
			&cli.StringFlag{Name: "out", Category: catPrint, Usage: "`FILE`: file to write (default: the format's own name, in DIR)"},
			&cli.BoolFlag{Name: "force", Category: catPrint, Usage: "overwrite what is at --out"}, fixFlag(catPrint)}, commandAgainFlags(), deviceFlags(), []cli.Flag{jsonFlag()}),
		Action: func(c *cli.Context) error {
			cfg, err := config(c)
			if err != nil {
				return err
			}
			if c.NArg() != 1 {
				return usage("give one run folder: demote export DIR --format FORMAT")
			}
			cfg.Force = c.Bool("force")
			if cfg.Log, err = openRuntime(c); err != nil {
				return err
			}
			e, err := run.Export(c.Context, c.Args().First(), c.String("format"), c.String("out"), cfg)
			switch {
			case e == nil:
			case c.Bool("json"):
				if werr := writeJSON(c, e); werr != nil {
					return werr
				}
			default:
				exported(c, e)
			}
			return err
		},
	}
}

// exported prints what an export wrote.
func exported(c *cli.Context, e *result.Export) {
	fmt.Fprintln(c.App.Writer, strings.Join(e.Files, "\n"))
	for _, w := range e.Warnings {
		fmt.Fprintln(c.App.ErrWriter, "demote: warning: "+tty.Message(w.String()))
	}
	if e.Verified != nil {
		fmt.Fprintln(c.App.Writer, verdict(e.Verified))
	}
}

// formatList reads a list such as mctq,overrides.
func formatList(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}
