package cli

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

// manSection is that of programs that users run.
const manSection = 1

func manCommand() *cli.Command {
	return &cli.Command{
		Name:        "man",
		Usage:       "print the manual page",
		Description: "To read it: demote man | man -l -",
		Action: func(c *cli.Context) error {
			if _, err := config(c); err != nil {
				return err
			}
			page, err := c.App.ToManWithSection(manSection)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(c.App.Writer, page)
			return err
		},
	}
}
