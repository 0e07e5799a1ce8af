package cli

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"example.org/demote/cli/tty"
	"example.org/demote/run"
)

func reportCommand() *cli.Command {
	return &cli.Command{
		Name:      "report",
		Usage:     "write an HTML report of one run folder, or of several side by side",
		ArgsUsage: "DIR...",
		Description: "For example:\n" +
			"  demote report DIR\n" +
			"  demote report DIR DIR2 --out compared.html\n\n" +
			"The page is one HTML file that needs no network and no other file. A folder that is unfinished or damaged " +
			"shows what can be read; the rest is named on the page and on standard error.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Category: catPrint, Usage: "`FILE`: file to write (default: report.html in DIR)"},
			&cli.BoolFlag{Name: "force", Category: catPrint, Usage: "overwrite what is at --out"},
		},
		Action: func(c *cli.Context) error {
			path, notes, err := run.Report(c.Args().Slice(), c.String("out"), c.Bool("force"))
			if err != nil {
				return err
			}
			for _, n := range notes {
				fmt.Fprintln(c.App.ErrWriter, "demote: "+tty.Message(n))
			}
			fmt.Fprintln(c.App.Writer, path)
			return nil
		},
	}
}
