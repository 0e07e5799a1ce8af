package cli

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"example.org/demote/cli/tty"
	"example.org/demote/run"
)

func evalCommand() *cli.Command {
	return &cli.Command{
		Name:      "eval",
		Usage:     "score a float or quantized ONNX file on labelled samples",
		ArgsUsage: "FILE.onnx",
		Flags: join(dataFlags(), metricFlags(), []cli.Flag{
			&cli.StringFlag{Name: "reference", Category: catInput, Usage: "`FILE`: baseline network that agreement, sqnr, cosine and mse compare with"},
			&cli.StringFlag{Name: "encodings", Category: catInput, Usage: "`FILE`: AIMET encodings, by which the float file is quantized before it is scored"},
			&cli.StringFlag{Name: "session", Category: catDevice, Value: "exact", Usage: "`MODE`: exact computes quantized files as they are written; default, with ONNX Runtime's defaults"},
			formulaFlag(), nanFlag(), jsonFlag()}, deviceFlags()),
		Action: func(c *cli.Context) error {
			cfg, err := config(c)
			if err != nil {
				return err
			}
			if c.NArg() != 1 {
				return usage("give one file: demote eval FILE.onnx --data E.npz")
			}
			cfg.Encodings = c.String("encodings")
			if cfg.Log, err = openRuntime(c); err != nil {
				return err
			}
			found, err := run.Eval(c.Context, cfg, c.Args().First(), c.String("reference"), c.String("session"))
			if err != nil {
				return err
			}
			for _, w := range found.Warnings {
				fmt.Fprintln(c.App.ErrWriter, "demote: warning: "+tty.Message(w.String()))
			}
			if c.Bool("json") {
				return writeJSON(c, found)
			}
			fmt.Fprintf(c.App.Writer, "%s %s on %d samples, %s session\n", found.Metric, scoreText(found.Score), found.Samples, found.Session)
			return nil
		},
	}
}
