package cli

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"example.org/demote/run"
)

func quantizeCommand() *cli.Command {
	return &cli.Command{
		Name:  "quantize",
		Usage: "calibrate a float network, and write its all-int8 and its all-int16 version as QDQ files",
		Flags: join(modelFlags(), calibFlags(), sampleFlags(), []cli.Flag{
			&cli.StringFlag{Name: "out", Category: catPrint, Usage: "`FOLDER`: folder for NAME_int8.onnx and NAME_int16.onnx"},
			&cli.BoolFlag{Name: "force", Category: catPrint, Usage: "overwrite these files"}, biasFlag(), fixFlag(catPrint), jsonFlag()}),
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
			if c.Bool("json") {
				return writeJSON(c, struct {
					Low  string `json:"low"`
					High string `json:"high"`
				}{low, high})
			}
			fmt.Fprintf(c.App.Writer, "%s\n%s\n", low, high)
			return nil
		},
	}
}
