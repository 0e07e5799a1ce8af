package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"example.org/demote/config"
	"example.org/demote/internal/constraint"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/promotion"
	"example.org/demote/internal/record"
	"example.org/demote/mistake"
	"example.org/demote/quant"
	"example.org/demote/result"
	"example.org/demote/search"
)

// LadderFolder is the run folder of a ladder's first step.
func LadderFolder(out string) string { return filepath.Join(out, journal.StepFolder) }

// searchLadder is Search between three widths: a search from the highest to the one in the middle, which may use a part
// of the loss, and one from there to the lowest among the activations that have gone. Each is an ordinary search, with
// a run folder, a journal and a check of its own; what the first one leaves at the highest width is pinned in the
// second. The second one's folder is that of the ladder, and has the first one's in it. So the same command goes on
// wherever it was interrupted.
func searchLadder(ctx context.Context, c config.Config) (*config.Result, error) {
	first, err := c.Step1()
	if err != nil {
		return nil, err
	}
	first.Ahead, first.Export = c.Export, nil
	if c.Out != "" {
		first.Out = LadderFolder(c.Out)
	}
	if c.DryRun || c.Out == "" {
		return aloneIfTouching(ctx, first, searchOnce)
	}
	if err := refuseOwn(c); err != nil {
		return nil, err
	}
	if err := checkFolder(c); err != nil {
		return nil, err
	}
	before, err := told(c, "step 1", func() (*config.Result, error) { return firstStep(ctx, c, first) })
	if code := ExitCode(err); err != nil && code != ExitUnreachable {
		return before, err
	}
	second, err := c.Step2(stepOf(before))
	if err != nil {
		return nil, err
	}
	return told(c, "step 2", func() (*config.Result, error) { return aloneIfTouching(ctx, second, searchOnce) })
}

// told is a search of several, whose begin and end are told to who watches.
func told(c config.Config, name string, search func() (*config.Result, error)) (*config.Result, error) {
	if c.Next != nil {
		c.Next(name)
	}
	r, err := search()
	if c.Ended != nil && r != nil {
		c.Ended(name, r)
	}
	return r, err
}

// checkFolder refuses a folder in which something else lies than this ladder's two runs, before the first one begins.
func checkFolder(c config.Config) error {
	if err := journal.CheckLadder(c.Out); err != nil {
		return err
	}
	kind, err := journal.JournalKind(filepath.Join(c.Out, journal.JournalFile))
	if err != nil || c.Force || kind != journal.OurJournal {
		return err
	}
	if _, err := os.Stat(LadderFolder(c.Out)); err != nil {
		return mistake.Errorf("%s: the folder holds a run that is no ladder's; %s", c.Out, journal.JournalCure)
	}
	return nil
}

// firstStep runs the first step of a ladder, or reads what it has ended with before. With --force it is repeated only
// where it cannot go on, or where the whole ladder is at its end.
func firstStep(ctx context.Context, c, first config.Config) (*config.Result, error) {
	first.Force = false
	r, err := aloneIfTouching(ctx, first, searchOnce)
	again := c.Force && ExitCode(err) == ExitMistake
	if errors.Is(err, journal.ErrFinished) {
		whole, _ := ReadResult(c.Out)
		again = c.Force && whole != nil && whole.Finished
		if !again {
			if r, err = ReadResult(first.Out); err == nil && !r.Met {
				err = ErrUnreachable
			}
		}
	}
	if again {
		first.Force = true
		r, err = aloneIfTouching(ctx, first, searchOnce)
	}
	return r, err
}

// stepOf is what the second step of a ladder, and its result, know of the first.
func stepOf(r *config.Result) *result.LadderStep {
	s := &result.LadderStep{Folder: journal.StepFolder, Low: r.Widths.LowName(), High: r.Widths.HighName(), Target: r.Target.Value, Met: r.Met,
		Score: r.Score, Promotion: r.Promotion, Proof: r.Proof, Saved: r.SavedByCost(), Evaluations: r.Evaluations, SampleEvals: r.SampleEvals, Seconds: r.Seconds}
	if s.Repairs = result.Taken(r.Repairs); r.Given != nil {
		s.Score.High, s.Score.Low = r.Given.High, r.Given.Low
	}
	for _, h := range r.Holders {
		if h.Range != "" {
			if s.Ranges == nil {
				s.Ranges = map[string]string{}
			}
			s.Ranges[h.Name] = h.Range
		}
	}
	return s
}

// pinWords are the words of pins for a search: those of its two widths, and on a ladder of all three. What is held at
// the lowest width goes there in both steps; what is held in the middle stays there in the second.
func pinWords(c config.Config) constraint.Words {
	words := constraint.WordsOf(c.Words.Widths())
	words.Weights = c.SearchWeights
	names := c.LadderResult()
	switch {
	case names == nil:
	case c.First():
		words = constraint.Words{Low: []string{names.Widths[1], names.Widths[0], "low"}, High: []string{names.Widths[2], "high"}}
	default:
		words = constraint.Words{Low: []string{names.Widths[0], "low"}, High: []string{names.Widths[1]}, Past: []string{names.Widths[2], "high"}}
	}
	return words
}

// foreseeSecond refuses in a ladder's first step what its second one would: pins that contradict each other there, and
// grids that the network or a format cannot have.
func (s *searchRun) foreseeSecond() error {
	if !s.Config.First() {
		return nil
	}
	second, err := s.Config.Step2(&result.LadderStep{})
	if err != nil {
		return err
	}
	rules, err := constraint.Parse(second.Pins, second.Groups, second.Profile, pinWords(second))
	if err != nil {
		return err
	}
	if _, err := rules.Arrange(s.Network, s.Order); err != nil {
		return err
	}
	if len(s.Records) == 0 {
		return nil
	}
	records, exports := s.Records, s.Config.Export
	defer func() { s.Records, s.Config.Export = records, exports }()
	kind, err := quant.ParseKind(second.GridLow)
	if err != nil {
		return err
	}
	lowest, err := quant.GridOf(records[0].Low.Formula, kind, second.Rung.Low.Bits(), quant.Range{Min: -1, Max: 1})
	if err != nil {
		return err
	}
	s.Config.Export = s.Config.Ahead
	for _, top := range []bool{false, true} { // the file has both: the middle width, and what stays at the highest
		s.Records = nil
		for _, r := range records {
			high := r.Low
			if top {
				high = r.High
			}
			s.Records = append(s.Records, quant.Record{Low: lowest, High: high})
		}
		if err := s.refuseNarrow(); err != nil {
			return err
		}
		if err := s.checkExports(); err != nil {
			return err
		}
	}
	return nil
}

// sayStep says which step of a ladder begins, and what it has to do.
func (s *searchRun) sayStep() {
	l := s.Config.LadderResult()
	if l == nil {
		return
	}
	rung := s.Config.Rung // in digits, which no wording changes
	if s.Config.First() {
		s.Config.Say(fmt.Sprintf("ladder %s, step 1 of 2: from %s to %s, with %s of the loss that the target allows", s.Config.Ladder, rung.High.Text(), rung.Low.Text(), l.Split))
		return
	}
	s.Config.Say(fmt.Sprintf("ladder %s, step 2 of 2: from %s to %s, with all of the loss; of %d activations %d stay at %s", s.Config.Ladder, rung.High.Text(), rung.Low.Text(), len(s.Records), len(s.Config.Held()), rung.Top.Text()))
}

// promotionList is promotion.txt. On a ladder the names are in parts, by the width at which they stay, and where
// weights are searched those of activations come first.
func (s *runFolder) promotionList() []byte {
	r := s.Result
	if _, high, ok := r.WeightWidths(); ok {
		list := []promotion.Part{{Heading: r.Widths.HighName()}, {Heading: "weights " + high}}
		for _, name := range r.Promotion {
			at := 0
			if r.IsWeights(name) {
				at = 1
			}
			list[at].Names = append(list[at].Names, name)
		}
		return promotion.Parted(heading(r.Budget, r.Cost), list)
	}
	if !s.Config.Second() {
		return promotion.Headed(heading(r.Budget, r.Cost), r.Promotion)
	}
	var parts []promotion.Part
	widths, names := r.Stayed()
	for _, w := range widths {
		parts = append(parts, promotion.Part{Heading: w, Names: names[w]})
	}
	return promotion.Parted("", parts)
}

// widthName is how the parts of a promotion list call a width, of this ladder or another.
var widthName = regexp.MustCompile(`^(int[0-9]+|bf16)$`)

// stayOn are the holders that a promotion list has above the low width of a ladder's step, in parts as promotionList
// writes them. What stands above all parts, as in the list of a plain search, is at the highest width. parts is false
// where there is nothing else.
func (s *searchRun) stayOn(text []byte, index map[string]int) (stay []int, parts bool, err error) {
	names := s.Config.LadderResult().Widths // the lowest first
	list, err := promotion.ReadParts(text, index, func(heading string) (bool, error) {
		switch {
		case slices.Contains(names, heading):
			parts = true
			return true, nil
		case widthName.MatchString(heading):
			return false, mistake.Errorf("%q is no width of --ladder %s; its parts are %s", heading, s.Config.Ladder, strings.Join(names, ", "))
		}
		return false, nil
	})
	for _, p := range list {
		if p.Heading == names[0] || s.Config.First() && p.Heading == names[1] {
			continue
		}
		stay = append(stay, p.Index)
	}
	return stay, parts, err
}

// joins sees that a ladder's second step begins with the very network that the first one has ended with.
func (s *searchRun) joins(high search.Score) error {
	if !s.Config.Second() {
		return nil
	}
	if then := s.Config.Rung.Before.Score.Mixed; then == nil || record.Search(then, s.Metric.Lower) != high {
		return fmt.Errorf("the second step of the ladder begins with a score of %s, which is not what the first has ended with", s.Text(high))
	}
	return nil
}
