package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"example.org/demote/cli/tty"
	"example.org/demote/internal/live"
	"example.org/demote/result"
)

// lookEvery is how often `demote watch` looks at the folder.
const lookEvery = 500 * time.Millisecond

// silent is how long a run may write nothing until it is said.
const silent = time.Minute

func watchCommand() *cli.Command {
	return &cli.Command{
		Name:      "watch",
		Usage:     "show how a search stands that runs elsewhere, here or in a browser",
		ArgsUsage: "DIR",
		Description: "For example:\n" +
			"  demote watch DIR\n" +
			"  demote watch DIR --serve\n\n" +
			"DIR is the run folder of a search that runs, has ended or has yet to begin. It is read, and nothing in it is changed. " +
			"--serve prints an address of this machine, at which a browser shows the report and renews it; the address has a secret, and the port is closed to other machines.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "serve", Category: catPrint, Usage: "show the report in a browser, renewed while the search runs"},
			&cli.BoolFlag{Name: "json", Category: catPrint, Usage: "a line of JSON for each change"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return usage("give one run folder: demote watch DIR")
			}
			dir := c.Args().First()
			if _, _, err := live.Read(dir); err != nil {
				return err
			}
			if !c.Bool("serve") {
				return newOutside(c).watch(c.Context, dir)
			}
			s, err := live.Listen(dir)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.App.Writer, "%s\n", s.URL())
			fmt.Fprintln(c.App.ErrWriter, "open this address in a browser of this machine; Ctrl-C ends it")
			return s.Serve(c.Context)
		},
	}
}

// An outside watcher shows a search that runs in another process.
type outside struct {
	c      *cli.Context
	json   bool
	bars   *mpb.Progress // on a terminal
	bar    *mpb.Bar
	line   string    // what was shown last
	at     time.Time // when
	waits  bool      // it was said that there is nothing yet
	silent bool      // it was said that the run writes nothing
}

func newOutside(c *cli.Context) *outside {
	o := &outside{c: c, json: c.Bool("json")}
	if f, ok := terminal(c.App.ErrWriter); ok && !o.json {
		o.bars = mpb.New(mpb.WithOutput(f), mpb.WithAutoRefresh())
	}
	return o
}

// watch looks until the run has ended, or the context has.
func (o *outside) watch(ctx context.Context, dir string) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		s, ok, err := live.Read(dir)
		if err != nil {
			return err
		}
		switch {
		case ok && s.Finished:
			o.close()
			return o.ended(s)
		case ok:
			o.show(s)
		case !o.waits:
			o.waits = true
			o.say(fmt.Sprintf("waiting for the evaluations of a search in %s to begin", dir))
		}
		select {
		case <-ctx.Done():
			o.close()
			return nil
		case <-tick.C:
		}
	}
}

// show shows how the search stands, if that has changed.
func (o *outside) show(s live.State) {
	if s.Silent() > silent && !o.silent {
		o.silent = true
		o.say(fmt.Sprintf("%s: the run has written nothing for %s: it may have ended; the same command resumes it", s.Dir, s.Silent().Round(time.Second)))
	} else if s.Silent() < silent {
		o.silent = false
	}
	if o.json {
		if line := s.At.String(); line != o.line {
			o.line = line
			writeLine(o.c.App.Writer, jsonState(s))
		}
		return
	}
	eta := &tty.ETA{Text: fmt.Sprintf("best %d", s.BestLow), At: s.At}
	if best := s.Best(); best != nil && best.Value != nil {
		eta.Text += fmt.Sprintf(" (%.6g)", *best.Value)
	}
	eta.Text += s.Rate()
	if s.Proof != nil {
		eta.Text = "proof: " + proofText(*s.Proof)
	}
	if s.Left != nil {
		eta.Left, eta.Least, eta.Most = true, time.Duration(s.Left[0]*float64(time.Second)), time.Duration(s.Left[1]*float64(time.Second))
	}
	text := fmt.Sprintf("%d of %d %s, %s", s.Low, s.Units, s.Run.AreLow(), eta)
	if tried := s.Tried(); tried != "" {
		text += "; tried: " + tried
	}
	o.put(text)
}

// put shows a line: in the place of the one before on a terminal, elsewhere below it, if it is another, now and then.
func (o *outside) put(text string) {
	text = tty.Message(text)
	if o.bars == nil {
		if text != o.line && time.Since(o.at) >= lineEvery {
			o.line, o.at = text, time.Now()
			fmt.Fprintln(o.c.App.ErrWriter, text)
		}
		return
	}
	o.close()
	o.bar = o.bars.New(0, mpb.NopStyle(), mpb.BarRemoveOnComplete(), mpb.PrependDecorators(decor.Any(func(d decor.Statistics) string {
		return strings.TrimRight(shortened(text, d.AvailableWidth), " ")
	})))
}

// say says something once.
func (o *outside) say(text string) {
	text = tty.Message(text)
	if o.bars != nil {
		_, _ = o.bars.Write([]byte(text + "\n"))
		return
	}
	fmt.Fprintln(o.c.App.ErrWriter, text)
}

// close takes the line away.
func (o *outside) close() {
	if o.bar != nil {
		o.bar.Abort(true)
		o.bar.Wait()
		o.bar = nil
	}
}

// ended says what has come out of a run that has ended.
func (o *outside) ended(s live.State) error {
	if o.json {
		writeLine(o.c.App.Writer, jsonState(s))
		return nil
	}
	fmt.Fprintln(o.c.App.Writer, tty.Message(outcome(s.Dir, &s.Run.Result, s.Run.LowName())))
	return nil
}

// outcome is a line of what has come out of a run that has ended, whose low width is called so.
func outcome[C any](dir string, r *result.Result[C], name string) string {
	text := "the search in " + dir + " has ended"
	if r.Score.Mixed != nil {
		low, all := r.ActivationsLow()
		text += fmt.Sprintf(": %d of %d activations run in %s", low, all, name)
		if lowName, _, ok := r.WeightWidths(); ok {
			low, all = r.WeightsLow()
			text += fmt.Sprintf(", the weights of %d of %d layers in %s", low, all, lowName)
		}
		if v := r.Score.Mixed.Value; v != nil {
			text += fmt.Sprintf(", the mix scores %.6g", *v)
		}
	}
	return text
}

// jsonState is how a run stands, in the words of `demote search --json`.
func jsonState(s live.State) map[string]any {
	return map[string]any{"event": s.Event, "run": s.Dir, "evaluations": s.Evaluations, "trials": s.Trials, "int8": s.Low, "holders": s.Units, "best_int8": s.BestLow,
		"seconds": s.Seconds, "left": s.Left, "tried_int8": append([]string{}, s.Int8...), "tried_int16": append([]string{}, s.Int16...), "finished": s.Finished}
}

// shortened is a text that fits, if need be with an ellipsis at its end.
func shortened(text string, columns int) string {
	if letters := []rune(text); columns > 1 && len(letters) > columns {
		return string(letters[:columns-1]) + "…"
	}
	return text
}
