package cli

import (
	"fmt"
	"runtime"

	"github.com/urfave/cli/v2"

	"example.org/demote/run"
)

func devicesCommand() *cli.Command {
	return &cli.Command{
		Name:  "devices",
		Usage: "list the devices that searches can run on",
		Flags: []cli.Flag{jsonFlag()},
		Action: func(c *cli.Context) error {
			if _, err := config(c); err != nil {
				return err
			}
			if _, err := logger(c); err != nil {
				return err
			}
			found, err := run.Devices(common(c, "ort"))
			if err != nil {
				return err
			}
			if c.Bool("json") {
				return writeJSON(c, found)
			}
			fmt.Fprintf(c.App.Writer, "ONNX Runtime %s, found %s: %s\n", found.Runtime, found.How, found.Library)
			for _, d := range found.Devices {
				fmt.Fprintf(c.App.Writer, "%-8s %s\n", d.Name, d.Text)
				if d.Why != "" {
					fmt.Fprintf(c.App.Writer, "         cannot be used: %s\n", d.Why)
				}
			}
			fmt.Fprintf(c.App.Writer, "built for %s on %s/%s\n", run.BuiltFor(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}
