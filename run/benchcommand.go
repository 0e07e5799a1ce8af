package run

import (
	"context"
	"errors"

	"example.org/demote/config"
	"example.org/demote/internal/bench"
)

// RunBench is the command bench. With a target it also times whole searches, alone and as the command that a user
// types. The strategy where none is named is demotion.
func RunBench(ctx context.Context, c config.Config, o bench.Options) (*bench.Report, error) {
	if o.Typed == nil {
		o.Typed = func(ctx context.Context, dir string) error {
			own := c
			own.Out = dir
			if own.Strategy == "" {
				own.Strategy = bench.DefaultStrategy
			}
			if _, err := Search(ctx, own); err != nil && !errors.Is(err, ErrUnreachable) {
				return err
			}
			return nil
		}
	}
	return bench.Run(ctx, c, o)
}
