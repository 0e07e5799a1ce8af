package cli

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"example.org/demote/run"
)

func quantizeCommand() *cli.Command {
	return &cli.Command{
		Name:  "quantize",
		Usage: "calibrate a float network and write its int8 and its int16 version as QDQ files",
		Flags: join(modelFlags(), calibFlags(), sampleFlags(), []cli.Flag{
			&cli.StringFlag{Name: "out", Category: catTarget, Usage: "`FOLDER` for NAME_int8.onnx and NAME_int16.onnx"},
			&cli.BoolFlag{Name: "force", Category: catTarget, Usage: "overwrite them"}, biasFlag(), fixFlag(catTarget)}),
		Action: func(c *cli.Context) error {
			cfg, err := config(c)
			if err != nil {
				return err
			}
			cfg.Out, cfg.Force = c.String("out"), c.Bool("force")
			if cfg.Log, err = openRuntime(c); err != nil {
				return err
			}
			low, high, err := run.Quantize(c.Context, cfg)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.App.Writer, "%s\n%s\n", low, high)
			return nil
		},
	}
}
