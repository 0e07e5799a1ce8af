package cli

import (
	"fmt"
	"runtime"
	"slices"

	"github.com/urfave/cli/v2"

	"example.org/demote/run"
)

// about is what a report of a mistake needs to say of the program.
type about struct {
	Demote  string `json:"demote"`
	Go      string `json:"go"`
	System  string `json:"system"`
	Built   string `json:"built_for"`
	Runtime string `json:"onnxruntime"` // empty: there is none
	Library string `json:"library"`
	How     string `json:"found"`
	Why     string `json:"why,omitempty"` // there is none
}

func versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the versions of the program and of what it runs on",
		Flags: []cli.Flag{jsonFlag()},
		Action: func(c *cli.Context) error {
			if _, err := config(c); err != nil {
				return err
			}
			a := about{Demote: c.App.Version, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, Built: run.BuiltFor()}
			var err error
			if a.Library, a.How, err = run.OpenRuntime(common(c, "ort")); err != nil {
				a.Why = err.Error()
			}
			a.Runtime = run.RuntimeVersion()
			if c.Bool("json") {
				return writeJSON(c, a)
			}
			fmt.Fprintf(c.App.Writer, "demote %s, built for %s on %s with %s\n", a.Demote, a.Built, a.System, a.Go)
			if a.Why != "" {
				fmt.Fprintln(c.App.Writer, a.Why)
				return nil
			}
			fmt.Fprintf(c.App.Writer, "ONNX Runtime %s, found %s: %s\n", a.Runtime, a.How, a.Library)
			return nil
		},
	}
}

// helpCommand is --help of another command, for those who ask in that order.
func helpCommand() *cli.Command {
	return &cli.Command{
		Name:      "help",
		Usage:     "print what a command does, and its flags",
		ArgsUsage: "[COMMAND]",
		Action: func(c *cli.Context) error {
			if !c.Args().Present() {
				cli.HelpPrinter(c.App.Writer, "", c.App)
				return nil
			}
			above, list := c.App.Name, c.App.Commands
			for _, word := range c.Args().Slice() {
				i := slices.IndexFunc(list, func(c *cli.Command) bool { return c.HasName(word) })
				switch {
				case len(list) == 0:
					return usage("give one command: demote help search")
				case i < 0:
					return noCommand(above, list, word)
				}
				above, list = above+" "+word, list[i].Subcommands
			}
			return c.App.RunContext(c.Context, append(append([]string{c.App.Name}, c.Args().Slice()...), "--help"))
		},
	}
}
