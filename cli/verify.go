package cli

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"example.org/demote/run"
)

func verifyCommand() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "compare the written file of a run with the search again",
		ArgsUsage: "DIR",
		Flags:     join(commandAgainFlags(), deviceFlags(), []cli.Flag{jsonFlag()}),
		Action: func(c *cli.Context) error {
			cfg, err := config(c)
			if err != nil {
				return err
			}
			if c.NArg() != 1 {
				return usage("give one run folder: demote verify DIR")
			}
			if cfg.Log, err = openRuntime(c); err != nil {
				return err
			}
			v, err := run.Verify(c.Context, c.Args().First(), cfg)
			if v == nil {
				return err
			}
			if c.Bool("json") {
				if werr := writeJSON(c, v); werr != nil {
					return werr
				}
			} else {
				fmt.Fprintln(c.App.Writer, verdict(v))
			}
			return err
		},
	}
}
