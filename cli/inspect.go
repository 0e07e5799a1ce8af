package cli

import (
	"encoding/json"
	"fmt"

	"github.com/urfave/cli/v2"

	"example.org/demote/cli/tty"
	"example.org/demote/result"
	"example.org/demote/run"
)

func inspectCommand() *cli.Command {
	return &cli.Command{
		Name:  "inspect",
		Usage: "list the activation quantizers (holders) of a network, and why other tensors have none",
		Flags: join(modelFlags(), calibFlags(), quantizedFlags(), sampleFlags(), []cli.Flag{
			searchWeightsFlag("list the weights of layers too, as a search with this flag has them: each in 4 bits or as --weight-bits says (default: 8)"),
			&cli.BoolFlag{Name: "all", Category: catPrint, Usage: "also list the tensors without an activation quantizer (holder), and why"}, jsonFlag()}),
		Action: func(c *cli.Context) error {
			cfg, err := config(c)
			if err != nil {
				return err
			}
			cfg.SearchWeights = c.Bool("search-weights")
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
	w := c.App.Writer
	activations := len(found.Holders)
	for activations > 0 && found.Holders[activations-1].Weights != nil { // they stand behind all others
		activations--
	}
	cut := holderTable(w, found.Holders[:activations], found.Widths)
	if weights := found.Holders[activations:]; len(weights) > 0 {
		fmt.Fprintln(w)
		cut = weightTable(w, weights) || cut
		fmt.Fprintf(w, "%s with holders; ", result.Count(len(weights), "weight"))
	}
	fmt.Fprintf(w, "%d activation quantizers (holders), %d tensors without one\n", activations, len(found.Omitted))
	if text := result.WeightText(found.Layers); c.IsSet("weight-bits") && text != "" {
		fmt.Fprintln(w, text)
	}
	fmt.Fprintln(w, found.FloatWork.Text())
	for _, note := range found.Notes {
		fmt.Fprintln(w, tty.Message(note))
	}
	if c.Bool("all") {
		fmt.Fprintln(w)
		cut = omittedTable(w, found.Omitted) || cut
	}
	if cut {
		fmt.Fprintln(w, "names are cut to fit; --json has them whole")
	}
	return nil
}

func gridText(g *result.Grid) string {
	if g.Type != "" {
		return g.Type
	}
	return fmt.Sprintf("[%.4g, %.4g] step %.3g", g.Min, g.Max, g.Scale)
}

func writeJSON(c *cli.Context, v any) error {
	e := json.NewEncoder(tty.Exact(c.App.Writer))
	e.SetIndent("", "  ")
	return e.Encode(v)
}
