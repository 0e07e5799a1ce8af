package holdout

import (
	"fmt"
	"strings"

	"example.org/demote/result"
	"example.org/demote/search"
)

// claimText says what the target claims of samples that nobody has seen.
func (a *Evaluation) claimText() string {
	of := map[search.Reference]string{search.HighReference: "16-bit", search.FloatReference: "float"}[a.claim.Reference]
	switch {
	case of == "":
		return fmt.Sprintf("scores above %.6g by %s", a.claim.Above, a.Metric.Name)
	case a.claim.Budget < 0:
		return fmt.Sprintf("scores more than %.6g above the %s network by %s", -a.claim.Budget, of, a.Metric.Name)
	}
	return fmt.Sprintf("loses less than %.6g against the %s network by %s", a.claim.Budget, of, a.Metric.Name)
}

// tell says of a tested step how it went.
func (a *Evaluation) tell(t search.Tested, n int) {
	what := fmt.Sprintf("%d of %d right", t.Correct, n)
	if a.claim.Reference != search.NoReference {
		what = fmt.Sprintf("a loss of %.4f on the hold-out", t.Paired.Loss())
	}
	verdict := "holds"
	if !t.Held {
		verdict = "is not proven"
	}
	a.Config.Say(fmt.Sprintf("%s: %s; %s (p = %.2g)", a.Config.LowText(t.Mask.Count(), t.Mask.Len()), what, verdict, t.PValue))
}

// shortage says why the first step could not be promised, and what would help.
func (a *Evaluation) shortage(t search.Tested, needs []result.Need) string {
	n := a.set.Set.Len()
	seen := fmt.Sprintf("%d of the %d samples of the hold-out are right", t.Correct, n)
	if a.claim.Reference != search.NoReference {
		seen = fmt.Sprintf("%s lose %d and gain %d of %d samples of the hold-out", a.Config.LowText(t.Mask.Count(), t.Mask.Len()), t.Paired.B, t.Paired.C, n)
		if t.Paired.Loss() >= a.claim.Budget {
			seen += ", no less than the budget"
		}
	}
	return seen + "; " + a.needText(needs)
}

// needText says how many samples would do.
func (a *Evaluation) needText(needs []result.Need) string {
	if len(needs) == 0 {
		return "no number of samples is known to do"
	}
	guess := "if nothing is truly lost"
	if a.claim.Reference == search.NoReference {
		guess = "if it truly scores what it does on the search's samples"
	}
	var list []string
	for _, need := range needs {
		list = append(list, fmt.Sprintf("%d with chance %g", need.Samples, need.Chance))
	}
	return guess + ", a hold-out of about this many samples would do: " + strings.Join(list, ", ")
}
