package cli

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"example.org/demote/run"
)

func reportCommand() *cli.Command {
	return &cli.Command{
		Name:      "report",
		Usage:     "make a page to look at from a run folder, or from several side by side",
		ArgsUsage: "DIR...",
		Description: "For example:\n" +
			"  demote report DIR\n" +
			"  demote report DIR DIR2 --out compared.html\n\n" +
			"The page is one HTML file that needs no network and no other file. A folder that is unfinished or damaged " +
			"shows what can be read; the rest is named on the page and on standard error.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", Category: catTarget, Usage: "`FILE`: where the page goes (default: report.html in DIR)"},
			&cli.BoolFlag{Name: "force", Category: catTarget, Usage: "overwrite what is at --out"},
		},
		Action: func(c *cli.Context) error {
			path, notes, err := run.Report(c.Args().Slice(), c.String("out"), c.Bool("force"))
			if err != nil {
				return err
			}
			for _, n := range notes {
				fmt.Fprintln(c.App.ErrWriter, "demote: "+message(n))
			}
			fmt.Fprintln(c.App.Writer, path)
			return nil
		},
	}
}
