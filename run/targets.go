package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"example.org/demote/config"
	"example.org/demote/internal/journal"
	"example.org/demote/internal/stage"
	"example.org/demote/internal/trial"
	"example.org/demote/mistake"
	"example.org/demote/search"
)

// targetSeparator stands between the targets of a list.
const targetSeparator = ","

// decimalComma is a number below one with a comma in place of the point, such as 0,91 or 16bit-0,005.
var decimalComma = regexp.MustCompile(`(^|[^0-9.])0,[0-9]+\s*$`)

// IsList tells whether a configuration asks for several targets: SearchTargets answers it, and Search refuses it.
func IsList(c config.Config) bool { return strings.Contains(c.Target, targetSeparator) }

// A targetList is a search for several targets under way. They share one evaluator, and so all that is known of a
// mask, whichever of them has asked for it. Each has a run folder of its own, below the list's, which is that of a
// search for this target alone.
type targetList struct {
	first *searchRun   // that prepares what they share; it has no folder and searches nothing
	runs  []*searchRun // by target, in the order that was typed
	given config.Config
}

// SearchTargets is Search for a list of targets, such as 16bit-0.003,16bit-0.01. The results are in the order of the
// list, as far as they are known; together with an error too. A target that cannot be met ends no other search: the
// error says so at the end. An interruption keeps what is ready, and the same configuration goes on.
func SearchTargets(ctx context.Context, c config.Config) ([]*config.Result, error) {
	if c.IsLadder() {
		return searchLadders(ctx, c)
	}
	return aloneIfTouching(ctx, c, searchTargets)
}

func searchTargets(ctx context.Context, c config.Config) (_ []*config.Result, err error) {
	names, err := targetsOf(c)
	if err == nil {
		err = refuseOwn(c)
	}
	if err != nil {
		return nil, err
	}
	l := &targetList{first: startSearch(c), given: c}
	defer func() { err = l.first.Config.Words.Error(err) }()
	l.first.Config.Target, l.first.defaults = names[0], map[string]search.Score{}
	defer l.close()
	if err := l.first.ready(ctx); err != nil {
		return nil, err
	}
	if c.DryRun {
		l.first.Config.Say(fmt.Sprintf("%d targets, %s: what follows is of the first; the others share what it has found", len(names), strings.Join(names, ", ")))
		return []*config.Result{l.first.Result}, l.first.dryRun(ctx)
	}
	if err := l.openFolders(names); err != nil {
		return nil, err
	}
	l.first.Unmet = func(given search.Endpoints, high search.Score) (string, error) {
		for _, s := range l.runs {
			if text, err := unmet(s.Config.Target, s.wanted, s.Scale(), given, high); text != "" || err != nil {
				return text, err
			}
		}
		return "", nil
	}
	if err := l.first.open(ctx); err != nil {
		return nil, err
	}
	if err := l.share(ctx); err != nil {
		return nil, err
	}
	return l.search(ctx)
}

// targetsOf are the targets of a list, as typed but for blanks.
func targetsOf(c config.Config) ([]string, error) {
	if c.Int16Share != "" {
		_, err := wantedOf(c)
		return nil, err
	}
	if decimalComma.MatchString(c.Target) { // one number as half of the world writes it
		if _, err := search.ParseTarget(c.Target); err != nil {
			return nil, err
		}
	}
	var names []string
	var targets []search.Target
	for text := range strings.SplitSeq(c.Target, targetSeparator) {
		name := strings.TrimSpace(text)
		if name == "" {
			return nil, mistake.Errorf("--target %q: a target is missing between two commas; give a list such as 16bit-0.003,16bit-0.01", c.Target)
		}
		one := c
		one.Target = name
		w, err := wantedOf(one)
		if err != nil {
			return nil, err
		}
		for i, t := range targets {
			if t.Same(w.target) {
				return nil, mistake.Errorf("--target %q: %s and %s are the same target; give each once", c.Target, names[i], name)
			}
		}
		names, targets = append(names, name), append(targets, w.target)
	}
	return names, nil
}

// openFolders opens the run folder of every target. Those that are finished are read: the list goes on with the
// others, and refuses to begin if there is none.
func (l *targetList) openFolders(names []string) error {
	if l.given.Out != "" {
		if err := journal.CheckList(l.given.Out, names); err != nil {
			return err
		}
	}
	open := 0
	for _, name := range names {
		s := newSearch(&trial.Runner{})
		*s.Runner = *l.first.Runner
		s.Config.Target, s.Config.Out = name, filepath.Join(l.given.Out, name)
		var err error
		if s.wanted, err = wantedOf(s.Config); err == nil {
			err = s.wanted.check(s.Config, s.Scale())
		}
		if err != nil {
			return err
		}
		s.rules, s.holdout, s.start, s.costs = l.first.rules, l.first.holdout, l.first.start, l.first.costs
		s.distances, s.defaults = l.first.distances, l.first.defaults
		if s.Result, err = copyResult(l.first.Result); err != nil {
			return err
		}
		l.runs = append(l.runs, s)
		switch err = s.openFolder(); {
		case errors.Is(err, journal.ErrFinished):
			s.finished = true
			if s.Result, err = ReadResult(s.Config.Out); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			open++
		}
		if s.journal != nil && l.first.Chosen.Methods == nil && l.first.Chosen.Repairs == nil {
			if err := s.recallRanges(); err != nil {
				return err
			}
			l.first.Chosen = s.Chosen
		}
	}
	if open == 0 {
		var results []*config.Result
		for _, s := range l.runs {
			results = append(results, s.Result)
		}
		if err := l.writeCurve(results); err != nil { // a kill may have come before it
			return err
		}
		return mistake.Errorf("%s: %w for every target of the list; %s", l.given.Out, journal.ErrFinished, journal.JournalCure)
	}
	return nil
}

// copyResult is a result of its own with what another one has.
func copyResult(r *config.Result) (*config.Result, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	var own config.Result
	err = json.Unmarshal(text, &own)
	return &own, err
}

// take makes a run the one that the evaluator works for. What the evaluator is, and what is known of the network, is
// that of the run before it.
func (l *targetList) take(s *searchRun, before *searchRun) {
	c, r := s.Config, s.Result
	*s.Runner = *before.Runner
	s.Config, s.Result = c, r
	s.low = before.low
	if before.doubts != nil {
		doubts := *before.doubts
		doubts.Runner = s.Runner
		s.doubts = &doubts
	}
}

// share has every run begin with what all of them know: the set-up in its result, and the scores of all journals. It
// refuses targets that cannot be meant before the first of them is searched.
func (l *targetList) share(ctx context.Context) error {
	ends, _, err := l.first.ends(ctx)
	if err != nil {
		return err
	}
	for _, s := range l.runs {
		if err := s.wanted.resolve(l.first.Scale(), l.first.Endpoints(ends)); err != nil {
			return err
		}
	}
	var written []string
	for _, s := range l.runs {
		if s.finished {
			l.take(s, l.first)
			if err := l.first.takeOver(s.Config.Out); err != nil {
				return err
			}
			continue
		}
		if s.Result, err = copyResult(l.first.Result); err != nil {
			return err
		}
		l.take(s, l.first)
		s.Result.Config, s.Result.Inputs = s.Config, s.Files
		s.Result.Target.Text = s.Config.Target
		if err := s.goOn(); err != nil {
			return err
		}
		if s.written == nil && written != nil {
			s.written = written
			if err := s.keepWritten(); err != nil {
				return err
			}
		}
		written = s.written
	}
	return nil
}

// search runs the searches that are not finished, one after another.
func (l *targetList) search(ctx context.Context) ([]*config.Result, error) {
	before := l.first
	var results []*config.Result
	var missed []error
	for i, s := range l.runs {
		if s.finished {
			results = append(results, s.Result)
			continue
		}
		if err := ctx.Err(); err != nil { // what is known needs no context
			return results, err
		}
		s.Config.Say(fmt.Sprintf("target %d of %d: %s", i+1, len(l.runs), s.Config.Target))
		l.take(s, before)
		if before != l.first { // the set-up is the first one's
			s.Started, s.StartUp = time.Now(), 0
			s.Result.SetUpSeconds, s.Result.SetUp = 0, nil
			s.Config.Stages = &stage.Book{Word: s.Started}
			st := s.Ev.Stats()
			s.from = spentBy{st.Trials, st.Samples}
		}
		if before.arranged { // a proof has laid the samples out for itself
			s.Ev.Arranged = nil
			if err := s.Ev.ArrangeFor(ctx, search.NewMask(len(s.Records))); err != nil {
				return results, err
			}
		}
		s.trials = trialBook{}
		if s.journal != nil {
			s.follow()
		}
		_, err := told(s.Config, s.Config.Target, func() (*config.Result, error) { return s.Result, s.Shrinking(ctx, s.searchOn) })
		before = s
		if s.begun {
			results = append(results, s.Result)
		}
		l.first.Ev = s.Ev // whoever closes it
		if code := ExitCode(err); err != nil && code != ExitUnreachable && code != ExitExport {
			return results, err
		}
		if err != nil {
			missed = append(missed, fmt.Errorf("target %s: %w", s.Config.Target, err))
		}
		if err := l.writeCurve(results); err != nil {
			return results, err
		}
	}
	return results, joined(missed)
}

// joined is one error of several, in one line.
func joined(list []error) error {
	if len(list) < 2 {
		return errors.Join(list...)
	}
	var texts []string
	for _, err := range list {
		texts = append(texts, err.Error())
	}
	return worded{list, strings.Join(texts, "; ")}
}

// close gives everything back.
func (l *targetList) close() {
	for _, s := range slices.Backward(l.runs) {
		s.closeFolder()
	}
	l.first.Close()
}
