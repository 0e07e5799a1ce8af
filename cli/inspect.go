package cli

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"demote/run"
)

func inspectCommand() *cli.Command {
	return &cli.Command{
		Name:  "inspect",
		Usage: "list the activations that can be quantized, and why the others cannot",
		Flags: join(modelFlags(), calibFlags(), quantizedFlags(), sampleFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "all", Category: catPrint, Usage: "also list the tensors without a holder, and why"}, jsonFlag()}),
		Action: func(c *cli.Context) error {
			cfg, err := config(c)
			if err != nil {
				return err
			}
			if cfg.Calib != "" {
				if cfg.Log, err = openRuntime(c); err != nil {
					return err
				}
			}
			found, err := run.Inspect(c.Context, cfg)
			if err != nil {
				return err
			}
			if c.Bool("json") {
				return writeJSON(c, found)
			}
			return printInspection(c, found)
		},
	}
}

func printInspection(c *cli.Context, found *run.Inspection) error {
	w := tabwriter.NewWriter(c.App.Writer, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "#\tholder\tmade by\tread by\tint8\tint16")
	for _, h := range found.Holders {
		low, high := "", ""
		if h.Low != nil {
			low, high = gridText(h.Low), gridText(h.High)
		}
		producer := h.Op
		if producer == "" {
			producer = "(input)"
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", h.Index, name(h.Name), name(producer), names(h.Consumers), low, high)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(c.App.Writer, "%d holders, %d tensors without one\n", len(found.Holders), len(found.Omitted))
	fmt.Fprintln(c.App.Writer, found.FloatWork.Text())
	for _, note := range found.Notes {
		fmt.Fprintln(c.App.Writer, message(note))
	}
	if !c.Bool("all") {
		return nil
	}
	fmt.Fprintln(w, "\ntensor\tmade by\twhy it has no holder")
	for _, o := range found.Omitted {
		fmt.Fprintf(w, "%s\t%s\t%s\n", name(o.Tensor), name(o.Op), message(o.Reason))
	}
	return w.Flush()
}

func gridText(g *run.GridResult) string {
	return fmt.Sprintf("[%.4g, %.4g] step %.3g", g.Min, g.Max, g.Scale)
}

func writeJSON(c *cli.Context, v any) error {
	e := json.NewEncoder(exact(c.App.Writer))
	e.SetIndent("", "  ")
	return e.Encode(v)
}
