package cli

import (
	"github.com/urfave/cli/v2"

	"example.org/demote/run"
)

// wishFlags say what else an answer must keep to: what stays where, what moves together, and what it is to save.
func wishFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "int16-share", Category: catTarget, Usage: "`SHARE`: instead of --target: the most accurate result with at most this share of the activations at int16, such as 20%"},
		&cli.StringSliceFlag{Name: "pin", Category: catTarget, Usage: "`WHAT=WIDTH`: fix the bit-width of activations: NAME, GLOB or op:TYPE, such as op:Softmax=int16; repeatable"},
		&cli.StringSliceFlag{Name: "group", Category: catTarget, Usage: "`NAME,GLOB,...`: activations that must have the same bit-width; repeatable"},
		&cli.StringFlag{Name: "profile", Category: catTarget, Usage: "`FILE`: hardware constraints as YAML, see docs/constraints.md"},
		&cli.StringFlag{Name: "cost", Category: catTarget, Value: "count", Usage: "`COST`: cost that int8 saves: count (of activations), bops (bit operations), bytes, or FILE.csv with lines of name,cost"},
		&cli.BoolFlag{Name: "curve", Category: catSearch, Usage: "continue below the target, down to all int8, and record every score"},
	}
}

// constraintFlags reads the wishFlags and the budgets.
func constraintFlags(c *cli.Context, cfg *run.Config) error {
	cfg.Int16Share, cfg.Profile, cfg.Cost = c.String("int16-share"), c.String("profile"), c.String("cost")
	cfg.Pins, cfg.Groups, cfg.Curve = c.StringSlice("pin"), c.StringSlice("group"), c.Bool("curve")
	cfg.Trials, cfg.Time = c.Int("trials"), c.Duration("time")
	switch {
	case c.IsSet("trials") && cfg.Trials == 0:
		return usage("--trials 0: a budget of no evaluation finds nothing; give at least 1, or leave it out for none")
	case c.IsSet("time") && cfg.Time == 0:
		return usage("--time 0s: a budget of no time finds nothing; give a time such as 10m, or leave it out for none")
	case c.IsSet("cost") && cfg.Cost == "":
		return usage("--cost needs a value; see `demote search --help`")
	}
	return nil
}
