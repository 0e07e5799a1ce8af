package bounds

import "example.org/demote/search"

// mostPartial is the number of unfinished trials of this run that are kept when the base changes. They rarely come
// back, so this bounds memory more than it saves work.
const mostPartial = 4096

// RestoreProgress enters the progress of a trial of an earlier run of the program.
func (e *Evaluator) RestoreProgress(mask search.Mask, p Progress) {
	if !e.rule.done(p) {
		e.earlier.Put(mask, p)
	}
}

// ForgetUnfinished drops the progress of all unfinished trials, for a machine whose blocks have other samples now.
func (e *Evaluator) ForgetUnfinished() {
	e.partial.Clear()
	e.states = 0
	e.earlier.Clear()
}

// unfinished returns how far the trial of a mask has come that is not finished, and false if it has not begun.
func (e *Evaluator) unfinished(mask search.Mask) (Progress, bool) {
	if p, ok := e.partial.Get(mask); ok {
		return p, true
	}
	return e.earlier.Get(mask)
}

// stop keeps the progress of an unfinished trial.
func (e *Evaluator) stop(mask search.Mask, p Progress) {
	if !e.rule.done(p) && p.Blocks > 0 {
		e.partial.Put(mask, p)
		e.states += e.rule.bytes(p)
	}
}
